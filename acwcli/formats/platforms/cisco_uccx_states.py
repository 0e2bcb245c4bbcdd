"""Cisco Unified CCX agent states: the AgentStateDetail table, or the Agent State Detail report made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.canonical import canonical, cell, finish_states, headers, length, length_checks, sure
from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import Times
from acwcli.model.columns import INSTANT

TITLE = "Cisco UCCX AgentStateDetail (table or report)"
KIND = "states"
METHOD = "state"

_TABLE = ("agentID", "eventDateTime", "eventType")
_REPORT = ("Agent State", "State Transition Time")
_OTHERS = ("reasonCode", "contactID", "Agent ID", "Agent Name", "Reason Code", "Duration")
_CODES = {"1": "login", "2": "not_ready", "3": "ready", "4": "ringing", "5": "talking", "6": "acw", "7": "logout"}
_CALL_ORDER = ("ringing", "talking", "acw")
_UCCE = ("SkillTargetID", "AgentState")


def match(probe: Probe, options: ReadOptions) -> Match:
    """The columns of the table with its event codes, or those of the report.

    Raises:
        InputError: it is UCCE's Agent_State_Trace, whose numbers mean something else.
    """
    grid = probe.grid
    if len(headers(grid.columns, _UCCE)) == len(_UCCE) and "state" not in options.columns:
        raise InputError(
            f"{probe.input.name}: this is UCCE's Agent_State_Trace, whose numbers are not those of UCCX (5 is Work Not "
            "Ready there and Talking here); name what its numbers mean: --map agent_id=SkillTargetID "
            "--map event_time=DateTime --map state=AgentState --state acw=5 --state acw=6 …"
        )
    named = _named(grid)
    if all(name in named for name in _TABLE):
        return Match(0.9, "the columns of AgentStateDetail: " + ", ".join(_TABLE))
    if all(name in named for name in _REPORT) and ("Agent Name" in named or "Agent ID" in named):
        return Match(0.88, "the columns of the Agent State Detail report: " + ", ".join(_REPORT))
    missing = [name for name in _TABLE if name not in named]
    return Match(0, missing="no column " + ", ".join(missing))


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [_read(sure(probe, match(probe, options)), options) for probe in probes]


def _named(grid: Grid) -> Mapping[str, str]:
    return headers(grid.columns, (*_TABLE, *_REPORT, *_OTHERS))


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    named = _named(grid)
    is_table = all(name in named for name in _TABLE)
    loaded = _table(grid, named, options) if is_table else _report(grid, named, options)
    finish_states(loaded, options, _CODES, wrap_reasons=True)
    loaded.frame = _calls_in_order(loaded.frame)
    return loaded


def _table(grid: Grid, named: Mapping[str, str], options: ReadOptions) -> FileFrame:
    chosen = Chosen({"event_time": (named["eventDateTime"],), "agent_id": (named["agentID"],)})
    times = Times(grid, chosen, replace(options, tz="UTC"))  # the table is UTC, wherever the server stands
    loaded = _states(grid, named, times, ("agentID", "eventType", "reasonCode"), {}, options)
    loaded.details["clock"] = f"{times.said()}, always UTC"
    return loaded


def _report(grid: Grid, named: Mapping[str, str], options: ReadOptions) -> FileFrame:
    agent = "Agent ID" if "Agent ID" in named else "Agent Name"
    chosen = Chosen({"event_time": (named["State Transition Time"],), "agent_id": (named[agent],)})
    times = Times(grid, chosen, options)
    more, checks = {}, []
    if "Duration" in named:
        lasted = length(grid, named["Duration"])
        end = times.instant("event_time") + pl.duration(milliseconds=lasted, time_unit="ms")
        more["ended_at"] = end.cast(INSTANT)
        checks = length_checks(named["Duration"], lasted)
    loaded = _states(grid, named, times, (agent, "Agent State", "Reason Code"), more, options, checks)
    loaded.notes += times.notes()
    loaded.details["clock"] = times.said()
    return loaded


def _states(
    grid: Grid,
    named: Mapping[str, str],
    times: Times,
    columns: tuple[str, str, str],
    more: Mapping[str, pl.Expr],
    options: ReadOptions,
    checks: Sequence[tuple[pl.Expr, str]] = (),
) -> FileFrame:
    agent_column, state_column, reason_column = columns
    agent, state, event_time = cell(named[agent_column]), cell(named[state_column]), times.instant("event_time")
    nothing = pl.lit(None, pl.String)
    found = {
        "agent_id": agent,
        "event_time": event_time,
        "raw_state": state,
        "raw_reason": cell(named[reason_column]) if reason_column in named else nothing,
        "contact_id": cell(named["contactID"]) if "contactID" in named else nothing,
    }
    reasons = [
        (state.is_null(), "no state"),
        (state.str.contains(r"^\d+$") & ~state.is_in(list(_CODES)), "unknown event code"),
        (event_time.is_null(), "unreadable time"),
        *checks,
    ]
    found |= more
    return canonical(grid, "states", found, options, checks=reasons, ignored=[(agent.is_null(), "no agent")])


def _calls_in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Put states of a call that carry the same millisecond in the order of a call; a dump has no order of its own."""
    step = pl.col("state").cast(pl.String).replace_strict(_CALL_ORDER, range(len(_CALL_ORDER)), default=None)
    tied = (
        frame.select("agent_id", "event_time", step=step, place=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("event_time").is_not_null())
        .filter(pl.len().over("agent_id", "event_time") > 1)
        .filter(pl.col("step").is_not_null().all().over("agent_id", "event_time"))
    )
    if tied.is_empty():
        return frame
    groups = tied.group_by("agent_id", "event_time").agg(
        pl.col("place").sort(), taken=pl.col("place").sort_by("step", "place")
    )
    moves = groups.select("place", "taken").explode("place", "taken")
    order = pl.Series("order", range(frame.height), dtype=pl.UInt32).scatter(moves["place"], moves["taken"])
    return frame[order]
