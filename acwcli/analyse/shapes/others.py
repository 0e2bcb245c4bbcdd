"""How often a mark occurs among an agent's wraps, beside how often it occurs among everybody else's."""

from __future__ import annotations

import polars as pl

TIMES = 3
"""A mark is remarkable from this many times the number that the others' share would give …"""
MARGIN = 3
"""… and this many more: no shape rests on one wrap."""

STATISTIC = "statistic"
"""How far a shape is beyond its threshold: 1 is just there. Agents below 1 are not among the signs."""


def oftener_than_others(wraps: pl.DataFrame, mark: pl.Expr, least_share: float, min_wraps: int) -> pl.DataFrame:
    """Find agents whose wraps carry a mark far more often than those of all others.

    Args:
        wraps: the frame of `prepare`.
        mark: boolean, null where it is not known.
        least_share: of the agent's wraps that carry it, at least.
        min_wraps: agents with fewer wraps are passed over.

    Returns:
        `agent_id`, `wraps`, `marked`, `share`, `others_share`, `statistic`: the marked wraps beside `TIMES` x what
        the others' share would give + `MARGIN`, or `share` beside `least_share`, whichever is less.
    """
    if wraps.is_empty():
        return _signs(wraps.select("agent_id", wraps=0, marked=0), least_share)
    counts = wraps.group_by("agent_id").agg(pl.len().alias("wraps"), mark.fill_null(False).sum().alias("marked"))
    return _signs(counts.filter(pl.len() > 1), least_share).filter(pl.col("wraps") >= min_wraps)


def _signs(counts: pl.DataFrame, least_share: float) -> pl.DataFrame:
    wraps, marked = pl.col("wraps").cast(pl.Int64), pl.col("marked").cast(pl.Int64)
    others = (marked.sum() - marked) / (wraps.sum() - wraps)
    signs = counts.with_columns((marked / wraps).alias("share"), others.alias("others_share"))
    expected = pl.col("others_share") * wraps
    beyond = pl.min_horizontal(marked / (TIMES * expected + MARGIN), pl.col("share") / least_share)
    return signs.with_columns(beyond.alias(STATISTIC)).filter(pl.col(STATISTIC) >= 1)
