"""`acw diagnose`: is the mean telling the truth, and who makes it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.contributors import (
    EXCESS_US,
    as_list,
    by_dimension,
    by_dimensions,
    observe,
    share,
    with_excess,
)
from acwcli.analyse.facts import Facts, facts
from acwcli.analyse.fixed_limit import COLUMNS as FIXED_LIMIT
from acwcli.analyse.fixed_limit import fixed_limit
from acwcli.analyse.lengths import lengths_of, total
from acwcli.analyse.mechanical import Mechanics, Timer, mechanics, with_cause
from acwcli.analyse.queue_limits import COLUMNS as BREACHES
from acwcli.analyse.queue_limits import breaches, by_queue
from acwcli.analyse.remaining import remaining
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
    *FIXED_LIMIT,
    *BREACHES,
    Column("warning"),
)
_KINDS: dict[str, pl.DataType] = {"count": pl.Int64(), "text": pl.String()}
_TYPES = {
    column.name: _KINDS.get(column.kind, pl.Float64())
    for column in (*WHAT_IFS, *FIXED_LIMIT, *BREACHES, Column("warning"))
    if column.kind != "json"
}


@dataclass(frozen=True)
class Diagnosis:
    """Everything a diagnosis rests on.

    Attributes:
        rows: the observations, with their time over the limit.
        lengths: the lengths that occur, how often, and their time over the limit.
        known: their figures.
        finding: the verdict.
        tables: a table of `by_dimension` per known dimension.
        mechanics: what is no behaviour.
        excluded: wraps left out of the figures, per status.
        excluded_ms: their time, per status, where it is known.
    """

    rows: pl.LazyFrame
    lengths: pl.DataFrame
    known: Facts
    finding: Finding
    tables: Mapping[str, pl.DataFrame]
    mechanics: Mechanics
    excluded: Mapping[str, int]
    excluded_ms: Mapping[str, int]

    @property
    def ended(self) -> Timer | None:
        """The wrap-up timer, where there is one."""
        return self.mechanics.timer

    @property
    def excess_us(self) -> int:
        """All time over the limit, in microseconds."""
        return total(self.lengths, EXCESS_US)


def examine(
    obs: pl.LazyFrame,
    within_ms: int | None,
    min_wraps: int,
    noun: str,
    excluded: Mapping[str, int],
    excluded_ms: Mapping[str, int],
    *,
    in_memory: bool = True,
) -> Diagnosis:
    """Find out what a diagnosis says.

    Args:
        obs: one row per counted wrap or contact; `value_ms` Int64 is what is measured.
        within_ms: the limit in milliseconds; None takes p80.
        min_wraps: fewer observations than this give no verdict, and no group with fewer is named.
        noun: `wraps` or `contacts`, the name of the key that counts.
        excluded: wraps left out of the figures, per status.
        excluded_ms: their time, per status, where it is known.
        in_memory: whether to collect the observations for the many passes over them, or to stream each anew.

    Raises:
        NoWrapsError: there is nothing to diagnose.
    """
    rows = observe(obs)
    rows = rows.collect(engine="streaming").lazy() if in_memory else rows
    lengths = lengths_of(rows)
    figures.any_wraps(lengths.height, noun)
    known = facts(rows, lengths, within_ms)
    over = (known.limit_us, basis_ms(known, lengths), known.p99_us // 1000)
    rows, lengths = with_excess(rows, *over), with_excess(lengths, *over)
    found = mechanics(rows, lengths, known, min_wraps, excluded, excluded_ms)
    rows = with_cause(rows, known, found.timer)
    tables = by_dimensions(rows)
    finding = judge(rows, lengths, known, tables, found, min_wraps)
    return Diagnosis(rows, lengths, known, finding, tables, found, excluded, excluded_ms)


def diagnose(
    seen: Diagnosis,
    min_wraps: int,
    noun: str,
    *,
    limits_ms: Mapping[str, int] = MappingProxyType({}),
    top: int | None = None,
) -> Table:
    """Say whether the mean is honest, and who or what makes the time over the limit.

    Args:
        seen: of `examine`, with the same `min_wraps` and `noun`.
        min_wraps: no group with fewer observations is named.
        noun: `wraps` or `contacts`, the name of the key that counts.
        limits_ms: queues with a limit of their own, in milliseconds; they count for `queues` and the breaches only.
        top: how many agents take their peers' median in `mean_top_at_median_s`; None chooses.

    Returns:
        One object: the keys of docs/output.md, with a sentence, the distribution, and the top contributors as parts.
    """
    rows, known, finding, tables, found = seen.rows, seen.known, seen.finding, seen.tables, seen.mechanics
    agents = tables["agent_id"] if "agent_id" in tables else by_dimension(rows, "agent_id")
    queues = by_queue(rows, known, limits_ms, min_wraps)
    values = {
        **_row(known, noun),
        "verdict": finding.verdict,
        "advice": advice(known, finding, tables, min_wraps, noun, remaining(rows, known, tables, finding, min_wraps)),
        "contributors": as_list(tables, noun),
        **what_ifs(rows, known, finding, agents, found, top, seen.excluded, seen.excluded_ms),
        **fixed_limit(rows, seen.lengths, found.timer, min_wraps).keys(),
        **breaches(queues, known, noun),
        "warning": timer_warning(found.timer, queues),
    }
    columns = (Column(noun, "count"), *_COLUMNS)
    return Table(
        "diagnose",
        _object(values, noun).select([column.name for column in columns]),
        columns,
        is_object=True,
        sentence=sentence(known, finding, tables, min_wraps, noun),
        distribution=distribution(seen.lengths, known, noun),
        parts=tuple(_top(tables[name], name, known.limit_s, noun) for name in _shown(finding, tables)),
    )


def _object(values: Mapping[str, object], noun: str) -> pl.DataFrame:
    counts: dict[str, pl.DataType] = dict.fromkeys((noun, "agents", "schema_version"), pl.Int64())
    return pl.DataFrame(values, schema_overrides=_TYPES | counts)


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
