"""A small pen for drawings: real SVG, text stays text, and mirrored for languages that read from the right.

Written by hand rather than with a charting library: six drawings need rectangles, lines and words, no 90 MB of
converter, start in no time, and give the same bytes for the same numbers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import escape

Anchor = Literal["start", "middle", "end"]
SIZE = 12.5
"""Size of the letters, as the style sheet has it, in units of the drawing."""


@dataclass
class Pen:
    """Collects the elements of one drawing; x runs in reading direction, so right-to-left needs no other code.

    Attributes:
        ident: prefix of its ids, unique in the page.
        width: of the drawing.
        rtl: whether x runs from the right.
        height: grows with what is drawn.
    """

    ident: str
    width: float
    rtl: bool = False
    height: float = 0
    _parts: list[str] = field(default_factory=list)

    def _x(self, x: float) -> str:
        return _short(self.width - x if self.rtl else x)

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A rectangle; `over` fills it with the hatch."""
        left = self._x(x + width if self.rtl else x)
        fill = f' fill="url(#{self.ident}-hatch)"' if kind == "over" else ""
        size = f'width="{_short(width)}" height="{_short(height)}"'
        self._parts.append(f'<rect class="{kind}" x="{left}" y="{_short(y)}" {size}{fill}/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line."""
        ends = f'x1="{self._x(x1)}" y1="{_short(y1)}" x2="{self._x(x2)}" y2="{_short(y2)}"'
        self._parts.append(f'<line class="{kind}" {ends}/>')

    def path(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """A line through points."""
        if len(points) > 1:
            drawn = "L".join(f"{self._x(x)} {_short(y)}" for x, y in points)
            self._parts.append(f'<path class="{kind}" d="M{drawn}"/>')

    def mark(self, x: float, y: float, shape: str, kind: str, size: float = 4) -> None:
        """A small mark: `circle`, `square`, `triangle` or `diamond`."""
        if shape == "circle":
            self._parts.append(f'<circle class="{kind}" cx="{self._x(x)}" cy="{_short(y)}" r="{_short(size)}"/>')
            return
        corners: dict[str, list[tuple[float, float]]] = {
            "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
            "triangle": [(0, -1.15), (1.1, 0.9), (-1.1, 0.9)],
            "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
        }
        points = " ".join(f"{self._x(x + size * dx)},{_short(y + size * dy)}" for dx, dy in corners[shape])
        self._parts.append(f'<polygon class="{kind}" points="{points}"/>')

    def text(self, x: float, y: float, markup: str, kind: str = "", anchor: Anchor = "start") -> None:
        """A text, already escaped; `start` and `end` follow the reading direction."""
        named = f' class="{kind}"' if kind else ""
        placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text x="{self._x(x)}" y="{_short(y)}"{named}{placed}>{markup}</text>')

    def number(self, x: float, y: float, markup: str, room: float) -> None:
        """A number of a column that ends at x: its last digits below each other, whichever way the page runs."""
        if self.rtl:
            self.text(x - room, y, markup)
        else:
            self.text(x, y, markup, "", "end")

    def svg(self, title: str, description: str, variant: str) -> str:
        """The drawing with its title and description, both already escaped."""
        name = self.ident
        hatch = ""
        if any('class="over"' in part for part in self._parts):
            hatch = (
                f'<defs><pattern id="{name}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
                'patternTransform="rotate(45)"><rect class="ground" width="5" height="5"/>'
                '<rect class="stripe" width="2" height="5"/></pattern></defs>'
            )
        most = _short(self.width * (1.4 if variant == "narrow" else 1))
        size = f'viewBox="0 0 {_short(self.width)} {_short(self.height)}" style="max-width:{most}px"'
        return (
            f'<svg class="{variant}" role="img" aria-labelledby="{name}-t {name}-d" {size}>'
            f'<title id="{name}-t">{title}</title><desc id="{name}-d">{description}</desc>{hatch}'
            f"{''.join(self._parts)}</svg>"
        )


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def text_width(markup: str, size: float = SIZE) -> float:
    """About how wide a text is: East Asian letters are as wide as high."""
    plain = _unescaped(markup)
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else size * 0.63 for sign in plain)


def fitted(text: str, width: float, size: float = SIZE) -> str:
    """The text cut to a width in its middle, as ids often differ at their end; the table has it whole. Escaped."""
    kept = len(text)
    shown = text
    while kept > 2 and text_width(shown, size) > width:
        kept -= 1
        tail = kept // 3
        shown = f"{text[: kept - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"
    return str(escape(shown))


def _unescaped(markup: str) -> str:
    from html import unescape

    return unescape(markup)


def steps(low: float, high: float, most: int) -> list[float]:
    """Round values from low to high, at most so many."""
    span = high - low
    size = next(
        10**power * base
        for power in range(-3, 9)
        for base in (1, 2, 5)
        if span / (10**power * base) <= most
    )  # fmt: skip
    first = int(low // size)
    found = [size * place for place in range(first, first + most + 3)]
    return [value for value in found if low <= value <= high + size * 1e-9]
