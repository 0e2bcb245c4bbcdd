"""What every format module takes and gives: a probe of a file, a match, and the canonical frame of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

import polars as pl

from acwcli.formats.grid import Grid, grid_of
from acwcli.formats.grid_data import Raw
from acwcli.formats.inputs import Input
from acwcli.formats.parted import Parted
from acwcli.formats.plain import Plain, as_plain, is_json

Kind = Literal["states", "contacts", "wraps", "aggregates"]

_HEAD_BYTES = 65_536


@dataclass
class Probe:
    """A file that formats may look at before one of them reads it; nothing is parsed until asked for."""

    input: Input
    encoding: str | None

    @cached_property
    def plain(self) -> Plain:
        """The decompressed UTF-8 file."""
        return as_plain(self.input, self.encoding)

    @cached_property
    def grid(self) -> Grid:
        """The file as rows of text columns."""
        return grid_of(self.input, self.plain)

    @cached_property
    def is_json(self) -> bool:
        """Whether the file is JSON text."""
        return self.plain.kind == "text" and is_json(self.plain)

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """The first documents of a JSON text, found inside arrays and pages, too; empty when there are none."""
        if not self.is_json:
            return []
        from acwcli.formats.json_documents import sample_documents

        return sample_documents(self.plain)

    @cached_property
    def is_empty_page(self) -> bool:
        """Whether the file is JSON without a record in it."""
        if not self.is_json:
            return False
        from acwcli.formats.json_rows import is_empty_page

        return is_empty_page(self.plain)

    @cached_property
    def ends_pages(self) -> bool:
        """Whether the file is the page behind the last one, without records and without a next one."""
        if not self.is_empty_page:
            return False
        from acwcli.formats.json_documents import ends_pages

        return ends_pages(self.plain)

    @cached_property
    def head(self) -> list[str]:
        """The first lines of a text file; empty for workbooks and Parquet."""
        if self.plain.kind != "text":
            return []
        with self.plain.path.open("rb") as stream:
            text = stream.read(_HEAD_BYTES).decode("utf-8", errors="replace")
        return text.splitlines()[:200]


class Match(NamedTuple):
    """How well a file fits a format.

    Attributes:
        score: 0 (not at all) to 1 (nothing else writes this).
        why: the columns and values that speak for it.
        missing: what is not there, when the score is 0.
    """

    score: float
    why: str = ""
    missing: str = ""


@dataclass
class FileFrame:
    """One file as a canonical frame.

    Attributes:
        source: the file's name as the user knows it.
        kind: which canonical frame it is.
        frame: good rows, plus (states) rejected ones with `rejected` true at their place in the file; none when the
            rows are on disk.
        parted: the rows on disk, where memory is too small for them.
        read: rows read, good or not.
        ignored: rows that never entered the frame, by reason.
        rejects: `row reason` of every rejected row.
        notes: what a reader of the figures should know about how this file was read.
        details: facts for `acw inspect` (delimiter, encoding, clock, columns).
        raw_text: fetches the raw text of rows, for the rejects file.
        whole: fetches rows by their numbers with every column, where `frame` has only those the question needs.
    """

    source: str
    kind: Kind
    frame: pl.DataFrame
    read: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    rejects: pl.DataFrame = field(default_factory=lambda: no_rejects())
    notes: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)
    raw_text: Raw | None = None
    parted: Parted | None = None
    whole: Callable[[pl.Series], pl.DataFrame] | None = None

    def rows(self) -> pl.LazyFrame:
        """All rows, wherever they are; in no order when they are on disk."""
        return self.frame.lazy() if self.parted is None else self.parted.rows()

    def in_part(self, number: int | None) -> pl.DataFrame:
        """The rows of one part of the agents in the order of the file; for None, or in memory, all rows."""
        if self.parted is None:
            return self.frame
        return self.parted.rows().collect(engine="streaming") if number is None else self.parted.part(number)

    def put_on_disk(self, rows: Parted) -> None:
        """Have these rows in place of the frame, which keeps its columns only."""
        self.parted, self.frame = rows, rows.rows().collect_schema().to_frame()

    def raw(self, rows: Sequence[int]) -> dict[int, str]:
        """The raw text of rows, for the rejects file."""
        return self.raw_text(rows) if rows and self.raw_text is not None else {}


def no_rejects() -> pl.DataFrame:
    """An empty list of rejected rows."""
    return pl.DataFrame(schema={"row": pl.UInt32, "reason": pl.String})
