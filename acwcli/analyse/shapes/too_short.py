"""Too short to be true: wraps in which nothing can have been written, far more often than others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.around import CALLED_BACK
from acwcli.analyse.shapes.others import MARGIN, ROLES, STATISTIC, of_others, oftener_than_others
from acwcli.analyse.shapes.prepared import USUAL

NAME = "too-short"
LEAST_SHARE = 0.1
TENTH, LEAST_MS, MOST_MS = 0.1, 3_000, 10_000
"""Shorter than a tenth of the usual length of the queue, at least 3 s and at most 10 s."""


BACK_TIMES, STRONGER = 1.5, 1.5
"""Customers who call back so many times as often as after others' wraps, `MARGIN` more at least, make it stronger."""


def _short() -> pl.Expr:
    return pl.col(figures.VALUE) < (TENTH * pl.col(USUAL)).clip(LEAST_MS, MOST_MS)


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count wraps below the line, and after how many of them the customer calls back within a day."""
    found = oftener_than_others(wraps, _short(), LEAST_SHARE, min_wraps)
    found = found.join(_called_back(wraps), on="agent_id", how="left", maintain_order="left")
    expected = pl.col("others_back_share") * pl.col("back_known")
    more = pl.col("back") >= pl.max_horizontal(BACK_TIMES * expected, expected + MARGIN)
    return found.with_columns(
        (pl.col(STATISTIC) * pl.when(more).then(STRONGER).otherwise(1.0)).alias(STATISTIC), more.alias("back_more")
    )


def _called_back(wraps: pl.DataFrame) -> pl.DataFrame:
    """Per agent: short wraps of which it is known, those called back, and the share after the others' wraps."""
    back, known = pl.col(CALLED_BACK).fill_null(False), pl.col(CALLED_BACK).is_not_null()
    counts = wraps.group_by("agent_id").agg(
        (back & _short()).sum().cast(pl.Int64).alias("back"),
        (known & _short()).sum().cast(pl.Int64).alias("back_known"),
        back.sum().cast(pl.Int64).alias("_back"),
        known.sum().cast(pl.Int64).alias("_known"),
        *ROLES,
    )
    share = (of_others("_back") / of_others("_known")).fill_nan(None)
    return counts.select("agent_id", "back", "back_known", share.alias("others_back_share"))


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    others = f"others: {100 * found['others_share']:.1f} %"
    short = f"{found['marked']} of {found['wraps']} wraps are too short for notes ({others})"
    if not found["back_more"]:
        return short
    usual = f"others' wraps: {100 * found['others_back_share']:.1f} %"
    return f"{short}; after {found['back']} of {found['back_known']} the customer calls back within a day ({usual})"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The shortest wraps first."""
    return own.filter(_short()).sort(figures.VALUE, maintain_order=True)
