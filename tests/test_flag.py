"""`flag`: who is listed, exactly; how sure, by the book; what it costs."""

from __future__ import annotations

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.analyse.flag import flag
from acwcli.analyse.intervals import mean_interval, quantile_interval
from acwcli.analyse.rules import parse_measure, parse_rule
from acwcli.errors import NoWrapsError, UsageError
from tests.plain_statistics import mean, observations, of_values, quantile, seconds

COLUMNS = ["agent_id", "wraps", "measure", "value_s", "rule", "threshold_s", "over_s", "lost_s", "verdict", "reason"]
LATER = ["expected_s", "ratio", "ratio_low", "ratio_high", "adjusted", "shapes"]
ROWS = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["north", None]), st.integers(0, 30) | st.integers(0, 9_999)),
    min_size=1,
    max_size=120,
)
RULES = [("over", "mean"), ("over", "p80"), ("over", "p33.3"), ("over", "5s"), ("under", "mean"), ("under", "p20")]


def measured(values, measure):
    if measure == "mean":
        return mean(values)
    return quantile(values, 500 if measure == "median" else int(float(measure[1:]) * 10))


def threshold(groups, team, text, measure, min_wraps):
    peers = {key: values for key, values in groups.items() if key[1] == team}
    if text == "mean":
        return mean([value for values in peers.values() for value in values])
    if text.startswith("p"):
        fair = [measured(values, measure) for values in peers.values() if len(values) >= min_wraps]
        return quantile(fair, round(float(text[1:]) * 10)) if fair else None
    return Fraction(int(text[:-1]) * 1000)


def expected(groups, measure, min_wraps):
    rows = {}
    for (agent, team), values in groups.items():
        for side, text in RULES:
            limit = threshold(groups, team, text, measure, min_wraps)
            if limit is None or len(values) < min_wraps:
                continue
            over = measured(values, measure) - limit
            if (over > 0) if side == "over" else (over < 0):
                rows[agent, team, f"{side} {text}"] = (limit, over, over * len(values))
    return rows


@settings(deadline=None, max_examples=60)
@given(ROWS, st.sampled_from(["mean", "median", "p90"]), st.integers(1, 8), st.booleans())
def test_listed_exactly_when_beyond(rows, measure, min_wraps, by_team):
    groups = {}
    for agent, team, value in rows:
        groups.setdefault((agent, team if by_team else None), []).append(value)
    obs = observations([{"agent_id": a, "team": t, "value_ms": v} for a, t, v in rows], team=pl.String())
    rules = [parse_rule(side, text) for side, text in RULES]
    table = flag(obs, rules, measure, ["team"] if by_team else [], min_wraps, "wraps", False)
    wanted = expected(groups, measure, min_wraps)
    found = {(r["agent_id"], r.get("team"), r["rule"]): r for r in table.frame.iter_rows(named=True)}
    assert found.keys() == wanted.keys()
    for key, (limit, over, lost) in wanted.items():
        row = found[key]
        assert row["value_s"] == seconds(measured(groups[key[:2]], measure))
        assert row["threshold_s"] == pytest.approx(seconds(limit), rel=1e-15)
        assert row["over_s"] == pytest.approx(seconds(over), rel=1e-15)
        assert row["lost_s"] == pytest.approx(seconds(lost), rel=1e-15)
    lost_first = [(-row["lost_s"], row["agent_id"], row["rule"]) for row in table.frame.iter_rows(named=True)]
    assert lost_first == sorted(lost_first)


def slow_and_fast(slow=200_000, wraps=40):
    rows = []
    for number in range(10):
        centre = slow if number == 0 else 30_000
        rows += [{"agent_id": f"a{number}", "value_ms": centre + 500 * (i % 7)} for i in range(wraps)]
    return observations(rows)


def test_columns_are_the_contract():
    table = flag(slow_and_fast(), [], "mean", [], 20, "wraps", False)
    assert table.frame.columns == [*COLUMNS, *LATER, "method"]
    assert [column.name for column in table.columns] == table.frame.columns
    assert table.frame["rule"].to_list() == ["over mean"]
    assert flag(slow_and_fast(), [], "mean", [], 20, "contacts", False).frame.columns[1] == "contacts"


