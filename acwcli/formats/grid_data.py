"""What reading any file gives: named text columns, one row per record, nothing lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

ROW, BAD = "__row", "__bad"
SAMPLE_ROWS = 1000

Raw = Callable[[Sequence[int]], dict[int, str]]


@dataclass(frozen=True)
class Scan:
    """How the rows of a file are scanned; files whose `layout` is equal can be scanned as one.

    Attributes:
        path: the file.
        layout: its columns, their types, and what is done to them.
        of_all: the rows of several files of this layout, one file after the other and numbered on.
        rows: those of this file.
    """

    path: Path
    layout: Hashable
    of_all: Callable[[Sequence[Path]], pl.LazyFrame]
    rows: pl.LazyFrame


@dataclass
class Grid:
    """A file as rows of text columns.

    Attributes:
        source: the file's name in messages.
        shape: `csv`, `ndjson`, `xlsx` or `parquet`.
        columns: header names as written, stripped; `x (2)` for a second `x`, `column 3` for an empty one.
        frame: all rows; every column String (Parquet: as stored), cells stripped, empty ones null; plus `__row` UInt32
            (1-based physical line, sheet row, or record number of Parquet) and `__bad` String (why a row is not
            usable, else null).
        sample: the first rows of `frame`, at most 1,000.
        ignored: rows that are not in `frame`, by reason; title lines above the header are no rows.
        notes: what a reader of the figures should know.
        details: how the file was read (delimiter, encoding, compression, header line), for `acw inspect`.
        raw_text: fetches the raw text of rows; use `raw`.
        rows: how many there are, where the file tells.
        scan: how they are read, where files may be read together; see `scanned`.
    """

    source: str
    shape: str
    columns: list[str]
    frame: pl.LazyFrame
    sample: pl.DataFrame
    raw_text: Raw
    ignored: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)
    rows: int | None = None
    scan: Scan | None = None

    @property
    def scanned(self) -> Scan | None:
        """The scan that gives `frame`; None where there is none, or somebody has put other rows there."""
        return self.scan if self.scan is not None and self.scan.rows is self.frame else None

    def raw(self, rows: Sequence[int]) -> dict[int, str]:
        """Return the raw text of the rows with these `__row` numbers."""
        return self.raw_text(rows) if rows else {}


def column_names(header: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return unique, non-empty column names, and the names that were there more than once."""
    names: list[str] = []
    doubled: list[str] = []
    taken = {ROW, BAD}
    for place, cell in enumerate(header, 1):
        wanted = name = cell.strip().strip("\ufeff").strip() or f"column {place}"
        copies = 1
        while name in taken:
            copies += 1
            name = f"{wanted} ({copies})"
        if copies > 1:
            doubled.append(wanted)
        taken.add(name)
        names.append(name)
    return names, doubled


def doubled_note(source: str, doubled: Sequence[str]) -> list[str]:
    """Say which headers occur more than once."""
    listed = ", ".join(repr(name) for name in dict.fromkeys(doubled))
    return [f"{source}: header {listed} occurs more than once; the later ones read 'name (2)'"] if doubled else []


def raw_lines(path: Path, spans: Mapping[int, int] | None = None) -> Raw:
    """Return a fetcher of physical lines; `spans` tells how many lines a record has where that is not one."""

    def fetch(rows: Sequence[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        lengths = spans or {}
        wanted = {line: row for row in rows for line in range(row, row + lengths.get(row, 1))}
        last = max(wanted, default=0)
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if number > last:
                    break
                if number in wanted:
                    text = line.decode("utf-8", errors="replace").rstrip("\r\n")
                    row = wanted[number]
                    found[row] = f"{found[row]}\n{text}" if row in found else text
        return found

    return fetch


def as_texts(frame: pl.LazyFrame, columns: Sequence[str]) -> list[pl.Expr]:
    """The cells of columns as text that can be shown, whatever their type; lists, which cannot be cast, as JSON."""
    schema = frame.collect_schema()
    listed = {name for name in columns if isinstance(schema[name], pl.List | pl.Array)}
    json = {name: pl.when(pl.col(name).is_not_null()).then(pl.struct(name).struct.json_encode()) for name in listed}
    return [json.get(name, pl.col(name).cast(pl.String)) for name in columns]


def raw_cells(frame: pl.LazyFrame, columns: Sequence[str]) -> Raw:
    """Return a fetcher for shapes without lines: the cells of a row, joined by commas."""

    def fetch(rows: Sequence[int]) -> dict[int, str]:
        cells = pl.concat_str([cell.fill_null("") for cell in as_texts(frame, columns)], separator=",")
        wanted = frame.filter(pl.col(ROW).is_in(list(rows))).select(ROW, cells.alias("text")).collect()
        return dict(wanted.iter_rows())

    return fetch
