"""Forty agents, three queues, five working days: the mean wrap takes 90 s, yet more than 80 % finish within 60 s.

Six agents (LONG_TAIL) sometimes stay in wrap-up for many minutes; everyone else needs 35 to 50 s on average.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from stories.common import QUEUES, SEED, Event, between, instant, lines, pick, waiting

DISPOSITIONS = ("resolved", "resolved", "resolved", "callback", "escalated", "information")
LONG_TAIL = {"a07": 1.25, "a13": 0.85, "a18": 1.1, "a24": 0.75, "a31": 1.35, "a36": 0.95}
"""The six agents and how long their tail is; TAIL_S is set so that the mean of all wraps is 90 s."""
TAIL_S = 800


@dataclass
class Contact:
    """One contact of one agent; instants in seconds since MONDAY."""

    agent: str
    queue: str
    ringing: int
    answered: int
    ended: int
    held: int
    wrapped: int
    outbound: bool
    disposition: str
    id: str = ""
    hold_from: int = 0


@dataclass
class Day:
    """What one agent does on one day."""

    events: list[Event] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)


def _wrap_seconds(rng: random.Random, agent: str) -> int:
    if agent in LONG_TAIL and rng.random() < 0.7:
        return 90 + waiting(rng, TAIL_S * LONG_TAIL[agent])
    usual = 34 + 13 * (int(agent[1:]) * 7 % 20) / 19
    return max(3, round(usual * (0.5 - 0.5 * math.log(1.0 - rng.random()))))


def _take_contact(rng: random.Random, agent: str, now: int) -> Contact:
    ringing = now
    answered = ringing + between(rng, 2, 14)
    talk, held, hold_from = 20 + waiting(rng, 240), 0, 0
    if rng.random() < 0.18:
        held, hold_from = between(rng, 15, 120), answered + between(rng, 5, talk)
    ended = answered + talk + held
    queue = QUEUES[(int(agent[1:]) + (rng.random() < 0.25)) % 3]
    wrapped = ended + _wrap_seconds(rng, agent)
    outbound = rng.random() < 0.1
    return Contact(
        agent, queue, ringing, answered, ended, held, wrapped, outbound, pick(rng, DISPOSITIONS), "", hold_from
    )


def _contact_events(contact: Contact) -> list[Event]:
    steps = [(contact.ringing, "ringing"), (contact.answered, "talking")]
    if contact.held:
        steps += [(contact.hold_from, "hold"), (contact.hold_from + contact.held, "talking")]
    steps.append((contact.ended, "acw"))
    return [Event(at, contact.agent, state, contact.id, contact.queue) for at, state in steps]


def _work_day(agent: str, day: int) -> Day:
    """One shift, or now and then a day off: contacts, a lunch and short breaks, logout straight out of the last wrap.

    Each has draws of its own, so that a change to one agent leaves the others as they are.
    """
    rng, work = random.Random(SEED + 100 * int(agent[1:]) + day), Day()
    if rng.random() < 0.07:
        return work
    now = day * 86_400 + 28_800 + 1_800 * (int(agent[1:]) % 5) + between(rng, 0, 240)
    leave, lunch = now + 27_000, now + 12_600
    work.events += [Event(now, agent, "login"), Event(now + 5, agent, "ready")]
    now += 5
    while now < leave:
        contact = _take_contact(rng, agent, now + waiting(rng, 290))
        work.contacts.append(contact)
        now = contact.wrapped
        if lunch and now > lunch:
            work.events.append(Event(now, agent, "not_ready", reason="Lunch"))
            now, lunch = now + between(rng, 1_700, 1_900), 0
        elif rng.random() < 0.05:
            work.events.append(Event(now, agent, "not_ready", reason=pick(rng, ("Break", "Coaching"))))
            now += between(rng, 240, 900)
        work.events.append(Event(now, agent, "logout" if now >= leave else "ready"))
    return work


def centre() -> tuple[list[Event], list[Contact]]:
    """Return the state events in time order and the contacts they belong to."""
    days = [_work_day(f"a{number:02}", day) for day in range(5) for number in range(1, 41)]
    contacts = sorted((c for day in days for c in day.contacts), key=lambda c: (c.ringing, c.agent))
    for number, contact in enumerate(contacts, 1):
        contact.id = f"c{number:05}"
    events = [event for day in days for event in day.events]
    events += [event for contact in contacts for event in _contact_events(contact)]
    return sorted(events, key=lambda event: (event.at, event.agent)), contacts


def roster() -> list[list[str]]:
    """Return agent_id, name, team, site, supervisor of the centre's agents; the long tails sit in every team."""
    first = ("Amber", "Basil", "Clover", "Daisy", "Fern", "Hazel", "Indigo", "Juniper", "Laurel", "Olive")
    last = ("Alder", "Birch", "Cedar", "Linden")
    teams = ("heron", "kestrel", "lapwing", "plover")
    leads = ("Rowan Ash", "Sage Beech", "Teal Larch", "Violet Maple")
    rows = []
    for number in range(1, 41):
        name = f"{first[number % 10]} {last[(number - 1) // 10]}"
        team = number % 4
        rows.append([f"a{number:02}", name, teams[team], ("harbour", "hill")[team % 2], leads[team]])
    return rows


def _zulu(seconds: int) -> str:
    return f"{instant(seconds):%Y-%m-%dT%H:%M:%SZ}"


def _record(contact: Contact) -> list[str]:
    talk, acw = contact.ended - contact.answered - contact.held, contact.wrapped - contact.ended
    who = [contact.id, contact.agent, contact.queue, "voice", "outbound" if contact.outbound else "inbound"]
    when = [_zulu(contact.answered), _zulu(contact.ended)]
    return [*who, *when, str(talk), str(contact.held), str(acw), contact.disposition]


def files() -> dict[str, bytes]:
    """Return file name → bytes."""
    events, contacts = centre()
    states = [["agent_id", "event_time", "state", "contact_id", "queue", "reason"]]
    states += [[e.agent, _zulu(e.at), e.state, e.contact, e.queue, e.reason] for e in events]
    who, what = ["contact_id", "agent_id", "queue", "channel", "direction"], ["talk_s", "hold_s", "acw_s"]
    records = [[*who, "answered_at", "ended_at", *what, "disposition"], *map(_record, contacts)]
    people = [["agent_id", "name", "team", "site", "supervisor"], *roster()]
    return {
        "states.csv": lines(states).encode(),
        "contacts.csv": lines(records).encode(),
        "roster.csv": lines(people).encode(),
    }
