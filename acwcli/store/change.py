"""A change of the store: prepared beside it, made the store by one rename, then moved into place.

What a killed run left is finished or swept away by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl

from acwcli.model.marker import NAMES_FILE, STORE_FILE
from acwcli.store import days, names
from acwcli.store.durable import sync_folder, writing
from acwcli.store.manifest import PROFILES, Manifest, read_manifest, write_manifest
from acwcli.store.parts import FOLDER


def commit(root: Path, new: Manifest, partitions: dict[str, pl.DataFrame]) -> Manifest:
    """Make `new` the store.

    Args:
        root: the store; its files and index segments of the new manifest are in place already.
        new: the manifest to be, of the generation before.
        partitions: the wraps of every day that changes; an empty one goes.

    Returns:
        The manifest as written.

    Raises:
        OutputError: it cannot be written; the store stays as it was.
    """
    generation = new.generation + 1
    folder = days.waiting(root, generation)
    kept = dict(new.days)
    try:
        with writing(root):
            for day, wraps in partitions.items():
                kept.pop(day, None)
                if wraps.height:
                    kept[day] = days.write_day(folder / f"{day}.parquet", wraps)
            written = replace(new, generation=generation, days=dict(sorted(kept.items())))
            write_manifest(root, written)
    except BaseException:
        with contextlib.suppress(OSError):
            settle(root)
        raise
    with contextlib.suppress(OSError):  # the change is made; the next run tidies up what this one could not
        settle(root)
        names.remember(root, partitions.values())
    return written


def settle(root: Path) -> Manifest:
    """Bring the folders in line with the manifest: move what waits, remove what belongs to no state of the store."""
    manifest = read_manifest(root)
    folder = days.waiting(root, manifest.generation)
    for path in sorted(folder.glob("*.parquet")) if folder.is_dir() else []:
        target = days.place(root, path.stem)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        sync_folder(target.parent)
    shutil.rmtree(root / "pending", ignore_errors=True)
    _sweep(root, manifest)
    return manifest


def _sweep(root: Path, manifest: Manifest) -> None:
    copies = {file.copy.removeprefix("files/") for file in manifest.files}
    own = {"files": copies, "index": set(manifest.segments), FOLDER: set(manifest.parts)}
    for folder, wanted in own.items():
        for name in _names(root / folder) - wanted:
            (root / folder / name).unlink()
    profiles = {Path(path).parent.name for way in manifest.options for path in way.get("profiles", ())}
    for name in _names(root / PROFILES) - profiles:
        shutil.rmtree(root / PROFILES / name)
    held = {f"day={day}" for day in manifest.days}
    for name in _names(root / "wraps") - held:
        if name.startswith("day="):
            shutil.rmtree(root / "wraps" / name)
    for name in (STORE_FILE, NAMES_FILE):
        (root / f".{name}.part").unlink(missing_ok=True)


def _names(folder: Path) -> set[str]:
    return set(os.listdir(folder)) if folder.is_dir() else set()
