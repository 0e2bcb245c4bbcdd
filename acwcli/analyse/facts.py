"""The figures a diagnosis rests on, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from acwcli.analyse import figures

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


def facts(frame: pl.DataFrame, within_ms: int | None) -> Facts:
    """Work out the figures of all observations.

    Args:
        frame: one row per observation with `agent_id`, `method` and `value_ms`; at least one row.
        within_ms: the limit; None takes p80.
    """
    whole = _whole(frame)
    n, total = whole[figures.N], whole[figures.SUM_MS]
    limit_us = whole["p80"] if within_ms is None else within_ms * 1000
    value = pl.col(figures.VALUE)
    # An integer is at or under the mean exactly when it is at or under the mean's whole part.
    shares = (value * 1000 <= limit_us).mean().alias("a"), (value <= total // n).mean().alias("b")
    of_wraps = frame.lazy().select(shares).collect(engine="streaming").row(0)
    agents = frame.lazy().group_by("agent_id").agg(figures.count(), figures.sum_ms()).collect(engine="streaming")
    own_sum, own_n = pl.col(figures.SUM_MS).cast(pl.Int128), pl.col(figures.N).cast(pl.Int128)
    within, under = own_sum * 1000 <= own_n * limit_us, own_sum * n <= own_n * total
    of_agents = agents.select(within.mean().alias("a"), under.mean().alias("b")).row(0)
    return Facts(
        wraps=n,
        agents=agents.height,
        sum_ms=total,
        mean_s=whole["mean_s"],
        median_us=whole["median"],
        p80_us=whole["p80"],
        p90_us=whole["p90"],
        p95_us=whole["p95"],
        p99_us=whole["p99"],
        limit_us=limit_us,
        limit_given=within_ms is not None,
        share_wraps_within=of_wraps[0],
        share_agents_within=of_agents[0],
        share_wraps_at_or_under_mean=of_wraps[1],
        share_agents_at_or_under_mean=of_agents[1],
        method=whole["method"],
    )


def _whole(frame: pl.DataFrame) -> dict[str, Any]:
    whole = figures.with_sums(frame.select(figures.sorted_values(), *figures.method_range()))
    quantiles = [figures.quantile_us(permille).alias(name) for name, permille in _PERMILLES.items()]
    wanted = [pl.col(figures.N, figures.SUM_MS), figures.mean_s().alias("mean_s"), figures.method(), *quantiles]
    return whole.select(wanted).row(0, named=True)
