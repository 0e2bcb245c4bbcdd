"""What files that come or leave change: wraps with them against wraps without them.

The kept wraps are the check. What goes must be there as it was, and the days of the new files must come out as the
files around them say; otherwise something reached further than was looked at, and everything is rebuilt.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.frames import FileFrame
from acwcli.model.counts import RowCounts
from acwcli.pipeline.loading import FIRST_INSTANTS, Loaded, first_instant, read_recognised
from acwcli.pipeline.logs import LogsRead, continued, kept_frames, runs_on, whole
from acwcli.pipeline.rebuilding import WrapOptions, wraps
from acwcli.pipeline.task import APART, EVERYTHING, Counted, Task, opened
from acwcli.pipeline.window import bearing_on, days_in, entries_of
from acwcli.store import index
from acwcli.store.days import KEPT, read_days
from acwcli.store.manifest import UNKNOWN_DAY, KeptFile, KeptFrame, Manifest, day_text
from acwcli.store.parts import Part

_COLUMNS = [name for name in KEPT if name != "source"]
_PLACE = ["file", "row"]


@dataclass
class Outcome:
    """The change.

    Attributes:
        partitions: day → its wraps, of days with other wraps than before.
        frames: number → account, of files with another one than before.
        touched: day → wraps added, changed and removed, of every day with new rows or other wraps.
        entries: index entries to add, or those of all files, where all were read (`all_read`).
        target: the manifest to be, with what reading told of its files.
        parts: what is to be kept of logs that run on.
    """

    target: Manifest
    entries: pl.DataFrame
    all_read: bool = False
    partitions: dict[str, pl.DataFrame] = field(default_factory=dict)
    frames: dict[int, list[KeptFrame]] = field(default_factory=dict)
    touched: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass
class _Rebuilt:
    """Wraps (with `day`) of some files, the accounts of their frames, and these."""

    wraps: pl.DataFrame
    frames: dict[int, list[KeptFrame]] = field(default_factory=dict)
    read: dict[int, list[FileFrame]] = field(default_factory=dict)


def locally(task: Task) -> Outcome | None:
    """Rebuild from the files that bear on the change; None when that is not sure to be all."""
    logs = continued(task)
    if logs is None:
        return None
    again = logs.changed(task)
    read = {number: logs.frames[number] for number in logs.frames.keys() - task.manifest.numbers() | again}
    entries = index.entries(task.root, task.manifest)
    gone = _of_files(entries, task.leaving | again)
    come = pl.concat([_of_others(task.entries, read), *_entries(read).values()])
    changed = logs.without_old_restarts(task, pl.concat([come, gone]))
    near = bearing_on(entries, task.manifest, changed, task.leaving, by_contact=_by_contact(task))
    if near is None:
        return None
    near |= again
    task = replace(task, target=_told(task.target, _entries(read)))
    older = [file for file in task.manifest.files if file.number in near | task.leaving]
    apart = _read_apart(task, older)
    before = _rebuilt(task, older, apart)
    newer = [file for file in task.target.files if file.number in near or file.number in task.paths]
    after = _rebuilt(task, newer, {**apart, **task.come, **read})
    frames = _accounts(task, before, after)
    outcome = Outcome(task.target, come, frames=frames or {})
    if frames is None or not _compared(task, before.wraps, after.wraps, outcome):
        return None
    return _kept_logs(outcome, logs, read)


def anew(task: Task) -> Outcome:
    """Rebuild everything."""
    logs = whole(task, task.target.files)
    after = _rebuilt(task, task.target.files, {**task.come, **logs.frames})
    entries = {number: entries_of(number, frames) for number, frames in after.read.items()}
    task = replace(task, target=_told(task.target, entries))
    before = _held(task).filter(_kept(task.target))
    everything = pl.concat(entries.values()) if entries else task.entries.clear()
    outcome = Outcome(task.target, everything, all_read=True, frames=after.frames)
    gone, come = _by_day(_without(before, after.wraps)), _by_day(_without(after.wraps, before))
    whole_days, none = _by_day(after.wraps), after.wraps.clear()
    for day in sorted(gone.keys() | come.keys() | _new_days(task)):
        outcome.touched[day] = _counted(gone.get(day, none), come.get(day, none))
        outcome.partitions[day] = whole_days.get(day, none).drop("day")
    return _kept_logs(outcome, logs, logs.frames)


def _kept_logs(outcome: Outcome, logs: LogsRead, read: Mapping[int, Sequence[Counted]]) -> Outcome:
    """Say where the frames of logs that were read are kept, and where the logs can be read on."""
    places = logs.keep(outcome.target.generation + 1, read)
    files = [replace(file, span=logs.spans.get(file.number, file.span)) for file in outcome.target.files]
    for number, frames in outcome.frames.items():
        outcome.frames[number] = [replace(frame, part=places.get((number, frame.kind), frame.part)) for frame in frames]
    outcome.target = replace(outcome.target, files=files, befores=logs.befores)
    outcome.parts = logs.parts
    return outcome


def _entries(read: Mapping[int, Sequence[Counted]]) -> dict[int, pl.DataFrame]:
    return {number: entries_of(number, [frame for frame, _ in frames]) for number, frames in read.items()}


def _of_files(entries: pl.LazyFrame, numbers: Collection[int]) -> pl.DataFrame:
    wanted = pl.Series(sorted(numbers), dtype=pl.UInt32)
    return (
        entries.filter(pl.col("file").is_in(wanted.implode())).collect()
        if numbers
        else pl.DataFrame(schema=index.SCHEMA)
    )


def _of_others(entries: pl.DataFrame, numbers: Collection[int]) -> pl.DataFrame:
    return entries.filter(~pl.col("file").is_in(list(numbers)))


def _told(target: Manifest, entries: Mapping[int, pl.DataFrame]) -> Manifest:
    """The manifest with the days of files as they were read among the others."""
    days = {number: days_in(own) for number, own in entries.items()}
    return replace(target, files=[replace(file, days=days.get(file.number, file.days)) for file in target.files])


def _held(task: Task) -> pl.DataFrame:
    """What is kept of every day; days that cannot be read count as nothing, and are written anew."""
    kept = [pl.DataFrame(schema={**{name: KEPT[name] for name in _COLUMNS}, "day": pl.String})]
    for day in task.manifest.days:
        with contextlib.suppress(InputError):
            kept.append(_with_day(read_days(task.root, task.manifest, [day], _COLUMNS)))
    return pl.concat(kept)


def _compared(task: Task, before: pl.DataFrame, after: pl.DataFrame, outcome: Outcome) -> bool:
    """Carry the difference over to the kept wraps, day by day; say whether they are as expected."""
    fresh, whole_days, none = _new_days(task), _by_day(after), after.clear()
    gone = _by_day(_without(before, after))
    come = _by_day(_without(after, before)) if before.height else whole_days
    for day in sorted(gone.keys() | come.keys() | fresh):
        held = _with_day(read_days(task.root, task.manifest, [day], _COLUMNS))
        leaves, comes, whole = (frames.get(day, none) for frames in (gone, come, whole_days))
        stays = _without(held, leaves)
        now = pl.concat([stays, comes]) if stays.height else comes
        if stays.height != held.height - leaves.height or _without(comes, stays).height != comes.height:
            return False
        if day in fresh and (now.height != whole.height or _without(now, whole).height):
            return False
        outcome.touched[day] = _counted(leaves, comes)
        outcome.partitions[day] = now.drop("day")
    return True


def _new_days(task: Task) -> set[str]:
    """Days with rows of files that come or leave, of those that are kept."""
    left = [file for file in task.manifest.files if file.number in task.leaving]
    come = [file for file in task.target.files if file.number in task.paths]
    named = {day_text(day) for file in (*left, *come) for day in file.days}
    return {day for day in named if day >= task.target.since}


def _without(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Rows of one frame that are not in the other; equal rows of one frame are told apart by their number."""
    if left.is_empty() or right.is_empty():
        return left
    if left is right:
        return left.clear()
    columns = [*_COLUMNS, "day"]
    if _has_places(left) and _has_places(right):
        pairs = left.join(right.with_columns(there=True), on=_PLACE, how="left", maintain_order="left")
        same = (pl.col(name).eq_missing(pl.col(f"{name}_right")) for name in columns if name not in _PLACE)
        return pairs.filter(pl.col("there").is_null() | ~pl.all_horizontal(same)).select(left.columns)
    nth = pl.int_range(pl.len()).over(columns).alias("nth")
    numbered = left.with_columns(nth), right.with_columns(nth)
    return numbered[0].join(numbered[1], on=[*columns, "nth"], how="anti", nulls_equal=True).drop("nth")


