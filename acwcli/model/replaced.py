"""Values in place of others as rows stream by: Polars' own expression keeps all rows until the last is read."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def replaced(
    values: pl.Expr, known: Iterable[object], shown: Iterable[object], kind: pl.DataType, otherwise: int | None = None
) -> pl.Expr:
    """Put values in place of others as rows stream by.

    Args:
        values: what is looked up.
        known: the values that are known.
        shown: what stands in place of each.
        kind: the type of that.
        otherwise: what stands in place of all others.
    """
    old, new = (given if isinstance(given, pl.Series) else list(given) for given in (known, shown))

    def looked_up(piece: pl.Series) -> pl.Series:
        return piece.replace_strict(old, new, default=otherwise, return_dtype=kind)

    return values.map_batches(looked_up, return_dtype=kind, is_elementwise=True)