def test_a_sure_case_says_so_in_words():
    row = flag(slow_and_fast(), [parse_rule("over", "60s")], "mean", [], 20, "wraps", False).frame.row(0, named=True)
    assert row["verdict"] == "over"
    assert row["reason"] == (
        "mean 201.4 s of 40 wraps is 141.4 s over the limit (60.0 s); "
        "the 95 % interval (201.1 to 201.8 s) is clear of it"
    )


def test_a_doubtful_case_is_a_watch():
    values = [10_000] * 39 + [2_500_000]
    row = flag(of_values(values), [parse_rule("over", "60s")], "mean", [], 20, "wraps", False).frame.row(0, named=True)
    assert row["verdict"] == "watch"
    assert "may be chance" in row["reason"]


def test_every_agent_is_listed_on_request():
    table = flag(slow_and_fast(), [parse_rule("over", "60s")], "mean", [], 20, "wraps", True)
    assert table.frame["verdict"].to_list() == ["over"] + ["in line"] * 9
    assert table.frame["over_s"][1] < 0
    assert table.sentence == "1 of 10 agents is beyond the threshold, 1 of them surely."


def test_too_few_wraps_are_never_flagged():
    few = slow_and_fast(wraps=19)
    rules = [parse_rule("over", "60s"), parse_rule("over", "p80")]
    assert flag(few, rules, "mean", [], 20, "wraps", False).frame.is_empty()
    listed = flag(few, rules, "mean", [], 20, "wraps", True).frame
    assert set(listed["verdict"]) == {"not enough data"}
    assert listed.filter(pl.col("rule") == "over p80")["threshold_s"].null_count() == 10
    assert listed["reason"][0] == "19 of the 20 wraps a verdict needs"


def test_under_mirrors_over():
    table = flag(slow_and_fast(), [parse_rule("under", "31.5s")], "median", [], 20, "wraps", True)
    assert set(table.frame["verdict"]) == {"in line"}
    low = flag(slow_and_fast(), [parse_rule("under", "40s")], "median", [], 20, "wraps", False).frame
    assert low.height == 9
    assert set(low["verdict"]) == {"under"}
    assert low["over_s"].to_list() == [-8.5] * 9
    assert low["lost_s"].to_list() == [-340.0] * 9


def test_equal_to_the_threshold_is_not_beyond():
    same = observations([{"agent_id": a, "value_ms": v} for a in "abc" for v in (1, 1, 2)])
    rules = [parse_rule(side, text) for side in ("over", "under") for text in ("mean", "p80", "p33.3")]
    assert flag(same, rules, "mean", [], 1, "wraps", False).frame.is_empty()


def test_names_and_peers_have_their_places():
    rows = [{"agent_id": a, "name": a.upper(), "team": t, "value_ms": v} for a, t, v in [("a", "x", 9), ("b", "y", 5)]]
    table = flag(observations(rows), [parse_rule("over", "1ms")], "mean", ["team"], 1, "wraps", False)
    assert table.frame.columns == ["agent_id", "name", *COLUMNS[1:], *LATER, "team", "method"]
    assert table.frame.select("agent_id", "name", "team").rows() == [("a", "A", "x"), ("b", "B", "y")]
    alone = flag(observations(rows), [parse_rule("over", "mean")], "mean", ["team"], 1, "wraps", False)
    assert alone.frame.is_empty()


@pytest.mark.parametrize("permille", [500, 800, 950, 20])
def test_order_statistics_are_the_binomial_ones(permille):
    for n in (1, 2, 5, 20, 21, 60, 133):
        values = list(range(1, n + 1))
        groups = pl.DataFrame({"_n": [n], "_sorted": [[value * 1000 for value in values]]})
        row = quantile_interval(groups, permille).row(0, named=True)
        share = Fraction(permille, 1000)
        at_most = [sum(math.comb(n, j) * share**j * (1 - share) ** (n - j) for j in range(k + 1)) for k in range(n + 1)]
        low = [rank for rank in values if at_most[rank - 1] <= Fraction(1, 40)]
        high = [rank for rank in values if 1 - at_most[rank - 1] <= Fraction(1, 40)]
        assert (row["low_s"], row["high_s"]) == (max(low, default=None), min(high, default=None))


