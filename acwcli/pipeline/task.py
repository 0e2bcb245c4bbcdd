"""A change of a store to be worked out: what it holds, what it will hold, and where the files of both are."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from acwcli.formats.detect import Recognised
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import WRAP_FRAME
from acwcli.pipeline.loading import known
from acwcli.pipeline.stored import as_ingested, stored_file
from acwcli.store.manifest import KeptFile, Manifest

EVERYTHING = frozenset(WRAP_FRAME)


@dataclass(frozen=True)
class Task:
    """A change to work out.

    Attributes:
        root: the store.
        manifest: what it holds.
        target: what it will hold, the accounts aside.
        paths: number → where a new file is.
        entries: index entries of the new files.
        grown: numbers of the files that leave because a new one begins with them.
    """

    root: Path
    manifest: Manifest
    target: Manifest
    paths: Mapping[int, Path]
    entries: pl.DataFrame
    grown: Set[int] = frozenset()

    @cached_property
    def leaving(self) -> set[int]:
        """Numbers of the files that leave."""
        return self.manifest.numbers() - self.target.numbers()


def opened(task: Task, file: KeptFile) -> tuple[Recognised, ReadOptions]:
    """A file, new or kept, ready to be read as was said when it came."""
    if file.number in task.paths:
        options = as_ingested(task.target.options[file.options], ReadOptions(needs=EVERYTHING))
        return known(Input(file.name, task.paths[file.number]), file.format, options), options
    stored = stored_file(task.root, task.target, file)
    return known(stored.input, file.format, stored.options), stored.options
