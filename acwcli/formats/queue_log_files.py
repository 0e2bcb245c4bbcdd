"""The files of an Asterisk `queue_log`, read as one log: rotated files together, or tables."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from acwcli.formats import queue_log
from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Probe
from acwcli.formats.grid_data import Raw, raw_lines
from acwcli.formats.options import ReadOptions
from acwcli.formats.queue_log_before import PLACE, Before, Connected, left_behind
from acwcli.formats.queue_log_fields import read_log, stripped
from acwcli.formats.queue_log_looks import looks_like
from acwcli.formats.queue_log_words import CONFIGURED_WRAP, table_columns
from acwcli.formats.times import Times
from acwcli.model.columns import INSTANT, STATES

_LONGEST_SET_S = 86_400
"""A set wrap-up time beyond a day is damage, not a setting."""


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all files as one log: calls and pauses run on across rotated files."""
    logs, events = _in_order(probes, options)
    states = queue_log.states(events, _reasons(options), one_file=len(logs) == 1)
    return _frames(logs, events, states, wraps=False)


@dataclass(frozen=True)
class ReadOn:
    """The later part of a log.

    Attributes:
        frames: its files, as `read` returns them.
        spans: name of a file → its first and last instant (epoch ms).
        befores: what stands before rows yet to come, at the last instants that cut no file, oldest first.
    """

    frames: list[FileFrame]
    spans: dict[str, tuple[int, int]]
    befores: list[Before]


def read_on(probes: Sequence[Probe], options: ReadOptions, before: Before, connected: Connected, most: int) -> ReadOn:
    """Read the files of a log that come after what is known already.

    Args:
        probes: all the later files, or all files.
        options: how to read them.
        before: what the earlier files leave to them; they begin later.
        connected: tells which agents had which calls in the earlier files.
        most: at how many instants to tell what stands before the next rows.
    """
    logs, events = _in_order(probes, options)
    rows, changes = queue_log.followed(
        events, _reasons(options), one_file=len(logs) == 1, before=before, connected=connected
    )
    frames = _frames(logs, events, queue_log.as_states(rows, changes), wraps=before.wraps)
    spans = rows.filter(pl.col("file") != PLACE).group_by("file").agg(first=pl.col("t").min(), last=pl.col("t").max())
    reach = spans.sort("first").select("first", reach=pl.col("last").cum_max())
    ends = reach.filter((pl.col("reach") < pl.col("first").shift(-1)).fill_null(True))["reach"].to_list()
    named = {logs[place].probe.input.name: (first, last) for place, first, last in spans.iter_rows()}
    return ReadOn(frames, named, left_behind(rows, changes, ends[-most:], before))


def begins(probe: Probe, options: ReadOptions) -> int | None:
    """The first instant (epoch ms) of a file, or something before it; None where no row has one."""
    first = _first(_events(probe, options, whole=False))
    return math.floor(first * 1000) if math.isfinite(first) else None


def _reasons(options: ReadOptions) -> Sequence[str]:
    return options.wrap_reasons if options.wrap_reasons is not None else queue_log.DEFAULT_WRAP_REASONS


def _in_order(probes: Sequence[Probe], options: ReadOptions) -> tuple[list[_Log], pl.LazyFrame]:
    """The files in order of time, and all their rows."""
    logs = [_events(probe, options, whole=len(probes) > 1) for probe in probes]
    parsed = sorted(logs, key=lambda log: (_first(log), log.probe.input.name)) if len(logs) > 1 else logs
    rows = [log.rows.with_columns(file=pl.lit(place, pl.UInt16)) for place, log in enumerate(parsed)]
    return parsed, pl.concat(rows, how="diagonal_relaxed")


def _frames(logs: Sequence[_Log], events: pl.LazyFrame, states: pl.DataFrame, *, wraps: bool) -> list[FileFrame]:
    """A frame per file, and one of set wrap-up times unless there are `wraps` elsewhere in the log."""
    configured = _configured(events, states, wraps=wraps)
    found = []
    for place, log in enumerate(logs):
        own = configured.filter(pl.col("file") == place).drop("file")
        found.append(_of_file(states.filter(pl.col("file") == place), log, own["row"]))
        if own.height:
            found.append(_set_times(own, log))
    return found


