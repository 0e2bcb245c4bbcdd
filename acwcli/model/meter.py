"""Rows counted while they stream by, for whoever wants to show how far reading is."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

listener: Callable[[int], None] | None = None
"""Called with the number of rows of each piece that was read, from whatever thread read it; None: nobody listens."""


def metered(frame: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Let the listener hear of the rows of a frame as they come; the frame as it is where nobody listens.

    Args:
        frame: what is read.
        column: one of its columns, which passes through untouched.
    """
    heard = listener
    if heard is None:
        return frame

    def passed(piece: pl.Series) -> pl.Series:
        heard(piece.len())
        return piece

    kind = frame.collect_schema()[column]
    return frame.with_columns(pl.col(column).map_batches(passed, return_dtype=kind, is_elementwise=True))
