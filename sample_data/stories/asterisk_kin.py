"""The calls of `stories.presets` as Asterisk's relatives write them: PBXware, Wazo, OMniLeads, CDRs."""

from __future__ import annotations

from collections.abc import Sequence

from stories.common import QUEUES, instant, lines
from stories.phones import phones
from stories.presets import AGENTS, Call, calls

_FIRST = 1_772_409_600  # the epoch of MONDAY


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    return lines([["" if cell is None else str(cell) for cell in row] for row in rows]).encode()


def _wall(seconds: float, hours: int = 0) -> str:
    return instant(int(seconds) + hours * 3600).strftime("%Y-%m-%d %H:%M:%S")


def pbxware() -> bytes:
    """The story of `phones` as PBXware exports it: `type` is the agent, `time` the local time of the insert."""
    header = "uid,date_time,callid,queue_name,type,event,param1,param2,param3,entpos,expos,htime,ttime,time"
    rows: list[Sequence[object]] = [header.split(",")]
    older, newer, _ = phones()
    for uid, line in enumerate((*older, *newer), 1):
        epoch, call, queue, agent, event, *data = line.rstrip("\n").split("|")
        data = (data + [""] * 3)[:3]
        rows.append((uid, epoch, call, queue, agent, event, *data, "", "", "", "", _wall(int(epoch) - _FIRST, -5)))
    return _csv(rows)


def wazo() -> bytes:
    """queue_log of Wazo: after every call the set wrap-up time of the queue, 15 s, whatever the agent did."""
    events: list[tuple[float, Sequence[object]]] = []
    for call in calls():
        agent, callid = f"Agent/{1001 + AGENTS.index(call.agent)}", f"{_FIRST + call.offered}.{call.number}"
        wait = call.answered - call.offered
        events += [
            (call.offered, (callid, call.queue, "NONE", "ENTERQUEUE", "", f"2025550{call.number:03}", 1)),
            (call.answered, (callid, call.queue, agent, "CONNECT", wait, f"{callid}1", 3)),
            (call.ended, (callid, call.queue, agent, "COMPLETECALLER", wait, call.talk + call.hold, 1)),
            (call.ended + 0.01, (callid, call.queue, agent, "WRAPUPSTART", 15, "", "")),
        ]
    data = (f"data{place}" for place in range(1, 6))
    rows: list[Sequence[object]] = [("time", "callid", "queuename", "agent", "event", *data)]
    for at, event in sorted(events, key=lambda event: event[0]):
        rows.append((f"{_wall(at)}.{round(at % 1 * 1_000_000):06}+00:00", *event, "", ""))
    return _csv(rows)


def omnileads() -> bytes:
    """Activity log: pause 0 after each call (0 s pauses are not written), a pause of the site once per agent."""
    events: list[tuple[int, int, str, str]] = []
    for place, agent in enumerate(AGENTS):
        own = [call for call in calls() if call.agent == agent]
        events.append((own[0].offered - 60, place, "ADDMEMBER", ""))
        for turn, call in enumerate(own):
            if call.acw:
                events.append((call.ended, place, "PAUSEALL", "0"))
                # Leaving for a break is one PAUSEALL more, without an UNPAUSEALL between.
                if turn == 3:
                    events.append((call.ended + call.acw, place, "PAUSEALL", "3"))
                else:
                    events.append((call.ended + call.acw, place, "UNPAUSEALL", "0"))
        events.append((own[-1].ended + own[-1].acw + 20, place, "REMOVEMEMBER", ""))
    rows: list[Sequence[object]] = [("id", "time", "agente_id", "event", "pausa_id")]
    for number, (at, place, event, pause) in enumerate(sorted(events), 1):
        rows.append((number, f"{_wall(at, -3)}-03:00", place + 7, event, pause))
    return _csv(rows)


def issabel_audit() -> bytes:
    """Breaks of Issabel with their names: a login session each, Gestión after each call, one never closed."""
    events: list[tuple[int, Sequence[object]]] = []
    for place, agent in enumerate(AGENTS):
        own = [call for call in calls() if call.agent == agent]
        events.append((own[0].offered - 60, (place + 7, "", "", "", own[-1].ended + own[-1].acw + 20)))
        for call in own:
            if call.hold:
                events.append((call.ended - call.hold, (place + 7, 1, "Hold", "H", call.ended)))
            if call.acw:
                events.append((call.ended, (place + 7, 3, "Gestión", "B", call.ended + call.acw)))
    last = max(call.ended + call.acw for call in calls())
    events.append((last + 900, (7, 3, "Gestión", "B", None)))
    rows: list[Sequence[object]] = [
        ("id", "id_agent", "id_break", "name", "tipo", "datetime_init", "datetime_end", "duration")
    ]
    for number, (at, (agent, pause, name, kind, end)) in enumerate(sorted(events), 1):
        assert end is None or isinstance(end, int)
        length = "" if end is None else instant(end - at).strftime("%H:%M:%S")
        rows.append((number, agent, pause, name, kind, _wall(at), "" if end is None else _wall(end), length))
    return _csv(rows)


