"""Is the time over the limit held by a small group, and by a group of what: agents, queues, dispositions, hours?

Every value of a dimension holds a share of the wraps and a share of the (capped) time over the limit. Decisive values
hold clearly more time than their wraps explain, beyond chance, with enough wraps each to be spoken about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.contributors import CAPPED_MS

DENSITY = 1.5
"""A decisive value's time over per wrap is at least this many times that of all wraps."""
SIGMAS = 3.0
"""… and further above what its number of wraps gives by chance than this many standard errors."""
GROUP_SHARE = 0.5
"""Together the decisive values hold at least this share of the time over …"""
GROUP_WRAPS = 0.5
"""… with at most this share of the wraps …"""
GAP = 0.3
"""… and the first share is above the second by at least this much."""
TIE = 0.1
"""Dimensions whose explained shares differ by less explain equally well; then the process goes before the person."""

CAUSES = ("queue", "disposition", "hour", "weekday", "agent_id")
"""Dimensions that can decide, in order of preference when they explain equally well."""


@dataclass(frozen=True)
class Concentration:
    """A small group that holds most of the time over the limit.

    Attributes:
        dimension: what the values are.
        values: the decisive values, the largest excess first.
        among: how many values the dimension has.
    """

    dimension: str
    values: tuple[str, ...]
    among: int


def decisive(table: pl.DataFrame, dimension: str, variance: float, min_wraps: int) -> Concentration | None:
    """Find the decisive values of one dimension; None when no small group stands out.

    Args:
        table: the dimension's table of `by_dimension`.
        dimension: its name.
        variance: of the capped time over one wrap, ms².
        min_wraps: values with fewer wraps never decide.
    """
    wraps, capped = int(table[figures.N].sum()), int(table[CAPPED_MS].sum())
    if not capped:
        return None
    expected = pl.col(figures.N) * (capped / wraps)
    error = (variance * pl.col(figures.N) * (1 - pl.col(figures.N) / wraps)).sqrt()
    stands_out = (
        pl.col("value").is_not_null()
        & (pl.col(figures.N) >= min_wraps)
        & (pl.col(CAPPED_MS) >= DENSITY * expected)
        & (pl.col(CAPPED_MS) - expected > SIGMAS * error)
    )
    group = table.filter(stands_out)
    held, of_wraps = int(group[CAPPED_MS].sum()) / capped, int(group[figures.N].sum()) / wraps
    if held < GROUP_SHARE or of_wraps > GROUP_WRAPS or held - of_wraps < GAP:
        return None
    return Concentration(dimension, tuple(group["value"].to_list()), table.height)


def strongest(
    rows: pl.LazyFrame, tables: Mapping[str, pl.DataFrame], variance: float, min_wraps: int
) -> Concentration | None:
    """Pick the dimension that explains most by itself.

    A slow queue served by few agents makes those agents look slow, and the reverse. So each candidate is measured by
    the time over that remains unexplained when every other candidate is held constant.
    """
    found = [
        group
        for name in CAUSES
        if name in tables and (group := decisive(tables[name], name, variance, min_wraps)) is not None
    ]
    if len(found) < 2:
        return found[0] if found else None
    alone = [_explained_alone(rows, group, tables, found) for group in found]
    best = max(alone)
    return next(group for group, share in zip(found, alone, strict=True) if share > best - TIE)


def _explained_alone(
    rows: pl.LazyFrame, group: Concentration, tables: Mapping[str, pl.DataFrame], rivals: Sequence[Concentration]
) -> float:
    others = [rival.dimension for rival in rivals if rival.dimension != group.dimension]
    return min(_beyond(rows, group, other, tables[other]) for other in others)


def _beyond(rows: pl.LazyFrame, group: Concentration, other: str, table: pl.DataFrame) -> float:
    """Share of the time over that the group holds above what the values of `other` among its wraps would give."""
    inside = rows.filter(pl.col(group.dimension).cast(pl.String).is_in(group.values))
    counted = inside.group_by(pl.col(other).alias("value")).agg(figures.count(), pl.col(CAPPED_MS).sum())
    mix = counted.with_columns(pl.col("value").cast(pl.String)).collect(engine="streaming").sort("value")
    usual = table.select("value", (pl.col(CAPPED_MS) / pl.col(figures.N)).alias("_usual"))
    joined = mix.join(usual, on="value", how="left", nulls_equal=True)
    expected = float((joined["_usual"] * joined[figures.N]).sum())
    return (int(joined[CAPPED_MS].sum()) - expected) / int(table[CAPPED_MS].sum())
