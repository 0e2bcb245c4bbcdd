"""Who and what makes the time over the limit: one table per dimension."""

from __future__ import annotations

from collections.abc import Mapping

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

EXCESS_US = "_excess_us"
CAPPED_MS = "_capped_ms"


def observe(obs: pl.LazyFrame) -> pl.DataFrame:
    """Collect what a diagnosis needs, once, in little room: texts become categories, what nobody knows is left out."""
    schema = obs.collect_schema()
    wanted = [name for name in (*DIMENSIONS, "name", "status") if name in schema]
    texts = [name for name in wanted if schema[name] == pl.String]
    told = obs.select(pl.col(name).is_not_null().any() for name in texts).collect(engine="streaming")
    wanted = [name for name in wanted if name not in texts or told[name].item()]
    kinds = {**dict.fromkeys(texts, pl.Categorical), "hour": pl.Int8}
    columns = [pl.col(name).cast(kinds.get(name, schema[name])) for name in wanted]
    method = pl.col("method").cast(figures.METHOD_TYPE)
    return obs.select(pl.col(figures.VALUE), method, *columns).collect(engine="streaming")


def known_dimensions(frame: pl.DataFrame) -> list[str]:
    """Dimensions that have a value anywhere, without those that could tell nothing."""
    return [name for name in DIMENSIONS if name in frame.columns and _tells(frame[name])]


def _tells(column: pl.Series) -> bool:
    if column.null_count() == len(column):
        return False
    return column.name not in _DULL_WHEN_ONE or column.n_unique() > 1


def with_excess(frame: pl.DataFrame, limit_us: int, basis_ms: int, cap_ms: int) -> pl.DataFrame:
    """Add each observation's exact time over the limit, and its time from `basis_ms` to `cap_ms` for judging.

    The capped time keeps one forgotten log-off from making a culprit of an agent.
    """
    capped = (pl.col(figures.VALUE).clip(upper_bound=cap_ms) - basis_ms).clip(lower_bound=0)
    return frame.with_columns(figures.over_us(limit_us).alias(EXCESS_US), capped.alias(CAPPED_MS))


def by_dimension(frame: pl.DataFrame, dimension: str) -> pl.DataFrame:
    """Count and sum per value of one dimension, the largest excess first.

    Args:
        frame: observations of `with_excess`.
        dimension: the column.

    Returns:
        `value` (text), `_n _sum_ms _excess_us _capped_ms`, and `name` for agents where a roster is joined.
    """
    names = [pl.col("name").max().cast(pl.String)] if dimension == "agent_id" and "name" in frame.columns else []
    sums = [figures.count(), figures.sum_ms(), pl.col(EXCESS_US).sum(), pl.col(CAPPED_MS).sum(), *names]
    grouped = frame.lazy().group_by(pl.col(dimension).alias("value")).agg(sums).collect(engine="streaming")
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
