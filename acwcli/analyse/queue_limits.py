"""Each queue beside its limit and its timer: who keeps it, what ends the wraps, and where percentiles mislead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.analyse.facts import Facts
from acwcli.analyse.limits import limit_of
from acwcli.analyse.mechanical import TIMER_WRAPS
from acwcli.analyse.spikes import SPIKE_HALF_MS, spike_ms
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column

COLUMNS = (
    Column("breach_share", "share", "over their limits"),
    Column("breach_s", "seconds", "time over their limits"),
    Column("queues", "json"),
)
_TIMEOUT = pl.col("ended_by").cast(pl.String).eq_missing(pl.lit("timeout"))
_FIELDS = ("limit_s", "limit_rule", "breach_share", "breach_s", "timeout_share", "timer_s", "timer_share")


def by_queue(frame: pl.DataFrame, known: Facts, limits_ms: Mapping[str, int], min_wraps: int) -> pl.DataFrame:
    """Count breaches of each queue's limit and look for its timer.

    Args:
        frame: observations of `contributors.observe`.
        known: their figures; `limit_us` holds where a queue has no limit of its own.
        limits_ms: limits per queue.
        min_wraps: with fewer wraps no timer is told.

    Returns:
        A row per queue, the most time over the limit first: `queue _n limit_s limit_rule breach_share breach_s
        _over _over_us timeout_share timer_s timer_share`; `timeout_share` is null where the data never says `timeout`.
        No rows where queues are unknown.
    """
    if "queue" not in frame.columns or frame["queue"].null_count() == frame.height:
        frame = frame.clear().with_columns(queue=pl.lit(None, pl.String))
    over = pl.col("_over_us") > 0
    limited = (
        frame.lazy()
        .with_columns(
            pl.col("queue").cast(pl.String),
            (limit_of(limits_ms, None) * 1000).fill_null(known.limit_us).alias("_limit_us"),
        )
        .with_columns((pl.col(figures.VALUE) * 1000 - pl.col("_limit_us")).clip(lower_bound=0).alias("_over_us"))
    )
    told = "ended_by" in frame.columns and bool(frame.select(_TIMEOUT.any()).item())
    timeouts = _TIMEOUT.sum() if told else pl.lit(None, pl.UInt32)
    groups = (
        limited.group_by("queue")
        .agg(
            figures.count(),
            pl.col("_limit_us").first(),
            over.sum().cast(pl.Int64).alias("_over"),
            pl.col("_over_us").sum(),
            timeouts.cast(pl.Int64).alias("_timeouts"),
        )
        .collect(engine="streaming")
    )
    own = pl.col("queue").is_in(list(limits_ms)) & pl.col("queue").is_not_null()
    common = "within" if known.limit_given else "p80"
    lengths = frame.group_by("queue").agg(pl.col(figures.VALUE)).with_columns(pl.col("queue").cast(pl.String))
    groups = groups.join(lengths, on="queue", nulls_equal=True)
    ordered = groups.sort("_over_us", "queue", descending=[True, False], nulls_last=True)
    return ordered.hstack(_timers(ordered[figures.VALUE], min_wraps)).with_columns(
        in_seconds(pl.col("_limit_us"), 1_000_000).alias("limit_s"),
        pl.when(own).then(pl.lit("queue")).otherwise(pl.lit(common)).alias("limit_rule"),
        ratio(pl.col("_over"), pl.col(figures.N)).alias("breach_share"),
        in_seconds(pl.col("_over_us"), 1_000_000).alias("breach_s"),
        ratio(pl.col("_timeouts"), pl.col(figures.N)).alias("timeout_share"),
    )


def _timers(lengths: pl.Series, min_wraps: int) -> pl.DataFrame:
    """The spike of each queue, found in its lengths, and the share of its wraps in it."""
    rows: list[dict[str, Any]] = []
    for values in lengths:
        at_ms = spike_ms(values, TIMER_WRAPS) if len(values) >= min_wraps else None
        near = None if at_ms is None else ((values - at_ms).abs() <= SPIKE_HALF_MS).mean()
        rows.append({"timer_s": None if at_ms is None else at_ms / 1000, "timer_share": near})
    return pl.DataFrame(rows, schema={"timer_s": pl.Float64, "timer_share": pl.Float64})


def breaches(queues: pl.DataFrame, known: Facts, noun: str) -> dict[str, object]:
    """The keys of `COLUMNS`: over all queues, and one item per queue.

    Args:
        queues: the table of `by_queue`.
        known: the figures of all observations.
        noun: `wraps` or `contacts`.
    """
    items = queues.select("queue", pl.col(figures.N).alias(noun), *_FIELDS)
    whole = queues.select(pl.col("_over").sum(), pl.col("_over_us").sum()).row(0)
    return {
        "breach_share": whole[0] / known.wraps if queues.height else None,
        "breach_s": whole[1] / 1_000_000 if queues.height else None,
        "queues": pl.Series("queues", [items.to_struct("queues")]) if items.height else _nothing(items),
    }


def _nothing(items: pl.DataFrame) -> pl.Series:
    return pl.Series("queues", [[]], dtype=pl.List(pl.Struct(items.schema)))
