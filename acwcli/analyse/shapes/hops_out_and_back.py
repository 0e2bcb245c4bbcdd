"""Hopping out and back: wraps that are left and resumed, far more often than others' are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse.shapes.others import oftener_than_others

NAME = "hops-out-and-back"
LEAST_SHARE = 0.1


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count wraps of more than one piece."""
    return oftener_than_others(wraps, pl.col("pieces") > 1, LEAST_SHARE, min_wraps)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    others = f"others: {100 * found['others_share']:.1f} %"
    return f"{found['marked']} of {found['wraps']} wraps were left and resumed ({others})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The wraps of most pieces."""
    return own.filter(pl.col("pieces") > 1).sort("pieces", descending=True, maintain_order=True)
