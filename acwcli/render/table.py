"""The answer on a terminal: a sentence, the distribution, the table, and what belongs to it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import polars as pl
from rich.console import Console
from rich.text import Text

from acwcli.model.table import Column, Table
from acwcli.render.histogram import histogram
from acwcli.render.layout import Field, fold
from acwcli.render.number_text import MISSING, cells, is_number, unit
from acwcli.render.safe_text import for_terminal
from acwcli.render.sparkline import ASCII_BARS
from acwcli.render.typeset import Page, pairs, rows_of

_BLOCK = 2000
"""Rows set at a time: a table longer than this gets its headings again, and memory stays flat."""

_READABLE = 100
"""Prose and drawings are not set wider than this."""

_WHOLE = "whole centre"


def write(table: Table, stream: BinaryIO, *, width: int, color: bool, tz: str, encoding: str) -> None:
    """Write the answer for people, `width` columns wide; ASCII signs where `encoding` is not Unicode."""
    ascii = not encoding.casefold().replace("_", "-").startswith("utf")
    page = Page(width, ascii)
    for lines in _blocks(table, page, tz):
        text = _rendered(lines, width) if color else "".join(f"{line.plain.rstrip()}\n" for line in lines)
        if ascii:
            text = text.replace(MISSING, "-").translate(ASCII_BARS)
        stream.write(text.encode(encoding, errors="replace"))


def _rendered(lines: list[Text], width: int) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=True, color_system="standard", legacy_windows=False)
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)
    return buffer.getvalue()


def _blocks(table: Table, page: Page, tz: str) -> Iterator[list[Text]]:
    """Yield the lines of one answer, block by block."""
    readable = min(page.width, _READABLE)
    spaced = False
    if table.sentence:
        yield [Text(line) for line in fold(for_terminal(table.sentence), readable)]
        spaced = True
    if table.distribution:
        lines = histogram(table.distribution, readable, ascii=page.ascii)
        yield [Text(), *lines] if spaced else lines
        spaced = True
    if table.is_object:
        yield from _parts(table, page, tz, spaced=spaced)
        if table.parts_say_all:
            return
        spaced = spaced or bool(table.parts)
        yield [*([Text()] if spaced else []), *_object(table, page, tz)]
        return
    for start in range(0, max(table.frame.height, 1), _BLOCK):
        lines = _rows(table, start, page, tz)
        yield [Text(), *lines] if spaced else lines
        spaced = True
    yield from _parts(table, page, tz, spaced=True)


def _parts(table: Table, page: Page, tz: str, *, spaced: bool) -> Iterator[list[Text]]:
    for part in table.parts:
        if spaced:
            yield [Text()]
        spaced = True
        if not part.sentence:
            yield [Text(for_terminal(part.name), style="bold")]
        yield from _blocks(part, page, tz)


def _rows(table: Table, start: int, page: Page, tz: str) -> list[Text]:
    frame = table.frame.slice(start, _BLOCK)
    if frame.is_empty():
        return [Text("(no rows)")]
    total = table.total if start + _BLOCK >= table.frame.height else None
    fields = [
        _field(column, frame[column.name], tz, total.get(column.name) if total is not None else ...)
        for column in table.columns
    ]
    if total is not None and table.columns and not fields[0].cells[-1]:
        fields[0].cells[-1] = _WHOLE
    return rows_of(fields, page, has_total=total is not None)


def _field(column: Column, series: pl.Series, tz: str, total: object) -> Field:
    """One column as text; `...` stands for no total line, None for nothing to say on it."""
    values = series.to_list()
    shown = values if total is ... else [*values, total]
    texts = cells(shown, column, tz=tz)
    if total is None:
        texts[-1] = ""
    return Field(for_terminal(column.heading), texts, is_number(column), unit(column, shown))


def _object(table: Table, page: Page, tz: str) -> list[Text]:
    """A single row as labels and values; lists that the parts have shown are not shown again."""
    shown = [column for column in table.columns if not (column.kind == "json" and table.parts)]
    if table.frame.is_empty():
        return [Text("(no rows)")]
    return pairs([_field(column, table.frame[column.name].head(1), tz, ...) for column in shown], page)
