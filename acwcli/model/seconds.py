"""Milliseconds to seconds, to the last digit."""

from __future__ import annotations

import polars as pl


def in_seconds(whole: pl.Expr, per_second: int = 1000) -> pl.Expr:
    """Divide whole milliseconds (or microseconds) by `per_second`, rounded once.

    Polars divides by a constant by multiplying with its reciprocal, which is off by one unit in the last place for one
    value in eight (39,200,000 us would read 39.199999999999996 s); dividing by a column divides.
    """
    number = whole.cast(pl.Float64)
    return number / (number - number + per_second)
