"""Fields set as lines: as a table with headings and rules, or as labels beside values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

from acwcli.render.layout import Band, Field, fold, grid, pad

_INDENT = "  "
_GUTTER = 3
_WIDEST = 120  # labels and values farther apart than this are hard to follow


@dataclass(frozen=True)
class Page:
    """Where the lines go: columns of the terminal, and whether it reads ASCII only."""

    width: int
    ascii: bool = False

    def rule(self, width: int) -> Text:
        """A horizontal line."""
        return Text(("-" if self.ascii else "─") * width, style="dim")


def rows_of(fields: list[Field], page: Page, *, has_total: bool) -> list[Text]:
    """Return the lines of a table; the last cell of every field is the total line if there is one."""
    rows = len(fields[0].cells) - has_total
    plan = grid(fields, page.width, rows)
    if plan is None:
        return _records(fields, page)
    lines: list[Text] = []
    if plan.constant:
        said = "in every row: " + ", ".join(f"{field.label} {field.cells[0]}" for field in plan.constant)
        lines += [*(Text(line, style="dim") for line in fold(said, page.width)), Text()]
    for number, band in enumerate(plan.bands, start=1):
        lines += _set(band, page, plan.below if number == len(plan.bands) else None, rows)
        lines += [Text()] if number < len(plan.bands) else []
    return lines


def _set(band: Band, page: Page, below: Field | None, rows: int) -> list[Text]:
    """Headings, a rule, the rows, and below a second rule what follows them: the total line."""
    lines = [Text(line, style="bold") for line in _side_by_side(band, band.headings())]
    lines.append(page.rule(band.width))
    for row in range(rows):
        lines += map(Text, _row(band, row))
        if below:
            folded = fold(below.cells[row], page.width - len(_INDENT))
            lines += (Text(_INDENT + line, style="dim") for line in folded)
    for row in range(rows, len(band.fields[0].cells)):
        lines += [page.rule(band.width), *(Text(line, style="bold") for line in _row(band, row))]
    return lines


def _row(band: Band, row: int) -> list[str]:
    cells = [
        [field.cells[row]] if field.right else fold(field.cells[row], width)
        for field, width in zip(band.fields, band.widths, strict=True)
    ]
    return _side_by_side(band, cells)


def _side_by_side(band: Band, columns: Sequence[list[str]]) -> list[str]:
    gap = " " * band.gap
    return [
        gap.join(
            pad(text, width, right=field.right)
            for text, field, width in zip(line, band.fields, band.widths, strict=True)
        )
        for line in zip_longest(*columns, fillvalue="")
    ]


def _records(fields: list[Field], page: Page) -> list[Text]:
    """Each row, and the total line as the last, as a title and its labelled values."""
    key, rest = fields[0], fields[1:]
    layout = _Pairs.fit(rest, page)
    lines: list[Text] = []
    for row, title in enumerate(key.cells):
        lines += [Text()] if row else []
        lines += [Text(line, style="bold") for line in fold(f"{key.label} {title}", page.width)]
        lines += layout.lines(row, page)
    return lines


def pairs(fields: list[Field], page: Page) -> list[Text]:
    """Return the only row of the fields as labels beside values."""
    return _Pairs.fit(fields, page).lines(0, page)


@dataclass(frozen=True)
class _Pairs:
    """Labels beside values in columns read downwards; prose gets lines of its own below them."""

    columns: list[tuple[list[Field], int, int]]  # fields, width of their labels, width of their values
    prose: list[Field]

    @classmethod
    def fit(cls, fields: list[Field], page: Page) -> _Pairs:
        """Choose as many columns as the page holds."""
        room = min(page.width, _WIDEST) - len(_INDENT) + _GUTTER
        prose = [field for field in fields if field.is_prose or _pair_width(field) > room]
        short = [field for field in fields if field not in prose]
        columns: list[tuple[list[Field], int, int]] = []
        for height in range(1, len(short) + 1):
            columns = [_measured(short[start : start + height]) for start in range(0, len(short), height)]
            if sum(label + value for _, label, value in columns) <= room:
                break
        return cls(columns, prose)

    def lines(self, row: int, page: Page) -> list[Text]:
        """One row of the fields."""
        lines = []
        for place in range(len(self.columns[0][0]) if self.columns else 0):
            line = Text(_INDENT)
            for fields, label_width, value_width in self.columns:
                if place < len(fields):
                    line.append(pad(fields[place].label, label_width), style="dim")
                    line.append(pad(fields[place].cells[row], value_width))
            lines.append(line)
        for field in self.prose:
            lines += _hanging(field, row, min(page.width, _WIDEST))
        return lines


def _measured(fields: list[Field]) -> tuple[list[Field], int, int]:
    label = max(cell_len(field.label) for field in fields)
    return fields, label + 2, max(field.widest for field in fields) + _GUTTER


def _pair_width(field: Field) -> int:
    _, label, value = _measured([field])
    return label + value


def _hanging(field: Field, row: int, width: int) -> list[Text]:
    """Prose beside its label, its further lines below its first."""
    start = len(_INDENT) + cell_len(field.label) + 2
    first, *others = fold(field.cells[row], max(width - start, 10))
    line = Text(_INDENT)
    line.append(field.label + "  ", style="dim")
    return [line.append(first), *(Text(" " * start + other) for other in others)]
