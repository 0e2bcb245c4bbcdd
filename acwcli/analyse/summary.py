"""`acw summary`: how long do wraps take, for all or per group?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.analyse.groups import agent_name, check_keys, key_columns, presentable, with_name
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
) -> Table:
    """Summarise durations: one row per group, ordered by the keys (missing keys last).

    Args:
        obs: one row per counted wrap or contact; `value_ms` Int64 is what is measured.
        by: columns to group by; none gives one row.
        limit_ms: with a limit, `within_limit` (share) and `excess_s` (time over it, summed) are added.
        noun: `wraps` or `contacts`, the name of the column that counts.
        limits_ms: queues with a limit of their own, which then counts; `obs` has `queue`. Adds `limit_s`, too.
        with_total: whether to work out the line for the whole centre (one more sort of all values).
        handled: handled contacts with the columns of `obs`; then the mean is of these, all else stays on wraps.

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
    if limits_ms:
        obs = obs.with_columns(limit_of(limits_ms, limit_ms).alias(LIMIT_MS))
    groups = _groups(obs, keys, names, limit_ms, own_limits=bool(limits_ms))
    if handled is not None:
        groups = _with_handled(groups, handled, keys, names)
    figures.any_wraps(int(groups[figures.N].sum()), noun)
    listed = with_name(keys, names)
    order = key_columns(listed, schema) + shown
    table = presentable(_finish(groups, noun), keys)
    total = _whole(groups, noun, listed[0], shown) if keys and with_total else None
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


def _groups(
    obs: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr], limit_ms: int | None, *, own_limits: bool
) -> pl.DataFrame:
    """One pass and one sort: the sorted values of every group, and the sums read off them."""
    wanted = [figures.sorted_values(), *figures.method_range(), *names, *(limit_sums() if own_limits else [])]
    grouped = obs.group_by(keys).agg(wanted) if keys else obs.select(wanted)
    groups = grouped.collect(engine="streaming")
    groups = figures.with_sums(groups)
    groups = groups if own_limits or limit_ms is None else groups.with_columns(_over_limit(limit_ms))
    return groups.sort(keys, nulls_last=True) if keys else groups


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
    empty = pl.lit([], groups.schema[figures.SORTED])
    filled = both.with_columns(
        pl.col(*counts, _HANDLED, _HANDLED_MS).fill_null(0), pl.col(figures.SORTED).fill_null(empty)
    )
    return filled.sort(keys, nulls_last=True)


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
        *(figures.quantile_s(permille).alias(name) for name, permille in _QUANTILES.items()),
        in_seconds(pl.col(figures.SORTED).list.last()).alias("max_s"),
        in_seconds(pl.col(figures.SUM_MS)).alias("total_s"),
        figures.sd_s().alias("sd_s"),
        figures.method().alias("method"),
    ]
    if _HANDLED in groups.columns:
        mean = ratio(pl.col(_HANDLED_MS), pl.col(_HANDLED) * 1000)
        wanted[1] = pl.when(pl.col(_HANDLED) > 0).then(mean).alias("mean_s")
        wanted.append(pl.col(_HANDLED).alias("handled"))
    return groups.with_columns(wanted).with_columns(limit_figures() if LIMITED in groups.columns else [])


def _whole(groups: pl.DataFrame, noun: str, first: str, columns: Sequence[Column]) -> Mapping[str, object]:
    """The same figures over all observations, pooled: quantiles of all wraps, never of the groups' quantiles."""
    sums = [pl.col(name).sum() for name in (figures.N, figures.SUM_MS, figures.SUM_SQ)]
    if LIMITED in groups.columns:
        sums += whole_limit_sums()
    if _HANDLED in groups.columns:
        sums += [pl.col(_HANDLED).sum(), pl.col(_HANDLED_MS).sum()]
    methods = [pl.col(figures.METHOD_LOW).min(), pl.col(figures.METHOD_HIGH).max()]
    values = groups[figures.SORTED].explode(empty_as_null=False).sort()
    whole = groups.select(*sums, *methods).with_columns(values.implode().alias(figures.SORTED))
    row = _finish(whole, noun).row(0, named=True)
    return {first: WHOLE, **{column.name: row[column.name] for column in columns}}
