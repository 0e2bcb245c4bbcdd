"""Hypothesis strategies: small but nasty state logs and contact records, as typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]

START = 1_772_438_400_000
"""2026-03-02T08:00:00Z."""
SECOND, MINUTE = 1000, 60_000
MAX_WRAP = 240 * MINUTE
MAX_WRAPS = (MAX_WRAP, 10 * MINUTE)
"""Values of --max-wrap worth trying; the steps below hit both exactly."""

AGENTS = ("007", "Åsa Öz", "a-1")
"""Ids stay text: leading zeros, letters beyond ASCII."""
VOICE_CONTACTS = ("0012", "1e5", "1773169715.2802")
CHAT_CONTACTS = ("m-1", "m-2")
CHANNELS = {"0012": None, "1e5": "voice", "1773169715.2802": "call", "m-1": "chat", "m-2": "email"}
QUEUES = {"0012": "billing", "1e5": "sales", "1773169715.2802": None, "m-1": "chats", "m-2": None}

STEPS = (
    0, 0, 1, SECOND, 20 * SECOND, 45_500, 60 * SECOND,
    10 * MINUTE - 1, 10 * MINUTE, 10 * MINUTE + 1,
    MAX_WRAP - 1, MAX_WRAP, MAX_WRAP + 1,
)  # fmt: skip
"""Ties, usual lengths, and both sides of every limit in the rules."""

Token = tuple[str, str | None, str | None]
"""state, contact, channel."""


def voice(state: str, contact: str | None = None) -> Token:
    return (state, contact, CHANNELS.get(contact or ""))


def chat(state: str, contact: str | None = None) -> Token:
    return (state, contact, CHANNELS.get(contact or "", "chat"))


def call(contact: str | None, *after: str) -> list[Token]:
    """A call and what the agent did after it; `acw-` is wrap-up without the contact id."""
    tokens = [voice("ringing", contact), voice("talking", contact)]
    for state in after:
        named = state in ("hold", "talking", "acw")
        tokens.append(voice(state.removesuffix("-"), contact if named else None))
    return tokens


AFTER_CALL = (
    ("acw", "ready"),
    ("acw-", "ready"),
    ("hold", "talking", "acw", "ready"),
    ("acw", "acw", "acw", "not_ready"),
    ("acw", "not_ready", "acw", "ready"),
    ("acw-", "not_ready", "acw-", "ready"),
    ("acw-", "ready", "acw-", "logout"),
    ("acw", "acw-", "acw", "ready"),
    ("acw", "logout", "login", "acw", "ready"),
    ("acw", "talking", "acw"),
    ("acw-", "login"),
    ("acw", "unknown", "acw", "other"),
    ("ready", "acw-", "ready"),
)
"""Plain, hold, heartbeats, hop-out and resume, id lost and found, log-off inside, consult, restart, orphan."""


@st.composite
def episodes(draw: st.DrawFn) -> list[Token]:
    """A call, two chats at once, or any single thing that may happen."""
    kind = draw(st.sampled_from(("call", "call", "chats", "one")))
    if kind == "call":
        contact = draw(st.sampled_from((*VOICE_CONTACTS, None)))
        return call(contact, *draw(st.sampled_from(AFTER_CALL)))
    if kind == "chats":
        one, two = (
            [chat(state, contact) for state in ("ringing", "talking", "acw", draw(st.sampled_from(("ready", "other"))))]
            for contact in CHAT_CONTACTS
        )
        cuts = draw(st.lists(st.booleans(), min_size=8, max_size=8))
        return [(one if cut and one else two or one).pop(0) for cut in cuts]
    state = draw(st.sampled_from(("login", "logout", "ready", "not_ready", "acw", "talking", "other", "unknown")))
    contacts = (*VOICE_CONTACTS, *CHAT_CONTACTS, None) if state in ("acw", "talking") else (None,)
    contact = draw(st.sampled_from(contacts))
    channel = draw(st.sampled_from((None, "chat"))) if contact is None else CHANNELS[contact]
    return [(state, contact, channel)]


@st.composite
def agent_rows(draw: st.DrawFn, agent: str) -> list[Row]:
    """The events of one agent in time order."""
    tokens = [token for episode in draw(st.lists(episodes(), min_size=1, max_size=4)) for token in episode]
    steps = draw(st.lists(st.sampled_from(STEPS), min_size=len(tokens), max_size=len(tokens)))
    now, rows = START, []
    for (state, contact, channel), step in zip(tokens, steps, strict=True):
        now += step
        busy = state in ("ringing", "talking", "hold", "acw")
        queue = QUEUES.get(contact or "", "main") if busy else None
        rows.append(row(agent, now, state, contact_id=contact, channel=channel, queue=queue))
    return rows


def row(agent: str | None, time: int, state: str, **more: Any) -> Row:
    """A typed state row; source and row number come when a file is laid out."""
    empty: Row = {"contact_id": None, "queue": None, "channel": None, "reason": None, "ended_at": None}
    return {"agent_id": agent, "event_time": time, "state": state, **empty, "rejected": False, **more}


def with_ends(rows: list[Row], which: Sequence[bool], shifts: Sequence[int]) -> list[Row]:
    """Turn events into intervals up to the agent's next event (touching), a bit shorter or, before others, longer."""
    out = []
    for place, (one, wanted, shift) in enumerate(zip(rows, which, shifts, strict=True)):
        later = rows[place + 1 :]
        again = [
            two["event_time"] for two in later if (two["state"], two["contact_id"]) == (one["state"], one["contact_id"])
        ]
        end = (later[0]["event_time"] if later else one["event_time"] + 30 * SECOND) + shift
        end = max(one["event_time"], min([end, *again]))
        timeless = one["state"] in ("login", "logout", "unknown")
        out.append({**one, "ended_at": end} if wanted and not timeless else one)
    return out


