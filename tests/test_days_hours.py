"""What the verdicts of `flag` allow for: days of one agent that are alike, and hours that are slow for everybody."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from acwcli.analyse.days import DAY, day_variance, day_weight
from acwcli.analyse.flag import flag
from acwcli.analyse.hours import HOUR, hour_effects, hour_shift
from acwcli.analyse.rules import parse_rule
from bench.false_alarms import centre, starts

WHO = ["agent_id"]


def parts(random, sigma_day, agents=60, days=5, each=20, slow_day=0.0):
    """Sums per agent and day of values that vary by 1, and by `sigma_day` from day to day of each agent."""
    agent, day = (part.ravel() for part in np.mgrid[0:agents, 0:days])
    means = (
        5 + 0.5 * random.normal(size=agents)[agent] + sigma_day * random.normal(size=agent.size) + slow_day * (day == 1)
    )
    values = means[:, None] + random.normal(size=(agent.size, each))
    sums = {"_sum": values.sum(1), "_square": (values**2).sum(1)}
    return pl.DataFrame({"agent_id": agent, DAY: day, "_n": np.full(agent.size, each), **sums})


def test_how_far_days_are_apart_is_learned_from_all_agents():
    random = np.random.default_rng(1)
    for true in (0.0, 0.3, 1.0):
        found = [day_variance(parts(random, true), WHO, [], "_sum", "_square") for _ in range(20)]
        assert np.mean(found) == pytest.approx(true**2, rel=0.15, abs=0.005), true
    # What all have in common on a day is nobody's own.
    assert day_variance(parts(random, 0.0, slow_day=2.0), WHO, [], "_sum", "_square") < 0.02
    assert day_variance(parts(random, 1.0, days=1), WHO, [], "_sum", "_square") == 0
    unknown = parts(random, 1.0).with_columns(pl.lit(None, pl.Int64).alias(DAY))
    assert day_variance(unknown, WHO, [], "_sum", "_square") == 0


def test_one_day_weighs_all_and_many_days_little():
    frame = pl.DataFrame({"agent_id": ["a", "a", "b", "c"], DAY: [1, 2, 1, None], "_n": [30, 10, 40, 9]})
    # Variance of a mean: own / n + between days x sum of squared shares; in units of own / n.
    assert day_weight(frame, WHO).to_list() == pytest.approx([(900 + 100) / 40, 40, 0])


def test_hours_are_fitted_by_least_squares():
    random = np.random.default_rng(2)
    agent = random.integers(0, 12, 4000)
    hour = (random.integers(6, 12, 12)[agent] + random.integers(0, 8, 4000)) % 24
    value = random.normal(size=12)[agent] + 0.6 * (hour > 15) + random.normal(size=4000)
    wraps = pl.DataFrame({"agent_id": agent, HOUR: hour, "value": value})
    table = wraps.group_by("agent_id", HOUR).agg(_n=pl.len(), _log=pl.col("value").sum()).sort("agent_id", HOUR)
    found = hour_shift(table, WHO, hour_effects(table, WHO, "_log"), 1.0)
    design = np.hstack([np.eye(12)[agent], np.eye(24)[hour]])
    hours = np.linalg.lstsq(design, value, rcond=None)[0][12:][hour]
    for one in range(12):
        shift = hours[agent == one].mean() - hours[agent != one].mean()
        assert found["_log_hours"][one] == pytest.approx(shift, abs=1e-3)
    # A wrap of four times where the logarithm starts is longer by so much.
    times = found["_hour_times"].to_numpy()
    assert np.log1p(4 * times) - np.log1p(4) == pytest.approx(found["_log_hours"].to_numpy())


def test_who_works_when_the_system_is_slow_is_told_so():
    random = np.random.default_rng(3)
    frame = centre(random, 20, 0.6, mixed=True)
    late = pl.col("agent_id") == "a003"
    hour = np.where(frame.select(late).to_series(), 15, 9) + random.integers(0, 8, frame.height)
    frame = frame.with_columns(wrap_start=pl.Series(starts(random.integers(0, 5, frame.height), hour)))
    frame = frame.with_columns(
        pl.when(pl.Series(hour) >= 16).then(pl.col("value_ms") * 3).otherwise("value_ms").alias("value_ms")
    )
    over = [parse_rule("over", "mean")]
    row = (
        flag(frame.lazy(), over, "mean", [], 20, "contacts", True, mix=["queue"]).frame.filter(late).row(0, named=True)
    )
    assert (row["verdict"], row["adjusted"]) == ("watch", True)
    assert "at the hours it works wraps take everybody about" in row["reason"]
    # Slow at every hour is slow.
    slow = frame.with_columns(pl.when(late).then(pl.col("value_ms") * 2).otherwise("value_ms").alias("value_ms"))
    rows = flag(slow.lazy(), over, "mean", [], 20, "contacts", True, mix=["queue"]).frame.filter(late)
    assert rows["verdict"].to_list() == ["over"]
