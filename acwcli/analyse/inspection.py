"""What was read: one row per file, or one per fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from acwcli.model.columns import INSTANT
from acwcli.model.counts import RowCounts
from acwcli.model.table import Column, Table


@dataclass(frozen=True)
class FileFacts:
    """Everything known about one file.

    Attributes:
        source: the file.
        format: what it was taken for; None when it was skipped.
        kind: states, contacts or wraps.
        counts: the account of its rows.
        agents: distinct agents.
        wraps: wraps that begin in it.
        first: first instant.
        last: last instant.
        note: what speaks for the format, or why the file was skipped.
        runner_up: the next best format and why it was not taken.
        details: further facts for `--verbose`.
    """

    source: str
    format: str | None
    kind: str | None = None
    counts: RowCounts = field(default_factory=RowCounts)
    agents: int | None = None
    wraps: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    note: str = ""
    runner_up: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def inspection(files: Sequence[FileFacts], *, verbose: bool) -> Table:
    """Tell what each file is and what became of its rows."""
    return _facts(files) if verbose else _overview(files)


def _overview(files: Sequence[FileFacts]) -> Table:
    columns = (
        Column("source"), Column("format"), Column("kind"), Column("rows", "count"), Column("used", "count"),
        Column("ignored", "count"), Column("rejected", "count"), Column("agents", "count"), Column("wraps", "count"),
        Column("first", "instant"), Column("last", "instant"), Column("note"), Column("runner_up"),
    )  # fmt: skip
    rows = [
        {
            "source": item.source, "format": item.format, "kind": item.kind, "rows": item.counts.read,
            "used": item.counts.used, "ignored": item.counts.ignored.total(), "rejected": item.counts.rejected.total(),
            "agents": item.agents, "wraps": item.wraps, "first": item.first, "last": item.last, "note": item.note,
            "runner_up": item.runner_up,
        }
        for item in files
    ]  # fmt: skip
    types = {"text": pl.String(), "count": pl.Int64(), "instant": INSTANT}
    schema = {column.name: types[column.kind] for column in columns}
    return Table("inspect", pl.DataFrame(rows, schema=schema), columns)


def _facts(files: Sequence[FileFacts]) -> Table:
    rows: list[tuple[str, str, str]] = []
    for item in files:
        facts = {"format": item.format or "unknown", "why": item.note, "rows read": f"{item.counts.read}"}
        facts |= {"rows used": f"{item.counts.used}"}
        facts |= {f"ignored: {reason}": f"{count}" for reason, count in sorted(item.counts.ignored.items())}
        facts |= {f"rejected: {reason}": f"{count}" for reason, count in sorted(item.counts.rejected.items())}
        facts |= item.details
        rows.extend((item.source, fact, value) for fact, value in facts.items())
    columns = (Column("source"), Column("fact"), Column("value"))
    frame = pl.DataFrame(rows, schema={column.name: pl.String for column in columns}, orient="row")
    return Table("inspect", frame, columns)
