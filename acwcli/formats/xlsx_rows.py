"""A workbook as a grid: the first sheet that has a header, dates and times as the text people see."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from acwcli.errors import DamagedError, InputError
from acwcli.formats.csv_layout import Layout, Record, layout_of
from acwcli.formats.grid_data import BAD, ROW, SAMPLE_ROWS, Grid, raw_cells
from acwcli.formats.plain import Plain

if TYPE_CHECKING:
    from fastexcel import ExcelReader

_HEAD_ROWS = 200
# A workbook stores 00:01:30 as a fraction of a day; as an instant that is 1899-12-31 00:01:30.
_TIME_OF_DAY_ZERO = r"^(1899-12-3[01]|19[0-2]\d-\d\d-\d\d) \d\d:\d\d:\d\d(\.\d+)?$"
_BEFORE_LEAP_BUG = pl.datetime(1900, 3, 1, time_unit="ms")


def read_xlsx(plain: Plain) -> Grid:
    """Read the first sheet that looks like a table; rows are numbered as in the sheet.

    Raises:
        DamagedError: the workbook is damaged.
        InputError: no sheet holds anything.
    """
    import fastexcel

    try:
        reader = fastexcel.read_excel(str(plain.path))
        sheet, cells = _first_table(plain, reader)
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise DamagedError(f"{plain.name}: the workbook cannot be read ({reason}); save it again") from error
    return _grid(plain, sheet, cells, _layout(plain.name, cells), len(reader.sheet_names))


def _first_table(plain: Plain, reader: ExcelReader) -> tuple[str, pl.DataFrame]:
    fallback: tuple[str, pl.DataFrame] | None = None
    for sheet in reader.sheet_names:
        cells = reader.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
        if not cells.height or not cells.width:
            continue
        if _is_table(_layout(plain.name, cells)):
            return sheet, cells
        fallback = fallback or (sheet, cells)
    if fallback is None:
        raise InputError(f"{plain.name}: no sheet of this workbook holds anything; export it again")
    return fallback


def _is_table(layout: Layout) -> bool:
    """Whether there is a header of several columns; the title on a cover sheet is none."""
    named = [name for number, name in enumerate(layout.columns, 1) if name != f"column {number}"]
    return bool(layout.header_line) and len(named) > 1


def _layout(source: str, cells: pl.DataFrame) -> Layout:
    records = [
        Record(number, number, [(cell or "").strip() for cell in row])
        for number, row in enumerate(cells.head(_HEAD_ROWS).iter_rows(), 1)
        if any(row)
    ]
    return layout_of(source, records, cells.height)


def _grid(plain: Plain, sheet: str, cells: pl.DataFrame, layout: Layout, sheets: int) -> Grid:
    names = [*layout.columns, *(f"column {number}" for number in range(len(layout.columns) + 1, cells.width + 1))]
    renamed = cells.select(pl.col(old).alias(new) for old, new in zip(cells.columns, names, strict=False))
    body = renamed.with_row_index(ROW, 1).slice(layout.first_line - 1)
    body = body.with_columns(_shown(body[name]) for name in names).with_columns(pl.lit(None, pl.String).alias(BAD))
    kept = body.filter(pl.any_horizontal(pl.col(names).is_not_null()))
    # A column without header and without a cell is formatting, not data.
    names = [name for name in names if not name.startswith("column ") or kept[name].count()]
    kept = kept.select(*names, ROW, BAD)
    blank = body.height - kept.height
    notes = plain.notes + layout.notes
    if sheets > 1:
        notes = [*notes, f"{plain.name}: sheet '{sheet}' read, the other {sheets - 1} not"]
    details = {"sheet": sheet, "compression": plain.compression or "none"}
    details["header"] = f"row {layout.header_line}" if layout.header_line else "none"
    ignored = Counter({"blank line": blank} if blank else {})
    frame = kept.lazy()
    sample = kept.head(SAMPLE_ROWS)
    return Grid(plain.name, "xlsx", names, frame, sample, raw_cells(frame, names), ignored, notes, details)


def _shown(cells: pl.Series) -> pl.Series:
    """Strip text, and give times of day and elapsed times back as `HH:MM:SS`, over 24 h too."""
    text = cells.cast(pl.String).str.strip_chars()
    text = text.set(text == "", None)
    is_time = text.str.contains(_TIME_OF_DAY_ZERO)
    if not is_time.any():
        return text
    instant = pl.col("text").str.strptime(pl.Datetime("ms"), "%Y-%m-%d %H:%M:%S%.f", strict=False)
    zero_day = pl.when(instant < _BEFORE_LEAP_BUG).then(pl.date(1899, 12, 31)).otherwise(pl.date(1899, 12, 30))
    ms = (instant - zero_day.cast(pl.Datetime("ms"))).dt.total_milliseconds()
    clock = pl.format(
        "{}:{}:{}",
        (ms // 3_600_000).cast(pl.String).str.zfill(2),
        (ms // 60_000 % 60).cast(pl.String).str.zfill(2),
        (ms // 1000 % 60).cast(pl.String).str.zfill(2),
    )
    fraction = pl.when(ms % 1000 > 0).then("." + (ms % 1000).cast(pl.String).str.zfill(3)).otherwise(pl.lit(""))
    shown = pl.when("is_time").then(clock + fraction).otherwise("text")
    return pl.DataFrame({"text": text, "is_time": is_time}).select(shown.alias(cells.name)).to_series()
