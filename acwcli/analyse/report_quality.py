"""The end of a report: what was read and what became of it, and how each figure is defined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.analyse.methods import methods
from acwcli.model.columns import COUNTED
from acwcli.model.counts import RowCounts
from acwcli.model.report import Kind, ReportTable, Section, said, table

DEFINED = {
    "wraps": "wraps", "mean_s": "mean_s", "median_s": "median_s", "p80_s": "p80_s", "limit_s": "limit_s",
    "within_limit": "within_limit", "excess_s": "excess_s", "expected_s": "expected_s", "ratio": "ratio",
    "interval": "interval", "verdict": None, "lost_s": "lost_s", "between_agents_share": "between_agents_share",
}  # fmt: skip
"""The figures of the report whose definitions it carries, and their names in `acw methods`; the language has a sentence
for each."""


_MOST_FILES = 20
"""More files are folded away on a page: a year of nights would bury what follows; the sentence above has their sums."""


def quality_section(
    files: pl.DataFrame, total: RowCounts, statuses: Mapping[str, int], evidence: pl.DataFrame, notes: Sequence[str]
) -> Section:
    """The account of every row and every wrap.

    Args:
        files: rows of `inspect`.
        total: the account of all files.
        statuses: wraps of each status.
        evidence: `method` and `len` of the counted wraps.
        notes: what was said while reading.
    """
    counted = sum(statuses.get(status, 0) for status in COUNTED)
    lead = said(
        "lead_quality",
        read=("count", total.read),
        used=("count", total.used),
        ignored=("count", total.ignored.total()),
        rejected=("count", total.rejected.total()),
        wraps=("count", counted),
        others=("count", sum(statuses.values()) - counted),
    )
    tables = [_files(files), _reasons(total), _statuses(statuses), _methods(evidence)]
    if notes:
        tables.append(table("notes", {"note": "english"}, [(note,) for note in dict.fromkeys(notes)]))
    return Section("quality", (lead,), tuple(found for found in tables if found.rows))


def _files(files: pl.DataFrame) -> ReportTable:
    kinds: dict[str, Kind] = {
        "source": "text", "format": "english", "rows": "count", "used": "count", "ignored": "count",
        "rejected": "count", "agents": "count", "wraps": "count", "first": "instant", "last": "instant",
    }  # fmt: skip
    return table("files", kinds, files.select(*kinds).iter_rows(), folded=files.height > _MOST_FILES)


def _reasons(total: RowCounts) -> ReportTable:
    def of(outcome: str, reasons: Counter[str]) -> list[tuple[str, str, int]]:
        return [(outcome, reason, count) for reason, count in sorted(reasons.items(), key=_often_first) if count]

    kinds: dict[str, Kind] = {"outcome": "term", "why": "english", "rows": "count"}
    return table("rows_left_out", kinds, of("ignored", total.ignored) + of("rejected", total.rejected))


def _often_first(reason: tuple[str, int]) -> tuple[int, str]:
    return -reason[1], reason[0]


def _statuses(statuses: Mapping[str, int]) -> ReportTable:
    kinds: dict[str, Kind] = {"status": "term", "wraps": "count", "counted": "term"}
    rows = [(status, count, "yes" if status in COUNTED else "no") for status, count in statuses.items()]
    return table("statuses", kinds, rows)


def _methods(found: pl.DataFrame) -> ReportTable:
    return table("evidence", {"method": "term", "wraps": "count"}, found.iter_rows())


def definitions_section() -> Section:
    """What each figure means, with the formula and the denominator of `acw methods`."""
    known = {row["name"]: (row["formula"], row["denominator"]) for row in methods().frame.iter_rows(named=True)}
    rows = [(name, said(f"define_{name}"), *known.get(method or "", (None, None))) for name, method in DEFINED.items()]
    kinds: dict[str, Kind] = {"figure": "term", "meaning": "said", "formula": "english", "divided_by": "english"}
    return Section("definitions", (said("lead_definitions"),), (table("definitions", kinds, rows),))
