"""A learning curve: wraps get shorter from day to day, more than everybody's do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse.shapes.others import STATISTIC
from acwcli.analyse.shapes.prepared import ASKED, RATIO, SHIFT
from acwcli.analyse.shapes.trend import LEAST_RATIO, SURE, trends

NAME = "learning-curve"
FALL = 1.3
"""From the first to the last day wraps get shorter at least by this factor, beyond what everybody's do."""
LEAST_SHIFTS = 5
STEADY = 0.7
"""The shifts' own averages fall in step with time: their correlation is at least this strong."""


def _hours() -> pl.Expr:
    return pl.col("wrap_start").dt.timestamp("ms") / 3_600_000


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Fit a line through each agent's wraps over the whole time; one odd day must not make the slope."""
    found = trends(wraps, _hours(), ["agent_id"])
    timed = wraps.filter(ASKED, pl.col("wrap_start").is_not_null())
    length = pl.col(RATIO).clip(lower_bound=LEAST_RATIO).log()
    shifts = timed.group_by("agent_id", SHIFT).agg(_hours().mean().alias("x"), length.mean().alias("y"))
    steady = shifts.group_by("agent_id").agg(
        pl.len().cast(pl.Int64).alias("shifts"), pl.corr("x", "y").fill_nan(0.0).alias("steady")
    )
    fallen = -pl.col("slope") * pl.col("span")
    signs = found.join(steady, on="agent_id").with_columns(
        fallen.exp().alias("factor"),
        pl.min_horizontal(fallen / math.log(FALL), -pl.col("sure") / SURE).alias(STATISTIC),
    )
    return signs.filter(
        pl.col("wraps") >= min_wraps,
        pl.col("shifts") >= LEAST_SHIFTS,
        pl.col("steady") <= -STEADY,
        pl.col(STATISTIC) >= 1,
    )


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    fallen = f"shorten by {100 * (1 - 1 / found['factor']):.0f} %"
    return f"wraps {fallen} from the first to the last of {found['shifts']} shifts, beyond what everybody's do"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The longest wraps of the first shift."""
    timed = own.filter(pl.col("wrap_start").is_not_null())
    first = timed.filter(pl.col(SHIFT) == pl.col(SHIFT).min())
    return first.sort(RATIO, descending=True, maintain_order=True)
