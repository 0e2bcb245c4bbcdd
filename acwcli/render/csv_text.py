"""CSV and TSV: a header, LF, UTF-8, whole and uncut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import polars as pl

from acwcli.model.formula_guard import guard_formula, guard_formula_expr
from acwcli.model.table import Table
from acwcli.render.values import as_written, nested_as_text, slices, slices_of


def write(table: Table, stream: BinaryIO, *, separator: str, tz: str, guard: bool) -> None:
    """Write the rows; nulls are empty, lists are JSON text, and formulas are guarded unless `guard` is false."""
    _write(slices_of(table), stream, separator=separator, tz=tz, guard=guard)


def write_frame(frame: pl.DataFrame, stream: BinaryIO) -> None:
    """Write a bare frame the same way; the rejects file is one."""
    _write(slices(frame), stream, separator=",", tz="UTC", guard=True)


def _write(pieces: Iterator[pl.DataFrame], stream: BinaryIO, *, separator: str, tz: str, guard: bool) -> None:
    for number, rows in enumerate(pieces):
        text = nested_as_text(as_written(rows, tz), tz)
        if guard:
            text = _guarded(text)
        # Text first, then the stream: a broken pipe must reach the caller, whatever Polars does with file objects.
        lines = text.write_csv(separator=separator, line_terminator="\n", include_header=number == 0)
        stream.write(lines.encode())


def _guarded(frame: pl.DataFrame) -> pl.DataFrame:
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    frame = frame.with_columns(guard_formula_expr(pl.col(name)) for name in text)
    return frame.rename({name: guard_formula(name) for name in frame.columns})
