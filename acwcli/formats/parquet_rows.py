"""Parquet as a grid: columns keep their types, text is stripped where it needs to be."""

from __future__ import annotations

import polars as pl

from acwcli.errors import DamagedError
from acwcli.formats.grid_data import BAD, ROW, SAMPLE_ROWS, Grid, column_names, doubled_note, raw_cells
from acwcli.formats.plain import Plain

_LOOKED_AT = 100_000
"""Rows that decide whether text is padded with blanks; all of a smaller file is stripped without a look."""


def read_parquet(plain: Plain) -> Grid:
    """Read a Parquet file lazily; rows are numbered as records, from 1.

    Raises:
        DamagedError: the file is damaged.
    """
    try:
        rows = pl.scan_parquet(plain.path, row_index_name=ROW, row_index_offset=1, glob=False)
        schema = rows.collect_schema()
        count = int(pl.scan_parquet(plain.path, glob=False).select(pl.len()).collect(engine="streaming").item())
        head = rows.head(SAMPLE_ROWS).collect()
        padded = _padded(rows, schema, count)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:  # damaged pages make Polars panic
        reason = str(error).splitlines()[0]
        raise DamagedError(f"{plain.name}: damaged Parquet ({reason}); copy or export it again") from error
    stored = [name for name in schema.names() if name != ROW]
    names, doubled = column_names(stored)
    cells = [_cell(old, schema[old], old in padded).alias(new) for old, new in zip(stored, names, strict=True)]
    bad = pl.lit(None, pl.String).alias(BAD)
    select = [*cells, pl.col(ROW).cast(pl.UInt32), bad]
    frame = rows.select(select)
    sample = head.select(select)
    details = {"compression": plain.compression or "none"}
    notes = plain.notes + doubled_note(plain.name, doubled)
    raw = raw_cells(frame, names)
    return Grid(plain.name, "parquet", names, frame, sample, raw, notes=notes, details=details, rows=count)


def _padded(rows: pl.LazyFrame, schema: pl.Schema, count: int) -> set[str]:
    """The text columns that may have blanks around their cells."""
    texts = [name for name, kind in schema.items() if kind == pl.String]
    if count <= _LOOKED_AT:
        return set(texts)
    looked = rows.head(_LOOKED_AT).select((pl.col(name).str.strip_chars() != pl.col(name)).any() for name in texts)
    found = looked.collect(engine="streaming")
    return {name for name in found.columns if found[name].item()}


def _cell(name: str, kind: pl.DataType, padded: bool) -> pl.Expr:
    """Text with empty cells as null; categories, and columns of nothing at all, as text; all other types as stored."""
    if isinstance(kind, pl.Categorical | pl.Enum | pl.Null):
        return pl.col(name).cast(pl.String)
    if kind != pl.String:
        return pl.col(name)
    bare = pl.col(name).str.strip_chars() if padded else pl.col(name)
    return pl.when(bare != "").then(bare)
