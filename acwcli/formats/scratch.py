"""One temporary folder per process for decompressed and decoded copies, removed at exit.

A lock in it is held as long as the process lives, so that what a killed one left behind can be told and removed.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

_PREFIX, _LOCK = "acw-", "lock"
_numbers = itertools.count(1)
_held: list[tuple[Path, BaseFileLock | None]] = []
"""The folders of this process and their locks; the last one is in use."""


def _folder() -> Path:
    if not _held:
        _held.append(_held_folder())
    return _held[-1][0]


@atexit.register
def _leave() -> None:
    while _held:
        _remove(*_held.pop())


def _held_folder() -> tuple[Path, BaseFileLock | None]:
    """A new folder and its lock; None where the file system knows no locks."""
    from filelock import FileLock, Timeout

    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except NotImplementedError:
            return folder, None
        except (Timeout, FileNotFoundError):  # swept by another process before it was held
            continue
        if (folder / _LOCK).exists():
            return folder, lock


def _remove(folder: Path, lock: BaseFileLock | None) -> None:
    if lock is not None:
        with contextlib.suppress(OSError):
            lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def scratch_file(stem: str) -> Path:
    """Return a fresh path in the temporary folder; nothing is created there yet."""
    return _folder() / f"{next(_numbers):04d}-{stem}"


def sweep() -> None:
    """Remove the temporary folders of processes that were killed before they could."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        if not _is_own(left.parent):
            continue
        from filelock import FileLock

        lock = FileLock(left)
        try:
            lock.acquire(timeout=0)
        except (OSError, NotImplementedError, RuntimeError):  # held: by another process, or by this one
            continue
        _remove(left.parent, lock)


def _is_own(folder: Path) -> bool:
    """Whether this user made a folder: what others put where everybody may write is not to be touched."""
    with contextlib.suppress(OSError):
        return not folder.is_symlink() and (not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid())
    return False


@contextlib.contextmanager
def own_folder() -> Iterator[None]:
    """Use a temporary folder that is removed afterwards: a process that serves many tasks never comes to its exit."""
    _held.append(_held_folder())
    try:
        yield
    finally:
        _remove(*_held.pop())
