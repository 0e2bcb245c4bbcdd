"""The report: every question asked once, joined into one neutral document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from acwcli.analyse import report_quality, report_said, report_sections
from acwcli.analyse.diagnose import Diagnosis, diagnose
from acwcli.analyse.flag import flag as judge_agents
from acwcli.analyse.judge import FDR
from acwcli.analyse.rules import Rule, parse_rule
from acwcli.model.columns import COUNTED
from acwcli.model.report import Report, Said, Section, said
from acwcli.pipeline.diagnosing import examined
from acwcli.pipeline.flagging import known_mix, mix_columns
from acwcli.pipeline.overview import inspect
from acwcli.pipeline.questions import CONTRIBUTORS, Question, observations
from acwcli.pipeline.rebuilding import Wraps
from acwcli.pipeline.summarising import summarise

_TIMES = ("day", "hour", "week", "weekday")


@dataclass(frozen=True)
class ReportOptions:
    """What the report is about.

    Attributes:
        within_ms: the limit people speak of; None takes p80.
        rules: for the flags; none is over the mean, over the limit where one is given, and under 5 s.
        peers: columns whose equal values make agents comparable.
        min_wraps: fewer are not enough data.
        mix: the columns that tell contacts apart; None takes the default of `flag`.
        fdr: false discovery rate of the verdicts.
        newcomers: agents too new to be judged, or compared with.
        title: None takes the language's own.
        command: what makes the report again.
    """

    within_ms: int | None = None
    rules: tuple[Rule, ...] = ()
    peers: tuple[str, ...] = ()
    min_wraps: int = 20
    mix: tuple[str, ...] | None = None
    fdr: float = FDR
    newcomers: pl.DataFrame | None = None
    title: str | None = None
    command: str = ""

    @property
    def told_apart_by(self) -> tuple[str, ...]:
        """The columns that tell contacts apart."""
        return mix_columns(None) if self.mix is None else self.mix


def report_needs(peers: Sequence[str] = (), mix: Sequence[str] | None = None) -> frozenset[str]:
    """The wrap columns to read for a report."""
    told_apart_by = mix_columns(None) if mix is None else mix
    return Question(groups=(*CONTRIBUTORS, *told_apart_by, *_TIMES, *peers, "source")).needs()


def report(found: Wraps, options: ReportOptions) -> Report:
    """Tell the whole story.

    Args:
        found: wraps read with `report_needs`.
        options: see `ReportOptions`.

    Raises:
        NoWrapsError: no wrap counts.
        UsageError: the files hold sums, or an unknown column.
    """
    diagnosis = examined(found, Question(groups=CONTRIBUTORS), options.within_ms, options.min_wraps)
    return Report(
        title=options.title,
        verdict=diagnosis.finding.verdict,
        headline=report_said.headline(diagnosis, options.min_wraps),
        advice=report_said.advice(diagnosis, options.min_wraps),
        about=_about(found, diagnosis),
        sections=tuple(_sections(found, diagnosis, options)),
        command=found.pseudonyms.hidden(options.command) if found.pseudonyms else options.command,
        tz=found.options.tz,
    )


def _sections(found: Wraps, diagnosis: Diagnosis, options: ReportOptions) -> list[Section]:
    limit_ms = diagnosis.known.limit_us // 1000  # lengths are whole ms: within the one is within the other
    row = diagnose(diagnosis, options.min_wraps, "wraps").frame.row(0, named=True)
    excess_s = diagnosis.excess_us / 1e6

    def by(*groups: str) -> pl.DataFrame:
        return summarise(found, Question(groups=groups), limit_ms=limit_ms, with_total=False).frame

    limit_s = diagnosis.known.limit_s
    agents = tuple(dict.fromkeys(("agent_id", *options.peers, *options.told_apart_by)))
    obs = observations(found, Question(groups=agents))
    return [
        Section("figures", (), (report_sections.figures_table(row, excess_s),)),
        report_sections.distribution_section(diagnosis),
        report_sections.agents_section(_compared(obs, options), by("agent_id", *options.peers), options.peers),
        report_sections.excess_section(diagnosis),
        report_sections.heat_section(by("weekday", "hour"), limit_s, options.min_wraps),
        report_sections.trend_section(by("day"), by("week"), limit_s),
        _flags(obs, options),
        _quality(found),
        report_quality.definitions_section(),
        Section("command", (said("lead_command"),)),
    ]


def _compared(obs: pl.LazyFrame, options: ReportOptions) -> pl.DataFrame:
    """Every agent at the mean of the peers, with what the contacts would take the peers even where all are alike."""
    mix = [name for name in options.told_apart_by if name not in options.peers]
    return _judged(obs, (parse_rule("over", "mean"),), mix, options)


def _flags(obs: pl.LazyFrame, options: ReportOptions) -> Section:
    limit = [Rule("over", "limit", 0, options.within_ms, "over limit")] if options.within_ms is not None else []
    rules = options.rules or (parse_rule("over", "mean"), *limit, parse_rule("under", "5s"))
    judged = _judged(obs, rules, known_mix(obs, options.told_apart_by), options)
    return report_sections.flags_section(judged, rules, options.peers)


def _judged(obs: pl.LazyFrame, rules: Sequence[Rule], mix: Sequence[str], options: ReportOptions) -> pl.DataFrame:
    """Every agent by some rules; a report has no room for shapes of behaviour."""
    return judge_agents(
        obs, rules, "mean", options.peers, options.min_wraps, "wraps", True, mix=mix, fdr=options.fdr,
        newcomers=options.newcomers, with_shapes=False,
    ).frame  # fmt: skip


def _quality(found: Wraps) -> Section:
    counted = found.rows().filter(pl.col("status").is_in(COUNTED))
    used = counted.group_by("method").len().collect(engine="streaming").sort("method")
    notes = [*found.loaded.notes(), *found.notes]
    return report_quality.quality_section(
        inspect(found).frame, found.loaded.total(), found.statuses(), used.cast({"method": pl.String}), notes
    )


def _about(found: Wraps, diagnosis: Diagnosis) -> Said:
    """Which data these are; their last instant stands in for the time of the report, which must not depend on it."""
    instant, counted = pl.col("wrap_start"), found.rows().filter(pl.col("status").is_in(COUNTED))
    edges = counted.select(first=instant.min(), last=instant.max()).collect(engine="streaming")
    first, last = edges.row(0)
    wraps, agents = ("count", diagnosis.known.wraps), ("count", diagnosis.known.agents)
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return said("about_no_instants", wraps=wraps, agents=agents)  # type: ignore[arg-type]
    tz = ("english", found.options.tz)
    return said("about", wraps=wraps, agents=agents, first=("instant", first), last=("instant", last), tz=tz)  # type: ignore[arg-type]


def flags_anybody(answer: Report) -> bool:
    """Whether a report calls anybody `over` or `under`."""
    flags = [table for table in answer.tables() if table.name == "flags"]
    return any(verdict in ("over", "under") for table in flags for verdict in table.column("verdict"))
