"""Clocks: one format per column, against Python's datetime and zoneinfo."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.errors import InputError, UsageError
from acwcli.formats.clock import Clock, combine, decide_clock, instant
from acwcli.formats.clock_formats import family_of, patterns_of, spellings

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe", "Asia/Kolkata")
MOMENTS = st.datetimes(datetime(1991, 1, 1), datetime(2035, 12, 31))


def decide(values, *, sample: int = 1000, **options) -> Clock:
    column = pl.Series("at", values)
    return decide_clock(column.to_frame().lazy(), column.head(sample), name="at", source="x.csv", **options)


def read(values, tz: str = "UTC", *, sample: int = 1000, **options) -> list[datetime | None]:
    clock = decide(values, sample=sample, **options)
    frame = pl.Series("at", values).to_frame().lazy().select(instant(pl.col("at"), clock, tz))
    assert frame.collect_schema()["at"] == pl.Datetime("ms", "UTC")
    return frame.collect(engine="streaming")["at"].to_list()


def utc(*parts: int, ms: int = 0) -> datetime:
    return datetime(*parts, tzinfo=UTC) + timedelta(milliseconds=ms)


def from_zone(local: datetime, tz: str) -> datetime | None:
    """Python's reading of a local time: the first pass, None where the clocks skipped it."""
    at = local.replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)
    return at if at.astimezone(ZoneInfo(tz)).replace(tzinfo=None) == local else None


EIGHT = utc(2026, 3, 2, 8)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2026-03-02 08:00:00", "YYYY-MM-DD HH:MM:SS"),
        ("2026-03-02 08:00:00.000", "YYYY-MM-DD HH:MM:SS.fff"),
        ("2026-03-02 08:00:00,000", "YYYY-MM-DD HH:MM:SS,fff"),
        ("2026-03-02 08:00:00.000000", "YYYY-MM-DD HH:MM:SS.ffffff"),
        ("2026-03-02T08:00:00Z", "YYYY-MM-DDTHH:MM:SSZ"),
        ("2026-03-02T08:00:00.000Z", "YYYY-MM-DDTHH:MM:SS.fffZ"),
        ("2026-03-02T09:30:00+01:30", "YYYY-MM-DDTHH:MM:SS+01:30"),
        ("2026-03-02T03:00:00-0500", "YYYY-MM-DDTHH:MM:SS-0500"),
        ("2026-03-02 08:00:00 UTC", "YYYY-MM-DD HH:MM:SS UTC"),
        ("2026-03-02T09:00:00+01:00[Europe/Berlin]", None),
        ("2026-03-02T08:00", "YYYY-MM-DDTHH:MM"),
        ("2026-03-02 8:00", "YYYY-MM-DD HH:MM"),
        ("2026/03/02 08:00:00", "YYYY/MM/DD HH:MM:SS"),
        ("02.03.2026 08:00", "DD.MM.YYYY HH:MM"),
        ("02.03.2026 08:00:00", "DD.MM.YYYY HH:MM:SS"),
        ("20260302080000", "YYYYMMDDHHMMSS"),
        ("20260302T080000Z", "YYYYMMDDTHHMMSSZ"),
        ("20260302 08:00:00", "YYYYMMDD HH:MM:SS"),
        ("02-Mar-2026 08:00:00", "DD-Mon-YYYY HH:MM:SS"),
        ("Mar 2 2026 08:00:00", "Mon DD YYYY HH:MM:SS"),
        ("March 2, 2026 8:00 AM", "Month DD, YYYY hh:mm AM"),
        ("Mon, 02 Mar 2026 08:00:00", "Day, DD Mon YYYY HH:MM:SS"),
        ("1772438400", "epoch s"),
        ("1772438400000", "epoch ms"),
        ("1772438400000000", "epoch us"),
        ("1772438400.0", "epoch s"),
        ("1.7724384E9", "epoch s"),
        ("۲۰۲۶/۰۳/۰۲ ۰۸:۰۰:۰۰", "YYYY/MM/DD HH:MM:SS"),
        ("٢٠٢٦-٠٣-٠٢ ٠٨:٠٠:٠٠", "YYYY-MM-DD HH:MM:SS"),
        ("2026年3月2日 08:00:00", None),
        ("2026年3月2日 上午 8:00", None),
    ],
)
def test_known_formats(text, label):
    clock = decide([text])
    assert label is None or clock.label == label
    assert read([text]) == [EIGHT]


@pytest.mark.parametrize("text", ["03/02/2026 08:00 AM", "3/2/2026 8:00:00 am", "03/02/2026 8:00 a.m."])
def test_american_clock(text):
    assert read([text, "12/31/2026 12:05 AM"]) == [EIGHT, utc(2026, 12, 31, 0, 5)]
    assert read([text], date_order="mdy") == [EIGHT]


