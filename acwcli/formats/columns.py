"""Which column of a file is which canonical one: `--map` first, then the words of the field."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from acwcli.errors import UsageError, did_you_mean
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.words import choose_columns

_CLOCK_ONLY = r"^\s*[\d۰-۹٠-٩]{1,2}:[\d۰-۹٠-٩]{2}(:[\d۰-۹٠-٩]{2}([.,]\d+)?)?\s*([AaPp][Mm])?\s*$"


@dataclass(frozen=True)
class Chosen:
    """The columns of one file.

    Attributes:
        parts: canonical name → header names, two where a date and a time make one instant.
        shared_date: the one date column that several instants lean on, or None.
    """

    parts: Mapping[str, tuple[str, ...]]
    shared_date: str | None = None

    def __contains__(self, name: str) -> bool:
        """Tell whether the file has the canonical column."""
        return name in self.parts

    def text(self, name: str) -> pl.Expr:
        """The column as it stands in the file; parts are joined by a blank, null when one is missing."""
        parts = self.parts[name]
        return pl.col(parts[0]) if len(parts) == 1 else pl.concat_str(parts, separator=" ")

    def said(self) -> str:
        """The choice in words, for `acw inspect`."""
        return ", ".join(f"{name} = {'+'.join(parts)}" for name, parts in self.parts.items())


def choose(grid: Grid, wanted: Collection[str], mapped: Mapping[str, str]) -> Chosen:
    """Choose the columns of a file.

    Args:
        grid: the file.
        wanted: canonical names its shape has; `date` and `time` stand for the two halves of an instant.
        mapped: the user's `--map`: canonical name → column, or `date+time`.

    Raises:
        UsageError: a mapped column that the file does not have.
    """
    parts = {name: _mapped_parts(grid, name, target) for name, target in mapped.items()}
    taken = {header for headers in parts.values() for header in headers}
    free = [header for header in grid.columns if header not in taken]
    found = choose_columns(free, [name for name in wanted if name not in parts])
    parts |= {name: (header,) for name, header in found.items() if name not in ("date", "time")}
    if "date" in found:
        _lean_on_date(grid, parts, found)
    dates = [headers[0] for name, headers in parts.items() if len(headers) == 2]
    return Chosen(parts, dates[0] if len(set(dates)) == 1 and len(dates) > 1 else None)


def columns_of(grid: Grid, shape: Collection[str], options: ReadOptions) -> Chosen:
    """Choose the columns of a file that may have those of a shape, as the user's options say; see `choose`."""
    mapped = {name: target for name, target in options.columns.items() if name in shape}
    return choose(grid, () if options.only_mapped else shape, mapped)


def has_column(headers: Collection[str], target: str) -> bool:
    """Whether a file has what `--map` points at: a column, or both parts of `date+time`."""
    return target in headers or all(part.strip() in headers for part in target.split("+"))


def _mapped_parts(grid: Grid, name: str, target: str) -> tuple[str, ...]:
    if target in grid.columns:
        return (target,)
    headers = tuple(part.strip() for part in target.split("+"))
    for header in headers:
        if header not in grid.columns:
            near = did_you_mean(header, grid.columns)
            raise UsageError(f"--map {name}={target}: {grid.source} has no column '{header}'{near}")
    return headers


def _lean_on_date(grid: Grid, parts: dict[str, tuple[str, ...]], found: Mapping[str, str]) -> None:
    """Where the instants are clocks without a date and a date column stands beside them, join the two."""
    date = found["date"]
    for name in ("event_time", "offered_at", "answered_at", "ended_at", "acw_start", "acw_end"):
        if name in parts and len(parts[name]) == 1 and _is_clock_only(grid.sample, parts[name][0]):
            parts[name] = (date, parts[name][0])
    first = "event_time" if "event_time" in found or "state" in parts else "answered_at"
    if first not in parts:
        parts[first] = (date, found["time"]) if "time" in found else (date,)


def _is_clock_only(sample: pl.DataFrame, header: str) -> bool:
    if sample.schema[header] != pl.String:
        return sample.schema[header] == pl.Time
    values = sample[header].drop_nulls()
    return values.len() > 0 and bool(values.str.contains(_CLOCK_ONLY).all())


def guess_kind_of_map(mapped: Mapping[str, str]) -> str | None:
    """A `--map` that names a state speaks of state events, one that names a length or an answer of contact records."""
    if "state" in mapped:
        return "generic-states"
    speaks_of_contacts = re.compile(r"(acw|talk|hold)_(s|ms|start|end)|answered_at|offered_at|ended_at")
    return "generic-contacts" if any(speaks_of_contacts.fullmatch(name) for name in mapped) else None
