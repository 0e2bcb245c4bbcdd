"""Columns derived from the start of a wrap, in the zone of the question: day, hour, week, weekday."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

DERIVED = ("day", "hour", "week", "weekday")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def derived_columns(names: Iterable[str], tz: str, instant: str = "wrap_start") -> list[pl.Expr]:
    """Return expressions for the derived columns among `names`.

    `day` is a date, `hour` 0 to 23, `week` ISO text such as `2026-W09`, `weekday` an ordered Mon to Sun.
    """
    local = pl.col(instant).dt.convert_time_zone(tz)
    known = {
        "day": local.dt.date(),
        "hour": local.dt.hour().cast(pl.Int64),
        "week": local.dt.strftime("%G-W%V"),
        "weekday": (local.dt.weekday() - 1).cast(pl.UInt8).cat.to(pl.Enum(_WEEKDAYS)),
    }
    return [known[name].alias(name) for name in names if name in known]
