"""Limits of queues: each wrap against the limit of its own queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.model.replaced import replaced
from acwcli.model.seconds import in_seconds

LIMIT_MS = "_limit_ms"
LIMITED, WITHIN, EXCESS_MS = "_limited", "_within", "_excess_ms"
LOWEST, HIGHEST = "_limit_low", "_limit_high"


def limit_of(limits_ms: Mapping[str, int], otherwise: int | None) -> pl.Expr:
    """The limit of each observation's queue, in milliseconds; `otherwise` where the queue has none of its own."""
    if not limits_ms:
        return pl.lit(otherwise, pl.Int64)
    queue = pl.col("queue").cast(pl.String)
    return replaced(queue, limits_ms.keys(), limits_ms.values(), pl.Int64(), otherwise)


def limit_sums() -> list[pl.Expr]:
    """Per group: observations with a limit, those within it, the time over it, and the least and greatest limit."""
    value, limit = pl.col(figures.VALUE), pl.col(LIMIT_MS)
    return [
        limit.count().cast(pl.Int64).alias(LIMITED),
        (value <= limit).sum().cast(pl.Int64).alias(WITHIN),
        (value - limit).clip(lower_bound=0).sum().alias(EXCESS_MS),
        limit.min().alias(LOWEST),
        limit.max().alias(HIGHEST),
    ]


def limit_figures() -> list[pl.Expr]:
    """`limit_s` where all have the same, `within_limit` and `excess_s`; null where nobody has a limit."""
    some, known = pl.when(pl.col(LIMITED) > 0), pl.when((pl.col(LIMITED) > 0) | (pl.col(figures.N) == 0))
    return [
        pl.when(pl.col(LOWEST) == pl.col(HIGHEST)).then(in_seconds(pl.col(LOWEST))).alias("limit_s"),
        some.then(ratio(pl.col(WITHIN), pl.col(LIMITED))).alias("within_limit"),
        known.then(in_seconds(pl.col(EXCESS_MS))).alias("excess_s"),
    ]


def whole_limit_sums() -> list[pl.Expr]:
    """The sums of `limit_sums` over all groups."""
    return [pl.col(LIMITED, WITHIN, EXCESS_MS).sum(), pl.col(LOWEST).min(), pl.col(HIGHEST).max()]


def with_breaches(
    agents: pl.DataFrame, obs: pl.LazyFrame, who: Sequence[str], limits_ms: Mapping[str, int]
) -> pl.DataFrame:
    """Add `breach_share` and `breach_s` of each agent: of the wraps in queues with a limit of their own.

    Args:
        agents: one row per agent and peer group.
        obs: their observations, with `queue`.
        who: the columns that make such a row.
        limits_ms: limits per queue; none adds nothing.
    """
    if not limits_ms:
        return agents
    limited = obs.with_columns(limit_of(limits_ms, None).alias(LIMIT_MS))
    sums = limited.group_by(who).agg(limit_sums()).collect(engine="streaming")
    some = pl.when(pl.col(LIMITED) > 0)
    breaches = sums.select(
        *who,
        some.then(ratio(pl.col(LIMITED) - pl.col(WITHIN), pl.col(LIMITED))).alias("breach_share"),
        some.then(in_seconds(pl.col(EXCESS_MS))).alias("breach_s"),
    )
    return agents.join(breaches, on=list(who), how="left", nulls_equal=True, maintain_order="left")
