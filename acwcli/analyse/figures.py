"""Exact building blocks of every figure.

Values are integer milliseconds. Sums stay integers, a quantile is an integer number of microseconds (type 7 between
two milliseconds at a whole permille), and a mean is one division: digits never depend on row order, threads or chunks.
"""

from __future__ import annotations

import polars as pl

from acwcli.analyse.exact import ratio
from acwcli.errors import NoWrapsError
from acwcli.model.columns import METHODS
from acwcli.model.seconds import in_seconds

VALUE = "value_ms"
"""The measured duration of an observation, integer milliseconds, never null."""

N, SUM_MS, SUM_SQ, SUM_CUBE, SORTED = "_n", "_sum_ms", "_sum_sq", "_sum_cube", "_sorted"
METHOD_LOW, METHOD_HIGH = "_method_low", "_method_high"
METHOD_TYPE = pl.Enum(METHODS)
LOG_UNIT = 10_000
"""Logarithms are whole numbers of its parts, so that their sums do not depend on the order of rows."""
_SQUARED_AT_A_TIME = 1 << 20


def count() -> pl.Expr:
    """Number of observations, as `_n` Int64."""
    return pl.len().cast(pl.Int64).alias(N)


def sum_ms() -> pl.Expr:
    """Integer sum of the values, as `_sum_ms`."""
    return pl.col(VALUE).sum().alias(SUM_MS)


def sum_of_squares(value: pl.Expr | None = None) -> pl.Expr:
    """Sum of squared milliseconds, as `_sum_sq` Int128 (64 bits overflow at some 40,000 wraps of 4 h)."""
    wide = _wide(value)
    return (wide * wide).sum().alias(SUM_SQ)


def sum_of_cubes(value: pl.Expr | None = None) -> pl.Expr:
    """Sum of cubed milliseconds, as `_sum_cube` Int128."""
    wide = _wide(value)
    return (wide * wide * wide).sum().alias(SUM_CUBE)


def started_log(start_ms: int) -> pl.Expr:
    """Logarithm of how many times `start_ms` a value and `start_ms` are together, in ten-thousandths: 0 for 0 ms.

    Whole numbers, so that their sums do not depend on the order of rows.
    """
    times = pl.col(VALUE).cast(pl.Float64) / start_ms
    return (times.log1p() * LOG_UNIT).round().cast(pl.Int64)


def _wide(value: pl.Expr | None) -> pl.Expr:
    return (pl.col(VALUE) if value is None else value).cast(pl.Int128)


def sorted_values() -> pl.Expr:
    """All values of the group in ascending order, as one list `_sorted`; every quantile is read from it."""
    return pl.col(VALUE).sort().implode().alias(SORTED)


def with_sums(groups: pl.DataFrame) -> pl.DataFrame:
    """Count, sum and sum of squares read off the sorted lists: far cheaper than aggregating them beside the sort.

    Lists are taken some at a time, and a long one in pieces: the squares are twice as wide as the values.
    """
    values = pl.col(SORTED).list
    groups = groups.with_columns(values.len().cast(pl.Int64).alias(N), values.sum().alias(SUM_MS))
    turns = groups.select(SORTED, turn=(pl.col(N).cum_sum() - 1).clip(lower_bound=0) // _SQUARED_AT_A_TIME)
    none = pl.Series(SUM_SQ, [], pl.Int128)
    squares = [_squares(some[SORTED]) for some in turns.partition_by("turn", maintain_order=True)]
    return groups.with_columns(pl.concat([none, *squares]))


def _squares(lists: pl.Series) -> pl.Series:
    if len(lists) > 1:
        return lists.list.agg(sum_of_squares(pl.element())).alias(SUM_SQ)
    every = lists.explode(empty_as_null=False).rename(VALUE).to_frame()
    sums = [int(some.select(sum_of_squares()).item() or 0) for some in every.iter_slices(_SQUARED_AT_A_TIME)]
    return pl.Series(SUM_SQ, [sum(sums)], pl.Int128)


def method_range() -> list[pl.Expr]:
    """The least and the greatest method: they differ only where methods mix."""
    named = pl.col("method").cast(METHOD_TYPE)  # compared as small integers, not as strings
    return [named.min().alias(METHOD_LOW), named.max().alias(METHOD_HIGH)]


def method() -> pl.Expr:
    """The single method of the group, or `mixed`."""
    low, high = pl.col(METHOD_LOW), pl.col(METHOD_HIGH)
    single = pl.when(low.eq_missing(high)).then(low.cast(pl.String))
    return single.otherwise(pl.lit("mixed")).alias("method")


def quantile_us(permille: int) -> pl.Expr:
    """Type 7 quantile of the sorted list, in whole microseconds: exact, as 1 ms x 1/1000 = 1 us."""
    values = pl.col(SORTED)
    position = (values.list.len().cast(pl.Int64) - 1) * permille
    rank, weight = position // 1000, position % 1000
    low = values.list.get(rank, null_on_oob=True)
    high = values.list.get(pl.min_horizontal(rank + 1, values.list.len().cast(pl.Int64) - 1), null_on_oob=True)
    return low * (1000 - weight) + high * weight


def quantile_s(permille: int) -> pl.Expr:
    """Type 7 quantile of the sorted list, in seconds."""
    return in_seconds(quantile_us(permille), 1_000_000)


def mean_s() -> pl.Expr:
    """Mean in seconds, pooled over the observations: one division of integers."""
    return ratio(pl.col(SUM_MS), pl.col(N) * 1000)


def squared_deviations() -> pl.Expr:
    """The count times the sum of squared deviations from the mean, ms², exact Int128 (no cancellation)."""
    total = pl.col(SUM_MS).cast(pl.Int128)
    return pl.col(N).cast(pl.Int128) * pl.col(SUM_SQ) - total * total


def third_moment() -> pl.Expr:
    """Third central moment of the group in ms³ (divided by the count)."""
    n = pl.col(N).cast(pl.Float64)
    mean = pl.col(SUM_MS) / n
    cubes, squares = (pl.col(name).cast(pl.Float64) / n for name in (SUM_CUBE, SUM_SQ))
    return cubes - 3 * mean * squares + 2 * mean * mean * mean


def sd_s() -> pl.Expr:
    """Sample standard deviation (n - 1) in seconds; null for fewer than two observations."""
    n = pl.col(N).cast(pl.Int128)
    variance = ratio(squared_deviations(), n * (n - 1) * 1_000_000)
    return pl.when(pl.col(N) > 1).then(variance.sqrt())


def over_us(limit_us: int) -> pl.Expr:
    """Time of each observation above the limit, whole microseconds, 0 when within it."""
    return (pl.col(VALUE) * 1000 - limit_us).clip(lower_bound=0)


def any_wraps(n: int, noun: str) -> None:
    """Refuse to compute with nothing.

    Raises:
        NoWrapsError: `n` is 0.
    """
    if n == 0:
        raise NoWrapsError(f"no usable {noun}: nothing is left to compute with")
