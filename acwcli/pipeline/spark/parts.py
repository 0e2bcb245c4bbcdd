"""Which large Parquet files are read in parts, by row groups, and whether the parts tell what the whole would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import polars as pl

from acwcli.errors import AcwError
from acwcli.formats import detect
from acwcli.formats.agents import one_spelling
from acwcli.formats.columns import Chosen, columns_of
from acwcli.formats.frames import Probe
from acwcli.formats.grid import Grid
from acwcli.formats.platforms import generic_contacts, generic_states
from acwcli.formats.times import READ_AS
from acwcli.pipeline.spark.tasks import Account, Source

SPLIT_BYTES = 64 << 20
"""About as much of a Parquet file goes into one part."""

_INSTANTS = ("event_time", "ended_at", "offered_at", "answered_at", "acw_start", "acw_end")
_LENGTHS = ("duration", *(f"{name}_{unit}" for name in ("talk", "hold", "acw") for unit in ("s", "ms")))
_LOOKED_AT = 100_000
"""Of more rejected rows in one file none is looked at for totals; see `acwcli.formats.rows`."""

_SAME_FOR_ALL = (READ_AS, "occurs more than once")
"""Notes that speak of the columns, not of rows: true of the whole when they are true of a part."""


def in_parts(source: Source, split_bytes: int = SPLIT_BYTES) -> list[Source]:
    """Part a large Parquet file by its row groups, where nothing about a row depends on other rows of the file."""
    if source.remote or source.input.path.stat().st_size < 2 * split_bytes:
        return [source]
    with source.input.path.open("rb") as stream:
        if stream.read(4) != b"PAR1":
            return [source]
    try:
        probe = Probe(source.input, source.options.encoding)
        if not _rows_stand_alone(probe, source):
            return [source]
    except AcwError:
        return [source]  # the task that reads it will say what is wrong
    spans = _spans(source, split_bytes)
    return (
        [replace(source, part=number, span=span) for number, span in enumerate(spans)] if len(spans) > 1 else [source]
    )


def _rows_stand_alone(probe: Probe, source: Source) -> bool:
    """Times and lengths have types of their own, so that no form is decided from all values of a column."""
    known = {"generic-states": generic_states, "generic-contacts": generic_contacts}
    name = detect.recognise_one(probe, source.options).format
    if name not in known:
        return False
    chosen = columns_of(probe.grid, known[name].COLUMNS, source.options)
    return chosen.shared_date is None and all(
        _is_typed(probe.grid, chosen, column, source.options.tz) for column in chosen.parts
    )


def _is_typed(grid: Grid, chosen: Chosen, name: str, tz: str) -> bool:
    kinds = [grid.sample.schema[header] for header in chosen.parts[name]]
    if name in _LENGTHS:
        return kinds[0].is_numeric() or isinstance(kinds[0], pl.Duration)
    if name not in _INSTANTS:
        return True
    kind = kinds[0]
    return len(kinds) == 1 and isinstance(kind, pl.Datetime) and (kind.time_zone is not None or tz == "UTC")


def _spans(source: Source, split_bytes: int) -> list[tuple[int, int]]:
    """Row groups that follow each other, together about as large as a part should be."""
    import pyarrow.parquet as pq

    told = pq.ParquetFile(source.input.path).metadata
    groups = [(told.row_group(place).num_rows, told.row_group(place)) for place in range(told.num_row_groups)]
    spans, start, rows, size = [], 0, 0, 0
    for count, group in groups:
        rows += count
        size += sum(group.column(place).total_compressed_size for place in range(group.num_columns))
        if size >= split_bytes:
            spans.append((start, rows))
            start, rows, size = start + rows, 0, 0
    return [*spans, (start, rows)] if rows else spans


def misled(accounts: Sequence[Account]) -> set[int]:
    """Numbers of files whose parts do not add up to what the whole tells: they are to be read whole."""
    files = groupby(accounts, key=lambda account: account.source.number)
    return {number for number, parts in files if _differs(list(parts))}


def _differs(parts: Sequence[Account]) -> bool:
    if len(parts) == 1 and parts[0].source.span is None:
        return False
    files = [part.file for part in parts]
    if any(part.error is not None or part.file is None for part in parts):
        return True
    notes = [note for file in files if file is not None for note in file.notes]
    if not all(any(mark in note for mark in _SAME_FOR_ALL) for note in notes):
        return True
    if sum(file.rejects.height for file in files if file is not None) > _LOOKED_AT:
        return True
    if all(part.first == part.last for part in parts):
        return True  # only all parts together tell whether their clocks fall
    agents = sorted({agent for part in parts for agent in part.agents})
    return bool(one_spelling(pl.Series("agent_id", agents, dtype=pl.Categorical))[1])


def whole(parts: Sequence[Account]) -> Account:
    """The account of a file from those of its parts."""
    first, files = parts[0], [part.file for part in parts if part.file is not None]
    if len(parts) == 1 or not files:
        return first
    file = replace(
        files[0],
        read=sum(file.read for file in files),
        ignored=sum((file.ignored for file in files), start=type(files[0].ignored)()),
        rejects=pl.concat([file.rejects for file in files]),
    )
    firsts = [part.first for part in parts if part.first is not None]
    lasts = [part.last for part in parts if part.last is not None]
    return replace(
        first,
        file=file,
        first=min(firsts, default=None),  # type: ignore[type-var]  # instants of one column
        last=max(lasts, default=None),  # type: ignore[type-var]
        agents=sorted({agent for part in parts for agent in part.agents}),
        untold=all(part.untold for part in parts),
        texts={row: text for part in parts for row, text in part.texts.items()},
    )
