"""What all detectors look at: each wrap beside the usual length of its queue, and its place in the agent's shift."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.model.columns import ENDED_BY, STATUSES

NEEDS = ("agent_id", "queue", "wrap_start", "pieces", "ended_by", "status", "source", "row", "contact_id")
"""Columns the detectors use where they are known; a detector whose column is missing says nothing."""

USUAL, RATIO, SHIFT, SECOND = "usual_ms", "ratio", "shift", "second"
MIN_QUEUE = 50
"""A queue with fewer wraps has no usual length of its own; that of all wraps stands in."""
NEW_SHIFT_MS = 5 * 3_600_000
"""A pause this long between two wraps of an agent begins a new shift, whatever the calendar says."""

_TYPES: dict[str, pl.DataType] = {
    "queue": pl.String(),
    "wrap_start": pl.Datetime("ms", "UTC"),
    "pieces": pl.Int64(),
    "ended_by": pl.Enum(ENDED_BY),
    "status": pl.Enum(STATUSES),
    "source": pl.String(),
    "row": pl.Int64(),
    "contact_id": pl.String(),
}
_WORDS: dict[str, pl.DataType] = {"ended_by": pl.Enum(ENDED_BY), "status": pl.Enum(STATUSES)}
"""Compared as small integers, not as text."""


def prepare(obs: pl.LazyFrame, also: Sequence[str] = ()) -> pl.DataFrame:
    """Collect the wraps once, with what every detector needs.

    Args:
        obs: one row per counted wrap with `agent_id` and `value_ms`; columns of `NEEDS` as far as known.
        also: further columns to keep, where they are there.

    Returns:
        The columns of `NEEDS` (null where unknown), `value_ms`, and: `usual_ms`, the median of all wraps of the same
        queue, at least 1 s; `ratio`, the wrap beside it; `shift`, which shift of its agent it belongs to, from 0;
        `second`, its length to the nearest second.
    """
    schema = obs.collect_schema()
    known = [pl.col(name).cast(_WORDS.get(name, schema[name])) for name in (*NEEDS, *also) if name in schema]
    unknown = [pl.lit(None, kind).alias(name) for name, kind in _TYPES.items() if name not in schema]
    value = pl.col(figures.VALUE)
    frame = obs.select(value, *known, *unknown).collect(engine="streaming")
    of_queue = pl.when(pl.len() >= MIN_QUEUE).then(value.median())
    usual = frame.group_by("queue").agg(of_queue.alias(USUAL))
    frame = frame.join(usual, on="queue", how="left", nulls_equal=True, maintain_order="left")
    apart = pl.col("wrap_start").diff().dt.total_milliseconds() > NEW_SHIFT_MS
    return frame.with_columns(
        pl.col(USUAL).fill_null(value.median()).clip(lower_bound=1000),
        ((value + 500) // 1000).alias(SECOND),
        apart.fill_null(False).cum_sum().over("agent_id", order_by="wrap_start").alias(SHIFT),
    ).with_columns((value / pl.col(USUAL)).alias(RATIO))