@st.composite
def intervals(draw: st.DrawFn, rows: list[Row]) -> list[Row]:
    """No ends, all ends, or some."""
    kind = draw(st.sampled_from(("points", "points", "intervals", "mixed")))
    if kind == "points":
        return rows
    size = {"min_size": len(rows), "max_size": len(rows)}
    which = [True] * len(rows) if kind == "intervals" else draw(st.lists(st.booleans(), **size))
    shifts = draw(st.lists(st.sampled_from((0, 0, 0, -SECOND, 5 * SECOND)), **size))
    return with_ends(rows, which, shifts)


@st.composite
def state_logs(draw: st.DrawFn, *, rejects: bool = True, restarts: bool = True, duplicates: bool = True) -> list[Row]:
    """One state log in time order: rows of several agents, ties in file order."""
    agents = draw(st.lists(st.sampled_from(AGENTS), min_size=1, max_size=3, unique=True))
    rows = [one for agent in agents for one in draw(intervals(draw(agent_rows(agent))))]
    rows.sort(key=lambda one: one["event_time"])
    if restarts and draw(st.booleans()):
        place = draw(st.integers(0, len(rows)))
        time = rows[min(place, len(rows) - 1)]["event_time"]
        rows.insert(place, row(None, time, "unknown"))
    if duplicates:
        for place in draw(st.lists(st.integers(0, len(rows) - 1), max_size=3)):
            rows = repeated(rows, place)
    if rejects and len(rows) >= 8:
        for place in draw(st.lists(st.integers(1, len(rows)), max_size=2)):
            refused = row(draw(st.sampled_from(agents)), 0, "ready", rejected=True)
            rows = [*rows[:place], refused, *rows[place:]]
    return rows


def repeated(rows: list[Row], place: int) -> list[Row]:
    """Write a row once more, behind everything else of the same instant."""
    instant = rows[place]["event_time"]
    last = max(i for i, one in enumerate(rows) if one["event_time"] == instant)
    return [*rows[: last + 1], dict(rows[place]), *rows[last + 1 :]]


def laid_out(rows: Sequence[Row], source: str = "states.csv", first_row: int = 2) -> list[Row]:
    """Give rows their file and line (the header is line 1)."""
    return [{**one, "source": source, "row": number} for number, one in enumerate(rows, first_row)]


@st.composite
def shuffled(draw: st.DrawFn, rows: list[Row]) -> list[Row]:
    """Any order that keeps the order of equal instants; rows for everybody count as every agent's."""
    instants = sorted({one["event_time"] for one in rows})
    blocks = [
        [one for one in rows if one["event_time"] == instant and one["agent_id"] == agent]
        for instant in instants
        for agent in sorted({one["agent_id"] or "" for one in rows if one["event_time"] == instant})
    ]
    together = [
        [one for one in rows if one["event_time"] == instant]
        for instant in instants
        if any(one["agent_id"] is None for one in rows if one["event_time"] == instant)
    ]
    tied = {block[0]["event_time"] for block in together}
    blocks = [block for block in blocks if block and block[0]["event_time"] not in tied] + together
    return [one for block in draw(st.permutations(blocks)) for one in block]


