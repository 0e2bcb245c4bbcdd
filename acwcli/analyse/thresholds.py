"""The two sides of a rule as exact fractions: what an agent's figure is, and what it is held against."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.casemix import NOT_NEW
from acwcli.analyse.exact import Fraction, between, fraction, ratio
from acwcli.analyse.rules import Measure, Rule

_EVERYONE = "_everyone"


def measured(asked: Measure) -> list[pl.Expr]:
    """The agent's figure as `_num` / `_den` milliseconds."""
    if asked.permille is None:
        value = fraction(pl.col(figures.SUM_MS), pl.col(figures.N))
    else:
        value = fraction(figures.quantile_us(asked.permille), 1000)
    return [value.num.alias("_num"), value.den.alias("_den")]


def with_threshold(agents: pl.DataFrame, rule: Rule, peers: Sequence[str], min_wraps: int) -> pl.DataFrame:
    """Add the threshold as `_t_num` / `_t_den` milliseconds; null where no peer has enough wraps for a percentile.

    Args:
        agents: one row per agent and peer group, with `_n _sum_ms _num _den`, and `_hired` of newcomers, who have no
            part in it.
        rule: what to hold them against.
        peers: the columns that make a peer group; none is everyone.
        min_wraps: agents with fewer do not count for a percentile of agents.
    """
    if rule.against == "limit":
        limit = fraction(rule.limit_ms, 1)
        return agents.with_columns(limit.num.alias("_t_num"), limit.den.alias("_t_den"))
    if rule.against == "mix":  # an estimate, known to the microsecond as other thresholds are
        expected = (pl.col("_exp") * pl.col("_middle") * 1000).round().cast(pl.Int128)
        return agents.with_columns(expected.alias("_t_num"), fraction(1000, 1).num.alias("_t_den"))
    keys = list(peers) or [_EVERYONE]
    pool = agents.with_columns(pl.lit(0, pl.Int8).alias(_EVERYONE))
    if rule.against == "mean":
        pooled = fraction(pl.col(figures.SUM_MS).sum(), pl.col(figures.N).sum())
        thresholds = pool.filter(NOT_NEW).group_by(keys).agg(pooled.num.alias("_t_num"), pooled.den.alias("_t_den"))
    else:
        thresholds = _percentile(pool.filter(NOT_NEW, pl.col(figures.N) >= min_wraps), rule.permille, keys)
    return pool.join(thresholds, on=keys, how="left", nulls_equal=True).drop(_EVERYONE)


def _percentile(pool: pl.DataFrame, permille: int, keys: Sequence[str]) -> pl.DataFrame:
    """Type 7 percentile of the agents' values, interpolated between two fractions."""
    by_value = ratio(pl.col("_num"), pl.col("_den"))
    lists = pool.group_by(keys).agg(pl.col("_num", "_den").sort_by(by_value))
    agents = pl.col("_num").list.len().cast(pl.Int64)
    position = (agents - 1) * permille
    rank = position // 1000
    threshold = between(_at(rank), _at(pl.min_horizontal(rank + 1, agents - 1)), position % 1000)
    return lists.select(*keys, threshold.num.alias("_t_num"), threshold.den.alias("_t_den"))


def _at(rank: pl.Expr) -> Fraction:
    return Fraction(pl.col("_num").list.get(rank), pl.col("_den").list.get(rank))
