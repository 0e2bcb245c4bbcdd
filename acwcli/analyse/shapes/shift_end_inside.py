"""The end of the shift inside the wrap: the last wrap of the shift is a long one, more often than other wraps are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import ROLES, STATISTIC, of_others
from acwcli.analyse.shapes.prepared import ASKED, RATIO, SHIFT

NAME = "shift-end-inside"
LONG, LONG_MS = 3.0, 120_000
"""A long wrap takes this many times the usual length of its queue, and at least two minutes."""
LEAST_SHIFTS, LEAST_SHARE = 3, 0.5
"""At least so many shifts end in one, and at least this share of them …"""
SURE = 3.0
"""… beyond the share of long ones among the agent's other wraps, and that of others' shifts, by so many errors."""
FLOOR = 0.05


def _long() -> pl.Expr:
    return (pl.col(RATIO) >= LONG) & (pl.col(figures.VALUE) >= LONG_MS)


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Compare the last wraps of shifts with the agent's other wraps, and with how others' shifts end."""
    timed = wraps.filter(pl.col("wrap_start").is_not_null())
    shifts = timed.group_by("agent_id", SHIFT).agg(
        pl.len().cast(pl.Int64).alias("wraps"),
        _long().sum().cast(pl.Int64).alias("long"),
        _long().get(pl.col("wrap_start").arg_max()).alias("last"),
        *ROLES,
    )
    agents = shifts.group_by("agent_id").agg(
        pl.col("wraps", "long").sum(),
        pl.len().cast(pl.Int64).alias("shifts"),
        pl.col("last").sum().cast(pl.Int64).alias("marked"),
        *ROLES,
    )
    n, k = pl.col("shifts"), pl.col("marked")
    own = (pl.col("long") - k) / (pl.col("wraps") - n)
    others = of_others("marked") / of_others("shifts")
    usual = pl.max_horizontal(own.fill_nan(None), others.fill_nan(None), pl.lit(FLOOR)).clip(upper_bound=0.99)
    agents = agents.with_columns((k / n).alias("share"), usual.alias("usual_share"))
    error = (n * pl.col("usual_share") * (1 - pl.col("usual_share"))).sqrt()
    sure = (k - n * pl.col("usual_share")) / error
    beyond = pl.min_horizontal(k / LEAST_SHIFTS, pl.col("share") / LEAST_SHARE, sure / SURE)
    signs = agents.with_columns(beyond.alias(STATISTIC))
    return signs.filter(ASKED, pl.col("wraps") >= min_wraps, pl.col(STATISTIC) >= 1)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    usual = f"usual: {100 * found['usual_share']:.0f} %"
    return f"{found['marked']} of {found['shifts']} shifts end in a long wrap ({usual})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The long last wraps, the longest first."""
    timed = own.filter(pl.col("wrap_start").is_not_null())
    last = timed.filter(pl.col("wrap_start") == pl.col("wrap_start").max().over(SHIFT))
    return last.filter(_long()).sort(figures.VALUE, descending=True, maintain_order=True)
