"""Rows read one by one in Python as a lazy frame, in flat memory: large files go through Parquet parts on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import polars as pl

from acwcli.formats.grid_data import BAD, ROW
from acwcli.formats.scratch import scratch_file

_BATCH = 50_000

Row = tuple[int, str | None, Sequence[str | None]]
"""Row number, why it is not usable (or None), and its cells; missing cells at the end are null."""


def as_frame(rows: Iterable[Row], columns: Sequence[str]) -> pl.LazyFrame:
    """Collect rows into a lazy frame of the columns, `__row` and `__bad`; cells are stripped, empty ones null."""
    iterator = iter(rows)
    first = _batch(list(islice(iterator, _BATCH)), columns)
    if first.height < _BATCH:
        return first.lazy()
    parts = []
    while first.height:
        parts.append(scratch_file("rows.parquet"))
        first.write_parquet(parts[-1], compression="lz4")
        first = _batch(list(islice(iterator, _BATCH)), columns)
    return pl.scan_parquet(parts, glob=False)


def _batch(rows: Sequence[Row], columns: Sequence[str]) -> pl.DataFrame:
    cells: dict[str, list[str | None]] = {name: [None] * len(rows) for name in columns}
    lists = list(cells.values())
    for place, (_, _, values) in enumerate(rows):
        for column, value in zip(lists, values, strict=False):
            column[place] = (value.strip() or None) if value else None
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String))
    return frame.with_columns(
        pl.Series(ROW, [row[0] for row in rows], pl.UInt32), pl.Series(BAD, [row[1] for row in rows], pl.String)
    )
