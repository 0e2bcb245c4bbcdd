"""A distribution drawn with bars, a line per bin, and the mean, median, p80 and limit marked where they fall."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from acwcli.model.table import Distribution, Mark
from acwcli.render.number_text import brief_seconds
from acwcli.render.safe_text import for_terminal

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SHORTEST_BAR, _LONGEST_BAR = 8, 60


@dataclass(frozen=True)
class _Signs:
    """What is drawn with, in Unicode or in ASCII."""

    dash: str
    beyond: str
    arrow: str
    ascii: bool


_UNICODE = _Signs("–", "≥ ", "◂ ", False)
_ASCII = _Signs("-", ">= ", "< ", True)


def histogram(distribution: Distribution, width: int, *, ascii: bool = False) -> list[Text]:
    """Return the lines of the drawing, at most `width` columns wide unless that leaves no room for bars."""
    signs = _ASCII if ascii else _UNICODE
    labels = _labels(distribution, signs)
    counts = [f"{count:,}" for count in distribution.counts]
    marks = _marks_by_bin(distribution)
    noun = for_terminal(distribution.noun)
    label_width = max(map(len, [*labels, "seconds"]))
    count_width = max(map(len, [*counts, noun]))
    notes = [[", ".join(here)] if here else [] for here in marks]
    room = width - label_width - count_width - _widest(notes) - len(signs.arrow) - 6
    if room < _SHORTEST_BAR:  # one mark a line takes less room beside the bars
        notes = marks
        room = width - label_width - count_width - _widest(notes) - len(signs.arrow) - 6
    bar_width = max(_SHORTEST_BAR, min(room, _LONGEST_BAR))
    lines = [Text(f"{'seconds':>{label_width}}  {'':{bar_width}}  {noun:>{count_width}}", style="dim")]
    largest = max(distribution.counts, default=0)
    for label, count, shown, noted in zip(labels, distribution.counts, counts, notes, strict=True):
        line = Text(f"{label:>{label_width}}  ")
        line.append(_bar(count, largest, bar_width, signs).ljust(bar_width), style="cyan")
        lines.append(line.append(f"  {shown:>{count_width}}"))
        for number, note in enumerate(noted):
            if number:
                lines.append(Text(" " * (label_width + bar_width + count_width + 4)))
            lines[-1].append(f"  {signs.arrow}{note}", style="bold")
    return lines


def _widest(notes: list[list[str]]) -> int:
    return max((len(note) for here in notes for note in here), default=0)


def _labels(distribution: Distribution, signs: _Signs) -> list[str]:
    edges = [brief_seconds(edge) for edge in distribution.edges_s]
    labels = [f"{low}{signs.dash}{high}" for low, high in pairwise(edges)]
    if distribution.open_ended and labels:
        labels[-1] = f"{signs.beyond}{edges[-2]}"
    return labels


def _marks_by_bin(distribution: Distribution) -> list[list[str]]:
    """Marks of each bin, smallest first; one on an edge stands in the upper bin, one beyond the end in the last."""
    bins: list[list[str]] = [[] for _ in distribution.counts]
    for mark in sorted(distribution.marks, key=lambda mark: mark.value_s):
        place = bisect_right(distribution.edges_s, mark.value_s) - 1
        if bins:
            bins[max(0, min(place, len(bins) - 1))].append(_mark(mark))
    return bins


def _mark(mark: Mark) -> str:
    return f"{for_terminal(mark.label)} {brief_seconds(mark.value_s)}"


def _bar(count: int, largest: int, width: int, signs: _Signs) -> str:
    """A bar in eighths of a column; whatever is not zero shows."""
    if count <= 0 or largest <= 0:
        return ""
    if signs.ascii:
        return "#" * max(1, round(count / largest * width))
    eighths = max(1, round(count / largest * width * 8))
    return _EIGHTHS[8] * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
