"""Figures as people read them on a terminal: rounded, with units, one form for a whole column.

>>> from acwcli.model.table import Column
>>> cells([90.0, 234.56, None], Column("mean_s", "seconds"), tz="UTC")
['90.0', '234.6', '–']
>>> cells([43500.0], Column("total_s", "seconds"), tz="UTC")
['12:05']
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeGuard
from zoneinfo import ZoneInfo

from acwcli.model.table import Column
from acwcli.render.safe_text import for_terminal
from acwcli.render.sparkline import sparkline
from acwcli.render.values import compact_json

MISSING = "–"

SUMS = ("total_s", "lost_s", "excess_s")
"""Seconds that add up to hours, so they read as h:mm."""

_SHORT_S = 600
"""Sums that stay below this say more in seconds than in h:mm."""


def is_number(column: Column) -> bool:
    """Say whether a column is set flush right and never broken."""
    return column.kind in ("count", "seconds", "share", "number")


def cells(values: Sequence[object], column: Column, *, tz: str) -> list[str]:
    """Return the text of each value; missing ones, NaN and infinity read `–`."""
    if column.kind == "spark":
        return [sparkline(value) if isinstance(value, list) else MISSING for value in values]
    if not is_number(column):
        return [_text(value, tz) for value in values]
    in_hours, digits = _in_hours(column, values), _digits(column, values)
    return [
        _text(value, tz) if not _is_real(value) else hours(value) if in_hours else _number(value, column, digits)
        for value in values
    ]


def unit(column: Column, values: Sequence[object]) -> str:
    """Return the unit that `cells` leaves to the heading; nothing where the name says it."""
    if _in_hours(column, values):
        return "h:mm"
    return "s" if column.kind == "seconds" and not column.heading.endswith(("_s", " s")) else ""


def _in_hours(column: Column, values: Sequence[object]) -> bool:
    return column.kind == "seconds" and column.name in SUMS and _largest(values) >= _SHORT_S


def _largest(values: Sequence[object]) -> float:
    return max((abs(value) for value in values if _is_real(value)), default=0.0)


def hours(seconds: float) -> str:
    """Write seconds as hours and minutes: `12:05`."""
    minutes = round(abs(seconds) / 60)
    sign = "-" if seconds < 0 and minutes else ""
    return f"{sign}{minutes // 60:,}:{minutes % 60:02d}"


def brief_seconds(seconds: float) -> str:
    """Write seconds with a decimal only where there is one: `60`, `83.4`."""
    return f"{seconds:,.0f}" if seconds == round(seconds) else f"{seconds:,.1f}"


def _is_real(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _digits(column: Column, values: Sequence[object]) -> int:
    """Decimals of a whole column, so that its points stand below each other."""
    if column.kind == "share":
        return 1
    sizes = [abs(value) for value in values if _is_real(value) and value]
    if column.kind == "count" or all(size == round(size) for size in sizes):
        return 0
    if column.kind == "number" or max(sizes) < 1:
        return 2
    return 0 if max(sizes) >= 1000 and min(sizes) >= 100 else 1


def _number(value: float, column: Column, digits: int) -> str:
    if column.kind == "share":
        return f"{value * 100:.{digits}f}%"
    return f"{value:,.{digits}f}"


def _text(value: object, tz: str) -> str:
    match value:
        case None | float():  # real floats of a text column are its own business, NaN is nobody's
            return MISSING if value is None or not math.isfinite(value) else str(value)
        case bool():
            return "yes" if value else "no"
        case datetime():
            return _instant(value, tz)
        case date():
            return value.isoformat()
        case dict() | list():
            return for_terminal(compact_json(value, tz) or MISSING)
        case _:
            return for_terminal(str(value)) or MISSING


def _instant(value: datetime, tz: str) -> str:
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(tz))
    return local.isoformat(sep=" ", timespec="milliseconds" if local.microsecond else "seconds")
