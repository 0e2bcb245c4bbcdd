"""Lengths by how often they occur: quantiles and ranks against plain Python, whatever the ties."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.analyse.fixed_limit import _medians
from acwcli.analyse.intervals import quantile_interval
from acwcli.analyse.lengths import RANK, at_ranks, lengths_of, number, quantile_us, ranked, seconds_of, total
from tests.plain_statistics import quantile, seconds

VALUES = st.lists(st.integers(0, 5_000) | st.sampled_from([0, 999, 1_000, 1_001, 30_000, 14_400_000]), min_size=1)


@settings(deadline=None)
@given(VALUES, st.integers(0, 1000))
def test_quantiles_sums_and_ranks(values, permille):
    lengths = lengths_of(pl.LazyFrame({"value_ms": values}, schema={"value_ms": pl.Int64}))
    assert quantile_us(lengths, permille) == quantile(values, permille) * 1000
    assert (number(lengths), total(lengths)) == (len(values), sum(values))
    assert at_ranks(lengths, range(len(values))) == sorted(values)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3_000)), min_size=1))
def test_ranks_of_groups(rows):
    frame = pl.DataFrame(rows, schema={"value": pl.String, "value_ms": pl.Int64}, orient="row").lazy()
    seconds_in = seconds_of(frame, "value")
    own = {group: sorted(value for name, value in rows if name == group) for group in {name for name, _ in rows}}
    asked = pl.DataFrame([{"value": group, RANK: rank} for group in own for rank in range(len(own[group]))])
    found = ranked(frame, "value", seconds_in, pl.concat([asked, asked])).sort("value", RANK)
    assert found.rows() == [(group, rank, value) for group in sorted(own) for rank, value in enumerate(own[group])]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90) | st.integers(20_000, 20_400)), min_size=1))
def test_medians_and_their_intervals_are_those_of_the_sorted_values(rows):
    frame = pl.DataFrame(rows, schema={"value": pl.String, "value_ms": pl.Int64}, orient="row")
    found = _medians(frame.lazy(), 2).sort("value")
    own = frame.group_by("value").agg(pl.len().cast(pl.Int64).alias("_n"), pl.col("value_ms").sort().alias("_sorted"))
    wanted = quantile_interval(own.filter(pl.col("_n") >= 2).sort("value"), 500)
    assert found.select("value", "_n", "low_s", "high_s").rows() == wanted.drop("_sorted").rows()
    for group, median in found.select("value", "_median").iter_rows():
        assert median == seconds(quantile([value for name, value in rows if name == group], 500))
