"""`flag` is fair: the mix of contacts, chance among many, newcomers, and the ones who are quick for good reasons."""

from __future__ import annotations

import json
import random

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from acwcli.analyse.evidence import CAUTION, combined, discovery_rates, p_of_quantile
from acwcli.analyse.flag import flag
from acwcli.analyse.rules import QUICK, parse_rule
from acwcli.errors import ExitCode, InputError, UsageError
from acwcli.formats.hires import read_hires
from acwcli.formats.options import ReadOptions
from bench.false_alarms import BOTH, SHAPES, false_alarms, found
from bench.hard_nulls import CENTRES, rates
from tests.cli import GENERIC, STATES, acw, written
from tests.plain_statistics import observations

CONTACTS = f"{GENERIC}/contacts.csv"
MIX = ["queue", "disposition"]
TEXTS = {"queue": pl.String(), "disposition": pl.String()}
OVER_MEAN = [parse_rule("over", "mean")]


def ask(rows, rules=(), measure="mean", peers=(), min_wraps=20, every_agent=True, mix=("queue",), **more):
    answer = flag(observations(rows, **TEXTS), rules, measure, peers, min_wraps, "wraps", every_agent, mix=mix, **more)
    return {(row["agent_id"], row["rule"]): row for row in answer.frame.iter_rows(named=True)}


def wraps(agent, queue, *seconds, **more):
    return [{"agent_id": agent, "queue": queue, "value_ms": round(1000 * value), **more} for value in seconds]


def around(seconds, count=60, seed=1, spread=0.3):
    draw = random.Random(seed)
    return [seconds * draw.lognormvariate(0, spread) for _ in range(count)]


def test_expected_is_what_the_others_take_for_the_same_contacts():
    rows = [*wraps("a", "easy", 10, 20), *wraps("a", "hard", 200), *wraps("b", "easy", 30), *wraps("b", "hard", 100)]
    rows += wraps("c", "easy", 40, 50)
    told = ask(rows, min_wraps=1)["a", "over mean"]
    # Two easy ones at the mean of 30, 40 and 50, a hard one at 100: not at what `a` takes.
    assert told["expected_s"] == pytest.approx((40 + 40 + 100) / 3)
    assert told["ratio"] == pytest.approx((230 / 3) / 60)
    assert told["ratio_low"] < told["ratio"] < told["ratio_high"]


def test_thin_cells_fall_back_to_the_first_column_and_then_to_all():
    rows = [*wraps("a", "x", 10, disposition="rare"), *wraps("b", "x", 20, 30, disposition="usual")]
    rows += wraps("b", "y", 100, disposition="usual")
    assert ask(rows, min_wraps=2, mix=MIX)["a", "over mean"]["expected_s"] == pytest.approx(25)
    assert ask(rows, min_wraps=3, mix=MIX)["a", "over mean"]["expected_s"] == pytest.approx(50)


def test_nothing_is_expected_without_a_mix_or_without_peers():
    later = ("expected_s", "ratio", "ratio_low", "ratio_high", "adjusted")
    rows = [*wraps("a", "x", *around(10)), *wraps("b", "x", *around(20))]
    assert {ask(rows, mix=())["a", "over mean"][name] for name in later} == {None}
    alone = ask(rows[:60])["a", "over mean"]
    assert {alone[name] for name in later} == {None}


def two_queues():
    rows = []
    for number in range(8):
        hard = 55 if number < 2 else 5
        rows += wraps(f"a{number}", "easy", *around(30, 60 - hard, seed=number))
        rows += wraps(f"a{number}", "hard", *around(120, hard, seed=100 + number))
    return rows


def test_who_takes_the_hard_contacts_is_watched_and_told_why():
    raw, fair = ask(two_queues(), mix=()), ask(two_queues())
    assert {raw[f"a{number}", "over mean"]["verdict"] for number in (0, 1)} == {"over"}
    for number in (0, 1):
        told = fair[f"a{number}", "over mean"]
        assert (told["verdict"], told["adjusted"]) == ("watch", False)
        assert told["reason"].endswith("so its contacts may explain it")
        assert 0.8 < told["ratio"] < 1.2


