"""Calls made inside the wrap: the agent is on the phone again before the work on the last contact is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.around import CALLS
from acwcli.analyse.shapes.others import oftener_than_others

NAME = "calls-inside"
LEAST_SHARE = 0.1


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count wraps with a call inside."""
    return oftener_than_others(wraps, pl.col(CALLS) > 0, LEAST_SHARE, min_wraps)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    others = f"others: {100 * found['others_share']:.1f} %"
    return f"in {found['marked']} of {found['wraps']} wraps the agent makes a call ({others})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The wraps with a call inside, the longest first."""
    return own.filter(pl.col(CALLS) > 0).sort(figures.VALUE, descending=True, maintain_order=True)
