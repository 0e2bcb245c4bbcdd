"""Growing over the shift: wraps get longer from hour to hour, more than everybody's do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse.shapes.others import STATISTIC
from acwcli.analyse.shapes.prepared import RATIO, SHIFT
from acwcli.analyse.shapes.trend import SURE, trends

NAME = "grows-over-shift"
GROWTH = 1.3
"""From the first to the last hour wraps grow at least by this factor, beyond what everybody's do."""
LEAST_HOURS, LEAST_SHIFTS = 3.0, 3


def _hours() -> pl.Expr:
    return pl.col("wrap_start").dt.timestamp("ms") / 3_600_000


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Fit a line through each agent's wraps within shifts."""
    found = trends(wraps, _hours(), ["agent_id", SHIFT]).with_columns(
        (pl.col("slope") * pl.col("span")).exp().alias("factor")
    )
    grown = pl.col("slope") * pl.col("span") / math.log(GROWTH)
    signs = found.with_columns(pl.min_horizontal(grown, pl.col("sure") / SURE).alias(STATISTIC))
    return signs.filter(
        pl.col("wraps") >= min_wraps,
        pl.col("lanes") >= LEAST_SHIFTS,
        pl.col("span") >= LEAST_HOURS,
        pl.col(STATISTIC) >= 1,
    )


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    grown = f"grow by {100 * (found['factor'] - 1):.0f} % over {found['span']:.0f} hours"
    return f"wraps {grown} of a shift beyond what everybody's do, in {found['lanes']} shifts"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:
    """The longest wraps of the last third of the shifts."""
    late = own.filter(_hours() - _hours().min().over(SHIFT) >= found["span"] * 2 / 3)
    return late.sort(RATIO, descending=True, maintain_order=True)