def test_who_is_slow_at_the_same_contacts_is_over():
    rows = two_queues() + wraps("slow", "hard", *around(200, 60, seed=9))
    told = ask(rows)["slow", "over mean"]
    assert (told["verdict"], told["adjusted"]) == ("over", True)
    assert told["ratio_low"] > 1.2
    assert "at the peers' mix of contacts it would be" in told["reason"]


def test_nobody_to_compare_with_is_no_verdict_but_a_limit_stays_one():
    rows = two_queues() + wraps("only", "complaints", *around(300, 60, seed=9))
    told = ask(rows, [*OVER_MEAN, parse_rule("over", "60s")])
    assert told["only", "over mean"]["verdict"] == "watch"
    assert told["only", "over mean"]["adjusted"] is None
    assert "too few others take such contacts" in told["only", "over mean"]["reason"]
    assert told["only", "over 60s"]["verdict"] == "over"


def test_a_mix_that_is_the_same_for_all_changes_nothing_but_the_words():
    rows = [
        row for number in range(6) for row in wraps(f"a{number}", "x", *around(30 + 20 * (number == 0), seed=number))
    ]
    for rule in ("mean", "p80", "60s"):
        rules = [parse_rule("over", rule)]
        raw, fair = ask(rows, rules, mix=()), ask(rows, rules)
        assert {key: row["verdict"] for key, row in raw.items()} == {key: row["verdict"] for key, row in fair.items()}


@pytest.mark.parametrize("measure", ["median", "p90"])
def test_quantiles_are_held_against_the_mix_too(measure):
    told = ask(two_queues() + wraps("slow", "hard", *around(250, 60, seed=9)), measure=measure)
    assert told["slow", "over mean"]["verdict"] == "over"
    assert told["a0", "over mean"]["verdict"] == "watch"


def test_discovery_rates_are_those_of_benjamini_and_hochberg():
    p = np.random.default_rng(3).random(50) ** 3
    assert discovery_rates(p, np.ones(50, bool)) == pytest.approx(false_discovery_control(p))
    tested = np.arange(50) % 3 > 0
    some = discovery_rates(np.where(np.arange(50) == 4, np.nan, p), tested)
    chosen = tested & (np.arange(50) != 4)
    assert some[chosen] == pytest.approx(false_discovery_control(p[chosen]))
    assert np.isnan(some[~chosen]).all()


def test_chance_of_a_quantile_is_binomial():
    agents = pl.DataFrame({"_n": [10, 10], "_sorted": [[1000] * 5 + [9000] * 5, [9000] * 10]})
    limits = pl.Series([5000.0, 5000.0])
    # Five or more of ten over the true median, and all ten.
    assert p_of_quantile(agents, limits, 500, "over") == pytest.approx([638 / 1024, 1 / 1024])
    assert p_of_quantile(agents, limits, 500, "under") == pytest.approx([638 / 1024, 1])


def test_one_of_many_needs_to_be_surer():
    def centre(agents):
        rows = wraps("slow", "x", *around(39, 40, seed=5))
        return rows + [row for n in range(agents) for row in wraps(f"a{n:03}", "x", *around(33, 40, seed=1000 + n))]

    few, many = (ask(centre(agents), mix=())["slow", "over mean"] for agents in (2, 150))
    assert few["verdict"] == "over"
    assert many["verdict"] == "watch"
    assert "among the agents compared" in many["reason"]
    assert ask(centre(150), mix=(), fdr=1.0)["slow", "over mean"]["verdict"] == "over"


def test_agents_who_are_alike_are_not_called_slow():
    for sigma, mixed in ((0.8, False), (1.0, True)):
        rates = false_alarms(60, 40, sigma, BOTH, mixed=mixed, measure="mean", seed=7)
        assert max(rates.values()) <= 0.05, (sigma, mixed, rates)


def test_agents_who_are_alike_are_not_called_by_other_rules():
    rates = false_alarms(20, 40, 0.8, ["over p80", "under p20"], mixed=True, measure="mean", seed=7)
    assert max(rates.values()) <= 0.05, rates


