"""Lunch inside the wrap: a very long wrap at the same time of nearly every shift, and work after it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import ROLES, STATISTIC, of_others
from acwcli.analyse.shapes.prepared import ASKED, RATIO, SHIFT

NAME = "lunch-inside"
LONG, LONG_MS = 5.0, 600_000
"""A wrap that may hold a break takes this many times the usual length of its queue, and of the agent, and at least ten
minutes: who is slow throughout has a wrap of this length at any time of day."""
LEAST_SHIFTS, LEAST_SHARE = 4, 0.6
"""At least so many shifts have one at that time, and at least this share of the agent's shifts …"""
TIMES = 2.0
"""… and at least this many times the share of the others' shifts."""
NEAR_MINUTES = 45
_DAY = 24 * 60


def _minute() -> pl.Expr:
    return pl.col("wrap_start").dt.hour().cast(pl.Float64) * 60 + pl.col("wrap_start").dt.minute()


def _near(of: list[str] | None = None) -> pl.Expr:
    """Whether a wrap begins near the agent's own time of day for such wraps; midnight is no border."""
    turn = 2 * math.pi / _DAY
    east, north = (turn * _minute()).cos().mean(), (turn * _minute()).sin().mean()
    centre = pl.arctan2(north.over(of) if of else north, east.over(of) if of else east) / turn
    away = (_minute() - centre) % _DAY
    return pl.min_horizontal(away, _DAY - away) <= NEAR_MINUTES


def _longest(wraps: pl.DataFrame) -> pl.DataFrame:
    """The longest wrap of each shift, where it is long enough and work follows it."""
    ends = wraps.group_by("agent_id", SHIFT).agg(pl.col("wrap_start").max().alias("last"))
    usual = pl.col(RATIO).median().over("agent_id").clip(lower_bound=1.0)
    long = wraps.filter(pl.col(RATIO) >= LONG * usual, pl.col(figures.VALUE) >= LONG_MS)
    long = long.join(ends, on=["agent_id", SHIFT]).filter(pl.col("wrap_start") < pl.col("last"))
    ordered = long.sort(figures.VALUE, "wrap_start", descending=[True, False])
    return ordered.unique(["agent_id", SHIFT], keep="first", maintain_order=True)


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count the shifts with such a wrap at the agent's own time, beside the others' shifts with one at theirs."""
    timed = wraps.filter(pl.col("wrap_start").is_not_null())
    agents = timed.group_by("agent_id").agg(
        pl.len().cast(pl.Int64).alias("wraps"), (pl.col(SHIFT).max() + 1).cast(pl.Int64).alias("shifts"), *ROLES
    )
    near = _longest(timed).filter(_near(["agent_id"]))
    marked = near.group_by("agent_id").agg(
        pl.len().cast(pl.Int64).alias("marked"), (pl.col(figures.VALUE).median() / 60_000).alias("minutes")
    )
    agents = agents.join(marked, on="agent_id", how="left").with_columns(pl.col("marked").fill_null(0))
    signs = agents.filter(pl.len() > 1).with_columns(
        (pl.col("marked") / pl.col("shifts")).alias("share"),
        (of_others("marked") / of_others("shifts")).alias("others_share"),
    )
    beyond = pl.min_horizontal(
        pl.col("marked") / LEAST_SHIFTS,
        pl.col("share") / LEAST_SHARE,
        pl.col("share") / (TIMES * pl.col("others_share")).clip(lower_bound=1e-9),
    )
    signs = signs.with_columns(beyond.alias(STATISTIC))
    return signs.filter(ASKED, pl.col("wraps") >= min_wraps, pl.col(STATISTIC) >= 1)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    when = f"in {found['marked']} of {found['shifts']} shifts a wrap of about {found['minutes']:.0f} minutes"
    return f"{when} begins at the same time of day (others: {100 * found['others_share']:.0f} % of shifts)"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """These wraps, the longest first."""
    longest = _longest(own.filter(pl.col("wrap_start").is_not_null())).filter(_near())
    return longest.sort(figures.VALUE, descending=True, maintain_order=True)
