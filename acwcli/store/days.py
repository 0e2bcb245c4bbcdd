"""One Parquet file per day of wraps, in hive-style folders; while a change is carried out, the new ones lie in wait."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import polars as pl

from acwcli.errors import InputError
from acwcli.model.columns import INSTANT, WRAP_COLUMNS, WRAP_FRAME
from acwcli.model.seconds import in_seconds
from acwcli.store.durable import write_table
from acwcli.store.manifest import KeptDay, Manifest, read_manifest

KEPT = {**WRAP_FRAME, "file": pl.UInt32()}
"""The engine's columns of a kept wrap; written with lengths in seconds, as in the wraps contract."""

Found = TypeVar("Found")

_ORDER = ("agent_id", "wrap_start", "row", "file", "contact_id", "acw_ms")


def waiting(root: Path, generation: int) -> Path:
    """Where the new partitions of a change lie until they are moved into their places."""
    return root / "pending" / str(generation)


def place(root: Path, day: str) -> Path:
    """Where the partition of a day belongs."""
    return root / "wraps" / f"day={day}" / "wraps.parquet"


def path_of(root: Path, manifest: Manifest, day: str) -> Path:
    """Where the partition of a day is now."""
    moved = waiting(root, manifest.generation) / f"{day}.parquet"
    return moved if moved.exists() else place(root, day)


def write_day(path: Path, wraps: pl.DataFrame) -> KeptDay:
    """Write the wraps of a day, in an order that depends on nothing but them."""
    ordered = wraps.sort(*_ORDER, nulls_last=True)
    public = ordered.select(*(_public(name) for name in WRAP_COLUMNS), pl.col("file").cast(pl.UInt32))
    write_table(path, public)
    waits = ordered.filter((pl.col("status") == "open") & pl.col("channel").is_not_null())
    return KeptDay(wraps.height, digest_of(path), waits["agent_id"].unique().sort().to_list())


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_days(
    root: Path, manifest: Manifest, days: Sequence[str], columns: Sequence[str] = tuple(KEPT)
) -> pl.DataFrame:
    """Read the wraps of some days.

    Args:
        root: the store.
        manifest: its manifest.
        days: which days; those not in the store are empty.
        columns: which columns, by their internal names.

    Raises:
        InputError: a partition is missing or damaged.
    """
    held = [day for day in days if day in manifest.days]
    with sound(root):
        found = scan_days(root, manifest, held, columns).collect(engine="streaming")
    check_number(root, manifest, held, found.height)
    return found


def scan_days(root: Path, manifest: Manifest, days: Sequence[str], columns: Sequence[str]) -> pl.LazyFrame:
    """The wraps of some days the store has, not yet read; see `sound` and `check_number`."""
    if not days:
        return pl.LazyFrame(schema={name: KEPT[name] for name in columns})
    paths = [path_of(root, manifest, day) for day in days]
    return pl.scan_parquet(paths, hive_partitioning=False, glob=False).select(_internal(name) for name in columns)


@contextmanager
def sound(root: Path) -> Iterator[None]:
    """Read partitions.

    Raises:
        InputError: one is missing or damaged.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        raise damaged(root, str(error).splitlines()[0]) from error


def check_number(root: Path, manifest: Manifest, days: Iterable[str], wraps: int) -> None:
    """Compare how many wraps some days have with what the manifest says.

    Raises:
        InputError: it is another number.
    """
    if wraps != sum(manifest.days[day].rows for day in days):
        raise damaged(root, "other wraps than its manifest says")


def at_one_moment(root: Path, read: Callable[[Manifest], Found]) -> tuple[Manifest, Found]:
    """Read a store as of one moment, though a change may be carried out meanwhile."""
    while True:
        manifest = read_manifest(root)
        try:
            found = read(manifest)
        except InputError:
            if read_manifest(root).generation == manifest.generation:
                raise
            continue
        if read_manifest(root).generation == manifest.generation:
            return manifest, found


def damaged(root: Path, what: str) -> InputError:
    """The error for a store that is not what its manifest says."""
    return InputError(f"{root}: the store is damaged ({what}); acw store check {root} tells what to do")


def _public(name: str) -> pl.Expr:
    internal = f"{name.removesuffix('_s')}_ms"
    return in_seconds(pl.col(internal)).alias(name) if internal in KEPT else pl.col(name).cast(KEPT[name])


def _written(name: str) -> str:
    return f"{name.removesuffix('_ms')}_s" if name.endswith("_ms") else name


def _internal(name: str) -> pl.Expr:
    if name.endswith("_ms"):
        return (pl.col(_written(name)) * 1000).round().cast(pl.Int64).alias(name)
    return pl.col(name).cast(INSTANT) if KEPT[name] == INSTANT else pl.col(name)
