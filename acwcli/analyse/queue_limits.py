"""Each queue beside its limit and its timer: who keeps it, what ends the wraps, and where percentiles mislead."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.analyse.facts import Facts
from acwcli.analyse.limits import limit_of
from acwcli.analyse.mechanical import TIMER_WRAPS
from acwcli.analyse.spikes import COARSE_MS, COARSE_SHARE, SPIKE_HALF_MS, highest_ms, nearest_second, rounded_off
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column

COLUMNS = (
    Column("breach_share", "share", "over their limits"),
    Column("breach_s", "seconds", "time over their limits"),
    Column("queues", "json"),
)
_TIMEOUT = pl.col("ended_by").cast(pl.String).eq_missing(pl.lit("timeout"))
_FIELDS = ("limit_s", "limit_rule", "breach_share", "breach_s", "timeout_share", "timer_s", "timer_share")


def by_queue(rows: pl.LazyFrame, known: Facts, limits_ms: Mapping[str, int], min_wraps: int) -> pl.DataFrame:
    """Count breaches of each queue's limit and look for its timer.

    Args:
        rows: observations of `contributors.observe`, without what nobody knows.
        known: their figures; `limit_us` holds where a queue has no limit of its own.
        limits_ms: limits per queue.
        min_wraps: with fewer wraps no timer is told.

    Returns:
        A row per queue, the most time over the limit first: `queue _n limit_s limit_rule breach_share breach_s
        _over _over_us timeout_share timer_s timer_share`; `timeout_share` is null where the data never says `timeout`.
        No rows where queues are unknown.
    """
    if "queue" not in rows.collect_schema():
        rows = rows.limit(0).with_columns(queue=pl.lit(None, pl.String))
    limit_us = (limit_of(limits_ms, None) * 1000).fill_null(known.limit_us).alias("_limit_us")
    seconds = _by_second(rows, limit_us)
    groups = seconds.group_by("queue").agg(pl.col(figures.N, "_over", "_over_us", "_timeouts", "_round").sum())
    own = pl.col("queue").is_in(list(limits_ms)) & pl.col("queue").is_not_null()
    common = "within" if known.limit_given else "p80"
    told = pl.col("_timeouts").sum() > 0
    ordered = groups.sort("_over_us", "queue", descending=[True, False], nulls_last=True)
    return _with_timers(ordered, seconds, rows, min_wraps).with_columns(
        in_seconds(limit_us, 1_000_000).alias("limit_s"),
        pl.when(own).then(pl.lit("queue")).otherwise(pl.lit(common)).alias("limit_rule"),
        ratio(pl.col("_over"), pl.col(figures.N)).alias("breach_share"),
        in_seconds(pl.col("_over_us"), 1_000_000).alias("breach_s"),
        pl.when(told).then(ratio(pl.col("_timeouts"), pl.col(figures.N))).alias("timeout_share"),
    )


def _by_second(rows: pl.LazyFrame, limit_us: pl.Expr) -> pl.DataFrame:
    """What is counted of each queue, per `second` nearest to the length: all in one pass."""
    value, over_us = pl.col(figures.VALUE), pl.col("_over_us")
    timed_out = _TIMEOUT if "ended_by" in rows.collect_schema() else pl.lit(False)
    over = (value * 1000 - limit_us).clip(lower_bound=0).alias("_over_us")
    # Plain sums of columns: conditions inside the aggregation take longer.
    counted = rows.select(
        "queue", over, nearest_second(), timed_out.alias("_timeouts"), _round=value % COARSE_MS == 0
    ).with_columns((over_us > 0).alias("_over"))
    sums = [figures.count(), over_us.sum(), pl.col("_over", "_timeouts", "_round").sum().cast(pl.Int64)]
    grouped = counted.group_by("queue", "second").agg(sums).collect(engine="streaming")
    return grouped.with_columns(pl.col("queue").cast(pl.String))


def _with_timers(groups: pl.DataFrame, seconds: pl.DataFrame, rows: pl.LazyFrame, min_wraps: int) -> pl.DataFrame:
    """Add the spike of each queue, found in its lengths, and the share of its wraps in it: `timer_s timer_share`."""
    rounded = _rounded_off(groups, rows)
    own = seconds.partition_by("queue", as_dict=True)
    spikes = [
        highest_ms(own[(queue,)], TIMER_WRAPS) if n >= min_wraps and queue not in rounded else None
        for queue, n in groups.select("queue", figures.N).iter_rows()
    ]
    found = groups.with_columns(pl.Series("_at_ms", spikes, pl.Int64))
    near = pl.col("_near") / pl.col(figures.N)
    inside = _near(rows, found.filter(pl.col("_at_ms").is_not_null()).select("queue", "_at_ms"))
    joined = found.join(inside, on="queue", how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(timer_s=in_seconds(pl.col("_at_ms")), timer_share=near)


def _rounded_off(groups: pl.DataFrame, rows: pl.LazyFrame) -> set[str | None]:
    """The queues whose lengths are nearly all multiples of a quarter of a minute, but not one and the same."""
    suspect = groups.filter(pl.col("_round") > COARSE_SHARE * pl.col(figures.N))
    if suspect.is_empty():
        return set()
    lengths = rows.filter(pl.col(figures.VALUE) % COARSE_MS == 0).group_by("queue", figures.VALUE).len()
    most = lengths.group_by(pl.col("queue").cast(pl.String)).agg(most=pl.col("len").max()).collect(engine="streaming")
    told = suspect.join(most, on="queue", nulls_equal=True).select("queue", "_round", "most", figures.N)
    return {queue for queue, every, most, among in told.iter_rows() if rounded_off(every, most, among)}


def _near(rows: pl.LazyFrame, spikes: pl.DataFrame) -> pl.DataFrame:
    """How many wraps of each queue end in its spike: `queue _near`."""
    none = pl.DataFrame(schema={"queue": pl.String, "_near": pl.UInt32})
    if spikes.is_empty():
        return none
    queue, distance = pl.col("queue").cast(pl.String), (pl.col(figures.VALUE) - pl.col("_at_ms")).abs()
    known = rows.select(queue, figures.VALUE).join(spikes.lazy(), on="queue", nulls_equal=True)
    close = known.filter(distance <= SPIKE_HALF_MS).group_by("queue").agg(pl.len().alias("_near"))
    return close.collect(engine="streaming")


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