def _has_places(frame: pl.DataFrame) -> bool:
    """Whether file and row alone tell the wraps apart, which is the rule; then nothing else need be looked up."""
    places = frame.select(_PLACE)
    return not (places["row"].has_nulls() or places.is_duplicated().any())


def _by_day(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {str(day): rows for (day,), rows in frame.partition_by("day", as_dict=True).items()}


def _counted(gone: pl.DataFrame, come: pl.DataFrame) -> tuple[int, int, int]:
    leaves, comes = (rows.select(_PLACE) for rows in (gone, come))
    changed = comes.join(leaves, on=_PLACE, how="semi").height
    return comes.height - changed, changed, leaves.height - changed


def _with_day(frame: pl.DataFrame) -> pl.DataFrame:
    day = pl.col("wrap_start").dt.date().cast(pl.String).fill_null(UNKNOWN_DAY)
    return frame.select(*(pl.col(name).cast(KEPT[name]) for name in _COLUMNS), day=day)


def _kept(target: Manifest) -> pl.Expr:
    return pl.col("day") >= target.since  # `unknown` sorts behind every date


def _rebuilt(task: Task, files: Sequence[KeptFile], read: Mapping[int, Sequence[Counted]]) -> _Rebuilt:
    """The wraps of some files as if there were no others; files of logs as `read`, else as they were read before."""
    if not files:
        return _Rebuilt(pl.DataFrame(schema={**{name: KEPT[name] for name in _COLUMNS}, "day": pl.String}))
    loaded = _loaded(task, files, read)
    found = wraps(loaded, WrapOptions(), EVERYTHING).frame
    numbers = {file.name: file.number for file in files}
    places = {place: numbers[frame.source] for place, frame in enumerate(loaded.files)}
    frame = _with_day(found.with_columns(pl.col("file").replace_strict(places, return_dtype=pl.UInt32)))
    result = _Rebuilt(frame.filter(_kept(task.target)), {number: [] for number in numbers.values()})
    for own, counts in zip(loaded.files, loaded.counts, strict=True):
        number = numbers[own.source]
        result.frames[number].append(account(own, counts))
        result.read.setdefault(number, []).append(own)
    return result


def _read_apart(task: Task, files: Sequence[KeptFile]) -> dict[int, list[Counted]]:
    """The frames of files that say the same whatever stands beside them: they are read once for before and after."""
    alone = {file.name: file.number for file in files if file.format in APART}
    loaded = read_recognised([opened(task, file) for file in files if file.name in alone])
    found: dict[int, list[Counted]] = {}
    for frame, counts in zip(loaded.files, loaded.counts, strict=True):
        found.setdefault(alone[frame.source], []).append((frame, counts))
    return found


def _loaded(task: Task, files: Sequence[KeptFile], read: Mapping[int, Sequence[Counted]]) -> Loaded:
    plain = read_recognised([opened(task, file) for file in files if file.number not in read and not runs_on(file)])
    frames = list(zip(plain.files, plain.counts, strict=True))
    for file in files:
        if file.number in read or runs_on(file):
            known = read[file.number] if file.number in read else kept_frames(task, file)
            # The account goes on from here, each time anew.
            frames += [(frame, replace(counts, ignored=Counter(counts.ignored))) for frame, counts in known]
    frames.sort(key=lambda pair: first_instant(pair[0]))
    return Loaded([frame for frame, _ in frames], [], [counts for _, counts in frames])


def account(frame: FileFrame, counts: RowCounts) -> KeptFrame:
    """What a manifest says of a frame."""
    clock = FIRST_INSTANTS[frame.kind]
    times = frame.frame[clock] if clock in frame.frame.columns else pl.Series([])
    instants = [name for name, kind in frame.frame.schema.items() if isinstance(kind, pl.Datetime)]
    no_instant = pl.all_horizontal(pl.lit(True), *(pl.col(name).is_null() for name in instants))
    timeless = frame.frame.filter(no_instant).height if frame.kind == "contacts" else 0
    agents = frame.frame["agent_id"].drop_nulls().n_unique()
    return KeptFrame(
        frame.kind, _epoch_ms(times.min()), counts.read, dict(counts.ignored), dict(counts.rejected), list(frame.notes),
        timeless, _epoch_ms(times.max()), agents,
    )  # fmt: skip


def _epoch_ms(instant: object) -> int | None:
    return round(instant.timestamp() * 1000) if isinstance(instant, datetime) else None


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
        last_ms=after.last_ms, agents=after.agents,
    )  # fmt: skip


def _by_contact(task: Task) -> bool:
    """Whether an id alone joins rows: records beside state logs, records without instants, and re-deliveries."""
    files = {file.number: file for file in (*task.manifest.files, *task.target.files)}.values()
    frames = [(file.format, frame) for file in files for frame in file.frames]
    records = [(name, frame) for name, frame in frames if frame.kind == "contacts"]
    states = any(frame.kind == "states" for _, frame in frames)
    return bool(records) and (states or any(name != "generic-contacts" or frame.timeless for name, frame in records))
