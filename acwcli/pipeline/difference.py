"""What files that come or leave change: wraps with them against wraps without them.

The kept wraps are the check. What goes must be there as it was, and the days of the new files must come out as the
files around them say; otherwise something reached further than was looked at, and everything is rebuilt.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.detect import Recognised
from acwcli.formats.frames import FileFrame
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import WRAP_FRAME
from acwcli.model.counts import RowCounts
from acwcli.pipeline.loading import FIRST_INSTANTS, known, read_recognised
from acwcli.pipeline.rebuilding import WrapOptions, wraps
from acwcli.pipeline.stored import as_ingested, stored_file
from acwcli.pipeline.window import bearing_on, entries_of
from acwcli.store import index
from acwcli.store.days import KEPT, read_days
from acwcli.store.manifest import UNKNOWN_DAY, KeptFile, KeptFrame, Manifest, day_text

_COLUMNS = [name for name in KEPT if name != "source"]
_EVERYTHING = frozenset(WRAP_FRAME)
RUNNING_ON = ("asterisk-queue-log",)
"""Formats whose files are one log: who is a member of which queue, and who is who, may stand in the very first."""


@dataclass(frozen=True)
class Task:
    """A change to work out.

    Attributes:
        root: the store.
        manifest: what it holds.
        target: what it will hold, the accounts aside.
        paths: number → where a new file is.
        entries: index entries of the new files.
    """

    root: Path
    manifest: Manifest
    target: Manifest
    paths: Mapping[int, Path]
    entries: pl.DataFrame

    @property
    def leaving(self) -> set[int]:
        """Numbers of the files that leave."""
        return {file.number for file in self.manifest.files} - {file.number for file in self.target.files}


@dataclass
class Outcome:
    """The change.

    Attributes:
        partitions: day → its wraps, of days with other wraps than before.
        frames: number → account, of files with another one than before.
        touched: day → wraps added, changed and removed, of every day with new rows or other wraps.
        entries: the index entries of all files, where all were read.
    """

    partitions: dict[str, pl.DataFrame] = field(default_factory=dict)
    frames: dict[int, list[KeptFrame]] = field(default_factory=dict)
    touched: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    entries: pl.DataFrame | None = None


@dataclass
class _Rebuilt:
    """Wraps (with `day`) of some files, the accounts of their frames, and their index entries."""

    wraps: pl.DataFrame
    frames: dict[int, list[KeptFrame]] = field(default_factory=dict)
    entries: list[pl.DataFrame] = field(default_factory=list)


def locally(task: Task) -> Outcome | None:
    """Rebuild from the files that bear on the change; None when that is not sure to be all."""
    if any(file.format in RUNNING_ON for file in (*task.manifest.files, *task.target.files)):
        return None
    entries = index.entries(task.root, task.manifest)
    leaving = pl.Series(sorted(task.leaving), dtype=pl.UInt32)
    gone = entries.filter(pl.col("file").is_in(leaving.implode())).collect() if task.leaving else task.entries.clear()
    near = bearing_on(
        entries, task.manifest, pl.concat([task.entries, gone]), task.leaving, by_contact=_by_contact(task)
    )
    if near is None:
        return None
    before = _rebuilt(task, [file for file in task.manifest.files if file.number in near | task.leaving])
    after = _rebuilt(task, [file for file in task.target.files if file.number in near or file.number in task.paths])
    frames = _accounts(task, before, after)
    return _compared(task, before.wraps, after.wraps, frames) if frames is not None else None


def anew(task: Task) -> Outcome:
    """Rebuild everything."""
    after = _rebuilt(task, task.target.files)
    before = _held(task).filter(_kept(task.target))
    outcome = Outcome(frames=after.frames, entries=pl.concat(after.entries) if after.entries else None)
    gone, come = _without(before, after.wraps), _without(after.wraps, before)
    for day in sorted(set(gone["day"]) | set(come["day"]) | _new_days(task)):
        outcome.touched[day] = _counted(gone, come, day)
        outcome.partitions[day] = after.wraps.filter(pl.col("day") == day).drop("day")
    return outcome


def _held(task: Task) -> pl.DataFrame:
    """What is kept of every day; days that cannot be read count as nothing, and are written anew."""
    kept = [pl.DataFrame(schema={**{name: KEPT[name] for name in _COLUMNS}, "day": pl.String})]
    for day in task.manifest.days:
        with contextlib.suppress(InputError):
            kept.append(_with_day(read_days(task.root, task.manifest, [day], _COLUMNS)))
    return pl.concat(kept)


def _compared(
    task: Task, before: pl.DataFrame, after: pl.DataFrame, frames: dict[int, list[KeptFrame]]
) -> Outcome | None:
    """Carry the difference over to the kept wraps, day by day."""
    outcome = Outcome(frames=frames)
    gone, come = _without(before, after), _without(after, before)
    fresh = _new_days(task)
    for day in sorted(set(gone["day"]) | set(come["day"]) | fresh):
        held = _with_day(read_days(task.root, task.manifest, [day], _COLUMNS))
        leaves, comes = gone.filter(pl.col("day") == day), come.filter(pl.col("day") == day)
        stays = _without(held, leaves)
        now = pl.concat([stays, comes])
        whole = after.filter(pl.col("day") == day)
        if stays.height != held.height - leaves.height or _without(comes, stays).height != comes.height:
            return None
        if day in fresh and (now.height != whole.height or _without(now, whole).height):
            return None
        outcome.touched[day] = _counted(leaves, comes, day)
        outcome.partitions[day] = now.drop("day")
    return outcome


def _new_days(task: Task) -> set[str]:
    """Days with rows of files that come or leave, of those that are kept."""
    left = [file for file in task.manifest.files if file.number in task.leaving]
    come = [file for file in task.target.files if file.number in task.paths]
    named = {day_text(day) for file in (*left, *come) for day in file.days}
    return {day for day in named if day >= task.target.since}


def _without(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Rows of one frame that are not in the other; equal rows of one frame are told apart by their number."""
    columns = [*_COLUMNS, "day"]
    nth = pl.int_range(pl.len()).over(columns).alias("nth")
    numbered = left.with_columns(nth), right.with_columns(nth)
    return numbered[0].join(numbered[1], on=[*columns, "nth"], how="anti", nulls_equal=True).drop("nth")


