"""The row reader for damaged text: slower, but every row is named and a stray quote costs one row only.

Used where quotes, NUL bytes or over-long lines make a fast scan unsafe. One Python step per line, in flat memory.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from acwcli.formats.csv_layout import Layout
from acwcli.formats.row_batches import Row, as_frame
from acwcli.formats.survey import LONGEST_LINE

_RECORD_LINES = 200  # a cell with more line breaks than this is a stray quote
UNCLOSED, STRAY, TOO_MANY = "unclosed quote", "stray quote", "too many fields"

Line = tuple[int, str, str | None]
"""Physical line number, text without its end, and why it is not usable."""


@dataclass(frozen=True)
class Repaired:
    """Rows read one by one.

    Attributes:
        frame: columns of the layout, `__row` and `__bad`.
        ignored: rows not in the frame, by reason.
        spans: number of physical lines of each record that has more than one.
    """

    frame: pl.LazyFrame
    ignored: Counter[str]
    spans: dict[int, int]


def repaired_rows(path: Path, layout: Layout) -> Repaired:
    """Read every row, good or bad, of a text whose layout is known."""
    ignored: Counter[str] = Counter()
    spans: dict[int, int] = {}
    frame = as_frame(_rows(path, layout, ignored, spans), layout.columns)
    return Repaired(frame, ignored, spans)


def _rows(path: Path, layout: Layout, ignored: Counter[str], spans: dict[int, int]) -> Iterator[Row]:
    width = len(layout.columns)
    source = numbered_lines(path, layout.first_line)
    ahead: deque[Line] = deque()
    while line := ahead.popleft() if ahead else next(source, None):
        number, text, bad = line
        if bad is None and '"' in text:
            cells, bad, taken = _quoted(text, _lookahead(ahead, source), layout)
            for _ in range(taken):
                ahead.popleft()
            if taken:
                spans[number] = taken + 1
        else:
            cells = text.split(layout.delimiter)
        if bad is None and not any(cell.strip() for cell in cells):
            ignored["blank line"] += 1
            continue
        if bad is None and any(cell.strip() for cell in cells[width:]):
            bad = TOO_MANY
        yield number, bad, cells[:width]


def numbered_lines(path: Path, first: int = 1) -> Iterator[Line]:
    """Yield physical lines from a line number on; an over-long one comes without its text."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE + 2):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            too_long = len(line.rstrip(b"\r\n")) > LONGEST_LINE
            while not line.endswith(b"\n") and (rest := stream.readline(LONGEST_LINE)):
                too_long, line = True, rest
            if number < first:
                continue
            if too_long:
                yield number, "", "line too long"
                continue
            bad = "NUL byte" if b"\0" in line else None
            yield number, line.decode("utf-8", errors="replace").rstrip("\r\n").replace("\0", ""), bad


def _lookahead(ahead: deque[Line], source: Iterator[Line]) -> Iterator[str]:
    """Yield the next lines without using them up; stops at a line that is no text."""
    for place in range(_RECORD_LINES):
        if place >= len(ahead):
            following = next(source, None)
            if following is None:
                return
            ahead.append(following)
        _, text, bad = ahead[place]
        if bad is not None:
            return
        yield text


def _quoted(text: str, following: Iterator[str], layout: Layout) -> tuple[list[str], str | None, int]:
    """Return the cells of a record that has quotes, why it is bad, and how many further lines it takes."""
    cells, is_open = _strict(text, layout.delimiter)
    if cells is not None:
        return cells, None, 0
    if is_open:
        joined, taken = _joined(text, following, layout)
        if taken:
            return joined, None, taken
        return text.split(layout.delimiter), UNCLOSED, 0
    loose = next(csv.reader([text.replace("\r", " ")], delimiter=layout.delimiter, skipinitialspace=True))
    if text.count('"') % 2:
        return text.split(layout.delimiter), UNCLOSED, 0
    return loose, None if len(loose) == len(layout.columns) else STRAY, 0


def _joined(text: str, following: Iterator[str], layout: Layout) -> tuple[list[str], int]:
    """Join lines until the open quote closes and the record has exactly the columns of the header.

    When most lines in between are whole rows themselves, the quote was a stray one: nothing is joined.
    """
    width, whole = len(layout.columns), 0
    for taken, line in enumerate(following, 1):
        text = f"{text}\n{line}"
        if len(text) > LONGEST_LINE:
            break
        if '"' not in line:
            whole += len(line.split(layout.delimiter)) == width
            continue
        cells, is_open = _strict(text, layout.delimiter)
        if cells is not None and len(cells) == width and whole * 2 <= taken - 1:
            return cells, taken
        if not is_open:
            break
        own, _ = _strict(line, layout.delimiter)
        whole += own is not None and len(own) == width
    return [], 0


def _strict(text: str, delimiter: str) -> tuple[list[str] | None, bool]:
    """Return the cells of a well-formed record, or None and whether a quote is still open at its end."""
    csv.field_size_limit(LONGEST_LINE * 2)
    try:
        reader = csv.reader([text.replace("\r", " ")], delimiter=delimiter, skipinitialspace=True, strict=True)
        return next(reader), False
    except csv.Error as error:
        return None, "unexpected end of data" in str(error)