def interval(values):
    sums = [sum(value**power for value in values) for power in (1, 2, 3)]
    groups = pl.DataFrame(
        [[len(values)], *([total] for total in sums)],
        schema={"_n": pl.Int64, "_sum_ms": pl.Int64, "_sum_sq": pl.Int128, "_sum_cube": pl.Int128},
    )
    return mean_interval(groups).select("low_s", "high_s").row(0)


def hall(values, t):
    n, centre = len(values), float(mean(values)) / 1000
    deviations = [value / 1000 - centre for value in values]
    second = sum(d**2 for d in deviations) / n
    skew = sum(d**3 for d in deviations) / n / second**1.5
    inner = 1 + skew * (t / math.sqrt(n) - skew / (6 * n))
    bent = 3 * math.sqrt(n) / skew * (math.copysign(abs(inner) ** (1 / 3), inner) - 1)
    return centre - math.sqrt(second * n / (n - 1) / n) * bent


@settings(deadline=None)
@given(st.lists(st.integers(0, 300_000), min_size=20, max_size=20, unique=True))
def test_interval_of_the_mean_is_halls(values):
    low, high = interval(values)
    t = 2.093024054408263  # 97.5 % of Student's t with 19 degrees of freedom
    deviations = [value - float(mean(values)) for value in values]
    if abs(sum(d**3 for d in deviations)) < 1e-4 * sum(d * d for d in deviations) ** 1.5:
        return
    assert low == pytest.approx(max(hall(values, t), 0.0), rel=1e-6, abs=1e-6)
    assert high == pytest.approx(hall(values, -t), rel=1e-6)


def test_interval_of_symmetric_values_is_students():
    low, high = interval([10_000, 20_000, 30_000])
    half = 4.302652729749464 * 10 / math.sqrt(3)  # 2 degrees of freedom
    assert (low, high) == (max(20 - half, 0), pytest.approx(20 + half))
    assert interval([5_000] * 30) == (5.0, 5.0)
    assert interval([5_000]) == (None, None)


@pytest.mark.parametrize(
    ("text", "name", "permille"),
    [("mean", "mean", None), ("Median", "median", 500), ("p80", "p80", 800), ("P99.9", "p99.9", 999)],
)
def test_measures(text, name, permille):
    assert (parse_measure(text).name, parse_measure(text).permille) == (name, permille)


@pytest.mark.parametrize(
    ("side", "text", "told"),
    [
        ("over", "mean", "over mean"),
        ("over", "p80", "over p80"),
        ("over", "60s", "over 60s"),
        ("over", "1m30s", "over 90s"),
        ("under", "5", "under 5s"),
    ],
)
def test_rules(side, text, told):
    assert parse_rule(side, text).text == told


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parse_measure("medain"), "did you mean 'median'"),
        (lambda: parse_measure("p0"), "p1 to p99.9"),
        (lambda: parse_measure("p100"), "p1 to p99.9"),
        (lambda: parse_rule("over", "maen"), "did you mean 'mean'"),
        (lambda: parse_rule("under", "p80.55"), "p1 to p99.9"),
        (lambda: parse_rule("under", "-5s"), "--under"),
        (lambda: flag(slow_and_fast(), [], "mean", ["agent_id"], 20, "wraps", False), "without peers"),
        (lambda: flag(slow_and_fast(), [], "mean", ["agent"], 20, "wraps", False), "did you mean 'agent_id'"),
    ],
)
def test_mistakes_are_told(call, message):
    with pytest.raises(UsageError, match=message):
        call()


def test_nothing_to_compare():
    with pytest.raises(NoWrapsError):
        flag(of_values([1]).filter(pl.col("value_ms") > 1), [], "mean", [], 20, "wraps", False)
