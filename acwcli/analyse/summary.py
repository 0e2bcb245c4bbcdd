"""`acw summary`: how long do wraps take, for all or per group?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.analyse.groups import agent_name, check_keys, key_columns, presentable, with_name
from acwcli.analyse.lengths import at_name, lengths_of, quantile_us, quantiles_us
from acwcli.analyse.limits import (
    EXCESS_MS,
    HIGHEST,
    LIMIT_MS,
    LIMITED,
    LOWEST,
    WITHIN,
    limit_figures,
    limit_of,
    limit_sums,
    whole_limit_sums,
)
from acwcli.model.duration import duration_text
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column, Table

WHOLE = "whole centre"
"""What the total line is called in its first column."""

_QUANTILES = {"median_s": 500, "p80_s": 800, "p90_s": 900, "p95_s": 950}
_MAX_MS = "_max_ms"
_MOST_SECONDS = 3_000_000
"""Rows of the seconds of all groups that are counted at most; with more groups their lengths are sorted instead."""
_GROUP = "_group"
_HANDLED, _HANDLED_MS = "_handled", "_handled_ms"


def summary(
    obs: pl.LazyFrame,
    by: Sequence[str],
    limit_ms: int | None,
    noun: str,
    *,
    limits_ms: Mapping[str, int] = MappingProxyType({}),
    with_total: bool = True,
    handled: pl.LazyFrame | None = None,
    in_memory: bool = True,
) -> Table:
    """Summarise durations: one row per group, ordered by the keys (missing keys last).

    Args:
        obs: one row per counted wrap or contact; `value_ms` Int64 is what is measured.
        by: columns to group by; none gives one row.
        limit_ms: with a limit, `within_limit` (share) and `excess_s` (time over it, summed) are added.
        noun: `wraps` or `contacts`, the name of the column that counts.
        limits_ms: queues with a limit of their own, which then counts; `obs` has `queue`. Adds `limit_s`, too.
        with_total: whether to work out the line for the whole centre (one more pass over all values).
        handled: handled contacts with the columns of `obs`; then the mean is of these, all else stays on wraps.
        in_memory: whether to sort the lengths at once, or to stream the observations several times.

    Returns:
        Columns: the keys, `name` after `agent_id` where a roster is joined, the count, `handled` where the mean is of
        handled contacts, `mean_s median_s p80_s p90_s p95_s max_s total_s sd_s` (null below two observations), with a
        limit `within_limit excess_s`, and `method`.

    Raises:
        UsageError: an unknown column in `by`.
        NoWrapsError: there is nothing to summarise.
    """
    schema = obs.collect_schema()
    figure_columns = summary_columns(limit_ms, noun, per_handled=handled is not None, own_limits=bool(limits_ms))
    # `--by method` already says the method of each group, so the last column would only repeat it.
    shown = [column for column in figure_columns if not (column.name == "method" and "method" in by)]
    keys = check_keys(by, schema, [column.name for column in shown], "--by")
    names = agent_name(keys, schema)
    if limits_ms or limit_ms is not None:
        obs = obs.with_columns(limit_of(limits_ms, limit_ms).alias(LIMIT_MS))
    groups = (_sorted if in_memory else _counted)(obs, keys, names, limit_ms, own_limits=bool(limits_ms))
    if handled is not None:
        groups = _with_handled(groups, handled, keys, names)
    figures.any_wraps(int(groups[figures.N].sum()), noun)
    listed = with_name(keys, names)
    order = key_columns(listed, schema) + shown
    table = presentable(_finish(groups, noun), keys)
    total = _whole(groups, obs, noun, listed[0], shown) if keys and with_total else None
    return Table("summary", table.select([column.name for column in order]), tuple(order), total=total)


def summary_columns(
    limit_ms: int | None, noun: str, *, per_handled: bool = False, own_limits: bool = False
) -> list[Column]:
    """The figures of a summary, in their order."""
    middle = [Column(f"{name}_s", "seconds", name) for name in ("mean", "median", "p80", "p90", "p95", "max")]
    if per_handled:
        middle = [Column("handled", "count"), Column("mean_s", "seconds", "mean/handled"), *middle[1:]]
    tail = [Column("total_s", "seconds", "total"), Column("sd_s", "seconds", "sd")]
    if own_limits:
        tail += [
            Column("limit_s", "seconds", "limit"),
            Column("within_limit", "share", "within limit"),
            Column("excess_s", "seconds", "over limit"),
        ]
    elif limit_ms is not None:
        limit = duration_text(limit_ms)
        tail += [
            Column("within_limit", "share", f"within {limit}"),
            Column("excess_s", "seconds", f"over {limit}"),
        ]
    return [Column(noun, "count"), *middle, *tail, Column("method")]


def _sorted(
    obs: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr], limit_ms: int | None, *, own_limits: bool
) -> pl.DataFrame:
    """One pass and one sort: the sorted values of every group, and the sums and quantiles read off them."""
    wanted = [figures.sorted_values(), *figures.method_range(), *names, *(limit_sums() if own_limits else [])]
    groups = figures.with_sums(_grouped(obs, keys, wanted))
    groups = groups if own_limits or limit_ms is None else groups.with_columns(_over_limit(limit_ms))
    return _read_off(groups).with_columns(pl.col(figures.SORTED).list.last().alias(_MAX_MS)).drop(figures.SORTED)


def _read_off(groups: pl.DataFrame) -> pl.DataFrame:
    return groups.with_columns(
        figures.quantile_us(permille).alias(at_name(permille)) for permille in _QUANTILES.values()
    )


def _counted(
    obs: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr], limit_ms: int | None, *, own_limits: bool
) -> pl.DataFrame:
    """The same in little memory: sums in one pass; quantiles of few groups off the seconds that hold them."""
    limited = limit_sums() if own_limits or limit_ms is not None else []
    sums = [figures.count(), figures.sum_ms(), figures.sum_of_squares(), pl.col(figures.VALUE).max().alias(_MAX_MS)]
    groups = _grouped(obs, keys, [*sums, *figures.method_range(), *names, *limited])
    groups = groups.filter(pl.col(figures.N) > 0).with_row_index(_GROUP)
    seconds = groups.select(pl.min_horizontal(figures.N, pl.col(_MAX_MS) // 1000 + 1).sum()).item()
    if seconds > _MOST_SECONDS:
        # In no order: to put the lists in one would copy every length.
        lists = _read_off(_unordered(obs, keys, [figures.sorted_values()])).drop(figures.SORTED)
        groups = groups.drop(_GROUP)
        return groups.join(lists, on=keys, nulls_equal=True, maintain_order="left") if keys else groups.hstack(lists)
    places = groups.select(*keys, _GROUP).lazy()
    placed = obs.join(places, on=keys, nulls_equal=True) if keys else obs.join(places, how="cross")
    rows = placed.select(_GROUP, figures.VALUE)
    found = quantiles_us(rows, _GROUP, groups.select(_GROUP, figures.N), list(_QUANTILES.values()))
    return groups.join(found, on=_GROUP, maintain_order="left").drop(_GROUP)


def _grouped(obs: pl.LazyFrame, keys: Sequence[str], wanted: Sequence[pl.Expr]) -> pl.DataFrame:
    groups = _unordered(obs, keys, wanted)
    return groups.sort(keys, nulls_last=True) if keys else groups


def _unordered(obs: pl.LazyFrame, keys: Sequence[str], wanted: Sequence[pl.Expr]) -> pl.DataFrame:
    return (obs.group_by(keys).agg(wanted) if keys else obs.select(wanted)).collect(engine="streaming")


def _with_handled(
    groups: pl.DataFrame, handled: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr]
) -> pl.DataFrame:
    """Count the handled contacts of each group and add up their ACW; a group may have contacts and no wrap at all."""
    wanted = [pl.len().cast(pl.Int64).alias(_HANDLED), pl.col(figures.VALUE).sum().alias(_HANDLED_MS)]
    if not keys:
        return groups.with_columns(handled.select(wanted).collect(engine="streaming"))
    counted = handled.group_by(keys).agg(wanted + list(names)).collect(engine="streaming")
    both = groups.join(counted, on=keys, how="full", coalesce=True, nulls_equal=True)
    if names:
        both = both.with_columns(pl.coalesce("name", "name_right"))
    sums = (figures.N, figures.SUM_MS, figures.SUM_SQ, LIMITED, WITHIN, EXCESS_MS)
    counts = [name for name in both.columns if name in sums]
    return both.with_columns(pl.col(*counts, _HANDLED, _HANDLED_MS).fill_null(0)).sort(keys, nulls_last=True)


def _over_limit(limit_ms: int) -> list[pl.Expr]:
    """What `limits.limit_sums` gives, of one limit for all: read off the sorted lists."""
    value, lists = pl.element(), pl.col(figures.SORTED).list
    within = lists.agg((value <= limit_ms).sum()).cast(pl.Int64)
    over = lists.agg((value - limit_ms).clip(lower_bound=0).sum())
    limit = pl.lit(limit_ms, pl.Int64)
    same = [limit.alias(LOWEST), limit.alias(HIGHEST), lists.len().cast(pl.Int64).alias(LIMITED)]
    return [within.alias(WITHIN), over.alias(EXCESS_MS), *same]


def _finish(groups: pl.DataFrame, noun: str) -> pl.DataFrame:
    """Turn counts, integer sums and sorted values into the figures."""
    wanted = [
        pl.col(figures.N).alias(noun),
        figures.mean_s().alias("mean_s"),
        *(in_seconds(pl.col(at_name(permille)), 1_000_000).alias(name) for name, permille in _QUANTILES.items()),
        in_seconds(pl.col(_MAX_MS)).alias("max_s"),
        in_seconds(pl.col(figures.SUM_MS)).alias("total_s"),
        figures.sd_s().alias("sd_s"),
        figures.method().alias("method"),
    ]
    if _HANDLED in groups.columns:
        mean = ratio(pl.col(_HANDLED_MS), pl.col(_HANDLED) * 1000)
        wanted[1] = pl.when(pl.col(_HANDLED) > 0).then(mean).alias("mean_s")
        wanted.append(pl.col(_HANDLED).alias("handled"))
    return groups.with_columns(wanted).with_columns(limit_figures() if LIMITED in groups.columns else [])


def _whole(
    groups: pl.DataFrame, obs: pl.LazyFrame, noun: str, first: str, columns: Sequence[Column]
) -> Mapping[str, object]:
    """The same figures over all observations, pooled: quantiles of all wraps, never of the groups' quantiles."""
    sums = [pl.col(name).sum() for name in (figures.N, figures.SUM_MS, figures.SUM_SQ)]
    if LIMITED in groups.columns:
        sums += whole_limit_sums()
    if _HANDLED in groups.columns:
        sums += [pl.col(_HANDLED).sum(), pl.col(_HANDLED_MS).sum()]
    methods = [pl.col(figures.METHOD_LOW).min(), pl.col(figures.METHOD_HIGH).max()]
    lengths = lengths_of(obs)
    ranks = [pl.lit(quantile_us(lengths, permille)).alias(at_name(permille)) for permille in _QUANTILES.values()]
    whole = groups.select(*sums, *methods, pl.col(_MAX_MS).max(), *ranks)
    row = _finish(whole, noun).row(0, named=True)
    return {first: WHOLE, **{column.name: row[column.name] for column in columns}}
