"""Too short to be true: wraps in which nothing can have been written, far more often than others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import oftener_than_others
from acwcli.analyse.shapes.prepared import USUAL

NAME = "too-short"
LEAST_SHARE = 0.1
TENTH, LEAST_MS, MOST_MS = 0.1, 3_000, 10_000
"""Shorter than a tenth of the usual length of the queue, at least 3 s and at most 10 s."""


def _short() -> pl.Expr:
    return pl.col(figures.VALUE) < (TENTH * pl.col(USUAL)).clip(LEAST_MS, MOST_MS)


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count wraps below the line."""
    return oftener_than_others(wraps, _short(), LEAST_SHARE, min_wraps)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    others = f"others: {100 * found['others_share']:.1f} %"
    return f"{found['marked']} of {found['wraps']} wraps are too short for notes ({others})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The shortest wraps first."""
    return own.filter(_short()).sort(figures.VALUE, maintain_order=True)
