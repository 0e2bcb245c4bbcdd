"""The vocabulary of Asterisk's queue_log: what each event means for an agent, wrap reasons, table headers."""

from __future__ import annotations

from typing import Final

from acwcli.formats.words import fold

KINDS: Final[dict[str, str]] = {
    "CONNECT": "connect",
    "COMPLETEAGENT": "end",
    "COMPLETECALLER": "end",
    "BLINDTRANSFER": "end",
    "ATTENDEDTRANSFER": "end",
    "TRANSFER": "end",
    "PAUSE": "pause",
    "PAUSEALL": "pause all",
    "UNPAUSE": "unpause",
    "UNPAUSEALL": "unpause all",
    "ADDMEMBER": "add",
    "REMOVEMEMBER": "remove",
    "AGENTLOGIN": "login",
    "AGENTCALLBACKLOGIN": "login",
    "AGENTLOGOFF": "logoff",
    "AGENTCALLBACKLOGOFF": "logoff",
    "RINGNOANSWER": "ring",
    "RINGCANCELED": "ring",
}
"""Event → what it does to an agent; an event not named here leaves the agent's state alone."""

RESTART: Final = "QUEUESTART"

NON_EVENTS: Final = frozenset(
    {
        "ABANDON", "AGENTDUMP", "CALLEROFFHOLD", "CALLERONHOLD", "CALLSTATUS", "CONFIGRELOAD", "DID", "ENTERQUEUE",
        "EXITEMPTY", "EXITWITHKEY", "EXITWITHTIMEOUT", "INFO", "OUTANSWER", "OUTCALL", "OUTCANCEL", "OUTDIAL",
        "PAUSEREASON", "PENALTY", "RINGINUSE", "SYSCOMPAT", "WITHDRAW",
    }
)  # fmt: skip
"""Events Asterisk and its usual companions write that say nothing of the agent's state."""

# Wazo writes the queue's configured wrapuptime here: a setting, not what the agent did.
CONFIGURED_WRAP: Final = "WRAPUPSTART"

KNOWN_EVENTS: Final = frozenset({*KINDS, *NON_EVENTS, RESTART, CONFIGURED_WRAP})
WORKING_KINDS: Final = frozenset({"connect", "end", "pause", "pause all", "unpause", "unpause all", "ring"})
"""Rows that carry the agent's own name; the others may carry the interface."""
MEMBER_KINDS: Final = frozenset({"add", "remove", "connect", "pause", "ring"})
"""Rows that tell of a queue whether the agent is in it."""

NOBODY: Final = frozenset({"NONE", "NULL", "\\N", ""})
"""Values of callid, queue and agent that name nothing."""
NO_CALL: Final = NOBODY | {"REALTIME", "MANAGER", "CLI"}

DEFAULT_WRAP_REASONS: Final = (
    "wrapup",
    "wrap",
    "wrapup time",
    "wrap time",
    "acw",
    "after call",
    "after call work",
    "after call time",
    "after contact work",
    "afterwork",
    "post call",
    "post call work",
    "call wrapup",
    "Nachbearbeitung",
    "Nachbearbeitungszeit",
    "Nacharbeit",
    "post-appel",
    "post-traitement",
    "post llamada",
    "trabajo posterior a la llamada",
    "pós-atendimento",
    "pós-chamada",
    "post chiamata",
    "постобработка",
    "поствызывная обработка",
    "послевызовная обработка",
    "работа после звонка",
    "话后",
    "话后处理",
    "事后处理",
    "后处理",
    "话后整理",
    "話後處理",
    "後處理",
    "کار پس از تماس",
    "پس از تماس",
    "کار بعد از تماس",
)
"""Pause reasons that mean after-call work, compared folded: case, blanks, '_' and '-' do not matter."""

_HEADERS: Final[dict[str, tuple[str, ...]]] = {
    # PBXware has both: `date_time` is the event's epoch, `time` the local time of the insert.
    "epoch": ("time_id", "epoch", "date_time", "event_time", "timestamp", "time", "eventdate", "created"),
    "callid": ("callid", "call_id", "uniqueid"),
    "queue": ("queuename", "queue_name", "queue"),
    "agent": ("agent", "agent_name", "type"),
    "event": ("event", "verb"),
    "data": ("data", "info"),
    **{f"data{place}": (f"data{place}", f"param{place}") for place in range(1, 7)},
}
_NEEDED: Final = ("epoch", "callid", "queue", "agent", "event")


def table_columns(names: list[str]) -> dict[str, str]:
    """Return canonical name → header for a table of queue_log rows, or nothing when a needed column is missing.

    Canonical names are `epoch callid queue agent event data1`..`data6`, and `data` for old tables that keep all in one.
    """
    by_folded = {fold(name): name for name in reversed(names)}
    found = {
        canonical: next(by_folded[fold(word)] for word in words if fold(word) in by_folded)
        for canonical, words in _HEADERS.items()
        if any(fold(word) in by_folded for word in words)
    }
    has_data = "data1" in found or "data" in found
    return found if has_data and all(name in found for name in _NEEDED) else {}
