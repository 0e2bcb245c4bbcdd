"""The repeated hour: its two passes told apart by the order of the file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.formats.clock import decide_clock, instant
from acwcli.formats.fold_hour import in_order, not_before, resolve_fold
from acwcli.formats.zones import repeated_hours

BERLIN = "Europe/Berlin"
NIGHT = datetime(2026, 10, 24, 22, tzinfo=UTC)


def as_read(moments, agents=None, tz=BERLIN) -> pl.LazyFrame:
    """Write moments without their offset and read them as a file's clock does."""
    texts = [moment.astimezone(ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    frame = pl.DataFrame({"at": texts}, schema={"at": pl.String}).with_row_index("row", offset=2)
    if agents is not None:
        frame = frame.with_columns(agent=pl.Series(agents, dtype=pl.String))
    clock = decide_clock(frame.lazy().select("at"), frame["at"], name="at", source="x.csv")
    return frame.lazy().with_columns(instant=instant(pl.col("at"), clock, tz)).drop("at")


def resolved(rows: pl.LazyFrame, tz=BERLIN) -> tuple[list[datetime], int]:
    fold = resolve_fold(rows, tz)
    times = rows.select(in_order(pl.col("instant"), pl.col("row"), fold)).collect()["instant"].to_list()
    return times, fold.undecided


def at(text: str) -> datetime:
    hours, minutes = text.split(":")
    return datetime(2026, 10, 25, tzinfo=UTC) + timedelta(hours=int(hours), minutes=int(minutes))


def test_spans_of_zones():
    assert repeated_hours("UTC") == ()
    assert repeated_hours("Asia/Kolkata") == ()
    # 25 October 2026, 02:00 to 03:00 local, first at 00:00 UTC; half an hour on Lord Howe Island
    assert (int(at("0:00").timestamp() * 1000), 3_600_000) in repeated_hours(BERLIN)
    assert repeated_hours("Australia/Lord_Howe")[-1][1] == 1_800_000


def test_a_file_in_order_tells_both_passes():
    moments = [at(text) for text in ("-1:30", "0:10", "0:50", "1:05", "1:55", "2:10")]
    assert resolved(as_read(moments)) == (moments, 0)
    assert resolved(as_read(moments[::-1])) == (moments[::-1], 0)


def test_grouped_by_agent_each_tells_its_own():
    anna = [at(text) for text in ("-1:30", "0:20", "1:10", "2:10")]
    bert = [at(text) for text in ("-1:30", "0:50", "1:40", "1:55")]
    moments, agents = anna + bert, ["anna"] * 4 + ["bert"] * 4
    assert resolved(as_read(moments, agents)) == (moments, 0)
    assert resolved(as_read(moments[::-1], agents[::-1])) == (moments[::-1], 0)


def test_no_fall_is_undecided_and_stays_first():
    moments = [at("-1:30"), at("0:10"), at("0:50"), at("2:10")]
    assert resolved(as_read(moments)) == (moments, 2)
    late = [at("-1:30"), at("1:10"), at("2:10")]
    assert resolved(as_read(late)) == ([at("-1:30"), at("0:10"), at("2:10")], 1)


def test_the_step_to_the_next_agent_is_no_fall():
    moments = [at(text) for text in ("0:10", "0:50", "0:05", "0:40")]
    assert resolved(as_read(moments, ["anna", "anna", "bert", "bert"])) == (moments, 4)


def test_no_rows_near_the_change_cost_nothing():
    fold = resolve_fold(as_read([at("40:00"), at("50:00")]), BERLIN)
    assert fold.rows.is_empty()
    assert fold.undecided == 0


def test_an_end_before_its_start_is_of_the_second_pass():
    frame = pl.DataFrame({"start": [at("0:50"), at("0:10"), at("10:00")], "end": [at("0:10"), at("0:20"), at("9:00")]})
    got = frame.select(not_before(pl.col("end").dt.cast_time_unit("ms"), pl.col("start"), BERLIN))["end"].to_list()
    assert got == [at("1:10"), at("0:20"), at("9:00")]


@given(
    st.lists(st.tuples(st.integers(1, 1100), st.integers(0, 3)), min_size=30, max_size=60),
    st.booleans(),
    st.booleans(),
    st.sampled_from((BERLIN, "America/New_York", "Australia/Lord_Howe")),
)
@settings(max_examples=80, deadline=None)
def test_dense_files_are_read_as_they_happened(steps, newest_first, grouped, tz):
    span, length = next(span for span in repeated_hours(tz) if span[0] > 1_767_225_600_000)
    moment = datetime.fromtimestamp(span / 1000, UTC) - timedelta(milliseconds=length)
    rows = []
    for seconds, agent in steps:
        # Lord Howe repeats half an hour: steps stay short enough for a row in each pass
        moment += timedelta(seconds=seconds * length // 3_600_000 + 1)
        rows.append((moment, f"agent {agent}"))
    if grouped:
        rows = [(moment, f"agent {which}") for which in range(2) for moment, _ in rows]
    if newest_first:
        rows.reverse()
    moments, agents = [moment for moment, _ in rows], [agent for _, agent in rows]
    local = [moment.astimezone(ZoneInfo(tz)) for moment in moments]
    got, undecided = resolved(as_read(moments, agents, tz), tz)
    assert undecided == 0 or not any(moment.fold for moment in local)
    if not undecided:
        assert got == moments
    if any(moment.fold for moment in local):
        assert got == moments


@pytest.mark.parametrize("tz", ["Europe/Berlin", "America/Sao_Paulo", "Africa/Casablanca", "Asia/Tehran"])
def test_spans_agree_with_zoneinfo(tz):
    zone = ZoneInfo(tz)
    for begin, length in repeated_hours(tz):
        first = datetime.fromtimestamp(begin / 1000, UTC).astimezone(zone)
        second = datetime.fromtimestamp((begin + length) / 1000, UTC).astimezone(zone)
        assert first.replace(tzinfo=None) == second.replace(tzinfo=None)
        assert (first.fold, second.fold) == (0, 1)
