"""Uniformly slow: the short, the middling and the long wraps are all longer than everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse.shapes.others import ROLES, STATISTIC, of_others
from acwcli.analyse.shapes.prepared import ASKED, RATIO, USUALLY

NAME = "uniformly-slow"
SLOWER = 1.35
"""p20, median and p80 are each at least this many times those of all wraps …"""
SURE = 4.0
"""… and the wraps over the usual length are more than chance gives, by this many standard errors."""


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Compare three quantiles of the agent's wraps, each beside the usual length of its queue, with those of all."""
    levels = {"p20": 0.2, "p50": 0.5, "p80": 0.8}
    quantiles = [pl.col(RATIO).quantile(level, "linear").alias(name) for name, level in levels.items()]
    whole = wraps.filter(USUALLY).select(quantiles)
    longer = (pl.col(RATIO) > 1).sum().cast(pl.Int64).alias("longer")
    agents = wraps.group_by("agent_id").agg(pl.len().cast(pl.Int64).alias("wraps"), longer, *ROLES, *quantiles)
    slower = [pl.col(name) / max(float(whole[name][0] or 0.0), 0.01) for name in levels]
    n, k = pl.col("wraps"), pl.col("longer")
    # Kept off 0 and 1, where there are no standard errors.
    share = (of_others("longer") / of_others("wraps")).clip(0.05, 0.95)
    sure = (k - n * share) / (n * share * (1 - share)).sqrt()
    factor = pl.min_horizontal(slower)
    signs = agents.filter(pl.len() > 1).with_columns(
        factor.alias("factor"), pl.min_horizontal(factor / SLOWER, sure / SURE).alias(STATISTIC)
    )
    return signs.filter(ASKED, pl.col("wraps") >= min_wraps, pl.col(STATISTIC) >= 1).select(
        "agent_id", "wraps", "factor", STATISTIC
    )


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    return f"short, middling and long wraps all take at least {found['factor']:.1f} times as long as everybody's"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The agent's most usual wraps: nearest to the agent's own median beside the queue's."""
    away = (pl.col(RATIO) - pl.col(RATIO).median()).abs()
    return own.sort(away, "wrap_start", "row", maintain_order=True)
