"""Since when each agent is there: a file with an agent id and the day of hiring."""

from __future__ import annotations

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.clock import decide_clock, instant
from acwcli.formats.frames import Probe
from acwcli.formats.grid import Grid
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.formats.words import choose_columns, fold

_HIRED = ("hired", "hired on", "hired at", "hire date", "date hired", "hiring date", "start date", "started", "since")


def read_hires(path: str, options: ReadOptions) -> pl.DataFrame:
    """Read who was hired when; agents without a date are left out, the latest date of an agent counts.

    Args:
        path: the file, of any shape that a roster may have.
        options: encoding, time format and order of dates.

    Returns:
        `agent_id` and `hired` (Date), one row per agent.

    Raises:
        InputError: it cannot be read, a column is missing, or a date cannot be read.
    """
    probe = Probe(find_inputs([path])[0], options.encoding)
    grid = probe.grid
    agent = choose_columns(grid.columns, ("agent_id",)).get("agent_id")
    if agent is None:
        raise InputError(f"{path}: --since-hire needs a column agent_id; it has {', '.join(grid.columns)}")
    hired = _hired_column(path, grid, agent)
    clock = decide_clock(
        grid.frame.select(pl.col(hired).alias("value")),
        grid.sample[hired],
        name=hired,
        source=path,
        time_format=options.time_format,
        date_order=options.date_order,  # type: ignore[arg-type]  # checked by the command line
    )
    read = grid.frame.select(
        "__row", pl.col(agent).cast(pl.String).alias("agent_id"), pl.col(hired).cast(pl.String).alias("text"),
        instant(pl.col(hired), clock, "UTC").dt.date().alias("hired"),
    ).collect()  # fmt: skip
    bad = read.filter(pl.col("hired").is_null() & pl.col("text").is_not_null())
    if bad.height:
        raise InputError(f"{path}: row {bad['__row'][0]}: '{bad['text'][0]}' is no date; write 2026-03-02")
    return read.drop_nulls(["agent_id", "hired"]).group_by("agent_id").agg(pl.col("hired").max()).sort("agent_id")


def _hired_column(path: str, grid: Grid, agent: str) -> str:
    others = [name for name in grid.columns if name != agent]
    known = {fold(name) for name in _HIRED}
    named = [name for name in others if fold(name) in known]
    if named:
        return named[0]
    if len(others) == 1:
        return others[0]
    raise InputError(f"{path}: --since-hire needs a column hired (a date); it has {', '.join(grid.columns)}")
