"""One clock per column: its format is decided from all values, then read by Polars expressions.

`decide_clock` looks at the sample and, where that leaves a doubt (03/04 against 04/03), at every value of the column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Literal

import polars as pl

from acwcli.errors import InputError, UsageError
from acwcli.formats.clock_formats import (
    REPLACEMENTS,
    Order,
    Pattern,
    day_and_month,
    epoch_scale,
    family_label,
    family_of,
    has_offset,
    patterns_of,
    plain_text,
    spellings,
    two_digit_pattern,
    user_pattern,
    year_of,
)
from acwcli.formats.clock_text import (
    GeneralOrder,
    by_pattern,
    clock_text,
    epoch_fraction,
    epoch_from_text,
    epoch_instant,
    to_ms,
)
from acwcli.formats.zones import from_local

Told = tuple[Order | None, Order | None]
"""The order the user gives, and the usual one."""
_FEW = 10
"""One in so many values is more than damage."""
_JALALI = range(1300, 1500)
_JALALI_YEAR = r"1[34]\d\d"


@dataclass(frozen=True)
class Clock:
    """The decided format of one column of times.

    Attributes:
        label: the format for people, e.g. `YYYY-MM-DD HH:MM:SS`.
        kind: `text` (patterns, then general reading), `epoch` or `native` (Parquet dates and times).
        patterns: tried in turn, fastest first.
        order: how the general reading takes a date: `ymd dmy mdy named`, '' for no general reading.
        per_unit_us: microseconds per unit of an epoch column, 0 for nanoseconds.
        fraction: numbers of an epoch column are not whole.
        dtype: the column's Polars type.
        foreign: digits or date words of another script, spelt in ASCII before anything else.
        has_offset: values name an instant by themselves; False means local times that need `tz`.
        has_time: False for bare dates.
    """

    label: str
    kind: Literal["text", "epoch", "native"]
    patterns: tuple[Pattern, ...] = ()
    order: GeneralOrder = ""
    per_unit_us: int = 1
    fraction: bool = False
    dtype: pl.DataType = field(default_factory=pl.String)
    foreign: bool = False
    has_offset: bool = False
    has_time: bool = True

    @property
    def is_local(self) -> bool:
        """Whether all values are local times, so that `fold_hour.resolve_fold` applies to them."""
        return not self.has_offset and not any(pattern.has_offset for pattern in self.patterns)


def decide_clock(
    values: pl.LazyFrame,
    sample: pl.Series,
    *,
    name: str,
    source: str,
    time_format: str | None = None,
    date_order: Order | None = None,
    usual_order: Order | None = None,
) -> Clock:
    """Decide the one format of a column of times.

    Args:
        values: one column, all values of the file; read only when the sample leaves a doubt.
        sample: the first values.
        name: the column, for messages.
        source: the file, for messages.
        time_format: the user's strptime pattern, which then is the only one tried.
        date_order: how to read dates such as 03/04/2026, whatever the values tell.
        usual_order: how to read them where no value tells; dates with dots are day first nevertheless.

    Raises:
        InputError: nothing fits, the data cannot decide, or the years are Jalali.
    """
    if not isinstance(sample.dtype, pl.String | pl.Null):
        return _native_clock(sample.dtype, sample, name=name, source=source)
    written = _evidence(values, sample)
    texts = [plain_text(value) for value in written]
    where = f"{source}: column '{name}'"
    if time_format is None or "%Y" in time_format:
        _refuse_jalali(texts, where)
    if time_format is not None:
        return _user_clock(time_format, texts, where)
    spelt = spellings(texts)
    counted: Counter[str] = Counter()
    for text, often in spelt.items():
        counted[family_of(text)] += often
    del counted[""]
    family, read = counted.most_common(1)[0] if counted else ("", 0)
    if family == "time of day":
        raise InputError(
            f"{where} holds times without a date ({_some(texts)}); map the date column with it, "
            f"e.g. --map event_time=date+time"
        )
    if texts and read * 2 < len(texts):
        raise InputError(
            f"{where} holds no known date and time ({_some(texts)}); give its pattern, "
            f"e.g. --time-format '%d.%m.%y %H:%M:%S', or map another column with --map"
        )
    if family.startswith("epoch"):
        unit = family.removeprefix("epoch ")
        fraction = not all(text.isdecimal() for text in spelt if family_of(text) == family)
        return Clock(f"epoch {unit}", "epoch", per_unit_us=epoch_scale(unit), fraction=fraction, has_offset=True)
    clock = _text_clock(values, texts, spelt, family or "ymd", (date_order, usual_order), where)
    return replace(clock, foreign=texts != written)


def instant(expr: pl.Expr, clock: Clock, tz: str) -> pl.Expr:
    """Read a column as `Datetime('ms', 'UTC')`, rounded half-up to the millisecond.

    Args:
        expr: the column, of the type the clock was decided for.
        clock: from `decide_clock`.
        tz: the IANA zone of values without an offset.

    Returns:
        The instants. Null: unreadable, before 1970-01-02 or after 2199 (placeholders, other calendars), or a local time
        that the clocks skipped. Of a repeated hour the first pass is taken; see `fold_hour` for better.
    """
    if clock.kind == "epoch":
        return _epoch(expr, clock)
    if clock.kind == "native":
        return _within(_native(expr, clock, tz))
    if clock.foreign:
        expr = expr.str.replace_many(REPLACEMENTS)
    return clock_text(expr, clock.patterns, clock.order, tz)


def quick_instant(expr: pl.Expr, clock: Clock, tz: str) -> pl.Expr | None:
    """Read a column by its first pattern alone, in plain expressions; None where there is no such way.

    A null may still be readable: whoever meets one reads the column again with `instant`.
    """
    if clock.kind != "text" or clock.foreign or not clock.patterns or not (clock.has_offset or tz == "UTC"):
        return None
    return _within(by_pattern(expr, clock.patterns[0], tz))


def combine(date: pl.Expr, time: pl.Expr) -> pl.Expr:
    """Join a date and a time column to the text of one clock; null where either is missing.

    Midnight behind the date and a spreadsheet's day zero before the time are taken away first.
    """
    day = date.cast(pl.String).str.strip_chars().str.replace(r"[ T]00:00:00(?:\.0+)?$", "")
    clock = time.cast(pl.String).str.strip_chars().str.replace(r"^(?:1899-12-3[01]|1900-01-0[01])[ T]", "")
    return day + " " + clock


def _within(time: pl.Expr) -> pl.Expr:
    first, last = _bounds()
    return pl.when(time.is_between(first, last, closed="left")).then(time)


@cache
def _bounds() -> tuple[pl.Expr, pl.Expr]:
    """Made once, and not while this is imported: an instant as an expression starts the threads of Polars."""
    return pl.lit(datetime(1970, 1, 2, tzinfo=UTC)), pl.lit(datetime(2200, 1, 1, tzinfo=UTC))


def _evidence(values: pl.LazyFrame, sample: pl.Series) -> list[str]:
    """Return up to 1,000 values of the column, as written, that are no words for 'no value'."""
    from acwcli.formats.words import is_no_value

    def texts(series: pl.Series) -> list[str]:
        written = (value.strip() for value in series.cast(pl.String).drop_nulls().to_list())
        return [value for value in written if value and not is_no_value(value)]

    found = texts(sample)
    if found:
        return found
    column = pl.nth(0).cast(pl.String)
    head = values.select(column.alias("value")).filter(pl.col("value").str.contains(r"\d")).head(1000)
    return texts(head.collect(engine="streaming").to_series())


def _some(texts: Sequence[str]) -> str:
    return ", ".join(f"'{text[:40]}'" for text in list(dict.fromkeys(texts))[:3])


def _refuse_jalali(texts: Sequence[str], where: str) -> None:
    may_be = [text for text in texts if re.search(_JALALI_YEAR, text) or not text.isascii()]
    jalali = [text for text in may_be if not family_of(text).startswith("epoch") and year_of(text) in _JALALI]
    if jalali:
        raise InputError(
            f"{where} holds years 1300-1499 ({_some(jalali)}), the Jalali or Hijri calendar; "
            f"export it with Gregorian dates"
        )


def _user_clock(time_format: str, texts: Sequence[str], where: str) -> Clock:
    pattern = user_pattern(time_format)
    clock = Clock(
        pattern.label,
        "text",
        (pattern,),
        has_offset=pattern.has_offset,
        has_time=any(part in time_format for part in ("%H", "%I", "%T", "%R", "%s", "%X", "%c")),
    )
    try:
        read = pl.Series("value", texts, pl.String).to_frame().select(instant(pl.col("value"), clock, "UTC"))
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--time-format '{time_format}' is no pattern that can be read: {reason}") from error
    if texts and read.to_series().null_count() == len(texts):
        raise InputError(f"--time-format '{time_format}' reads no value of {where} ({_some(texts)})")
    return clock


def _text_clock(
    values: pl.LazyFrame, texts: Sequence[str], spelt: Counter[str], family: str, told: Told, where: str
) -> Clock:
    order: Order = "ymd"
    if family == "xy":
        order = _day_or_month_first(values, texts, told, where)
    patterns = patterns_of(spelt, family, order)
    general: GeneralOrder = "named" if "-" in family else order
    return Clock(
        patterns[0].label if patterns else family_label(family, order),
        "text",
        patterns,
        general,
        has_offset=bool(texts) and all(has_offset(text) for text in spelt),
        has_time=not patterns or any(part in patterns[0].text for part in ("%H", "%I")),
    )


def _day_or_month_first(values: pl.LazyFrame, texts: Sequence[str], told: Told, where: str) -> Order:
    """Decide 03/04 from a number over 12 anywhere in the column."""
    given, usual = (order if order in ("dmy", "mdy") else None for order in told)
    if given is not None:
        return given
    if usual is not None:
        return _unless_told("dmy" if "." in texts[0] else usual, _all_heads(values))
    if any(len(str(found)) < 3 for text in texts if (found := year_of(text)) is not None):
        pattern = two_digit_pattern(texts[0])
        raise InputError(
            f"{where} holds two-digit years ({_some(texts)}); give the pattern, --time-format '{pattern}' if the day "
            "comes first"
        )
    decided = _order_of(Counter(text[:6] for text in texts), where)
    if decided is None:
        heads = _all_heads(values)
        decided = _order_of(heads, where)
        if all(first == second for first, second in filter(None, map(day_and_month, heads))):
            return "dmy"  # 03/03 reads the same either way
    if decided is None and "." in texts[0]:
        return "dmy"  # dots are written day first everywhere
    if decided is None:
        raise InputError(
            f"{where} could be day first or month first ({_some(texts)}), and no value tells; "
            f"say --date-order dmy or mdy"
        )
    return decided


def _unless_told(usual: Order, heads: Counter[str]) -> Order:
    """The usual order, unless more values can only be read the other way, and not just a damaged few."""
    numbers = [(pair, count) for head, count in heads.items() if (pair := day_and_month(head)) is not None]
    day_first = sum(count for (first, second), count in numbers if 12 < first <= 31 and second <= 12)
    month_first = sum(count for (first, second), count in numbers if 12 < second <= 31 and first <= 12)
    held, other = (day_first, month_first) if usual == "dmy" else (month_first, day_first)
    if other > held and other * _FEW >= heads.total():
        return "mdy" if usual == "dmy" else "dmy"
    return usual


def _all_heads(values: pl.LazyFrame) -> Counter[str]:
    head = pl.nth(0).str.strip_chars().str.head(6).alias("head")
    counted = values.select(head).group_by("head").len().collect(engine="streaming")
    return Counter({plain_text(text): count for text, count in counted.iter_rows() if text})


def _order_of(heads: Counter[str], where: str) -> Order | None:
    day_first = month_first = 0
    for head, count in heads.items():
        numbers = day_and_month(head)
        if numbers is None:
            continue
        day_first += count * (numbers[0] > 12)
        month_first += count * (numbers[1] > 12)
    few = min(day_first, month_first)
    if few * 100 > day_first + month_first:
        raise InputError(
            f"{where} mixes day-first ({day_first} values) and month-first dates ({month_first}); "
            f"split the file or say --date-order"
        )
    if day_first == month_first:
        return None
    return "dmy" if day_first > month_first else "mdy"


def _epoch(expr: pl.Expr, clock: Clock) -> pl.Expr:
    if clock.dtype.is_float():
        return epoch_fraction(expr.cast(pl.Float64), clock.per_unit_us)
    if clock.dtype.is_integer():
        return epoch_instant(expr.cast(pl.Int64, strict=False), clock.per_unit_us)
    return epoch_from_text(expr, clock.per_unit_us, whole=not clock.fraction)


def _native(expr: pl.Expr, clock: Clock, tz: str) -> pl.Expr:
    dtype = clock.dtype
    if isinstance(dtype, pl.Datetime):
        if dtype.time_unit == "ns":
            expr = (expr.dt.offset_by("500000ns")).dt.cast_time_unit("ms")
        else:
            expr = to_ms(expr, finer=dtype.time_unit == "us")
        if dtype.time_zone:
            return expr.dt.convert_time_zone("UTC")
        return from_local(expr, tz)
    return from_local(expr.cast(pl.Datetime("ms")), tz)


def _native_clock(dtype: pl.DataType, sample: pl.Series, *, name: str, source: str) -> Clock:
    if isinstance(dtype, pl.Datetime):
        return Clock(str(dtype), "native", dtype=dtype, has_offset=dtype.time_zone is not None)
    if isinstance(dtype, pl.Date):
        return Clock("date", "native", dtype=dtype, has_time=False)
    numbers = [str(value) for value in sample.drop_nulls().to_list()]
    counted = Counter(family for text in numbers if (family := family_of(text)).startswith("epoch"))
    if not dtype.is_numeric() or (numbers and not counted):
        raise InputError(
            f"{source}: column '{name}' ({dtype}) holds no date and time ({_some(numbers)}); map another with --map"
        )
    unit = counted.most_common(1)[0][0].removeprefix("epoch ") if counted else "s"
    return Clock(f"epoch {unit}", "epoch", per_unit_us=epoch_scale(unit), dtype=dtype, has_offset=True)
