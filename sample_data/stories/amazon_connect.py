"""A short morning of three agents of an Amazon Connect instance: contact records, data lake table, agent events."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any, NamedTuple

import polars as pl

from stories.common import SEED, instant, waiting

_ARN = "arn:aws:connect:eu-central-1:012345678901:instance/1111"
_AGENTS = ("anna", "ben", "chloe")
_EIGHT = 8 * 3600 * 1000


class Leg(NamedTuple):
    """One contact of one agent; milliseconds since Monday 08:00, ACW from `ended` to `cleared`."""

    contact: str
    agent: str
    queue: str
    channel: str
    offered: int
    answered: int
    hold: int
    ended: int
    cleared: int


def legs() -> list[Leg]:
    """Return what happened, agent by agent; ben has two chats at once."""
    rng, found = random.Random(SEED + 21), []
    for place, agent in enumerate(_AGENTS):
        now = 60_000 * place
        for turn in range(6):
            offered = now + 1000 * waiting(rng, 30) + int(rng.random() * 999)
            answered = offered + 4_000
            hold = 12_000 if turn % 3 == 1 else 0
            ended = answered + hold + 1000 * (30 + waiting(rng, 120)) + 17
            cleared = ended + (0 if (agent, turn) == ("chloe", 1) else 1000 * (4 + waiting(rng, 25)) + 5)
            chat = agent == "ben" and turn in (2, 3)
            contact = f"{agent}-0000-4000-8000-{turn:012d}"
            queue = "orders" if turn % 2 else "billing"
            found.append(
                Leg(contact, agent, queue, "CHAT" if chat else "VOICE", offered, answered, hold, ended, cleared)
            )
            now = offered + 5_000 if chat and turn == 2 else max(cleared, now)
    return found


def _text(at: int, *, ms: bool = False) -> str:
    moment = instant(0) + timedelta(milliseconds=_EIGHT + at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{moment.microsecond // 1000:03d}Z" if ms else "Z")


def _seconds(start: int, end: int) -> int:
    return (_EIGHT + end) // 1000 - (_EIGHT + start) // 1000


def _arn(kind: str, name: str) -> str:
    return f"{_ARN}/{kind}/{name}"


def _record(leg: Leg, updated: int = 0, method: str = "INBOUND") -> dict[str, Any]:
    return {
        "AWSAccountId": "012345678901",
        "AWSContactTraceRecordFormatVersion": "2017-03-10",
        "Agent": {
            "ARN": _arn("agent", leg.agent),
            "AfterContactWorkDuration": _seconds(leg.ended, leg.cleared),
            "AfterContactWorkEndTimestamp": _text(leg.cleared),
            "AfterContactWorkStartTimestamp": _text(leg.ended),
            "AgentInteractionDuration": _seconds(leg.answered, leg.ended) - leg.hold // 1000,
            "ConnectedToAgentTimestamp": _text(leg.answered),
            "CustomerHoldDuration": leg.hold // 1000,
            "HierarchyGroups": None,
            "NumberOfHolds": int(leg.hold > 0),
            "RoutingProfile": {"ARN": _arn("routing-profile", "basic"), "Name": "Basic"},
            "Username": leg.agent,
        },
        "Attributes": {"language": "de"},
        "Channel": leg.channel,
        "ContactId": leg.contact,
        "DisconnectTimestamp": _text(leg.ended),
        "InitiationMethod": method,
        "InitiationTimestamp": _text(leg.offered),
        "LastUpdateTimestamp": _text(leg.cleared + 60_000 + updated),
        "Queue": {"ARN": _arn("queue", leg.queue), "Name": leg.queue, "Duration": 4},
    }


def records() -> list[dict[str, Any]]:
    """Return the contact records as they are delivered: some twice, one watched by a supervisor, two never answered."""
    told = [_record(leg) for leg in legs()]
    early = _record(legs()[2])
    early["Agent"] |= {"AfterContactWorkDuration": 1, "AfterContactWorkEndTimestamp": _text(legs()[2].ended + 1_000)}
    late = _record(legs()[4], updated=3_600_000)
    by_supervisor = legs()[7]._replace(contact="watch-0000-4000-8000-000000000001", agent="supervisor")
    watched = _record(by_supervisor, method="MONITOR")
    unanswered = [leg._replace(contact=f"lost-0000-4000-8000-{leg.contact[-12:]}") for leg in legs()[:2]]
    lost = [_record(leg) | {"Agent": None} for leg in unanswered]
    early["LastUpdateTimestamp"] = _text(legs()[2].ended + 2_000)
    return [early, *told, late, told[9], watched, *lost]


def _lower(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, dict):
        return {key.lower(): _lower(inner) for key, inner in value.items()}
    return value


def table() -> pl.DataFrame:
    """Return the data lake's contact_record: milliseconds, native times."""
    rows = []
    for leg in legs():
        start = instant(_EIGHT // 1000)
        rows.append({
            "instance_id": _ARN[-4:], "contact_id": leg.contact, "channel": leg.channel, "initiation_method": "INBOUND",
            "initiation_timestamp": start + timedelta(milliseconds=leg.offered),
            "queue_name": leg.queue, "agent_username": leg.agent, "agent_arn": _arn("agent", leg.agent),
            "agent_connected_to_agent_timestamp": start + timedelta(milliseconds=leg.answered),
            "agent_interaction_duration_ms": leg.ended - leg.answered - leg.hold,
            "agent_customer_hold_duration_ms": leg.hold,
            "agent_after_contact_work_duration_ms": leg.cleared - leg.ended,
            "agent_after_contact_work_start_timestamp": start + timedelta(milliseconds=leg.ended),
            "agent_after_contact_work_end_timestamp": start + timedelta(milliseconds=leg.cleared),
            "data_lake_last_processed_timestamp": start + timedelta(milliseconds=leg.cleared, minutes=40),
        })  # fmt: skip
    frame = pl.DataFrame(rows)
    return frame.with_columns(pl.col(pl.Datetime).cast(pl.Datetime("ms", "UTC")))


def _contact(leg: Leg, at: int) -> dict[str, Any] | None:
    """A contact as a snapshot shows it; None outside of its time."""
    hold_from = leg.answered + 10_000
    if at < leg.offered or at >= leg.cleared:
        return None
    state, since = ("ENDED", leg.ended) if at >= leg.ended else ("CONNECTED", leg.answered)
    if at < leg.answered:
        state, since = "CONNECTING", leg.offered
    elif leg.hold and hold_from <= at < hold_from + leg.hold:
        state = "CONNECTED_ONHOLD"  # keeps the start of CONNECTED
    return {
        "Channel": leg.channel, "ConnectedToAgentTimestamp": _text(leg.answered, ms=True), "ContactId": leg.contact,
        "InitiationMethod": "INBOUND", "Queue": {"Name": leg.queue}, "State": state,
        "StateStartTimestamp": _text(since, ms=True),
    }  # fmt: skip


def _event(kind: str, own: list[Leg], at: int, number: int) -> dict[str, Any]:
    agent = own[0].agent

    def snapshot(moment: int) -> dict[str, Any]:
        away = kind == "LOGOUT" and moment == at
        return {
            "AgentStatus": {"Name": "Offline" if away else "Available", "Type": "OFFLINE" if away else "ROUTABLE"},
            "Configuration": {"Username": agent},
            "Contacts": [shown for leg in own if (shown := _contact(leg, moment))],
        }

    return {
        "AgentARN": _arn("agent", agent), "CurrentAgentSnapshot": snapshot(at),
        "EventId": f"{agent}-event-{number:04d}", "EventTimestamp": _text(at, ms=True),
        "EventType": kind, "PreviousAgentSnapshot": snapshot(at - 1),
    }  # fmt: skip


def events() -> list[dict[str, Any]]:
    """Return the agent events of the first four contacts each, newest first, one of them twice."""
    told = []
    for agent in _AGENTS:
        own = [leg for leg in legs() if leg.agent == agent][:4]
        moments = {at for leg in own for at in (leg.offered, leg.answered, leg.ended, leg.cleared)}
        moments |= {at for leg in own if leg.hold for at in (leg.answered + 10_000, leg.answered + 10_000 + leg.hold)}
        last = max(moments)
        changes = [(at, "STATE_CHANGE") for at in moments]
        changes += [(at, "HEART_BEAT") for at in range(own[0].answered + 1, last, 240_000)]
        changes += [(own[1].answered + 3, "STATE_CHANGE"), (own[0].offered - 9_000, "LOGIN"), (last + 30_000, "LOGOUT")]
        numbered = enumerate(sorted(set(changes)), 1)
        told += [(at, _event(kind, own, at, number)) for number, (at, kind) in numbered]
    newest_first = [event for _, event in sorted(told, key=lambda pair: -pair[0])]
    return [*newest_first[:30], newest_first[12], *newest_first[30:]]


def files() -> dict[str, bytes]:
    """Return path → bytes of the text samples."""
    compact = [json.dumps(record, separators=(",", ":")) for record in records()]
    lowered = [json.dumps(_lower(record), separators=(",", ":")) for record in records()]
    lines = [json.dumps(event, separators=(",", ":")) for event in events()]
    return {
        "amazon_connect_contacts/contact_records.json": "".join(compact).encode(),
        "amazon_connect_contacts/contact_records_lower.ndjson": "".join(line + "\n" for line in lowered).encode(),
        "amazon_connect_events/agent_events.ndjson": "".join(line + "\n" for line in lines).encode(),
    }