def test_native_columns():
    assert read([1772438400, None]) == [EIGHT, None]
    assert read([1772438400000]) == [EIGHT]
    assert read([1772438400.1235]) == [utc(2026, 3, 2, 8, ms=124)]
    assert read([datetime(2026, 3, 2, 8, 0, 0, 1500)]) == [utc(2026, 3, 2, 8, ms=2)]
    assert read([datetime(2026, 3, 2, 9)], "Europe/Berlin") == [EIGHT]
    assert read(pl.Series([EIGHT]).dt.convert_time_zone("Asia/Tokyo"), "Europe/Berlin") == [EIGHT]
    assert read(pl.Series([datetime(2026, 3, 2, 8)]).cast(pl.Datetime("ns"))) == [EIGHT]
    assert read([date(2026, 3, 2)], "Europe/Berlin") == [utc(2026, 3, 1, 23)]
    assert not decide([date(2026, 3, 2)]).has_time
    with pytest.raises(InputError, match="no date and time"):
        decide([1, 2, 3])
    with pytest.raises(InputError, match="no date and time"):
        decide([True])


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_a_late_value_decides_the_order(order):
    late = "25/04/2026 08:00" if order == "dmy" else "04/25/2026 08:00"
    values = ["03/04/2026 08:00"] * 5000 + [late]
    first = utc(2026, 4, 3, 8) if order == "dmy" else utc(2026, 3, 4, 8)
    assert read(values)[:2] + read(values)[-1:] == [first, first, utc(2026, 4, 25, 8)]


@pytest.mark.parametrize(
    ("usual", "texts", "expected"),
    [
        ("mdy", ["03/04/2026 08:00"], utc(2026, 3, 4, 8)),
        ("dmy", ["03/04/2026 08:00"], utc(2026, 4, 3, 8)),
        ("mdy", ["03.04.2026 08:00"], utc(2026, 4, 3, 8)),  # dots are day first
        ("mdy", ["03.04.26 08:00"], utc(2026, 4, 3, 8)),
        ("mdy", ["03.04.2026 08:00", "03.25.2026 08:00"], utc(2026, 3, 4, 8)),  # but for these
        ("mdy", ["03/04/2026 08:00"] * 9 + ["25/04/2026 08:00"], utc(2026, 4, 3, 8)),
        ("mdy", ["03/04/2026 08:00"] * 10 + ["25/04/2026 08:00"], utc(2026, 3, 4, 8)),  # damage
        ("mdy", ["03/04/2026 08:00", "33/04/2026 08:00"], utc(2026, 3, 4, 8)),
        ("mdy", ["03/04/2026 08:00", "25/04/2026 08:00", "04/25/2026 08:00"], utc(2026, 3, 4, 8)),
        ("ymd", ["03.04.2026 08:00"], utc(2026, 4, 3, 8)),
    ],
)
def test_the_usual_order_holds_where_the_data_do_not_tell(usual, texts, expected):
    """The order of a profile is no order of the user's: an export set to another country is read as it is written."""
    assert read(texts, usual_order=usual)[0] == expected
    if "." not in texts[0]:
        assert read(texts, usual_order=usual, date_order="dmy")[0] == utc(2026, 4, 3, 8)


def test_undecidable_order_asks():
    with pytest.raises(InputError, match=r"x\.csv: column 'at' could be day first or month first.*--date-order"):
        decide(["03/04/2026 08:00", "05/06/2026 08:00"])
    assert read(["03/04/2026 08:00"], date_order="dmy") == [utc(2026, 4, 3, 8)]
    assert read(["03/04/2026 08:00"], date_order="mdy") == [utc(2026, 3, 4, 8)]
    assert read(["03/03/2026 08:00"]) == [utc(2026, 3, 3, 8)]
    assert read(["03/03/2026 08:00"] * 10 + ["04/13/2026 08:00"], sample=5)[-1] == utc(2026, 4, 13, 8)
    with pytest.raises(InputError, match="could be"):
        decide(["03/03/2026 08:00"] * 10 + ["04/05/2026 08:00"], sample=5)


def test_mixed_orders_are_refused_unless_rare():
    with pytest.raises(InputError, match="mixes day-first"):
        decide(["25/04/2026 08:00", "04/25/2026 08:00"])
    got = read(["25/04/2026 08:00"] * 500 + ["04/25/2026 08:00"])
    assert got[0] == utc(2026, 4, 25, 8)
    assert got[-1] is None


@pytest.mark.parametrize("text", ["1404-12-11 08:00:00", "۱۴۰۴/۱۲/۱۱ ۰۸:۰۰", "11/12/1404 08:00", "14041211080000"])
def test_jalali_years_are_refused(text):
    with pytest.raises(InputError, match="Jalali"):
        decide([text])


