"""What stands out once the first cause is taken away: a slow queue may hide slow agents, and a missing log-off both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.concentration import CAUSES, Concentration, strongest
from acwcli.analyse.contributors import CAPPED_MS, EXCESS_US, by_dimension, capped_variance
from acwcli.analyse.facts import Facts
from acwcli.analyse.mechanical import long_ms
from acwcli.analyse.verdict import Finding

WORTH = 0.1
"""A second cause is told when it holds at least this share of all time over the limit."""
_ASKED = ("few-agents", "few-queues", "few-dispositions", "time-of-day", "stuck-wraps", "not-skewed")
"""Verdicts that leave something to look at: a timer and everyone already speak of all wraps."""


@dataclass(frozen=True)
class Remaining:
    """A small group that holds most of what is left.

    Attributes:
        group: the values, and of what.
        table: `contributors.by_dimension` of that dimension, of the wraps that are left.
        whole: whether nothing had to be taken away.
    """

    group: Concentration
    table: pl.DataFrame
    whole: bool


def remaining(
    rows: pl.LazyFrame, known: Facts, tables: Mapping[str, pl.DataFrame], finding: Finding, min_wraps: int
) -> Remaining | None:
    """Look for a small group among the wraps that the verdict does not speak of.

    Args:
        rows: observations of `contributors.with_excess`.
        known: their figures.
        tables: one table of `by_dimension` per known dimension, of all wraps.
        finding: the verdict.
        min_wraps: values with fewer wraps are never named.
    """
    if finding.verdict not in _ASKED:
        return None
    rest = _rest(rows, known, finding)
    first = finding.group.dimension if finding.group else None
    names = [name for name in tables if name in CAUSES and name != first]
    left = tables if rest is rows else {name: by_dimension(rest, name) for name in (names or list(tables)[:1])}
    count = int(next(iter(left.values()))[figures.N].sum()) if left else 0
    if count < max(min_wraps, 2):
        return None
    group = strongest(rest, {name: left[name] for name in names}, capped_variance(rest), min_wraps)
    if group is None or not _worth_telling(left[group.dimension], group, tables[group.dimension]):
        return None
    return Remaining(group, left[group.dimension], count == known.wraps)


def _rest(rows: pl.LazyFrame, known: Facts, finding: Finding) -> pl.LazyFrame:
    """What the verdict does not speak of; the rows themselves where that is all of them."""
    if finding.group:
        named = pl.col(finding.group.dimension).cast(pl.String).is_in(finding.group.values)
        return rows.filter(~named.fill_null(False))
    if finding.stuck and not finding.stuck.left_out:
        return rows.filter(pl.col(figures.VALUE) < long_ms(known))
    return rows


def _worth_telling(table: pl.DataFrame, group: Concentration, whole: pl.DataFrame) -> bool:
    weight = EXCESS_US if table[EXCESS_US].sum() else CAPPED_MS
    held = int(table.filter(pl.col("value").is_in(group.values))[weight].sum())
    return held >= WORTH * int(whole[weight].sum())
