"""The distribution: a bar per bin, and lines at mean, median, p80 and limit."""

from __future__ import annotations

from acwcli.model.report import ReportTable
from acwcli.render.report.drawings import Canvas
from acwcli.render.report.svg import SIZE, Pen, text_width

_ROW = 19
_BARS = 190
_SIDE = 8.0


def draw(table: ReportTable, canvas: Canvas) -> Pen | None:
    """Draw the bins; those over the limit are hatched."""
    pen, words = canvas.pen(table.name), canvas.words
    lows, counts = table.column("from_s"), table.column("wraps")
    step = lows[1] - lows[0] if len(lows) > 1 else (table.rows[0][1] or 1)
    top = _ROW * len(table.draws["marks"]) + 22
    base, left, right = top + _BARS, _SIDE, pen.width - _SIDE
    each = (right - left) / len(counts)
    largest = max(counts) or 1
    for place, (low, count) in enumerate(zip(lows, counts, strict=True)):
        height = max(_BARS * count / largest, 1.5) if count else 0
        kind = "over" if low >= table.draws["limit"] else "bar"
        if count:
            pen.rect(left + place * each + 1, base - height, each - 2, height, kind)
    pen.line(left, base, right, base, "axis")
    _ticks(pen, canvas, table, each, base)
    open_ended = table.rows[-1][1] is None
    last = left + (len(lows) - 0.5) * each
    for row, (name, value) in enumerate(sorted(table.draws["marks"], key=lambda mark: mark[1])):
        beyond = open_ended and value >= lows[-1]
        x = last if beyond else min(left + (value - lows[0]) / step * each, right)
        _mark(pen, x, _ROW * row + 14, base, words.labelled(words.word("terms", name), words.seconds(value)), name)
    for place, count in enumerate(counts):
        label = words.number(count)
        if count and text_width(label, SIZE - 2) < each:
            y = base - max(_BARS * count / largest, 1.5) - 4
            pen.text(left + (place + 0.5) * each, y, label, "small", "middle")
    pen.height = base + 38
    return pen


def _ticks(pen: Pen, canvas: Canvas, table: ReportTable, each: float, base: float) -> None:
    words, lows = canvas.words, table.column("from_s")
    digits = 0 if all(low == round(low) for low in lows) else 1
    labels = [words.number(low, digits) for low in lows]
    open_ended = table.rows[-1][1] is None
    if open_ended:
        labels[-1] = f"≥ {labels[-1]}"
    else:
        labels.append(words.number(table.rows[-1][1], digits))
    widest = max(text_width(label) for label in labels) + 8
    every = max(1, -(-int(widest) // max(int(each), 1)))
    for place, label in enumerate(labels):
        last = place == len(labels) - 1
        if place % every and not (last and open_ended):
            continue
        if open_ended and not last and len(labels) - 1 - place < every:
            continue
        x = _SIDE + place * each
        if last and open_ended:
            pen.text(x + each / 2, base + 17, label, "", "middle" if every == 1 else "end")
            continue
        pen.line(x, base, x, base + 4, "axis")
        pen.text(x, base + 17, label, "", "end" if x > pen.width - 12 else "middle")
    pen.text(pen.width / 2, base + 34, words.word("drawings", "seconds"), "muted", "middle")


def _mark(pen: Pen, x: float, y: float, base: float, label: str, name: str) -> None:
    pen.line(x, y - 10, x, base, f"mark {name}")
    right_of = x + 6 + text_width(label) < pen.width
    pen.text(x + 6 if right_of else x - 6, y, label, "strong", "start" if right_of else "end")
