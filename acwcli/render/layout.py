"""Columns of text fitted to a terminal: nothing dropped, no number cut or broken.

What is too wide gives way in this order: headings wrap, text folds, a text that is the same in every row is said once,
a long text moves to a line below its row, the gaps shrink, and the columns split into bands that repeat the first
ones. What fits in no such way (many text columns, or many rows) is left to be shown record by record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len, chop_cells

_GAP = 2
_FOLD = 12  # a text column is not folded narrower than this,
_WORD = 16  # nor narrower than its longest word up to this
_LONG = 40  # text wider than this is prose: it needs _PROSE columns, or a line of its own
_PROSE = 30
_MOST_BANDS = 3
_MOST_ROWS_IN_BANDS = 100


@dataclass(frozen=True)
class Field:
    """A column ready to be set.

    Attributes:
        heading: what stands above it.
        cells: the text of each row, and of the total line last where there is one.
        right: a number: flush right, never broken.
        unit: stands beside the heading, or below it when headings wrap.
    """

    heading: str
    cells: list[str]
    right: bool = False
    unit: str = ""

    @property
    def label(self) -> str:
        """Heading and unit on one line."""
        return f"{self.heading} {self.unit}".rstrip()

    @cached_property
    def widest(self) -> int:
        """Columns of the widest cell."""
        return max(map(cell_len, self.cells), default=0)

    @property
    def open_width(self) -> int:
        """Width with the heading on one line."""
        return max(self.widest, cell_len(self.label))

    @property
    def tight_width(self) -> int:
        """Width with the heading wrapped."""
        return max(self.widest, self.heading_width)

    @property
    def folded_width(self) -> int:
        """Width below which the column must not go."""
        if self.right or self.widest <= _FOLD:
            return self.tight_width
        if self.is_prose:
            return max(_PROSE, self.heading_width)
        longest = max((cell_len(word) for cell in set(self.cells) for word in cell.split()), default=0)
        return max(_FOLD, min(longest, _WORD), self.heading_width)

    @property
    def is_prose(self) -> bool:
        """A sentence rather than a name."""
        return not self.right and self.widest > _LONG

    @property
    def heading_width(self) -> int:
        """Width below which the heading cannot be wrapped."""
        return max(map(cell_len, [*_heading_words(self.heading), self.unit]), default=0)


@dataclass(frozen=True)
class Band:
    """Fields side by side.

    Attributes:
        fields: from left to right.
        widths: columns of each.
        gap: blanks between two of them.
    """

    fields: list[Field]
    widths: list[int]
    gap: int = _GAP

    @property
    def width(self) -> int:
        """Columns of the whole."""
        return sum(self.widths) + self.gap * (len(self.widths) - 1)

    def headings(self) -> list[list[str]]:
        """Lines of each heading, all of one height, the last line just above the cells."""
        if all(cell_len(f.label) <= width for f, width in zip(self.fields, self.widths, strict=True)):
            return [[field.label] for field in self.fields]
        units = any(field.unit for field in self.fields)
        lines = [
            wrap_heading(field.heading, width) + ([field.unit] if field.unit else [])
            for field, width in zip(self.fields, self.widths, strict=True)
        ]
        height = max(2 if units else 1, *map(len, lines))
        return [[""] * (height - len(own)) + own for own in lines]


@dataclass(frozen=True)
class Grid:
    """A way to show the fields as a table.

    Attributes:
        bands: one or more tables below each other.
        constant: fields said once above the table.
        below: a field shown on a line of its own under each row of the last band.
    """

    bands: list[Band]
    constant: list[Field]
    below: Field | None = None


def grid(fields: list[Field], width: int, rows: int) -> Grid | None:
    """Return how the fields make a table `width` columns wide, or None when only records will do."""
    if band := fit(fields, width):
        return Grid([band], [])
    constant = [field for field in fields[1:] if _is_constant(field, rows)]
    rest = [field for field in fields if field not in constant]
    if band := fit(rest, width):
        return Grid([band], constant)
    below = next((field for field in reversed(rest[1:]) if field.is_prose), None)
    rest = [field for field in rest if field is not below]
    if band := fit(rest, width) or fit(rest, width, gap=1):
        return Grid([band], constant, below)
    bands = _bands(rest, width) if rows <= _MOST_ROWS_IN_BANDS else None
    return Grid(bands, constant, below) if bands else None


def fit(fields: Sequence[Field], width: int, gap: int = _GAP) -> Band | None:
    """Return the fields side by side within `width` columns, or None when they cannot be."""
    room = width - gap * (len(fields) - 1)
    for widths in ([f.open_width for f in fields], [f.tight_width for f in fields]):
        if sum(widths) <= room:
            return Band(list(fields), widths, gap)
    widths, wanted = [f.folded_width for f in fields], [f.tight_width for f in fields]
    if sum(widths) > room:
        return None
    # Spare columns go to the folded fields, one at a time to the one that is still narrowest.
    for _ in range(room - sum(widths)):
        growing = [i for i in range(len(fields)) if widths[i] < wanted[i]]
        widths[min(growing, key=lambda i: widths[i])] += 1
    return Band(list(fields), [_used(f, width) for f, width in zip(fields, widths, strict=True)], gap)


def _used(field: Field, width: int) -> int:
    """What a field takes of its width once its text is folded."""
    if field.widest <= width:
        return width
    return max(field.heading_width, *(cell_len(line) for cell in set(field.cells) for line in fold(cell, width)))


def _is_constant(field: Field, rows: int) -> bool:
    """Text that is the same in all of several rows, and on the total line if it is there."""
    return not field.right and rows > 1 and len(set(filter(None, field.cells))) == 1


def _bands(fields: list[Field], width: int) -> list[Band] | None:
    """Split the fields into as few tables as hold them, evenly, each repeating the leading text fields."""
    first_number = next((place for place, field in enumerate(fields) if field.right), 1)
    keys, rest = fields[: max(first_number, 1)], fields[max(first_number, 1) :]
    for count in range(2, _MOST_BANDS + 1):
        size = -(-len(rest) // count)
        bands = [fit([*keys, *rest[start : start + size]], width) for start in range(0, len(rest), size)]
        if fitted := [band for band in bands if band] if all(bands) else []:
            return fitted
    return None


def _heading_words(text: str) -> list[str]:
    """Parts a heading is never broken within: words, and names up to each underscore."""
    return re.findall(r"[^ _]*_|[^ _]+", text)


def wrap_heading(text: str, width: int) -> list[str]:
    """Break a heading at blanks and after underscores."""
    lines = [""]
    for word in re.findall(r"[^ _]*_|[^ _]+ ?| ", text):
        if lines[-1] and cell_len(lines[-1] + word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


def fold(text: str, width: int) -> list[str]:
    """Break text at blanks, then after `-`, `/`, `_`, and inside a word only when it is wider than `width`."""
    if cell_len(text) <= width:
        return [text]
    lines = [""]
    for piece in _pieces(text, width):
        if lines[-1] and cell_len((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _pieces(text: str, width: int) -> list[str]:
    """Parts with the blank that follows them, none wider than `width`."""
    pieces: list[str] = []
    for word in re.findall(r"\S+\s*", text):
        whole = cell_len(word.rstrip()) <= width
        for part in [word] if whole else re.findall(r"[^-/_]*[-/_]+\s*|[^-/_]+", word):
            pieces += [part] if cell_len(part.rstrip()) <= width else chop_cells(part, width)
    return pieces


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill text with blanks to `width` columns, on the left when it is flush right."""
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks
