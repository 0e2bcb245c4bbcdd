"""Shapes of behaviour: planted ones are found with their rows, clean agents show none, and nothing rests on little."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from acwcli.analyse import shapes
from acwcli.analyse.shapes import DETECTORS, EVIDENCE, evidence_of, found_in, prepare, shapes_of
from acwcli.analyse.shapes.lunch_inside import LEAST_SHIFTS
from tests.synthetic import PLANTED, VALUE, centre, changed

ROOT = Path(__file__).parent.parent
SEEDS = range(1000, 1005)
CLEAN = range(5)


def found(frame, agent="a00", min_wraps=20):
    return found_in(prepare(frame.lazy()), agent, min_wraps)


@pytest.mark.parametrize("shape", PLANTED)
def test_a_planted_shape_is_found(shape):
    hits = [shape in {one.shape for one in found(PLANTED[shape](centre(seed)))} for seed in SEEDS]
    assert sum(hits) >= 4


def test_clean_agents_show_no_shape():
    showing = sum(shapes_of(centre(seed).lazy()).height for seed in CLEAN)
    assert showing <= 0.02 * 40 * len(CLEAN)


def test_some_agents_at_a_time_show_the_same_shapes(monkeypatch):
    frame = PLANTED["uniformly-slow"](centre(1000)).lazy()
    at_once = shapes_of(frame)
    monkeypatch.setattr("acwcli.analyse.shapes.detect._AT_A_TIME", 500)
    assert shapes_of(frame).equals(at_once)
    assert at_once.height


@pytest.mark.parametrize("round_to_s", [1, 5, 15, 60])
def test_rounded_lengths_make_no_shape(round_to_s):
    step = round_to_s * 1000
    frame = centre(3).with_columns(value_ms=(VALUE + step // 2) // step * step)
    assert shapes_of(frame.lazy()).height <= 2


def test_a_slow_queue_makes_nobody_slow():
    frame = centre(4).with_columns(queue=pl.when(pl.col("agent_id") < "a10").then(pl.lit("claims")).otherwise("queue"))
    slow = frame.with_columns(value_ms=pl.when(pl.col("queue") == "claims").then(VALUE * 3).otherwise(VALUE))
    assert shapes_of(slow.lazy()).filter(pl.col("shapes").str.contains("slow|tail")).is_empty()


@pytest.mark.parametrize("shape", PLANTED)
def test_a_planted_shape_in_everybody_is_in_nobody(shape):
    frame = centre(1000)
    everybody = frame.with_columns(agent_id=pl.lit("a00"))
    planted = PLANTED[shape](everybody).with_columns(frame["agent_id"])
    showing = shapes_of(planted.lazy()).filter(pl.col("shapes").str.contains(shape))
    assert showing.height <= 1


@pytest.mark.parametrize("shape", PLANTED)
def test_nobody_else_and_too_few_wraps_show_nothing(shape):
    planted = PLANTED[shape](centre(1000))
    assert found(planted, min_wraps=201) == []
    if shape in (
        "uniformly-slow",
        "pegged-at-timer",
        "hops-out-and-back",
        "many-orphans",
        "too-short",
        "calls-inside",
        "lunch-inside",
    ):
        alone = planted.filter(pl.col("agent_id") == "a00")
        assert shape not in {one.shape for one in found(alone)}


@pytest.mark.parametrize("shape", PLANTED)
def test_evidence_is_the_agents_own_and_shows_the_shape(shape):
    frame = prepare(PLANTED[shape](centre(1001)).lazy(), EVIDENCE)
    (one,) = (one for one in found_in(frame, "a00", 20) if one.shape == shape)
    rows = evidence_of(frame, "a00", one)
    assert rows.height >= 3
    assert set(rows["agent_id"]) == {"a00"}
    assert rows["row"].null_count() == 0
    assert 0 <= one.strength < 1
    telling = {
        "pegged-at-timer": (rows["value_ms"] - 120_450).abs() <= 2_500,
        "break-inside": rows["ended_by"].is_in(["not_ready", "logout"]),
        "hops-out-and-back": rows["pieces"] > 1,
        "many-orphans": rows["status"] == "orphan",
        "lunch-inside": rows["value_ms"] >= 1_500_000,
        "shift-end-inside": rows["value_ms"] >= 600_000,
        "longer-when-waiting": rows["waiting"] > 0,
        "calls-inside": rows["calls"] > 0,
        "too-short": rows["value_ms"] < 10_000,
        "long-tail": rows["ratio"] > 5,
    }
    assert telling.get(shape, rows["value_ms"] > 0).all()


def test_a_timer_the_data_knows_of():
    frame = changed(centre(5), pl.col("luck") < 0.5, ended_by=pl.lit("timeout"))
    (one,) = found(frame)
    assert one.shape == "pegged-at-timer"
    assert "end at the timer" in one.sentence
    everyone = centre(5).with_columns(
        ended_by=pl.when(pl.col("luck") < 0.5).then(pl.lit("timeout")).otherwise("ended_by")
    )
    assert shapes_of(everyone.lazy()).is_empty()


def test_only_lengths_known():
    frame = PLANTED["uniformly-slow"](centre(6)).select("agent_id", "value_ms", "method")
    assert shapes_of(frame.lazy()).rows() == [("a00", "uniformly-slow")]
    assert shapes_of(frame.head(0).lazy()).is_empty()
    zeros = frame.with_columns(value_ms=pl.lit(0, pl.Int64))
    assert shapes_of(zeros.lazy()).is_empty()


def test_several_shapes_the_strongest_first():
    frame = changed(PLANTED["uniformly-slow"](centre(7)), pl.col("luck") < 0.3, pieces=pl.lit(3))
    (named,) = shapes_of(frame.lazy()).filter(pl.col("agent_id") == "a00")["shapes"]
    assert named.split("; ") == [one.shape for one in found(frame)]
    assert set(named.split("; ")) == {"uniformly-slow", "hops-out-and-back"}


def test_the_order_of_rows_changes_nothing():
    frame = PLANTED["learning-curve"](centre(8))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    assert [vars(one) | {"numbers": None} for one in found(shuffled)] == [
        vars(one) | {"numbers": None} for one in found(frame)
    ]


def test_a_night_shift_is_one_shift():
    frame = centre(9).with_columns(pl.col("wrap_start") + pl.duration(hours=14))
    assert prepare(frame.lazy()).select("agent_id", "shift").n_unique() == 40 * 5
    planted = PLANTED["grows-over-shift"](frame)
    assert "grows-over-shift" in {one.shape for one in found(planted)}


def test_every_detector_is_a_file_and_documented():
    names = [detector.NAME for detector in DETECTORS]
    helpers = {"__init__", "around", "detect", "long_wraps", "others", "prepared", "trend"}
    files = {path.stem for path in Path(shapes.__file__).parent.glob("*.py")} - helpers
    assert {name.replace("-", "_") for name in names} == files == {name.replace("-", "_") for name in PLANTED}
    page = (ROOT / "docs/shapes.md").read_text(encoding="utf-8")
    for heading in ("looks for", "it may really be", "clean"):
        (table,) = re.findall(rf"^\| shape \| {heading}.*?\n\n", page + "\n\n", re.M | re.S)
        assert re.findall(r"^\| `([a-z-]+)`", table, re.M) == names


def as_contract(frame):
    """The same wraps as a wraps file has them."""
    return frame.with_columns(acw_s=VALUE / 1000, wrap_end="wrap_start").rename({"value_ms": "acw_ms"})


def test_flag_names_the_shapes_of_those_it_lists(tmp_path):
    from tests.cli import acw

    frame = changed(PLANTED["uniformly-slow"](centre(7)), pl.col("luck") < 0.3, pieces=pl.lit(3))
    path = tmp_path / "wraps.parquet"
    as_contract(frame).write_parquet(path)
    expected = dict(shapes_of(frame.lazy()).rows())
    for more in ([], ["--all"], ["--peers", "queue"], ["--measure", "p80", "--mix", "none"]):
        ran = acw("flag", path, "-f", "json", *more)
        rows = json.loads(ran.text)
        assert {row["agent_id"]: row["shapes"] for row in rows} == {
            row["agent_id"]: expected.get(row["agent_id"]) for row in rows
        }
    assert set(expected["a00"].split("; ")) == {"uniformly-slow", "hops-out-and-back"}
    for form in ("csv", "tsv", "markdown", "ndjson"):
        assert expected["a00"] in acw("flag", path, "-f", form).text
    assert "uniformly-slow" in acw("flag", path, "-f", "table").text
    few = json.loads(acw("flag", path, "-f", "json", "--all", "--min-wraps", "5000").text)
    assert {row["shapes"] for row in few} == {None}


@pytest.mark.parametrize(
    "source", ["generic/states.csv", "generic/contacts.csv", "vicidial_agent_log/vicidial_agent_log.csv"]
)
def test_a_wraps_file_shows_the_shapes_of_its_source(source, tmp_path):
    from tests.cli import acw

    raw, wraps = ROOT / "sample_data" / source, tmp_path / "wraps.csv"
    assert acw("reconstruct", raw, "-o", wraps, "-q").code == 0
    asked = ("--all", "--min-wraps", "5", "-f", "json", "-q")
    first, second = (
        [(row["agent_id"], row["shapes"]) for row in json.loads(acw("flag", path, *asked).text)]
        for path in (raw, wraps)
    )
    assert first == second


def test_of_many_agents_some_stand_for_all():
    frame = PLANTED["too-short"](centre(11, agents=60))
    everyone = shapes_of(frame.lazy(), agents=["a00"])
    few = pl.concat([frame, *(frame.with_columns(agent_id=pl.col("agent_id") + f"x{n}") for n in range(9))])
    prepared = prepare(few.lazy(), agents=["a00"])
    assert prepared.filter("usually")["agent_id"].n_unique() == 300
    assert prepared["agent_id"].n_unique() == 300
    assert shapes_of(few.lazy(), agents=["a00"]).rows() == everyone.rows() == [("a00", "too-short")]
    assert shapes_of(few.lazy(), agents=["a01"]).is_empty()
    # One who does not stand for all is seen all the same, and whoever else is asked about changes nothing.
    assert found(few, "a00x1")[0].shape == "too-short"
    named = dict(shapes_of(few.lazy()).rows())
    assert named["a00x1"] == dict(shapes_of(few.lazy(), agents=["a00x1"]).rows())["a00x1"]


def one_long(frame, when, minutes=30, agent="a00"):
    """Make one wrap of each of the agent's shifts long: the one nearest to `when` (hours into the shift)."""
    off = (pl.col("hour_of_shift") - when).abs()
    return changed(frame, off.min().over("agent_id", "shift_number") == off, agent, value_ms=pl.lit(minutes * 60_000))


