"""A break inside the wrap: long wraps that are followed by not ready or log-off, more than short ones are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.long_wraps import is_long, oftener_than_usual
from acwcli.analyse.shapes.others import ROLES

NAME = "break-inside"
LEAST_WRAPS = 4
"""At least this many long wraps end so, and at least half of them; see `long_wraps`."""


def _left() -> pl.Expr:
    return (pl.col("ended_by") == "not_ready") | (pl.col("ended_by") == "logout")


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Compare how an agent's long wraps end with how the agent's others end, and with how others' long ones end."""
    agents = wraps.group_by("agent_id").agg(
        pl.len().cast(pl.Int64).alias("wraps"),
        is_long().sum().cast(pl.Int64).alias("long"),
        (is_long() & _left()).sum().cast(pl.Int64).alias("marked"),
        _left().sum().cast(pl.Int64).alias("left"),
        *ROLES,
    )
    return oftener_than_usual(agents, "long", "left", LEAST_WRAPS, min_wraps)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    usual = f"usual: {100 * found['usual_share']:.0f} %"
    return f"{found['marked']} of {found['long']} long wraps are followed by not ready or log-off ({usual})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The long wraps that end so, the longest first."""
    return own.filter(is_long() & _left()).sort(figures.VALUE, descending=True, maintain_order=True)
