"""How likely chance makes an agent look this slow (or quick), and how many such chance gives among all agents.

p-values are one-sided and come from the same distributions as the intervals (`acwcli.analyse.intervals`); false
discoveries are held by Benjamini and Hochberg (J. R. Statist. Soc. B 57, 1995) over all agents of one rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.analyse import figures

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

_HIGHEST = 0.99
CAUTION = {"over": 1.25, "under": 1.5}
"""Both tests are approximations, and a little bold far out, where many agents are compared (bench/false_alarms.py)."""


def p_of_mean(
    apart: Array, n: Array, own: tuple[Array, Array], other: tuple[Array, Array], usual: Array | None, side: str
) -> Array:
    """Chance of a mean at least this far from where it should be; NaN where it cannot be told.

    On the side where wraps have their tail, Hall's transformation of t, as in the interval. On the other side an agent
    without one of the rare long wraps shows both a low mean and a low spread, and t makes far too much of that, more so
    where others have giants in theirs: there, the spread counts as no smaller than the peers'.

    Args:
        apart: mean minus what it is held against.
        n: number of wraps.
        own: variance and third central moment of the agent's wraps.
        other: variance and third cumulant of what they are held against.
        usual: variance of the peers' wraps; None takes the agent's own spread as it is.
        side: `over` or `under`.
    """
    import numpy as np
    from scipy.special import stdtr

    sign = 1.0 if side == "over" else -1.0
    df = np.maximum(n - 1, 1)
    variance = own[0] / n + other[0]
    with np.errstate(all="ignore"):
        skew = np.where(variance > 0, sign * (own[1] / n**2 - other[1]) / variance**1.5, 0.0)
        t = sign * apart / np.sqrt(variance)
        bent = t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6
        hall = np.where(np.isinf(t), np.where(t > 0, 0.0, 1.0), stdtr(df, -bent))
        floored = np.maximum(own[0], 0.0 if usual is None else np.nan_to_num(usual)) / n + other[0]
        careful = stdtr(df, -sign * apart / np.sqrt(floored))
        plain = (own[1] >= 0) if side == "over" else np.full(len(n), usual is None)
    p = np.where(plain, hall, np.fmax(hall, careful))
    p = np.where((apart == 0) & (variance == 0), 1.0, p)
    return np.where(n > 1, p, np.nan)


def combined(first: Array, second: Array, side: str) -> Array:
    """One p-value of two tests that may depend on each other: the Cauchy combination (Liu and Xie 2020).

    The mean sees a few very long wraps, the logarithm a shift of the usual ones; whichever is surer counts nearly
    alone. p-values near 1 are cut off, so that one test cannot veto the other. NaN where neither could be told.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        far = [1 / np.tan(np.pi * np.minimum(p, _HIGHEST)) for p in (first, second)]
        mean = (far[0] + far[1]) / 2
        p = np.where(mean > 0, np.arctan(1 / mean) / np.pi, 0.5 - np.arctan(mean) / np.pi)
    p = np.where((first == 0) | (second == 0), 0.0, p)
    p = np.minimum(CAUTION[side] * p, 1.0)
    return np.where(np.isnan(first), second, np.where(np.isnan(second), first, p))


def p_of_quantile(agents: pl.DataFrame, against_ms: pl.Series, permille: int, side: str) -> Array:
    """Chance of so many wraps beyond a value, were it the agent's true quantile: binomial, for any distribution.

    Args:
        agents: one row per agent with `_n` and the sorted values `_sorted`.
        against_ms: what each agent's quantile is held against.
        permille: the quantile in thousandths.
        side: `over` or `under`.
    """
    import numpy as np
    from scipy.special import bdtrc

    value, limit = pl.col(figures.SORTED), pl.col("_limit")
    beyond = (value > limit) if side == "over" else (value < limit)
    counts = (
        agents.select(figures.SORTED, against_ms.alias("_limit"))
        .with_row_index("_agent")
        .explode(figures.SORTED)
        .group_by("_agent", maintain_order=True)
        .agg(beyond.sum().cast(pl.Float64).alias("_beyond"))
    )
    share = 1 - permille / 1000 if side == "over" else permille / 1000
    found, n = counts["_beyond"].to_numpy(), agents[figures.N].to_numpy()
    p = np.where(found > 0, bdtrc(np.maximum(found - 1, 0), n, share), 1.0)
    return np.where(against_ms.is_null().to_numpy(), np.nan, p)


def discovery_rates(p: Array, tested: Array) -> Array:
    """Least false discovery rate at which each test would still be a discovery; NaN where nothing was tested."""
    import numpy as np

    rates = np.full(len(p), np.nan)
    places = np.flatnonzero(tested & ~np.isnan(p))
    order = places[np.argsort(p[places], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    rates[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return rates
