"""A late shift of five Five9 agents in Los Angeles, from 22:00 to about 00:40: the state report and the call log.

A state that runs on over midnight is two rows, the second at 00:00:00. A transferred call stands in the log once per
leg. A call nobody took has the agent [None]. Talk time includes hold time. One agent wraps up in Not Ready.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta
from typing import NamedTuple

from stories.common import SEED, between, instant, lines, pick, waiting

AGENTS = {
    "ana@example.com": "Ana Alder", "ben@example.com": "Ben Birch", "cho@example.com": "Cho Cedar",
    "dee@example.com": "Dee Elm", "eli@example.com": "Eli Fir",
}  # fmt: skip
IDS = {agent: str(2_100_001 + place) for place, agent in enumerate(AGENTS)}
HIDES_WRAP = "eli@example.com"
SKILLS = ("Billing", "Orders")
DISPOSITIONS = ("Resolved", "Callback", "Sent to Voicemail", "No Disposition")
LOCAL = timedelta(hours=-8)
START, MIDNIGHT, LEAVE = 30 * 3_600, 32 * 3_600, 32 * 3_600 + 2_400  # UTC: 22:00, 00:00 and 00:40 in Los Angeles
STATES = (
    "DATE", "TIME", "AGENT ID", "AGENT", "AGENT NAME", "AGENT GROUP", "STATE", "REASON CODE", "AGENT STATE TIME",
    "CALL ID",
)  # fmt: skip
CALLS = (
    "CALL ID", "TIMESTAMP", "CAMPAIGN", "CALL TYPE", "AGENT", "AGENT NAME", "DISPOSITION", "ANI", "CUSTOMER NAME",
    "DNIS", "CALL TIME", "BILL TIME (ROUNDED)", "COST", "IVR TIME", "QUEUE WAIT TIME", "RING TIME", "TALK TIME",
    "HOLD TIME", "PARK TIME", "AFTER CALL WORK TIME", "TRANSFERS", "CONFERENCES", "HOLDS", "ABANDONED", "RECORDINGS",
    "SKILL",
)  # fmt: skip


class Stay(NamedTuple):
    """An agent in a state, instants in seconds since MONDAY."""

    agent: str
    state: str
    start: int
    end: int
    call: str = ""
    reason: str = ""


class Leg(NamedTuple):
    """One agent's part of a call."""

    call: str
    agent: str
    skill: str
    offered: int
    ring: int
    talk: int
    hold: int
    acw: int
    disposition: str


def _call(rng: random.Random, agent: str, now: int, call: str) -> tuple[list[Stay], Leg]:
    ring, talk, hold = between(rng, 2, 9), 20 + waiting(rng, 160), between(rng, 10, 50) if rng.random() < 0.25 else 0
    acw = round((140 if agent.startswith("dee") else 32) * (0.4 - 0.6 * math.log(1.0 - rng.random())))
    stays, at = [], now
    for state, seconds in (("Ringing", ring), ("On Call", talk), ("On Hold", hold), ("On Call", 5 if hold else 0)):
        if seconds:
            stays.append(Stay(agent, state, at, at + seconds, call))
            at += seconds
    hides = agent == HIDES_WRAP
    stays.append(
        Stay(agent, "Not Ready" if hides else "After Call Work", at, at + acw, call, "Wrap-Up" if hides else "")
    )
    leg = Leg(
        call, agent, pick(rng, SKILLS), now, ring, talk + (5 if hold else 0), hold, 0 if hides else acw,
        pick(rng, DISPOSITIONS),
    )  # fmt: skip
    return stays, leg


def _shift(agent: str, place: int) -> tuple[list[Stay], list[Leg]]:
    rng, now = random.Random(SEED + 900 + place), START + 70 * place
    stays, legs = [Stay(agent, "Login", now, now)], []
    while now < LEAVE:
        idle = waiting(rng, 120)
        stays.append(Stay(agent, "Ready", now, now + idle))
        found, leg = _call(rng, agent, now + idle, str(300_000_000 + 1_000 * place + len(legs)))
        stays += found
        legs.append(leg)
        now = stays[-1].end
    return [*stays, Stay(agent, "Logout", now, now)], legs


def shifts() -> tuple[list[Stay], list[Leg]]:
    """Return all states and legs; the second leg of the second agent is a call transferred by the first."""
    found = [_shift(agent, place) for place, agent in enumerate(AGENTS)]
    given, taken = found[0][1][1].call, found[1][1][2].call
    stays = [stay._replace(call=given) if stay.call == taken else stay for states, _ in found for stay in states]
    legs = [leg._replace(call=given) if leg.call == taken else leg for _, legs in found for leg in legs]
    return stays, legs


def _hms(seconds: int) -> str:
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _split(stay: Stay) -> list[Stay]:
    """Cut a state at midnight, as the report does."""
    if stay.start < MIDNIGHT < stay.end:
        return [stay._replace(end=MIDNIGHT), stay._replace(start=MIDNIGHT)]
    return [stay]


def _state_row(stay: Stay) -> list[str]:
    local = instant(stay.start) + LOCAL
    who = [IDS[stay.agent], stay.agent, AGENTS[stay.agent], "Late"]
    what = [stay.state, stay.reason, _hms(stay.end - stay.start), stay.call]
    return [f"{local:%Y/%m/%d}", f"{local:%H:%M:%S}", *who, *what]


def _stamp(seconds: int) -> str:
    return f"{instant(seconds) + LOCAL:%a, %d %b %Y %H:%M:%S}"


def _call_row(leg: Leg) -> list[str]:
    times = [leg.ring + leg.talk + leg.hold, 60 * -(-(leg.talk + leg.hold) // 60)]
    lengths = [0, 12, leg.ring, leg.talk + leg.hold, leg.hold, 0, leg.acw]
    return [
        leg.call, _stamp(leg.offered), "Main Line", "Inbound", leg.agent, AGENTS[leg.agent], leg.disposition,
        "2135550100", "", "8005550199", *map(_hms, times), "0", *map(_hms, lengths), "0", "0",
        "1" if leg.hold else "0", "0", "1", leg.skill,
    ]  # fmt: skip


def _lost(number: int) -> list[str]:
    at = START + 1_000 * number
    return [
        str(300_900_000 + number), _stamp(at), "[Deleted]", "Inbound", "[None]", "", "Abandon", "2135550111", "",
        "8005550199", "00:00:40", "00:00:00", "0", "00:00:10", "00:00:30", *[""] * 5, "0", "0", "0", "1", "0", "Orders",
    ]  # fmt: skip


def files() -> dict[str, bytes]:
    """Return path → bytes."""
    stays, legs = shifts()
    parts = sorted((part for stay in stays for part in _split(stay)), key=lambda part: part.start)
    calls = [*map(_call_row, sorted(legs, key=lambda leg: leg.offered)), *map(_lost, range(6))]
    return {
        "five9_agent_states/agent_state_details.csv": lines([STATES, *map(_state_row, parts)]).encode(),
        "five9_call_log/call_log.csv": lines([CALLS, *calls]).encode(),
    }
