"""How often a mark occurs among an agent's wraps, beside how often it occurs among everybody else's."""

from __future__ import annotations

import polars as pl

from acwcli.analyse.shapes.prepared import ASKED, USUALLY

TIMES = 3
"""A mark is remarkable from this many times the number that the others' share would give …"""
MARGIN = 3
"""… and this many more: no shape rests on one wrap."""

STATISTIC = "statistic"
"""How far a shape is beyond its threshold: 1 is just there. Agents below 1 are not among the signs."""

ROLES = (pl.col(ASKED).first(), pl.col(USUALLY).first())
"""Kept when wraps are added up to agents."""


def of_others(name: str) -> pl.Expr:
    """Sum of a column over the agents who stand for all, each agent's own part left out; a row per agent."""
    own = pl.when(USUALLY).then(name).otherwise(0)
    return pl.col(name).filter(USUALLY).sum() - own


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
    counts = wraps.group_by("agent_id").agg(
        pl.len().cast(pl.Int64).alias("wraps"), mark.fill_null(False).sum().cast(pl.Int64).alias("marked"), *ROLES
    )
    signs = counts.filter(pl.len() > 1).with_columns(
        (pl.col("marked") / pl.col("wraps")).alias("share"),
        (of_others("marked") / of_others("wraps")).alias("others_share"),
    )
    expected = pl.col("others_share") * pl.col("wraps")
    beyond = pl.min_horizontal(pl.col("marked") / (TIMES * expected + MARGIN), pl.col("share") / least_share)
    signs = signs.with_columns(beyond.alias(STATISTIC))
    signs = signs.filter(pl.col(ASKED), pl.col("wraps") >= min_wraps, pl.col(STATISTIC) >= 1)
    return signs.drop(ASKED, USUALLY)
