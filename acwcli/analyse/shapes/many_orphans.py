"""Many orphans: wrap-up that belongs to no contact, far more often than others' does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import oftener_than_others

NAME = "many-orphans"
LEAST_SHARE = 0.1


def _orphan() -> pl.Expr:
    return pl.col("status") == "orphan"


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count wraps without a contact."""
    return oftener_than_others(wraps, _orphan(), LEAST_SHARE, min_wraps)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    others = f"others: {100 * found['others_share']:.1f} %"
    return f"{found['marked']} of {found['wraps']} wraps belong to no contact ({others})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The orphans, the longest first."""
    return own.filter(_orphan()).sort(figures.VALUE, descending=True, maintain_order=True)
