"""Longer when contacts are waiting: wraps take longer where the next contact is already there (avoidance)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse.shapes.around import WAITING
from acwcli.analyse.shapes.others import STATISTIC
from acwcli.analyse.shapes.prepared import RATIO
from acwcli.analyse.shapes.trend import SURE, trends

NAME = "longer-when-waiting"
LONGER = 1.3
"""Wraps take at least this many times as long when contacts wait, beyond what everybody's do."""
LEAST_WRAPS = 10
"""At least so many wraps that begin while contacts wait, and so many while none does."""
HOUR = "hour_of_day"


def _waits() -> pl.Expr:
    return (pl.col(WAITING) > 0).cast(pl.Float64)


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Compare wraps that begin while contacts wait with the agent's others, hour of the day by hour of the day."""
    known = wraps.filter(pl.col(WAITING).is_not_null(), pl.col("wrap_start").is_not_null())
    known = known.with_columns(pl.col("wrap_start").dt.hour().alias(HOUR))
    found = trends(known, _waits(), ["agent_id", HOUR])
    waits = known.group_by("agent_id").agg(_waits().sum().cast(pl.Int64).alias("waits"))
    least = pl.min_horizontal("waits", pl.col("wraps") - pl.col("waits"))
    signs = found.join(waits, on="agent_id").with_columns(
        pl.col("slope").exp().alias("factor"),
        pl.min_horizontal(pl.col("slope") / math.log(LONGER), pl.col("sure") / SURE).alias(STATISTIC),
    )
    return signs.filter(pl.col("wraps") >= min_wraps, least >= LEAST_WRAPS, pl.col(STATISTIC) >= 1)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    longer = f"{found['factor']:.1f} times as long when contacts wait in the queue as when none does"
    return f"wraps take {longer}, beyond what everybody's do ({found['waits']} of {found['wraps']} wraps)"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The longest wraps that began while contacts waited."""
    return own.filter(pl.col(WAITING) > 0).sort(RATIO, descending=True, maintain_order=True)
