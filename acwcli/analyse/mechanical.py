"""Causes that are no behaviour: a wrap-up timer that ends wraps, and wraps nobody ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.contributors import CAPPED_MS, EXCESS_US
from acwcli.analyse.facts import Facts
from acwcli.analyse.lengths import number, quantile_us, total
from acwcli.analyse.spikes import SPIKE_HALF_MS, spike_ms

TIMER_WRAPS = 0.05
"""At least this share of the wraps ends at the timer …"""
TIMER_SHARE = 0.5
"""… and holds at least this share of the time over."""

STUCK_SHIFT = 0.1
"""Left-out stuck wraps matter when they would lift the mean by at least this share."""
LONG_MS, LONG_MEDIANS = 1_800_000, 20
"""Counted wraps of 30 min and 20 medians look like a missing log-off …"""
LONG_WRAPS = 0.01
"""… when they are at most this share of the wraps."""

_TOLD = pl.col("ended_by").cast(pl.String) == "timeout"
"""What the data says of a timer."""

CAUSES = ("timer", "stuck", "orphan", "gap-inferred", "plain")
"""What the data itself may have made of a wrap; `plain` is none of it."""


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


@dataclass(frozen=True)
class Mechanics:
    """Everything that is no behaviour.

    Attributes:
        timer: the wrap-up timer, whatever share it holds.
        left_out: stuck wraps left out of the figures, where they would move the mean.
        forgotten: counted wraps that look like a missing log-off, whatever share they hold.
    """

    timer: Timer | None = None
    left_out: Stuck | None = None
    forgotten: Stuck | None = None


def mechanics(
    rows: pl.LazyFrame,
    lengths: pl.DataFrame,
    known: Facts,
    min_wraps: int,
    excluded: Mapping[str, int],
    excluded_ms: Mapping[str, int],
) -> Mechanics:
    """Look for all of it, once.

    Args:
        rows: observations of `contributors.with_excess`.
        lengths: their lengths, of `contributors.with_excess` too.
        known: their figures.
        min_wraps: with fewer observations no timer is told.
        excluded: left-out wraps per status.
        excluded_ms: their time per status.
    """
    return Mechanics(
        timer(rows, lengths) if known.wraps >= min_wraps else None,
        left_out(known, total(lengths, EXCESS_US), excluded, excluded_ms),
        forgotten(lengths, known),
    )


def timer(rows: pl.LazyFrame, lengths: pl.DataFrame) -> Timer | None:
    """Find a timer by what the data says of it (`ended_by`), else by the spike it leaves; judge its share yourself.

    Args:
        rows: observations of `contributors.with_excess`.
        lengths: their lengths, of `contributors.with_excess` too.
    """
    if "ended_by" in rows.collect_schema():
        ended = rows.filter(_TOLD).group_by(figures.VALUE, EXCESS_US, CAPPED_MS).agg(figures.count())
        told = ended.collect(engine="streaming").sort(figures.VALUE)
        if number(told) >= TIMER_WRAPS * number(lengths):
            return _weighed(told, lengths, None)
    at_ms = spike_ms(lengths, TIMER_WRAPS)
    return None if at_ms is None else _weighed(lengths.filter(_at(at_ms)), lengths, at_ms)


def with_cause(rows: pl.LazyFrame, known: Facts, found: Timer | None) -> pl.LazyFrame:
    """Add `cause`: what the data itself made of each wrap, the first of `stuck`, `timer`, `gap-inferred`, `orphan`.

    Args:
        rows: observations with `status`; without it (contacts) nothing is added.
        known: their figures.
        found: the timer.
    """
    schema = rows.collect_schema()
    if "status" not in schema:
        return rows
    timed = timed_out(found) if found else pl.lit(False)
    if "ended_by" in schema:
        timed |= _TOLD.fill_null(False)
    cause = (
        pl.when(pl.col(figures.VALUE) >= long_ms(known))
        .then(pl.lit("stuck"))
        .when(timed)
        .then(pl.lit("timer"))
        .when(pl.col("method").cast(pl.String) == "gap")
        .then(pl.lit("gap-inferred"))
        .when(pl.col("status").cast(pl.String) == "orphan")
        .then(pl.lit("orphan"))
        .otherwise(pl.lit("plain"))
    )
    return rows.with_columns(cause.cast(pl.Enum(CAUSES)).alias("cause"))


def timed_out(found: Timer) -> pl.Expr:
    """Whether a wrap ends at the timer."""
    if found.spike_ms is None:
        return _TOLD
    return _at(found.spike_ms)


def _at(spike: int) -> pl.Expr:
    return (pl.col(figures.VALUE) - spike).abs() <= SPIKE_HALF_MS


def _weighed(ended: pl.DataFrame, lengths: pl.DataFrame, spike_ms: int | None) -> Timer:
    held = total(ended, CAPPED_MS) / max(total(lengths, CAPPED_MS), 1)
    excess = total(lengths, EXCESS_US)
    share = total(ended, EXCESS_US) / excess if excess else held
    return Timer(number(ended), quantile_us(ended, 500) / 1_000_000, share, held, spike_ms)


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


def forgotten(lengths: pl.DataFrame, known: Facts) -> Stuck | None:
    """Find very few, very long counted wraps; judge their share yourself."""
    long = lengths.filter(pl.col(figures.VALUE) >= long_ms(known))
    excess, wraps = total(lengths, EXCESS_US), number(long)
    if not wraps or not excess or wraps > LONG_WRAPS * known.wraps:
        return None
    share = total(long, EXCESS_US) / excess
    without_s = (known.sum_ms - total(long)) / ((known.wraps - wraps) * 1000)
    return Stuck(wraps, False, without_s, share, known.mean_s / without_s - 1 if without_s else 1.0)


def long_ms(known: Facts) -> int:
    """From where on a counted wrap looks like a missing log-off."""
    return max(LONG_MS, LONG_MEDIANS * known.median_us // 1000)
