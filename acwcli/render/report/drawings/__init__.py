"""Drawings made of a table's rows: one file per drawing, found by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acwcli.model.report import ReportTable
from acwcli.render.report.svg import Pen
from acwcli.render.report.words import Words

WIDE, NARROW = 920, 380
"""Widths drawn for a page or paper, and for a telephone; the style sheet shows one of them."""


@dataclass(frozen=True)
class Canvas:
    """What a drawing needs besides its table.

    Attributes:
        words: language, escaping for SVG.
        wide: for a page rather than a telephone.
    """

    words: Words
    wide: bool

    def pen(self, ident: str, width: float | None = None) -> Pen:
        """A pen for the whole width."""
        variant = "w" if self.wide else "n"
        rtl = self.words.language("direction") == "rtl"
        return Pen(f"{ident}-{variant}", width or (WIDE if self.wide else NARROW), rtl)


def draw(table: ReportTable, words: Words) -> str:
    """Every variant of a table's drawing as SVG; empty when it has none or there is nothing to draw."""
    from acwcli.render.report.drawings import bars, heat, histogram, intervals, trend

    drawn: dict[str, Callable[[ReportTable, Canvas], Pen | None]] = {
        "histogram": histogram.draw,
        "intervals": intervals.draw,
        "bars": bars.draw,
        "heat": heat.draw,
        "trend": trend.draw,
        "weeks": trend.draw,
    }
    if table.drawing is None:
        return ""
    title = words.word("captions", table.name, table.titled)
    description = words.word("drawings", table.drawing, table.titled)
    only = table.drawing == "bars"
    parts = []
    for wide in (True,) if only else (True, False):
        pen = drawn[table.drawing](table, Canvas(words, wide))
        if pen is not None:
            parts.append(pen.svg(title, description, "" if only else "wide" if wide else "narrow"))
    return "".join(parts)