@st.composite
def split(draw: st.DrawFn, rows: list[Row]) -> list[list[Row]]:
    """Cut a log into files that follow each other; names must keep their order."""
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(rows) - 1)), max_size=3)))
    edges = [0, *cuts, len(rows)]
    parts = [rows[low:high] for low, high in pairwise(edges)]
    return [part for part in parts if part]


# --- contact records ------------------------------------------------------------------------------------------------

LENGTHS = (None, 0, 1, SECOND, 33_300, 2 * MINUTE)
ACW_LENGTHS = (None, None, 0, 1, 45_500, 90 * SECOND, 10 * MINUTE, 10 * MINUTE + 1, MAX_WRAP, MAX_WRAP + 1)
CONTACTS = (*VOICE_CONTACTS, *CHAT_CONTACTS, None)


@st.composite
def contact_records(
    draw: st.DrawFn, *, agents: Sequence[str] = AGENTS, start: int = START, max_size: int = 8
) -> list[Row]:
    """Contact records of every method, with exact duplicates; answers of one agent never tie."""
    count = draw(st.integers(1, max_size))
    records, now = [], start
    for _ in range(count):
        now += draw(st.sampled_from((1, SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 12 * MINUTE)))
        records.append(draw(contact_record(draw(st.sampled_from(agents)), now)))
    for place in draw(st.lists(st.integers(0, count - 1), max_size=2)):
        records.insert(draw(st.integers(0, len(records))), dict(records[place]))
    return records


@st.composite
def contact_record(draw: st.DrawFn, agent: str, answered_at: int) -> Row:
    """One leg: answered at a known time or not, its end known or to be derived, ACW recorded in some way or not."""
    talk, hold = draw(st.sampled_from(LENGTHS)), draw(st.sampled_from(LENGTHS))
    acw = draw(st.sampled_from(ACW_LENGTHS))
    answered = draw(st.sampled_from((answered_at, answered_at, answered_at, None)))
    ended = draw(st.sampled_from((None, answered_at + (talk or 0) + (hold or 0))))
    contact = draw(st.sampled_from(CONTACTS))
    record = {
        "contact_id": contact,
        "agent_id": agent,
        "queue": draw(st.sampled_from(("billing", None))),
        "channel": CHANNELS.get(contact or ""),
        "direction": draw(st.sampled_from(("inbound", "outbound", None))),
        "offered_at": draw(st.sampled_from((None, answered_at - SECOND))),
        "answered_at": answered,
        "ended_at": ended,
        "talk_ms": talk,
        "hold_ms": hold,
        "acw_start": None,
        "acw_end": None,
        "acw_ms": acw,
        "disposition": draw(st.sampled_from(("sale", "refused", None))),
        "timed_out": draw(st.sampled_from((True, False, None))),
    }
    if ended is not None and acw is not None and draw(st.booleans()):
        record |= {"acw_start": ended + SECOND, "acw_end": ended + SECOND + acw}
        record["acw_ms"] = draw(st.sampled_from((None, acw)))
        if draw(st.integers(0, 3)) == 0:
            record[draw(st.sampled_from(("acw_start", "acw_end")))] = None
    return record


@st.composite
def records_beside(draw: st.DrawFn, rows: Sequence[Row]) -> list[Row]:
    """Records around the moments of a state log: before, just after and within its wraps."""
    agents = sorted({one["agent_id"] for one in rows if one["agent_id"]})
    good = [one for one in rows if not one["rejected"]]
    starts = [one["event_time"] for one in good if one["state"] == "acw" and one["contact_id"] is None]
    offsets = (-10 * MINUTE - 1, -10 * MINUTE, -MINUTE, -SECOND, 0, SECOND, 5 * SECOND, 5 * SECOND + 1)
    records = []
    for _ in range(draw(st.integers(1, 5))):
        instant = draw(st.sampled_from(starts or [one["event_time"] for one in good]))
        record = draw(contact_record(draw(st.sampled_from(agents)), instant - 2 * MINUTE))
        if record["acw_start"] is None and draw(st.booleans()):
            record["ended_at"] = instant + draw(st.sampled_from(offsets))
        records.append(record)
    return records
