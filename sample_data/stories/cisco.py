"""A UCCX morning of six agents: AgentStateDetail in milliseconds, AgentConnectionDetail of the same calls in seconds.

The dump has no order of its own: two states of one millisecond stand the wrong way round, and one state event stands
there twice. Work does not always name its contact. Some calls ring without an answer. Agent 1006 is sometimes called
by a queue without automatic work: no Work state, and a workTime of 0.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from stories.common import SEED, between, instant, lines, waiting

AGENTS = tuple(str(number) for number in range(1001, 1007))
SLOW = "1003"
LOGIN, NOT_READY, READY, RESERVED, TALKING, WORK, LOGOUT = range(1, 8)
LUNCH = 32_001
STATES = (
    "agentID", "eventDateTime", "gmtOffset", "eventType", "reasonCode", "profileID", "contactID", "loginSessionID",
)  # fmt: skip
CONNECTIONS = (
    "sessionID", "sessionSeqNum", "nodeID", "profileID", "resourceID", "startDateTime", "endDateTime", "qIndex",
    "gmtOffset", "ringTime", "talkTime", "holdTime", "workTime", "callWrapupData", "callResult", "dialingListID", "rna",
    "contactID", "csqRecordID",
)  # fmt: skip


class Event(NamedTuple):
    """A change of state; instants in ms since MONDAY."""

    at: int
    agent: str
    code: int
    contact: str = ""
    reason: int = 0


class Leg(NamedTuple):
    """A connection of an agent, in ms."""

    session: int
    agent: str
    rings: int
    answered: int
    ended: int
    work: int
    lost: bool = False


def _work_ms(rng: random.Random, agent: str) -> int:
    return round(1_000 * (120 if agent == SLOW else 28) * (0.4 - 0.6 * math.log(1.0 - rng.random())))


def _shift(agent: str) -> tuple[list[Event], list[Leg]]:
    rng, now = random.Random(SEED + 40 * int(agent)), 28_800_000 + 45_000 * int(agent[-1])
    events, legs = [Event(now, agent, LOGIN), Event(now + 400, agent, READY)], []
    for number in range(22):
        now += 1_000 * waiting(rng, 150) + between(rng, 0, 999)
        session = 31_000_000 + 1_000 * int(agent[-1]) + number
        rings, answered = now, now + 1_000 * between(rng, 2, 8)
        events.append(Event(rings, agent, RESERVED, str(session)))
        if rng.random() < 0.06:
            legs.append(Leg(session, agent, rings, answered, answered, 0, lost=True))
            events.append(Event(answered, agent, READY))
            now = answered
            continue
        ended = answered + 1_000 * (20 + waiting(rng, 170)) + between(rng, 0, 999)
        events.append(Event(answered, agent, TALKING, str(session)))
        manual = agent == "1006" and number % 3 == 0
        work = 0 if manual else _work_ms(rng, agent)
        if work:
            events.append(Event(ended, agent, WORK, str(session) if rng.random() < 0.8 else ""))
        now = ended + work
        legs.append(Leg(session, agent, rings, answered, ended, work))
        lunch = number == 10
        events.append(Event(now, agent, NOT_READY if lunch else READY, reason=LUNCH if lunch else 0))
        if lunch:
            now += 1_800_000
            events.append(Event(now, agent, READY))
    return [*events, Event(now + 90_000, agent, LOGOUT)], legs


def shifts() -> tuple[list[Event], list[Leg]]:
    """Return the events as they lie in the dump, and the connections in order of their start."""
    found = [_shift(agent) for agent in AGENTS]
    events = sorted((event for states, _ in found for event in states), key=lambda event: (event.at, event.agent))
    legs = sorted((leg for _, legs in found for leg in legs), key=lambda leg: leg.rings)
    # An agent picks up in the millisecond the call is offered, and the dump has the answer first.
    place = next(place for place, event in enumerate(events[200:], 200) if event.code == TALKING)
    talk = events[place]
    offer = next(event for event in events if event.code == RESERVED and event.contact == talk.contact)
    events.remove(offer)
    events.insert(events.index(talk) + 1, offer._replace(at=talk.at))
    events.insert(300, events[300])
    return events, legs


def _stamp(ms: int) -> str:
    return f"{instant(ms // 1_000):%Y-%m-%d %H:%M:%S}.{ms % 1_000:03}"


def _connection(leg: Leg) -> list[str]:
    ring, talk, work = leg.answered - leg.rings, leg.ended - leg.answered, leg.work
    lengths = [str(ms // 1_000) for ms in (ring, talk, 0, work)]
    queue = "7" if leg.agent in ("1001", "1002") else "9"
    return [
        str(leg.session), "0", "1", "1", leg.agent, _stamp(leg.rings), _stamp(leg.ended), "1", "0", *lengths, "", "",
        "", "t" if leg.lost else "f", str(leg.session), queue,
    ]  # fmt: skip


def files() -> dict[str, bytes]:
    """Return path → bytes."""
    events, legs = shifts()
    states = [
        [event.agent, _stamp(event.at), "0", str(event.code), str(event.reason), "1", event.contact, ""]
        for event in events
    ]
    return {
        "cisco_uccx_states/AgentStateDetail.csv": lines([STATES, *states]).encode(),
        "cisco_uccx_connections/AgentConnectionDetail.csv": lines([CONNECTIONS, *map(_connection, legs)]).encode(),
    }
