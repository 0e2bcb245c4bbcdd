"""Whether a store is what its manifest says: every file there, every hash right, every count equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from acwcli.errors import InputError
from acwcli.store.archive import content_of
from acwcli.store.days import KEPT, digest_of, path_of, read_days
from acwcli.store.manifest import KeptFile, Manifest
from acwcli.store.parts import FOLDER

REBUILD = "acw ingest --store DIR --rebuild makes it anew"
AGAIN = "ingest the file once more; that puts it back"
REMOVE = "remove it, then ingest the file once more"


@dataclass(frozen=True)
class Damage:
    """Something wrong in a store.

    Attributes:
        part: which file of the store.
        problem: what is wrong with it.
        advice: what to do.
    """

    part: str
    problem: str
    advice: str


def damages(root: Path, manifest: Manifest, unpacked: Callable[[KeptFile], Path]) -> Iterator[Damage]:
    """Look at everything a manifest names.

    Args:
        root: the store.
        manifest: its manifest.
        unpacked: gives the decompressed content of a file of the store.
    """
    for file in manifest.files:
        yield from _of_file(root, file, unpacked)
    for day, kept in manifest.days.items():
        path = path_of(root, manifest, day)
        part = str(path.relative_to(root))
        if not path.is_file():
            yield Damage(part, "missing", REBUILD)
        elif digest_of(path) != kept.digest:
            yield Damage(part, "not the bytes that were written", REBUILD)
        else:
            yield from _of_day(root, manifest, day, part)
    yield from _of_index(root, manifest)
    yield from _of_parts(root, manifest)
    yield from _of_profiles(root, manifest)


def _of_file(root: Path, file: KeptFile, unpacked: Callable[[KeptFile], Path]) -> Iterator[Damage]:
    try:
        sound = content_of(unpacked(file)).digest == file.digest
    except InputError:
        sound = False
    if not sound:
        there = (root / file.copy).exists()
        problem = f"not the bytes that were ingested as {file.name}" if there else f"missing ({file.name})"
        yield Damage(file.copy, problem, REMOVE if there else AGAIN)


def _of_day(root: Path, manifest: Manifest, day: str, part: str) -> Iterator[Damage]:
    try:
        found = read_days(root, manifest, [day], list(KEPT))
    except InputError as error:
        yield Damage(part, str(error), REBUILD)
        return
    known = {file.number for file in manifest.files}
    strangers = set(found["file"].unique()) - known
    wrong = found.select((pl.col("wrap_start").dt.strftime("%Y-%m-%d") != day).sum()).item() if day != "unknown" else 0
    if strangers:
        yield Damage(part, f"wraps of {len(strangers)} files that are not in the store", REBUILD)
    if wrong:
        yield Damage(part, f"{wrong} wraps of another day", REBUILD)


def _of_index(root: Path, manifest: Manifest) -> Iterator[Damage]:
    for name, rows in manifest.segments.items():
        path = root / "index" / name
        try:
            height = pl.scan_parquet(path, glob=False).select(pl.len()).collect().item() if path.is_file() else None
        except (OSError, pl.exceptions.PolarsError):
            height = -1
        if height != rows:
            yield Damage(f"index/{name}", "missing" if height is None else "damaged", REBUILD)


def _of_parts(root: Path, manifest: Manifest) -> Iterator[Damage]:
    for name, digest in manifest.parts.items():
        path = root / FOLDER / name
        if not path.is_file():
            yield Damage(f"{FOLDER}/{name}", "missing", REBUILD)
        elif digest_of(path) != digest:
            yield Damage(f"{FOLDER}/{name}", "not the bytes that were written", REBUILD)


def _of_profiles(root: Path, manifest: Manifest) -> Iterator[Damage]:
    for path in {Path(path) for way in manifest.options for path in way.get("profiles", ())}:
        if not path.is_file() or digest_of(path) != path.parent.name:
            problem = "not the bytes that were kept" if path.is_file() else "missing"
            yield Damage(str(path.relative_to(root)), problem, f"put the profile {path.name} back there")
