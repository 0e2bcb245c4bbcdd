"""A workbook: one sheet with the answer, and one more for each list inside it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

import polars as pl

from acwcli.errors import OutputError
from acwcli.model.formula_guard import guard_formula
from acwcli.model.table import Column, Table
from acwcli.render.values import as_written, is_nested, nested_as_text, slices

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_MOST_ROWS = 1_048_576 - 1
_MOST_TEXT = 32_767
_WIDEST = 60

_NUMBER_FORMATS = {"count": "#,##0", "seconds": "#,##0.0##", "share": "0.0%", "number": "#,##0.0##"}


def write(table: Table, stream: BinaryIO, *, tz: str) -> None:
    """Write the answer as a workbook; text is stored as text and never runs as a formula or opens a link.

    Instants are ISO 8601 text with their offset, as in every text format: a date cell has no zone, and the repeated
    hour of a clock change could not be told apart.

    Raises:
        OutputError: more rows, or a longer text, than a sheet can hold.
    """
    import xlsxwriter

    if table.frame.height > _MOST_ROWS:
        raise OutputError(
            f"a sheet holds {_MOST_ROWS:,} rows, this answer has {table.frame.height:,}; write .csv or .parquet"
        )
    buffer = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})  # the same answer, the same bytes
        _sheet(book, table.name, table.frame, table.columns, tz)
        for name, dtype in table.frame.schema.items():
            if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
                rows = table.frame.select(name).explode(name).drop_nulls().unnest(name)
                _sheet(book, name, rows, tuple(Column(inner) for inner in rows.columns), tz)
    stream.write(buffer.getbuffer())


def _sheet(book: Workbook, name: str, frame: pl.DataFrame, columns: tuple[Column, ...], tz: str) -> None:
    sheet = book.add_worksheet(_sheet_name(name))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(frame.height, 1), max(frame.width - 1, 0))
    for place, width in enumerate(_widths(frame, tz)):
        sheet.set_column(place, place, width)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(frame.columns):
        sheet.write_string(0, place, column, bold)
    writers = [_writer(book, sheet, place, column, frame.schema[column.name]) for place, column in enumerate(columns)]
    row = 1
    for rows in slices(frame):
        for values in _with_text(rows, tz).iter_rows():
            for put, value in zip(writers, values, strict=True):
                if value is not None:
                    put(row, value)
            row += 1


def _sheet_name(name: str) -> str:
    return "".join(" " if sign in r"[]:*?/\'" else sign for sign in name)[:31].strip() or "acw"


def _with_text(rows: pl.DataFrame, tz: str) -> pl.DataFrame:
    """Rows as the text formats have them; a list longer than a cell holds refers to its own sheet."""
    written = as_written(rows, tz)
    nested = [name for name, dtype in written.schema.items() if is_nested(dtype)]
    return nested_as_text(written, tz).with_columns(
        pl.when(pl.col(name).str.len_chars() <= _MOST_TEXT).then(pl.col(name)).otherwise(pl.lit(f"see sheet {name}"))
        for name in nested
    )


def _writer(
    book: Workbook, sheet: Worksheet, place: int, column: Column, dtype: pl.DataType
) -> Callable[[int, Any], None]:
    """Return what writes one value of a column; decided once per column, called per cell."""
    if dtype.is_numeric():
        form = book.add_format({"num_format": _NUMBER_FORMATS.get(column.kind, "General")})
        return lambda row, value: _checked(sheet.write_number(row, place, value, form), column.name, row)
    if dtype == pl.Boolean:
        return lambda row, value: _checked(sheet.write_boolean(row, place, value), column.name, row)
    if dtype == pl.Date:
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        return lambda row, value: _checked(sheet.write_datetime(row, place, value, form), column.name, row)
    quoted = book.add_format({"quote_prefix": True})  # stays text even when somebody edits the cell

    def put_text(row: int, value: str) -> None:
        form = quoted if guard_formula(value) != value else None
        _checked(sheet.write_string(row, place, value, form), column.name, row)

    return put_text


def _checked(code: int, name: str, row: int) -> None:
    """Turn xlsxwriter's silent refusals into an error: nothing is cut unsaid."""
    if code:
        raise OutputError(
            f"the text of {name} in row {row:,} is longer than a cell holds ({_MOST_TEXT:,} characters);"
            " write .csv or .parquet"
        )


def _widths(frame: pl.DataFrame, tz: str) -> list[int]:
    head = nested_as_text(as_written(frame.head(1000), tz), tz)
    longest = [head.select(pl.col(name).cast(pl.String).str.len_chars().max()).item() or 0 for name in head.columns]
    return [min(max(len(name) + 3, length + 1), _WIDEST) for name, length in zip(head.columns, longest, strict=True)]
