"""Rows on disk in parts of some agents each: what is larger than memory is taken up one part at a time."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from acwcli.errors import OutputError
from acwcli.formats.scratch import scratch_file

_PART = "__part"
_GROUP_ROWS = 1 << 16  # of every part so many rows wait in memory until they are written
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)

NEWEST_FIRST = "newest first: read from its end"
_LOOKED_AT = 1 << 22  # rows at a time

Step = Callable[[pl.LazyFrame], pl.LazyFrame]


@dataclass(frozen=True)
class Parted:
    """The rows of one file, all rows of an agent in one part.

    Attributes:
        folder: where they are; categories are stored as their codes, which this process knows.
        count: the number of parts, numbered from 0; one file more holds the rows of no agent.
        schema: the columns as they are in memory.
        order: the column that rises with the place in the file.
        steps: what is done to rows when they are read.
        falls: the file is read from its end.
        everybody: rows of no agent are restarts of the platform, which every part needs; else part 0 has them.
        codes: Polars forgets which code is which category as soon as there is no categorical column left; this is one.
    """

    folder: Path
    count: int
    schema: pl.Schema
    order: str
    steps: tuple[Step, ...] = ()
    falls: bool = False
    everybody: bool = False
    codes: pl.Series | None = None

    def then(self, step: Step) -> Parted:
        """The same rows with one more step when they are read."""
        return replace(self, steps=(*self.steps, step))

    def rows(self) -> pl.LazyFrame:
        """All rows, in no order."""
        return self._scan(list(range(self.count + 1)))

    def part(self, number: int) -> pl.DataFrame:
        """The rows of some agents in the order of the file."""
        rows = self._scan([number])
        if self.everybody or number == 0:
            rows = pl.concat([rows, self._scan([self.count])])
        found = rows.collect(engine="streaming")
        if not found[self.order].is_sorted():
            found = found.sort(self.order)
        return found.reverse() if self.falls else found

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def falls_in(self, clock: str) -> bool:
        """Whether a clock only falls from the first row of the file to the last."""
        known = [pl.col(self.order), pl.col(clock)]
        for number in range(self.count + 1):  # nearly always the first part denies it
            own = self._scan([number]).select(known).drop_nulls().collect(engine="streaming").sort(self.order)
            if not own[clock].is_sorted(descending=True):
                return False
        places = self.rows().select(low=pl.col(self.order).min(), high=pl.col(self.order).max())
        low, high = places.collect(engine="streaming").row(0)
        edges: list[datetime] = []
        for start in range(low or 0, (high or 0) + 1, _LOOKED_AT):
            here = pl.col(self.order).is_between(start, start + _LOOKED_AT - 1)
            own = self.rows().select(known).filter(here).drop_nulls().collect(engine="streaming").sort(self.order)
            if own.is_empty():
                continue
            if not own[clock].is_sorted(descending=True) or (edges and own[clock][0] > edges[-1]):
                return False
            edges += [own[clock][0], own[clock][-1]]
        return bool(edges) and edges[0] != edges[-1]

    def _scan(self, numbers: list[int]) -> pl.LazyFrame:
        files = [path for number in numbers for path in sorted((self.folder / f"{_PART}={number}").glob("*.ipc"))]
        stored = {name: kind if _code_of(kind) is None else _code_of(kind) for name, kind in self.schema.items()}
        rows = pl.scan_ipc(files, glob=False) if files else pl.LazyFrame(schema=stored)
        found = rows.with_columns(from_codes(self.schema))
        for step in self.steps:
            found = step(found)
        return found


def part_rows(rows: pl.LazyFrame, count: int, *, order: str, everybody: bool) -> Parted:
    """Stream rows to disk, parted by agent.

    Args:
        rows: rows with `agent_id` (Categorical).
        count: the number of parts.
        order: the column that rises with the place in the file.
        everybody: see `Parted`.

    Raises:
        OutputError: the disk is full.
    """
    schema = rows.collect_schema()
    folder, kept = scratch_file("parted"), pl.Series([""], dtype=pl.Categorical)
    # By code: codes count agents as they come, so parts hold equally many of them.
    part = (pl.col("agent_id").to_physical() % count).fill_null(count).alias(_PART)
    target = pl.PartitionBy(folder, key=_PART, include_key=False, approximate_bytes_per_file=None)
    with writing_to(folder):
        rows.with_columns(part).with_columns(as_codes(schema)).sink_ipc(
            target, mkdir=True, compression="uncompressed", record_batch_size=_GROUP_ROWS, engine="streaming"
        )
    return Parted(folder, count, schema, order, everybody=everybody, codes=kept)


@contextmanager
def writing_to(*folders: Path) -> Iterator[None]:
    """Take folders of temporary files away again when writing to them fails.

    Raises:
        OutputError: the disk is full.
    """
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        full = next((code for code in _NO_ROOM if f"(os error {code})" in str(error)), getattr(error, "errno", None))
        if full in _NO_ROOM:
            raise OutputError(
                f"{folders[0].parent}: no room for temporary files ({os.strerror(full)}); make room, set TMPDIR to a "
                "larger disk, or give it more memory with --memory"
            ) from error
        raise


def as_codes(schema: pl.Schema) -> list[pl.Expr]:
    """Categories as their codes, which this process knows."""
    return [pl.col(name).to_physical() for name, kind in schema.items() if _code_of(kind) is not None]


def from_codes(schema: pl.Schema) -> list[pl.Expr]:
    """Codes as the categories they stand for."""
    return [pl.col(name).cat.to(kind) for name, kind in schema.items() if _code_of(kind) is not None]


def _code_of(kind: pl.DataType) -> pl.DataType | None:
    """The integer type that stands for a category; None for any other type."""
    if isinstance(kind, pl.Enum | pl.Categorical):
        return pl.Series([], dtype=kind).to_physical().dtype
    return None
