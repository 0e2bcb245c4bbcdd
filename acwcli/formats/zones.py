"""When the clocks of a zone change, and local times to instants."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from acwcli.model.columns import INSTANT

_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=5)
_DAY_MS = 86_400_000
QUARTER_MS = 900_000
"""Every change of every zone since 1990 is on a quarter of an hour."""


@lru_cache(maxsize=8)
def changes(tz: str) -> tuple[tuple[int, int, int], ...]:
    """List every change of a zone from 1990 to 2036: `(instant, offset before, offset after)`, all in ms."""
    zone = ZoneInfo(tz)

    def offset(at: datetime) -> int:
        return round((at.astimezone(zone).utcoffset() or timedelta()).total_seconds() * 1000)

    found = []
    at = _FIRST
    while at < _LAST:
        before, after = offset(at), offset(at + _STEP)
        if before != after:
            early, late = at, at + _STEP
            while late - early > timedelta(minutes=1):
                middle = early + (late - early) / 2
                early, late = (middle, late) if offset(middle) == before else (early, middle)
            found.append((round(late.timestamp() * 1000 / QUARTER_MS) * QUARTER_MS, before, after))
        at += _STEP
    return tuple(found)


@lru_cache(maxsize=8)
def repeated_hours(tz: str) -> tuple[tuple[int, int], ...]:
    """List `(start, length)` in ms of every repeated span of a zone, as instants of its first pass."""
    return tuple((at - (before - after), before - after) for at, before, after in changes(tz) if after < before)


def from_local(naive: pl.Expr, tz: str) -> pl.Expr:
    """Give local times their zone: the first pass of a repeated hour, null for times the clocks skipped."""
    if tz == "UTC":
        return naive.dt.replace_time_zone("UTC")
    return naive.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def localised(naive: pl.Series, tz: str) -> pl.Series:
    """Do what `from_local` does, at the cost of UTC where no clock change lies between least and largest."""
    physical = naive.to_physical()
    offset = _constant_offset(physical.min(), physical.max(), tz)  # type: ignore[arg-type]
    if offset is None:
        return naive.to_frame().select(from_local(pl.first(), tz)).to_series()
    return (physical - offset).cast(INSTANT)


def _constant_offset(least: int | None, most: int | None, tz: str) -> int | None:
    if least is None or most is None or tz == "UTC":
        return 0
    if least < _FIRST.timestamp() * 1000 + _DAY_MS or most > _LAST.timestamp() * 1000 - _DAY_MS:
        return None
    instants = [at for at, _, _ in changes(tz)]
    place = bisect_left(instants, least - _DAY_MS)
    if place != bisect_right(instants, most + _DAY_MS):
        return None
    at = datetime.fromtimestamp(least / 1000, UTC).astimezone(ZoneInfo(tz))
    return round((at.utcoffset() or timedelta()).total_seconds() * 1000)
