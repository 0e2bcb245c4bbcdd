"""How one written date and time is spelt: from a sample value to a strptime pattern and its name for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple

Order = Literal["dmy", "mdy", "ymd"]

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩０１２３４５６７８９", "0123456789" * 3)
REPLACEMENTS: dict[str, str] = {
    **{chr(code): chr(value) for code, value in _DIGITS.items()},
    **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069", ""),
    **dict.fromkeys("\u00a0\u2007\u202f\u3000", " "),
    "：": ":",
    "／": "/",
    "年": "-",
    "月": "-",
    "日": " ",
    "上午": " AM ",
    "下午": " PM ",
    "ق.ظ": "AM",
    "ب.ظ": "PM",
}
"""Digits, invisible marks, blanks and date words that are spelt in ASCII before a value is read the general way."""

_ANY_DIGIT = str.maketrans("123456789", "0" * 9)

_DATE = {
    "ymd": r"(?P<y>\d{4})(?P<s>[-/.])(?P<a>\d{1,2})(?P=s)(?P<b>\d{1,2})(?!\d)",
    "xy": r"(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})(?!\d)",
    "compact": r"(?P<y>\d{4})(?P<a>\d{2})(?P<b>\d{2})(?!\d{1,3}$)",
    "day-month": r"(?P<w>[A-Za-z]+, )?(?P<a>\d{1,2})(?P<s>[- ])(?P<b>[A-Za-z]{3,9})(?P=s)(?P<y>\d{4})",
    "month-day": r"(?P<w>[A-Za-z]+, )?(?P<a>[A-Za-z]{3,9}) (?P<b>\d{1,2})(?P<c>,?) (?P<y>\d{4})",
}
_TIME = (
    r"(?P<sep>[ T]?)(?P<h>\d{1,2})(?P<colon>:?)(?P<m>\d{2})(?:(?P=colon)(?P<sec>\d{2})(?P<frac>[.,]\d+)?)?"
    r"(?P<ampm> ?[AaPp][Mm])?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
)
_ENDS_IN_OFFSET = (
    r"(?i)(?:\d(?: ?[ap]m)? ?(?:z|utc|gmt)|:\d{2}(?:[.,]\d+)?(?: ?[ap]m)? ?[+-]\d{2}(?::?\d{2})?)(?:\[.*\])?$"
)
_TIME_OF_DAY = r"\d{1,2}:\d{2}(:\d{2})?([.,]\d+)?( ?[AaPp][Mm])?"
EPOCH_BOUNDS = (100_000_000, 7_258_118_399)
"""Seconds from 1973 to 2200: what a number may mean."""
_EPOCH_FIRST = {"s": 100_000_000, "ms": 600_000_000, "us": 600_000_000, "ns": 600_000_000}  # YYYYMMDDHHMM is no epoch
_UNITS = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": 0}
_NAMES = {
    "%Y": "YYYY", "%y": "YY", "%m": "MM", "%d": "DD", "%b": "Mon", "%B": "Month", "%H": "HH", "%I": "hh", "%M": "MM",
    "%S": "SS", "%3f": "fff", "%6f": "ffffff", "%9f": "fffffffff", "%.f": ".fff", "%p": "AM", "%#z": "+HH:MM",
    "%a": "Day", "%A": "Day",
}  # fmt: skip


class Pattern(NamedTuple):
    """One strptime pattern of a column.

    Attributes:
        text: as Polars takes it; only fixed-width parts and literals where that is possible, because those are parsed
            five times as fast as `%.f` and `%#z`.
        offset_ms: the offset that is spelt as a literal in `text`, None for local times and for `%#z`.
        finer: the values may be finer than a millisecond.
    """

    text: str
    offset_ms: int | None = None
    finer: bool = False

    @property
    def label(self) -> str:
        """The pattern as people write it, e.g. `YYYY-MM-DD HH:MM:SS`."""
        label = re.sub(r"%(?:[369.]?[A-Za-z]|#z)", lambda part: _NAMES.get(part[0], part[0]), self.text)
        return re.sub(r"(?<=hh:)MM(:SS)?", lambda part: part[0].lower(), label)

    @property
    def has_offset(self) -> bool:
        """Whether the values name an instant without help of a zone."""
        return self.offset_ms is not None or "%#z" in self.text or "%s" in self.text


def plain_text(value: str) -> str:
    """Spell one value with ASCII digits, without invisible marks."""
    if value.isascii():
        return value.strip()
    for old, new in REPLACEMENTS.items():
        value = value.replace(old, new)
    return value.strip()


def spellings(values: Iterable[str]) -> Counter[str]:
    """How often plain values are spelt alike: one stands for all that differ only in digits that do not matter here."""
    return Counter(map(_spelling, values))


def _spelling(value: str) -> str:
    if ":" not in value:  # perhaps a number, whose size tells what it is
        return value
    offset = value[-6:] if "+" in value[-6:] or "-" in value[-6:] else ""
    return value[: len(value) - len(offset)].translate(_ANY_DIGIT) + offset


def family_of(value: str) -> str:
    """Name what a plain value is: `ymd xy compact day-month month-day`, `epoch s|ms|us|ns`, `time of day` or ''."""
    if unit := epoch_unit(value):
        return f"epoch {unit}"
    if re.fullmatch(_TIME_OF_DAY, value):
        return "time of day"
    return next((family for family, pattern in _DATE.items() if re.match(pattern, value)), "")


def epoch_unit(value: str) -> str:
    """Return the unit (`s ms us ns`) in which a number is an instant between 1989 (seconds: 1973) and 2200, or ''."""
    if not re.fullmatch(r"\d{9,19}([.,]\d*)?|\d([.,]\d+)?[eE]\+?\d{1,2}", value):
        return ""
    number = float(value.replace(",", "."))
    for power, (unit, first) in enumerate(_EPOCH_FIRST.items()):
        if first <= number / 1000**power <= EPOCH_BOUNDS[1]:
            return unit
    return ""


def year_of(value: str) -> int | None:
    """Return the year a plain value spells, None when it spells no date."""
    for pattern in _DATE.values():
        if found := re.match(pattern, value):
            return int(found["y"])
    return None


def two_digit_pattern(text: str) -> str:
    """The strptime pattern of a date with a two-digit year, day first, and of the clock behind it."""
    half = re.search(r"[AaPp]\.?[Mm]\b", text) is not None
    made = re.sub(r"^\d{1,2}([-/.])\d{1,2}[-/.]\d{2}", r"%d\1%m\1%y", text)
    made = re.sub(r"\d{1,2}:\d{2}", "%I:%M" if half else "%H:%M", made)
    return re.sub(r"[AaPp]\.?[Mm]\b", "%p", re.sub(r":\d{2}\.\d+", ":%S%.f", re.sub(r":\d{2}(?!\.\d)", ":%S", made)))


def day_and_month(value: str) -> tuple[int, int] | None:
    """Return the first and the second number of a date that ends in its year, None for any other value."""
    found = re.match(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]", value)
    return (int(found[1]), int(found[2])) if found else None


def has_offset(value: str) -> bool:
    """Tell whether a plain value ends in Z, UTC, GMT or an offset."""
    return bool(re.search(_ENDS_IN_OFFSET, value))


def family_label(family: str, order: Order) -> str:
    """Name a date family for people when no pattern fits it."""
    if family == "xy":
        return {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY", "ymd": "YY-MM-DD"}[order] + " HH:MM:SS"
    return "date with month name" if "-" in family else "YYYY-MM-DD HH:MM:SS"


def patterns_of(values: Counter[str], family: str, order: Order) -> tuple[Pattern, ...]:
    """Return the patterns that read most of the plain values (see `spellings`), the fastest first.

    The first is literal about fraction and offset; the second, if there is one, takes them as they come.
    """
    counts: tuple[Counter[Pattern], Counter[Pattern]] = Counter(), Counter()
    for value, often in values.items():
        for counted, exact in zip(counts, (True, False), strict=True):
            if family_of(value) == family and (found := _pattern(value, family, order, exact=exact)):
                counted[found] += often
    best = [counted.most_common(1)[0] for counted in counts if counted]
    if len(best) == 2 and best[0][1] < 0.8 * best[1][1]:
        best = best[1:]  # nearly every value would be tried twice
    return tuple({pattern.text: pattern for pattern, _ in best}.values())


def _pattern(value: str, family: str, order: Order, *, exact: bool) -> Pattern | None:
    date = re.match(_DATE[family], value)
    if date is None:
        return None
    rest = value[date.end() :]
    head = _date_pattern(date, family, order)
    if not rest:
        return Pattern(head)
    time = re.fullmatch(_TIME, rest)
    if time is None or (family != "compact" and not (time["colon"] and time["sep"])):
        return None
    if time["colon"] and not time["sep"]:
        return None
    return _with_time(head, time, exact=exact)


def _date_pattern(date: re.Match[str], family: str, order: Order) -> str:
    year = "%Y" if len(date["y"]) == 4 else "%y"
    if family == "compact":
        return "%Y%m%d"
    if family == "month-day":
        weekday = "%a, " if date["w"] else ""
        return f"{weekday}%B %d{date['c']} %Y" if len(date["a"]) > 3 else f"{weekday}%b %d{date['c']} %Y"
    sep = date["s"]
    if family == "day-month":
        weekday = "%a, " if date["w"] else ""
        return weekday + sep.join(("%d", "%b" if len(date["b"]) == 3 else "%B", "%Y"))
    if family == "ymd":
        return f"%Y{sep}%m{sep}%d"
    part = {"y": year, "m": "%m", "d": "%d"}
    return sep.join(part[letter] for letter in order)


def _with_time(head: str, time: re.Match[str], *, exact: bool) -> Pattern | None:
    colon = time["colon"]
    text = head + time["sep"] + ("%I" if time["ampm"] else "%H") + colon + "%M"
    digits = len(time["frac"] or " ") - 1
    if time["sec"]:
        text += colon + "%S"
        if exact and digits in (3, 6, 9):
            text += f"{time['frac'][0]}%{digits}f"
        elif digits and time["frac"][0] == ",":
            return None
        elif digits or not exact:
            text += "%.f"
    if time["ampm"]:
        text += time["ampm"][:-2] + "%p"
    zone, finer = time["zone"], digits > 3 or "%.f" in text
    if zone and exact:
        return Pattern(text + zone, _offset_ms(zone.strip()), finer)
    return Pattern(text + ("%#z" if zone else ""), None, finer)


def _offset_ms(zone: str) -> int:
    if not zone[1:3].isdigit():
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return minutes * (-60_000 if zone[0] == "-" else 60_000)


def user_pattern(time_format: str) -> Pattern:
    """Turn a `--time-format` in Python's spelling into the one Polars reads alike."""
    text = time_format.replace(".%f", "%.f").replace(",%f", ",%3f").replace("%f", "%6f")
    text = re.sub(r"%:?z", "%#z", text)
    return Pattern(text, None, finer=True)


def epoch_scale(unit: str) -> int:
    """Microseconds in one unit of an epoch column; 0 for nanoseconds."""
    return _UNITS[unit]