@pytest.mark.parametrize("shape", list(SHAPES)[1:])
def test_agents_who_are_alike_are_not_called_whatever_the_shape_of_lengths(shape):
    rates = false_alarms(100, 40, 0.6, BOTH, mixed=False, measure="mean", seed=7, shape=shape)
    assert max(rates.values()) <= 0.05, rates


def test_the_giants_of_others_make_nobody_quick():
    # They lift the mean of all: each of the other agents is under it, and one without a giant has a small spread.
    assert max(rates(CENTRES["1 in 1,000 wraps is 100 times as long"], 25, 7).values()) <= 0.05


@pytest.mark.parametrize(
    "name",
    [
        "two humps, other parts in each queue",
        "20 to 25 wraps",
        "specialists",
        "late wraps twice as long, hour not in the mix",
        "days of one agent vary by 20 %",
    ],
)
def test_agents_who_are_alike_are_not_called_in_hard_centres(name):
    assert max(rates(CENTRES[name], 40, 7).values()) <= 0.05


@pytest.mark.parametrize("measure", ["median", "p90"])
def test_agents_who_are_alike_are_not_called_by_their_percentiles(measure):
    beyond = [parse_rule("over", "p20"), parse_rule("over", "p50")]
    assert max(rates(CENTRES["5 agents"], 60, 7, beyond, measure).values()) <= 0.05
    assert max(rates(CENTRES["late wraps twice as long, --mix with hour"], 20, 7, beyond, measure).values()) <= 0.05


def test_a_verdict_rests_on_contacts_that_peers_take():
    rows = [row for n in range(8) for row in wraps(f"a{n}", "x", *around(40, 200, seed=n), disposition="usual")]
    rows += [row for n in range(7) for row in wraps(f"a{n}", "x", *around(400, 2, seed=n), disposition="rare")]
    rows += wraps("a7", "x", *around(400, 30, seed=9), disposition="rare")
    told = ask(rows, [*OVER_MEAN, parse_rule("over", "p80")], mix=MIX)
    for rule in ("over mean", "over p80"):
        assert told["a7", rule]["adjusted"], (
            rule
        )  # the little that others have of the rare kind hardly widens the doubt
        assert told["a7", rule]["verdict"] == "watch", rule
        assert told["a7", rule]["reason"].endswith("rests on 30 contacts of kinds that too few others take")
    slow = ask(rows + wraps("slow", "x", *around(60, 200, seed=70), disposition="usual"), mix=MIX)
    assert slow["slow", "over mean"]["verdict"] == "over"


def test_kinds_that_peers_hardly_have_are_in_doubt_by_as_much_as_kinds_differ():
    rows = [row for n in range(6) for row in wraps(f"a{n}", "x", *around(40, 60, seed=n), disposition="usual")]
    rows += [row for n in range(6) for row in wraps(f"a{n}", "x", *around(80, 60, seed=50 + n), disposition="other")]
    rows += wraps("one", "x", *around(75, 40, seed=90), disposition="only its own")
    rows += wraps("one", "x", *around(60, 40, seed=91), disposition="other")
    told = ask(rows, mix=MIX)["one", "over mean"]
    # 40 of its 80 wraps are of a kind that others never have: they may be as far from the rest as "other" is, 20 s.
    half = [value / 1000 for value in (pl.DataFrame(rows).filter(agent_id="one")["value_ms"])]
    doubt = 1.96 * 20 / 2 / told["expected_s"]
    assert told["ratio_high"] - told["ratio_low"] > 1.8 * doubt  # some 0.2 without it
    assert told["ratio"] == pytest.approx(np.mean(half) / told["expected_s"])
    assert told["verdict"] == "watch"


