"""Which day or hour owns a wrap: its start, its end, or both by the seconds in each."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.analyse.split import pieces, split_summary
from acwcli.errors import ExitCode
from tests.cli import GENERIC, STATES, acw, written
from tests.plain_statistics import observations

HEADER = "agent_id,contact_id,wrap_start,wrap_end,acw_s,method,ended_by,status"
NIGHT = [
    "a,c1,2026-03-01T23:50:00+00:00,2026-03-02T00:10:00+00:00,1200,explicit,ready,ok",
    "a,c2,2026-03-02T09:59:30+00:00,2026-03-02T10:00:30+00:00,60,explicit,ready,ok",
    "b,c3,2026-03-02T09:10:00+00:00,2026-03-02T09:10:20+00:00,20,explicit,ready,ok",
]


def rows(*args):
    ran = acw("summary", *args)
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.text))), ran.err


@pytest.fixture
def night(tmp_path):
    return written(tmp_path, "wraps.csv", NIGHT, HEADER)


def test_start_end_and_split_of_a_wrap_over_midnight(night):
    started, said = rows(night, "--by", "day")
    assert [(row["day"], row["wraps"], row["total_s"]) for row in started] == [
        ("2026-03-01", "1", "1200.0"), ("2026-03-02", "2", "80.0"),
    ]  # fmt: skip
    assert "attribute" not in started[0]
    assert "a wrap belongs to the day in which it starts (--attribute start)" in said
    ended, said = rows(night, "--by", "day", "--attribute", "end")
    assert [(row["day"], row["wraps"], row["total_s"]) for row in ended] == [("2026-03-02", "3", "1280.0")]
    assert {row["attribute"] for row in ended} == {"end"}
    assert "in which it ends (--attribute end)" in said
    split, said = rows(night, "--by", "day", "--attribute", "split")
    assert [(row["day"], row["wraps"], row["total_s"], row["attribute"]) for row in split] == [
        ("2026-03-01", "1", "600.0", "split"), ("2026-03-02", "3", "680.0", "split"),
    ]  # fmt: skip
    assert {split[0][name] for name in ("mean_s", "median_s", "p80_s", "p90_s", "p95_s", "max_s", "sd_s")} == {""}
    assert "by the seconds in each (--attribute split)" in said


def test_split_by_agent_and_hour(night):
    split, _ = rows(night, "--by", "agent_id,hour", "--attribute", "split")
    assert [(row["agent_id"], row["hour"], row["wraps"], row["total_s"]) for row in split] == [
        ("a", "0", "1", "600.0"), ("a", "9", "1", "30.0"), ("a", "10", "1", "30.0"), ("a", "23", "1", "600.0"),
        ("b", "9", "1", "20.0"),
    ]  # fmt: skip


INSTANTS = st.integers(0, 3 * 86_400_000)
FIRST = datetime(2026, 3, 27, tzinfo=UTC)  # clocks change in Europe on the 29th, in Tehran never, in Kathmandu +05:45


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(INSTANTS, st.integers(0, 8 * 3_600_000), st.integers(0, 100)), min_size=1, max_size=6),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Tehran", "Asia/Kathmandu", "America/St_Johns"]),
)
def test_split_equals_counting_by_hand(wraps, tz):
    """Whole minutes of wall clock, one by one; a resumed wrap spreads over its span."""
    made, expected, touched = [], Counter(), Counter()
    for number, (start_ms, length_ms, pause) in enumerate(wraps):
        start = FIRST + timedelta(minutes=start_ms // 60_000)
        minutes = length_ms // 60_000
        value = minutes * 60_000 if pause < 50 else minutes * 30_000
        made.append(
            {
                "agent_id": f"a{number}",
                "value_ms": value,
                "wrap_start": start,
                "wrap_end": start + timedelta(minutes=minutes),
            }
        )
        hours = [(start + timedelta(minutes=m)).astimezone(ZoneInfo(tz)) for m in range(minutes)] or [
            start.astimezone(ZoneInfo(tz))
        ]
        for moment in hours:
            expected[str(moment.date()), moment.hour] += value / max(minutes, 1)
        for key in {(str(moment.date()), moment.hour) for moment in hours}:
            touched[key] += 1
    instant = pl.Datetime("ms", "UTC")
    obs = observations(made, wrap_start=instant, wrap_end=instant)
    found = split_summary(obs, ["day", "hour"], "wraps", tz).frame
    assert {(row["day"], row["hour"]): row["wraps"] for row in found.to_dicts()} == touched
    for row in found.to_dicts():
        assert row["total_s"] == pytest.approx(expected[row["day"], row["hour"]] / 1000, abs=0.002 * len(wraps))
    assert round(found["total_s"].sum() * 1000) == sum(wrap["value_ms"] for wrap in made)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(INSTANTS, st.integers(0, 20_000_000), st.integers(0, 20_000_000)), min_size=1, max_size=5))
def test_parts_add_up_to_each_wrap(wraps):
    epoch = pl.from_epoch(pl.Series([start for start, _, _ in wraps]), "ms").dt.replace_time_zone("UTC")
    span = pl.Series([length for _, length, _ in wraps])
    frame = pl.DataFrame({"value_ms": [value for _, _, value in wraps], "wrap_start": epoch}).with_row_index("wrap")
    frame = frame.with_columns((pl.col("wrap_start") + pl.duration(milliseconds=span)).alias("wrap_end"))
    found = pieces(frame).group_by("wrap").agg(pl.col("_part").sum(), pl.col("_part").min().alias("least")).sort("wrap")
    assert found["_part"].to_list() == frame["value_ms"].to_list()
    assert found["least"].min() >= 0


def test_wraps_without_instants_are_in_a_row_of_their_own(tmp_path):
    contacts = written(tmp_path, "c.csv", ["c1,a1,60,30", "c2,a1,60,31"], "contact_id,agent_id,talk_s,acw_s")
    for attribute in ("end", "split"):
        (row,), _ = rows(contacts, "--by", "day", "--attribute", attribute)
        assert (row["day"], row["wraps"], row["total_s"]) == ("", "2", "61.0")


def test_totals_are_the_same_whoever_owns(tmp_path):
    totals = set()
    for attribute in ("start", "end", "split"):
        found, _ = rows(STATES, "--by", "queue,hour,weekday", "--attribute", attribute)
        totals.add(round(sum(float(row["total_s"]) for row in found), 3))
    assert len(totals) == 1


def test_handled_contacts_belong_to_the_end_of_their_wrap(night):
    per = ["--by", "hour", "--per", "handled", "--attribute", "end", "--format", "json"]
    found = json.loads(acw("summary", f"{GENERIC}/contacts.csv", *per).text)
    assert sum(row["handled"] for row in found) > 0
    assert None not in {row["hour"] for row in found}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--attribute", "end"], "--by day, hour, week"),
        (["--attribute", "ned", "--by", "day"], "did you mean 'end'"),
        (["--attribute", "split", "--by", "day", "--limit", "60s"], "--attribute split"),
        (["--attribute", "split", "--by", "day", "--queue-limit", "billing=60s"], "--attribute split"),
        (["--attribute", "split", "--by", "day", "--per", "handled"], "--attribute split"),
        (["--attribute", "end", "--by", "day", "--of", "talk"], "--of talk"),
    ],
)
def test_what_makes_no_sense_is_refused(words, message):
    ran = acw("summary", STATES, *words)
    assert ran.code == ExitCode.USAGE
    assert message in ran.err
