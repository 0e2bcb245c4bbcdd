"""One temporary folder per process for decompressed and decoded copies, removed at exit."""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_numbers = itertools.count(1)


@functools.cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="acw-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def scratch_file(stem: str) -> Path:
    """Return a fresh path in the temporary folder; nothing is created there yet."""
    return _folder() / f"{next(_numbers):04d}-{stem}"


@contextlib.contextmanager
def own_folder() -> Iterator[None]:
    """Use a temporary folder that is removed afterwards: a process that serves many tasks never comes to its exit."""
    _folder.cache_clear()
    try:
        yield
    finally:
        shutil.rmtree(_folder(), ignore_errors=True)
        _folder.cache_clear()
