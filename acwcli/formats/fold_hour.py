"""The hour that clocks repeat in autumn: which of its two passes a local time belongs to, from the order of the file.

Times without an offset are first read as the first pass (`clock.instant`). Where the rows run on in time but fall back
once inside the repeated hour, what follows the fall is the second pass.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from acwcli.formats.zones import QUARTER_MS, repeated_hours

_HOUR_MS = 3_600_000
_AROUND_MS = 2 * _HOUR_MS
_JITTER_MS = 60_000
_NO_ROWS = pl.Series("row", [], pl.UInt32)


class FoldHour(NamedTuple):
    """What the order of a file says about the repeated hours in it.

    Attributes:
        rows: row numbers whose time is of the second pass.
        shift_ms: how much later the second pass is.
        undecided: times in a repeated hour that the order does not settle; they stay in the first pass.
    """

    rows: pl.Series = _NO_ROWS
    shift_ms: int = _HOUR_MS
    undecided: int = 0


def resolve_fold(rows: pl.LazyFrame, tz: str) -> FoldHour:
    """Decide from the order of a file which rows are of the second pass of a repeated hour.

    Globally when the file is in time order around that hour (rising, or newest first), else agent by agent.

    Args:
        rows: all rows of one file: `instant` (local times read as the first pass), `row` (file order) and, if known,
            `agent`.
        tz: the zone the local times were read in.
    """
    spans = repeated_hours(tz)
    if not spans:
        return FoldHour()
    near = _rows_near(rows, spans)
    if not near["inside"].any():
        return FoldHour()
    judged = _judged(_oldest_first(near, ["span"], rows), ["span"])
    grouped = judged.filter(~pl.col("ordered") | _parts_agents(judged))["span"].unique()
    parts = [judged.filter(~pl.col("span").is_in(grouped.implode()))]
    if len(grouped) and "agent" in near.columns:
        group = ["span", "agent"]
        by_agent = near.filter(pl.col("span").is_in(grouped.implode()))
        parts.append(_judged(_oldest_first(by_agent, group, rows), group))
    inside = pl.concat(part.filter("inside", "settled").select("row", "after") for part in parts)
    length = dict(spans)[near.filter("inside")["span"][0]]
    return FoldHour(inside.filter("after")["row"], length, int(near["inside"].sum()) - len(inside))


def in_order(time: pl.Expr, row: pl.Expr, fold: FoldHour) -> pl.Expr:
    """Move the times of the second pass to where they belong."""
    if fold.rows.is_empty():
        return time
    later = time + pl.duration(milliseconds=fold.shift_ms, time_unit="ms")
    return pl.when(row.is_in(fold.rows.implode())).then(later).otherwise(time)


def not_before(time: pl.Expr, start: pl.Expr, tz: str) -> pl.Expr:
    """Move an end that seems to precede its start to the second pass, when that puts it right."""
    spans = repeated_hours(tz)
    if not spans:
        return time
    length = spans[-1][1]
    quarters = [begin // QUARTER_MS + step for begin, size in spans for step in range(size // QUARTER_MS)]
    inside = (time.to_physical() // QUARTER_MS).is_in(quarters)
    later = time + pl.duration(milliseconds=length, time_unit="ms")
    return pl.when((time < start) & (later >= start) & inside).then(later).otherwise(time)


def _rows_near(rows: pl.LazyFrame, spans: tuple[tuple[int, int], ...]) -> pl.DataFrame:
    """Collect the rows at most two hours from a repeated span: `ms`, `span` (its start) and `inside`."""
    hours = {
        hour
        for begin, length in spans
        for hour in range((begin - _AROUND_MS) // _HOUR_MS, (begin + 2 * length + _AROUND_MS) // _HOUR_MS + 1)
    }
    ms = pl.col("instant").to_physical().alias("ms")
    close = rows.filter((pl.col("instant").to_physical() // _HOUR_MS).is_in(sorted(hours)))
    near = close.with_columns(ms).drop("instant").collect(engine="streaming").sort("ms")
    starts = pl.DataFrame(spans, schema={"span": pl.Int64, "length": pl.Int64}, orient="row").sort("span")
    near = near.join_asof(starts, left_on="ms", right_on="span", strategy="nearest")
    return near.with_columns(inside=pl.col("ms").is_between("span", pl.col("span") + pl.col("length"), closed="left"))


def _oldest_first(near: pl.DataFrame, group: list[str], rows: pl.LazyFrame) -> pl.DataFrame:
    """Sort rows as the file has them, from its end when its times fall."""
    near = near.sort("row")
    rising = near.select(pl.col("ms").diff().over(group).sign().sum()).item()
    if not rising:
        known = pl.col("instant").drop_nulls()
        first, last = rows.select(first=known.first(), last=known.last()).collect(engine="streaming").row(0)
        rising = 1 if first <= last else -1
    return near if rising > 0 else near.reverse()


def _judged(near: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """Judge rows in order, group by group: `ordered`, `settled` (one fall back inside the span), `after` that fall."""
    move = pl.col("ms").diff().over(group)
    both = pl.col("inside") & pl.col("inside").shift(fill_value=False).over(group)
    steps = near.with_columns(
        back=(move < 0) & both,
        leap=(move < -_JITTER_MS) & both,
        astray=(move < -_JITTER_MS) & ~both,
    )
    leaps = pl.col("leap").any().over(group)
    falls = steps.with_columns(fall=pl.when(leaps).then("leap").otherwise("back").fill_null(False))
    return falls.with_columns(
        ordered=~pl.col("astray").any().over(group) & (pl.col("fall").sum().over(group) <= 1),
        settled=~pl.col("astray").any().over(group) & (pl.col("fall").sum().over(group) == 1),
        after=pl.col("fall").cum_sum().over(group) > 0,
    )


def _parts_agents(judged: pl.DataFrame) -> pl.Expr:
    """Tell spans whose fall may be the step from one agent's rows to the next agent's: none stands on both sides."""
    if "agent" not in judged.columns:
        return pl.lit(False)
    sides = pl.col("after").n_unique().over("span", "agent").max().over("span")
    return pl.col("settled") & (sides < 2) & (pl.col("agent").n_unique().over("span") > 1)
