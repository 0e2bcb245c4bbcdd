"""Date and time text to instants in Polars: one fast pattern, and general reading for the rows it does not fit.

A column without odd rows is read at the speed of its first pattern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import polars as pl
from polars._typing import PolarsDataType

from acwcli.formats.clock_formats import EPOCH_BOUNDS, REPLACEMENTS, Order, Pattern
from acwcli.formats.zones import from_local, localised
from acwcli.model.columns import INSTANT

Step = Callable[[pl.Expr], pl.Expr]
GeneralOrder = Order | Literal["named", ""]

_NEVER = Pattern("%Y-%m-%dT%H:%M:%SZ", 0)  # stands in where no pattern was found
_KNOWN_MS = (86_400_000, 7_258_118_399_999)  # 1970-01-02 to 2199; outside are placeholders and other calendars
_OFFSET = r"(?i)^(\S+ [\d:.,]+?(?: ?[ap]m)?)\s*(?:utc|gmt)?([+-]\d{2}):?(\d{2})?$"
_DATES: dict[str, tuple[tuple[str, str], ...]] = {
    "ymd": (
        (r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[Tt,\s]+|$)", "${1}-${2}-${3} "),
        (r"^(\d{4})(\d{2})(\d{2})[Tt\s_-]?(\d{2})(\d{2})(\d{2})", "${1}-${2}-${3} ${4}:${5}:${6}"),
        (r"^(\d{4})(\d{2})(\d{2})[Tt\s_-]?(\d{2})(\d{2})", "${1}-${2}-${3} ${4}:${5}:00"),
        (r"^(\d{4})(\d{2})(\d{2})(?:[Tt,\s]+|$)", "${1}-${2}-${3} "),
    ),
    "dmy": ((r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[Tt,\s]+|$)", "${3}-${2}-${1} "),),
    "mdy": ((r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?:[Tt,\s]+|$)", "${3}-${1}-${2} "),),
    "named": (
        (r"^[A-Za-z]{2,9}\.?,\s*", ""),
        (r"^([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:[,\s]+|$)", "${3}-${1}-${2} "),
        (r"^(\d{1,2})[-\s./]+([A-Za-z]{3,9})[-\s.,/]+(\d{4})(?:[:,\s]+|$)", "${3}-${2}-${1} "),
    ),
}
_TIMES = (
    (r"(?i)\s*\b(?:z|utc|gmt)$", "+00:00"),
    (r"(?i)(\d)z$", "${1}+00:00"),
    (r"(?i)^(\S+)\s+([ap])\.?\s?m\.?\s*([\d:.,]+)", "${1} ${3} ${2}m"),
    (r"(?i)\s*([ap])\.?\s?m\b\.?", " ${1}m"),
    (_OFFSET, "${1}${2}${3}"),
    (r"^(\S+)\s*$", "${1} 00:00:00"),
    (r"^(\S+ \d{1,2}:\d{2})($|[^:\d])", "${1}:00${2}"),
    (r"(:\d{2}),(\d)", "${1}.${2}"),
)


def first_read(
    text: pl.Expr,
    fast: Step,
    slower: Callable[[pl.Series], pl.Series],
    dtype: PolarsDataType,
    finish: Callable[[pl.Series], pl.Series] | None = None,
    bounds: tuple[int, int] | None = None,
) -> pl.Expr:
    """Read a column the fast way, and only what that leaves null the slower way.

    Python sees two Series per batch, no rows: where nothing failed that is free of charge. The same in Polars
    expressions names the fast reading twice, and nested repeats are computed as often as they are named.

    Args:
        text: the column.
        fast: what reads nearly every row.
        slower: reads the rest of a batch, which holds nulls at the rows that are done.
        dtype: of the result.
        finish: turns what `fast` read into the result's type.
        bounds: what lies outside becomes null (physical values: milliseconds).
    """

    def settle(batch: Sequence[pl.Series]) -> pl.Series:
        read, written = batch
        failed = read.is_null() if read.null_count() != written.null_count() else None
        read = finish(read) if finish else read
        if failed is not None:
            rest = written.to_frame("text").select(pl.when(failed).then(pl.col("text"))).to_series()
            read = read.zip_with(read.is_not_null(), slower(rest))
        return _bounded(read, bounds) if bounds else read

    return pl.map_batches([fast(text), text], settle, return_dtype=dtype, is_elementwise=True)


def _bounded(read: pl.Series, bounds: tuple[int, int]) -> pl.Series:
    physical = read.to_physical()
    least, most = physical.min(), physical.max()
    if least is None or (bounds[0] <= least and most <= bounds[1]):  # type: ignore[operator]
        return read
    return read.zip_with(physical.is_between(*bounds), pl.Series([None], dtype=read.dtype))


def in_turn(text: pl.Series, steps: Iterable[Step]) -> tuple[pl.Series, pl.Series]:
    """Try `steps` one after the other, each on what is left; return what was read and the text that was not."""
    frame = text.rename("text").to_frame()
    read: pl.Series | None = None
    for step in steps:
        got = frame.select(step(pl.col("text")).alias("read")).to_series()
        read = got if read is None else read.zip_with(read.is_not_null(), got)
        frame = frame.with_columns(got).select(pl.when(pl.col("read").is_null()).then(pl.col("text")).alias("text"))
        if frame["text"].null_count() == len(frame):
            break
    if read is None:
        raise ValueError("no way to read a column was given")
    return read.rename(text.name), frame["text"].rename(text.name)


def clock_text(text: pl.Expr, patterns: Sequence[Pattern], order: GeneralOrder, tz: str) -> pl.Expr:
    """Read text by its patterns, and what fits none in any spelling of `order`; null where all fails."""
    steps = [reader(pattern, tz) for pattern in patterns]

    def slower(rest: pl.Series) -> pl.Series:
        read, rest = in_turn(rest, steps[1:] or [reader(_NEVER, tz)])
        return read.zip_with(read.is_not_null(), _generally(rest, order, tz)) if order else read

    first = patterns[0] if patterns else _NEVER
    if first.has_offset:
        return first_read(text, reader(first, tz), slower, INSTANT, bounds=_KNOWN_MS)
    return first_read(
        text, lambda plain: _naive(plain, first), slower, INSTANT, lambda naive: localised(naive, tz), _KNOWN_MS
    )


def by_pattern(text: pl.Expr, pattern: Pattern, tz: str) -> pl.Expr:
    """Read text by one pattern as an instant; null where it does not fit."""
    time = _naive(text, pattern)
    if "%#z" in pattern.text:
        return time
    if not pattern.has_offset:
        return from_local(time, tz)
    utc = time.dt.replace_time_zone("UTC")
    return utc - pl.duration(milliseconds=pattern.offset_ms, time_unit="ms") if pattern.offset_ms else utc


def _naive(text: pl.Expr, pattern: Pattern) -> pl.Expr:
    """Read text by one pattern as written, without a zone (with one for `%#z`), rounded to milliseconds."""
    unit: Literal["us", "ms"] = "us" if pattern.finer else "ms"
    return to_ms(text.str.to_datetime(pattern.text, time_unit=unit, strict=False, cache=False), finer=pattern.finer)


def _generally(text: pl.Series, order: GeneralOrder, tz: str) -> pl.Series:
    """Read any spelling of time, fraction and offset behind a date of one order; twenty times slower than a pattern."""
    tidy = pl.col("text").str.replace_many(REPLACEMENTS).str.strip_chars().str.replace(r"\[[\w/+-]+\]$", "")
    for old, new in (*_DATES[order], *_TIMES):
        tidy = tidy.str.replace(old, new)
    if order in ("dmy", "mdy"):
        tidy = tidy.str.replace(r"^(\d{2})-", "20${1}-")
    spelt = text.rename("text").to_frame().select(tidy).to_series()
    day = "%Y-%B-%d" if order == "named" else "%Y-%m-%d"
    times = ("%H:%M:%S%.f", "%I:%M:%S%.f %p", "%H:%M:%S%.f%#z", "%I:%M:%S%.f %p%#z")
    read, _ = in_turn(spelt, [reader(Pattern(f"{day} {time}", finer=True), tz) for time in times])
    return read.rename(text.name)


def reader(pattern: Pattern, tz: str) -> Step:
    """Return `by_pattern` as a step."""
    return lambda text: by_pattern(text, pattern, tz)


def to_ms(time: pl.Expr, *, finer: bool) -> pl.Expr:
    """Round microseconds half-up to milliseconds; milliseconds pass unchanged."""
    return time.dt.offset_by("500us").dt.cast_time_unit("ms") if finer else time


def epoch_instant(number: pl.Expr, per_unit_us: int) -> pl.Expr:
    """Turn whole numbers of an epoch unit into instants, 1973 to 2200; `per_unit_us` 0 means nanoseconds."""
    per_second = 1_000_000 // per_unit_us if per_unit_us else 1_000_000_000
    first, last = (bound * per_second for bound in EPOCH_BOUNDS)
    known = pl.when(number.is_between(first, last)).then(number)
    if per_second > 1000:
        per_ms = per_second // 1000
        return ((known + per_ms // 2) // per_ms).cast(INSTANT)
    return (known * (1000 // per_second)).cast(INSTANT)


def epoch_fraction(number: pl.Expr, per_unit_us: int) -> pl.Expr:
    """Turn fractional numbers of an epoch unit into instants, exact to the microsecond before rounding."""
    microseconds = (number * (per_unit_us or 0.001)).round().cast(pl.Int64, strict=False)
    return epoch_instant(microseconds, 1)


def epoch_from_text(text: pl.Expr, per_unit_us: int, *, whole: bool) -> pl.Expr:
    """Read epoch text: `whole` numbers or fractions at once, then decimal commas, other digits and the other kind."""

    def number(plain: pl.Expr) -> pl.Expr:
        if whole:
            return epoch_instant(plain.cast(pl.Int64, strict=False), per_unit_us)
        return epoch_fraction(plain.cast(pl.Float64, strict=False), per_unit_us)

    def tidy(rest: pl.Expr) -> pl.Expr:
        plain = rest.str.replace_many(REPLACEMENTS).str.strip_chars().str.replace(",", ".", literal=True)
        return epoch_fraction(plain.cast(pl.Float64, strict=False), per_unit_us)

    return first_read(text, number, lambda rest: in_turn(rest, [tidy])[0], INSTANT)
