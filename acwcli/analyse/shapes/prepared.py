"""What all detectors look at: each wrap beside the usual length of its queue, and its place in the agent's shift."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.around import AROUND, CALLED_BACK, CALLS, WAITING
from acwcli.model.columns import ENDED_BY, INSTANT, STATUSES

NEEDS = ("agent_id", "queue", "wrap_start", "pieces", "ended_by", "status")
"""Columns the detectors use where they are known; a detector whose column is missing says nothing."""

EVIDENCE = ("source", "row", "contact_id")
"""Columns that tell where in the data a wrap is."""

USUAL, RATIO, SHIFT, SECOND = "usual_ms", "ratio", "shift", "second"
ASKED, USUALLY = "asked", "usually"
"""Whether the shapes of the wrap's agent are asked for, and whether the agent is one of those who stand for all."""

MIN_QUEUE = 50
"""A queue with fewer wraps has no usual length of its own; that of all wraps stands in."""
NEW_SHIFT_MS = 5 * 3_600_000
"""A pause this long between two wraps of an agent begins a new shift, whatever the calendar says."""
MOST_AGENTS = 400
"""Of more agents, every second, third … by name stands for all: what is usual does not move by more."""

_TYPES: dict[str, pl.DataType] = {
    "queue": pl.String(),
    "wrap_start": INSTANT,
    "pieces": pl.Int64(),
    "ended_by": pl.Enum(ENDED_BY),
    "status": pl.Enum(STATUSES),
    "source": pl.String(),
    "row": pl.Int64(),
    "contact_id": pl.String(),
    WAITING: pl.Int64(),
    CALLS: pl.Int64(),
    CALLED_BACK: pl.Boolean(),
}
_WORDS: dict[str, pl.DataType] = {"ended_by": pl.Enum(ENDED_BY), "status": pl.Enum(STATUSES)}
"""Compared as small integers, not as text."""


def prepare(
    obs: pl.LazyFrame,
    also: Sequence[str] = (),
    agents: Sequence[str] | None = None,
    chosen: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Collect the wraps once, with what every detector needs.

    Args:
        obs: one row per counted wrap with `agent_id` and `value_ms`; columns of `NEEDS` and `AROUND` as far as known.
        also: further columns to keep, where they are there, such as those of `EVIDENCE`.
        agents: whose shapes are asked for; None is everybody's.
        chosen: what `looked_at` gives, where it is known already.

    Returns:
        The wraps of these agents and of those who stand for all: the columns of `NEEDS` and `AROUND` (null where
        unknown), `value_ms`, and: `asked`, `usually` (see there); `usual_ms`, the median of all wraps of the same
        queue, at least 1 s; `ratio`, the wrap beside it; `shift`, which shift of its agent it belongs to, from 0;
        `second`, its length to the nearest second.
    """
    schema = obs.collect_schema()
    wanted = dict.fromkeys((*NEEDS, *AROUND, *also))
    known = [pl.col(name).cast(_WORDS.get(name, schema[name])) for name in wanted if name in schema]
    unknown = [pl.lit(None, _TYPES[name]).alias(name) for name in wanted if name not in schema and name in _TYPES]
    chosen = looked_at(obs, agents) if chosen is None else chosen
    own = obs.join(chosen.lazy(), on="agent_id", maintain_order="left")
    value = pl.col(figures.VALUE)
    frame = own.select(value, ASKED, USUALLY, *known, *unknown).collect(engine="streaming")
    standing = value.filter(USUALLY)
    of_queue = pl.when(standing.len() >= MIN_QUEUE).then(standing.median())
    usual = frame.group_by("queue").agg(of_queue.alias(USUAL))
    frame = frame.join(usual, on="queue", how="left", nulls_equal=True, maintain_order="left")
    apart = pl.col("wrap_start").diff().dt.total_milliseconds() > NEW_SHIFT_MS
    return frame.with_columns(
        pl.col(USUAL).fill_null(standing.median()).clip(lower_bound=1000),
        ((value + 500) // 1000).alias(SECOND),
        apart.fill_null(False).cum_sum().over("agent_id", order_by="wrap_start").alias(SHIFT),
    ).with_columns((value / pl.col(USUAL)).alias(RATIO))


def looked_at(obs: pl.LazyFrame, agents: Sequence[str] | None) -> pl.DataFrame:
    """Who is looked at: the agents asked for, and those who stand for all: `agent_id asked usually`."""
    everyone = obs.select("agent_id").unique().collect(engine="streaming")
    everyone = everyone.sort(pl.col("agent_id").cast(pl.String))
    every = -(-everyone.height // MOST_AGENTS) or 1
    asked = pl.lit(True) if agents is None else pl.col("agent_id").cast(pl.String).is_in(list(agents))
    marked = everyone.with_columns(asked.alias(ASKED), (pl.int_range(pl.len()) % every == 0).alias(USUALLY))
    return marked.filter(pl.col(ASKED) | pl.col(USUALLY))
