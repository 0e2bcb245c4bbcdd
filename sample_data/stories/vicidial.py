"""A VICIdial morning: eight agents in two campaigns, as the table, and as exports and reports that leave things out.

The server runs on New York time: epochs are UTC, `event_time` is five hours behind. Among the cycles: agents without
a call, dead seconds after the customer left, a row counted to the brim (65535), one whose `dispo_sec` holds the talk,
one still on the disposition screen, one still in the call, and one that stands there in two versions.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from stories.common import MONDAY, SEED, between, instant, lines, pick, quoted, waiting

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
PHASES = ("pause", "wait", "talk", "dispo", "dead")
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


def _clock(seconds: int) -> str:
    return f"{seconds // 3_600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _sums() -> list[tuple[str, str, int, dict[str, int]]]:
    """Return id, name, calls and seconds per phase per agent as the report adds them up: without saturated rows."""
    found = []
    for agent, name in zip(AGENTS, NAMES, strict=True):
        rows = [row for row in cycles() if row.user == agent and row.dispo_sec < 65_000]
        phases = {phase: sum(getattr(row, f"{phase}_sec") for row in rows) for phase in PHASES}
        found.append((agent, name, sum(row.status is not None for row in rows), phases))
    return found


def performance() -> str:
    """Return the report of the day: lines above the header, averages beside the sums, a last row whose cells shift."""
    titles = ("PAUSE", "PAUSAVG", "WAIT", "WAITAVG", "TALK", "TALKAVG", "DISPO", "DISPAVG", "DEAD", "DEADAVG")
    header = ["USER NAME", "ID", "CURRENT USER GROUP", "MOST RECENT USER GROUP", "CALLS", "TIME", *titles]
    rows, whole = [], dict.fromkeys(PHASES, 0)
    for agent, name, calls, phases in _sums():
        times = [_clock(seconds) for phase in PHASES for seconds in (phases[phase], phases[phase] // max(calls, 1))]
        talk_avg = _clock((phases["talk"] - phases["dead"]) // max(calls, 1))
        time = _clock(sum(phases.values()) - phases["dead"])
        customer = [_clock(phases["talk"] - phases["dead"]), talk_avg]
        rows.append([name, agent, "CENTRE", "CENTRE", str(calls), time, *times, *customer])
        whole = {phase: whole[phase] + phases[phase] for phase in PHASES}
    calls = sum(int(row[4]) for row in rows)
    times = [_clock(seconds) for phase in PHASES for seconds in (whole[phase], whole[phase] // calls)]
    totals = ["", "", "TOTALS", f"AGENTS:{len(rows)}", str(calls), _clock(sum(whole.values()) - whole["dead"]), *times]
    titled = [
        ["Agent Performance Detail  2026-03-02 12:00:00"],
        ["Time range: 2026-03-02 00:00:00 to 2026-03-02 23:59:59"],
    ]
    return quoted(
        [*titled, [""], ["---------- AGENTS Details -------------"], [*header, "CUSTOMER", "CUSTAVG"], *rows, totals]
    )


def goautodial() -> str:
    """Return GOautodial's export of the same sums: its Wrap-Up is the dead time."""
    header = "Full Name, User Name, Calls, Agent Time, WAIT, Talk, Dispo, Pause, Wrap-Up, Customer"
    rows = []
    for agent, name, calls, phases in _sums():
        time, customer = sum(phases.values()) - phases["dead"], phases["talk"] - phases["dead"]
        times = [time, *(phases[phase] for phase in ("wait", "talk", "dispo", "pause", "dead")), customer]
        rows.append(", ".join([name, agent, str(calls), *map(_clock, times)]))
    return "\n".join(["Agent Time Detail", "2026-03-02 00:00:00 to 2026-03-02 23:59:59", header, *rows]) + "\n"


def files() -> dict[str, bytes]:
    """Return path → bytes."""
    return {
        "vicidial_performance/AGENT_PERFORMACE_DETAIL_20260302-120000.csv": performance().encode(),
        "vicidial_performance/goautodial_agent_details.csv": goautodial().encode(),
        "vicidial_agent_log/vicidial_agent_log.csv": table().encode(),
        "vicidial_agent_log/activity_export.txt": activity().encode(),
    }