def test_no_verdict_rests_on_one_wrap():
    draw = random.Random(5)
    sure = 0
    for seed in range(40):
        rows = [row for n in range(5) for row in wraps(f"a{n}", "x", *around(40, 30, seed=100 * seed + n, spread=0.05))]
        own = around(draw.uniform(38, 44), draw.choice([19, 20, 40]), seed=9000 + seed, spread=0.02)
        own += [draw.choice([60, 200, 5000])]
        told = ask(rows + wraps("one", "x", *own), [*OVER_MEAN, parse_rule("over", "40s")], min_wraps=2)
        for rule in ("over mean", "over 40s"):
            row = told["one", rule]
            sure += row["verdict"] == "over"
            without = (sum(own) - max(own)) / (len(own) - 1)
            assert row["verdict"] != "over" or without > row["threshold_s"], (seed, rule)
    assert sure > 5


def test_a_limit_that_peers_do_not_keep_either_is_said():
    rows = [row for n in range(6) for row in wraps(f"a{n}", "x", *around(90, seed=n))]
    rows += wraps("slow", "x", *around(300, seed=70))
    told = ask(rows, [parse_rule("over", "60s")])
    assert "for the same contacts, so ask about the limit and the work first" in told["a0", "over 60s"]["reason"]
    assert told["a0", "over 60s"]["verdict"] == "over"
    assert "ask about" not in told["slow", "over 60s"]["reason"]


def test_a_few_very_long_wraps_do_not_hide_a_steady_difference():
    # 2 % of all wraps are 15 times as long: the mean alone finds one in eight.
    assert found(20, 40, 0.6, mixed=False, seed=7, shape="long tail") >= 0.5


def test_two_tests_make_one():
    p = np.array([1e-4, 0.5, 0.999, 1e-30, 0.0, np.nan, np.nan])
    q = np.array([1e-4, 0.5, 1e-4, 1e-30, 0.4, 0.2, np.nan])
    one = combined(p, q, "over")
    caution = CAUTION["over"]
    assert one[:2] == pytest.approx([caution * 1e-4, caution * 0.5])  # agreeing tests change nothing but the caution
    assert one[2] == pytest.approx(caution * 2e-4, rel=0.02)  # nor can one veto the other: it costs a factor of two
    assert one[3] == pytest.approx(caution * 1e-30)
    assert one[4] == 0
    assert one[5] == 0.2
    assert np.isnan(one[6])
    uniform = np.random.default_rng(1).random((2, 200_000))
    assert np.mean(combined(*uniform, "under") <= 0.05 * CAUTION["under"]) == pytest.approx(0.05, abs=0.004)


def test_one_who_takes_30_percent_longer_is_found():
    # Wraps of one kind of contact vary by 0.6 (of the logarithm), all wraps by 0.8: the mix takes out the rest.
    assert found(60, 40, 0.6, mixed=True, seed=7) >= 0.95
    assert found(60, 40, 0.8, mixed=False, seed=7) >= 0.88
    assert found(20, 40, 0.8, mixed=False, seed=7, wraps=400) >= 0.95


def test_newcomers_are_not_judged():
    rows = two_queues() + wraps("slow", "hard", *around(200, 60, seed=9))
    new = pl.DataFrame({"agent_id": ["slow"], "hired": ["2026-02-20"]}).with_columns(pl.col("hired").str.to_date())
    told = ask(rows, newcomers=new)["slow", "over mean"]
    assert told["verdict"] == "not enough data"
    assert told["reason"] == "newcomer: hired 2026-02-20, too new to be judged"
    assert ("slow", "over mean") not in ask(rows, newcomers=new, every_agent=False)


def test_verdicts_can_be_picked():
    rows = two_queues() + wraps("slow", "hard", *around(200, 60, seed=9))
    assert {row["verdict"] for row in ask(rows, only=["over"], every_agent=False).values()} == {"over"}
    assert {row["verdict"] for row in ask(rows, only=["in line", "watch"]).values()} == {"in line", "watch"}


def quick_and_skipping():
    rows = [row for n in range(9) for row in wraps(f"a{n}", "x", *around(40, seed=n))]
    rows += wraps("deft", "x", *around(25, seed=50))
    return rows + wraps("skips", "x", *around(25, 40, seed=51), *[2] * 20)


