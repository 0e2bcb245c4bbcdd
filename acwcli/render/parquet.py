"""Parquet: types kept, instants in UTC, lists as lists of structs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import polars as pl

from acwcli.model.marker import MOST_NAMES, NAMES_KEY
from acwcli.model.table import Table

_GROUP_ROWS = 1 << 18
"""Of a row group where rows come in pieces; Polars, too, makes them that large."""


def write(table: Table, stream: BinaryIO) -> None:
    """Write the rows with their types, so that any other tool reads them without options."""
    if table.pieces is not None:
        _write_pieces(table.frame, table.pieces, stream)
        return
    buffer = io.BytesIO()  # Parquet is written whole: its index stands at the end
    portable = _portable(table.frame)
    portable.write_parquet(buffer, metadata={NAMES_KEY: _as_text(_names(portable, {}))})
    stream.write(buffer.getbuffer())


def _write_pieces(none: pl.DataFrame, pieces: Callable[[], Iterator[pl.DataFrame]], stream: BinaryIO) -> None:
    """Write the rows as they come."""
    from pyarrow.parquet import ParquetWriter

    oldest = pl.CompatLevel.oldest()
    names: dict[str, pl.Series] = {}
    with ParquetWriter(stream, _portable(none).to_arrow(compat_level=oldest).schema, compression="zstd") as writer:
        for piece in pieces():
            rows = _portable(piece)
            names = _names(rows, names)
            writer.write_table(rows.to_arrow(compat_level=oldest), row_group_size=_GROUP_ROWS)
        writer.add_key_value_metadata({NAMES_KEY: _as_text(names)})


def _names(frame: pl.DataFrame, known: dict[str, pl.Series]) -> dict[str, pl.Series]:
    """Agents and queues, for those who complete a command line and cannot wait until Parquet is read."""
    columns = [name for name in ("agent_id", "queue") if frame.schema.get(name) == pl.String]
    own = {name: frame[name].drop_nulls().unique() for name in columns}
    every = {name: known[name].append(found) if name in known else found for name, found in own.items()}
    return {name: found.unique().sort().head(MOST_NAMES) for name, found in every.items()}


def _as_text(names: dict[str, pl.Series]) -> str:
    return json.dumps({name: found.to_list() for name, found in names.items()}, ensure_ascii=False)


def _portable(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(_portable_column(pl.col(name), dtype) for name, dtype in frame.schema.items())


def _portable_column(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return (expr if dtype.time_zone else expr.dt.replace_time_zone("UTC")).dt.convert_time_zone("UTC")
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return expr.cast(pl.String)
    return expr
