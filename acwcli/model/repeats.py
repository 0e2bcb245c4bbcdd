"""Which values of a column stand in it more than once: mostly none, and that is told cheaply."""

from __future__ import annotations

import polars as pl


def repeated(keys: pl.Series) -> pl.Series:
    """Mark the values that occur twice or more; nulls never do.

    Args:
        keys: integers or hashes; sorting them is far cheaper than looking each one up.

    Returns:
        Boolean, as long as `keys`.
    """
    in_order = keys.drop_nulls().sort()
    twice = in_order.filter((in_order == in_order.shift(1)).fill_null(False)).unique()
    if twice.is_empty():
        return pl.repeat(False, keys.len(), eager=True, dtype=pl.Boolean)
    return keys.is_in(twice.implode()) & keys.is_not_null()
