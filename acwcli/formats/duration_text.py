"""Durations in a column: one form, decided from all values, read as integer milliseconds by Polars expressions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.clock_formats import REPLACEMENTS, plain_text
from acwcli.formats.clock_text import first_read, in_turn

Kind = Literal["number", "clock", "iso", "words", "native"]
Comma = Literal["decimal", "thousands"]

_UNITS = {
    86_400_000: "days?|d|días?|дн(?:ей|я)?|天|日|روز",
    3_600_000: "hours?|hrs?|h|horas?|час(?:а|ов)?|ч|小时|小時|时|時|ساعت",
    60_000: "minutes?|mins?|m|minutos?|минут[аы]?|мин|м|分钟|分鐘|分|دقیقه",
    1000: "seconds?|secs?|s|segundos?|seg|секунд[аы]?|сек|с|秒钟|秒鐘|秒|ثانیه",
    1: "milliseconds?|msecs?|ms|мс|毫秒",
}
_NUMBER = r"\d+(?:[.,]\d+)?"
_WORDS = (
    "(?i)^"
    + "".join(rf"(?:({_NUMBER})\s*(?:{names})(?:\.|\b|$|[\s,]|[^\x00-\x7f])??[\s,]*)?" for names in _UNITS.values())
    + "$"
)
_ISO = rf"(?i)^P(?:({_NUMBER})D)?(?:T(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?$"
_CLOCK = r"^(-)?(?:(\d+)(?:\.|:|\s*d(?:ays?)?,?\s*))??(?:(\d+):)?(\d+):(\d{1,2}(?:[.,]\d+)?)$"
_HMS = r"^\d+:[0-5]\d:[0-5]\d$"
_MS = r"^\d+:[0-5]\d$"
_TAIL = r"(?i)\s*(?:h|hs|hrs|hh:mm:ss)\.?$"
_LARGEST = 10**12
_KINDS: dict[Kind, str] = {
    "number": r"[-+]?[\d.,]*\d[\d.,]*(?:[eE][-+]?\d+)?",
    "clock": rf"(?:{_CLOCK[1:-1]})(?:{_TAIL[4:-1]})?",
    "iso": r"[Pp](?=[\dTt]).*[A-Za-z]",
    "words": r"(?=\d).*[^\W\d_]\.?",
}


class DurationForm(NamedTuple):
    """The decided form of one column of durations.

    Attributes:
        kind: `number`, `clock` (mm:ss, hh:mm:ss.fff, days before), `iso` (PT1M30S), `words` (1m30s) or `native`.
        unit_ms: milliseconds of one, for numbers.
        comma: what a comma in a number is; None when the sample holds none, then `1,234` is refused row by row.
        fraction: most numbers are not whole.
        dtype: the column's Polars type.
    """

    kind: Kind
    unit_ms: int = 1000
    comma: Comma | None = None
    fraction: bool = False
    dtype: pl.DataType = pl.String()


def decide_duration(
    values: pl.LazyFrame, sample: pl.Series, *, name: str, source: str, unit_ms: int = 1000
) -> DurationForm:
    """Decide the one form of a column of durations.

    Args:
        values: one column, all values of the file; read only when the sample leaves a doubt.
        sample: the first values.
        name: the column, for messages.
        source: the file, for messages.
        unit_ms: what a bare number counts (1000: seconds, 1: milliseconds).

    Raises:
        InputError: nothing fits, or commas may be decimal or group thousands and the data does not tell.
    """
    dtype = sample.dtype
    if dtype.is_numeric() or isinstance(dtype, pl.Duration | pl.Time):
        return DurationForm("number" if dtype.is_numeric() else "native", unit_ms, dtype=dtype)
    texts = _texts(sample) or _texts(_with_digits(values))
    counted = Counter(kind for text in texts if (kind := _kind_of(text)))
    if (not counted and texts) or counted.total() * 2 < len(texts):
        shown = ", ".join(f"'{text[:40]}'" for text in list(dict.fromkeys(texts))[:3])
        raise InputError(
            f"{source}: column '{name}' holds no durations ({shown}); known are seconds, mm:ss, hh:mm:ss, PT1M30S and "
            f"1m30s; map another column with --map"
        )
    kind = counted.most_common(1)[0][0] if counted else "number"
    numbers = [text for text in texts if _kind_of(text) == "number"]
    comma: Comma | None = None
    if kind == "number" and any("," in text for text in numbers):
        comma = _comma(numbers) or _comma(_texts(_with_commas(values))) or _likely_comma(numbers)
        if comma is None:
            raise InputError(_doubt(numbers, f"{source}: column '{name}'"))
    fraction = 2 * sum("." in text for text in numbers) > len(numbers)
    return DurationForm(kind, unit_ms, comma, fraction)


def duration_ms(expr: pl.Expr, form: DurationForm) -> pl.Expr:
    """Read a column of durations as Int64 milliseconds, rounded half-up.

    Null for empty cells, words for 'no value' and whatever does not fit the form. Negative values stay negative.
    """
    if form.kind == "native":
        return _native(expr, form.dtype)
    if form.kind == "number":
        return _number(expr, form)
    if form.kind == "clock":
        return first_read(expr, _hms, _other_clocks, pl.Int64())
    pattern = _ISO if form.kind == "iso" else _WORDS
    return expr.map_batches(lambda text: _parts(text, pattern), return_dtype=pl.Int64(), is_elementwise=True)


def _texts(series: pl.Series) -> list[str]:
    from acwcli.formats.words import is_no_value

    plain = (plain_text(value) for value in series.cast(pl.String).drop_nulls().to_list())
    return [value for value in plain if value and not is_no_value(value)]


def _kind_of(text: str) -> Kind | None:
    return next((kind for kind, pattern in _KINDS.items() if re.fullmatch(pattern, text, re.IGNORECASE)), None)


def _with_digits(values: pl.LazyFrame) -> pl.Series:
    column = values.select(pl.nth(0).cast(pl.String).alias("value"))
    found = column.filter(pl.col("value").str.contains(r"\d")).head(1000)
    return found.collect(engine="streaming").to_series()


def _with_commas(values: pl.LazyFrame) -> pl.Series:
    """Return what the column says about its commas: one value per spelling (digits folded to 9 and 0)."""
    column = values.select(pl.nth(0).cast(pl.String).alias("value"))
    spelt = pl.col("value").str.replace_all(r"\d", "9").alias("spelling")
    first = column.group_by(spelt, pl.col("value").str.starts_with("0").alias("zero")).agg(pl.first("value"))
    return first.select("value").collect(engine="streaming").to_series()


def _comma(texts: Sequence[str]) -> Comma | None:
    """Tell decimal commas from grouped thousands, None when the values do not."""
    with_comma = [text.lstrip("-+") for text in texts if "," in text]
    if any(text.count(",") > 1 or 0 <= text.find(",") < text.find(".") for text in with_comma):
        return "thousands"
    if any(not re.fullmatch(r"[1-9]\d{0,2},\d{3}", text) for text in with_comma):
        return "decimal"
    without = [text.lstrip("-+") for text in texts if "," not in text]
    if any(re.fullmatch(r"\d{4,}", text) for text in without):
        return "decimal"  # thousands are written without a comma
    return None


def _likely_comma(texts: Sequence[str]) -> Comma | None:
    """Take commas for grouped thousands where most numbers need none because they are smaller.

    Milliseconds behind a decimal comma would leave one number in a thousand without it.
    """
    without = sum("," not in text for text in texts)
    return "thousands" if without >= 10 and 2 * without >= len(texts) else None


def _doubt(texts: Sequence[str], where: str) -> str:
    shown = next(text for text in texts if "," in text)
    return (
        f"{where} holds numbers such as '{shown}' whose comma may be decimal or group thousands, and no value tells; "
        f"export plain seconds, or hh:mm:ss"
    )


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(REPLACEMENTS).str.strip_chars()


def _number(expr: pl.Expr, form: DurationForm) -> pl.Expr:
    if not isinstance(form.dtype, pl.String):
        return _scaled(expr.cast(pl.Float64), form.unit_ms) if form.dtype.is_float() else _whole(expr, form.unit_ms)

    def general(text: pl.Expr) -> pl.Expr:
        tidy = _plain(text)
        if form.comma == "thousands":
            tidy = tidy.str.replace_all(r",(\d{3})\b", "${1}")
        elif form.comma == "decimal":
            tidy = tidy.str.replace(r"^([-+]?\d*)(?:\.(\d{3}))?,(\d+)$", "${1}${2}.${3}")
        else:
            tidy = tidy.str.replace(r"^([-+]?\d*),(\d{1,2}|\d{4,})$", "${1}.${2}")
        return _scaled(tidy.cast(pl.Float64, strict=False), form.unit_ms)

    def fast(text: pl.Expr) -> pl.Expr:
        if form.fraction:
            return _scaled(text.cast(pl.Float64, strict=False), form.unit_ms)
        return _whole(text, form.unit_ms)

    return first_read(expr, fast, lambda rest: in_turn(rest, [general])[0], pl.Int64())


def _whole(number: pl.Expr, unit_ms: int) -> pl.Expr:
    whole = number.cast(pl.Int64, strict=False)
    return pl.when(whole.is_between(-_LARGEST, _LARGEST)).then(whole * unit_ms)


def _scaled(number: pl.Expr, unit_ms: int) -> pl.Expr:
    # By way of whole microseconds: 1.0005 s has no exact float, but rounds to the right one.
    bounded = pl.when(number.abs() <= _LARGEST).then(number)
    return ((bounded * (unit_ms * 1000)).round().cast(pl.Int64, strict=False) + 500) // 1000


def _hms(text: pl.Expr) -> pl.Expr:
    fits = pl.when(text.str.contains(_HMS)).then(text)
    hours, minutes, seconds = fits.str.head(-6), fits.str.slice(-5, 2), fits.str.slice(-2, 2)
    return _int(hours) * 3_600_000 + _int(minutes) * 60_000 + _int(seconds) * 1000


def _minutes_seconds(text: pl.Expr) -> pl.Expr:
    fits = pl.when(text.str.contains(_MS)).then(text)
    return _int(fits.str.head(-3)) * 60_000 + _int(fits.str.slice(-2, 2)) * 1000


def _int(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Int64, strict=False)


def _other_clocks(text: pl.Series) -> pl.Series:
    read, rest = in_turn(text, [_minutes_seconds])
    return read.zip_with(read.is_not_null(), _any_clock(rest)) if rest.null_count() < len(rest) else read


def _any_clock(text: pl.Series) -> pl.Series:
    sign, days, hours, minutes, seconds = (pl.col(str(place)) for place in range(1, 6))
    parts = _groups(text, _CLOCK, pl.col("text").str.replace(_TAIL, ""))
    parts = parts.with_columns(_int(days), _int(hours), _int(minutes), _scaled(_float(seconds), 1000))
    below = (seconds < 60_000) & ((minutes < 60) | hours.is_null()) & ((hours < 24) | days.is_null())
    total = pl.sum_horizontal(days * 86_400_000, hours * 3_600_000, minutes * 60_000, seconds)
    return parts.select(pl.when(below).then(pl.when(sign.is_null()).then(total).otherwise(-total))).to_series()


def _groups(text: pl.Series, pattern: str, tidy: pl.Expr) -> pl.DataFrame:
    """Split every value into the groups of a pattern: text columns `1`, `2` ..."""
    plain = text.rename("text").to_frame().select(_plain(pl.col("text"))).with_columns(tidy)
    return plain.select(pl.col("text").str.extract_groups(pattern).alias("groups")).unnest("groups")


def _float(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def _parts(text: pl.Series, pattern: str) -> pl.Series:
    found = _groups(text, pattern, pl.col("text").str.replace_all(r"\s+(?:and|und|y|и|و)\s+", " "))
    scaled = found.select(
        _scaled(_float(pl.col(name)), unit) for name, unit in zip(found.columns, _UNITS, strict=False)
    )
    some = pl.any_horizontal(pl.all().is_not_null())
    return scaled.select(pl.when(some).then(pl.sum_horizontal(pl.all()))).to_series().rename(text.name)


def _native(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Time):
        expr = expr.cast(pl.Duration("ns"))
    return (expr.dt.total_microseconds(fractional=False) + 500) // 1000
