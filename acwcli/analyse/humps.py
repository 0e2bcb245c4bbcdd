"""How many humps do the lengths make? One kind of work gives one, two kinds may give two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    import polars as pl

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


def humps(values: pl.Series) -> list[float]:
    """Find the humps of the smoothed density of the logarithm (Gaussian kernel, Silverman's width).

    Args:
        values: lengths in whole milliseconds.

    Returns:
        Where they peak, in seconds, ascending; a single value where the lengths gather around one.
    """
    import numpy as np

    from acwcli.analyse.spikes import coarse

    # In place: a copy of millions of values is hundreds of megabytes.
    logs = values.filter(values >= UNDER_MS).to_numpy() / 1000
    skipped = len(values) - len(logs)
    peaks = [0.0] if skipped and skipped >= LEAST * len(values) else []
    if not len(logs):
        return peaks
    np.log(logs, out=logs)
    width = max(_silverman(logs), ROUNDED if coarse(values) else SMOOTHEST)
    logs /= STEP
    counts = np.bincount(np.round(logs, out=logs).astype(np.int64))
    reach = round(4 * width / STEP)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP / width) ** 2)
    density = np.convolve(counts, kernel)
    masses = np.concatenate([np.zeros(reach), counts.cumsum(), np.full(reach, counts.sum())])
    found = _separated(density, masses / len(values))
    return [*peaks, *(float(np.exp((place - reach) * STEP)) for place in found)]


def _silverman(logs: Array) -> float:
    import numpy as np

    deviation = float(logs.std())
    quarters = np.quantile(logs, [0.25, 0.75], overwrite_input=True)
    spread = min(deviation, float(quarters[1] - quarters[0]) / 1.34)
    return float(0.9 * spread * len(logs) ** -0.2)


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