def _configured(events: pl.LazyFrame, states: pl.DataFrame, *, wraps: bool) -> pl.DataFrame:
    """Wrap-up times that Wazo writes as set (WRAPUPSTART), as wraps of their own grade.

    They are no observation: where the log has one wrap-up pause, they are left out, so that the two never mix.
    """
    if wraps or (states["state"] == "acw").any():
        return pl.DataFrame(schema={"file": pl.UInt16, "row": pl.UInt32})
    callid, queue, event, datum = (
        stripped(pl.col(name).cast(pl.String)) for name in ("callid", "queue", "event", "data1")
    )
    written = events.filter(event.str.to_uppercase() == CONFIGURED_WRAP).select(
        "file", callid, queue, row="__row", seconds=datum.cast(pl.Float64, strict=False)
    )
    length = (pl.col("seconds") * 1000).round().cast(pl.Int64)
    usable = pl.col("agent_id").is_not_null() & pl.col("event_time").is_not_null()
    usable = usable & pl.col("seconds").is_between(0, _LONGEST_SET_S)
    known = states.select("file", "row", "agent_id", "event_time")
    return (
        written.collect()
        .join(known, on=["file", "row"], how="left", maintain_order="left")
        .filter(usable)
        .select(
            "file",
            pl.col("agent_id").cast(pl.Categorical),
            pl.col("callid").alias("contact_id"),
            "queue",
            pl.lit(None, pl.String).alias("channel"),
            pl.lit(None, pl.String).alias("direction"),
            pl.lit(None, pl.String).alias("disposition"),
            wrap_start="event_time",
            wrap_end=(pl.col("event_time") + pl.duration(milliseconds=length, time_unit="ms")).cast(INSTANT),
            acw_ms=length,
            talk_ms=pl.lit(None, pl.Int64),
            hold_ms=pl.lit(None, pl.Int64),
            pieces=pl.lit(1, pl.Int64),
            method=pl.lit("configured"),
            ended_by=pl.lit("timeout"),
            status=pl.lit("ok"),
            row="row",
        )
    )  # fmt: skip


def _set_times(wraps: pl.DataFrame, log: _Log) -> FileFrame:
    name = log.probe.input.name
    note = f"{name}: {wraps.height:,} wraps are the set wrap-up time of the queue (WRAPUPSTART), not what agents did"
    return FileFrame(name, "wraps", wraps, read=wraps.height, notes=[note], raw_text=log.raw)


@dataclass(frozen=True)
class _Log:
    """One file of the log: its rows, and what to say about its clock and how it was read."""

    probe: Probe
    rows: pl.LazyFrame
    raw: Raw
    notes: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)


def _events(probe: Probe, options: ReadOptions, *, whole: bool) -> _Log:
    notes: list[str] = []
    details: dict[str, str] = {}
    ignored: Counter[str] = Counter()
    raw = raw_lines(probe.plain.path)
    if probe.plain.kind == "text" and looks_like(probe.head)[0]:
        rows = read_log(probe.plain, whole=whole)
    else:
        grid = probe.grid
        clock = table_columns(grid.columns)["epoch"]
        times = Times(grid, Chosen({"event_time": (clock,)}), options)
        # Seconds, as in the file form: both can then stand in one log.
        seconds = times.instant("event_time").dt.epoch("ms") / 1000
        rows = queue_log.from_columns(grid.frame.with_columns(seconds.alias(clock)), grid.columns)
        notes, raw, details, ignored = [*grid.notes, *times.notes()], grid.raw, grid.details, grid.ignored
    return _Log(probe, rows, raw, notes, details, ignored)


def _first(log: _Log) -> float:
    """The first instant of a file in seconds; files without any come last."""
    first = log.rows.select(pl.col("epoch").cast(pl.Float64, strict=False).min()).collect().item()
    return float(first) if first is not None else float("inf")


def _of_file(states: pl.DataFrame, log: _Log, elsewhere: pl.Series) -> FileFrame:
    """The states of one file; rows that are wraps of their own are accounted there."""
    rows = states.filter(~pl.col("row").is_in(elsewhere.implode()))
    ignored = log.ignored + Counter(dict(rows["ignored"].drop_nulls().value_counts().iter_rows()))
    rejects = rows.filter(pl.col("rejected").is_not_null()).select("row", reason="rejected")
    # Rejected rows of an agent stay at their place: they may have ended a wrap.
    used = rows.filter(pl.col("ignored").is_null() & (pl.col("rejected").is_null() | pl.col("agent_id").is_not_null()))
    frame = used.select(
        pl.col("agent_id").cast(pl.Categorical),
        "event_time",
        pl.col("state").cast(pl.Enum(STATES)),
        "contact_id",
        "queue",
        "row",
        rejected=pl.col("rejected").is_not_null(),
    )
    return FileFrame(
        log.probe.input.name, "states", frame, read=rows.height + log.ignored.total(), ignored=ignored, rejects=rejects,
        notes=log.notes, details=log.details | {"columns": "epoch|callid|queue|agent|event|data…"}, raw_text=log.raw,
    )  # fmt: skip
