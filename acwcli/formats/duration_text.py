"""Durations in a column: one form, decided from all values, read as integer milliseconds by Polars expressions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

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
    "words": _WORDS[5:-1],
}


@dataclass(frozen=True)
class DurationForm:
    """The decided form of one column of durations.

    Attributes:
        kind: `number`, `clock` (mm:ss, hh:mm:ss.fff, days before), `iso` (PT1M30S), `words` (1m30s) or `native`.
        unit_ms: milliseconds of one, for numbers.
        comma: what a comma in a number is.
        dtype: the column's Polars type.
    """

    kind: Kind
    unit_ms: int = 1000
    comma: Comma = "decimal"
    dtype: pl.DataType = field(default_factory=pl.String)


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
    comma: Comma = "decimal"
    if kind == "number" and any("," in text for text in texts):
        comma = _comma(texts) or _comma(_texts(_with_commas(values))) or _doubt(texts, f"{source}: column '{name}'")
    return DurationForm(kind, unit_ms, comma)


def duration_ms(expr: pl.Expr, form: DurationForm) -> pl.Expr:
    """Read a column of durations as Int64 milliseconds, rounded half-up.

    Null for empty cells, words for 'no value' and whatever does not fit the form. Negative values stay negative.
    """
    if form.kind == "native":
        return _native(expr, form.dtype)
    if form.kind == "number":
        return _number(expr, form)
    if form.kind == "clock":
        return first_read(expr, _hms, lambda rest: in_turn(rest, [_minutes_seconds, _any_clock])[0], pl.Int64())
    return _parts(_plain(expr), _ISO if form.kind == "iso" else _WORDS)


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


def _doubt(texts: Sequence[str], where: str) -> Comma:
    shown = next(text for text in texts if "," in text)
    raise InputError(
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
            tidy = tidy.str.replace(r"^([-+]?\d{1,3}(?:,\d{3})+)(\.\d+)?$", "${1}${2}").str.replace_all(
                ",", "", literal=True
            )
        else:
            tidy = tidy.str.replace(r"^([-+]?\d*)(?:\.(\d{3}))?,(\d+)$", "${1}${2}.${3}")
        return _scaled(tidy.cast(pl.Float64, strict=False), form.unit_ms)

    return first_read(
        expr, lambda text: _whole(text, form.unit_ms), lambda rest: in_turn(rest, [general])[0], pl.Int64()
    )


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


def _any_clock(text: pl.Expr) -> pl.Expr:
    part = _plain(text).str.replace(_TAIL, "").str.extract_groups(_CLOCK).struct
    days, hours, minutes = (_int(part.field(place)).fill_null(0) for place in ("2", "3", "4"))
    seconds = _scaled(_float(part.field("5")), 1000)
    below = (seconds < 60_000) & ((minutes < 60) | part.field("3").is_null())
    below &= (hours < 24) | part.field("2").is_null()
    total = days * 86_400_000 + hours * 3_600_000 + minutes * 60_000 + seconds
    return pl.when(below).then(pl.when(part.field("1").is_null()).then(total).otherwise(-total))


def _float(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def _parts(text: pl.Expr, pattern: str) -> pl.Expr:
    found = text.str.extract_groups(pattern).struct
    units = tuple(_UNITS)[: re.compile(pattern).groups]
    parts = [_scaled(_float(found.field(str(place))), unit) for place, unit in enumerate(units, start=1)]
    some = pl.any_horizontal(part.is_not_null() for part in parts)
    return pl.when(some).then(pl.sum_horizontal(parts))


def _native(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Time):
        expr = expr.cast(pl.Duration("ns"))
    return (expr.dt.total_microseconds(fractional=False) + 500) // 1000
