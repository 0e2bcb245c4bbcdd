"""VICIdial's agent performance reports: sums per agent, as H:MM:SS; GOautodial's and the API's in other words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from acwcli.formats.canonical import canonical, cell, headers, length, length_checks, sure
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import READ_AS
from acwcli.model.columns import INSTANT

TITLE = "VICIdial agent performance (report, GOautodial, agent_stats_export)"
KIND = "aggregates"
METHOD = "aggregate"

_DRESSES: dict[str, dict[str, str]] = {
    "Agent Performance Detail": {"agent": "ID", "calls": "CALLS", "dispo": "DISPO", "dead": "DEAD", "": "USER NAME"},
    # What GOautodial calls Wrap-Up is the dead time; the wrap-up is Dispo.
    "GOautodial": {"agent": "User Name", "calls": "Calls", "dispo": "Dispo", "dead": "Wrap-Up", "": "Full Name"},
    "agent_stats_export": {
        "agent": "user", "calls": "calls", "dispo": "dispo_time", "dead": "dead_time", "": "full_name",
    },
}  # fmt: skip
_RANGE = r"Time range: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) to (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
_TOTALS = ("total", "totals", "total:", "totals:")


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """The columns of one of the reports: an agent, calls, disposition and dead time."""
    dress, _ = _dress(probe.grid)
    if dress:
        return Match(0.9, f"the columns of {dress}: " + ", ".join(name for name in _DRESSES[dress].values()))
    return Match(0, missing="no columns ID, CALLS, DISPO, DEAD, or User Name, Calls, Dispo, Wrap-Up")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each report for itself."""
    return [_read(probe, sure(probe, match(probe, options)), options) for probe in probes]


def _dress(grid: Grid) -> tuple[str, Mapping[str, str]]:
    """Which report it is, and role → header in the file."""
    for dress, roles in _DRESSES.items():
        named = headers(grid.columns, roles.values())
        if len(named) == len(roles):
            return dress, {role: named[name] for role, name in roles.items()}
    return "", {}


def _read(probe: Probe, grid: Grid, options: ReadOptions) -> FileFrame:
    dress, named = _dress(grid)
    dispo, dead = length(grid, named["dispo"]), length(grid, named["dead"])
    with_dead = options.wrap_parts == "dispo+dead"
    calls, agent = cell(named["calls"]).cast(pl.Int64, strict=False), cell(named["agent"])
    begins, span = _span(probe.head, options.tz)
    columns = {
        "agent_id": agent,
        "wrap_start": pl.lit(begins, INSTANT),
        "span_ms": pl.lit(span, pl.Int64),
        "contacts": calls,
        "acw_total_ms": dispo + dead if with_dead else dispo,
    }
    checks = [
        (calls.is_null() | (calls < 0), f"unreadable {named['calls']}"),
        (cell(named["dispo"]).is_null(), f"no {named['dispo']}"),
        *length_checks(named["dispo"], dispo),
        *length_checks(named["dead"], dead),
    ]
    firsts = [pl.col(name).cast(pl.String).str.to_lowercase().is_in(_TOTALS) for name in grid.columns[:4]]
    # Broken down by date, an agent's days follow as rows without a name; they are in the agent's own row.
    ignored = [(pl.any_horizontal(firsts), "total row"), (agent.is_null(), "no agent")]
    loaded = canonical(grid, "aggregates", columns, options, checks=checks, ignored=ignored)
    if begins is not None:
        loaded.notes.append(f"{grid.source}: {READ_AS} {options.tz} (--tz)")
    loaded.details |= {"report": dress, "wrap-up": "dispo + dead" if with_dead else "dispo"}
    return loaded


def _span(head: Sequence[str], tz: str) -> tuple[datetime | None, int | None]:
    """The report's time range, from the lines above its header."""
    found = next((hit for line in head[:10] if (hit := re.search(_RANGE, line))), None)
    if found is None:
        return None, None
    try:
        first, last = (
            datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).astimezone(UTC) for text in found.groups()
        )
    except ValueError:
        return None, None
    return first, (last - first + timedelta(seconds=1)) // timedelta(milliseconds=1)
