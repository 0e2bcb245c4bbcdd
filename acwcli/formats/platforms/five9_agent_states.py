"""Five9 Agent State Details: a row per state of an agent, with its length; midnight cuts a state in two."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.formats import five9
from acwcli.formats.canonical import canonical, cell, finish_states, length, length_checks, sure
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.queue_log_words import DEFAULT_WRAP_REASONS
from acwcli.formats.words import fold
from acwcli.model.columns import INSTANT

TITLE = "Five9 Agent State Details report"
KIND = "states"
METHOD = "state"

_COLUMNS = ("STATE", "AGENT STATE TIME", "REASON CODE", "CALL ID", "SKILL", "CAMPAIGN", "MEDIA TYPE")
_OWN_WORDS = {"onpark": "hold", "parked": "hold", "onvoicemail": "other"}


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """The report's own column names: STATE, AGENT STATE TIME, an agent and a time."""
    named = five9.columns_of(probe.grid, _COLUMNS)
    missing = five9.missing_of(named, ("STATE", "AGENT STATE TIME"))
    if missing:
        return Match(0, missing="no column " + ", ".join(missing))
    return Match(0.9, "the columns of Agent State Details: " + ", ".join(named))


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each report for itself."""
    return [_read(sure(probe, match(probe, options)), options) for probe in probes]


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    named = five9.columns_of(grid, _COLUMNS)
    times = five9.times_of(grid, named, "event_time", options)
    agent, state = cell(five9.agent_of(named)), cell(named["STATE"])
    event_time, lasted = times.instant("event_time"), length(grid, named["AGENT STATE TIME"])
    texts = {"contact_id": "CALL ID", "raw_reason": "REASON CODE", "channel": "MEDIA TYPE"}
    columns = {"agent_id": agent, "event_time": event_time, "raw_state": state}
    columns["ended_at"] = (event_time + pl.duration(milliseconds=lasted, time_unit="ms")).cast(INSTANT)
    columns |= {
        name: cell(named[column]) if column in named else pl.lit(None, pl.String) for name, column in texts.items()
    }
    columns["queue"] = pl.coalesce(
        *(cell(named[name]) for name in ("SKILL", "CAMPAIGN") if name in named), pl.lit(None, pl.String)
    )
    checks = [
        (state.is_null(), "no state"),
        (event_time.is_null(), "unreadable time"),
        *length_checks(named["AGENT STATE TIME"], lasted),
    ]
    loaded = canonical(grid, "states", columns, options, checks=checks, ignored=[(agent.is_null(), "no agent")])
    finish_states(loaded, options, _OWN_WORDS, wrap_reasons=True)
    if options.wrap_reasons is None:
        _say_hidden_wraps(loaded)
    five9.say_limits(loaded, times, options)
    return loaded


def _say_hidden_wraps(loaded: FileFrame) -> None:
    """Some centres keep wrap-up as a reason of Not Ready; that is theirs to say."""
    known = {fold(reason) for reason in DEFAULT_WRAP_REASONS}
    reasons = loaded.frame.filter(pl.col("state") == "not_ready")["reason"].drop_nulls()
    hidden = [reason for reason in reasons.unique().sort().to_list() if fold(reason) in known]
    if hidden:
        count = reasons.is_in(hidden).sum()
        loaded.notes.append(
            f"{count:,} rows are Not Ready with the reason '{hidden[0]}', which is not taken for wrap-up; "
            f"--wrap-reason '{hidden[0]}' does so"
        )
