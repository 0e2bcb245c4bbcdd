"""`acw diagnose`: is the mean telling the truth, and who makes it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.contributors import EXCESS_US, as_list, by_dimension, known_dimensions, observe, share, with_excess
from acwcli.analyse.facts import Facts, facts
from acwcli.analyse.mechanical import Timer, timer
from acwcli.analyse.shape import distribution
from acwcli.analyse.verdict import Finding, basis_ms, judge
from acwcli.analyse.what_if import COLUMNS as WHAT_IFS
from acwcli.analyse.what_if import what_ifs
from acwcli.analyse.wording import advice, seconds_text, sentence, timer_warning
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column, Table

SCHEMA_VERSION = 1
TOP = 8
"""Contributors shown on a terminal; all are in `contributors`."""

_COLUMNS = (
    Column("agents", "count"),
    Column("mean_s", "seconds", "mean"),
    Column("median_s", "seconds", "median"),
    Column("p80_s", "seconds", "p80"),
    Column("p90_s", "seconds", "p90"),
    Column("p95_s", "seconds", "p95"),
    Column("within_s", "seconds", "within"),
    Column("share_wraps_within", "share", "within limit"),
    Column("share_agents_within", "share", "agents within limit"),
    Column("share_wraps_at_or_under_mean", "share", "at or under mean"),
    Column("share_agents_at_or_under_mean", "share", "agents at or under mean"),
    Column("verdict"),
    Column("advice"),
    Column("contributors", "json"),
    Column("limit_s", "seconds", "limit"),
    Column("limit_rule"),
    Column("method"),
    Column("schema_version", "count"),
    *WHAT_IFS,
)
_TYPES: dict[str, pl.DataType] = {
    column.name: pl.Int64() if column.kind == "count" else pl.Float64() for column in WHAT_IFS
}


@dataclass(frozen=True)
class Diagnosis:
    """Everything a diagnosis rests on.

    Attributes:
        frame: the observations, with their time over the limit.
        known: their figures.
        finding: the verdict.
        tables: a table of `by_dimension` per known dimension.
        ended: the wrap-up timer, where there is one.
    """

    frame: pl.DataFrame
    known: Facts
    finding: Finding
    tables: Mapping[str, pl.DataFrame]
    ended: Timer | None


def examine(
    obs: pl.LazyFrame,
    within_ms: int | None,
    min_wraps: int,
    noun: str,
    excluded: Mapping[str, int],
    excluded_ms: Mapping[str, int],
) -> Diagnosis:
    """Find out what `diagnose` says; the same arguments.

    Raises:
        NoWrapsError: there is nothing to diagnose.
    """
    frame = observe(obs)
    figures.any_wraps(frame.height, noun)
    known = facts(frame, within_ms)
    frame = with_excess(frame, known.limit_us, basis_ms(known, frame), known.p99_us // 1000)
    tables = {name: by_dimension(frame, name) for name in known_dimensions(frame)}
    finding = judge(frame, known, tables, min_wraps, excluded, excluded_ms)
    ended = timer(frame, basis_ms(known, frame)) if known.wraps >= min_wraps else None
    return Diagnosis(frame, known, finding, tables, ended)


def diagnose(
    obs: pl.LazyFrame,
    within_ms: int | None,
    min_wraps: int,
    noun: str,
    excluded: Mapping[str, int],
    excluded_ms: Mapping[str, int],
) -> Table:
    """Say whether the mean is honest, and who or what makes the time over the limit.

    Args:
        obs: one row per counted wrap or contact; `value_ms` Int64 is what is measured.
        within_ms: the limit in milliseconds; None takes p80.
        min_wraps: fewer observations than this give no verdict, and no group with fewer is named.
        noun: `wraps` or `contacts`, the name of the key that counts.
        excluded: wraps left out of the figures, per status.
        excluded_ms: their time, per status, where it is known.

    Returns:
        One object: the contract's keys, then `limit_s` and `limit_rule` (`within` or `p80`), `method`,
        `schema_version` and what the mean would be without its causes (`what_if.COLUMNS`); with a sentence, the
        distribution, and the top contributors as parts.

    Raises:
        NoWrapsError: there is nothing to diagnose.
    """
    found = examine(obs, within_ms, min_wraps, noun, excluded, excluded_ms)
    frame, known, finding, tables, ended = found.frame, found.known, found.finding, found.tables, found.ended
    agents = tables.get("agent_id", by_dimension(frame, "agent_id"))
    row = pl.DataFrame(
        {
            **_row(known, noun),
            "verdict": finding.verdict,
            "advice": advice(known, finding, tables, min_wraps, noun) + timer_warning(ended),
            "contributors": as_list(tables, noun),
            **what_ifs(frame, known, finding, agents, ended, excluded, excluded_ms),
        },
        schema_overrides=_TYPES | dict.fromkeys((noun, "agents", "schema_version"), pl.Int64),
    )
    columns = (Column(noun, "count"), *_COLUMNS)
    return Table(
        "diagnose",
        row.select([column.name for column in columns]),
        columns,
        is_object=True,
        sentence=sentence(known, finding, tables, min_wraps, noun),
        distribution=distribution(frame, known, noun),
        parts=tuple(_top(tables[name], name, known.limit_s, noun) for name in _shown(finding, tables)),
    )


def _row(known: Facts, noun: str) -> dict[str, object]:
    return {
        noun: known.wraps,
        "agents": known.agents,
        "mean_s": known.mean_s,
        "median_s": known.median_us / 1_000_000,
        "p80_s": known.p80_us / 1_000_000,
        "p90_s": known.p90_us / 1_000_000,
        "p95_s": known.p95_us / 1_000_000,
        "within_s": known.limit_s,
        "share_wraps_within": known.share_wraps_within,
        "share_agents_within": known.share_agents_within,
        "share_wraps_at_or_under_mean": known.share_wraps_at_or_under_mean,
        "share_agents_at_or_under_mean": known.share_agents_at_or_under_mean,
        "limit_s": known.limit_s,
        "limit_rule": "within" if known.limit_given else "p80",
        "method": known.method,
        "schema_version": SCHEMA_VERSION,
    }


def _shown(finding: Finding, tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """The decisive dimension; where none decides, agents and queues."""
    wanted = [finding.group.dimension] if finding.group else ["agent_id", "queue"]
    return [name for name in wanted if name in tables and tables[name][EXCESS_US].sum() > 0]


def _top(table: pl.DataFrame, dimension: str, limit_s: float, noun: str) -> Table:
    names = ["name"] if "name" in table.columns else []
    frame = table.select(
        pl.col("value").alias(dimension),
        *names,
        pl.col(figures.N).alias(noun),
        figures.mean_s().alias("mean_s"),
        in_seconds(pl.col(EXCESS_US), 1_000_000).alias("excess_s"),
        share().alias("share"),
    )
    columns = (
        Column(dimension, label="agent" if dimension == "agent_id" else ""),
        *(Column(name) for name in names),
        Column(noun, "count"),
        Column("mean_s", "seconds", "mean"),
        Column("excess_s", "seconds", "over limit"),
        Column("share", "share", "share of it"),
    )
    heading = f"By time over {seconds_text(limit_s)}"
    cut = f", the first {TOP} of {table.height:,}; --format json lists all" if table.height > TOP else ""
    return Table(f"contributors by {dimension}", frame.head(TOP), columns, sentence=f"{heading}{cut}.")
