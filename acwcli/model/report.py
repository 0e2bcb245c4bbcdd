"""The report before it has a language or a format: what is said, and the tables that carry every number of it.

A drawing is made of its table's rows alone, so the two cannot disagree, and the table is the drawing's alternative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "text", "term", "said", "value", "count", "seconds", "long", "share", "ratio", "instant", "day", "hour", "english"
]
"""text: from the data · term: a word of ours, translated · said: a `Said` · value: a `Value`, so each row has a kind of
its own · count: int · seconds: float · long: seconds that add up to hours · share: 0..1 · ratio: float · instant:
datetime with zone · day: date · hour: 0 to 23 · english: what the engine says, never translated."""

Drawing = Literal["histogram", "intervals", "bars", "heat", "trend", "weeks"]

SCHEMA_VERSION = 1
"""Of the JSON document; raised when a key changes its meaning."""


@dataclass(frozen=True)
class Value:
    """A value with what it is, where no column says so; `items` of it for `kind` text are a list of names."""

    kind: Kind
    value: Any


@dataclass(frozen=True)
class Said:
    """A sentence, or a part of one: the key of its wording and the values in it."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column: its name, the same in every language, and what its cells are."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class ReportTable:
    """One table; its caption and headings are words of the language, found by name.

    Attributes:
        name: unique in the report.
        columns: what the cells are.
        rows: a tuple per row; None where a value is not known.
        drawing: how the rows are drawn, if they are.
        folded: the table only repeats its drawing, so a page may fold it away.
        draws: values that only the drawing needs (marks on an axis, a limit).
        titled: values for the caption.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    drawing: Drawing | None = None
    folded: bool = False
    draws: Mapping[str, Any] = field(default_factory=dict)
    titled: Mapping[str, Value] = field(default_factory=dict)

    def column(self, name: str) -> list[Any]:
        """All values of a column."""
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Section:
    """A heading with what is said below it and its tables."""

    name: str
    said: tuple[Said, ...] = ()
    tables: tuple[ReportTable, ...] = ()


@dataclass(frozen=True)
class Report:
    """The whole story.

    Attributes:
        title: as given; None takes the language's own.
        verdict: the code of the verdict, e.g. `few-agents`.
        headline: the verdict in one sentence.
        advice: what to do about it.
        about: what the data are: span, wraps, agents.
        sections: in their order.
        command: what makes this report again.
        tz: the zone of all days, hours and instants.
    """

    title: str | None
    verdict: str
    headline: Said
    advice: tuple[Said, ...]
    about: Said
    sections: tuple[Section, ...]
    command: str
    tz: str

    def tables(self) -> list[ReportTable]:
        """Every table, in order."""
        return [table for section in self.sections for table in section.tables]


def said(key: str, **values: tuple[Kind, Any] | Said) -> Said:
    """Write a sentence: `said("wraps", wraps=("count", 7))`; a `Said` may stand inside another."""
    return Said(key, {n: Value("said", v) if isinstance(v, Said) else Value(*v) for n, v in values.items()})


def table(
    name: str,
    columns: Mapping[str, Kind],
    rows: Iterable[Sequence[Any]],
    drawing: Drawing | None = None,
    **more: Any,  # noqa: ANN401
) -> ReportTable:
    """Make a table of column kinds and rows."""
    return ReportTable(
        name, tuple(Column(n, kind) for n, kind in columns.items()), tuple(map(tuple, rows)), drawing, **more
    )
