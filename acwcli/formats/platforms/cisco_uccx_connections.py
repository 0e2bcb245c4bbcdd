"""Cisco Unified CCX AgentConnectionDetail: a row per agent leg of a call, with its work time in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from acwcli.formats.canonical import canonical, cell, headers, length, length_checks, sure
from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import Times
from acwcli.formats.words import BOOLEAN_WORDS, fold_expr
from acwcli.model.columns import INSTANT

TITLE = "Cisco UCCX AgentConnectionDetail table"
KIND = "contacts"
METHOD = "anchored"

_NEEDED = ("resourceID", "startDateTime", "endDateTime", "talkTime", "workTime")
_OTHERS = ("sessionID", "contactID", "csqRecordID", "ringTime", "holdTime", "callWrapupData", "rna")


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """The table's own column names."""
    named = headers(probe.grid.columns, _NEEDED)
    missing = [name for name in _NEEDED if name not in named]
    if missing:
        return Match(0, missing="no column " + ", ".join(missing))
    return Match(0.9, "the columns of AgentConnectionDetail: " + ", ".join(_NEEDED))


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [_read(sure(probe, match(probe, options)), options) for probe in probes]


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    named = headers(grid.columns, (*_NEEDED, *_OTHERS))
    clocks = {"offered_at": (named["startDateTime"],), "ended_at": (named["endDateTime"],)}
    times = Times(grid, Chosen(clocks), replace(options, tz="UTC"))  # the table is UTC, wherever the server stands
    lengths = {
        name: length(grid, named[name]) for name in ("ringTime", "talkTime", "holdTime", "workTime") if name in named
    }
    agent, began, ended = cell(named["resourceID"]), times.instant("offered_at"), times.instant("ended_at")
    rung = lengths.get("ringTime", pl.lit(None, pl.Int64))
    columns = {
        "agent_id": agent,
        "contact_id": pl.coalesce(_text(named, "contactID"), _text(named, "sessionID")),
        "queue": _text(named, "csqRecordID"),
        "disposition": _text(named, "callWrapupData"),
        "offered_at": began,
        "answered_at": (began + pl.duration(milliseconds=rung, time_unit="ms")).cast(INSTANT),
        "ended_at": ended,
        "talk_ms": lengths["talkTime"],
        "hold_ms": lengths.get("holdTime", pl.lit(None, pl.Int64)),
        "acw_ms": lengths["workTime"],
    }
    checks = [
        (times.text(name).is_not_null() & columns[name].is_null(), "unreadable time") for name in clocks
    ]  # fmt: skip
    for name, ms in lengths.items():
        checks += length_checks(named[name], ms)
    not_taken = fold_expr(_text(named, "rna")).replace_strict(BOOLEAN_WORDS, default=False, return_dtype=pl.Boolean)
    ignored = [(agent.is_null(), "no agent"), (not_taken, "rang without answer")]
    loaded = canonical(grid, "contacts", columns, options, checks=checks, ignored=ignored)
    _say_no_work(loaded)
    loaded.details["clock"] = f"{times.said()}, always UTC"
    return loaded


def _text(named: Mapping[str, str], name: str) -> pl.Expr:
    return cell(named[name]) if name in named else pl.lit(None, pl.String)


def _say_no_work(loaded: FileFrame) -> None:
    """Automatic work is set per queue: where it is off, a work time of 0 says nothing of the agent."""
    work = loaded.frame["acw_ms"].drop_nulls()
    zero = int((work == 0).sum())
    if zero and zero * 2 >= work.len():
        loaded.notes.append(
            f"{zero:,} of {work.len():,} connections have a workTime of 0: is Automatic Work off for their queue?"
        )
