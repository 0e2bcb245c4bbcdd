"""Logs whose files run on into each other, in a store: a night reads the new files, from where the log stood before.

The frames of the older files are kept as they were read. Where what is new reaches back further than the log can be
read on from, or changes who is who in it, everything is to be read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from acwcli.formats import queue_log_files
from acwcli.formats.frames import FileFrame
from acwcli.formats.queue_log_agents import Activity, identities
from acwcli.formats.queue_log_before import Before, Connected, no_call
from acwcli.model.counts import RowCounts
from acwcli.pipeline.task import Counted, Task, opened
from acwcli.store import index
from acwcli.store.manifest import KeptBefore, KeptFile
from acwcli.store.parts import Part, read_part

RUNNING_ON = {"asterisk-queue-log": queue_log_files}
"""Formats whose files are one log: who is in a call, paused, a member, and who is who, stands in earlier files."""

_BEFORES = 8
"""From how many instants back a log can be read on: about as many nights, for rows that come late."""

_EPOCH = date(1970, 1, 1).toordinal()
_NEVER = -(1 << 62)
_SAME_ACTION_MS = 1000
"""A row may still belong to one of the second before."""


@dataclass
class LogsRead:
    """What was read of logs, and what is to be kept of that.

    Attributes:
        frames: number of a file → its frames and their accounts.
        spans: number → first and last instant.
        befores: where the logs can be read on, from now on.
        parts: what stands there.
    """

    frames: dict[int, list[Counted]] = field(default_factory=dict)
    spans: dict[int, list[int]] = field(default_factory=dict)
    befores: list[KeptBefore] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)

    def keep(self, generation: int, read: Mapping[int, Sequence[Counted]]) -> dict[tuple[int, str], str]:
        """Put frames among the parts; return their names by file and kind."""
        names: dict[tuple[int, str], str] = {}
        for number, frames in read.items():
            for frame, counts in frames:
                name = names[number, frame.kind] = f"{generation:08}-{number}-{frame.kind}.parquet"
                about = {"read": counts.read, "ignored": counts.ignored, "rejected": counts.rejected}
                self.parts[name] = Part(frame.frame, about | {"notes": frame.notes})
        return names

    def changed(self, task: Task) -> set[int]:
        """The older files that say something else now."""
        older = [file for file in task.manifest.files if file.number in self.frames]
        return {file.number for file in older if _said(kept_frames(task, file)) != _said(self.frames[file.number])}

    def without_old_restarts(self, task: Task, entries: pl.DataFrame) -> pl.DataFrame:
        """Leave out restarts that have been there before: only a new one, or one that goes, bears on everybody."""
        older = [
            file for file in task.manifest.files if file.number in self.frames.keys() | task.grown and runs_on(file)
        ]
        then = {at for file in older for at in _restarts(kept_frames(task, file))}
        now = {at for frames in self.frames.values() for at in _restarts(frames)}
        days = {at.date().toordinal() - _EPOCH for at in then ^ now}
        own = pl.col("file").is_in([*(file.number for file in older), *self.frames])
        return entries.filter((pl.col("what") != index.RESTART) | ~own | pl.col("day").is_in(list(days)))


def _said(frames: Sequence[Counted]) -> list[object]:
    """What frames say, comparable."""
    texts = pl.selectors.categorical().cast(pl.String), pl.selectors.enum().cast(pl.String)
    return [(frame.kind, frame.frame.with_columns(*texts).rows(), frame.notes, counts) for frame, counts in frames]


def _restarts(frames: Sequence[Counted]) -> Iterator[datetime]:
    for frame, _ in frames:
        if frame.kind == "states":
            yield from frame.frame.filter(pl.col("agent_id").is_null() & (pl.col("state") == "unknown"))["event_time"]


def runs_on(file: KeptFile) -> bool:
    """Whether a file is of a log that runs on."""
    return file.format in RUNNING_ON


def kept_frames(task: Task, file: KeptFile) -> list[Counted]:
    """The frames of a file as they were read when it came.

    Raises:
        InputError: they are damaged.
    """
    found = []
    for frame in file.frames:
        part = read_part(task.root, frame.part)
        about = part.about
        counts = RowCounts(about["read"], Counter(about["ignored"]), Counter(about["rejected"]))
        found.append((FileFrame(file.name, frame.kind, part.table, counts.read, notes=about["notes"]), counts))  # type: ignore[arg-type]
    return found


def whole(task: Task, files: Sequence[KeptFile]) -> LogsRead:
    """Read logs from their beginning."""
    done = LogsRead()
    for log in _logs(files):
        _read_on(task, log, Before(), no_call, done)
    return done


def continued(task: Task) -> LogsRead | None:
    """Read on the logs that new and leaving files are of; None where that is not sure to be what all files say."""
    done = LogsRead()
    grown = [file for file in task.manifest.files if file.number in task.grown and runs_on(file)]
    come = [file for file in task.target.files if file.number in task.paths and runs_on(file)]
    touched = {file.options for file in (*come, *grown)}
    done.befores = [before for before in task.manifest.befores if before.options not in touched]
    for log in _logs([file for file in task.target.files if file.options in touched]):
        if not _continue(task, log, [file for file in grown if file.options == log[0].options], done):
            return None
    return done


def _logs(files: Sequence[KeptFile]) -> Iterator[list[KeptFile]]:
    """The files log by log."""
    for key in dict.fromkeys((file.format, file.options) for file in files if runs_on(file)):
        yield [file for file in files if (file.format, file.options) == key]


def _continue(task: Task, log: Sequence[KeptFile], gone: Sequence[KeptFile], done: LogsRead) -> bool:
    """Read one log on from the last instant that what is new leaves as it was."""
    stays = [file for file in log if file.number not in task.paths]
    come = [file for file in log if file.number in task.paths]
    if any(not file.span for file in (*stays, *gone)) or any(not frame.part for f in stays for frame in f.frames):
        return False
    begins = [file.span[0] for file in gone] + [_begins(task, file) for file in come]
    known = [entry for entry in task.manifest.befores if entry.options == log[0].options]
    kept = [entry for entry in known if entry.until_ms + _SAME_ACTION_MS < min(begins)]
    if not come or (not kept and task.target.since):
        return False  # what stood before the first file may be gone
    before = _before(task, kept[-1]) if kept else Before()
    until = before.until_ms if before.until_ms is not None else _NEVER
    later = [file for file in stays if file.span[0] > until]
    earlier = [file for file in stays if file.span[0] <= until]
    done.befores += kept
    _read_on(task, [*later, *come], before, _connected(task, earlier), done)
    if any(done.spans[file.number][0] <= until + _SAME_ACTION_MS for file in come):
        return False
    return not stays or _agree(_before(task, known[-1]), _newest(done), earlier)


def _begins(task: Task, file: KeptFile) -> int:
    item, options = opened(task, file)
    first = RUNNING_ON[file.format].begins(item.probe, options)
    return _NEVER if first is None else first


def _newest(done: LogsRead) -> Before:
    part = done.parts[done.befores[-1].part]
    return _of_part(part)


def _agree(past: Before, now: Before, earlier: Sequence[KeptFile]) -> bool:
    """Whether who is who in the earlier files, and what counts as a wrap there, is as it was."""
    then, from_now = identities(past.names), identities(now.names)
    if any(from_now[name] != shown for name, shown in then.items() if name in from_now):
        return False
    configured = any(frame.kind == "wraps" for file in earlier for frame in file.frames)
    return past.wraps == now.wraps or not (configured or past.wraps)


def _read_on(task: Task, files: Sequence[KeptFile], before: Before, connected: Connected, done: LogsRead) -> None:
    """Read files of one log and add what they say."""
    items = [opened(task, file) for file in files]
    numbers = {file.name: file.number for file in files}
    probes, (_, options) = [item.probe for item, _ in items], items[0]
    read = RUNNING_ON[files[0].format].read_on(probes, options, before, connected, _BEFORES)
    for frame in read.frames:
        reasons = Counter(dict(frame.rejects["reason"].value_counts().iter_rows()))
        done.frames.setdefault(numbers[frame.source], []).append(
            (frame, RowCounts(frame.read, Counter(frame.ignored), reasons))
        )
    done.spans |= {numbers[name]: list(span) for name, span in read.spans.items()}
    log = files[0].options
    for place, later in enumerate(read.befores):
        name = f"{task.manifest.generation + 1:08}-before-{log}-{place}.parquet"
        about = {"until_ms": later.until_ms, "wraps": later.wraps, "names": later.names}
        done.parts[name] = Part(later.rows, about)
        done.befores.append(KeptBefore(log, later.until_ms or 0, name))
    own = [entry for entry in done.befores if entry.options == log]
    done.befores = [entry for entry in done.befores if entry.options != log] + own[-_BEFORES:]


def _before(task: Task, kept: KeptBefore) -> Before:
    return _of_part(read_part(task.root, kept.part))


def _of_part(part: Part) -> Before:
    about = part.about
    names = {name: Activity(*use) for name, use in about["names"].items()}
    return Before(part.table, names, about["wraps"], about["until_ms"])


def _connected(task: Task, files: Sequence[KeptFile]) -> Connected:
    """Look calls up in the earlier files of a log: an end of one of them may come long after it."""
    numbered = {file.number: file for file in files}

    def look_up(pairs: pl.DataFrame) -> pl.DataFrame:
        if pairs.is_empty() or not numbered:
            return pairs.clear()
        entries = index.entries(task.root, task.manifest)
        named = index.select(entries, (index.CONTACT,), pairs["callid"].hash())["file"].unique().to_list()
        calls = [pairs.clear()]
        for number in set(named) & set(numbered):
            for frame, _ in kept_frames(task, numbered[number]):
                if frame.kind == "states":
                    calls.append(
                        frame.frame.select(pl.col("agent_id").cast(pl.String).alias("agent"), callid="contact_id")
                    )
        return pairs.join(pl.concat(calls).unique(), on=["agent", "callid"], how="semi")

    return look_up
