"""Durations: one form per column, in whole milliseconds."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import ROUND_FLOOR, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.errors import InputError
from acwcli.formats.duration_text import DurationForm, decide_duration, duration_ms

MILLISECONDS = st.lists(st.integers(0, 400 * 3_600_000), min_size=1, max_size=20)


def decide(values, *, sample: int = 1000, unit_ms: int = 1000) -> DurationForm:
    column = pl.Series("acw", values)
    frame = column.to_frame().lazy()
    return decide_duration(frame, column.head(sample), name="acw", source="x.csv", unit_ms=unit_ms)


def read(values, **options) -> list[int | None]:
    form = decide(values, **options)
    frame = pl.Series("acw", values).to_frame().lazy().select(duration_ms(pl.col("acw"), form))
    assert frame.collect_schema()["acw"] == pl.Int64
    return frame.collect(engine="streaming")["acw"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90_000),
        ("90.5", 90_500),
        ("90,5", 90_500),
        ("1.0005", 1001),
        ("-5", -5000),
        ("۹۰", 90_000),
        ("1e2", 100_000),
        ("01:30", 90_000),
        ("1:30", 90_000),
        ("90:00", 5_400_000),
        ("00:01:30", 90_000),
        ("0:01:30.250", 90_250),
        ("00:01:30,25", 90_250),
        ("30:00:00", 108_000_000),
        ("100:59:59", 363_599_000),
        ("1.02:03:04", 93_784_000),
        ("1 day, 2:03:04", 93_784_000),
        ("-00:00:05", -5000),
        ("8:00:00hs", 28_800_000),
        ("۰۱:۳۰", 90_000),
        ("PT1M30S", 90_000),
        ("PT1.5S", 1500),
        ("P1DT1S", 86_401_000),
        ("1m30s", 90_000),
        ("90s", 90_000),
        ("90 sec", 90_000),
        ("1h 2m 3s", 3_723_000),
        ("1 hour, 2 minutes and 3 seconds", 3_723_000),
        ("500ms", 500),
        ("1分30秒", 90_000),
        ("1 мин 30 сек", 90_000),
    ],
)
def test_known_forms(text, expected):
    assert read([text]) == [expected]


@pytest.mark.parametrize("form", ["90", "01:30", "PT1M30S", "1m30s"])
def test_nothing_and_nonsense_are_null(form):
    nothing = ["", None, "-", "N/A", "abc", "1:75", "0:60:00"]
    assert read([form] * 5 + nothing) == [90_000] * 5 + [None] * 7


def test_commas_are_decided_from_the_column():
    assert read(["1,234", "12,5"]) == [1234, 12_500]
    assert read(["0,500", "1,234"]) == [500, 1234]
    assert read(["1,234", "1,234.5"]) == [1_234_000, 1_234_500]
    assert read(["1,234,567", "1,234"]) == [1_234_567_000, 1_234_000]
    assert read(["1.234,5", "1,5"]) == [1_234_500, 1500]
    assert read(["1,234", "1500"]) == [1234, 1_500_000]
    assert read(["1,234"] * 5 + ["7,5"], sample=5) == [1234] * 5 + [7500]
    assert read([str(number) for number in range(20)] + ["1,234"])[-1] == 1_234_000


def test_undecidable_commas_are_said_or_refused():
    with pytest.raises(InputError, match=r"x\.csv: column 'acw' holds numbers such as '1,234'"):
        decide(["1,234", "5,678"])
    assert read(["5", "7", "1,234", "7,5"], sample=2) == [5000, 7000, None, 7500]


def test_no_durations():
    with pytest.raises(InputError, match=r"x\.csv: column 'acw' holds no durations \('yes', 'no'\)"):
        decide(["yes", "no"])


def test_native_columns():
    assert read([90, None]) == [90_000, None]
    assert read([1.0005, float("nan")]) == [1001, None]
    assert read([1500], unit_ms=1) == [1500]
    assert read([timedelta(seconds=1, microseconds=1500)]) == [1002]
    assert read([time(0, 1, 30)]) == [90_000]


def test_absurd_numbers_do_not_wrap_around():
    assert read(["5", "99999999999999999", "1e300", "inf"]) == [5000, None, None, None]


def test_the_first_values_may_lie_behind_the_sample():
    assert read([None] * 20 + ["01:30"], sample=10)[-1] == 90_000


@given(MILLISECONDS)
@settings(max_examples=60, deadline=None)
def test_written_milliseconds_come_back(values):
    def clock(value: int) -> str:
        seconds, ms = divmod(value, 1000)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"

    assert read([clock(value) for value in values]) == values
    assert read([f"{value // 1000}.{value % 1000:03}" for value in values]) == values
    assert read([f"PT{value // 60000}M{value % 60000 / 1000:.3f}S" for value in values]) == values
    assert read([f"{value // 60000}m{value % 60000 // 1000}s{value % 1000}ms" for value in values]) == values
    assert read([str(value) for value in values], unit_ms=1) == values


@given(MILLISECONDS)
@settings(max_examples=40, deadline=None)
def test_whole_seconds_in_clock_form(values):
    seconds = [value // 1000 for value in values]
    assert read([f"{each // 60:02}:{each % 60:02}" for each in seconds]) == [each * 1000 for each in seconds]
    texts = [f"{each // 3600:02}:{each // 60 % 60:02}:{each % 60:02}" for each in seconds]
    assert read(texts) == [each * 1000 for each in seconds]


@given(st.lists(st.decimals(0, 100_000, places=6), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_decimals_round_half_up(values):
    expected = [int((value * 1000 + Decimal("0.5")).to_integral_value(ROUND_FLOOR)) for value in values]
    assert read([f"{value:f}" for value in values]) == expected
