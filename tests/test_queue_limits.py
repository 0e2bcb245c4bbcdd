"""Limits and timers per queue: breaches against plain Python, spikes that are timers and those that are none."""

from __future__ import annotations

import json
import random

import polars as pl
import pytest

from acwcli.analyse.diagnose import diagnose, examine
from acwcli.analyse.lengths import lengths_of
from acwcli.analyse.spikes import spike_ms
from acwcli.errors import ExitCode
from tests.cli import ROOT, STATES, acw
from tests.plain_statistics import observations

DICE = random.Random(8)


def told(rows, limits_ms, within_ms=60_000):
    obs = observations(rows, queue=pl.String(), ended_by=pl.String())
    seen = examine(obs, within_ms, 20, "wraps", {}, {})
    return diagnose(seen, 20, "wraps", limits_ms=limits_ms).frame.row(0, named=True)


def usual(queue, count, median_ms, cap_ms=None, **more):
    for _ in range(count):
        value = round(median_ms * DICE.lognormvariate(0, 0.6))
        yield {"queue": queue, "value_ms": value if cap_ms is None else min(value, cap_ms + value % 400), **more}


def test_breaches_are_of_the_queues_own_limits():
    rows = [*usual("x", 200, 30_000), *usual("y", 300, 50_000), *usual(None, 50, 40_000)]
    limits = {"x": 25_000, "elsewhere": 1_000}
    row = told(rows, limits)
    over = {queue: [] for queue in ("x", "y", None)}
    for wrap in rows:
        limit = limits.get(wrap["queue"], 60_000)
        over[wrap["queue"]] += [wrap["value_ms"] - limit] if wrap["value_ms"] > limit else []
    assert row["breach_share"] == sum(map(len, over.values())) / len(rows)
    assert row["breach_s"] == sum(map(sum, over.values())) / 1000
    for item in row["queues"]:
        mine = over[item["queue"]]
        assert item["limit_s"] == limits.get(item["queue"], 60_000) / 1000
        assert item["limit_rule"] == ("queue" if item["queue"] == "x" else "within")
        assert item["breach_share"] == len(mine) / item["wraps"]
        assert item["breach_s"] == sum(mine) / 1000
    # Figures that speak of one limit keep the common one.
    assert row["within_s"] == 60
    assert row["share_wraps_within"] == sum(wrap["value_ms"] <= 60_000 for wrap in rows) / len(rows)


def test_no_queues_no_breaches():
    row = told([{"value_ms": 70_000}] * 30, {"x": 1_000})
    assert (row["queues"], row["breach_share"], row["breach_s"]) == ([], None, None)


def test_an_unknown_timer_is_found_in_its_queue_only():
    row = told([*usual("free", 800, 40_000), *usual("timed", 400, 40_000, cap_ms=60_000)], {})
    timers = {item["queue"]: item["timer_s"] for item in row["queues"]}
    assert timers == {"free": None, "timed": 60}
    share = next(item["timer_share"] for item in row["queues"] if item["queue"] == "timed")
    assert 0.15 < share < 0.4
    assert "timed 60 s" in row["warning"]
    assert row["timer_s"] is None


def test_what_the_data_says_of_timeouts_is_told():
    rows = [*usual("x", 90, 30_000, ended_by="ready"), *usual("x", 10, 30_000, ended_by="timeout")]
    (item,) = told(rows, {})["queues"]
    assert item["timeout_share"] == 0.1
    assert told([*usual("x", 90, 30_000, ended_by="ready")], {})["queues"][0]["timeout_share"] is None


def test_nearly_all_at_a_short_timer():
    """Time-outs configured at 15 s: below every limit people speak of, and yet all there is."""
    row = told([*usual("q", 30, 6_000, cap_ms=15_000), *({"queue": "q", "value_ms": 15_000} for _ in range(970))], {})
    assert row["timer_s"] == 15
    assert row["timer_share"] > 0.9
    assert row["limit_verdict"] == "not defensible"


def spread(seed, size, width=0.6):
    dice = random.Random(seed)
    return [round(40_000 * dice.lognormvariate(0, width)) for _ in range(size)]


def spike(values):
    return spike_ms(lengths_of(pl.LazyFrame({"value_ms": values})), 0.05)


