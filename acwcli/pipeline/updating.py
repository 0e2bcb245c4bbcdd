"""The wraps of a store after files come or leave, rebuilt from the files that bear on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from acwcli.formats.frames import FileFrame
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import READ_AS
from acwcli.pipeline.arrivals import Arrivals
from acwcli.pipeline.difference import Outcome, account, anew, locally
from acwcli.pipeline.loading import Loaded, read_recognised
from acwcli.pipeline.task import APART, Counted, Task, ways
from acwcli.pipeline.window import days_in, entries_of
from acwcli.store import index
from acwcli.store.manifest import UNKNOWN_DAY, KeptFile, KeptFrame, Manifest, day_number, day_text
from acwcli.store.parts import Part

_TOUCHED = {"day": pl.String, **dict.fromkeys(("wraps", "added", "changed", "removed"), pl.Int64)}
_ELSEWHERE = "Pacific/Kiritimati"
_MARGIN = 2
"""Days before the first kept one whose files stay: wraps of kept days may depend on them."""


@dataclass
class Update:
    """What is to be written.

    Attributes:
        manifest: the manifest to be; None when nothing changes.
        partitions: the wraps of each day that changes.
        entries: index entries of the new files.
        entries_are_all: they are those of all files, old and new.
        parts: what is kept of logs that run on.
        days: `day wraps added changed removed` of every day touched.
        dropped: days that retention dropped.
        notes: what to say about it.
    """

    manifest: Manifest | None
    partitions: dict[str, pl.DataFrame] = field(default_factory=dict)
    entries: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=index.SCHEMA))
    entries_are_all: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    days: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_TOUCHED))
    dropped: int = 0
    notes: list[str] = field(default_factory=list)


def update(
    root: Path, manifest: Manifest, new: Sequence[KeptFile], found: Arrivals, loaded: Loaded,
    retention: int | None, *, rebuild: bool,
) -> Update:  # fmt: skip
    """Work out what the store becomes.

    Args:
        root: the store.
        manifest: its manifest, of which `new` takes its options.
        new: files that come, without account and days.
        found: where they are.
        loaded: the new files read by themselves.
        retention: days to keep before the newest; None keeps all.
        rebuild: rebuild everything.
    """
    new, entries = _described(new, found, loaded, manifest)
    since = _since(manifest, new, retention)
    outdated = {file.number for file in manifest.files if since and max(file.days, default=since) < since - _MARGIN}
    leaving = found.grown | outdated
    if not new and not leaving and not rebuild and (since is None or day_text(since) <= manifest.since):
        return Update(None)
    target = replace(
        manifest, files=[file for file in manifest.files if file.number not in leaving] + list(new),
        since=day_text(since) if since is not None else manifest.since,
    )  # fmt: skip
    task = Task(root, manifest, target, found.paths, entries, found.grown, _read_already(new, found, loaded, target))
    found_out = None if rebuild else locally(task)
    notes = (
        [] if found_out or rebuild or not manifest.files else ["what is new bears on all files: every wrap was rebuilt"]
    )
    return _written(task, found_out or anew(task), notes)


def _written(task: Task, outcome: Outcome, notes: list[str]) -> Update:
    """Put the outcome into the words of a manifest."""
    files = [replace(file, frames=outcome.frames.get(file.number, file.frames)) for file in outcome.target.files]
    named = {frame.part for file in files for frame in file.frames} | {before.part for before in outcome.target.befores}
    parts = {name: digest for name, digest in task.manifest.parts.items() if name in named}
    target = replace(outcome.target, files=files, parts=parts)
    dropped = [day for day in task.manifest.days if day != UNKNOWN_DAY and day < target.since]
    names = {file.number: file.name for file in files}
    source = pl.col("file").replace_strict(names, return_dtype=pl.String).alias("source")
    partitions = {day: wraps.with_columns(source) for day, wraps in outcome.partitions.items()}
    partitions |= {day: pl.DataFrame() for day in dropped}
    held = {day: wraps.height for day, wraps in partitions.items()}
    rows = [(day, held.get(day, 0), *counts) for day, counts in sorted(outcome.touched.items())]
    touched = pl.DataFrame(rows, schema=_TOUCHED, orient="row")
    return Update(
        target, partitions, outcome.entries, outcome.all_read, {n: p for n, p in outcome.parts.items() if n in named},
        touched, len(dropped), notes,
    )  # fmt: skip


def _described(
    new: Sequence[KeptFile], found: Arrivals, loaded: Loaded, manifest: Manifest
) -> tuple[list[KeptFile], pl.DataFrame]:
    """The new files with their days and whether their clocks depend on `--tz`, and their index entries."""
    frames: dict[str, list[FileFrame]] = {file.name: [] for file in new}
    accounts: dict[str, list[KeptFrame]] = {file.name: [] for file in new}
    for frame, counts in zip(loaded.files, loaded.counts, strict=True):
        frames[frame.source].append(frame)
        accounts[frame.source].append(account(frame, counts))
    zoned = _zoned(new, found, loaded, manifest)
    entries = [pl.DataFrame(schema=index.SCHEMA)]
    described = []
    for file in new:
        own = entries_of(file.number, frames[file.name])
        entries.append(own)
        described.append(replace(file, days=days_in(own), zoned=file.name in zoned, frames=accounts[file.name]))
    return described, pl.concat(entries)


def _read_already(
    new: Sequence[KeptFile], found: Arrivals, loaded: Loaded, target: Manifest
) -> dict[int, list[Counted]]:
    """The new files that were read just as they are to be read."""
    how = {item.probe.input.name: replace(item.options, max_bad=ReadOptions.max_bad) for item in found.recognised}
    numbers = {file.name: file.number for file in new if file.format in APART and how[file.name] == ways(target, file)}
    read: dict[int, list[Counted]] = {}
    for frame, counts in zip(loaded.files, loaded.counts, strict=True):
        if frame.source in numbers:
            read.setdefault(numbers[frame.source], []).append((frame, counts))
    return read


def _zoned(new: Sequence[KeptFile], found: Arrivals, loaded: Loaded, manifest: Manifest) -> set[str]:
    """The files that read otherwise in another zone; where a zone was said, it stays said."""
    names = {file.name for file in new}
    if not new or any("tz" in manifest.options[file.options] for file in new):
        return names
    sure = {frame.source for frame in loaded.files if any(READ_AS in note for note in frame.notes)}
    unsure = {item.format for item in found.recognised if item.probe.input.name not in sure}
    elsewhere = [
        (item, replace(item.options, tz=_ELSEWHERE, tz_given=True))
        for item in found.recognised
        if item.format in unsure
    ]
    others = {(frame.source, frame.kind): frame for frame in read_recognised(elsewhere).files}
    doubtful = [frame for frame in loaded.files if frame.source not in sure]
    return sure | {frame.source for frame in doubtful if not _alike(frame, others.get((frame.source, frame.kind)))}


def _alike(one: FileFrame, other: FileFrame | None) -> bool:
    return other is not None and one.frame.equals(other.frame) and one.notes == other.notes


def _since(manifest: Manifest, new: Sequence[KeptFile], retention: int | None) -> int | None:
    """The first day to keep. A clock that runs ahead does not push true days out."""
    if retention is None:
        return None
    today = int(datetime.now(UTC).timestamp()) // 86_400
    dated = [day for file in (*manifest.files, *new) for day in file.days if day <= today + 1]
    kept = [day_number(manifest.since)] if manifest.since else []
    return max([max(dated) - retention, *kept]) if dated else None