def test_jalali_after_the_sample_is_unreadable_not_wrong():
    assert read(["2026-03-02 08:00:00", "1404-12-11 08:00:00"], sample=1) == [EIGHT, None]


def test_odd_rows_behind_a_regular_sample():
    regular = ["2026-03-02T08:00:00.000Z"] * 3
    odd = {
        "2026-03-02T08:00:00Z": EIGHT,
        "2026-03-02 08:00:00": EIGHT,
        "2026-03-02T09:00:00+01:00": EIGHT,
        "2026-03-02T09:00:00.0005+01": utc(2026, 3, 2, 8, ms=1),
        "2026-03-02T08:00:00,5Z": utc(2026, 3, 2, 8, ms=500),
        "2026-03-02 8:00 AM": EIGHT,
        " 2026-03-02T08:00Z ": EIGHT,
        "2026-03-02T25:00:00.000Z": None,
        "2026-02-30T08:00:00.000Z": None,
        "0001-01-01T00:00:00.000Z": None,
        "9999-12-31T00:00:00.000Z": None,
        "1970-01-01T00:00:00.000Z": None,
        "-": None,
        "total": None,
        "03/04/2026": None,
    }
    assert read(regular + list(odd), sample=3)[3:] == list(odd.values())


def test_odd_rows_of_an_epoch():
    assert read(["1772438400", "1772438400,5", "۱۷۷۲۴۳۸۴۰۰", "0", "-1", "1772438400000", "x"], sample=1) == [
        EIGHT, utc(2026, 3, 2, 8, ms=500), EIGHT, None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["hello", "world"], "no known date and time .*'hello'.*--time-format"),
        (["08:00:00"], "times without a date .*--map"),
        (["02/03/26 08:00"], "two-digit years .*--time-format '%d/%m/%y %H:%M' if the day comes first"),
        (["2.3.26 08:00:12", "3.3.26 08:00:12"], "--time-format '%d.%m.%y %H:%M:%S'"),
        (["02-03-26, 8:00:12.250 PM"], "--time-format '%d-%m-%y, %I:%M:%S%.f %p'"),
        (["12345"], "no known date"),
    ],
)
def test_nothing_fits(values, message):
    with pytest.raises(InputError, match=message):
        decide(values)


def test_time_format():
    assert read(["990101 0:31:00"], time_format="%y%m%d %H:%M:%S") == [utc(1999, 1, 1, 0, 31)]
    assert read(["02/03/26 08:00:00.5"], time_format="%d/%m/%y %H:%M:%S.%f") == [utc(2026, 3, 2, 8, ms=500)]
    assert read(["2026-03-02 09:00 +0100"], "Asia/Tehran", time_format="%Y-%m-%d %H:%M %z") == [EIGHT]
    assert read(["2026-03-02 09:00"], "Europe/Berlin", time_format="%Y-%m-%d %H:%M") == [EIGHT]
    with pytest.raises(InputError, match="reads no value"):
        decide(["2026-03-02"], time_format="%H:%M on %d.%m.%Y")
    with pytest.raises(UsageError, match="--time-format"):
        decide(["2026 08"], time_format="%Y %H")


def test_an_empty_column_reads_as_nulls():
    assert read([None, "", "N/A"]) == [None, None, None]
    assert decide([None]).kind == "text"


def test_the_first_values_may_lie_behind_the_sample():
    assert read([None] * 20 + ["02.03.2026 08:00"], sample=10)[-1] == EIGHT


def test_combine_two_columns():
    frame = pl.DataFrame(
        {
            "day": ["2026-03-02", "2026-03-02 00:00:00", None, "2026-03-02"],
            "time": ["08:00:00", "08:00:00", "08:00:00", "1899-12-31 08:00:00"],
        }
    ).select(at=combine(pl.col("day"), pl.col("time")))
    assert read(frame["at"]) == [EIGHT, EIGHT, None, EIGHT]
    native = pl.select(day=pl.date(2026, 3, 2), time=pl.time(8)).select(at=combine(pl.col("day"), pl.col("time")))
    assert read(native["at"]) == [EIGHT]


def test_has_offset():
    assert decide(["2026-03-02T08:00:00Z"]).has_offset
    assert decide(["2026-03-02T08:00:00Z", "2026-03-02T08:00:00+01:00"]).has_offset
    assert decide(["1772438400"]).has_offset
    assert not decide(["2026-03-02 08:00:00"]).has_offset
    mixed = decide(["2026-03-02T08:00:00Z", "2026-03-02T08:00:00"])
    assert not mixed.has_offset
    assert not mixed.is_local
    assert decide(["2026-03-02 08:00:00"]).is_local