def test_clean_lengths_show_no_timer():
    rounded = [[1000 * round(value / 1000) for value in spread(seed, 400)] for seed in range(100)]
    for values in [*(spread(seed, size) for seed in range(100) for size in (20, 400)), *rounded]:
        assert spike(values) is None


def test_a_timer_is_found_wherever_it_stands():
    for seed in range(50):
        at = random.Random(seed).randrange(20, 300) * 1000
        values = [min(value, at + value % 400) for value in spread(seed, 600, 0.8)]
        values += [at + number for number in range(100)]
        assert spike(values) == at


def test_it_is_no_timer_where_wraps_go_on_beyond_or_are_rounded():
    values = [*spread(1, 500), *[30_000] * 100]
    assert spike(values) is None
    assert spike([30_000, 60_000] * 100) is None
    assert spike([0] * 200) is None


def test_the_option():
    ran = acw(
        "diagnose",
        STATES,
        "--within",
        "60s",
        "--queue-limit",
        "billing=1m",
        "--queue-limit",
        "orders = 45",
        "-f",
        "json",
    )
    limits = {item["queue"]: (item["limit_s"], item["limit_rule"]) for item in json.loads(ran.text)["queues"]}
    assert limits == {"billing": (60, "queue"), "orders": (45, "queue"), "support": (60, "within")}


@pytest.mark.parametrize("words", [["billing"], ["=60s"], ["billing=soon"], ["billing=60s", "billing=70s"]])
def test_mistakes_are_told(words):
    ran = acw("diagnose", STATES, *(word for limit in words for word in ("--queue-limit", limit)))
    assert ran.code == ExitCode.USAGE
    assert "--queue-limit" in ran.err


def summed(*args):
    return json.loads(acw("summary", *args, "--format", "json").text)


def test_summary_holds_each_wrap_against_its_own_queue():
    one = {row["queue"]: row for row in summed(STATES, "--by", "queue", "--limit", "60s")}
    short = {row["queue"]: row for row in summed(STATES, "--by", "queue", "--limit", "45s")}
    own = {
        row["queue"]: row for row in summed(STATES, "--by", "queue", "--limit", "60s", "--queue-limit", "billing=45s")
    }
    for name in ("within_limit", "excess_s"):
        assert own["billing"][name] == short["billing"][name]
        assert own["orders"][name] == one["orders"][name]
    assert {queue: row["limit_s"] for queue, row in own.items()} == {"billing": 45, "orders": 60, "support": 60}
    (whole,) = summed(STATES, "--limit", "60s", "--queue-limit", "billing=45s")
    assert whole["limit_s"] is None  # several
    assert whole["excess_s"] == pytest.approx(sum(row["excess_s"] for row in own.values()))


def test_queues_without_a_limit_are_left_out_of_the_share():
    own = {row["queue"]: row for row in summed(STATES, "--by", "queue", "--queue-limit", "billing=45s")}
    assert {own["orders"][name] for name in ("limit_s", "within_limit", "excess_s")} == {None}
    (whole,) = summed(STATES, "--queue-limit", "billing=45s")
    assert [whole[name] for name in ("limit_s", "within_limit", "excess_s")] == [
        own["billing"][name] for name in ("limit_s", "within_limit", "excess_s")
    ]


def test_flag_shows_breaches_of_each_agent():
    rows = json.loads(acw("flag", STATES, "--all", "--queue-limit", "billing=45s", "-f", "json").text)
    by_agent = {row["agent_id"]: row for row in summed(STATES, "--by", "agent_id", "--queue-limit", "billing=45s")}
    assert rows
    for row in rows:
        same = by_agent[row["agent_id"]]
        assert row["breach_s"] == same["excess_s"]
        if row["breach_share"] is None:
            assert same["within_limit"] is None
        else:
            assert row["breach_share"] == pytest.approx(1 - same["within_limit"])
    plain = json.loads(acw("flag", STATES, "--all", "-f", "json").text)
    assert [{**row, "breach_share": 0, "breach_s": 0} for row in plain] == [
        {**row, "breach_share": 0, "breach_s": 0} for row in rows
    ]


def test_sums_leave_limits_of_queues_out_and_say_so():
    ran = acw("summary", f"{ROOT}/sample_data/amazon_connect_metrics", "--queue-limit", "billing=45s")
    assert "limits of queues are left out" in ran.err
    assert ran.code == 0
