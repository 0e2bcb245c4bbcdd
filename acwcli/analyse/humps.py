"""How many humps do the lengths make? One kind of work gives one, two kinds may give two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.analyse.figures import VALUE, N
from acwcli.analyse.lengths import number
from acwcli.analyse.spikes import coarse

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

STEP = 0.02
"""Width of a class of the logarithm of the length."""
SMOOTHEST, ROUNDED = 0.15, 0.5
"""Least standard deviation of the smoothing; and where lengths were rounded to quarters of a minute."""
VALLEY = 0.8
"""A hump is one of its own when the density between it and the next falls to this part of the lower one …"""
LEAST = 0.05
"""… and each side of the valley holds at least this share of the wraps."""
UNDER_MS = 1000
"""Wraps under a second are skipped ones: together one hump, at 0."""


def humps(lengths: pl.DataFrame) -> list[float]:
    """Find the humps of the smoothed density of the logarithm (Gaussian kernel, Silverman's width).

    Args:
        lengths: `value_ms` ascending, and how often: `_n`.

    Returns:
        Where they peak, in seconds, ascending; a single value where the lengths gather around one.
    """
    import numpy as np

    worked = lengths.filter(pl.col(VALUE) >= UNDER_MS)
    every, skipped = number(lengths), number(lengths) - number(worked)
    peaks = [0.0] if skipped and skipped >= LEAST * every else []
    if worked.is_empty():
        return peaks
    logs, times = np.log(worked[VALUE].to_numpy() / 1000), worked[N].to_numpy()
    width = max(_silverman(logs, times), ROUNDED if coarse(lengths) else SMOOTHEST)
    classes = np.round(logs / STEP).astype(np.int64)
    counts = np.bincount(classes, times)  # whole numbers, exact as floats
    reach = round(4 * width / STEP)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP / width) ** 2)
    density = np.convolve(counts, kernel)
    masses = np.concatenate([np.zeros(reach), counts.cumsum(), np.full(reach, counts.sum())])
    found = _separated(density, masses / every)
    return [*peaks, *(float(np.exp((place - reach) * STEP)) for place in found)]


def _silverman(logs: Array, times: Array) -> float:
    import numpy as np

    n = int(times.sum())
    mean = (logs * times).sum() / n
    deviation = float(np.sqrt((times * (logs - mean) ** 2).sum() / n))
    low, high = (_quantile(logs, times.cumsum(), share) for share in (0.25, 0.75))
    spread = min(deviation, (high - low) / 1.34)
    return float(0.9 * spread * n**-0.2)


def _quantile(logs: Array, running: Array, share: float) -> float:
    """Type 7, of ascending values and how many there are up to each."""
    import numpy as np

    last = int(running[-1]) - 1
    rank = int(share * last)
    low, high = logs[np.searchsorted(running, [rank, min(rank + 1, last)], side="right")]
    return float(low + (high - low) * (share * last - rank))


def _separated(density: Array, masses: Array) -> list[int]:
    """Peaks with a real valley between them and enough on both sides, merged from left to right."""
    import numpy as np

    rising = np.diff(density) > 0
    tops = [place for place in range(1, len(density) - 1) if rising[place - 1] and not rising[place]]
    tops = tops or [int(density.argmax())]
    kept, behind = [tops[0]], 0.0
    for top in tops[1:]:
        valley = kept[-1] + int(density[kept[-1] : top].argmin())
        lower = min(density[kept[-1]], density[top])
        apart = density[valley] <= VALLEY * lower
        if apart and masses[valley] - behind >= LEAST and masses[-1] - masses[valley] >= LEAST:
            behind = float(masses[valley])
            kept.append(top)
        elif density[top] > density[kept[-1]]:
            kept[-1] = top
    return kept
