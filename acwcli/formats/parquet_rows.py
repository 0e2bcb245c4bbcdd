"""Parquet as a grid: columns keep their types, text is stripped where it needs to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from acwcli.errors import DamagedError
from acwcli.formats.grid_data import BAD, ROW, SAMPLE_ROWS, Grid, Scan, column_names, doubled_note, raw_cells
from acwcli.formats.plain import Plain

DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What a damaged file raises: its pages make Polars panic."""
_LOOKED_AT = 100_000
"""Rows that decide whether text is padded with blanks; all of a smaller file is stripped without a look."""


@dataclass(frozen=True)
class _Layout:
    """The columns of a file as stored, with their types and the names they get, and which texts may be padded."""

    stored: tuple[tuple[str, pl.DataType], ...]
    names: tuple[str, ...]
    padded: frozenset[str]

    def rows_of(self, paths: Sequence[Path]) -> pl.LazyFrame:
        """The rows of files of this layout."""
        rows = pl.scan_parquet(list(paths), row_index_name=ROW, row_index_offset=1, glob=False)
        # A step of its own, so that no text is stripped twice.
        bare = rows.with_columns(pl.col(name).str.strip_chars() for name in self.padded)
        cells = [_cell(*column).alias(name) for column, name in zip(self.stored, self.names, strict=True)]
        return bare.select(*cells, pl.col(ROW).cast(pl.UInt32), pl.lit(None, pl.String).alias(BAD))


def read_parquet(plain: Plain) -> Grid:
    """Read a Parquet file lazily; rows are numbered as records, from 1.

    Raises:
        DamagedError: the file is damaged.
    """
    try:
        (grid,) = read_together([plain])
    except DAMAGE as error:
        reason = str(error).splitlines()[0]
        raise DamagedError(f"{plain.name}: damaged Parquet ({reason}); copy or export it again") from error
    return grid


def read_together(plains: Sequence[Plain]) -> list[Grid]:
    """Like `read_parquet` for several files, whose heads are read at the same time; raises `DAMAGE` for any of them."""
    stored = [pl.scan_parquet(plain.path, glob=False) for plain in plains]
    counts = [int(count.item()) for count in pl.collect_all([rows.select(pl.len()) for rows in stored])]
    layouts = [_layout(rows, count) for rows, count in zip(stored, counts, strict=True)]
    frames = [layout.rows_of([plain.path]) for layout, plain in zip(layouts, plains, strict=True)]
    samples = pl.collect_all([frame.head(SAMPLE_ROWS) for frame in frames])
    return [_grid(*file) for file in zip(plains, layouts, frames, samples, counts, strict=True)]


def _layout(rows: pl.LazyFrame, count: int) -> _Layout:
    schema = rows.collect_schema()
    names, _ = column_names(schema.names())
    return _Layout(tuple(schema.items()), tuple(names), _padded(rows, schema, count))


def _grid(plain: Plain, layout: _Layout, frame: pl.LazyFrame, sample: pl.DataFrame, count: int) -> Grid:
    names, doubled = column_names(name for name, _ in layout.stored)
    details = {"compression": plain.compression or "none"}
    notes = plain.notes + doubled_note(plain.name, doubled)
    scan = Scan(plain.path, layout, layout.rows_of, frame)
    raw = raw_cells(frame, names)
    return Grid(plain.name, "parquet", names, frame, sample, raw, notes=notes, details=details, rows=count, scan=scan)


def _padded(rows: pl.LazyFrame, schema: pl.Schema, count: int) -> frozenset[str]:
    """The text columns that may have blanks around their cells."""
    texts = [name for name, kind in schema.items() if kind == pl.String]
    if count <= _LOOKED_AT:
        return frozenset(texts)
    looked = rows.head(_LOOKED_AT).select((pl.col(name).str.strip_chars() != pl.col(name)).any() for name in texts)
    found = looked.collect(engine="streaming")
    return frozenset(name for name in found.columns if found[name].item())


def _cell(name: str, kind: pl.DataType) -> pl.Expr:
    """Text with empty cells as null; decimals and durations, whose fractions count, as text; other types as stored."""
    cell = pl.col(name)
    if isinstance(kind, pl.Categorical | pl.Enum | pl.Null | pl.Decimal):
        return cell.cast(pl.String)
    if isinstance(kind, pl.Duration):
        return cell.dt.to_string("iso")
    if kind != pl.String:
        return cell
    return pl.when(cell != "").then(cell)