def issabel_calls() -> bytes:
    """The table call_entry of the same calls, and two that nobody took."""
    header = (
        "id,id_agent,id_queue_call_entry,callerid,datetime_init,datetime_end,duration,status,transfer,"
        "datetime_entry_queue,duration_wait,uniqueid,id_campaign,trunk"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for call in calls():
        when = (_wall(call.answered), _wall(call.ended), call.ended - call.answered)
        caller, unique = f"2025550{call.number:03}", f"{_FIRST + call.offered}.{call.number}"
        queue, wait = 1 + QUEUES.index(call.queue), call.answered - call.offered
        end = ("", _wall(call.offered), wait, unique, "", "SIP/trunk")
        rows.append((call.number, AGENTS.index(call.agent) + 7, queue, caller, *when, "terminada", *end))
        if call.number in (11, 23):
            gone = ("", _wall(call.offered + 1), 30, f"{unique}9", "", "SIP/trunk")
            rows.append((call.number + 900, "", queue, caller, "", "", "", "abandonada", *gone))
    return _csv(rows)


def _quoted(row: Sequence[object]) -> str:
    """A line of a CDR: texts in quotes, numbers bare."""
    return ",".join(str(cell) if isinstance(cell, int) else '"' + str(cell).replace('"', '""') + '"' for cell in row)


def _cdr_rows(call: Call) -> list[Sequence[object]]:
    """The rows of one queue call: an attempt in vain, the agent's half of the Local channel, the caller, Queue."""
    number, extension = call.number, 1001 + AGENTS.index(call.agent)
    clid, unique = f'"Caller {number}" <2025550{number:03}>', f"{_FIRST + call.offered}.{4 * number}"
    local = f"Local/{extension}@agents-{number:08x}"
    source, end = f"2025550{number:03}", _wall(call.ended)
    start, answer = _wall(call.offered), _wall(call.answered)
    length, spoken = call.ended - call.offered, call.ended - call.answered
    flags = ("ANSWERED", "DOCUMENTATION")
    found: list[Sequence[object]] = []
    if number % 9 == 0:
        tried = ("", source, "600", "inbound", clid, f"Local/s@caller-{number:08x};1", "SIP/1099-0000beef", "Queue")
        vain = ("NO ANSWER", "DOCUMENTATION", f"{unique}9", "", "", unique, 3)
        found.append((*tried, call.queue, start, "", answer, call.answered - call.offered, 0, *vain))
    found += [
        ("", source, str(extension), "agents", clid, f"{local};2", "", "Hangup", "", start, answer, end, length, spoken,
         *flags, f"{unique}1", "", "", unique, 1),
        ("", source, "600", "inbound", clid, f"Local/s@caller-{number:08x};1", f"{local};1", "Queue",
         f"{call.queue},,,,300", start, start, end, length, length, *flags, unique, "", "", unique, 0),
        ("", source, "s", "caller", clid, f"Local/s@caller-{number:08x};2", "", "Wait", "700", start, start, end,
         length, length, *flags, f"{unique}2", "", "", unique, 2),
    ]  # fmt: skip
    return found


def master() -> bytes:
    """`Master.csv` with all 21 columns: rows in order of their end, several for each call."""
    ordered = sorted(calls(), key=lambda call: call.ended)
    return ("\n".join(_quoted(row) for call in ordered for row in _cdr_rows(call)) + "\n").encode()


def freeswitch() -> bytes:
    """The default template of mod_cdr_csv: no agent, no queue; every seventh call nobody answered."""
    written = []
    for call in sorted(calls(), key=lambda call: call.ended):
        missed = call.number % 7 == 0
        who = [f"Caller {call.number}", f"2025550{call.number:03}", str(1001 + AGENTS.index(call.agent)), "default"]
        stamps = [_wall(call.offered), "" if missed else _wall(call.answered), _wall(call.ended)]
        lengths = [str(call.ended - call.offered), "0" if missed else str(call.ended - call.answered)]
        cause = "NO_ANSWER" if missed else "NORMAL_CLEARING"
        uuid = f"{call.number:08x}-5f8a-4d57-9f6e-0d6d4c2b1a01"
        written.append([*who, *stamps, *lengths, cause, uuid, "", "", "PCMU", "PCMU"])
    return ("\n".join(",".join(f'"{cell}"' for cell in row) for row in written) + "\n").encode()


def fusionpbx() -> bytes:
    """v_xml_cdr with the call-centre columns: the member's row and the agent's leg."""
    header = (
        "xml_cdr_uuid,direction,start_epoch,end_epoch,hangup_cause,cc_side,cc_member_uuid,cc_queue,cc_agent,"
        "cc_queue_joined_epoch,cc_queue_answered_epoch,cc_queue_terminated_epoch"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for call in calls():
        times = (_FIRST + call.offered, _FIRST + call.answered, _FIRST + call.ended)
        where = (f"{call.queue}@pbx", 1001 + AGENTS.index(call.agent))
        for side in ("member", "agent"):
            whole = (f"{side[0]}{call.number:04}", "inbound", times[0], times[2], "NORMAL_CLEARING")
            rows.append((*whole, side, f"u{call.number:04}", *where, *times))
    return _csv(rows)


def files() -> dict[str, bytes]:
    """Return path below sample_data → bytes."""
    return {
        "asterisk_queue_log_tables/pbxware.csv": pbxware(),
        "asterisk_queue_log_tables/wazo.csv": wazo(),
        "omnileads_activity/actividad.csv": omnileads(),
        "issabel_audit/audit.csv": issabel_audit(),
        "issabel_calls/call_entry.csv": issabel_calls(),
        "asterisk_cdr/Master.csv": master(),
        "freeswitch_cdr/cdr.csv": freeswitch(),
        "fusionpbx_cdr/xml_cdr.csv": fusionpbx(),
    }
