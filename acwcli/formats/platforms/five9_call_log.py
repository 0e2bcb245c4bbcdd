"""Five9 Call Log: a row per agent leg of a call, with its after-call work in HH:MM:SS and no instant for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.formats import five9
from acwcli.formats.canonical import canonical, cell, length, length_checks, sure
from acwcli.formats.customers import customer_key
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import CUSTOMER

TITLE = "Five9 Call Log report"
KIND = "contacts"
METHOD = "duration"

_NEEDED = ("CALL ID", "AFTER CALL WORK TIME")
_TELLING = (
    "CAMPAIGN", "CALL TYPE", "DISPOSITION", "ANI", "DNIS", "CALL TIME", "BILL TIME (ROUNDED)", "IVR TIME",
    "QUEUE WAIT TIME", "RING TIME", "PARK TIME", "AGENT GROUP", "SPEED OF ANSWER", "SESSION GUID",
)  # fmt: skip
_COLUMNS = (*_NEEDED, *_TELLING, "SKILL", "TALK TIME", "HOLD TIME", "MEDIA TYPE")


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """The report's own column names: CALL ID, AFTER CALL WORK TIME, an agent, a time, and two more of its own."""
    named = five9.columns_of(probe.grid, _COLUMNS)
    missing = five9.missing_of(named, _NEEDED)
    telling = [name for name in _TELLING if name in named]
    if len(telling) < 2:
        missing.append("two of CAMPAIGN, CALL TYPE, ANI, DNIS, CALL TIME, …")
    if missing:
        return Match(0, missing="no column " + ", ".join(missing))
    return Match(0.88, "the columns of the Call Log: " + ", ".join((*_NEEDED, *telling)))


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each report for itself; a CALL ID comes back for every leg, and each leg counts."""
    return [_read(sure(probe, match(probe, options)), options) for probe in probes]


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    named = five9.columns_of(grid, _COLUMNS)
    times = five9.times_of(grid, named, "offered_at", options)
    lengths = {
        name: length(grid, named[name]) for name in ("AFTER CALL WORK TIME", "TALK TIME", "HOLD TIME") if name in named
    }
    agent, began = cell(five9.agent_of(named)), times.instant("offered_at")
    columns = {
        "agent_id": agent,
        "contact_id": cell(named["CALL ID"]),
        "queue": _first(named, "SKILL", "CAMPAIGN"),
        "channel": _first(named, "MEDIA TYPE"),
        "direction": _direction(named),
        "disposition": _first(named, "DISPOSITION"),
        "offered_at": began,
        "acw_ms": lengths["AFTER CALL WORK TIME"],
        "hold_ms": lengths.get("HOLD TIME", pl.lit(None, pl.Int64)),
    }
    if "TALK TIME" in lengths:  # Five9 counts hold as talk
        columns["talk_ms"] = (lengths["TALK TIME"] - columns["hold_ms"].fill_null(0)).clip(lower_bound=0)
    if CUSTOMER in options.needs:
        columns[CUSTOMER] = _customer(named, columns["direction"])
    checks = [(times.text("offered_at").is_not_null() & began.is_null(), "unreadable time")]
    for name, ms in lengths.items():
        checks += length_checks(named[name], ms)
    loaded = canonical(grid, "contacts", columns, options, checks=checks, ignored=[(agent.is_null(), "no agent")])
    five9.say_limits(loaded, times, options)
    return loaded


def _first(named: Mapping[str, str], *names: str) -> pl.Expr:
    return pl.coalesce(*(cell(named[name]) for name in names if name in named), pl.lit(None, pl.String))


def _customer(named: Mapping[str, str], direction: pl.Expr) -> pl.Expr:
    """Who is at the other end: the number that calls, or the one that is called."""
    out = direction == "outbound"
    return customer_key(pl.when(out).then(_first(named, "DNIS")).otherwise(_first(named, "ANI")))


def _direction(named: Mapping[str, str]) -> pl.Expr:
    """`Inbound`, `Outbound`, `Manual`, `Autodial`, …; other types (internal, third party) keep their word."""
    kind = _first(named, "CALL TYPE").str.to_lowercase()
    return (
        pl.when(kind.str.contains("inbound"))
        .then(pl.lit("inbound"))
        .when(kind.str.contains("outbound|manual|autodial|preview"))
        .then(pl.lit("outbound"))
        .otherwise(kind)
    )
