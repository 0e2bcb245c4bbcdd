"""Where the time over the limit comes from: a bar for its share, a line for the share of the wraps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from acwcli.model.report import ReportTable, Value
from acwcli.render.report.drawings import Canvas
from acwcli.render.report.svg import Pen, fitted
from acwcli.render.safe_text import for_terminal

WIDTH = 440
MOST = 7
_ROW = 24
_LEFT, _RIGHT = 128, 66
_IN_ORDER = ("hour", "weekday")
"""Drawn whole and in their own order; all else by size, and cut."""
_EXPLAINED = re.compile("[:：]")


@dataclass(frozen=True)
class _Bar:
    """One row; `of_wraps` is None for all others together, whose share of the wraps would dwarf every bar."""

    value: Any
    label: str
    share: float
    of_wraps: float | None


def draw(table: ReportTable, canvas: Canvas) -> Pen | None:
    """Draw the values with the largest share, and the others together."""
    pen = canvas.pen(table.name, WIDTH)
    bars = _bars(table, canvas)
    largest = max(max(bar.share, bar.of_wraps or 0) for bar in bars) or 1
    room = WIDTH - _LEFT - _RIGHT
    for number, bar in enumerate(bars):
        y, rest = _ROW * number + 4, bar.of_wraps is None
        pen.text(_LEFT - 8, y + 13, fitted(bar.label, _LEFT - 10), "muted" if rest else "", "end")
        end = _LEFT + max(room * bar.share / largest, 0.5)
        part = _LEFT + room * bar.of_wraps / largest if bar.of_wraps is not None else end
        pen.rect(_LEFT, y + 2, min(end, part) - _LEFT, 15, "rest" if rest else "bar")
        if end > part:
            pen.rect(part, y + 2, end - part, 15, "over")
        if not rest:
            pen.line(part, y - 1, part, y + 20, "part")
        end = max(end, part)
        pen.text(end + 7, y + 13, canvas.words.share(bar.share, 1))
    pen.line(_LEFT, 0, _LEFT, _ROW * len(bars) + 2, "axis")
    pen.height = _ROW * len(bars) + 4
    return pen


def _bars(table: ReportTable, canvas: Canvas) -> list[_Bar]:
    columns = (table.column(table.columns[0].name), _labels(table, canvas), table.column("share"))
    bars = [_Bar(*row) for row in zip(*columns, table.column("wraps_share"), strict=True)]
    if table.columns[0].name in _IN_ORDER:
        order = [None, *range(24), *canvas.words.weekdays()]
        return sorted(bars, key=lambda bar: order.index(bar.value))
    if len(bars) <= MOST + 1:
        return bars
    count = Value("count", len(bars) - MOST)
    others = unescape(canvas.words.word("drawings", "others", {"count": count}))
    return [*bars[:MOST], _Bar(None, others, sum(bar.share for bar in bars[MOST:]), None)]


def _labels(table: ReportTable, canvas: Canvas) -> list[str]:
    """The text of each row, not escaped: names where there are any."""
    first = table.columns[0]
    values = table.column(first.name)
    if "name" in [column.name for column in table.columns]:
        values = [name or value for name, value in zip(table.column("name"), values, strict=True)]
    if first.kind == "text":
        return [for_terminal(str(value)) if value is not None else canvas.words.page("missing") for value in values]
    # `stuck: too long to be true` has room in the table only.
    return [_EXPLAINED.split(unescape(text))[0] for text in canvas.words.cells(first, values)]