def _counted(gone: pl.DataFrame, come: pl.DataFrame, day: str) -> tuple[int, int, int]:
    leaves, comes = (rows.filter(pl.col("day") == day).select("file", "row") for rows in (gone, come))
    changed = comes.join(leaves, on=["file", "row"], how="semi").height
    return comes.height - changed, changed, leaves.height - changed


def _with_day(frame: pl.DataFrame) -> pl.DataFrame:
    day = pl.col("wrap_start").dt.strftime("%Y-%m-%d").fill_null(UNKNOWN_DAY)
    return frame.select(*(pl.col(name).cast(KEPT[name]) for name in _COLUMNS), day=day)


def _kept(target: Manifest) -> pl.Expr:
    return pl.col("day") >= target.since  # `unknown` sorts behind every date


def _rebuilt(task: Task, files: Sequence[KeptFile]) -> _Rebuilt:
    """The wraps of some files as if there were no others."""
    if not files:
        return _Rebuilt(pl.DataFrame(schema={**{name: KEPT[name] for name in _COLUMNS}, "day": pl.String}))
    loaded = read_recognised([_opened(task, file) for file in files])
    found = wraps(loaded, WrapOptions(), _EVERYTHING).frame
    numbers = {file.name: file.number for file in files}
    places = {place: numbers[frame.source] for place, frame in enumerate(loaded.files)}
    frame = _with_day(found.with_columns(pl.col("file").replace_strict(places, return_dtype=pl.UInt32)))
    result = _Rebuilt(frame.filter(_kept(task.target)), {number: [] for number in numbers.values()})
    for own, counts in zip(loaded.files, loaded.counts, strict=True):
        result.frames[numbers[own.source]].append(account(own, counts))
        result.entries.append(entries_of(numbers[own.source], [own]))
    return result


def _opened(task: Task, file: KeptFile) -> tuple[Recognised, ReadOptions]:
    if file.number in task.paths:
        options = as_ingested(task.target.options[file.options], ReadOptions(needs=_EVERYTHING))
        return known(Input(file.name, task.paths[file.number]), file.format, options), options
    stored = stored_file(task.root, task.target, file)
    return known(stored.input, file.format, stored.options), stored.options


def account(frame: FileFrame, counts: RowCounts) -> KeptFrame:
    """What a manifest says of a frame."""
    clock = FIRST_INSTANTS[frame.kind]
    first = frame.frame[clock].min() if clock in frame.frame.columns else None
    instants = [name for name, kind in frame.frame.schema.items() if isinstance(kind, pl.Datetime)]
    no_instant = pl.all_horizontal(pl.lit(True), *(pl.col(name).is_null() for name in instants))
    return KeptFrame(
        frame.kind, round(first.timestamp() * 1000) if isinstance(first, datetime) else None, counts.read,
        dict(counts.ignored), dict(counts.rejected), list(frame.notes),
        frame.frame.filter(no_instant).height if frame.kind == "contacts" else 0,
    )  # fmt: skip


def _accounts(task: Task, before: _Rebuilt, after: _Rebuilt) -> dict[int, list[KeptFrame]] | None:
    """The accounts from now on: those kept, and what the difference adds to them; None when they do not fit."""
    held = {file.number: file.frames for file in task.manifest.files}
    result: dict[int, list[KeptFrame]] = {}
    for number, frames in after.frames.items():
        if number in task.paths:
            result[number] = frames
            continue
        then = before.frames[number]
        if not ([f.kind for f in frames] == [f.kind for f in then] == [f.kind for f in held[number]]):
            return None
        moved = [_moved(*three) for three in zip(held[number], then, frames, strict=True)]
        if any(frame is None for frame in moved):
            return None
        result[number] = [frame for frame in moved if frame is not None]
    return result


def _moved(held: KeptFrame, before: KeptFrame, after: KeptFrame) -> KeptFrame | None:
    ignored, rejected = Counter(held.ignored), Counter(held.rejected)
    for kept, then, now in ((ignored, before.ignored, after.ignored), (rejected, before.rejected, after.rejected)):
        kept.update(now)
        kept.subtract(then)
        if min(kept.values(), default=0) < 0:
            return None
    notes = held.notes if before.notes == after.notes else after.notes
    first = held.first_ms if before.first_ms == after.first_ms else after.first_ms
    return replace(
        held, read=held.read + after.read - before.read, ignored=dict(+ignored), rejected=dict(+rejected),
        notes=notes, first_ms=first, timeless=held.timeless + after.timeless - before.timeless,
    )  # fmt: skip


def _by_contact(task: Task) -> bool:
    """Whether an id alone joins rows: records beside state logs, records without instants, and re-deliveries."""
    files = {file.number: file for file in (*task.manifest.files, *task.target.files)}.values()
    frames = [(file.format, frame) for file in files for frame in file.frames]
    records = [(name, frame) for name, frame in frames if frame.kind == "contacts"]
    states = any(frame.kind == "states" for _, frame in frames)
    return bool(records) and (states or any(name != "generic-contacts" or frame.timeless for name, frame in records))
