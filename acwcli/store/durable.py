"""Files that appear whole or not at all, and stay after a power cut."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from acwcli.errors import OutputError


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write below `path` into an error that says what to do.

    Raises:
        OutputError: no space, no permission, or another failure of the disk.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{path}: the store cannot be written ({reason}); it stays as it was. Make room or give the right to write"
        ) from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, force it to the disk, then move it there."""
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    write(part)
    with part.open("rb+") as stream:
        os.fsync(stream.fileno())
    part.replace(path)
    sync_folder(path.parent)


def write_table(path: Path, table: pl.DataFrame, about: dict[str, str] | None = None) -> None:
    """Write a small table as Parquet. By way of memory: a disk that is full is then told as such."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", metadata=about)
    write_whole(path, lambda part: part.write_bytes(buffer.getbuffer()))


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
