"""Good and bad days: how far apart an agent's days are beyond what single wraps explain.

Wraps of one day have something in common (a slow system, a campaign, a headache), so 200 wraps of a week say less of an
agent than 200 independent ones would. How much less is learned from the days of all agents together: by the analysis of
variance of their wraps around what the same contacts take everybody, each agent in units of its own spread. Days that
are slow for everybody are no doubt of one agent, and do not count.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures

DAY, DAY_MS = "_day", 86_400_000
"""The day on which wraps began, counted in UTC; null where no instant is known."""

_ALL = "_all"
_LEAST_WITHIN = 10
"""Degrees of freedom that the spread within an agent's days must have, for that agent's days to count."""


def day_weight(parts: pl.DataFrame, who: Sequence[str]) -> pl.Series:
    """How many times the variance of a mean of single wraps that of one day's part of it is, per agent and peer group.

    Args:
        parts: one row per agent, peer group and day, with `_n` and `_day`.
        who: the columns that make an agent's peer group.

    Returns:
        Sum of the squared numbers of wraps of the days, over all wraps.
    """
    n = pl.col(figures.N).cast(pl.Float64)
    weight = (n.filter(pl.col(DAY).is_not_null()) ** 2).sum() / n.sum()
    return parts.group_by(who, maintain_order=True).agg(weight.alias("_day_weight"))["_day_weight"]


def day_variance(parts: pl.DataFrame, who: Sequence[str], cell: Sequence[str], total: str, square: str) -> float:
    """Variance between an agent's days, as a part of the variance of its single wraps.

    Args:
        parts: one row per agent, peer group, cell and day of some or all agents, with `_n`, `_day` and sums.
        who: the columns that make an agent's peer group.
        cell: the columns that tell contacts apart.
        total: name of the column with sums of what is measured.
        square: name of the column with sums of its squares.

    Returns:
        The component of variance by the method of moments, 0 where it would be below or nobody has two days.
    """
    known = parts.filter(pl.col(DAY).is_not_null()).with_columns(pl.lit(0, pl.Int8).alias(_ALL))
    n, sums, squares = (pl.col(name).cast(pl.Float64) for name in (figures.N, total, square))
    mean = (sums.sum() / n.sum()).over([_ALL, *who[1:], *cell])
    square_off = squares - 2 * mean * sums + n * mean**2
    known = known.with_columns(n.alias("n"), (sums - n * mean).alias("off"), square_off.alias("square"))
    days = known.group_by([_ALL, *who, DAY], maintain_order=True).agg(pl.col("n", "off", "square").sum())
    n, off = pl.col("n"), pl.col("off")
    within = (pl.col("square") - off**2 / n).sum() / (n.sum() - pl.len())
    days = days.with_columns(
        within.over(who).alias("within"), (n.sum() - pl.len()).over(who).alias("free"), pl.len().over(who).alias("days")
    ).filter(pl.col("days") > 1, pl.col("free") >= _LEAST_WITHIN, pl.col("within") > 0)
    own = (off / n - (off.sum() / n.sum()).over(who)) / pl.col("within").sqrt()
    days = days.with_columns(own.alias("own"))
    common = [_ALL, *who[1:], DAY]
    apart = pl.col("own") - ((n * pl.col("own")).sum() / n.sum()).over(common)
    unbiased = 1 - 2 / pl.col("free")  # the mean of 1 / chi-squared
    size = (n - n**2 / n.sum().over(who)).sum().alias("size")
    found = days.select((n * apart**2 * unbiased).sum().alias("between"), size).row(0)
    agents, shared = days.select(who).n_unique(), days.select(common).n_unique() - days.select(common[:-1]).n_unique()
    free = days.height - agents - shared
    return max((found[0] / free - 1) * (days.height - agents) / found[1], 0.0) if free > 0 else 0.0
