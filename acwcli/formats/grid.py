"""Any file as a grid of text rows: the one door to the readers of each shape."""

from __future__ import annotations

import polars as pl

from acwcli.formats.grid_data import BAD, ROW, Grid
from acwcli.formats.inputs import Input
from acwcli.formats.plain import Plain, as_plain, is_json

__all__ = ["BAD", "ROW", "Grid", "grid_of", "read_grid", "read_lines"]


def read_grid(input: Input, encoding: str | None) -> Grid:
    """Read a file as named text columns.

    Args:
        input: the file.
        encoding: forced text encoding, or None to detect it.

    Raises:
        InputError: the file is empty, binary, damaged, or holds no text. A header without rows is fine.
        UsageError: the forced encoding is unknown.
    """
    return grid_of(input, as_plain(input, encoding))


def grid_of(_input: Input, plain: Plain) -> Grid:
    """Read a file that is already plain; like `read_grid`."""
    if plain.kind == "parquet":
        from acwcli.formats.parquet_rows import read_parquet

        return read_parquet(plain)
    if plain.kind == "xlsx":
        from acwcli.formats.xlsx_rows import read_xlsx

        return read_xlsx(plain)
    if is_json(plain):
        from acwcli.formats.json_rows import read_json

        return read_json(plain)
    from acwcli.formats.csv_rows import read_csv

    return read_csv(plain)


def read_lines(plain: Plain) -> pl.LazyFrame:
    """Return every physical line of a text, nothing interpreted: `text` String and `__row` UInt32, 1-based."""
    lines = pl.scan_lines(plain.path, name="text", row_index_name=ROW, row_index_offset=1, glob=False)
    text = pl.col("text").str.strip_prefix("\ufeff") if plain.encoding == "utf-8-sig" else pl.col("text")
    return lines.select(text, pl.col(ROW).cast(pl.UInt32))
