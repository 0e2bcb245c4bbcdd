"""`diagnose`: the contract's keys, contributors that add up, and the right story for each planted one."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.analyse.diagnose import diagnose, examine
from acwcli.analyse.verdict import VERDICTS
from acwcli.errors import NoWrapsError
from tests.plain_statistics import mean, observations, of_values, quantile, seconds

KEYS = [
    *("wraps", "agents", "mean_s", "median_s", "p80_s", "p90_s", "p95_s", "within_s"),
    *("share_wraps_within", "share_agents_within", "share_wraps_at_or_under_mean", "share_agents_at_or_under_mean"),
    *("verdict", "advice", "contributors"),
]
LATER = [
    *("limit_s", "limit_rule", "method", "schema_version", "between_agents_share", "mean_without_stuck_s"),
    *("mean_with_stuck_s", "mean_without_timed_out_s", "mean_top_at_median_s", "top_agents", "timer_s", "timer_share"),
    *("between_agents_sd_s", "within_agents_sd_s", "limit_verdict", "limit_advice", "fixed_limit_s"),
    *("fixed_limit_low_s", "fixed_limit_high_s", "fixed_limits", "breach_share", "breach_s", "queues", "warning"),
]


def answer(obs, within_ms=60_000, excluded=None, excluded_ms=None):
    return diagnose(examine(obs, within_ms, 20, "wraps", excluded or {}, excluded_ms or {}), 20, "wraps")


def told(table):
    return table.frame.row(0, named=True)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["q", None]), st.integers(0, 200)), min_size=1),
    st.none() | st.integers(0, 150),
)
def test_figures_equal_plain_python(rows, within_ms):
    obs = observations([{"agent_id": a, "queue": q, "value_ms": v} for a, q, v in rows], queue=pl.String())
    row = told(answer(obs, within_ms))
    values = [value for _, _, value in rows]
    limit = quantile(values, 800) if within_ms is None else Fraction(within_ms)
    own = [mean([v for a, _, v in rows if a == agent]) for agent in {a for a, _, _ in rows}]
    centre = mean(values)
    excess = sum(max(value - limit, Fraction(0)) for value in values)
    assert (row["wraps"], row["agents"]) == (len(values), len(own))
    assert row["mean_s"] == seconds(centre)
    for name, permille in {"median_s": 500, "p80_s": 800, "p90_s": 900, "p95_s": 950}.items():
        assert row[name] == seconds(quantile(values, permille))
    assert row["within_s"] == row["limit_s"] == seconds(limit)
    assert row["limit_rule"] == ("p80" if within_ms is None else "within")
    assert row["share_wraps_within"] == sum(value <= limit for value in values) / len(values)
    assert row["share_agents_within"] == sum(value <= limit for value in own) / len(own)
    assert row["share_wraps_at_or_under_mean"] == sum(value <= centre for value in values) / len(values)
    assert row["share_agents_at_or_under_mean"] == sum(value <= centre for value in own) / len(own)
    agents = [item for item in row["contributors"] if item["dimension"] == "agent_id"]
    assert bool(agents) == (excess > 0)
    if excess:
        assert sum(item["excess_s"] for item in agents) == pytest.approx(seconds(excess), rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["q", "r", None]), st.integers(0, 23), st.integers(0, 9_999)),
        min_size=1,
    )
)
def test_contributors_add_up_per_dimension(rows):
    fields = ("agent_id", "queue", "hour", "value_ms")
    obs = observations([dict(zip(fields, row, strict=True)) for row in rows], queue=pl.String())
    contributors = told(answer(obs, 3_000))["contributors"]
    for dimension in {item["dimension"] for item in contributors}:
        part = [item for item in contributors if item["dimension"] == dimension]
        assert math.fsum(item["share"] for item in part) == pytest.approx(1, abs=1e-12)
        assert sum(item["wraps"] for item in part) == len(rows)
        assert len({item["value"] for item in part}) == len(part)
        sizes = [item["excess_s"] for item in part]
        assert sizes == sorted(sizes, reverse=True)


def centre(wraps=3_000, agents=40, seed=7):
    """An ordinary centre: log-normal wraps of a median of 30 s, the same for every agent, queue and hour."""
    chance = random.Random(seed)
    for number in range(wraps):
        yield {
            "agent_id": f"a{chance.randrange(agents):02}",
            "queue": f"q{chance.randrange(4)}",
            "disposition": f"d{chance.randrange(6)}",
            "hour": chance.randrange(8, 20),
            "channel": "voice",
            "ended_by": "ready",
            "value_ms": round(30_000 * chance.lognormvariate(0, 0.6)),
            "number": number,
        }


def planted(change):
    rows = list(centre())
    for row in rows:
        row |= change(row) or {}
    return observations(rows)


def slower(row, when, factor=8):
    return {"value_ms": row["value_ms"] * factor} if when else {}


SLOW = {"a03", "a07", "a12", "a21", "a30", "a39"}


def specialists(row):
    """Six agents serve mostly the slow queue, and are quick elsewhere."""
    home = row["agent_id"] in SLOW
    queue = "claims" if row["number"] % 20 < (16 if home else 1) else row["queue"]
    return {"queue": queue, **slower(row, queue == "claims")}


def habits(row):
    """Six agents are slow everywhere, and serve one queue more than others do."""
    home = row["agent_id"] in SLOW
    return {"queue": "q0" if home and row["number"] % 10 < 7 else row["queue"], **slower(row, home)}


def timed(row, ended_by):
    if row["number"] % 8:
        return {"value_ms": min(row["value_ms"], 299_000)}
    return {"value_ms": 300_000 + row["number"] % 400, "ended_by": ended_by}


STORIES = {
    "few-agents": lambda row: slower(row, row["agent_id"] in SLOW),
    "few-agents although they favour a queue": habits,
    "few-queues": lambda row: slower(row, row["queue"] == "q2"),
    "few-queues although few agents serve it": specialists,
    "few-dispositions": lambda row: slower(row, row["disposition"] == "d5"),
    "time-of-day": lambda row: slower(row, row["hour"] >= 18),
    "timer": lambda row: timed(row, "timeout"),
    "timer that the data does not name": lambda row: timed(row, "ready"),
    "timer although the mean is honest": lambda row: {
        "value_ms": min(row["value_ms"] * 2, 90_000 + row["number"] % 400)
    },
    "stuck-wraps": lambda row: {"value_ms": 9_000_000} if row["number"] % 300 == 0 else {},
    "stuck-wraps that make less than half": lambda row: {"value_ms": 12_000_000} if row["number"] == 7 else {},
    "everyone": lambda row: slower(row, row["number"] % 8 == 0, 12),
    "not-skewed": lambda row: {"value_ms": 40_000 + row["number"] % 100 * 200},
}


@pytest.mark.parametrize("within_ms", [60_000, None])
@pytest.mark.parametrize("story", STORIES)
def test_each_story_is_told(story, within_ms):
    table = answer(planted(STORIES[story]), within_ms)
    assert told(table)["verdict"] == story.split()[0]
    assert told(table)["verdict"] in VERDICTS
    assert table.sentence.count(".") >= 1
    assert table.sentence.endswith(".")


def test_the_named_ones_are_the_planted_ones():
    table = answer(planted(STORIES["few-agents"]))
    row = told(table)
    assert all(agent in row["advice"] for agent in SLOW)
    assert {item["value"] for item in row["contributors"][:6]} == SLOW
    assert "6 of 40 agents make" in table.sentence
    assert [part.name for part in table.parts] == ["contributors by agent_id"]
    assert table.parts[0].frame.height == 8
    assert "the first 8 of 40" in table.parts[0].sentence


def test_every_wrap_has_one_cause_in_the_data():
    def cause(row):
        kinds = {
            1: {"value_ms": 7_200_000, "status": "orphan"},
            2: {"ended_by": "timeout", "value_ms": 90_000, "method": "gap"},
            3: {"method": "gap", "status": "orphan"},
            4: {"status": "orphan"},
        }
        return {"status": "ok", "method": "state", **kinds.get(row["number"] % 40, {})}

    rows = [row | cause(row) for row in centre()]
    part = [item for item in told(answer(observations(rows)))["contributors"] if item["dimension"] == "cause"]
    assert {item["value"]: item["wraps"] for item in part} == {
        "stuck": 75, "timer": 75, "gap-inferred": 75, "orphan": 75, "plain": 2700,
    }  # fmt: skip
    assert math.fsum(item["share"] for item in part) == pytest.approx(1, abs=1e-12)
    over = sum(max(row["value_ms"] - 60_000, 0) for row in rows if row["number"] % 40 > 4 or row["number"] % 40 == 0)
    assert next(item["excess_s"] for item in part if item["value"] == "plain") == over / 1000


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ("few-agents", "Coach these six"),
        ("few-queues", "Fix the form of queue q2"),
        ("few-dispositions", "Simplify what has to be written up for disposition d5"),
        ("timer", "Shorten the timer"),
        ("stuck-wraps", "Repair log-off"),
    ],
)
def test_advice_is_one_sentence_in_the_words_of_the_trade(story, words):
    advice = told(answer(planted(STORIES[story])))["advice"]
    assert advice.startswith(words.split()[0])
    assert words in advice
    assert advice.rstrip(".").count(". ") == 0


def test_one_long_wrap_does_not_turn_an_honest_mean_into_a_story():
    plain = told(answer(planted(lambda row: None), None))
    one = told(answer(planted(lambda row: {"value_ms": 7_000_000} if row["number"] == 7 else {}), None))
    assert plain["verdict"] == one["verdict"] == "not-skewed"
    assert one["advice"].startswith("Nothing to repair but log-off: 1 of 3,000 wraps takes half an hour or more")
    assert f"without it the mean is {one['mean_without_stuck_s']:.1f} s" in one["advice"]


def test_what_the_first_cause_hides_is_told_besides():
    def both(row):
        return {
            "value_ms": row["value_ms"] * (5 if row["agent_id"] in SLOW else 1) * (4 if row["queue"] == "q2" else 1)
        }

    rows = [row | both(row) for row in centre()]
    row = told(answer(observations(rows)))
    assert row["verdict"] == "few-queues"
    left = [one for one in rows if one["queue"] != "q2"]
    slow = [one for one in left if one["agent_id"] in SLOW]
    over = [sum(max(one["value_ms"] - 60_000, 0) for one in part) for part in (slow, left)]
    told_of = f"6 of 40 agents ({', '.join(named_by_time_over(slow))}) make {over[0] / over[1]:.0%}".replace("%", " %")
    assert f"of the time over 60 s that is left, {told_of} with {len(slow) / len(left):.0%}"[:-1] in row["advice"]
    stuck = [one | ({"value_ms": 9_000_000} if one["number"] % 100 == 0 else {}) for one in slow_agents_only()]
    told_too = told(answer(observations(stuck)))
    assert told_too["verdict"] == "stuck-wraps"
    assert "that is left, 6 of 40 agents (" in told_too["advice"]


def named_by_time_over(rows):
    over = {agent: sum(max(one["value_ms"] - 60_000, 0) for one in rows if one["agent_id"] == agent) for agent in SLOW}
    *first, last = sorted(SLOW, key=lambda agent: (-over[agent], agent))
    return [*first[:-1], f"{first[-1]} and {last}"]


def slow_agents_only():
    return [row | slower(row, row["agent_id"] in SLOW) for row in centre()]


def test_nothing_is_told_besides_where_nothing_stands_out():
    for story in ("few-queues", "few-agents", "few-dispositions", "time-of-day", "stuck-wraps", "not-skewed"):
        advice = told(answer(planted(STORIES[story])))["advice"]
        assert "that is left" not in advice
        assert "still" not in advice


def test_a_rounded_log_shows_no_timer():
    rows = [{**row, "value_ms": math.ceil(row["value_ms"] * 2 / 60_000) * 60_000} for row in centre()]
    assert told(answer(observations(rows)))["verdict"] == "everyone"


def test_many_tiny_agents_accuse_nobody():
    rows = [{**row, **slower(row, row["number"] % 8 == 0, 12)} for row in centre(agents=900)]
    row = told(answer(observations(rows)))
    assert row["verdict"] == "everyone"
    assert "too little data" in row["advice"]


def test_stuck_wraps_left_out_are_named_when_they_would_move_the_mean():
    plain = planted(lambda row: None)
    row = told(answer(plain, None, {"stuck": 12, "open": 3}, {"stuck": 12 * 28_800_000}))
    assert row["verdict"] == "stuck-wraps"
    assert "12 stuck wraps" in row["advice"]
    assert told(answer(plain, None, {"stuck": 1}, {"stuck": 1_000}))["verdict"] != "stuck-wraps"


def test_few_agents_outweigh_one_stuck_wrap():
    row = told(answer(planted(STORIES["few-agents"]), 60_000, {"stuck": 1}, {"stuck": 28_800_000}))
    assert row["verdict"] == "few-agents"


def test_too_little_is_said():
    row = told(answer(of_values([1_000] * 19)))
    assert row["verdict"] == "not-enough-data"
    assert "19 wraps are fewer than the 20" in row["advice"]


def test_nothing_over_the_limit():
    row = told(answer(of_values([30_000] * 50)))
    assert (row["verdict"], row["contributors"]) == ("not-skewed", [])
    assert "nothing is over 60 s" in row["advice"]
    assert told(answer(of_values([0] * 50), None))["verdict"] == "not-skewed"


def test_keys_are_the_contract():
    table = answer(planted(lambda row: None))
    assert table.is_object
    assert table.frame.columns == KEYS + LATER
    assert [column.name for column in table.columns] == table.frame.columns
    contributors = told(table)["contributors"]
    assert list(contributors[0]) == ["dimension", "value", "wraps", "excess_s", "share"]
    assert "channel" not in {item["dimension"] for item in contributors}
    spoken = told(diagnose(examine(of_values([1, 70_000]), 60_000, 1, "contacts", {}, {}), 1, "contacts"))
    assert "contacts" in spoken
    assert "contacts" in spoken["contributors"][0]


def test_the_drawing_counts_every_wrap():
    table = answer(planted(STORIES["few-agents"]))
    drawn = table.distribution
    assert sum(drawn.counts) == 3_000
    assert len(drawn.edges_s) == len(drawn.counts) + 1
    assert 10 <= len(drawn.counts) <= 24
    assert drawn.open_ended
    assert [mark.label for mark in drawn.marks] == ["mean", "median", "p80", "limit"]
    flat = answer(of_values([0] * 30), None).distribution
    assert (sum(flat.counts), flat.open_ended) == (30, False)
    assert [mark.label for mark in flat.marks] == ["mean", "median", "p80"]


def test_names_of_the_roster_stand_beside_ids():
    rows = [{**row, **STORIES["few-agents"](row), "name": f"N{row['agent_id']}"} for row in centre()]
    table = answer(observations(rows))
    assert "a03 Na03" in told(table)["advice"]
    assert table.parts[0].frame.columns[:2] == ["agent_id", "name"]


def test_nothing_to_diagnose():
    with pytest.raises(NoWrapsError):
        answer(of_values([1]).filter(pl.col("value_ms") > 1))
