"""From paths to canonical frames: find, recognise, read and account files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import polars as pl

from acwcli.errors import DamagedError, InputError, NoWrapsError
from acwcli.formats import detect
from acwcli.formats.frames import FileFrame, Kind, Match, Probe
from acwcli.formats.inputs import Input, find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.formats.scratch import sweep
from acwcli.model.counts import RowCounts
from acwcli.pipeline.memory import parts_for
from acwcli.pipeline.parting import on_disk
from acwcli.store.root import store_at

if TYPE_CHECKING:
    from acwcli.analyse.inspection import FileFacts
    from acwcli.pipeline.stored import Stored
    from acwcli.reconstruct.combine import Reconstructed

FIRST_INSTANTS: dict[Kind, str] = {
    "states": "event_time",
    "contacts": "answered_at",
    "wraps": "wrap_start",
    "aggregates": "wrap_start",
}
Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)

_SAID_APART = 3
"""Of more files than this a note is said once for all."""


class Elsewhere(Protocol):
    """Rows of states and records that are not in this process."""

    def rebuilt(self, needs: frozenset[str], max_wrap_ms: int, gap_cap_ms: int | None) -> Reconstructed:
        """Rebuild all wraps where the rows are; see `acwcli.reconstruct.combine.reconstruct`."""

    def of_kind(self, kind: Kind) -> pl.DataFrame | None:
        """Of states the talks, of records who waits and is called: what is asked of them beside the wraps."""


@dataclass
class Loaded:
    """Files as canonical frames.

    Attributes:
        files: the files in their order on the time line; a `file` column elsewhere is an index into this list.
        recognised: what each path was taken for, including files in folders that were skipped.
        counts: the account of each file.
        since: wraps that start before are no longer kept (a store after retention); None: all are.
        parts: rows of states and contacts are on disk, in so many parts by agent; 0: in memory.
        elsewhere: who has the rows of states and records; None: `files` have them.
        told: what a store knows of its files where they were not read again; their wraps are not counted in it.
    """

    files: list[FileFrame]
    recognised: list[detect.Recognised]
    counts: list[RowCounts]
    since: datetime | None = None
    elsewhere: Elsewhere | None = None
    told: Sequence[FileFacts] = ()
    parts: int = 0

    def of_kind(self, kind: Kind, part: int | None = None) -> pl.DataFrame | None:
        """All rows of one kind, or of one part of the agents, with `file` and `row`; None when there is no such file.

        They come in file order, but for all rows from disk: those come agent by agent.
        """
        if self.elsewhere is not None and kind in ("states", "contacts"):
            return self.elsewhere.of_kind(kind)
        return self._together(kind, lambda loaded: loaded.in_part(part))

    def _together(self, kind: Kind, rows: Callable[[FileFrame], Rows]) -> Rows | None:
        """What `rows` gives of each file of a kind, one below the other, with `file`."""
        frames = [
            rows(loaded).with_columns(pl.lit(index, pl.UInt32).alias("file"))
            for index, loaded in enumerate(self.files)
            if loaded.kind == kind
        ]
        return pl.concat(frames, how="diagonal_relaxed") if frames else None

    def whole(self, wraps: pl.DataFrame) -> pl.DataFrame:
        """Rows of wraps (`file row`) with every column their files have, in the same order."""
        found = [
            (file.frame if file.whole is None else file.whole(rows["row"])).with_columns(file=pl.lit(place, pl.UInt32))
            for (place,), rows in wraps.select("file", "row").group_by("file", maintain_order=True)
            for file in [self.files[place]]
        ]
        every = pl.concat(found, how="diagonal_relaxed")
        return wraps.select("file", "row").join(every, on=("file", "row"), how="left", maintain_order="left")

    def rows_of(self, kind: Kind) -> pl.LazyFrame | None:
        """All rows of one kind with `file`, in no order, wherever they are; None when there is no such file."""
        if self.elsewhere is not None:
            found = self.of_kind(kind)
            return None if found is None else found.lazy()
        return self._together(kind, FileFrame.rows)

    def total(self) -> RowCounts:
        """The account of all files together."""
        return reduce(RowCounts.__add__, self.counts, RowCounts())

    def notes(self) -> list[str]:
        """What to say about reading: how files were read, and which were skipped."""
        skipped = [
            f"{item.probe.input.name}: skipped ({item.problem.removeprefix(item.probe.input.name + ': ')})"
            for item in self.recognised
            if item.format is None
        ]
        mapped = [note for item in self.recognised for note in item.notes]
        return _said_together((file.source, note) for file in self.files for note in file.notes) + mapped + skipped

    def rejects(self) -> pl.DataFrame:
        """Every rejected row: source, row, reason, raw text on one line."""
        parts = []
        for loaded in self.files:
            raw = loaded.raw(loaded.rejects["row"].to_list())
            parts.append(
                loaded.rejects.select(
                    pl.lit(loaded.source).alias("source"),
                    "row",
                    "reason",
                    # A record of several lines stays one line here.
                    pl.col("row")
                    .replace_strict(raw, default="", return_dtype=pl.String)
                    .str.replace_all(r"\r\n|\r|\n", "\\n", literal=False)
                    .alias("raw"),
                )
            )
        return pl.concat(parts) if parts else pl.DataFrame(schema=["source", "row", "reason", "raw"])


def _said_together(notes: Iterable[tuple[str, str]]) -> list[str]:
    """What is said of each source; what many files of a folder say alike is said once, in the place of the first."""
    listed = [(source, note.removeprefix(f"{source}: ")) for source, note in notes]
    often = Counter(note for _, note in listed)
    said: dict[str, str] = {}
    for source, note in listed:
        if often[note] > _SAID_APART:
            said.setdefault(note, f"{source} and {often[note] - 1} other files: {note}")
        else:
            own = note if note.startswith(source) else f"{source}: {note}"
            said[own] = own
    return list(said.values())


def load(paths: Sequence[str], options: ReadOptions, *, look_again: bool = False, memory: int | None = None) -> Loaded:
    """Find, recognise and read files; a store stands for the files it was made from.

    Args:
        paths: files, folders, globs, stores or `-`.
        options: how to read.
        look_again: recognise the files of a store anew, to tell why they fit.
        memory: bytes that reading and rebuilding may take; rows go to disk when they need more. None takes half of what
            is free.

    Raises:
        InputError: a path that cannot be read, a named file nobody knows, or a damaged file, named or not.
        OutputError: rows have to go to disk, and it is full.
    """
    sweep()
    stores = {path: store_at(path) for path in paths}
    plain = [path for path, root in stores.items() if root is None]
    inputs = find_inputs(plain) if plain else []
    try:
        given, since = _of_stores([root for root in stores.values() if root is not None], options, look_again)
        given += [(item, item.options) for item in detect.recognise(inputs, options)] if inputs else []
        if not given:
            empty = ", ".join(paths)
            raise NoWrapsError(f"{empty}: the store holds no files yet; acw ingest --store DIR PATH brings some")
        given = _with_contact_ids(given)
        return replace(read_recognised(given, parts_for(given, memory)), since=since)
    except DamagedError as error:
        if all(item.named for item in inputs):
            raise
        # Without it the figures would be from less data than the folder holds.
        raise DamagedError(f"{error}, or move it away, or name the files to read") from error


def _of_stores(
    roots: Sequence[Path], options: ReadOptions, look_again: bool
) -> tuple[list[tuple[detect.Recognised, ReadOptions]], datetime | None]:
    """The files that stores stand for, and the instant their days begin."""
    given: list[tuple[detect.Recognised, ReadOptions]] = []
    sinces: list[datetime] = []
    for root in roots:
        from acwcli.pipeline.stored import stored_files

        files, since = stored_files(root, options)
        given += _recognised(files, look_again)
        sinces += [since] if since is not None else []
    return given, max(sinces, default=None)


def _recognised(files: Sequence[Stored], look_again: bool) -> list[tuple[detect.Recognised, ReadOptions]]:
    """What the files of a store are: as when they were ingested, unless they are to be read otherwise now."""
    if not look_again and all(file.format is not None for file in files):
        return [(known(file.input, str(file.format), file.options), file.options) for file in files]
    ways = [file.options for place, file in enumerate(files) if file.options not in (f.options for f in files[:place])]
    found = [
        (item, item.options)
        for options in ways
        for item in detect.recognise([file.input for file in files if file.options == options], options)
    ]
    order = {file.input.name: place for place, file in enumerate(files)}
    return sorted(found, key=lambda pair: order[pair[0].probe.input.name])


def known(input: Input, name: str, options: ReadOptions) -> detect.Recognised:
    """A file whose format is known already."""
    match = Match(1, "as when it was ingested")
    return detect.Recognised(Probe(input, options.encoding), name, {name: match}, options=options)


def read_recognised(given: Sequence[tuple[detect.Recognised, ReadOptions]], parts: int = 0) -> Loaded:
    """Read files; those of one format and one way of reading together.

    Args:
        given: what they are, and how to read each.
        parts: see `Loaded.parts`.
    """
    groups: list[tuple[str, ReadOptions, list[Probe]]] = []
    for item, options in given:
        if item.format is None:
            continue
        fitting = (probes for name, how, probes in groups if name == item.format and how == options)
        probes = next(fitting, None)
        if probes is None:
            groups.append((item.format, options, probes := []))
        probes.append(item.probe)
    pages_end = any(item.problem == detect.EMPTY_PAGE and item.probe.ends_pages for item, _ in given)
    files = [
        on_disk(file, parts)
        for name, options, probes in groups
        for file in _read(name, probes, replace(options, parts=parts, pages_end=pages_end))
    ]
    files.sort(key=first_instant)
    counts = [RowCounts(file.read, Counter(file.ignored), _by_reason(file)) for file in files]
    return Loaded(files, [item for item, _ in given], counts, parts=parts)


def _by_reason(file: FileFrame) -> Counter[str]:
    """How many rows of a file are rejected for each reason; in one order, where several are as frequent."""
    if file.rejects.is_empty():
        return Counter()
    return Counter(dict(file.rejects["reason"].value_counts().sort("reason").iter_rows()))


def _with_contact_ids(
    given: Sequence[tuple[detect.Recognised, ReadOptions]],
) -> list[tuple[detect.Recognised, ReadOptions]]:
    """State logs beside records are joined to them by contact id, whether or not the answer shows it."""
    known = {item.format: options for item, options in given if item.format is not None}
    if not {"states", "contacts"} <= {detect.platform(name, options.profiles).KIND for name, options in known.items()}:
        return list(given)
    return [(item, replace(options, needs=options.needs | {"contact_id"})) for item, options in given]


def _read(name: str, probes: list[Probe], options: ReadOptions) -> list[FileFrame]:
    try:
        return list(detect.platform(name, options.profiles).read(probes, options))
    except (pl.exceptions.ComputeError, pl.exceptions.PanicException) as error:
        # The head of a Parquet file can be sound and a later page damaged; only reading it all tells.
        stored = [probe.input.name for probe in probes if probe.plain.kind == "parquet"]
        if not stored:
            raise
        reason = str(error).splitlines()[0]
        raise DamagedError(f"{', '.join(stored)}: damaged Parquet ({reason}); copy or export it again") from error


def refuse_bad_rows(loaded: Loaded, max_bad: float) -> None:
    """Stop where a file has too many rejected rows; apart from `load`, so that the rejects can be looked at first.

    Raises:
        InputError: more than the share `max_bad` of a file's rows are rejected.
    """
    for file, counts in zip(loaded.files, loaded.counts, strict=True):
        bad = counts.rejected.total()
        if bad > max_bad * file.read:
            reason, often = counts.rejected.most_common(1)[0]
            row = file.rejects.filter(pl.col("reason") == reason)["row"][0]
            raise InputError(
                f"{file.source}: {bad:,} of {file.read:,} rows are bad, more than --max-bad allows; "
                f"most often '{reason}' ({often:,}), first in row {row}. Look at them with --rejects FILE, "
                "or raise --max-bad if they do not matter"
            )


def first_instant(loaded: FileFrame) -> tuple[bool, object, str]:
    """Files follow each other by their first instant, then by name."""
    clock = FIRST_INSTANTS[loaded.kind]
    if clock not in loaded.frame.columns:
        return (True, 0, loaded.source)
    if loaded.parted is None:
        first = loaded.frame[clock].min()
    else:
        first = loaded.rows().select(pl.col(clock).min()).collect(engine="streaming").item()
    return (first is None, first or 0, loaded.source)