def lunches(frame):
    return [one for one in found(frame) if one.shape == "lunch-inside"]


def test_lunch_is_a_very_long_wrap_at_one_time_of_day_with_work_after_it():
    frame = centre(1000)
    (lunch,) = lunches(one_long(frame, pl.lit(4.0)))
    assert (lunch.numbers["marked"], lunch.numbers["shifts"], lunch.numbers["minutes"]) == (5, 5, 30)
    assert lunch.strength == pytest.approx(1 - LEAST_SHIFTS / 5)
    shift = pl.col("shift_number")
    assert not lunches(one_long(frame, 0.5 + 1.7 * shift))  # another time of day in each shift
    assert not lunches(one_long(frame, pl.lit(99.0)))  # the shift's last wrap
    assert not lunches(one_long(frame, pl.lit(4.0), minutes=9))  # long beside the queue, but no lunch
    assert not lunches(one_long(frame.filter(shift < 3), pl.lit(4.0)))  # three shifts
    assert not lunches(one_long(frame, pl.when(shift % 2 == 0).then(4.0)))  # three of five
    assert lunches(one_long(frame, pl.when(shift > 0).then(4.0)))  # four of five


def test_lunch_at_midnight_is_at_one_time_of_day():
    frame = centre(1000).with_columns(pl.col("wrap_start") + pl.duration(hours=12))
    assert lunches(one_long(frame, pl.lit(4.0) + 0.4 * (pl.col("shift_number") % 2) - 0.2))


def test_who_is_slow_throughout_has_no_lunch_inside():
    slow = changed(centre(1000), value_ms=VALUE * 8)
    assert not lunches(one_long(slow, pl.lit(4.0), minutes=18))  # under five times the agent's own usual length
    assert lunches(one_long(slow, pl.lit(4.0), minutes=60))


def test_a_break_in_everybodys_wraps_is_nobodys_lunch():
    frame = centre(1000)
    for number in range(25):
        frame = one_long(frame, pl.lit(4.0), agent=f"a{number:02}")
    assert not lunches(frame)
