"""The shape of the wraps: a histogram in round steps with the mean, median, p80 and limit marked."""

from __future__ import annotations

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.facts import Facts
from acwcli.model.table import Distribution, Mark

BINS = 24
"""Bins aimed at; the last one collects what lies beyond."""
_STEPS_MS = tuple(
    round(step * 1000)
    for step in (0.1, 0.2, 0.5, 1, 2, 2.5, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
)


def distribution(lengths: pl.DataFrame, known: Facts, noun: str) -> Distribution:
    """Count the values per bin `[low, high)`; the last bin is open-ended when anything lies beyond it.

    Args:
        lengths: of `lengths.lengths_of`.
        known: the figures of all observations.
        noun: `wraps` or `contacts`.
    """
    top_ms = _top_us(known) // 1000 + 1
    step = next((step for step in _STEPS_MS if step * BINS >= top_ms), -(-top_ms // BINS))
    bins = max(-(-top_ms // step), 1)
    index = (pl.col(figures.VALUE) // step).clip(upper_bound=bins - 1).alias("bin")
    counted = dict(lengths.group_by(index).agg(pl.col(figures.N).sum()).iter_rows())
    greatest = int(lengths[figures.VALUE][-1])
    marks = [
        Mark("mean", known.mean_s),
        Mark("median", known.median_us / 1_000_000),
        Mark("p80", known.p80_us / 1_000_000),
    ]
    if known.limit_given:
        marks.append(Mark("limit", known.limit_s))
    return Distribution(
        edges_s=tuple(edge * step / 1000 for edge in range(bins + 1)),
        counts=tuple(counted.get(bin_, 0) for bin_ in range(bins)),
        marks=tuple(marks),
        noun=noun,
        open_ended=greatest >= bins * step,
    )


def _top_us(known: Facts) -> int:
    """Where the axis ends: near p99, but a long tail must not press all marks into one bin."""
    mean_us = round(known.mean_s * 1_000_000)
    marks = [mean_us, known.p80_us, known.limit_us if known.limit_us <= 2 * known.p99_us else 0]
    return max(*marks, min(known.p99_us, max(known.p95_us, 2 * max(marks))))
