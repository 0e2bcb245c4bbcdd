"""One morning of six agents, the same calls in the dress of each platform that a built-in profile reads."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stories.common import QUEUES, SEED, between, instant, lines, pick, waiting

AGENTS = ("ana", "bo", "cem", "dora", "eli", "fay")
_OUTCOMES = ("resolved", "callback", "escalated")
_EIGHT = 8 * 3600


class Call(NamedTuple):
    """A call and its wrap-up: seconds since Monday, lengths in seconds."""

    number: int
    agent: str
    queue: str
    offered: int
    answered: int
    talk: int
    hold: int
    acw: int
    outcome: str

    @property
    def ended(self) -> int:
        """When the customer left."""
        return self.answered + self.talk + self.hold


def calls() -> list[Call]:
    """Return the calls in order of their offer."""
    rng = random.Random(SEED + 9)
    found = []
    for place, agent in enumerate(AGENTS):
        now = _EIGHT + 30 * place
        for turn in range(9):
            offered = now + waiting(rng, 60)
            answered = offered + between(rng, 2, 25)
            hold = between(rng, 5, 40) if turn % 4 == 1 else 0
            acw = 0 if turn == 7 else 15 if turn == 5 else 4 + waiting(rng, 34)
            call = Call(0, agent, pick(rng, QUEUES), offered, answered, 20 + waiting(rng, 150), hold, acw, "")
            found.append(call._replace(outcome=pick(rng, _OUTCOMES)))
            now = call.ended + acw + between(rng, 1, 30)
    ordered = sorted(found, key=lambda call: call.offered)
    return [call._replace(number=place) for place, call in enumerate(ordered, 1)]


def _z(seconds: int, pattern: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return instant(seconds).strftime(pattern)


def _hms(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _csv(rows: Iterable[Sequence[object]], delimiter: str = ",", end: str = "\n") -> bytes:
    return lines([[str(cell) for cell in row] for row in rows], delimiter, end).encode()


def zendesk() -> bytes:
    """Calls exported twice (the second time with their wrap-up), and calls nobody answered."""
    header = (
        "id,agent_id,call_group_id,direction,completion_status,created_at,updated_at,duration,talk_time,hold_time,"
        "wait_time,consultation_time,wrap_up_time"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for call in calls():
        number, group = 360000 + call.number, QUEUES.index(call.queue) + 70
        start, wait = _z(call.offered), call.answered - call.offered
        agent = 9001 + AGENTS.index(call.agent)
        middle = (agent, group, "inbound", "completed", start)
        lengths = (call.ended - call.offered, call.talk, call.hold, wait, 0)
        if call.number % 9 == 0:
            rows.append((number, *middle, _z(call.ended), *lengths, 0))
        rows.append((number, *middle, _z(call.ended + call.acw), *lengths, call.acw))
        if call.number % 13 == 0:
            late = call.offered + 5
            lost = ("", group, "inbound", "abandoned_in_queue", _z(late), _z(late + 31))
            rows.append((number + 1000, *lost, 31, 0, 0, 31, 0, 0))
    return _csv(rows)


_NICE = (
    "contactId,masterContactId,contactStart,agentId,firstName,lastName,teamId,"
    "skillId,skillName,campaignName,mediaTypeName,"
    "ACWSeconds,agentSeconds,holdSeconds,inQueueSeconds,totalDurationSeconds,abandoned,isOutbound,lastUpdateTime,"
    "dateContactWarehoused,dateACWWarehoused,primaryDispositionId"
)


def nice_contacts() -> bytes:
    """Completed contacts as a warehouse keeps them; the last three have no ACW yet, some have no agent."""
    rows: list[Sequence[object]] = [_NICE.split(",")]
    ordered = calls()
    for call in ordered:
        number, skill = 90_000_000_000 + call.number, QUEUES.index(call.queue) + 11
        agent, wait = 4711 + AGENTS.index(call.agent), call.answered - call.offered
        fresh = call.number > len(ordered) - 3
        stored = "" if fresh else _z(call.ended + call.acw + 900, "%Y-%m-%dT%H:%M:%S.000Z")
        start = _z(call.offered, "%Y-%m-%dT%H:%M:%S.000Z")
        rows.append(
            (number, number, start, agent, call.agent.title(), "Doe", 5, skill, call.queue.title(), "Main", "Call",
             0 if fresh else call.acw, call.talk + call.hold, call.hold, wait, call.ended - call.offered, False, False,
             _z(call.ended + 60), _z(call.ended + 300), stored, _OUTCOMES.index(call.outcome) + 1)
        )  # fmt: skip
        if call.number % 12 == 0:
            rows.append(
                (number + 500, number + 500, start, 0, "", "", "", skill, call.queue.title(), "Main", "Call",
                 0, 0, 0, 40, 40, True, False, _z(call.offered + 60), _z(call.offered + 300), stored, "")
            )  # fmt: skip
    return _csv(rows)


def nice_call_detail() -> bytes:
    """The Expanded Call Detail download: date and time apart, ids without names of the API."""
    header = (
        "Contact_ID,Master_Contact_ID,Media_Name,Contact_Name,ANI_Dialnum,Skill_No,"
        "Skill_Name,Campaign_No,Campaign_Name,"
        "Agent_No,Agent_Name,Team_No,Team_Name,Disposition_Code,SLA,Start_Date,"
        "Start_Time,PreQueue,InQueue,Agent_Time,"
        "PostQueue,Total_Time,Abandon_Time,ACW_Seconds,ACW_Time"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for call in calls():
        skill, agent = QUEUES.index(call.queue) + 11, AGENTS.index(call.agent)
        number = 90_000_000_000 + call.number
        rows.append(
            (number, number, "Call", "", f"2025550{100 + call.number}", skill, call.queue.title(), 1, "Main",
             4711 + agent, f"{call.agent.title()} Doe", 5, "North", _OUTCOMES.index(call.outcome) + 1, 1,
             _z(call.offered, "%m/%d/%Y"), _z(call.offered, "%H:%M:%S"), 0, call.answered - call.offered,
             call.talk + call.hold, 0, call.ended - call.offered, 0, call.acw, _hms(call.acw))
        )  # fmt: skip
    return _csv(rows)


def talkdesk() -> bytes:
    """The Contacts report: calls missed and a row marked as damaged."""
    header = (
        "Interaction ID,Contact ID,Company Number,Phone Display Name,Direction,"
        "Contact Type,Started At,Wait Time,Ring Time,"
        "Answered At,Connected At,Talk Time,Hard Hold Time,Soft Hold Time,Hold Time,After Call Work Time,Finished At,"
        "Duration,Handle Time,User Name,Team Name,User ID,Data Status"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    clock = "%Y-%m-%d %H:%M:%S"
    for call in calls():
        start, answered, ended = (_z(at, clock) for at in (call.offered, call.answered, call.ended))
        identity = (f"{call.number:08x}", f"c{call.number:07x}", "+12025550199", call.queue.title(), "Inbound")
        user = (f"{call.agent.title()} Doe", "North", f"5f{AGENTS.index(call.agent):06x}")
        lengths = (_hms(call.talk), _hms(call.hold), _hms(0), _hms(call.hold), _hms(call.acw))
        handled = (ended, _hms(call.ended - call.offered), _hms(call.talk + call.hold + call.acw), *user)
        wait = _hms(call.answered - call.offered)
        rows.append((*identity, "Answered", start, wait, wait, answered, answered, *lengths, *handled, "Valid"))
        if call.number % 11 == 0:
            broken = (_hms(call.talk), *lengths[1:4], _hms(9999))
            rows.append((f"d{call.number:07x}", *identity[1:], "Answered", start, wait, wait, answered, answered,
                         *broken, *handled, "Damaged"))  # fmt: skip
        if call.number % 14 == 0:
            rows.append((f"m{call.number:07x}", *identity[1:], "Missed", start, wait, wait, "", "",
                         *[_hms(0)] * 4, "", ended, wait, "", "", "", "", "Valid"))  # fmt: skip
    return _csv(rows)


def ringcx() -> bytes:
    """Agent segments: ids behind an apostrophe, dates as MM/DD/YYYY."""
    header = (
        "Account ID,UII,Session ID,ANI,DNIS,Call Type,Agent ID,Agent Login ID,"
        "Agent First Name,Agent Last Name,Product Type,"
        "Product ID,Product Name,Enqueue Dts,Dequeue Dts,Queue Duration,Start Dts,"
        "End Dts,Duration,Wrap Time,Hold Duration,"
        "Agent Wait Duration,Term Party,Term Reason,Agent Disposition"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    clock = "%m/%d/%Y %H:%M:%S"
    for call in calls():
        agent, product = AGENTS.index(call.agent), QUEUES.index(call.queue) + 98
        enqueued, answered, ended = (_z(at, clock) for at in (call.offered, call.answered, call.ended))
        uii = f"'{_z(call.offered, '%Y%m%d%H%M%S')}013900000{call.number:05}"
        rows.append(
            (15300002, uii, call.number, f"2025550{100 + call.number}", "2025550199", "INBOUND", 1180950 + agent,
             call.agent, call.agent.title(), "Doe", "GATE", product, call.queue.title(), enqueued, answered,
             _hms(call.answered - call.offered), answered, ended, _hms(call.talk + call.hold), _hms(call.acw),
             _hms(call.hold), "00:00:09", "CALLER", "HANGUP", call.outcome)
        )  # fmt: skip
    return _csv(rows)


def _reservations() -> list[tuple[int, str, Call | None, str]]:
    """Events of Twilio's reservations: epoch ms, type, call, worker; a few late, some not of reservations."""
    found: list[tuple[int, str, Call | None, str]] = []
    base = int(instant(0).timestamp()) * 1000
    for call in calls():
        moments = {
            "created": call.offered,
            "accepted": call.answered,
            "wrapup": call.ended,
            "completed": call.ended + call.acw,
        }
        # A function that completes every task at once: wrap-up and completion a few ms apart.
        late = {"wrapup": 120, "completed": 127 if call.acw == 0 else 120}
        for event, at in moments.items():
            found.append((base + at * 1000 + late.get(event, 5), f"reservation.{event}", call, call.agent))
        if call.number % 10 == 0:
            found.append((base + (call.ended + 1) * 1000, "worker.activity.update", None, call.agent))
            found.append((base + call.offered * 1000, "task.created", None, ""))
        if call.number % 15 == 0:
            rejected = call._replace(number=call.number + 500)
            found.append((base + (call.offered - 9) * 1000, "reservation.created", rejected, call.agent))
            found.append((base + (call.offered - 4) * 1000, "reservation.rejected", rejected, call.agent))
    found.sort(key=lambda event: event[0])
    found[20], found[21] = found[21], found[20]
    return found


