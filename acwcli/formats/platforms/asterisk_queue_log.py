"""Asterisk `queue_log`: the file itself (rotated files together) or its table form with a header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from acwcli.formats import queue_log
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import read_lines
from acwcli.formats.options import ReadOptions
from acwcli.formats.queue_log_words import table_columns
from acwcli.model.columns import STATES

TITLE = "Asterisk queue_log, file or table"
KIND = "states"
METHOD = "state"


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """Lines of `epoch|callid|queue|agent|event|…`, or a table with those columns."""
    if probe.plain.kind == "text":
        fits, why = queue_log.looks_like(probe.head)
        if fits:
            return Match(0.95, why)
    grid = probe.grid
    events = table_columns(grid.columns).get("event")
    sampled = grid.sample[events].cast(pl.String).to_list() if events in grid.columns else []
    fits, why = queue_log.looks_like_table(grid.columns, sampled)
    return Match(0.9, why) if fits else Match(0, missing=why)


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all files as one log: calls and pauses run on across rotated files."""
    reasons = options.wrap_reasons if options.wrap_reasons is not None else queue_log.DEFAULT_WRAP_REASONS
    parsed = [_events(probe).with_columns(pl.lit(index, pl.UInt16).alias("file")) for index, probe in enumerate(probes)]
    order = sorted(range(len(parsed)), key=lambda index: (_first(parsed[index]), probes[index].input.name))
    log = pl.concat([parsed[index].with_columns(file=pl.lit(place, pl.UInt16)) for place, index in enumerate(order)])
    states = queue_log.states(log, reasons)
    return [_of_file(states, place, probes[index]) for place, index in enumerate(order)]


def _events(probe: Probe) -> pl.LazyFrame:
    if probe.plain.kind == "text" and queue_log.looks_like(probe.head)[0]:
        return queue_log.parse_lines(read_lines(probe.plain).with_columns(file=pl.lit(0, pl.UInt16)))
    return queue_log.from_columns(probe.grid.frame, probe.grid.columns)


def _first(events: pl.LazyFrame) -> float:
    """First instant of a file; rotated files follow each other by it."""
    first = events.select(pl.col("epoch").cast(pl.String).cast(pl.Float64, strict=False).min()).collect().item()
    return first if first is not None else float("inf")


def _of_file(states: pl.DataFrame, place: int, probe: Probe) -> FileFrame:
    rows = states.filter(pl.col("file") == place)
    ignored = Counter(dict(rows["ignored"].drop_nulls().value_counts().iter_rows()))
    rejects = rows.filter(pl.col("rejected").is_not_null()).select("row", reason="rejected")
    good = rows.filter(pl.col("ignored").is_null() & pl.col("rejected").is_null())
    frame = good.select(
        pl.col("agent_id").cast(pl.Categorical),
        "event_time",
        pl.col("state").cast(pl.Enum(STATES)),
        "contact_id",
        "queue",
        "row",
    )
    return FileFrame(
        probe.input.name, "states", frame, read=rows.height, ignored=ignored, rejects=rejects,
        details={"columns": "epoch|callid|queue|agent|event|data…"},
    )  # fmt: skip
