"""Every figure equals the one of exact fractions, whatever the order and the size of the values."""

from __future__ import annotations

import math
import random

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acwcli.analyse import figures
from acwcli.analyse.exact import Fraction as Column
from acwcli.analyse.exact import between, difference, fraction
from acwcli.errors import NoWrapsError
from tests.plain_statistics import mean, of_values, quantile, seconds, variance

VALUES = st.lists(st.integers(0, 40_000) | st.integers(0, 400 * 86_400_000), min_size=1, max_size=40)


def figure(values, *expressions):
    obs = of_values(values).select(figures.sorted_values(), figures.sum_of_cubes(), *figures.method_range())
    return figures.with_sums(obs.collect()).select(expressions).row(0)


@given(VALUES)
@example([0])
@example([0, 0, 1])
def test_mean_is_one_division(values):
    assert figure(values, figures.mean_s()) == (seconds(mean(values)),)


@given(VALUES, st.integers(0, 1000))
@example([1, 2], 800)
@example([30_001, 30_002, 30_004], 333)
def test_quantile_is_exact_type_7(values, permille):
    exact = quantile(values, permille) * 1000
    assert exact.denominator == 1
    assert figure(values, figures.quantile_us(permille).alias("us"), figures.quantile_s(permille).alias("s")) == (
        int(exact),
        float(exact / 1_000_000),
    )


@given(VALUES)
def test_spread_and_powers(values):
    spread, cubes = figure(values, figures.sd_s(), pl.col(figures.SUM_CUBE))
    assert cubes == sum(value**3 for value in values)
    if len(values) == 1:
        assert spread is None
    else:
        assert spread == pytest.approx(math.sqrt(variance(values)) / 1000, rel=1e-12)


def test_spread_of_equal_values_is_exactly_zero():
    assert figure([12_345_678] * 7, figures.sd_s()) == (0.0,)


def test_squares_beyond_64_bits():
    values = [86_400_000 * 300] * 20_000 + [0]
    assert figure(values, pl.col(figures.SUM_SQ)) == (sum(value * value for value in values),)


@given(VALUES, st.integers(0, 60_000_000))
def test_excess_is_counted_per_observation(values, limit_us):
    total = of_values(values).select(figures.over_us(limit_us).sum()).collect().item()
    assert total == sum(max(value * 1000 - limit_us, 0) for value in values)


@given(VALUES, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(values, chance: random.Random):
    shuffled = list(values)
    chance.shuffle(shuffled)
    wanted = [figures.mean_s().alias("m"), figures.sd_s().alias("s"), figures.quantile_s(950).alias("q")]
    assert figure(values, *wanted) == figure(shuffled, *wanted)


@pytest.mark.parametrize(
    ("methods", "told"), [(["state", "state"], "state"), (["gap", "state"], "mixed"), (["explicit"], "explicit")]
)
def test_methods_never_mix_silently(methods, told):
    frame = pl.LazyFrame({"method": methods}).select(figures.method_range()).select(figures.method()).collect()
    assert frame["method"].to_list() == [told]


@given(
    st.tuples(st.integers(0, 10**13), st.integers(1, 10**5)),
    st.tuples(st.integers(0, 10**13), st.integers(1, 10**5)),
    st.integers(0, 999),
)
def test_fractions_compare_and_interpolate_exactly(low, high, weight):
    from fractions import Fraction

    frame = pl.DataFrame({"a": [low[0]], "b": [low[1]], "c": [high[0]], "d": [high[1]], "w": [weight]})
    first, second = fraction(pl.col("a"), pl.col("b")), fraction(pl.col("c"), pl.col("d"))
    middle: Column = between(first, second, pl.col("w"))
    num, den, sign = frame.select(
        middle.num.alias("num"), middle.den.alias("den"), difference(first, second).sign().alias("sign")
    ).row(0)
    small, great = Fraction(*low), Fraction(*high)
    assert Fraction(num, den) == small + Fraction(weight, 1000) * (great - small)
    assert sign == (small > great) - (small < great)


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_equal_counts_do_not_cost_a_digit(groups):
    frame = figures.with_sums(pl.DataFrame({figures.SORTED: [[9], [2_700], [39_200_000]][:groups]}))
    assert frame.select(figures.mean_s()).to_series().to_list() == [0.009, 2.7, 39_200.0][:groups]
    constant = frame.with_columns(pl.lit(1).alias(figures.N)).select(figures.mean_s()).to_series().to_list()
    assert constant == [0.009, 2.7, 39_200.0][:groups]


@pytest.mark.parametrize("at_a_time", [1, 3, 7, 1000])
def test_squares_of_some_lists_at_a_time(at_a_time, monkeypatch):
    monkeypatch.setattr(figures, "_SQUARED_AT_A_TIME", at_a_time)
    lists = [[1, 2, 3], [], [2**40] * 5, [7], [], [9, 10]]
    found = figures.with_sums(pl.DataFrame({figures.SORTED: lists}, schema={figures.SORTED: pl.List(pl.Int64)}))
    assert found[figures.SUM_SQ].to_list() == [sum(value**2 for value in values) for values in lists]
    assert figures.with_sums(found.clear().select(figures.SORTED)).is_empty()


def test_nothing_is_no_figure():
    with pytest.raises(NoWrapsError, match="no usable wraps"):
        figures.any_wraps(0, "wraps")
