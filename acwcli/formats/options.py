"""What a user may say about how files are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReadOptions:
    """How to read input files; every field has a flag of the same meaning.

    Attributes:
        tz: IANA zone of times without offset.
        tz_given: the user named it, so it comes before the zone of a profile.
        tz_from: where the zone comes from, for notes.
        encoding: forced text encoding, or None to detect.
        input_format: forced format name, or None to recognise by content.
        columns: canonical name → column of the file (`date+time` joins two).
        states: canonical state → the file's own words for it.
        time_format: strptime pattern for all times of the input.
        date_order: `dmy`, `mdy` or `ymd`, whatever the data say.
        usual_order: the order of a profile, where the data cannot decide.
        rows: SQL expression over the file's own columns that picks its rows.
        wrap_reasons: pause reasons that are wrap-up; None for the built-in list.
        wrap_parts: what VICIdial's wrap-up is made of: `dispo`, or `dispo+dead` (dead seconds are then no talk).
        profiles: profile files the user gave.
        units_ms: canonical name of a length → milliseconds in one of its unit; else its header tells.
        only_mapped: take no column but those in `columns`.
        max_bad: share of rejected rows per file that is still accepted.
        needs: wrap columns the question needs; others need not be read.
        pages_end: among the files is the page behind the last one: without records, and without a next one.
        parts: put rows on disk, in so many parts by agent; 0 keeps them in memory.
    """

    tz: str = "UTC"
    tz_given: bool = False
    tz_from: str = "--tz"
    encoding: str | None = None
    input_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time_format: str | None = None
    date_order: str | None = None
    usual_order: str | None = None
    rows: str | None = None
    wrap_reasons: tuple[str, ...] | None = None
    wrap_parts: str = "dispo+dead"
    profiles: tuple[str, ...] = ()
    units_ms: Mapping[str, int] = field(default_factory=dict)
    only_mapped: bool = False
    max_bad: float = 0.01
    needs: frozenset[str] = frozenset()
    pages_end: bool = False
    parts: int = 0
