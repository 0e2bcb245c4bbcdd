"""Asterisk `queue_log`: the file itself (rotated files together) or its table form with a header."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.options import ReadOptions
from acwcli.formats.queue_log_looks import looks_like, looks_like_table
from acwcli.formats.queue_log_words import table_columns

TITLE = "Asterisk queue_log, file or table"
KIND = "states"
METHOD = "state"


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """Lines of `epoch|callid|queue|agent|event|…`, or a table with those columns."""
    if probe.plain.kind == "text":
        fits, why = looks_like(probe.head)
        if fits:
            return Match(0.95, why)
    grid = probe.grid
    events = table_columns(grid.columns).get("event")
    sampled = grid.sample[events].cast(pl.String).to_list() if events in grid.columns else []
    fits, why = looks_like_table(grid.columns, sampled)
    return Match(0.9, why) if fits else Match(0, missing=why)


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all files as one log: calls and pauses run on across rotated files."""
    from acwcli.formats import queue_log_files

    return queue_log_files.read(probes, options)
