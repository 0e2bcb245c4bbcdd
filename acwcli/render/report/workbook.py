"""The report as a workbook: a sheet per table, real dates and durations, frozen headers and filters."""

from __future__ import annotations

import io
import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from acwcli.errors import OutputError
from acwcli.model.formula_guard import guard_formula
from acwcli.model.report import Column, Kind, Report, ReportTable, Said, Section, Value
from acwcli.render.report.words import Words, words
from acwcli.render.safe_text import for_terminal

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_MOST_ROWS = 1_048_576 - 1
_MOST_TEXT = 32_767
_MOST_NAME = 31
_WIDEST = 60
_DAY_S = 86_400

_FORMATS: dict[Kind, str] = {
    "count": "#,##0", "seconds": "[h]:mm:ss.0", "long": "[h]:mm:ss", "share": "0.0%", "ratio": "0.00",
    "instant": "yyyy-mm-dd hh:mm:ss", "day": "yyyy-mm-dd", "hour": "00",
}  # fmt: skip


class _Book:
    """A workbook with its formats, each made once."""

    def __init__(self, book: Workbook, own: Words, *, rtl: bool) -> None:
        self.book, self.own, self.rtl = book, own, rtl
        self.heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 15})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        # Stays text even when somebody edits the cell.
        self.quoted = book.add_format({"quote_prefix": True, "valign": "top"})
        self._formats: dict[Kind, Format] = {
            kind: book.add_format({"num_format": form, "valign": "top"}) for kind, form in _FORMATS.items()
        }

    def sheet(self, name: str) -> Worksheet:
        """A new sheet, from right to left where the language is."""
        sheet = self.book.add_worksheet(_sheet_name(name, [known.get_name() for known in self.book.worksheets()]))
        if self.rtl:
            sheet.right_to_left()
        return sheet

    def put(self, sheet: Worksheet, row: int, place: int, kind: Kind, value: Any) -> None:  # noqa: ANN401
        """Write one value as what it is: a number, a duration as a part of a day, a date, or text that stays text."""
        if isinstance(value, Value):
            kind, value = value.kind, value.value
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return
        form = self._formats.get(kind)
        if kind in ("seconds", "long"):
            sheet.write_number(row, place, value / _DAY_S, form)
        elif kind in ("count", "share", "ratio", "hour"):
            sheet.write_number(row, place, value, form)
        elif kind in ("instant", "day"):
            sheet.write_datetime(row, place, _wall_clock(value, self.own.tz), form)
        else:
            self.text(sheet, row, place, _text(kind, value, self.own))

    def text(self, sheet: Worksheet, row: int, place: int, text: str, form: Format | None = None) -> None:
        """Write text; it never runs as a formula, even when somebody edits the cell."""
        guarded = self.quoted if guard_formula(text) != text else form
        if sheet.write_string(row, place, text, guarded):
            raise OutputError(f"a text in row {row:,} is longer than a cell holds ({_MOST_TEXT:,} characters)")


def write(report: Report, stream: BinaryIO, lang: str) -> None:
    """Write the workbook.

    Raises:
        OutputError: more rows, or a longer text, than a sheet holds.
    """
    import xlsxwriter

    own = words(lang, report.tz)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False}) as opened:
        opened.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})  # the same report, the same bytes
        book = _Book(opened, own, rtl=own.language("direction") == "rtl")
        _cover(book, report)
        for section in report.sections:
            for table in section.tables:
                _sheet(book, section, table)
    stream.write(buffer.getbuffer())


def _cover(book: _Book, report: Report) -> None:
    """The first sheet: what the page says above and between its tables."""
    own = book.own
    sheet = book.sheet(own.page("verdict"))
    sheet.set_column(0, 0, 110)
    lines = [own.say(report.about), f"{own.page('verdict')}: {own.word('terms', report.verdict)}"]
    lines += [own.say(report.headline), *(own.say(part) for part in report.advice), ""]
    for section in report.sections:
        lines += [f"{own.word('headings', section.name)}: {own.say(said)}" for said in section.said]
    book.text(sheet, 0, 0, for_terminal(report.title or own.page("title")), book.title)
    for row, line in enumerate([*lines, report.command], start=1):
        book.text(sheet, row, 0, line, book.wrapped)


def _sheet(book: _Book, section: Section, table: ReportTable) -> None:
    if len(table.rows) > _MOST_ROWS:
        raise OutputError(f"a sheet holds {_MOST_ROWS:,} rows, {table.name} has {len(table.rows):,}; write .json")
    own = book.own
    sheet = book.sheet(_tab(own, section, table))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(table.rows), 1), len(table.columns) - 1)
    for place, column in enumerate(table.columns):
        heading = _heading(own, column)
        shown = own.cells(column, [row[place] for row in table.rows[:1000]])
        sheet.set_column(place, place, min(max(len(heading) + 3, *map(len, shown), 8) + 2, _WIDEST))
        book.text(sheet, 0, place, heading, book.heading)
    for number, row in enumerate(table.rows, start=1):
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            book.put(sheet, number, place, column.kind, value)


def _tab(own: Words, section: Section, table: ReportTable) -> str:
    """What a table is called where there is room for a few words."""
    if section.name == "excess":
        return f"> {own.value(table.titled['limit'])}, {own.word('columns', table.columns[0].name)}"
    if len(section.tables) == 1:
        return own.word("headings", section.name)
    return own.word("captions", table.name, table.titled)


def _heading(own: Words, column: Column) -> str:
    """The heading without a unit where the cell's format shows it."""
    word = own.word("columns", column.name)
    return f"{word} (h:mm:ss)" if column.kind in ("seconds", "long") else word


def _text(kind: Kind, value: Any, own: Words) -> str:  # noqa: ANN401
    if isinstance(value, Said):
        return own.say(value)
    return own.cell("term", value) if kind == "term" else for_terminal(str(value))


def _wall_clock(value: date | datetime, tz: str) -> date | datetime:
    """An instant as a cell can hold it: the wall clock of the report's zone."""
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(tz)).replace(tzinfo=None)


def _sheet_name(caption: str, taken: list[str]) -> str:
    """A caption as a sheet's name: no forbidden signs, whole words of at most 31 letters, and only once."""
    clean = " ".join("".join(" " if sign in r"[]:*?/\'" else sign for sign in caption).split()) or "acw"
    if len(clean) > _MOST_NAME:
        clean = f"{clean[:_MOST_NAME].rpartition(' ')[0] or clean[: _MOST_NAME - 1]}…"
    if clean.casefold() not in {name.casefold() for name in taken}:
        return clean
    tails = (f" {number}" for number in range(2, 100))
    return next(
        clean[: _MOST_NAME - len(tail)] + tail
        for tail in tails
        if (clean[: _MOST_NAME - len(tail)] + tail).casefold() not in {name.casefold() for name in taken}
    )
