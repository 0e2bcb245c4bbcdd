"""Day by day, or week by week: mean, p80 and median above, the number of wraps below."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from acwcli.model.report import ReportTable
from acwcli.render.report.drawings import Canvas
from acwcli.render.report.svg import Pen, steps, text_width

_LINES = (("mean_s", "mean", "triangle"), ("p80_s", "p80", "square"), ("median_s", "median", "circle"))
_UPPER, _LOWER, _GAP = 190, 46, 14
_MOST_MARKS = 60


def draw(table: ReportTable, canvas: Canvas) -> Pen | None:
    """Draw lines with a mark per day or week, labelled at their end, and a bar for each."""
    days = _days(table)
    if len(days) < 2:
        return None
    pen, words = canvas.pen(table.name), canvas.words
    tallest = max([*table.column("mean_s"), *table.column("p80_s"), table.draws["limit"]]) * 1.06 or 1
    ticks = steps(0, tallest, 5)
    left = max(text_width(words.number(tick)) for tick in ticks) + 12
    names = [
        words.labelled(words.word("terms", name), words.seconds(table.column(column)[-1])) for column, name, _ in _LINES
    ]
    right = pen.width - (max(map(text_width, [*names, words.word("terms", "limit") + " 0000 s"])) + 14)
    span = max((days[-1] - days[0]).days, 1)
    half = min((right - left) / (span / _step(table) + 1) / 2, 26)

    def across(day: date) -> float:
        return left + half + (day - days[0]).days / span * (right - left - 2 * half)

    def down(value: float) -> float:
        return 8 + _UPPER * (1 - value / tallest)

    for tick in ticks:
        pen.line(left, down(tick), right, down(tick), "grid" if tick else "axis")
        pen.text(left - 8, down(tick) + 4.5, words.number(tick, 0 if tick == round(tick) else 1), "muted", "end")
    pen.line(left, down(table.draws["limit"]), right, down(table.draws["limit"]), "mark limit")
    _lines(pen, table, across, down)
    limit = words.labelled(words.word("terms", "limit"), words.seconds(table.draws["limit"]))
    ends = [down(table.column(column)[-1]) for column, _, _ in _LINES]
    _labels(pen, right + 6, [*zip(ends, names, strict=True), (down(table.draws["limit"]), limit)])
    _counts(pen, canvas, table, across, half)
    return pen


def _days(table: ReportTable) -> list[date]:
    """The days, or the Mondays of weeks."""
    return table.column(table.columns[0].name)


def _step(table: ReportTable) -> int:
    return 7 if table.drawing == "weeks" else 1


def _lines(pen: Pen, table: ReportTable, across: Callable[[date], float], down: Callable[[float], float]) -> None:
    days = _days(table)
    for column, name, shape in _LINES:
        points = [(across(day), down(value)) for day, value in zip(days, table.column(column), strict=True)]
        pen.path(points, f"line {name}")
        if len(points) <= _MOST_MARKS:
            for x, y in points:
                pen.mark(x, y, shape, f"dot {name}", 3.4)


def _labels(pen: Pen, x: float, wanted: list[tuple[float, str]]) -> None:
    """Labels at the ends of lines, moved apart where they would overlap."""
    placed = 0.0
    for y, label in sorted(wanted):
        placed = max(y + 4.5, placed + 16)
        pen.text(x, placed, label, "strong")


def _counts(pen: Pen, canvas: Canvas, table: ReportTable, across: Callable[[date], float], half: float) -> None:
    words, days, wraps = canvas.words, _days(table), table.column("wraps")
    base = 8 + _UPPER + _GAP + 14 + _LOWER
    width = max(min(2 * half - 2, 34), 0.8)
    label_room, labelled = 0.0, -1e9
    whole = (canvas.wide and len(days) < 8) or days[0].year != days[-1].year
    for day, count in zip(days, wraps, strict=True):
        x, height = across(day), _LOWER * count / max(wraps)
        pen.rect(x - width / 2, base - height, width, height, "rest")
        text = words.number(count)
        if text_width(text, 10.5) < 2 * half + 4:
            pen.text(x, base - height - 4, text, "small", "middle")
        label = words.digits(day.isoformat() if whole else day.strftime("%m-%d"))
        label_room = text_width(label) + 12
        if x - labelled >= label_room:
            pen.text(x, base + 17, label, "", "middle")
            labelled = x
    pen.line(across(days[0]) - half, base, across(days[-1]) + half, base, "axis")
    pen.text(across(days[-1]) + half + 6, base - 2, words.word("drawings", "wraps"), "muted")
    pen.height = base + 24
