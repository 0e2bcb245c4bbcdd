"""A change of a store to be worked out: what it holds, what it will hold, and where the files of both are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from acwcli.formats.detect import Recognised
from acwcli.formats.frames import FileFrame
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import WRAP_FRAME
from acwcli.model.counts import RowCounts
from acwcli.pipeline.loading import known
from acwcli.pipeline.stored import as_ingested, stored_file
from acwcli.store.manifest import KeptFile, Manifest

EVERYTHING = frozenset(WRAP_FRAME)
APART = ("generic-states", "cisco-uccx-states", "five9-agent-states", "asterisk-cdr", "wraps-table")
"""Formats whose files are read one by one, nothing of one depending on another."""

Counted = tuple[FileFrame, RowCounts]
"""A frame of a file, and its account."""


@dataclass(frozen=True)
class Task:
    """A change to work out.

    Attributes:
        root: the store.
        manifest: what it holds.
        target: what it will hold, the accounts aside.
        paths: number → where a new file is.
        entries: index entries of the new files.
        come: number → new files as they were read, of formats whose files are read one by one.
        grown: numbers of the files that leave because a new one begins with them.
    """

    root: Path
    manifest: Manifest
    target: Manifest
    paths: Mapping[int, Path]
    entries: pl.DataFrame
    grown: Set[int] = frozenset()
    come: Mapping[int, Sequence[Counted]] = field(default_factory=dict)

    @cached_property
    def leaving(self) -> set[int]:
        """Numbers of the files that leave."""
        return self.manifest.numbers() - self.target.numbers()


def ways(manifest: Manifest, file: KeptFile) -> ReadOptions:
    """How a file is read when its wraps are rebuilt."""
    return as_ingested(manifest.options[file.options], ReadOptions(needs=EVERYTHING))


def opened(task: Task, file: KeptFile) -> tuple[Recognised, ReadOptions]:
    """A file, new or kept, ready to be read as was said when it came."""
    if file.number in task.paths:
        options = ways(task.target, file)
        return known(Input(file.name, task.paths[file.number]), file.format, options), options
    stored = stored_file(task.root, task.target, file)
    return known(stored.input, file.format, stored.options), stored.options
