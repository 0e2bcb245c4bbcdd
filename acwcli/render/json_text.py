"""JSON (an array of flat objects, or one object) and NDJSON (an object per line)."""

from __future__ import annotations

import io
import json
from typing import BinaryIO

import polars as pl

from acwcli.model.table import Table
from acwcli.render.values import as_written, json_value, slices_of


def write_ndjson(table: Table, stream: BinaryIO, *, tz: str) -> None:
    """Write one object per line; non-ASCII text as it is, numbers in full, NaN and infinity as null."""
    for rows in slices_of(table):
        stream.write(_lines(rows, tz))


def write_json(table: Table, stream: BinaryIO, *, tz: str) -> None:
    """Write an array with an object per line, or, for an answer that is one object, that object, indented."""
    if table.is_object:
        stream.write(_object(table.frame, tz))
        return
    stream.write(b"[")
    separator = b"\n"
    for rows in slices_of(table):
        # A line end inside text is escaped, so these bytes only stand between two objects.
        if lines := _lines(rows, tz).removesuffix(b"\n"):
            stream.write(separator + lines.replace(b"}\n{", b"},\n{"))
            separator = b",\n"
    stream.write(b"\n]\n" if separator == b",\n" else b"]\n")


def _lines(rows: pl.DataFrame, tz: str) -> bytes:
    buffer = io.BytesIO()
    as_written(rows, tz).write_ndjson(buffer)
    return buffer.getvalue()


def _object(frame: pl.DataFrame, tz: str) -> bytes:
    row = frame.row(0, named=True) if frame.height else {}
    text = json.dumps(json_value(row, tz), ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode() + b"\n"
