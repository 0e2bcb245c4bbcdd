"""What a report says of a diagnosis and of a flag, as keys and values: the wording is the language's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.concentration import Concentration
from acwcli.analyse.contributors import CAPPED_MS, EXCESS_US
from acwcli.analyse.diagnose import Diagnosis
from acwcli.analyse.mechanical import Stuck
from acwcli.analyse.remaining import remaining
from acwcli.analyse.rules import Rule
from acwcli.analyse.verdict import HONEST_SHARE
from acwcli.model.report import Kind, Said, Value, said

_ADVICE = {
    "few-agents": "advice_agents",
    "few-queues": "advice_queues",
    "few-dispositions": "advice_dispositions",
    "time-of-day": "advice_hours",
    "timer": "advice_timer",
    "stuck-wraps": "advice_stuck",
    "everyone": "advice_everyone",
    "not-enough-data": "advice_collect",
}
_GROUPS = {
    "agent_id": "cause_agents",
    "queue": "cause_queues",
    "disposition": "cause_dispositions",
    "hour": "cause_hours",
    "weekday": "cause_weekdays",
}


def headline(found: Diagnosis, min_wraps: int) -> Said:
    """The verdict in one sentence: what the figures are, and what makes the difference."""
    known = found.known
    skewed = known.share_wraps_at_or_under_mean >= HONEST_SHARE and known.mean_s > known.median_us / 1e6
    return said(
        "headline_skewed" if skewed else "headline",
        mean=("seconds", known.mean_s),
        wraps=("count", known.wraps),
        p80=("seconds", known.p80_us / 1e6),
        agents=("share", known.share_agents_within),
        limit=("seconds", known.limit_s),
        cause=_cause(found, min_wraps),
    )


def advice(found: Diagnosis, min_wraps: int) -> tuple[Said, ...]:
    """What to do about it, and what to keep in mind."""
    known, finding = found.known, found.finding
    honest = "advice_mean" if known.share_wraps_at_or_under_mean < HONEST_SHARE else "advice_nothing"
    values: dict[str, tuple[Kind, Any] | Said] = {"wraps": ("count", known.wraps), "needed": ("count", min_wraps)}
    if finding.timer:
        values["at"] = ("seconds", finding.timer.at_s)
    if finding.group:
        values["names"] = _names(finding.group, found.tables[finding.group.dimension])
    parts = [said(_ADVICE.get(finding.verdict, honest), **values)]
    if second := remaining(found.rows, known, found.tables, finding, min_wraps):
        cause = _of_group(second.group, second.table, _over(found))
        names = _names(second.group, second.table)
        parts.append(said("advice_still" if second.whole else "advice_left", cause=cause, names=names))
    if found.ended:
        parts.append(said("advice_percentiles", at=("seconds", found.ended.at_s)))
    return tuple(parts)


def _names(group: Concentration, table: pl.DataFrame) -> tuple[Kind, Any]:
    if group.dimension == "hour":
        return "hour", [int(value) for value in group.values]
    if group.dimension == "weekday":
        return "term", list(group.values)
    names = dict(table.select("value", "name").iter_rows()) if "name" in table.columns else {}
    return "text", [f"{value} {names[value]}" if names.get(value) else value for value in group.values]


def _cause(found: Diagnosis, min_wraps: int) -> Said:
    known, finding = found.known, found.finding
    limit: tuple[Kind, Any] = ("seconds", known.limit_s)
    over = _over(found)
    if finding.group:
        return _of_group(finding.group, found.tables[finding.group.dimension], over)
    if finding.timer:
        wraps, share = finding.timer.wraps / known.wraps, finding.timer.share
        at: tuple[Kind, Any] = ("seconds", finding.timer.at_s)
        return said("cause_timer", wraps=("share", wraps), share=("share", share), at=at, over=over)
    if finding.stuck:
        return _of_stuck(finding.stuck, known.mean_s, over)
    if finding.verdict == "not-enough-data":
        return said("cause_too_little")
    if finding.verdict == "everyone":
        return _of_everyone(found.tables.get("agent_id"), over, min_wraps)
    if known.share_wraps_within == 1:
        return said("cause_none_over", limit=limit)
    return said("cause_usual", share=("share", known.share_wraps_at_or_under_mean))


def _over(found: Diagnosis) -> Said:
    """With p80 itself the greatest value nothing is over the limit: judged from the median then."""
    within = found.known.share_wraps_within
    return said("over_limit", limit=("seconds", found.known.limit_s)) if within < 1 else said("over_median")


def _of_group(group: Concentration, table: pl.DataFrame, over: Said) -> Said:
    inside = table.filter(pl.col("value").is_in(group.values))
    weight = EXCESS_US if table[EXCESS_US].sum() else CAPPED_MS
    return said(
        _GROUPS[group.dimension],
        count=("count", len(group.values)),
        among=("count", group.among),
        share=("share", _part(inside, table, weight)),
        wraps=("share", _part(inside, table, figures.N)),
        over=over,
    )


def _of_stuck(stuck: Stuck, mean_s: float, over: Said) -> Said:
    wraps: tuple[Kind, Any] = ("count", stuck.wraps)
    other: tuple[Kind, Any] = ("seconds", stuck.mean_s)
    if stuck.left_out:
        return said("cause_stuck_left_out", wraps=wraps, mean=("seconds", mean_s), other=other)
    return said("cause_stuck", wraps=wraps, share=("share", stuck.share), other=other, over=over)


def _of_everyone(table: pl.DataFrame | None, over: Said, min_wraps: int) -> Said:
    """How little the top tenth of agents make, as the proof that it is everyone."""
    if table is None or not table[EXCESS_US].sum():
        return said("cause_everyone", over=over)
    counted = table.filter(pl.col(figures.N) >= min_wraps)[figures.N].sum()
    if 2 * counted < table[figures.N].sum():
        return said("cause_everyone_thin", over=over)
    top = table.head(max(1, round(table.height / 10)))
    return said(
        "cause_everyone_top",
        count=("count", top.height),
        among=("count", table.height),
        share=("share", _part(top, table, EXCESS_US)),
        over=over,
    )


def _part(inside: pl.DataFrame, table: pl.DataFrame, weight: str) -> float:
    return int(inside[weight].sum()) / int(table[weight].sum())


def rule_said(rule: Rule) -> Said:
    """A rule in words."""
    if rule.against == "limit":
        return said(f"rule_{rule.side}_limit", limit=("seconds", rule.limit_ms / 1000))
    if rule.against == "percentile":
        return said(f"rule_{rule.side}_percentile", percentile=("english", f"{rule.permille / 10:g}"))
    return said(f"rule_{rule.side}_mean")


def reason_said(row: Mapping[str, Any]) -> Said:
    """How sure a flag is and why, from the columns of `flag`."""
    ratio: dict[str, Value] = {
        name: Value("ratio", row[column])
        for name, column in (("ratio", "ratio"), ("low", "ratio_low"), ("high", "ratio_high"))
    }
    known = all(value.value is not None for value in ratio.values())
    if row["verdict"] != "watch":
        return Said("reason_sure_mix", ratio) if known else Said("reason_sure")
    if row["adjusted"] is False and known:
        return Said("reason_contacts", ratio)
    if row["adjusted"] is None and row["expected_s"] is not None:
        return Said("reason_alone")
    return Said("reason_chance_mix", ratio) if known else Said("reason_chance")
