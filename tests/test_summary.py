"""`summary`: the contract's columns, groups in order, the whole centre pooled."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.analyse.summary import summary
from acwcli.errors import NoWrapsError, UsageError
from tests.plain_statistics import mean, observations, of_values, quantile, seconds, variance

FIGURES = ["wraps", "mean_s", "median_s", "p80_s", "p90_s", "p95_s", "max_s", "total_s", "sd_s"]
ROWS = st.lists(
    st.tuples(st.sampled_from(["a1", "a2", "b"]), st.sampled_from(["q1", None]), st.integers(0, 200_000)),
    min_size=1,
    max_size=60,
)


def expected(values, limit_ms):
    return {
        "wraps": len(values),
        "mean_s": seconds(mean(values)),
        "median_s": seconds(quantile(values, 500)),
        "p80_s": seconds(quantile(values, 800)),
        "p90_s": seconds(quantile(values, 900)),
        "p95_s": seconds(quantile(values, 950)),
        "max_s": seconds(max(values)),
        "total_s": seconds(sum(values)),
        "within_limit": sum(value <= limit_ms for value in values) / len(values),
        "excess_s": seconds(sum(max(value - limit_ms, 0) for value in values)),
        "method": "state",
    }


def agrees(row, values, limit_ms):
    spread = row.pop("sd_s")
    assert row == expected(values, limit_ms)
    if len(values) > 1:
        assert spread == pytest.approx(math.sqrt(variance(values)) / 1000, rel=1e-12)
    else:
        assert spread is None


@settings(deadline=None, max_examples=60)
@given(ROWS, st.integers(0, 100_000))
def test_every_group_and_the_whole_equal_plain_python(rows, limit_ms):
    obs = observations([{"agent_id": a, "queue": q, "value_ms": v} for a, q, v in rows], queue=pl.String())
    table = summary(obs, ["agent_id", "queue"], limit_ms, "wraps")
    groups = {}
    for agent, queue, value in rows:
        groups.setdefault((agent, queue), []).append(value)
    order = sorted(groups, key=lambda key: (key[0], key[1] is None, key[1] or ""))
    assert [(row[0], row[1]) for row in table.frame.iter_rows()] == order
    for key, row in zip(order, table.frame.drop("agent_id", "queue").iter_rows(named=True), strict=True):
        agrees(row, groups[key], limit_ms)
    whole = dict(table.total)
    assert whole.pop("agent_id") == "whole centre"
    agrees(whole, [value for _, _, value in rows], limit_ms)


@settings(deadline=None, max_examples=60)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_and_chunks_do_not_matter(rows, chance):
    frame = observations([{"agent_id": a, "value_ms": v} for a, _, v in rows]).collect()
    order = list(range(frame.height))
    chance.shuffle(order)
    shuffled = pl.concat([frame[position] for position in order], rechunk=False)
    assert summary(frame.lazy(), ["agent_id"], None, "wraps").frame.equals(
        summary(shuffled.lazy(), ["agent_id"], None, "wraps").frame
    )


def test_columns_are_the_contract():
    assert summary(of_values([1, 2]), [], None, "wraps").frame.columns == [*FIGURES, "method"]
    limited = summary(of_values([1, 2]), ["agent_id"], 60_000, "wraps")
    assert limited.frame.columns == ["agent_id", *FIGURES, "within_limit", "excess_s", "method"]
    assert [column.name for column in limited.columns] == limited.frame.columns


def test_contacts_are_counted_as_contacts():
    table = summary(of_values([1, 2]), ["agent_id"], None, "contacts")
    assert table.frame.columns[1] == "contacts"
    assert table.total["contacts"] == 2


def test_without_by_one_row_and_no_total():
    table = summary(of_values([30_000, 60_000]), [], None, "wraps")
    assert table.frame.height == 1
    assert table.total is None


def test_the_total_can_be_left_out():
    assert summary(of_values([1]), ["agent_id"], None, "wraps", with_total=False).total is None


def test_a_limit_is_strict():
    row = summary(of_values([60_000, 60_001]), [], 60_000, "wraps").frame.row(0, named=True)
    assert (row["within_limit"], row["excess_s"]) == (0.5, 0.001)


def test_names_stand_beside_agents():
    obs = observations([{"value_ms": 1, "name": "Ana", "queue": "q"}, {"agent_id": "a0", "value_ms": 2, "name": None}])
    frame = summary(obs, ["agent_id"], None, "wraps").frame
    assert frame.columns[:3] == ["agent_id", "name", "wraps"]
    assert frame["name"].to_list() == [None, "Ana"]
    assert "name" not in summary(obs, ["queue"], None, "wraps").frame.columns
    assert summary(obs, ["name", "agent_id"], None, "wraps").frame.columns[:2] == ["name", "agent_id"]


def test_days_and_weekdays_are_ordered_then_written():
    weekday = pl.Enum(["Mon", "Tue", "Fri"])
    rows = [{"value_ms": 1, "weekday": "Fri", "day": date(2026, 3, 6)}, {"value_ms": 1, "weekday": "Mon", "day": None}]
    obs = observations(rows, weekday=weekday, day=pl.Date())
    frame = summary(obs, ["weekday", "day"], None, "wraps").frame
    assert frame.select("weekday", "day").rows() == [("Mon", None), ("Fri", "2026-03-06")]


def test_mixed_methods_say_so_and_by_method_says_it_once():
    obs = observations([{"value_ms": 1, "method": "gap"}, {"value_ms": 2}])
    assert summary(obs, ["agent_id"], None, "wraps").frame["method"].to_list() == ["mixed"]
    split = summary(obs, ["method"], None, "wraps").frame
    assert split.columns == ["method", *FIGURES]
    assert split["method"].to_list() == ["gap", "state"]


@pytest.mark.parametrize(
    ("by", "message"), [(["agent_di"], "did you mean 'agent_id'"), (["wraps"], "name of a figure"), (["x"], "known:")]
)
def test_unknown_columns_are_told(by, message):
    with pytest.raises(UsageError, match=message):
        summary(observations([{"value_ms": 1, "wraps": "x"}]), by, None, "wraps")


def test_a_column_named_twice_counts_once():
    assert summary(of_values([1]), ["agent_id", "agent_id"], None, "wraps").frame.columns[:2] == ["agent_id", "wraps"]


@pytest.mark.parametrize("by", [[], ["agent_id"]])
def test_nothing_to_summarise(by):
    with pytest.raises(NoWrapsError):
        summary(of_values([1]).filter(pl.col("value_ms") > 1), by, None, "wraps")