LAYOUTS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%b %d, %Y %I:%M %p", "%Y%m%d%H%M%S", "%a, %d %b %Y %H:%M:%S",
)  # fmt: skip


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(LAYOUTS), st.sampled_from(ZONES))
@settings(max_examples=120, deadline=None)
def test_local_layouts_agree_with_python(moments, layout, tz):
    texts = [moment.strftime(layout) for moment in moments]
    order = "dmy" if layout.startswith("%d/") else "mdy" if layout.startswith("%m/") else None
    expected = [from_zone(datetime.strptime(text, layout), tz) for text in texts]
    assert read(texts, tz, date_order=order) == expected


@given(
    st.lists(
        st.tuples(
            MOMENTS,
            st.sampled_from(("T", " ")),
            st.integers(0, 6),
            st.one_of(st.none(), st.integers(-14 * 4, 14 * 4)),
            st.sampled_from((".", ",")),
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(1, 20),
    st.sampled_from(ZONES),
)
@settings(max_examples=120, deadline=None)
def test_any_mix_of_iso_agrees_with_python(rows, sample, tz):
    texts, expected = [], []
    for moment, separator, digits, quarters, point in rows:
        fraction = f"{moment.microsecond:06}"[:digits]
        local = moment.replace(microsecond=int(fraction.ljust(6, "0")))
        text = local.strftime(f"%Y-%m-%d{separator}%H:%M:%S") + (point + fraction if fraction else "")
        if quarters is None:
            at = from_zone(local, tz)
        else:
            offset = timedelta(minutes=15 * quarters)
            sign, minutes = "-" if quarters < 0 else "+", abs(15 * quarters)
            text += f"{sign}{minutes // 60:02}:{minutes % 60:02}" if quarters else "Z"
            at = local.replace(tzinfo=UTC) - offset
        texts.append(text)
        expected.append(half_up(at))
    assert read(texts, tz, sample=sample) == expected


def test_fractions_longer_than_those_of_the_head_are_rounded_half_up():
    endings = ("+00:15", ".5", ".5", "Z", ".0045")
    assert read([f"2026-03-02T08:00:00{end}" for end in endings], sample=4)[-1] == utc(2026, 3, 2, 8, ms=5)


def half_up(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    at += timedelta(microseconds=500)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(st.lists(st.integers(10**15, 2 * 10**15), min_size=1), st.sampled_from((1, 1000, 1_000_000)))
@settings(max_examples=60, deadline=None)
def test_epochs_agree_with_python(microseconds, unit):
    texts = [str(value // unit) for value in microseconds]
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert read(texts) == [half_up(start + timedelta(microseconds=int(text) * unit)) for text in texts]
    fractions = [f"{value // 1_000_000}.{value % 1_000_000:06}" for value in microseconds]
    assert read(fractions) == [half_up(start + timedelta(microseconds=value)) for value in microseconds]


@given(st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), min_size=1, max_size=30), st.booleans())
@settings(max_examples=60, deadline=None)
def test_order_is_right_or_asked_for(moments, day_first):
    texts = [moment.strftime("%d/%m/%Y %H:%M:%S" if day_first else "%m/%d/%Y %H:%M:%S") for moment in moments]
    expected = [moment.replace(microsecond=0, tzinfo=UTC) for moment in moments]
    same = all(moment.day == moment.month for moment in moments)
    if same or any(moment.day > 12 for moment in moments):
        assert read(texts, sample=3) == expected
    else:
        with pytest.raises(InputError, match="--date-order"):
            decide(texts, sample=3)


_SHAPES = ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S.123+0130",
           "%s", "%s123", "%Y-%m-%d", "%H:%M", "%d %b %Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S-05:00", "n/a 1:2")  # fmt: skip


@given(st.lists(st.tuples(MOMENTS, st.sampled_from(_SHAPES)), min_size=1, max_size=12))
def test_a_spelling_stands_for_its_values(values):
    texts = [at.replace(tzinfo=UTC).strftime(shape) for at, shape in values]
    found = spellings(texts)
    assert found.total() == len(texts)
    assert Counter(map(family_of, texts)) == Counter(map(family_of, found.elements()))
    for family in filter(None, map(family_of, texts)):
        if family in ("ymd", "xy", "compact", "day-month", "month-day"):
            assert patterns_of(found, family, "dmy") == patterns_of(Counter(texts), family, "dmy")


def test_a_column_of_many_times_has_few_spellings():
    start = datetime(2026, 3, 2, tzinfo=UTC)
    assert len(spellings([(start + timedelta(seconds=7 * n)).isoformat() for n in range(1000)])) == 1