def test_the_quick_ones_do_not_skip_notes():
    told = ask(quick_and_skipping(), [QUICK])
    assert told["deft", "quick"]["verdict"] == "under"
    assert told["skips", "quick"]["verdict"] == "watch"
    assert told["skips", "quick"]["reason"].endswith("% of the peers': notes may be skipped")
    assert {told[f"a{n}", "quick"]["verdict"] for n in range(9)} <= {"in line", "watch"}


def test_a_few_slow_agents_make_nobody_quick():
    rows = [row for n in range(12) for row in wraps(f"a{n}", "x", *around(40, seed=n))]
    rows += wraps("slow", "x", *around(900, seed=60))
    assert "under" not in {row["verdict"] for row in ask(rows, [QUICK]).values()}


def test_to_be_quick_is_no_finding():
    ran = acw("flag", CONTACTS, "--quick", "--fail-on-flag", "--only", "under")
    assert ran.code == ExitCode.OK
    assert ",quick," in ran.text


def test_options_of_the_command(tmp_path):
    hires = written(tmp_path, "hired.csv", ["a31,2026-02-20", "a36,2020-01-01", "a07,"], "agent_id,hire_date")
    asked = acw("flag", STATES, "--since-hire", hires, "--only", "over,not enough data", "--format", "json")
    told = {row["agent_id"]: row["verdict"] for row in json.loads(asked.text)}
    assert told["a31"] == "not enough data"
    assert told["a36"] == told["a07"] == "over"
    assert "a31" in acw("flag", STATES, "--since-hire", hires, "--newcomer", "1d").text
    assert acw("flag", STATES, "--mix", "none", "--only", "watch", "--fail-on-flag").code == ExitCode.OK
    assert acw("flag", STATES, "--only", "over", "--fail-on-flag").code == ExitCode.FINDINGS
    by_length = json.loads(acw("flag", STATES, "--mix", "queue,contact_length", "--all", "--format", "json").text)
    by_queue = json.loads(acw("flag", STATES, "--mix", "queue", "--all", "--format", "json").text)
    expected = [{row["agent_id"]: row["expected_s"] for row in rows} for rows in (by_length, by_queue)]
    assert expected[0] != expected[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mix", "quue"], "did you mean 'queue'"),
        (["--mix", "agent_id"], "--mix"),
        (["--only", "ovr"], "did you mean 'over'"),
        (["--fdr", "lots"], "--fdr"),
        (["--newcomer", "soon"], "--newcomer"),
        (["--quick", "--measure", "median"], "--quick"),
        (["--quick", "--of", "talk"], "--quick"),
    ],
)
def test_mistakes_are_told(words, message):
    ran = acw("flag", STATES, *words)
    assert ran.code == ExitCode.USAGE
    assert message in ran.err


def test_a_file_of_hires_has_to_be_one(tmp_path):
    good = written(tmp_path, "good.csv", ["7,3.4.2025,x", "7,5.4.2025,y", "8,,z"], "agent_id,start date,note")
    assert read_hires(str(good), ReadOptions(date_order="dmy")).rows() == [
        ("7", pl.Series(["2025-04-05"]).str.to_date()[0])
    ]
    with pytest.raises(InputError, match="column hired"):
        read_hires(str(written(tmp_path, "two.csv", ["7,1,2"], "agent_id,x,y")), ReadOptions())
    with pytest.raises(InputError, match="agent_id"):
        read_hires(str(written(tmp_path, "who.csv", ["1,2025-01-01"], "x,hired")), ReadOptions())
    with pytest.raises(InputError, match="hired"):
        read_hires(str(written(tmp_path, "bad.csv", ["7,soon"], "agent_id,hired")), ReadOptions())


def test_wraps_without_instants_cannot_tell_who_is_new(tmp_path):
    hires = written(tmp_path, "hired.csv", ["a1,2026-02-20"], "agent_id,hired")
    contacts = written(tmp_path, "contacts.csv", ["c1,a1,60,30", "c2,a1,60,31"], "contact_id,agent_id,talk_s,acw_s")
    ran = acw("flag", contacts, "--since-hire", hires)
    assert ran.code == ExitCode.USAGE
    assert "--since-hire" in ran.err


