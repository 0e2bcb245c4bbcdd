"""Parquet: types kept, instants in UTC, lists as lists of structs."""

from __future__ import annotations

import io
import json
from typing import BinaryIO

import polars as pl

from acwcli.model.marker import MOST_NAMES, NAMES_KEY
from acwcli.model.table import Table


def write(table: Table, stream: BinaryIO) -> None:
    """Write the rows with their types, so that any other tool reads them without options."""
    buffer = io.BytesIO()  # Parquet is written whole: its index stands at the end
    portable = table.frame.with_columns(_portable(pl.col(name), dtype) for name, dtype in table.frame.schema.items())
    portable.write_parquet(buffer, metadata={NAMES_KEY: _names(portable)})
    stream.write(buffer.getbuffer())


def _names(frame: pl.DataFrame) -> str:
    """Agents and queues, for those who complete a command line and cannot wait until Parquet is read."""
    columns = [name for name in ("agent_id", "queue") if frame.schema.get(name) == pl.String]
    known = {name: frame[name].drop_nulls().unique().sort().head(MOST_NAMES).to_list() for name in columns}
    return json.dumps(known, ensure_ascii=False)


def _portable(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return (expr if dtype.time_zone else expr.dt.replace_time_zone("UTC")).dt.convert_time_zone("UTC")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return expr.cast(pl.String)
    return expr
