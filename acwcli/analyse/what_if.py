"""What the mean would be without its causes, and how much of the spread lies between agents."""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.contributors import EXCESS_US
from acwcli.analyse.exact import ratio
from acwcli.analyse.facts import Facts
from acwcli.analyse.lengths import lengths_of, number, quantile_us, total
from acwcli.analyse.mechanical import Mechanics, Timer, timed_out
from acwcli.analyse.verdict import Finding
from acwcli.model.table import Column

COLUMNS = (
    Column("between_agents_share", "share", "spread between agents"),
    Column("mean_without_stuck_s", "seconds", "mean without stuck"),
    Column("mean_with_stuck_s", "seconds", "mean with stuck"),
    Column("mean_without_timed_out_s", "seconds", "mean without timed out"),
    Column("mean_top_at_median_s", "seconds", "mean, top at median"),
    Column("top_agents", "count", "top agents"),
    Column("timer_s", "seconds", "timer"),
    Column("timer_share", "share", "at the timer"),
    Column("between_agents_sd_s", "seconds", "sd between agents"),
    Column("within_agents_sd_s", "seconds", "sd within agents"),
)


def what_ifs(
    rows: pl.LazyFrame,
    known: Facts,
    finding: Finding,
    agents: pl.DataFrame,
    found: Mechanics,
    top: int | None,
    excluded: Mapping[str, int],
    excluded_ms: Mapping[str, int],
) -> dict[str, float | int | None]:
    """Work out the later keys of `diagnose`, those of `COLUMNS`; None where there is nothing to take away.

    Args:
        rows: observations of `contributors.with_excess`.
        known: their figures.
        finding: the verdict.
        agents: the table of `contributors.by_dimension` for agents.
        found: what is no behaviour.
        top: how many agents take their peers' median; None takes the decisive ones, else a tenth.
        excluded: left-out wraps per status.
        excluded_ms: their time per status.
    """
    long, ended = found.forgotten, found.timer
    stuck, stuck_ms = excluded.get("stuck", 0), excluded_ms.get("stuck", 0)
    leaders = _top(agents, finding, top)
    variances = _variances(rows)
    return {
        "between_agents_share": variances[0] / sum(variances) if variances else None,
        "mean_without_stuck_s": long.mean_s if long else None,
        "mean_with_stuck_s": (known.sum_ms + stuck_ms) / ((known.wraps + stuck) * 1000) if stuck else None,
        "mean_without_timed_out_s": _without(rows, known, ended),
        "mean_top_at_median_s": _at_median(rows, known, leaders),
        "top_agents": len(leaders),
        "timer_s": ended.at_s if ended else None,
        "timer_share": ended.wraps / known.wraps if ended else None,
        "between_agents_sd_s": math.sqrt(variances[0]) / 1000 if variances else None,
        "within_agents_sd_s": math.sqrt(variances[1]) / 1000 if variances else None,
    }


def _variances(rows: pl.LazyFrame) -> tuple[float, float] | None:
    """Variance between agents (at least 0) and within them, ms²: the unbiased variance of all wraps, split.

    None for one agent, one wrap each, or where all wraps are equal.
    """
    parts = [figures.count(), figures.sum_ms(), figures.sum_of_squares()]
    own = rows.group_by("agent_id").agg(parts).collect(engine="streaming")
    # Sorted, the sum of floats does not depend on the order of agents.
    squares = ratio(figures.squared_deviations(), pl.col(figures.N))
    within = float(own.select(squares.sort().sum()).item())
    whole = float(own.select(pl.col(figures.N, figures.SUM_MS, figures.SUM_SQ).sum()).select(squares).item())
    wraps = int(own[figures.N].sum())
    if own.height < 2 or own.height == wraps or not whole:
        return None
    of_all, inside = whole / (wraps - 1), within / (wraps - own.height)
    return max(0.0, of_all - inside), min(inside, of_all)


def _top(agents: pl.DataFrame, finding: Finding, asked: int | None) -> list[str]:
    """As many of those with the most time over as asked for, else the decisive ones, else a tenth; never all."""
    if asked is None and finding.group is not None and finding.group.dimension == "agent_id":
        return list(finding.group.values)
    over = agents.filter(pl.col("value").is_not_null() & (pl.col(EXCESS_US) > 0))
    count = max(1, round(agents.height / 10)) if asked is None else asked
    return over["value"].head(min(count, agents.height - 1)).to_list()


def _at_median(rows: pl.LazyFrame, known: Facts, top: list[str]) -> float | None:
    """The mean if each wrap of these agents took the median of everybody else's."""
    if not top:
        return None
    others = lengths_of(rows.filter(~pl.col("agent_id").cast(pl.String).is_in(top)))
    if others.is_empty():
        return None
    moved = (known.wraps - number(others)) * quantile_us(others, 500)
    return (total(others) * 1000 + moved) / (known.wraps * 1_000_000)


def _without(rows: pl.LazyFrame, known: Facts, ended: Timer | None) -> float | None:
    if ended is None:
        return None
    timed = rows.filter(timed_out(ended)).select(pl.col(figures.VALUE).sum()).collect(engine="streaming").item()
    rest = known.wraps - ended.wraps
    return (known.sum_ms - int(timed)) / (rest * 1000) if rest else None
