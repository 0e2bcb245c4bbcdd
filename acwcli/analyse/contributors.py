"""Who and what makes the time over the limit: one table per dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.model.seconds import in_seconds

DIMENSIONS = (
    *("agent_id", "queue", "channel", "disposition", "direction", "hour", "weekday", "contact_length", "ended_by"),
    "cause",
)
"""`cause` is worked out here (`mechanical.with_cause`), all others are columns of the observations."""
_DULL_WHEN_ONE = ("channel", "direction")
"""Left out with a single value: they would only repeat the total."""

Rows = TypeVar("Rows", pl.LazyFrame, pl.DataFrame)

EXCESS_US = "_excess_us"
CAPPED_MS = "_capped_ms"


def observe(obs: pl.LazyFrame) -> pl.LazyFrame:
    """Pick what a diagnosis needs, in little room: texts become categories, what nobody knows is left out."""
    schema = obs.collect_schema()
    optional = [name for name in (*DIMENSIONS, "name", "status") if name in schema and name != "agent_id"]
    # One by one: many columns at a time are what takes memory where rows come from disk.
    wanted = ["agent_id", *(name for name in optional if _is_told(obs, name))]
    kinds = {name: pl.Categorical() for name in wanted if schema[name] == pl.String} | {"hour": pl.Int8()}
    columns = [pl.col(name).cast(kinds.get(name, schema[name])) for name in wanted]
    return obs.select(pl.col(figures.VALUE), pl.col("method").cast(figures.METHOD_TYPE), *columns)


def _is_told(obs: pl.LazyFrame, name: str) -> bool:
    return bool(obs.select(pl.col(name).is_not_null().any()).collect(engine="streaming").item())


def with_excess(rows: Rows, limit_us: int, basis_ms: int, cap_ms: int) -> Rows:
    """Add each observation's exact time over the limit, and its time from `basis_ms` to `cap_ms` for judging.

    The capped time keeps one forgotten log-off from making a culprit of an agent.
    """
    capped = (pl.col(figures.VALUE).clip(upper_bound=cap_ms) - basis_ms).clip(lower_bound=0)
    return rows.with_columns(figures.over_us(limit_us).alias(EXCESS_US), capped.alias(CAPPED_MS))


def capped_variance(rows: pl.LazyFrame, times: pl.Expr | None = None) -> float:
    """Variance of the capped time over, ms², from whole sums: it does not depend on the order of rows.

    Args:
        rows: rows of `with_excess`.
        times: how many observations a row stands for; None: one.
    """
    capped = pl.col(CAPPED_MS).cast(pl.Int128)
    weighted = capped if times is None else capped * times
    count = pl.len() if times is None else times.sum()
    parts = {"n": count, "sum": weighted.sum(), "squares": (weighted * capped).sum()}
    n, total, squares = map(int, rows.select(**parts).collect(engine="streaming").row(0))
    return (n * squares - total * total) / n**2 if n else 0.0


def by_dimensions(rows: pl.LazyFrame) -> dict[str, pl.DataFrame]:
    """A table of `by_dimension` for each known dimension, without those that could tell nothing."""
    known = rows.collect_schema()
    tables = {name: by_dimension(rows, name) for name in DIMENSIONS if name in known}
    return {name: table for name, table in tables.items() if _tells(name, table)}


def _tells(name: str, table: pl.DataFrame) -> bool:
    return bool(table["value"].is_not_null().any()) and (name not in _DULL_WHEN_ONE or table.height > 1)


def by_dimension(rows: pl.LazyFrame, dimension: str) -> pl.DataFrame:
    """Count and sum per value of one dimension, the largest excess first.

    Args:
        rows: observations of `with_excess`.
        dimension: the column.

    Returns:
        `value` (text), `_n _sum_ms _excess_us _capped_ms`, and `name` for agents where a roster is joined.
    """
    named = dimension == "agent_id" and "name" in rows.collect_schema()
    names = [pl.col("name").max().cast(pl.String)] if named else []
    sums = [figures.count(), figures.sum_ms(), pl.col(EXCESS_US).sum(), pl.col(CAPPED_MS).sum(), *names]
    grouped = rows.group_by(pl.col(dimension).alias("value")).agg(sums).collect(engine="streaming")
    ordered = grouped.sort(EXCESS_US, "value", descending=[True, False], nulls_last=True)
    return ordered.with_columns(pl.col("value").cast(pl.String))


def share() -> pl.Expr:
    """Share of the excess within one dimension's table."""
    return ratio(pl.col(EXCESS_US), pl.col(EXCESS_US).sum())


def as_list(tables: Mapping[str, pl.DataFrame], noun: str) -> pl.Series:
    """Write all dimensions as the one list of the contract; empty when nothing is over the limit."""
    fields = [
        pl.col("value"),
        pl.col(figures.N).alias(noun),
        in_seconds(pl.col(EXCESS_US), 1_000_000).alias("excess_s"),
        share().alias("share"),
    ]
    rows = [
        table.select(pl.lit(dimension).alias("dimension"), *fields)
        for dimension, table in tables.items()
        if table[EXCESS_US].sum() > 0
    ]
    if not rows:
        return pl.Series("contributors", [[]], dtype=pl.List(_struct(noun)))
    return pl.concat(rows).to_struct("contributors").implode()


def _struct(noun: str) -> pl.Struct:
    texts, numbers = (
        dict.fromkeys(("dimension", "value"), pl.String()),
        dict.fromkeys(("excess_s", "share"), pl.Float64()),
    )
    return pl.Struct({**texts, noun: pl.Int64(), **numbers})
