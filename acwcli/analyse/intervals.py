"""How sure a figure of one agent is: 95 % confidence intervals, without chance and without assuming a shape.

Mean: Hall's transformation of the t statistic (Hall 1992, J. R. Statist. Soc. B 54), which corrects for skewness. Wraps
are skewed to the right, where the plain t interval reaches too low at its lower end and not high enough at its upper.
Quantile: order statistics at binomial ranks, true for any distribution; an end that a sample of this size cannot give
is null. Both treat an agent's wraps as independent, and the threshold as known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.analyse import figures
from acwcli.model.seconds import in_seconds

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

TAIL = 0.025
"""Probability left out on either side."""


def mean_interval(groups: pl.DataFrame) -> pl.DataFrame:
    """Add `low_s` and `high_s` around the mean; null for a single observation.

    Args:
        groups: one row per agent with `_n _sum_ms _sum_sq _sum_cube`.
    """
    from scipy.special import stdtrit

    t = pl.Series("_t", stdtrit((groups[figures.N] - 1).clip(1).to_numpy(), 1 - TAIL))
    known = groups.with_columns(
        t, figures.mean_s().alias("_mean"), figures.sd_s().alias("_sd"), _skewness().alias("_skew")
    )
    known = known.with_columns((pl.col("_sd") / pl.col(figures.N).sqrt()).alias("_se"))
    low = pl.col("_mean") - pl.col("_se") * _hall(pl.col("_t"))
    high = pl.col("_mean") - pl.col("_se") * _hall(-pl.col("_t"))
    bounds = known.select(low.clip(lower_bound=0.0).alias("low_s"), high.alias("high_s"))
    return groups.hstack(bounds)


def ratio_interval(groups: pl.DataFrame) -> pl.DataFrame:
    """Add `_ratio _ratio_low _ratio_high`: the mean over what is expected; the interval has the chance of both.

    Args:
        groups: one row per agent with `_n _sum_ms` and what `acwcli.analyse.casemix.expectation` gives.
    """
    from scipy.special import stdtrit

    t = pl.Series("_t", stdtrit((groups[figures.N] - 1).clip(1).to_numpy(), 1 - TAIL))
    n, expected = pl.col(figures.N), pl.when(pl.col("_exp") > 0).then(pl.col("_exp"))
    variance = pl.col("_res_var") / n + pl.col("_exp_var")
    third = pl.col("_res_third") / n**2 - pl.col("_exp_third")
    known = groups.select(
        t,
        n,
        expected.alias("_exp"),
        variance.sqrt().alias("_se"),
        (pl.col(figures.SUM_MS) / n).alias("_mean"),
        # `_hall` takes the skewness of n values, of which that of their mean is the root-n-th part.
        pl.when(variance > 0).then(third / variance.pow(1.5) * n.sqrt()).otherwise(0.0).alias("_skew"),
    )
    mean, spread = pl.col("_mean"), pl.col("_se")
    bounds = known.select(
        (mean / pl.col("_exp")).alias("_ratio"),
        ((mean - spread * _hall(pl.col("_t"))).clip(lower_bound=0.0) / pl.col("_exp")).alias("_ratio_low"),
        ((mean - spread * _hall(-pl.col("_t"))) / pl.col("_exp")).alias("_ratio_high"),
    )
    return groups.hstack(bounds)


def _hall(t: pl.Expr) -> pl.Expr:
    """Invert Hall's cubic: the point of the skewed statistic that corresponds to `t` of the symmetric one."""
    root_n, skew = pl.col(figures.N).sqrt(), pl.col("_skew")
    bent = 3 * root_n / skew * ((1 + skew * (t / root_n - skew / (6 * root_n * root_n))).cbrt() - 1)
    return pl.when(skew.abs() > 1e-6).then(bent).otherwise(t)


def _skewness() -> pl.Expr:
    """Moment skewness of the sample; 0 where all values are equal."""
    n = pl.col(figures.N).cast(pl.Float64)
    variance = figures.squared_deviations().cast(pl.Float64) / (n * n)
    return pl.when(variance > 0).then(figures.third_moment() / variance.sqrt().pow(3)).otherwise(0.0)


def quantile_interval(groups: pl.DataFrame, permille: int) -> pl.DataFrame:
    """Add `low_s` and `high_s` around a quantile; null where the sample is too small for that end.

    Args:
        groups: one row per agent with `_n` and the sorted values `_sorted`.
        permille: the quantile in thousandths.
    """
    ranks = groups.select(figures.N, figures.SORTED).with_columns(quantile_ranks(groups[figures.N], permille))
    bounds = ranks.select(
        _at_rank(pl.col("_below"), pl.col("_below") > 0).alias("low_s"),
        _at_rank(pl.col("_above"), pl.col("_above") <= pl.col(figures.N)).alias("high_s"),
    )
    return groups.hstack(bounds)


def quantile_ranks(wraps: pl.Series, permille: int) -> tuple[pl.Series, pl.Series]:
    """The ranks, from 1, of the ends of the interval, `_below` and `_above`; 0 or over the number for none."""
    n = wraps.to_numpy()
    below = pl.Series("_below", _rank_below(n, permille / 1000), dtype=pl.Int64)
    return below, pl.Series("_above", n + 1 - _rank_below(n, 1 - permille / 1000), dtype=pl.Int64)


def _at_rank(rank: pl.Expr, exists: pl.Expr) -> pl.Expr:
    """The value at a 1-based rank of the sorted list, in seconds."""
    return pl.when(exists).then(in_seconds(pl.col(figures.SORTED).list.get(rank - 1, null_on_oob=True)))


def _rank_below(n: Array, share: float) -> Array:
    """Greatest rank whose value lies above the true quantile with probability at most `TAIL`; 0 for none."""
    import numpy as np
    from scipy.special import bdtr, bdtrik

    at_most = np.floor(np.nan_to_num(bdtrik(TAIL, n, share)))
    # The continuous inverse may sit a hair off a whole number: settle it with the distribution itself.
    at_most = np.where(bdtr(at_most, n, share) > TAIL, at_most - 1, at_most)
    at_most = np.where((at_most + 1 <= n) & (bdtr(at_most + 1, n, share) <= TAIL), at_most + 1, at_most)
    rank: Array = (at_most + 1).astype(np.int64)
    return rank
