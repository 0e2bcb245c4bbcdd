"""Which of the stories behind one average is true here: the fixed list of verdicts and the thresholds that decide.

Causes are tried in the order of how little they say about people: data first (stuck wraps), then machines (timer), then
whether the mean needs an explanation at all, then a small group of queues, dispositions, hours or agents; what remains
is everyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.concentration import Concentration, strongest
from acwcli.analyse.contributors import CAPPED_MS, capped_variance
from acwcli.analyse.facts import Facts
from acwcli.analyse.lengths import number, total
from acwcli.analyse.mechanical import STUCK_SHIFT, TIMER_SHARE, Mechanics, Stuck, Timer, long_ms

HONEST_SHARE = 0.65
"""A mean is honest when fewer than this share of wraps are at or under it (half for a symmetric spread) …"""
HONEST_LIMIT = 1.1
"""… when it is at most this many times the limit …"""
HONEST_MEDIAN = 1.5
"""… and at most this many times the median (1.44 for an exponential spread)."""
STUCK_SHARE = 0.5
"""Stuck wraps are the story when they (would) hold at least this share of all time over the limit, or all the skew."""

VERDICTS = (
    "few-agents",
    "few-queues",
    "few-dispositions",
    "time-of-day",
    "timer",
    "stuck-wraps",
    "everyone",
    "not-skewed",
    "not-enough-data",
)
_OF_DIMENSION = {
    "agent_id": "few-agents",
    "queue": "few-queues",
    "disposition": "few-dispositions",
    "hour": "time-of-day",
    "weekday": "time-of-day",
}


@dataclass(frozen=True)
class Finding:
    """The verdict and what it rests on; only the part that belongs to the verdict is set.

    `not-skewed` has `stuck` where the mean is honest but for a few very long wraps that hardly move it.
    """

    verdict: str
    group: Concentration | None = None
    timer: Timer | None = None
    stuck: Stuck | None = None


def honest(known: Facts) -> bool:
    """Say whether the mean describes a usual wrap and is within reach of the limit."""
    return (
        known.share_wraps_at_or_under_mean < HONEST_SHARE
        and known.mean_s <= HONEST_LIMIT * known.limit_s
        and known.mean_s <= HONEST_MEDIAN * known.median_us / 1_000_000
    )


def basis_ms(known: Facts, lengths: pl.DataFrame) -> int:
    """Where "too long" begins for judging: the limit; the median where p80 is the limit and nothing is over it."""
    if known.limit_given or int(lengths[figures.VALUE][-1]) * 1000 > known.limit_us:
        return known.limit_us // 1000
    return known.median_us // 1000


def judge(
    rows: pl.LazyFrame,
    lengths: pl.DataFrame,
    known: Facts,
    tables: Mapping[str, pl.DataFrame],
    found: Mechanics,
    min_wraps: int,
) -> Finding:
    """Decide.

    Args:
        rows: observations of `contributors.with_excess`.
        lengths: their lengths, of `contributors.with_excess` too.
        known: their figures.
        tables: one table of `contributors.by_dimension` per known dimension.
        found: what is no behaviour.
        min_wraps: fewer observations than this give no verdict.
    """
    if known.wraps < min_wraps:
        return Finding("not-enough-data")
    usual = honest(known) or not total(lengths, CAPPED_MS)
    stuck, long = found.left_out, found.forgotten
    if stuck and (usual or stuck.share >= STUCK_SHARE):
        return Finding("stuck-wraps", stuck=stuck)
    but_for_long = long if long and not usual and _honest_without(lengths, known, long) else None
    if long and long.shift >= STUCK_SHIFT and (but_for_long or long.share >= STUCK_SHARE):
        return Finding("stuck-wraps", stuck=long)
    ended = found.timer if found.timer and found.timer.held >= TIMER_SHARE else None
    if (usual or but_for_long) and not ended:
        return Finding("not-skewed", stuck=but_for_long)
    return _cause(rows, capped_variance(lengths.lazy(), pl.col(figures.N)), tables, ended, min_wraps)


def _honest_without(lengths: pl.DataFrame, known: Facts, long: Stuck) -> bool:
    """Whether the mean would be honest without the wraps that look like a missing log-off."""
    rest = lengths.filter(pl.col(figures.VALUE) < long_ms(known))
    share = number(rest.filter(pl.col(figures.VALUE) <= long.mean_s * 1000)) / max(number(rest), 1)
    return honest(replace(known, mean_s=long.mean_s, share_wraps_at_or_under_mean=share))


def _cause(
    rows: pl.LazyFrame, variance: float, tables: Mapping[str, pl.DataFrame], ended: Timer | None, min_wraps: int
) -> Finding:
    group = strongest(rows, tables, variance, min_wraps)
    # Few agents who always wait for the timer are a matter of habit; anybody else's timer is a setting.
    if ended and (group is None or group.dimension != "agent_id"):
        return Finding("timer", timer=ended)
    if group:
        return Finding(_OF_DIMENSION[group.dimension], group=group)
    return Finding("everyone")
