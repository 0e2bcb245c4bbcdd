"""A VICIdial morning: eight agents in two campaigns, once as the table, once as two exports that leave things out.

The server runs on New York time: epochs are UTC, `event_time` is five hours behind. Among the cycles: agents without
a call, dead seconds after the customer left, a row counted to the brim (65535), one whose `dispo_sec` holds the talk,
one still on the disposition screen, one still in the call, and one that stands there in two versions.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from stories.common import MONDAY, SEED, between, instant, lines, pick, waiting

AGENTS = ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008")
NAMES = ("Ash Reed", "Bay Moss", "Cam Heath", "Dew Fields", "Elm Brooks", "Fir Stone", "Gem Hill", "Ivy Marsh")
LOCAL = timedelta(hours=-5)
SLOW = "1005"
STATUSES = ("SALE", "NI", "CALLBK", "N", "XFER")
EPOCH = int(MONDAY.timestamp())


@dataclass(frozen=True)
class Cycle:
    """One row of the table, its columns in their order; instants in seconds since MONDAY, None for NULL."""

    agent_log_id: int
    user: str
    server_ip: str
    event_time: int
    lead_id: int | None
    campaign_id: str
    pause_epoch: int
    pause_sec: int
    wait_epoch: int | None
    wait_sec: int
    talk_epoch: int | None
    talk_sec: int
    dispo_epoch: int | None
    dispo_sec: int
    status: str | None
    user_group: str
    comments: str | None
    sub_status: str | None
    dead_epoch: int | None
    dead_sec: int
    processed: str
    uniqueid: str
    pause_type: str


COLUMNS = tuple(field.name for field in fields(Cycle))
ACTIVITY = (
    "user", "event_time", "lead_id", "campaign_id", "pause_sec", "wait_sec", "talk_sec", "dispo_sec", "dead_sec",
    "status", "agent_log_id",
)  # fmt: skip


def _cycle(rng: random.Random, agent: str, now: int) -> Cycle:
    """A cycle with a call: pause, wait, talk (the last seconds of it perhaps dead), disposition."""
    pause, wait, talk = between(rng, 0, 25), waiting(rng, 60), 15 + waiting(rng, 150)
    dead = between(rng, 2, 40) if rng.random() < 0.35 else 0
    dispo = max(1, round((90 if agent == SLOW else 16) * (0.4 - 0.6 * math.log(1.0 - rng.random()))))
    talk += dead
    wait_at, talk_at = now + pause, now + pause + wait
    dispo_at = talk_at + talk
    came_in = rng.random() < 0.4
    return Cycle(
        0, agent, "10.0.0.5", now, 50_000 + int(rng.random() * 9_000), "SUPPORT" if came_in else "OUTBND", now, pause,
        wait_at, wait, talk_at, talk, dispo_at, dispo, pick(rng, STATUSES), "CENTRE", "INBOUND" if came_in else None,
        "BREAK" if pause > 20 else None, dispo_at - dead if dead else None, dead, "Y", f"{EPOCH + talk_at}.{agent[1:]}",
        "AGENT" if pause > 20 else "UNDEFINED",
    )  # fmt: skip


def _shift(agent: str) -> list[Cycle]:
    rng, now = random.Random(SEED + int(agent)), 13 * 3_600 + 60 * int(agent[-1])
    found = []
    for number in range(28):
        cycle = _cycle(rng, agent, now)
        if number in (0, 14):  # logged in or came back, and paused again before any call
            cycle = replace(
                cycle, lead_id=None, talk_epoch=None, talk_sec=0, dispo_epoch=None, dispo_sec=0, status=None,
                comments=None, dead_epoch=None, dead_sec=0, uniqueid="", sub_status="LOGIN" if number == 0 else "BREAK",
            )  # fmt: skip
        found.append(cycle)
        now += cycle.pause_sec + cycle.wait_sec + cycle.talk_sec + cycle.dispo_sec
    return found


def cycles() -> list[Cycle]:
    """Return the table, ordered by its id."""
    rows = sorted((row for agent in AGENTS for row in _shift(agent)), key=lambda row: (row.event_time, row.user))
    rows = [replace(row, agent_log_id=900_001 + place) for place, row in enumerate(rows)]
    last = {agent: max(place for place, row in enumerate(rows) if row.user == agent) for agent in AGENTS}
    full, talked, screen, call = (last[agent] for agent in ("1002", "1003", "1004", "1006"))
    rows[full] = replace(rows[full], dispo_sec=65_535)
    both = rows[talked].talk_sec + rows[talked].dispo_sec
    rows[talked] = replace(rows[talked], dispo_epoch=None, dispo_sec=both, dead_epoch=None, dead_sec=0)
    rows[screen] = replace(rows[screen], dispo_sec=0, status=None)
    rows[call] = replace(
        rows[call], talk_sec=0, dispo_epoch=None, dispo_sec=0, status=None, dead_epoch=None, dead_sec=0
    )
    return rows


def _text(row: Cycle, name: str, nothing: str) -> str:
    value = getattr(row, name)
    if value is None:
        return nothing
    if name == "event_time":
        return f"{instant(value) + LOCAL:%Y-%m-%d %H:%M:%S}"
    return str(EPOCH + value) if name.endswith("_epoch") else str(value)


def table() -> str:
    """Return the table as a database client saves it: a header, NULL in words, one row in two versions."""
    rows = cycles()
    place = next(place for place in range(100, len(rows)) if rows[place].lead_id is not None)
    rows.insert(place, replace(rows[place], dispo_sec=0, status=None))  # as it stood a little earlier
    return lines([COLUMNS, *([_text(row, name, "NULL") for name in COLUMNS] for row in rows)])


def activity() -> str:
    """Return the first half as the activity export writes it: tabs, no header, no epochs."""
    rows = cycles()[:112]
    return lines([[_text(row, name, "") for name in ACTIVITY] for row in rows], delimiter="\t")


def files() -> dict[str, bytes]:
    """Return path → bytes."""
    return {
        "vicidial_agent_log/vicidial_agent_log.csv": table().encode(),
        "vicidial_agent_log/activity_export.txt": activity().encode(),
    }
