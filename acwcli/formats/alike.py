"""Files that are alike, read by one plan: a plan of its own costs a small file more than its rows do."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from acwcli.errors import DamagedError
from acwcli.formats.grid_data import Grid, Scan


def groups(ways: Iterable[Hashable | None]) -> list[list[int]]:
    """The places of files that are read the same way, where there are several; None stands for a way of its own."""
    found: dict[Hashable, list[int]] = {}
    for place, way in enumerate(ways):
        if way is not None:
            found.setdefault(way, []).append(place)
    return [places for places in found.values() if len(places) > 1]


def as_one(grids: Sequence[Grid]) -> Grid:
    """Files whose scans have one layout as a single one: the rows of each behind those before, numbered on."""
    scans = [grid.scan for grid in grids if isinstance(grid.scan, Scan)]
    sample = pl.concat(grid.sample for grid in grids)
    return replace(grids[0], frame=scans[0].of_all([scan.path for scan in scans]), sample=sample, scan=None)


def apart(rows: pl.DataFrame, grids: Sequence[Grid]) -> Iterator[pl.DataFrame]:
    """The rows of each file again, with their numbers in it (`row`).

    Raises:
        DamagedError: there are more or fewer than there were when the files were looked at.
    """
    before = 0
    if rows.height != sum(grid.rows or 0 for grid in grids):
        raise DamagedError(f"{grids[0].source}, or one read with it, has changed while it was read; read it again")
    for grid in grids:
        count = grid.rows or 0
        yield rows.slice(before, count).with_columns(pl.col("row") - before)
        before += count
