"""Wraps of one agent that overlap: their sum by contact, and the time they take on the wall clock."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from acwcli.model.columns import COUNTED


@dataclass(frozen=True)
class SideBySide:
    """Two figures of the same wraps, never to be mixed.

    Attributes:
        by_contact_ms: every wrap for itself, summed.
        wall_clock_ms: the union of the intervals of each agent, summed.
        agents: how many agents have wraps that overlap.
    """

    by_contact_ms: int
    wall_clock_ms: int
    agents: int


def side_by_side(wraps: pl.DataFrame) -> SideBySide | None:
    """Compare both figures; None where nobody's wraps overlap.

    Args:
        wraps: wraps of every status; those that count, in one piece and with both instants are looked at, as of
            several pieces only the outer instants are known.
    """
    whole = pl.col("wrap_start").is_not_null() & pl.col("wrap_end").is_not_null() & (pl.col("pieces") == 1)
    # The latest end of the agent's earlier wraps: what starts before it runs beside one of them.
    earlier = pl.col("wrap_end").cum_max().shift(1).over("agent_id")
    spans = (
        wraps.filter(pl.col("status").is_in(COUNTED) & whole)
        .select("agent_id", "wrap_start", "wrap_end")
        .sort("wrap_start", "wrap_end")
        .with_columns(earlier=earlier.fill_null(pl.col("wrap_start")))
        .with_columns(shared=pl.min_horizontal("wrap_end", "earlier") - pl.col("wrap_start"))
        .with_columns(pl.col("shared").dt.total_milliseconds().clip(lower_bound=0))
    )
    shared = int(spans["shared"].sum())
    if not shared:
        return None
    total = int((spans["wrap_end"] - spans["wrap_start"]).dt.total_milliseconds().sum())
    return SideBySide(total, total - shared, spans.filter(pl.col("shared") > 0)["agent_id"].n_unique())
