"""From paths to canonical frames: find, recognise, read and account files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import polars as pl

from acwcli.errors import DamagedError, InputError
from acwcli.formats import detect
from acwcli.formats.frames import FileFrame, Kind, Probe
from acwcli.formats.inputs import Input, find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.counts import RowCounts

FIRST_INSTANTS: dict[Kind, str] = {
    "states": "event_time",
    "contacts": "answered_at",
    "wraps": "wrap_start",
    "aggregates": "wrap_start",
}


@dataclass
class Loaded:
    """Files as canonical frames.

    Attributes:
        files: the files in their order on the time line; a `file` column elsewhere is an index into this list.
        recognised: what each path was taken for, including files in folders that were skipped.
        counts: the account of each file.
    """

    files: list[FileFrame]
    recognised: list[detect.Recognised]
    counts: list[RowCounts]

    def of_kind(self, kind: Kind) -> pl.DataFrame | None:
        """All rows of one kind with `file` and `row`, in file order; None when there are none of that kind."""
        frames = [
            loaded.frame.with_columns(pl.lit(index, pl.UInt32).alias("file"))
            for index, loaded in enumerate(self.files)
            if loaded.kind == kind
        ]
        return pl.concat(frames, how="diagonal_relaxed") if frames else None

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
        return [_said_of(file.source, note) for file in self.files for note in file.notes] + skipped

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


def _said_of(source: str, note: str) -> str:
    return note if note.startswith(source) else f"{source}: {note}"


def load(paths: Sequence[str], options: ReadOptions) -> Loaded:
    """Find, recognise and read files.

    Raises:
        InputError: a path that cannot be read, a named file nobody knows, or a damaged file, named or not.
    """
    inputs = find_inputs(paths)
    try:
        return _loaded(inputs, options)
    except DamagedError as error:
        if all(item.named for item in inputs):
            raise
        # Without it the figures would be from less data than the folder holds.
        raise DamagedError(f"{error}, or move it away, or name the files to read") from error


def _loaded(inputs: Sequence[Input], options: ReadOptions) -> Loaded:
    recognised = detect.recognise(inputs, options)
    options = _with_contact_ids(recognised, options)
    by_format: dict[str, list[detect.Recognised]] = {}
    for item in recognised:
        if item.format is not None:
            by_format.setdefault(item.format, []).append(item)
    files: list[FileFrame] = []
    for name, items in by_format.items():
        files.extend(_read(name, [item.probe for item in items], options))
    files.sort(key=_first_instant)
    counts = [
        RowCounts(file.read, Counter(file.ignored), Counter(dict(file.rejects["reason"].value_counts().iter_rows())))
        for file in files
    ]
    return Loaded(files, recognised, counts)


def _with_contact_ids(recognised: Sequence[detect.Recognised], options: ReadOptions) -> ReadOptions:
    """State logs beside records are joined to them by contact id, whether or not the answer shows it."""
    known = {item.format for item in recognised if item.format is not None}
    if all(detect.platform(name, options.profiles).KIND == "states" for name in known):
        return options
    return replace(options, needs=options.needs | {"contact_id"})


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


def _first_instant(loaded: FileFrame) -> tuple[bool, object, str]:
    """Files follow each other by their first instant, then by name."""
    clock = FIRST_INSTANTS[loaded.kind]
    first = loaded.frame[clock].min() if clock in loaded.frame.columns else None
    return (first is None, first or 0, loaded.source)
