"""Asterisk's `cdr-csv/Master.csv`: calls without agent states. No ACW; on request the gap to the next call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.rows import account, picked, reject_reason
from acwcli.formats.times import Times
from acwcli.model.columns import CONTACT_FRAME

TITLE = "Asterisk CDR Master.csv (16 to 21 columns, no header)"
KIND = "contacts"
METHOD = "gap"

_NAMES = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_MORE = {
    16: (),
    17: ("uniqueid",),
    18: ("uniqueid", "userfield"),
    19: ("peeraccount", "linkedid", "sequence"),
    20: ("uniqueid", "peeraccount", "linkedid", "sequence"),
    21: ("uniqueid", "userfield", "peeraccount", "linkedid", "sequence"),
}
"""What stands behind the sixteen columns depends on cdr.conf: loguniqueid, loguserfield, newcdrcolumns."""
_ENDINGS = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")
_FLAGS = ("DOCUMENTATION", "BILLING", "OMIT", "DEFAULT", "IGNORE", "UNKNOWN")
_QUEUE_APPS = ("queue", "appqueue")
_CLOCK = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """No header, 16 to 21 columns, and the values of a CDR in their places."""
    if probe.plain.kind != "text":
        return Match(0, missing="a text file")
    grid = probe.grid
    if grid.details.get("header") != "none" or len(grid.columns) not in _MORE:
        return Match(0, missing="16 to 21 columns without a header")
    sample = _named(grid, grid.sample.lazy()).head(100).collect()
    fits = sample.filter(
        pl.col("disposition").is_in(_ENDINGS)
        & pl.col("amaflags").is_in(_FLAGS)
        & pl.col("start").str.contains(_CLOCK)
        & pl.col("end").str.contains(_CLOCK)
    )
    if fits.height * 2 < sample.height or not fits.height:
        return Match(0, missing="start, end, disposition and amaflags in columns 10, 12, 15 and 16")
    return Match(0.88, f"{len(grid.columns)} columns without a header, as cdr_csv writes them")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [_read(probe.grid, options) for probe in probes]


def _named(grid: Grid, frame: pl.LazyFrame) -> pl.LazyFrame:
    names = (*_NAMES, *_MORE.get(len(grid.columns), ()))
    return frame.rename(dict(zip(grid.columns, names, strict=False)))


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    places = dict(zip((*_NAMES, *_MORE[len(grid.columns)]), grid.columns, strict=True))
    clocks = {"offered_at": places["start"], "answered_at": places["answer"], "ended_at": places["end"]}
    times = Times(grid, Chosen({name: (column,) for name, column in clocks.items()}), options)
    checks = [(times.instant("ended_at").is_null(), "unreadable time")]
    rows = picked(grid, options.rows).select(
        pl.col("__row").alias("row"),
        "picked",
        *(pl.col(column).alias(name) for name, column in places.items() if name not in ("start", "answer", "end")),
        *(times.instant(name).alias(name) for name in clocks),
        pl.struct(pl.col(name) for name in grid.columns).hash().alias("row_hash"),
        reject_reason(checks),
    )
    loaded = FileFrame(grid.source, "contacts", pl.DataFrame())
    frame = account(rows.collect(engine="streaming"), grid, loaded)
    if "rejected" in frame.columns:
        frame = frame.filter(~pl.col("rejected")).drop("rejected")
    loaded.frame, ignored = _legs(frame)
    loaded.ignored += ignored
    loaded.notes += [*times.notes(), f"{grid.source}: a CDR has no ACW; --infer-gap takes the gap to the next call"]
    loaded.details |= {"columns": ", ".join(places), "clock": times.said()}
    return loaded


def _legs(rows: pl.DataFrame) -> tuple[pl.DataFrame, Counter[str]]:
    """One contact per queue call that an agent took; the agent's own row tells when.

    Queue answers the caller at once, so its own `answer` is no answer of an agent. Where the agent is a Local channel,
    the other half of that channel has a row of its own, and its `answer` is the agent's.
    """
    of_queue = pl.col("lastapp").str.to_lowercase().is_in(_QUEUE_APPS).fill_null(False)
    taken = of_queue & pl.col("dstchannel").is_not_null() & (pl.col("disposition") == "ANSWERED")
    keys = ["half", "linkedid"] if "linkedid" in rows.columns else ["half"]
    half = pl.col("channel").str.replace(r";[12]$", "")
    halves = (
        rows.filter(~of_queue & pl.col("channel").str.contains(r";[12]$") & pl.col("answered_at").is_not_null())
        .select(half.alias("half"), *keys[1:], agent_answered="answered_at", half_row="row")
    )  # fmt: skip
    legs = (
        rows.filter(taken)
        .with_columns(half=pl.col("dstchannel").str.replace(r";[12]$", ""))
        .join(halves, on=keys, how="left", maintain_order="left")
    )
    # Channel numbers begin anew with every restart: the answer must lie inside the call.
    inside = pl.col("agent_answered").is_between("offered_at", "ended_at").fill_null(False)
    legs = legs.with_columns(pl.when(inside).then(pl.col(name)) for name in ("agent_answered", "half_row"))
    legs = legs.sort("row", "agent_answered", nulls_last=True, maintain_order=True).unique("row", maintain_order=True)
    ignored = Counter(
        {
            "row of the agent's channel": legs["half_row"].n_unique() - int(legs["half_row"].null_count() > 0),
            "queue call no agent took": rows.filter(of_queue & ~taken).height,
        }
    )
    ignored["no queue call"] = rows.height - legs.height - ignored.total()
    return _contacts(legs), +ignored


def _contacts(legs: pl.DataFrame) -> pl.DataFrame:
    from acwcli.formats.queue_log_agents import device_number

    numbers = {name: device_number(name) for name in legs["dstchannel"].unique().drop_nulls()}
    contact = pl.col(next((name for name in ("linkedid", "uniqueid") if name in legs.columns), "accountcode"))
    known = legs.select(
        pl.col("dstchannel").replace(numbers).cast(pl.Categorical).alias("agent_id"),
        (contact if contact.meta.output_name() != "accountcode" else pl.lit(None, pl.String)).alias("contact_id"),
        pl.col("lastdata").str.split(",").list.first().alias("queue"),
        "offered_at",
        pl.col("agent_answered").alias("answered_at"),
        "ended_at",
        (pl.col("ended_at") - pl.col("agent_answered")).dt.total_milliseconds().alias("talk_ms"),
        "row",
        "row_hash",
    )
    missing = {name: kind for name, kind in CONTACT_FRAME.items() if name not in known.columns}
    return known.with_columns(pl.lit(None, kind).alias(name) for name, kind in missing.items())
