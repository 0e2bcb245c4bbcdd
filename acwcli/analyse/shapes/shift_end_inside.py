"""The end of the shift inside the wrap: the last wrap of the shift is a long one, more often than other wraps are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.long_wraps import is_long, oftener_than_usual
from acwcli.analyse.shapes.others import ROLES
from acwcli.analyse.shapes.prepared import SHIFT

NAME = "shift-end-inside"
LEAST_SHIFTS = 3
"""At least so many shifts end in a long wrap, and at least half of them; see `long_wraps`."""


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Compare the last wraps of shifts with the agent's other wraps, and with how others' shifts end."""
    timed = wraps.filter(pl.col("wrap_start").is_not_null())
    shifts = timed.group_by("agent_id", SHIFT).agg(
        pl.len().cast(pl.Int64).alias("wraps"),
        is_long().sum().cast(pl.Int64).alias("long"),
        is_long().get(pl.col("wrap_start").arg_max()).alias("last"),
        *ROLES,
    )
    agents = shifts.group_by("agent_id").agg(
        pl.col("wraps", "long").sum(),
        pl.len().cast(pl.Int64).alias("shifts"),
        pl.col("last").sum().cast(pl.Int64).alias("marked"),
        *ROLES,
    )
    return oftener_than_usual(agents, "shifts", "long", LEAST_SHIFTS, min_wraps)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    usual = f"usual: {100 * found['usual_share']:.0f} %"
    return f"{found['marked']} of {found['shifts']} shifts end in a long wrap ({usual})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The long last wraps, the longest first."""
    timed = own.filter(pl.col("wrap_start").is_not_null())
    last = timed.filter(pl.col("wrap_start") == pl.col("wrap_start").max().over(SHIFT))
    return last.filter(is_long()).sort(figures.VALUE, descending=True, maintain_order=True)
