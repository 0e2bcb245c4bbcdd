"""Agents beside their peers: the ratio to what the same contacts take the peers, with its 95 % interval."""

from __future__ import annotations

import math
from typing import Any

from acwcli.model.report import ReportTable
from acwcli.render.report.drawings import Canvas
from acwcli.render.report.svg import Pen, fitted, text_width

_ROW, _GUIDE = 19, 5
_SHAPES = {"over": ("triangle", "sure-over"), "under": ("square", "sure-under"), "watch": ("diamond", "unsure")}


def draw(table: ReportTable, canvas: Canvas) -> Pen | None:
    """Draw a row per agent, on a scale where twice and half as long are equally far from 1."""
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    rows = [row for row in rows if row["ratio"]][: table.titled["most"].value]
    if not rows:
        return None
    pen = canvas.pen(table.name)
    labels = [_label(row) for row in rows]
    room = 180 if canvas.wide else 104
    left = min(max(text_width(label) for label in labels), room) + 14
    right = pen.width - (290 if canvas.wide else 14)
    low, high = _scale(rows)

    def place(ratio: float) -> float:
        clipped = min(max(math.log2(ratio) if ratio > 0 else low, low), high)
        return left + (clipped - low) / (high - low) * (right - left)

    bottom = 26 + _ROW * len(rows) + 4
    _axis(pen, canvas, place, (low, high), bottom)
    if canvas.wide:
        for x, name in ((right + 74, "mean_s"), (right + 160, "expected_s")):
            pen.text(x, 14, canvas.words.word("columns", name), "muted", "end")
    for number, (row, label) in enumerate(zip(rows, labels, strict=True)):
        y = 26 + _ROW * number + 13
        if number and number % _GUIDE == 0:
            pen.line(0, y - 13.5, pen.width, y - 13.5, "grid")
        pen.text(left - 12, y, fitted(label, room), "", "end")
        _row(pen, row, place, y - 4)
        if canvas.wide:
            pen.number(right + 74, y, canvas.words.number(row["mean_s"], 1), 56)
            pen.number(right + 160, y, canvas.words.number(row["expected_s"], 1), 56)
            verdict = canvas.words.word("terms", row["verdict"])
            pen.text(right + 172, y, fitted(verdict, 116), "strong" if row["verdict"] in _SHAPES else "muted")
    pen.height = bottom + 22
    return pen


def _label(row: dict[str, Any]) -> str:
    from acwcli.render.safe_text import for_terminal

    return for_terminal(str(row.get("name") or row["agent_id"] or ""))


def _scale(rows: list[dict[str, Any]]) -> tuple[float, float]:
    lows = [row["ratio_low"] or row["ratio"] / 4 for row in rows]
    highs = [row["ratio_high"] or row["ratio"] for row in rows]
    low = max(math.floor(math.log2(min(lows))), -4)
    return min(low, -1), max(min(math.ceil(math.log2(max(highs))), 7), 1)


def _axis(pen: Pen, canvas: Canvas, place: Any, span: tuple[float, float], bottom: float) -> None:  # noqa: ANN401
    every = 1 if canvas.wide or span[1] - span[0] <= 5 else 2
    for power in range(int(span[0]), int(span[1]) + 1):
        x = place(2.0**power)
        pen.line(x, 22, x, bottom, "reference" if power == 0 else "grid")
        if power % every == 0:
            digits = max(-power, 0) if power > -3 else 3
            pen.text(x, bottom + 16, f"{canvas.words.number(2.0**power, digits)}×", "", "middle")
    pen.text(place(1.0), 14, canvas.words.word("drawings", "same"), "muted", "middle")


def _row(pen: Pen, row: dict[str, Any], place: Any, y: float) -> None:  # noqa: ANN401
    shape, kind = _SHAPES.get(row["verdict"], ("circle", "in-line"))
    if row["ratio_low"] is not None and row["ratio_high"] is not None:
        pen.line(place(row["ratio_low"]), y, place(row["ratio_high"]), y, f"whisker {kind}")
    pen.mark(place(row["ratio"]), y, shape, kind, 4 if kind != "in-line" else 3.2)
