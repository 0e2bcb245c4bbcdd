"""The figures a diagnosis rests on, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.lengths import number, quantile_us, total

_PERMILLES = {"median": 500, "p80": 800, "p90": 900, "p95": 950, "p99": 990}


@dataclass(frozen=True)
class Facts:
    """All observations together; shares are 0..1.

    Attributes:
        wraps: observations.
        agents: agents with at least one.
        sum_ms: total time.
        p80_us: the 80th percentile in microseconds, exact; the other quantiles likewise.
        limit_us: the limit in microseconds: the one asked for, or p80.
        limit_given: whether the limit was asked for.
    """

    wraps: int
    agents: int
    sum_ms: int
    mean_s: float
    median_us: int
    p80_us: int
    p90_us: int
    p95_us: int
    p99_us: int
    limit_us: int
    limit_given: bool
    share_wraps_within: float
    share_agents_within: float
    share_wraps_at_or_under_mean: float
    share_agents_at_or_under_mean: float
    method: str

    @property
    def limit_s(self) -> float:
        """The limit in seconds."""
        return self.limit_us / 1_000_000


def facts(rows: pl.LazyFrame, lengths: pl.DataFrame, within_ms: int | None) -> Facts:
    """Work out the figures of all observations.

    Args:
        rows: one row per observation with `agent_id`, `method` and `value_ms`; at least one row.
        lengths: their lengths, of `lengths.lengths_of`.
        within_ms: the limit; None takes p80.
    """
    parts = [figures.count(), figures.sum_ms(), *figures.method_range()]
    agents = rows.group_by("agent_id").agg(parts).collect(engine="streaming")
    n, sum_ms = number(lengths), total(lengths)
    quantiles = {f"{name}_us": quantile_us(lengths, permille) for name, permille in _PERMILLES.items()}
    limit_us = quantiles["p80_us"] if within_ms is None else within_ms * 1000
    # An integer is at or under the mean exactly when it is at or under the mean's whole part.
    values = lengths[figures.VALUE]
    of_wraps = [number(lengths.filter(short)) / n for short in (values * 1000 <= limit_us, values <= sum_ms // n)]
    own_sum, own_n = pl.col(figures.SUM_MS).cast(pl.Int128), pl.col(figures.N).cast(pl.Int128)
    within, under = own_sum * 1000 <= own_n * limit_us, own_sum * n <= own_n * sum_ms
    of_agents = agents.select(within.mean().alias("a"), under.mean().alias("b")).row(0)
    methods = agents.select(pl.col(figures.METHOD_LOW).min(), pl.col(figures.METHOD_HIGH).max())
    return Facts(
        wraps=n,
        agents=agents.height,
        sum_ms=sum_ms,
        mean_s=sum_ms / (n * 1000),
        **quantiles,
        limit_us=limit_us,
        limit_given=within_ms is not None,
        share_wraps_within=of_wraps[0],
        share_agents_within=of_agents[0],
        share_wraps_at_or_under_mean=of_wraps[1],
        share_agents_at_or_under_mean=of_agents[1],
        method=methods.select(figures.method()).item(),
    )