def twilio_callbacks() -> bytes:
    """Event callbacks kept in a table."""
    header = (
        "EventType,Timestamp,TimestampMs,ResourceType,ResourceSid,TaskSid,"
        "ReservationSid,WorkerSid,WorkerName,TaskQueueName"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    for at, event, call, worker in _reservations():
        task = f"WT{call.number:04x}" if call else ""
        reservation = f"WR{call.number:04x}" if call else ""
        kind = event.split(".")[0].title()
        sid = f"WK{AGENTS.index(worker):02x}" if worker else ""
        queue = call.queue.title() if call else ""
        rows.append((event, at // 1000, at, kind, reservation or sid, task, reservation, sid, worker, queue))
    return _csv(rows)


def twilio_events() -> bytes:
    """The first hour as Event Streams deliver it: CloudEvents, one per line."""
    written = []
    for place, (at, event, call, worker) in enumerate(_reservations()[:130]):
        stamp = instant(at // 1000 - int(instant(0).timestamp())).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}Z"
        payload: dict[str, object] = {"eventtype": event, "timestamp": stamp, "workspace_sid": "WS01"}
        if worker:
            payload["worker_sid"] = f"WK{AGENTS.index(worker):02x}"
        if call:
            payload |= {"reservation_sid": f"WR{call.number:04x}", "task_queue_name": call.queue.title()}
        data = {"sid": f"EV{place:04x}", "timestamp": stamp, "group": event.split(".")[0], "payload": payload}
        whole = {"specversion": "1.0", "type": f"com.twilio.taskrouter.{event}", "id": f"NO{place:04x}", "data": data}
        written.append(json.dumps(whole))
    return ("\n".join(written) + "\n").encode()


def avaya() -> bytes:
    """Segments of calls: the same callid for a transfer, and segments nobody answered."""
    header = (
        "callid,acwtime,ansholdtime,consulttime,disptime,duration,segstart,segstop,"
        "talktime,anslogin,dispsplit,segment,ucid"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    base = int(instant(0).timestamp())
    for call in calls():
        segment = 2 if call.number % 8 == 0 else 1
        callid = call.number - 1 if segment == 2 else call.number
        wait, split = call.answered - call.offered, QUEUES.index(call.queue) + 1
        rows.append(
            (callid, call.acw, call.hold, 0, wait, call.ended - call.offered, base + call.offered, base + call.ended,
             call.talk, 5011 + AGENTS.index(call.agent), split, segment, f"0000100{callid:013}")
        )  # fmt: skip
        if call.number % 10 == 0:
            lost = base + call.offered
            ucid = f"0000100{9000 + callid:013}"
            rows.append((call.number + 500, 0, 0, 0, 20, 20, lost, lost + 20, 0, "", split, 1, ucid))
    return _csv(rows)


def genesys(*, formatted: bool) -> bytes:
    """The Interactions view: with bare milliseconds and commas, or with formatted durations and semicolons."""
    header = (
        "Full Export Completed,Partial Result Timestamp,Filters,Users,"
        "Users - Interacted,Remote,Date,End Date,Duration,"
        "Direction,Initial Direction,ANI,DNIS,Media Type,Conversation ID,Queue,First Queue,Abandoned,"
        "Abandoned in Queue,Disconnect Type,Wrap-up,Total Queue,Total Alert,Total Handle,"
        "Total Talk,Total Hold,Total ACW,Transfers"
    )
    rows: list[Sequence[object]] = [header.split(",")]
    whole = "NO" if formatted else "YES"

    def length(seconds: int) -> str:
        clock = f" {seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.250"
        return clock if formatted else str(seconds * 1000 + 250)

    def minute(at: int) -> str:
        return _z(at, "%m/%d/%y %I:%M %p")

    total = 0
    for call in calls():
        several = call.number % 9 == 0
        other = AGENTS[(AGENTS.index(call.agent) + 1) % 6].title()
        alerted = f"{call.agent.title()}; {other}" if several or call.number % 7 == 0 else call.agent.title()
        wrap = "ININ-WRAP-UP-TIMEOUT" if call.acw == 15 else call.outcome.title()
        over = call.ended + call.acw
        total += call.acw
        rows.append(
            (whole, "", "", alerted, alerted if several else call.agent.title(), f"+1202555{call.number:04}",
             minute(call.offered), minute(over), length(over - call.offered), "Inbound", "Inbound", "", "", "voice",
             f"{call.number:08x}-0000-4000-8000-000000000000", call.queue.title(), call.queue.title(), "NO", "",
             "Peer", wrap, length(call.answered - call.offered), length(2), length(over - call.answered),
             length(call.talk), length(call.hold) if call.hold else "", length(call.acw), 1 if several else 0)
        )  # fmt: skip
    rows.append((whole, *[""] * 20, length(0), length(0), length(0), length(0), length(0), length(total), ""))
    return _csv(rows, ";" if formatted else ",", "\r\n")


def files() -> dict[str, bytes]:
    """Return path below sample_data → bytes."""
    return {
        "zendesk_talk/calls.csv": zendesk(),
        "nice_cxone_contacts/contacts.csv": nice_contacts(),
        "nice_cxone_contacts/call_detail.csv": nice_call_detail(),
        "talkdesk/contacts_report.csv": talkdesk(),
        "ringcx/agent_segments.csv": ringcx(),
        "twilio_reservations/callbacks.csv": twilio_callbacks(),
        "twilio_reservations/events.ndjson": twilio_events(),
        "avaya_ech/ech.csv": avaya(),
        "genesys_cloud_interactions/interactions.csv": genesys(formatted=False),
        "genesys_cloud_interactions/interactions_formatted.csv": genesys(formatted=True),
    }
