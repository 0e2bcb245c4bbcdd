"""How a delimited text is laid out, decided from its first lines: delimiter, title lines, header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from acwcli.errors import InputError
from acwcli.formats.grid_data import column_names, doubled_note
from acwcli.formats.plain import Plain
from acwcli.formats.survey import LONGEST_LINE
from acwcli.formats.words import column_name

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_HEAD_BYTES = 1 << 18
_HEAD_LINES = 300
_TITLE_LINES = 30
# A number, a date, a clock, an epoch: what a header is not, and almost every data row has.
_VALUE = re.compile(r"[-+]?[\d.,:/\-TZ%\s]*\d[\d.,:/\-TZ%+\s]*(?:[AaPp]\.?[Mm]\.?)?")


class Record(NamedTuple):
    """A parsed record: the physical lines it covers, and its cells."""

    start: int
    end: int
    cells: list[str]


@dataclass(frozen=True)
class Layout:
    """Where the rows of a delimited text are.

    Attributes:
        delimiter: one of `, ; tab |`.
        columns: unique column names.
        header_line: physical line of the header; 0 when there is none.
        first_line: physical line of the first data row.
        notes: title lines and doubled headers.
    """

    delimiter: str
    columns: list[str]
    header_line: int
    first_line: int
    notes: list[str] = field(default_factory=list)


def find_layout(plain: Plain) -> Layout:
    """Decide delimiter, title lines and header from the first lines of a text.

    Raises:
        InputError: there is no text, or the first line is longer than 1 MiB.
    """
    lines = _head_lines(plain)
    announced = re.fullmatch(r"sep=([,;\t|])", lines[0].strip('"'))
    candidates = (announced.group(1),) if announced else DELIMITERS
    unparted: list[Record] | None = None
    parsed: dict[str, list[Record]] = {}
    for one in candidates:
        occurs = any(one in line for line in lines)
        # Delimiters that do not occur leave the lines alike.
        parsed[one] = unparted if unparted is not None and not occurs else _records(lines, one)
        unparted = unparted if occurs else parsed[one]
    different = {id(records): records for records in parsed.values()}  # lines that are left alike are judged once
    fitness = {which: _fitness(records) for which, records in different.items()}
    delimiter = max(candidates, key=lambda one: fitness[id(parsed[one])])
    records = parsed.pop(delimiter)
    layout = layout_of(plain.name, records[1:] if announced else records, len(lines), delimiter)
    for other, split in parsed.items():
        above = [record for record in split if record.end < layout.header_line]
        if _is_table(above):
            raise InputError(
                f"{plain.name}: the lines above the header in line {layout.header_line} are another table, whose "
                f"columns a {DELIMITER_NAMES[other]} parts; give each in a file of its own"
            )
    return layout


def _head_lines(plain: Plain) -> list[str]:
    with plain.path.open("rb") as stream:
        head = stream.read(LONGEST_LINE + 1)
    if len(head) > LONGEST_LINE and b"\n" not in head:
        raise InputError(f"{plain.name}: line 1 is longer than 1 MiB; this is no table with one row per line")
    cut = head[: max(_HEAD_BYTES, head.find(b"\n") + 1)]
    text = cut.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\0", "")
    lines = text.split("\n")
    if len(cut) < len(head) and len(lines) > 1:
        lines.pop()  # cut short by us
    if not text.strip():
        raise InputError(f"{plain.name}: the file holds nothing but blank lines; export it again")
    return [line.rstrip("\r").replace("\r", " ") for line in lines[:_HEAD_LINES]]


def _records(lines: Sequence[str], delimiter: str) -> list[Record]:
    """Split lines as the csv module does; a line it cannot read is left as one cell."""
    csv.field_size_limit(LONGEST_LINE * 2)
    found: list[Record] = []
    reader = csv.reader([line + "\n" for line in lines], delimiter=delimiter, skipinitialspace=True)
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return found
        except csv.Error:
            cells = [lines[start - 1]]
        cells = [cell.strip() for cell in cells]
        if any(cells):
            found.append(Record(start, max(reader.line_num, start), cells))
        start = reader.line_num + 1


def _fitness(records: Sequence[Record]) -> float:
    """Known headers first, then how evenly and how finely the delimiter cuts the lines."""
    known = max((_known(record.cells) for record in records[:_TITLE_LINES]), default=0)
    width, times = _usual_width(records)
    return 10 * known + (min(width, 10) * times / len(records) if width > 1 else 0)


def _usual_width(records: Sequence[Record]) -> tuple[int, int]:
    widths = Counter(len(record.cells) for record in records)
    return max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]), default=(1, 1))


def _known(cells: Sequence[str]) -> int:
    return sum(bool(column_name(cell)) for cell in cells if cell) if not any(map(_is_value, cells)) else 0


def _is_value(cell: str) -> bool:
    return bool(_VALUE.fullmatch(cell))


def layout_of(source: str, records: Sequence[Record], lines: int, delimiter: str = ",") -> Layout:
    """Decide title lines and header from the first records that are not blank.

    Args:
        source: the file's name in notes.
        records: the records, without blank ones.
        lines: the number of lines they were found in.
        delimiter: what the result says.

    Raises:
        InputError: rows of data stand above the header.
    """
    width, _ = _usual_width(records)
    place = _header_place(records[:_TITLE_LINES], width)
    if place is None:
        count = max(width, len(records[0].cells)) if records else 1
        names = [f"column {number}" for number in range(1, count + 1)]
        return Layout(delimiter, names, 0, records[0].start if records else lines + 1)
    line, end, cells = records[place]
    _refuse_data_above(source, records, place)
    names, doubled = column_names(cells)
    notes = doubled_note(source, doubled)
    if place:
        noun = "line" if place == 1 else "lines"
        notes.append(f"{source}: {place} title {noun} above the header in line {line} skipped")
    if delimiter == "|" and len(records) > place + 1 and _is_rule(records[place + 1].cells):
        end = records[place + 1].end
    return Layout(delimiter, names, line, end + 1, notes)


def _is_rule(cells: Sequence[str]) -> bool:
    """The line `| --- | ---: |` under the header of a Markdown table."""
    return all(re.fullmatch(r":?-+:?", cell) for cell in cells if cell)


def _header_place(records: Sequence[Record], width: int) -> int | None:
    """Return which record is the header: the first full one with known words, else the first full one of words."""
    texts = [place for place, record in enumerate(records) if not any(map(_is_value, record.cells))]
    full = [place for place in texts if _is_full(records[place].cells, width)]
    known = [place for place in full if _known(records[place].cells)]
    known = known or [place for place in texts if _known(records[place].cells) >= 2]
    return min(known or full, default=None)


def _refuse_data_above(source: str, records: Sequence[Record], place: int) -> None:
    """To skip rows that stand above their header as titles would give figures from less data than the file holds."""
    if not place:
        return
    width = len(records[place].cells)
    below = {_kinds(record.cells) for record in records[place + 1 :]}
    above = Counter(_kinds(record.cells) for record in records[:place])

    def is_data(cells: list[str]) -> bool:
        kinds = _kinds(cells)
        if True not in kinds or len(kinds) < 3:
            return False
        whole = len(cells) == width and _is_full(cells, width)
        # Of rows that are damaged themselves none may look like it; a row of mere column numbers has no word.
        if kinds in below or (whole and (not below or (all(cells) and width > 2 * kinds.count(False) > 0))):
            return True
        return above[kinds] > 1 and sum(map(bool, cells)) > 2  # another table

    data = [record for record in records[:place] if is_data(record.cells)]
    if data:
        noun = "1 row of data stands" if len(data) == 1 else f"{len(data)} rows of data stand"
        raise InputError(
            f"{source}: {noun} above the header in line {records[place].start}, first in line {data[0].start}; "
            "put the header first"
        )


def _is_table(records: Sequence[Record]) -> bool:
    """Whether records are a table of their own: a header of known words with a row, or several wide rows alike."""
    for place, record in enumerate(records):
        rows = [other.cells for other in records[place + 1 :] if len(other.cells) == len(record.cells)]
        if _known(record.cells) >= 2 and len(record.cells) > 2 and any(any(map(_is_value, row)) for row in rows):
            return True
    kinds = Counter(_kinds(record.cells) for record in records)
    return any(times > 2 and kind.count(True) > 1 and len(kind) > 3 for kind, times in kinds.items())


def _kinds(cells: Sequence[str]) -> tuple[bool | None, ...]:
    """Which cells are values, which words, and which empty: alike in the rows of one table."""
    return tuple(_is_value(cell) if cell else None for cell in cells)


def _is_full(cells: Sequence[str], width: int) -> bool:
    filled = sum(map(bool, cells))
    return len(cells) >= width - 1 and filled >= (width + 1) // 2
