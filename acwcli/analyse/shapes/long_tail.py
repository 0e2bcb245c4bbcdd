"""Normal but for a long tail: the usual wrap is like everybody's, but far too many are very long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import STATISTIC, oftener_than_others
from acwcli.analyse.shapes.prepared import RATIO, USUALLY

NAME = "long-tail"
FAR = 5.0
"""A wrap of this many times the usual length of its queue is in the tail."""
NORMAL = 1.25
"""The agent's median is at most this many times that of everybody."""
LEAST_SHARE, LEAST_TIME = 0.03, 0.25
"""The tail is at least this share of the agent's wraps, and holds at least that share of the agent's time."""


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Count wraps in the tail, of agents whose median is normal."""
    tail = pl.col(RATIO) > FAR
    found = oftener_than_others(wraps, tail, LEAST_SHARE, min_wraps)
    time = pl.col(figures.VALUE).filter(tail).sum() / pl.col(figures.VALUE).sum()
    agents = wraps.group_by("agent_id").agg(time.alias("time"), pl.col(RATIO).median().alias("median"))
    signs = found.join(agents, on="agent_id")
    limit = NORMAL * max(float(wraps.filter(USUALLY).select(pl.col(RATIO).median()).item() or 0.0), 0.01)
    beyond = pl.min_horizontal(STATISTIC, pl.col("time") / LEAST_TIME)
    return signs.filter(pl.col("median") <= limit).with_columns(beyond.alias(STATISTIC)).filter(pl.col(STATISTIC) >= 1)


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    return (
        f"the usual wrap is like everybody's, but {found['marked']} of {found['wraps']} are over {FAR:.0f} times the "
        f"usual length and hold {100 * found['time']:.0f} % of the time (others: {100 * found['others_share']:.1f} % "
        "of wraps)"
    )


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:  # noqa: ARG001
    """The wraps of the tail, the longest first."""
    return own.filter(pl.col(RATIO) > FAR).sort(figures.VALUE, descending=True, maintain_order=True)