def test_quick_needs_means():
    with pytest.raises(UsageError, match="--quick"):
        ask(quick_and_skipping(), [QUICK], measure="median")


def test_newcomers_make_nobody_else_slow_or_quick():
    rows = two_queues() + wraps("slow", "hard", *around(200, 60, seed=9))
    learners = [row for n in range(6) for row in wraps(f"new{n}", "hard", *[0.5] * 20, *around(600, 60, seed=200 + n))]
    hired = pl.DataFrame({"agent_id": [f"new{n}" for n in range(6)], "hired": ["2026-02-20"] * 6})
    hired = hired.with_columns(pl.col("hired").str.to_date())
    rules = [parse_rule("over", "mean"), parse_rule("over", "p80"), parse_rule("over", "60s"), QUICK]
    for mix in (["queue"], []):
        without = ask(rows, rules, mix=mix)
        beside = ask(rows + learners, rules, mix=mix, newcomers=hired)
        assert {key: row for key, row in beside.items() if not key[0].startswith("new")} == without
        assert {row["verdict"] for key, row in beside.items() if key[0].startswith("new")} == {"not enough data"}
    # Held against the others, as everybody is; only the verdict is spared them.
    assert beside["new0", "over mean"]["threshold_s"] == without["slow", "over mean"]["threshold_s"]
    assert ask(rows + learners, rules)["slow", "over mean"]["threshold_s"] > without["slow", "over mean"]["threshold_s"]


def test_when_all_are_new_nobody_is_held_against_anything():
    rows = two_queues()
    hired = pl.DataFrame({"agent_id": [f"a{n}" for n in range(8)], "hired": ["2026-02-20"] * 8})
    told = ask(rows, [*OVER_MEAN, QUICK], newcomers=hired.with_columns(pl.col("hired").str.to_date()))
    assert {row["verdict"] for row in told.values()} == {"not enough data"}
    assert {row["threshold_s"] for row in told.values()} == {None}


def test_a_mix_the_data_does_not_have_is_told(tmp_path):
    rows = [f"c{n},a{n % 3},q{n % 2},2026-03-02 08:{n % 60:02}:00,{20 + n}" for n in range(90)]
    path = written(tmp_path, "contacts.csv", rows, "contact_id,agent_id,queue,answered_at,acw_s")
    ran = acw("flag", path, "--mix", "queue,channel,disposition")
    assert "acw: --mix: the data has no channel and no disposition; contacts are told apart by queue" in ran.err
    assert ran.text == acw("flag", path, "--mix", "queue").text
    assert "--mix" not in acw("flag", path).err
    assert "--mix" not in acw("flag", path, "--mix", "queue").err
    assert "nothing tells contacts apart" in acw("flag", path, "--mix", "channel").err
    assert acw("flag", path, "--mix", "channel", "--quiet").err == ""


def test_quick_lists_the_good_ones_only():
    told = ask(quick_and_skipping(), [QUICK], every_agent=False)
    assert list(told) == [("deft", "quick")]
    assert "0.0 % of its wraps are under 5 s, " in told["deft", "quick"]["reason"]
    assert told["deft", "quick"]["reason"].endswith("% of the peers': no mark of skipped notes")
    assert "skips" in {agent for agent, _ in ask(quick_and_skipping(), [QUICK], every_agent=False, only=["watch"])}


def test_the_good_ones_of_the_sample():
    ran = acw("flag", STATES, "--quick", "--format", "table")
    first = " ".join(ran.text.split()[:30])
    assert first.startswith("4 of 40 agents are reliably quicker than the middle one at the same contacts")
    rows = json.loads(acw("flag", STATES, "--quick", "--format", "json").text)
    assert [(row["agent_id"], row["verdict"]) for row in rows] == [(a, "under") for a in ("a09", "a06", "a40", "a03")]
    both = acw("flag", STATES, "--quick", "--over", "60s", "--format", "table").text
    assert both.startswith("6 of 40 agents are beyond the threshold, 6 of them surely. 4 of 40 agents are")
