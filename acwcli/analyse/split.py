"""Totals per day or hour where a wrap is split: each interval gets the seconds of it that lie there."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.groups import agent_name, check_keys, key_columns, presentable, with_name
from acwcli.analyse.summary import WHOLE, summary_columns
from acwcli.errors import UsageError
from acwcli.model.derived import DERIVED, derived_columns
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column, Table

QUARTER_MS = 900_000
"""Wraps are cut at quarters of an hour: wherever a zone's clock stands, its hours and days begin at one."""
_UNKNOWN = ("mean_s", "median_s", "p80_s", "p90_s", "p95_s", "max_s", "sd_s")


def split_summary(obs: pl.LazyFrame, by: Sequence[str], noun: str, tz: str) -> Table:
    """Sum the seconds of wraps that lie in each interval.

    Args:
        obs: one row per counted wrap; `value_ms`, `wrap_start` and `wrap_end` beside the columns of `by`.
        by: columns to group by, at least one of `day`, `hour`, `week` and `weekday`.
        noun: the name of the column that counts.
        tz: the zone of days and hours.

    Returns:
        The columns of `summary`: the count is of wraps that touch the interval (a wrap over midnight is in both days),
        `total_s` adds up to that of all wraps, and the figures that a part of a wrap does not have are empty. Wraps
        without a start or end are in a row without interval.

    Raises:
        UsageError: a column nobody knows.
        NoWrapsError: there is nothing to summarise.
    """
    columns = [column for column in summary_columns(None, noun) if not (column.name == "method" and "method" in by)]
    schema = pl.Schema({**obs.collect_schema(), **{name: pl.String() for name in DERIVED}})
    keys = check_keys(by, schema, [column.name for column in columns], "--by")
    names = agent_name(keys, schema)
    listed = with_name(keys, names)
    kept = dict.fromkeys((*(key for key in keys if key not in DERIVED), *(["name"] if names else []), "method"))
    wraps = obs.select(figures.VALUE, "wrap_start", "wrap_end", *kept)
    every = wraps.select(figures.count(), figures.sum_ms(), *figures.method_range()).collect(engine="streaming")
    figures.any_wraps(int(every[figures.N].item()), noun)
    # Most wraps lie within one quarter and stream by; only the others are kept, to count each of them once.
    inside = _inside(wraps).with_columns(derived_columns(keys, tz, "_from"))
    crossing = wraps.filter(_crosses()).collect(engine="streaming").with_row_index("_wrap")
    cut = _quarters(crossing).with_columns(derived_columns(keys, tz, "_from"))
    whole = cut.group_by("_wrap", *keys).agg(pl.col("_part").sum(), pl.col("method").first(), *names)
    sums = [_summed(rows, keys, names).collect(engine="streaming") for rows in (inside, whole.lazy())]
    summed = pl.concat(sums).group_by(keys).agg(
        pl.col(figures.N, figures.SUM_MS).sum(), pl.col(figures.METHOD_LOW).min(), pl.col(figures.METHOD_HIGH).max(),
        *names,
    )  # fmt: skip
    groups = _finish(summed.sort(keys, nulls_last=True), noun)
    order = [*key_columns(listed, groups.schema), *columns]
    total = {listed[0]: WHOLE, **_finish(every, noun).select(column.name for column in columns).row(0, named=True)}
    return Table(
        "summary", presentable(groups, keys).select([column.name for column in order]), tuple(order), total=total
    )


def pieces(frame: pl.DataFrame) -> pl.DataFrame:
    """Cut wraps at quarters of an hour.

    A wrap that was left and resumed has gaps nobody knows the place of: its time is spread evenly over its span.

    Args:
        frame: rows with `value_ms wrap_start wrap_end`.

    Returns:
        A row per wrap and quarter with `_from` (instant) and `_part` (ms); the parts of a wrap add up to `value_ms`.
    """
    cut = _quarters(frame.filter(_crosses()))
    return pl.concat([_inside(frame.lazy()).collect(), cut])


def _crosses() -> pl.Expr:
    """Whether a wrap is in more than one quarter."""
    first, last = _quarters_of()
    return (last > first).fill_null(False)


def _quarters_of() -> tuple[pl.Expr, pl.Expr]:
    """The first and the last quarter of a wrap."""
    start, end = pl.col("wrap_start").dt.epoch("ms"), pl.col("wrap_end").dt.epoch("ms")
    return start // QUARTER_MS, pl.max_horizontal(end - 1, start) // QUARTER_MS


def _inside(wraps: pl.LazyFrame) -> pl.LazyFrame:
    """The wraps that are in one quarter, each whole."""
    placed = pl.when(pl.col("wrap_end").is_not_null()).then("wrap_start")
    return wraps.filter(~_crosses()).with_columns(placed.alias("_from"), pl.col(figures.VALUE).alias("_part"))


def _quarters(crossing: pl.DataFrame) -> pl.DataFrame:
    """The others, cut."""
    first, last = _quarters_of()
    start, end, value = pl.col("wrap_start").dt.epoch("ms"), pl.col("wrap_end").dt.epoch("ms"), pl.col(figures.VALUE)
    quarter = pl.col("_quarter") * QUARTER_MS
    low, high = pl.max_horizontal(start, quarter), pl.min_horizontal(end, quarter + QUARTER_MS)
    done, left = value * (low - start) // (end - start), value * (high - start) // (end - start)
    cut = crossing.with_columns(pl.int_ranges(first, last + 1).alias("_quarter")).explode("_quarter")
    return cut.with_columns(low.cast(crossing.schema["wrap_start"]).alias("_from"), (left - done).alias("_part")).drop(
        "_quarter"
    )


def _summed(rows: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr]) -> pl.LazyFrame:
    every = [figures.count(), pl.col("_part").sum().alias(figures.SUM_MS), *figures.method_range(), *names]
    return rows.group_by(keys).agg(every)


def _finish(groups: pl.DataFrame, noun: str) -> pl.DataFrame:
    return groups.with_columns(
        pl.col(figures.N).alias(noun),
        in_seconds(pl.col(figures.SUM_MS)).alias("total_s"),
        *(pl.lit(None, pl.Float64).alias(name) for name in _UNKNOWN),
        figures.method(),
    )


def with_attribute(table: Table, attribute: str) -> Table:
    """Say in the answer which interval owns a wrap, as a column before `method`."""
    names = list(table.frame.columns)
    place = names.index("method") if "method" in names else len(names)
    names.insert(place, "attribute")
    columns = list(table.columns)
    columns.insert(place, Column("attribute"))
    frame = table.frame.with_columns(attribute=pl.lit(attribute)).select(names)
    total = None if table.total is None else {**table.total, "attribute": attribute}
    return Table(table.name, frame, tuple(columns), total=total)


def check_attribute(attribute: str, by: Sequence[str], of: str, limited: bool) -> None:
    """Refuse what an interval other than that of the start cannot answer.

    Raises:
        UsageError: nothing to attribute, a figure that parts of wraps do not have, or legs, whose end is not known.
    """
    if attribute == "start":
        return
    if not set(by) & set(DERIVED):
        raise UsageError(
            f"--attribute {attribute}: nothing to attribute; add --by {', '.join(DERIVED[:-1])} or {DERIVED[-1]}"
        )
    if of != "acw":
        raise UsageError(f"--attribute {attribute}: only wraps have an end that is known; leave --of {of} out")
    if attribute == "split" and limited:
        raise UsageError(
            "--attribute split: a part of a wrap is within no limit; leave the limits out, or take start or end"
        )
