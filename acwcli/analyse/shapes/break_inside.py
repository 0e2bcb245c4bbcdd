"""A break inside the wrap: long wraps that are followed by not ready or log-off, more than short ones are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import ROLES, STATISTIC, of_others
from acwcli.analyse.shapes.prepared import ASKED, RATIO

NAME = "break-inside"
LONG, LONG_MS = 3.0, 120_000
"""A long wrap takes this many times the usual length of its queue, and at least two minutes."""
LEAST_WRAPS, LEAST_SHARE = 4, 0.5
"""At least this many long wraps end so, and at least this share of them …"""
SURE = 3.0
"""… beyond the share of the agent's other wraps, and that of others' long ones, by this many standard errors."""
FLOOR = 0.05


def _long() -> pl.Expr:
    return (pl.col(RATIO) >= LONG) & (pl.col(figures.VALUE) >= LONG_MS)


def _left() -> pl.Expr:
    return (pl.col("ended_by") == "not_ready") | (pl.col("ended_by") == "logout")


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Compare how an agent's long wraps end with how the agent's others end, and with how others' long ones end."""
    agents = wraps.group_by("agent_id").agg(
        pl.len().cast(pl.Int64).alias("wraps"),
        _long().sum().cast(pl.Int64).alias("long"),
        (_long() & _left()).sum().cast(pl.Int64).alias("marked"),
        _left().sum().cast(pl.Int64).alias("left"),
        *ROLES,
    )
    n, k = pl.col("long"), pl.col("marked")
    own = (pl.col("left") - k) / (pl.col("wraps") - n)
    others = of_others("marked") / of_others("long")
    usual = pl.max_horizontal(own.fill_nan(None), others.fill_nan(None), pl.lit(FLOOR)).clip(upper_bound=0.99)
    agents = agents.with_columns((k / n).alias("share"), usual.alias("usual_share"))
    error = (n * pl.col("usual_share") * (1 - pl.col("usual_share"))).sqrt()
    sure = (k - n * pl.col("usual_share")) / error
    beyond = pl.min_horizontal(k / LEAST_WRAPS, pl.col("share") / LEAST_SHARE, sure / SURE)
    signs = agents.filter(n > 0).with_columns(beyond.alias(STATISTIC))
    return signs.filter(ASKED, pl.col("wraps") >= min_wraps, pl.col(STATISTIC) >= 1)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    usual = f"usual: {100 * found['usual_share']:.0f} %"
    return f"{found['marked']} of {found['long']} long wraps are followed by not ready or log-off ({usual})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The long wraps that end so, the longest first."""
    return own.filter(_long() & _left()).sort(figures.VALUE, descending=True, maintain_order=True)
