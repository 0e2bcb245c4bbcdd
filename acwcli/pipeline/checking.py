"""A store checked: everything its manifest names, and on request every wrap against the files it was rebuilt from."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from acwcli.errors import UsageError
from acwcli.formats.inputs import Input
from acwcli.formats.scratch import scratch_file
from acwcli.model.table import Column, Table
from acwcli.pipeline.arrivals import decompressed
from acwcli.pipeline.difference import anew
from acwcli.pipeline.kept import ENGINE
from acwcli.pipeline.task import Task
from acwcli.store.archive import give_back
from acwcli.store.check import REBUILD, Damage, damages
from acwcli.store.manifest import KeptFile, Manifest, read_manifest
from acwcli.store.root import store_at


def check_store(store: str, *, thorough: bool = False) -> Table:
    """What is wrong with a store, and what to do: `part problem advice`; no rows when it is sound.

    Args:
        store: its folder.
        thorough: also rebuild every wrap and compare.

    Raises:
        UsageError: the folder is no store.
        InputError: its manifest cannot be read.
    """
    root = store_at(store)
    if root is None:
        raise UsageError(f"{store}: no store (it has no acw-store.json); acw ingest --store DIR PATH makes one")
    manifest = read_manifest(root)

    def unpacked(file: KeptFile) -> Path:
        copy = give_back(root, file, scratch_file("stored"))
        content = decompressed(Input(file.name, copy))
        if copy != content and file.packed:
            copy.unlink()
        return content

    found = list(damages(root, manifest, unpacked))
    if thorough and not found:
        found = _differing(root, manifest)
    rows = [(one.part, one.problem, one.advice.replace("DIR", store)) for one in found]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("part", "problem", "advice"), pl.String), orient="row")
    return Table("damages", frame, tuple(Column(name) for name in frame.columns))


def _differing(root: Path, manifest: Manifest) -> list[Damage]:
    if manifest.engine != ENGINE and manifest.files:
        return [Damage("wraps", f"rebuilt by {manifest.engine}, this is {ENGINE}", REBUILD)]
    outcome = anew(Task(root, manifest, manifest, {}, pl.DataFrame()))
    differing = [(day, counts) for day, counts in outcome.touched.items() if any(counts)]
    return [
        Damage(f"wraps/day={day}", f"{added} wraps missing, {changed} other, {removed} too many", REBUILD)
        for day, (added, changed, removed) in differing
    ]
