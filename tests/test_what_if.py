"""The later keys of `diagnose`: what the mean would be without its causes, in figures worked out by hand."""

from __future__ import annotations

import random
import statistics

import polars as pl
import pytest

from acwcli.analyse.diagnose import diagnose, examine
from tests.plain_statistics import observations, of_values


def told(rows, within_ms=60_000, excluded=None, excluded_ms=None):
    obs = observations(rows, ended_by=pl.String())
    seen = examine(obs, within_ms, 20, "wraps", excluded or {}, excluded_ms or {})
    return diagnose(seen, 20, "wraps").frame.row(0, named=True)


def spread(agent, values, ended_by="ready"):
    return [{"agent_id": agent, "value_ms": value, "ended_by": ended_by} for value in values]


def test_spread_between_agents_equals_analysis_of_variance():
    dice = random.Random(4)
    groups = [[dice.randint(1_000, 90_000) + shift for _ in range(30)] for shift in (0, 20_000, 50_000)]
    values = [value for group in groups for value in group]
    within = sum((len(group) - 1) * statistics.variance(group) for group in groups) / (len(values) - len(groups))
    row = told([wrap for number, group in enumerate(groups) for wrap in spread(f"a{number}", group)])
    whole = statistics.variance(values)
    assert row["between_agents_share"] == pytest.approx(1 - within / whole)
    assert row["between_agents_sd_s"] == pytest.approx((whole - within) ** 0.5 / 1000)
    assert row["within_agents_sd_s"] == pytest.approx(within**0.5 / 1000)


def test_spread_between_agents_at_its_ends():
    assert told(spread("a", [30_000] * 20) + spread("b", [90_000] * 20))["between_agents_share"] == 1
    assert told(spread("a", [10_000, 90_000] * 10) + spread("b", [10_000, 90_000] * 10))["between_agents_share"] == 0
    assert told(spread("a", [10_000, 90_000] * 10))["between_agents_share"] is None
    assert told(spread("a", [10_000] * 20) + spread("b", [10_000] * 20))["between_agents_share"] is None


def test_top_agents_at_the_median_of_the_others():
    rows = spread("slow", [500_000] * 30)
    for agent in "bcdefghij":
        rows += spread(agent, [20_000, 30_000, 50_000] * 10)
    row = told(rows)
    assert row["verdict"] == "few-agents"
    assert row["top_agents"] == 1
    assert row["mean_top_at_median_s"] == (9 * 1000 + 30 * 30) / 300


def test_as_many_top_agents_as_asked_for():
    rows = [wrap for number in range(10) for wrap in spread(f"a{number}", [(number + 5) * 10_000] * 20)]
    for top, left in ((1, 9), (3, 7), (99, 1)):
        obs = observations(rows, ended_by=pl.String())
        row = diagnose(examine(obs, 60_000, 20, "wraps", {}, {}), 20, "wraps", top=top).frame.row(0, named=True)
        rest = [(number + 5) * 10 for number in range(left)]
        changed = min(top, 8)  # two agents have nothing over the limit
        rest = [(number + 5) * 10 for number in range(10 - changed)]
        assert row["top_agents"] == changed
        assert row["mean_top_at_median_s"] == (sum(rest) + changed * statistics.median(rest)) / 10


def test_one_agent_alone_has_nobody_to_be_compared_with():
    row = told(spread("a", [10_000, 90_000] * 10))
    assert (row["top_agents"], row["mean_top_at_median_s"]) == (0, None)


def test_nothing_to_take_away():
    row = told(spread("a", range(20_000, 50_000, 500)) + spread("b", range(20_000, 50_000, 500)))
    for name in ("mean_without_stuck_s", "mean_with_stuck_s", "mean_without_timed_out_s", "timer_s", "timer_share"):
        assert row[name] is None
    assert row["warning"] is None


@pytest.mark.parametrize("ended_by", ["timeout", "ready"])
def test_a_timer_is_named_though_it_is_not_the_verdict(ended_by):
    """10 % of wraps end at 90 s; few agents with much longer ones make the difference."""
    usual = [value for _ in range(6) for value in range(20_000, 60_000, 1_000)]
    rows = spread("b", usual) + spread("c", usual) + spread("b", [90_000] * 50, ended_by)
    row = told(rows)
    assert row["timer_s"] == 90
    assert row["timer_share"] == 50 / len(rows)
    assert row["mean_without_timed_out_s"] == sum(usual) / len(usual) / 1000
    assert row["warning"] == "Percentiles near 90 s describe the timer there, not the work."


def test_stuck_wraps_left_out_and_counted():
    row = told(spread("a", [30_000] * 20), excluded={"stuck": 2, "open": 1}, excluded_ms={"stuck": 36_000_000})
    assert row["mean_with_stuck_s"] == (20 * 30 + 36_000) / 22
    counted = told(spread("a", [20_000, 40_000] * 100) + spread("b", [7_200_000]))
    assert counted["mean_without_stuck_s"] == 30


def test_columns_come_last_and_survive_without_texts():
    table = diagnose(examine(of_values([30_000] * 25), None, 20, "contacts", {}, {}), 20, "contacts")
    assert table.frame.columns[-1] == "warning"
    assert table.frame["top_agents"].to_list() == [0]
