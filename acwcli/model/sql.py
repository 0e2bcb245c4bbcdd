"""SQL conditions: what is said of a row by itself, and what is said of it among others."""

from __future__ import annotations

import polars as pl


def of_one_row(condition: pl.Expr) -> bool:
    """Whether a condition can be told of each row by itself.

    A mean, a count or a window (`OVER`) depends on which other rows there are at the moment: some or all, as memory, a
    store or the number of files has it.
    """
    return _by_itself(condition) and all(of_one_row(part) for part in condition.meta.pop())


def _by_itself(expression: pl.Expr) -> bool:
    """Whether this one step of an expression, whatever it is made of, looks at one row at a time."""
    try:
        return expression.meta.is_literal() or expression.meta.is_row_separable()  # the list of `IN` is a literal
    except pl.exceptions.ColumnNotFoundError:  # what depends on types (`IN`, `%`, `ROUND`) is of one row
        return True
