"""Parquet: types kept, instants in UTC, lists as lists of structs."""

from __future__ import annotations

import io
from typing import BinaryIO

import polars as pl

from acwcli.model.table import Table


def write(table: Table, stream: BinaryIO) -> None:
    """Write the rows with their types, so that any other tool reads them without options."""
    buffer = io.BytesIO()  # Parquet is written whole: its index stands at the end
    table.frame.with_columns(
        _portable(pl.col(name), dtype) for name, dtype in table.frame.schema.items()
    ).write_parquet(buffer)
    stream.write(buffer.getbuffer())


def _portable(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return (expr if dtype.time_zone else expr.dt.replace_time_zone("UTC")).dt.convert_time_zone("UTC")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return expr.cast(pl.String)
    return expr
