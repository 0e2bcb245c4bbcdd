"""Causes that are no behaviour: a wrap-up timer that ends wraps, and wraps nobody ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.contributors import CAPPED_MS, EXCESS_US
from acwcli.analyse.facts import Facts

TIMER_WRAPS = 0.05
"""At least this share of the wraps ends at the timer …"""
TIMER_SHARE = 0.5
"""… and holds at least this share of the time over."""
SPIKE_HALF_MS = 1500
"""Without `timeout` in the data a timer shows as a spike this wide to either side, in milliseconds …"""
SPIKE_HEIGHT = 5
"""… this many times as high as the ten seconds below it …"""
SPIKE_BEYOND = 0.25
"""… with at most this many wraps beyond it for each wrap in it: a timer cuts the distribution off."""
COARSE_MS, COARSE_SHARE = 15_000, 0.9
"""Values that are nearly all multiples of 15 s were rounded; every minute is a spike then, and none is a timer."""

STUCK_SHIFT = 0.1
"""Left-out stuck wraps matter when they would lift the mean by at least this share."""
LONG_MS, LONG_MEDIANS = 1_800_000, 20
"""Counted wraps of 30 min and 20 medians look like a missing log-off …"""
LONG_WRAPS, LONG_SHARE = 0.01, 0.5
"""… when at most this share of the wraps makes at least that share of the time over."""


@dataclass(frozen=True)
class Timer:
    """Wraps that end at the wrap-up timer.

    Attributes:
        wraps: how many.
        at_s: where most of them end, in seconds.
        share: of the time over the limit that they hold.
        held: of the capped time over that they hold; a verdict needs `TIMER_SHARE`.
        spike_ms: the length of the spike; None where the data names the timer.
    """

    wraps: int
    at_s: float
    share: float
    held: float = 1.0
    spike_ms: int | None = None


@dataclass(frozen=True)
class Stuck:
    """Wraps nobody ended.

    Attributes:
        wraps: how many.
        left_out: whether they are left out of the figures (longer than the longest wrap allowed).
        mean_s: the mean with them (left out) or without them (counted).
        share: of the time over the limit that they hold, or would hold.
        shift: by which share of the mean they lift it.
    """

    wraps: int
    left_out: bool
    mean_s: float
    share: float
    shift: float


def timer(frame: pl.DataFrame, basis_ms: int) -> Timer | None:
    """Find a timer by what the data says of it (`ended_by`), else by the spike it leaves; judge its share yourself.

    Args:
        frame: observations of `contributors.with_excess`.
        basis_ms: only a spike above this matters.
    """
    if "ended_by" in frame.columns:
        told = frame.filter(pl.col("ended_by").cast(pl.String) == "timeout")
        if told.height >= TIMER_WRAPS * frame.height:
            return _weighed(told, frame, None)
    return _spike(frame, basis_ms)


def timed_out(found: Timer) -> pl.Expr:
    """Whether a wrap ends at the timer."""
    if found.spike_ms is None:
        return pl.col("ended_by").cast(pl.String) == "timeout"
    return (pl.col(figures.VALUE) - found.spike_ms).abs() <= SPIKE_HALF_MS


def _spike(frame: pl.DataFrame, basis_ms: int) -> Timer | None:
    value = pl.col(figures.VALUE)
    # One length of nearly all wraps is no rounding: 97.9 % at 15,000 ms is a timer.
    others = frame.filter(value != pl.lit(frame[figures.VALUE].mode().first()))
    coarse = others.select((value % COARSE_MS == 0).mean()).item() or 0.0
    seconds = frame.filter(value > basis_ms).select(((value + 500) // 1000).alias("second"))["second"]
    if coarse > COARSE_SHARE or seconds.is_empty():
        return None
    counts = seconds.value_counts().sort("count", "second", descending=True)
    top_ms = int(counts["second"][0]) * 1000
    low, high = top_ms - SPIKE_HALF_MS, top_ms + SPIKE_HALF_MS
    spike = frame.filter(value.is_between(low, high))
    below = frame.filter(value.is_between(low - 10_000, low, closed="left")).height
    usual = below * 2 * SPIKE_HALF_MS / 10_000
    beyond = frame.filter(value > high).height
    cut_off = beyond <= SPIKE_BEYOND * spike.height
    if spike.height < TIMER_WRAPS * frame.height or spike.height < SPIKE_HEIGHT * usual or not cut_off:
        return None
    return _weighed(spike, frame, top_ms)


def _weighed(ended: pl.DataFrame, frame: pl.DataFrame, spike_ms: int | None) -> Timer:
    held = int(ended[CAPPED_MS].sum()) / max(int(frame[CAPPED_MS].sum()), 1)
    at_s = ended.select(figures.sorted_values()).select(figures.quantile_s(500)).item()
    excess = int(frame[EXCESS_US].sum())
    return Timer(ended.height, at_s, int(ended[EXCESS_US].sum()) / excess if excess else held, held, spike_ms)


def left_out(known: Facts, excess_us: int, excluded: Mapping[str, int], excluded_ms: Mapping[str, int]) -> Stuck | None:
    """Say what the stuck wraps that are left out would do to the mean; None when they would not move it much.

    Args:
        known: the figures without them.
        excess_us: time over the limit of the counted wraps.
        excluded: left-out wraps per status.
        excluded_ms: their time per status.
    """
    wraps, time_ms = excluded.get("stuck", 0), excluded_ms.get("stuck", 0)
    if not wraps:
        return None
    mean_s = (known.sum_ms + time_ms) / ((known.wraps + wraps) * 1000)
    shift = mean_s / known.mean_s - 1 if known.mean_s else 1.0
    if shift < STUCK_SHIFT:
        return None
    over_us = max(time_ms * 1000 - wraps * known.limit_us, 0)
    return Stuck(wraps, True, mean_s, over_us / max(over_us + excess_us, 1), shift)


def forgotten(frame: pl.DataFrame, known: Facts) -> Stuck | None:
    """Find very few, very long counted wraps that make most of the time over the limit."""
    long_ms = max(LONG_MS, LONG_MEDIANS * known.median_us // 1000)
    long = frame.filter(pl.col(figures.VALUE) >= long_ms)
    excess = int(frame[EXCESS_US].sum())
    if long.is_empty() or not excess or long.height > LONG_WRAPS * known.wraps:
        return None
    share = int(long[EXCESS_US].sum()) / excess
    rest_ms, rest = known.sum_ms - int(long[figures.VALUE].sum()), known.wraps - long.height
    if share < LONG_SHARE:
        return None
    without_s = rest_ms / (rest * 1000)
    return Stuck(long.height, False, without_s, share, known.mean_s / without_s - 1 if without_s else 1.0)
