"""A wrap-up timer that the data does not name: many wraps end at one length, few just before it, fewer beyond."""

from __future__ import annotations

import polars as pl

from acwcli.analyse.figures import VALUE, N

SPIKE_HALF_MS = 1500
"""A timer shows as a spike this wide to either side, in milliseconds …"""
SPIKE_HEIGHT = 5
"""… this many times as high as the ten seconds below it …"""
SPIKE_BEYOND = 0.25
"""… with at most this many wraps beyond it for each wrap in it: a timer cuts the distribution off."""
FEWEST = 8
"""… and no fewer wraps than this in it."""
SHORTEST_S = 5
"""Shorter lengths are where wraps are skipped, not where a timer ends them."""
COARSE_MS, COARSE_SHARE = 15_000, 0.9
"""Values that are nearly all multiples of 15 s were rounded; every minute is a spike then, and none is a timer."""
_BELOW_S, _WIDTH_S = 10, 3


def spike_ms(lengths: pl.DataFrame, least: float) -> int | None:
    """Find the length of the highest spike that looks like a timer, to the second; None without one.

    Args:
        lengths: `value_ms`, and how often: `_n`.
        least: share of the values that a spike must hold.
    """
    if lengths.is_empty() or coarse(lengths):
        return None
    return highest_ms(lengths.group_by(nearest_second()).agg(pl.col(N).sum()), least)


def nearest_second() -> pl.Expr:
    """The second nearest to a length, as `second`.

    A width of three whole seconds, from half a second below to half a second above, is 1.5 s to either side.
    """
    return ((pl.col(VALUE) + 500) // 1000).alias("second")


def highest_ms(counted: pl.DataFrame, least: float) -> int | None:
    """Find the spike among values that are not coarse.

    Args:
        counted: how many values there are (`_n`) per `second` nearest.
        least: share of the values that a spike must hold.
    """
    import numpy as np

    at, found = (counted[name].to_numpy() for name in ("second", N))
    counts = np.zeros(int(at.max()) + _WIDTH_S, np.int64)
    counts[at] = found
    running = np.concatenate([[0], counts.cumsum()])
    here = np.arange(SHORTEST_S + 1, len(counts) - 1)
    spike = running[here + 2] - running[here - 1]
    below = running[here - 1] - running[np.maximum(here - 1 - _BELOW_S, 0)]
    beyond = running[-1] - running[here + 2]
    marked = (
        (spike >= max(least * running[-1], FEWEST))
        & (spike >= SPIKE_HEIGHT * below * _WIDTH_S / _BELOW_S)
        & (beyond <= SPIKE_BEYOND * spike)
    )
    if not marked.any():
        return None
    # Of neighbours that share a spike, the second that most wraps end in.
    return int(here[np.argmax(np.where(marked, counts[here] + 1, 0))]) * 1000


def coarse(lengths: pl.DataFrame) -> bool:
    """Whether the lengths were rounded to quarters of a minute; one length that nearly all have is no rounding."""
    rounded = lengths.filter(pl.col(VALUE) % COARSE_MS == 0)[N]
    return rounded_off(int(rounded.sum()), int(rounded.max() or 0), int(lengths[N].sum()))  # type: ignore[arg-type]


def rounded_off(every: int, most: int, among: int) -> bool:
    """The same from the number of values that are multiples, that of the most frequent of them, and that of all."""
    return every > COARSE_SHARE * among >= most
