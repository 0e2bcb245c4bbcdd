"""What every text format agrees on: how an instant, a number, a list reads, and how long answers are cut in slices."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from acwcli.model.table import Table
from acwcli.render.safe_text import for_terminal as safe
from acwcli.render.safe_text import for_terminal_expr

SLICE_ROWS = 50_000
"""Rows written at a time: a closed pipe is noticed soon, and memory stays flat."""

_INSTANT = "%Y-%m-%dT%H:%M:%S%.3f%:z"


def slices_of(table: Table) -> Iterator[pl.DataFrame]:
    """Yield the rows of an answer, wherever they are, like `slices`."""
    for piece in table.pieces() if table.pieces is not None else [table.frame]:
        yield from slices(piece)


def slices(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows in order, `SLICE_ROWS` at a time; at least one, perhaps empty, slice."""
    for start in range(0, max(frame.height, 1), SLICE_ROWS):
        yield frame.slice(start, SLICE_ROWS)


def as_written(frame: pl.DataFrame, tz: str) -> pl.DataFrame:
    """Return the frame with instants as ISO 8601 text in `tz`, NaN and infinity as null, and enums as text.

    Lists stay lists; their values are cleaned by `compact_json`.
    """
    return frame.with_columns(_as_written(pl.col(name), dtype, tz) for name, dtype in frame.schema.items())


def _as_written(expr: pl.Expr, dtype: pl.DataType, tz: str) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        aware = expr if dtype.time_zone else expr.dt.replace_time_zone("UTC")
        return aware.dt.convert_time_zone(tz).dt.strftime(_INSTANT)
    if dtype.is_float():
        return pl.when(expr.is_finite()).then(expr)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return expr.cast(pl.String)
    return expr


def is_nested(dtype: pl.DataType) -> bool:
    """Say whether a column holds lists or structs, which flat formats write as JSON text."""
    return isinstance(dtype, pl.List | pl.Struct | pl.Array)


def nested_as_text(frame: pl.DataFrame, tz: str) -> pl.DataFrame:
    """Return the frame with lists as compact JSON text. Row by row: only objects of one row have lists."""
    texts = [
        pl.Series(name, [compact_json(v, tz) for v in frame[name].to_list()], dtype=pl.String)
        for name, dtype in frame.schema.items()
        if is_nested(dtype)
    ]
    return frame.with_columns(texts)


def compact_json(value: object, tz: str) -> str | None:
    """Return JSON text without blanks, non-ASCII kept; None for None."""
    if value is None:
        return None
    return json.dumps(json_value(value, tz), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_value(value: object, tz: str) -> object:
    """Return what JSON can hold for a value taken out of a frame."""
    if isinstance(value, dict):
        return {str(key): json_value(item, tz) for key, item in value.items()}
    if isinstance(value, list | tuple | pl.Series):
        return [json_value(item, tz) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        return value.astimezone(ZoneInfo(tz)).isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def for_terminal(table: Table) -> Table:
    """Return the answer with all its text, also inside lists, safe to show on a terminal."""
    frame = table.frame.with_columns(
        for_terminal_expr(pl.col(name)) for name, dtype in table.frame.schema.items() if dtype == pl.String
    )
    nested = [
        pl.Series(name, [_safe(value) for value in frame[name].to_list()], dtype=dtype)
        for name, dtype in frame.schema.items()
        if is_nested(dtype)
    ]
    frame = frame.with_columns(nested).rename({name: safe(name) for name in frame.columns})
    return dataclasses.replace(table, frame=frame)


def _safe(value: object) -> object:
    if isinstance(value, dict):
        return {key: _safe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_safe(item) for item in value]
    return safe(value) if isinstance(value, str) else value
