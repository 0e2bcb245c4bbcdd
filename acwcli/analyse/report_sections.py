"""The sections of a report: from frames of figures to the tables and drawings that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.casemix import CONTACT_LENGTH
from acwcli.analyse.contributors import EXCESS_US, share
from acwcli.analyse.diagnose import Diagnosis
from acwcli.analyse.report_said import reason_said, rule_said
from acwcli.analyse.rules import Rule
from acwcli.analyse.shape import distribution
from acwcli.model.report import Drawing, Kind, ReportTable, Said, Section, Value, said, table
from acwcli.model.seconds import in_seconds

_DIMENSION_KINDS: dict[str, Kind] = {
    "hour": "hour",
    **dict.fromkeys(("weekday", "ended_by", CONTACT_LENGTH, "cause"), "term"),
}
_SURE = ("over", "under")
DRAWN = 50
"""Agents drawn beside their peers; the table lists all."""
DRAWN_DAYS = 92
"""Days drawn one by one: a quarter."""


def figures_table(row: Mapping[str, Any], excess_s: float) -> ReportTable:
    """The figures at a glance, from the one row of `diagnose`."""
    kinds: dict[str, Kind] = {
        "wraps": "count", "agents": "count", "mean_s": "seconds", "median_s": "seconds", "p80_s": "seconds",
        "p90_s": "seconds", "p95_s": "seconds", "limit_s": "seconds", "share_wraps_within": "share",
        "share_agents_within": "share", "share_wraps_at_or_under_mean": "share", "excess_s": "long",
        "between_agents_share": "share", "mean_top_at_median_s": "seconds", "mean_without_stuck_s": "seconds",
        "mean_with_stuck_s": "seconds", "mean_without_timed_out_s": "seconds", "timer_s": "seconds",
        "timer_share": "share",
    }  # fmt: skip
    values = {**row, "excess_s": excess_s}
    rows = [(name, Value(kind, values[name])) for name, kind in kinds.items() if values[name] is not None]
    return table("figures", {"figure": "term", "value": "value"}, rows)


def distribution_section(found: Diagnosis) -> Section:
    """How long wraps take: bins, and where the mean, median, p80 and limit fall."""
    drawn, known = distribution(found.lengths, found.known, "wraps"), found.known
    rows: list[tuple[Any, ...]] = []
    below = list(accumulate(drawn.counts))
    for (low, high), count, so_far in zip(pairwise(drawn.edges_s), drawn.counts, below, strict=True):
        rows.append((low, high, count, count / known.wraps, so_far / known.wraps))
    if drawn.open_ended:
        rows[-1] = (rows[-1][0], None, *rows[-1][2:])
    kinds: dict[str, Kind] = {
        "from_s": "seconds", "to_s": "seconds", "wraps": "count", "share": "share", "cumulative": "share",
    }  # fmt: skip
    marks = [(mark.label, mark.value_s) for mark in drawn.marks]
    bins = table("bins", kinds, rows, "histogram", folded=True, draws={"marks": marks, "limit": known.limit_s})
    lead = said(
        "lead_distribution",
        within=("share", known.share_wraps_within),
        limit=("seconds", known.limit_s),
        median=("seconds", known.median_us / 1e6),
        p90=("seconds", known.p90_us / 1e6),
    )
    return Section("distribution", (lead,), (bins,))


def agents_section(judged: pl.DataFrame, own: pl.DataFrame, peers: Sequence[str]) -> Section:
    """Each agent beside the peers at the same contacts.

    Args:
        judged: rows of `flag` for one rule, every agent.
        own: rows of `summary` by agent and peers, with a limit.
        peers: the columns of peer groups.
    """
    keys = ["agent_id", *peers]
    wanted = ["mean_s", "median_s", "p80_s", "within_limit", "excess_s"]
    names = ["name"] if "name" in judged.columns else []
    joined = _in_text(judged, keys).join(
        _in_text(own.select(*keys, *wanted), keys), on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    kinds: dict[str, Kind] = {
        **dict.fromkeys((*keys, *names), "text"), "verdict": "term", "wraps": "count", "mean_s": "seconds",
        "expected_s": "seconds", "ratio": "ratio", "ratio_low": "ratio", "ratio_high": "ratio",
        "median_s": "seconds", "p80_s": "seconds", "within_limit": "share", "excess_s": "long",
    }  # fmt: skip
    rows = joined.select(*kinds).iter_rows()
    return Section(
        "agents",
        (said("lead_agents"),),
        (table("agents", kinds, rows, "intervals", folded=True, titled={"most": Value("count", DRAWN)}),),
    )


def _in_text(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    return frame.with_columns(pl.col(keys).cast(pl.String))


def excess_section(found: Diagnosis) -> Section:
    """Who and what makes the time over the limit, one table per dimension."""
    excess_us = found.excess_us
    limit = Value("seconds", found.known.limit_s)
    if not excess_us:
        return Section("excess", (Said("lead_excess_none", {"limit": limit}),))
    lead = Said("lead_excess", {"limit": limit, "excess": Value("long", excess_us / 1e6)})
    tables = [
        _by_dimension(name, frame, found.known.wraps, limit) for name, frame in found.tables.items() if frame.height > 1
    ]
    return Section("excess", (lead,), tuple(tables))


def _by_dimension(dimension: str, frame: pl.DataFrame, wraps: int, limit: Value) -> ReportTable:
    named = ["name"] if "name" in frame.columns else []
    whole = dimension == "hour"
    rows = frame.select(
        pl.col("value").cast(pl.Int64) if whole else pl.col("value"),
        *named,
        pl.col(figures.N),
        (pl.col(figures.N) / wraps).alias("_of_wraps"),
        figures.mean_s().alias("_mean"),
        in_seconds(pl.col(EXCESS_US), 1_000_000).alias("_excess"),
        share().alias("_share"),
    ).iter_rows()
    kinds: dict[str, Kind] = {
        dimension: _DIMENSION_KINDS.get(dimension, "text"), **dict.fromkeys(named, "text"), "wraps": "count",
        "wraps_share": "share", "mean_s": "seconds", "excess_s": "long", "share": "share",
    }  # fmt: skip
    return table(f"excess_by_{dimension}", kinds, rows, "bars", folded=True, titled={"limit": limit})


def heat_section(cells: pl.DataFrame, limit_s: float, min_wraps: int) -> Section:
    """When wraps run over the limit: weekday and hour, from `summary`."""
    limit = Value("seconds", limit_s)
    known = cells.filter(pl.col("hour").is_not_null())
    if known.is_empty():
        return Section("heat", (Said("no_instants"),))
    kinds: dict[str, Kind] = {
        "weekday": "term", "hour": "hour", "wraps": "count", "mean_s": "seconds", "median_s": "seconds",
        "over_limit": "share",
    }  # fmt: skip
    rows = known.select(
        "weekday", "hour", "wraps", "mean_s", "median_s", (1 - pl.col("within_limit")).alias("over_limit")
    ).iter_rows()
    more = {"limit": limit, "needed": Value("count", min_wraps)}
    drawn = table("heat", kinds, rows, "heat", folded=True, draws={"min_wraps": min_wraps}, titled=more)
    return Section("heat", (Said("lead_heat", more),), (drawn,))


def trend_section(days: pl.DataFrame, weeks: pl.DataFrame, limit_s: float) -> Section:
    """Day by day, from `summary`; drawn by weeks where days would stand too close to be told apart."""
    limit = Value("seconds", limit_s)
    known = days.filter(pl.col("day").is_not_null())
    if known.is_empty():
        return Section("trend", (Said("no_instants"),))
    lead = Said("lead_trend", {"limit": limit})
    by_day = known.with_columns(pl.col("day").str.to_date("%Y-%m-%d"))
    if known.height <= DRAWN_DAYS:
        return Section("trend", (lead,), (_trend("trend", by_day, limit, "trend"),))
    monday = pl.concat_str("week", pl.lit("-1")).str.to_date("%G-W%V-%u").alias("week_from")
    by_week = weeks.filter(pl.col("week").is_not_null()).select(monday, pl.exclude("week"))
    drawn = _trend("trend_by_week", by_week, limit, "weeks")
    said_of = said("lead_trend_weeks", days=("count", known.height))
    return Section("trend", (lead, said_of), (drawn, _trend("trend", by_day, limit, None)))


def _trend(name: str, frame: pl.DataFrame, limit: Value, drawing: Drawing | None) -> ReportTable:
    kinds: dict[str, Kind] = {
        frame.columns[0]: "day", "wraps": "count", "mean_s": "seconds", "median_s": "seconds", "p80_s": "seconds",
        "within_limit": "share", "excess_s": "long",
    }  # fmt: skip
    rows = frame.select(*kinds).iter_rows()
    more = {"draws": {"limit": limit.value}, "titled": {"limit": limit}}
    return table(name, kinds, rows, drawing, folded=True, **more)


def flags_section(judged: pl.DataFrame, rules: Sequence[Rule], peers: Sequence[str]) -> Section:
    """The agents beyond a rule, with what the verdict rests on."""
    wording = {rule.text: rule_said(rule) for rule in rules}
    beyond = judged.filter(pl.col("verdict").is_in([*_SURE, "watch"]))
    who = [*(name for name in ("agent_id", "name") if name in judged.columns), *peers]
    rows = [
        (
            *(row[name] for name in who), row["verdict"], wording[row["rule"]], row["value_s"], row["threshold_s"],
            row["over_s"], row["lost_s"], row["wraps"], reason_said(row),
        )
        for row in beyond.iter_rows(named=True)
    ]  # fmt: skip
    kinds: dict[str, Kind] = {
        **dict.fromkeys(who, "text"), "verdict": "term", "rule": "said", "mean_s": "seconds", "threshold_s": "seconds",
        "over_s": "seconds", "lost_s": "long", "wraps": "count", "reason": "said",
    }  # fmt: skip
    sure = beyond.filter(pl.col("verdict").is_in(_SURE))["agent_id"].n_unique()
    lead = said(
        "lead_flags" if rows else "lead_flags_none",
        flagged=("count", beyond["agent_id"].n_unique()),
        agents=("count", judged["agent_id"].n_unique()),
        sure=("count", sure),
    )
    return Section("flags", (lead,), (table("flags", kinds, rows),) if rows else ())
