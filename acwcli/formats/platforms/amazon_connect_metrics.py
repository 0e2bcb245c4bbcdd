"""Amazon Connect historical metrics as CSV: sums per agent or queue and interval, in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.formats.canonical import canonical, cell, headers, length, length_checks, sure
from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import Times

TITLE = "Amazon Connect historical metrics report"
KIND = "aggregates"
METHOD = "aggregate"

_SUM, _MEAN, _COUNT = "After contact work time", "Average after contact work time", "Contacts handled"
_CLOCKS = {"event_time": "StartInterval", "ended_at": "EndInterval"}
_NAMES = ("Agent", "Agent name", "Queue", "Channel", *_CLOCKS.values(), _SUM, _MEAN, _COUNT)
_MOST_CONTACTS = 10**9
"""No centre handles more in an interval: such a number is damaged."""
_MOST_CELLS = 80_000
"""More a download does not hold."""


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """The report's own metric names: contacts handled, and after contact work time as a sum or an average."""
    named = headers(probe.grid.columns, _NAMES)
    missing = [_COUNT] if _COUNT not in named else []
    if _SUM not in named and _MEAN not in named:
        missing.append(_SUM)
    if not any(name in named for name in ("Agent", "Agent name", "Queue")):
        missing.append("Agent or Queue")
    if missing:
        return Match(0, missing="no column " + ", ".join(missing))
    return Match(0.88, "metrics of a historical report: " + ", ".join(named))


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each report for itself."""
    return [_read(sure(probe, match(probe, options)), options) for probe in probes]


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    named = headers(grid.columns, _NAMES)
    times = Times(grid, Chosen({name: (named[of],) for name, of in _CLOCKS.items() if of in named}), options)
    count = cell(named[_COUNT]).cast(pl.Float64, strict=False).round()
    contacts = pl.when(count.abs() <= _MOST_CONTACTS).then(count).cast(pl.Int64)
    given = named.get(_SUM, named.get(_MEAN, ""))
    acw = length(grid, given)
    columns = {
        "agent_id": _text(named, "Agent", "Agent name"),
        "queue": _text(named, "Queue"),
        "channel": _text(named, "Channel"),
        "contacts": contacts,
        "acw_total_ms": acw if _SUM in named else acw * contacts,
    }
    checks = [
        (cell(named[_COUNT]).is_not_null() & contacts.is_null(), f"unreadable {_COUNT}"),
        (contacts < 0, f"negative {_COUNT}"),
        *length_checks(given, acw),
    ]
    for name in _CLOCKS:
        if _CLOCKS[name] in named:
            instant = times.instant(name)
            checks.append((times.text(name).is_not_null() & instant.is_null(), "unreadable time"))
            columns |= {"wrap_start": instant} if name == "event_time" else {}
    if len(times.clocks) == 2:
        columns["span_ms"] = (times.instant("ended_at") - times.instant("event_time")).dt.total_milliseconds()
    nothing = cell(named[_COUNT]).is_null() | (contacts == 0)
    ignored = [(nothing, "no contacts handled"), (cell(given).is_null(), "no ACW recorded")]
    loaded = canonical(grid, "aggregates", columns, options, checks=checks, ignored=ignored)
    _say(loaded, grid, times, is_mean=_SUM not in named)
    return loaded


def _text(named: Mapping[str, str], *names: str) -> pl.Expr:
    return pl.coalesce(*(cell(named[name]) for name in names if name in named), pl.lit(None, pl.String))


def _say(loaded: FileFrame, grid: Grid, times: Times, *, is_mean: bool) -> None:
    loaded.notes += times.notes()
    loaded.details["clock"] = times.said()
    if is_mean:
        loaded.notes.append(f"no column '{_SUM}': totals are the rounded averages times the contacts handled")
    if _MOST_CELLS - len(grid.columns) < loaded.read * len(grid.columns) <= _MOST_CELLS:
        loaded.notes.append(f"{_MOST_CELLS:,} cells: Amazon Connect cuts a download there; export shorter spans")
