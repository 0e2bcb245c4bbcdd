"""What the two Five9 reports share: their columns, their clock and the row limit of an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acwcli.formats.canonical import headers
from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import Times

AGENTS = ("AGENT", "AGENT ID", "AGENT NAME")
"""Who, the surest first: the user name stands in both reports."""
MOST_ROWS = 50_000
"""More a report does not hold; what lies beyond is cut without a word."""


def columns_of(grid: Grid, names: Sequence[str]) -> dict[str, str]:
    """Column of the report → header in the file; custom reports have any of them in any order."""
    return headers(grid.columns, (*AGENTS, "DATE", "TIME", "TIMESTAMP", *names))


def missing_of(named: Mapping[str, str], needed: Sequence[str]) -> list[str]:
    """What a report needs and does not have: its own columns, an agent and a time."""
    missing = [name for name in needed if name not in named]
    if not any(name in named for name in AGENTS):
        missing.append("AGENT")
    if not {"DATE", "TIME"} <= named.keys() and "TIMESTAMP" not in named:
        missing.append("DATE and TIME, or TIMESTAMP")
    return missing


def agent_of(named: Mapping[str, str]) -> str:
    """The header of the agent."""
    return next(named[name] for name in AGENTS if name in named)


def times_of(grid: Grid, named: Mapping[str, str], name: str, options: ReadOptions) -> Times:
    """The clock of a report: date and time apart, or one timestamp."""
    parts = (named["DATE"], named["TIME"]) if {"DATE", "TIME"} <= named.keys() else (named["TIMESTAMP"],)
    return Times(grid, Chosen({name: parts, "agent_id": (agent_of(named),)}), options)


def say_limits(loaded: FileFrame, times: Times, options: ReadOptions) -> None:
    """Add what the file itself cannot tell: where its clock stands, and whether it was cut."""
    loaded.notes += times.notes()
    if times.is_local() and options.tz == "UTC":
        loaded.notes.append(
            "Five9 writes the time of its data centre without a zone: give --tz (US: America/Los_Angeles; "
            "Amsterdam, Frankfurt and Montreal: UTC)"
        )
    if loaded.read == MOST_ROWS:
        loaded.notes.append(
            f"exactly {MOST_ROWS:,} rows: Five9 cuts a report there, so the end of it is missing; export shorter spans"
        )
    loaded.details["clock"] = times.said()
