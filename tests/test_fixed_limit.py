"""When a fixed limit is defensible, which one, and how many humps lengths make."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acwcli.analyse.fixed_limit import ENOUGH
from acwcli.analyse.fixed_limit import fixed_limit as of_rows
from acwcli.analyse.humps import humps as of_lengths
from acwcli.analyse.lengths import lengths_of
from acwcli.analyse.mechanical import Timer


def fixed_limit(frame, timer, min_wraps):
    return of_rows(frame.lazy(), lengths_of(frame.lazy()), timer, min_wraps)


def humps(values):
    return of_lengths(lengths_of(values.to_frame().lazy()))


def lengths(seed, size, median_s=40.0, spread=0.5):
    draw = np.random.default_rng(seed).normal(0, spread, size)
    return pl.Series("value_ms", np.round(1000 * median_s * np.exp(draw)).astype(np.int64))


def centre(seed=1, size=4000, **more):
    dice = np.random.default_rng(seed)
    agent = pl.Series([f"a{number:02}" for number in dice.integers(0, 20, size)])
    frame = pl.DataFrame({"agent_id": agent, "value_ms": lengths(seed, size), "method": "state"})
    return frame.with_columns(
        queue=pl.Series(dice.choice(["x", "y", "z"], size)),
        disposition=pl.Series(dice.choice(["done", "again"], size)),
    ).with_columns(**more)


VALUE = pl.col("value_ms")


def test_alike_everywhere_gives_one_limit_with_its_doubt():
    frame = centre()
    found = fixed_limit(frame, None, 20)
    assert (found.verdict, found.objections) == ("defensible", ())
    values = frame["value_ms"].to_numpy() / 1000
    assert found.whole["limit_s"] == pytest.approx(np.quantile(values, 0.9), abs=1e-9)
    assert found.whole["low_s"] < found.whole["limit_s"] < found.whole["high_s"]
    # Agents who are alike cluster nothing: the interval is nearly that of independent wraps.
    ends = np.quantile(values, [0.9 - 1.96 * (0.09 / 4000) ** 0.5, 0.9 + 1.96 * (0.09 / 4000) ** 0.5])
    assert [found.whole["low_s"], found.whole["high_s"]] == pytest.approx(ends, rel=0.03)
    assert "A fixed limit is defensible, " in found.advice()


def test_agents_who_differ_make_the_interval_wider():
    own = pl.col("agent_id").str.slice(1).cast(pl.Int64)
    apart = centre(value_ms=(VALUE * (0.5 + own / 19)).round().cast(pl.Int64))
    narrow, wide = (fixed_limit(frame, None, 20).whole for frame in (centre(), apart))
    assert (wide["high_s"] - wide["low_s"]) / wide["limit_s"] > 3 * (narrow["high_s"] - narrow["low_s"]) / narrow[
        "limit_s"
    ]


def test_the_interval_holds_the_true_percentile_as_often_as_it_says():
    truth = 40 * np.exp(0.5 * 1.2815515655446004)
    inside = 0
    for seed in range(200):
        whole = fixed_limit(centre(seed, 1500), None, 20).whole
        inside += whole["low_s"] <= truth <= whole["high_s"]
    assert 0.91 <= inside / 200 <= 0.99


def test_queues_apart_get_a_limit_each():
    frame = centre(value_ms=pl.when(pl.col("queue") == "z").then(VALUE * 3).otherwise(VALUE))
    found = fixed_limit(frame, None, 20)
    assert found.verdict == "per queue"
    assert found.whole is None
    assert [row["queue"] for row in found.queues] == ["x", "y", "z"]
    for row in found.queues:
        own = frame.filter(queue=row["queue"])["value_ms"].to_numpy() / 1000
        assert row["limit_s"] == pytest.approx(np.quantile(own, 0.9), abs=1e-9)
    assert "queues differ (" in found.advice()


def test_dispositions_apart_and_a_timer_and_gaps_forbid_any():
    again = pl.when(pl.col("disposition") == "again").then(VALUE * 2).otherwise(VALUE)
    for frame, timer, why in (
        (centre(value_ms=again), None, "dispositions differ"),
        (centre(), Timer(400, 90.0, 0.5), "a timer ends wraps near 90 s"),
        (centre(method=pl.lit("gap")), None, "upper bounds"),
    ):
        found = fixed_limit(frame, timer, 20)
        assert (found.verdict, found.whole, found.queues) == ("not defensible", None, ())
        assert why in found.advice()


def test_too_few_say_nothing():
    assert fixed_limit(centre(size=ENOUGH - 1), None, 20).verdict == "not enough data"
    assert fixed_limit(centre(size=ENOUGH), None, 20).verdict != "not enough data"


def test_small_queues_that_differ_do_not_matter():
    few = pl.when(pl.int_range(pl.len()) < 100).then(pl.lit("rare")).otherwise("queue")
    frame = centre(queue=few).with_columns(value_ms=pl.when(pl.col("queue") == "rare").then(VALUE * 3).otherwise(VALUE))
    assert fixed_limit(frame, None, 20).verdict == "defensible"


@pytest.mark.parametrize("spread", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("size", [100, 1000, 20_000])
def test_one_kind_of_work_makes_one_hump(spread, size):
    found = [len(humps(lengths(seed, size, spread=spread))) for seed in range(40)]
    assert np.mean(np.array(found) == 1) >= 0.95


def test_two_kinds_of_work_make_two():
    for seed in range(20):
        found = humps(pl.concat([lengths(seed, 300, 6, 0.4), lengths(seed + 99, 700, 90, 0.4)]))
        assert found == pytest.approx([6, 90], rel=0.25)
    assert humps(pl.concat([pl.Series("value_ms", [0] * 100), lengths(1, 900)]))[0] == 0


def test_rounding_makes_no_humps():
    rounded = (lengths(3, 5000, spread=0.8) / 15_000).ceil().cast(pl.Int64) * 15_000
    assert len(humps(rounded)) == 1
    assert len(humps(pl.Series("value_ms", [30_000] * 200))) == 1
    assert humps(pl.Series("value_ms", [], dtype=pl.Int64)) == []


def test_hours_and_weekdays_that_differ_forbid_one():
    frame = centre().with_columns(hour=8 + pl.int_range(pl.len()) % 9, weekday=pl.lit("Tue"))
    assert fixed_limit(frame, None, 20).verdict == "defensible"
    late = frame.with_columns(value_ms=pl.when(pl.col("hour") >= 15).then(VALUE * 2).otherwise(VALUE))
    assert "hours of the day differ (15:00 8" in fixed_limit(late, None, 20).advice()
    monday = (pl.int_range(pl.len()) % 5 == 0) & (pl.col("hour") > 0)
    slow = frame.with_columns(
        weekday=pl.when(monday).then(pl.lit("Mon")).otherwise("weekday"),
        value_ms=pl.when(monday).then(VALUE * 2).otherwise(VALUE),
    )
    assert "weekdays differ (Mon 7" in fixed_limit(slow, None, 20).advice()


def test_a_limit_that_rests_on_few_agents_is_not_known_well_enough():
    few = centre(value_ms=pl.when(pl.col("agent_id") < "a02").then(VALUE * 5).otherwise(VALUE))
    found = fixed_limit(few, None, 20)
    assert (found.verdict, found.whole) == ("not defensible", None)
    assert "agents differ too much, or are too few, to tell which" in found.advice()


def test_one_agent_says_nothing_of_others():
    alone = fixed_limit(centre().with_columns(agent_id=pl.lit("a1")), None, 20)
    assert alone.verdict == "not defensible"
    assert "wraps of one agent do not tell what others take" in alone.advice()
