"""From the paths a user typed to the files that will be read: files, folders, globs, addresses and standard input."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from acwcli.errors import InputError, did_you_mean
from acwcli.formats import cloud
from acwcli.formats.scratch import scratch_file
from acwcli.model.marker import STORE_FILE

_GLOB_MARKS = frozenset("*?[")


@dataclass(frozen=True)
class Input:
    """One file to read.

    Attributes:
        name: how messages call it: as the user wrote it, as found, or `<stdin>`.
        path: where its bytes are.
        named: the user named this very file; false when it was found in a folder or by a glob.
    """

    name: str
    path: Path
    named: bool = True


def find_inputs(paths: Sequence[str]) -> list[Input]:
    """Expand files, folders (recursive, hidden files skipped), globs, addresses and `-` into readable files.

    The order is that of the arguments, sorted inside a folder or glob; a file met twice is read once.

    Raises:
        InputError: a path is missing or not readable, or a folder or glob holds no file.
    """
    found: dict[tuple[int, int], Input] = {}
    for text in dict.fromkeys(paths):
        for item in _expand(text):
            status = item.path.stat()
            found.setdefault((status.st_dev, status.st_ino), item)
    return list(found.values())


def _expand(text: str) -> list[Input]:
    if text == "-":
        return [_copy_stdin()]
    if cloud.is_remote(text):
        return [Input(name, path, named) for name, path, named in cloud.fetch(text)]
    if not text:
        raise InputError("'': an empty path; name a file or folder, or '.' for this one")
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            return _in_folder(text, path)
        if path.exists():
            return [_readable(text, path, named=True)]
    except PermissionError as error:
        raise _no_permission(text) from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: `~somebody` nobody knows
        raise InputError(f"{text!r}: this is no usable path ({error}); check how it is spelt") from error
    if _GLOB_MARKS & set(text):
        return _from_glob(text, path)
    if path.is_symlink():
        raise InputError(f"{text}: a link to a file that is not there; check where it points to")
    near = did_you_mean(path.name, _names_beside(path))
    raise InputError(f"{text}: no such file or folder{near}; check the path")


def _readable(name: str, path: Path, *, named: bool) -> Input:
    try:
        if not path.is_file():
            return Input(name, _copy_stream(path), named)
        with path.open("rb"):
            pass
    except PermissionError as error:
        raise _no_permission(name) from error
    except OSError as error:
        raise InputError(f"{name}: cannot be opened ({error.strerror or error})") from error
    return Input(name, path, named)


def _in_folder(text: str, folder: Path) -> list[Input]:
    try:
        files = sorted(_visible_files(folder))
    except PermissionError as error:
        raise _no_permission(text) from error
    if not files:
        raise InputError(f"{text}: the folder holds no files; name the folder or file of the export")
    return [_readable(str(file), file, named=False) for file in files]


def _visible_files(folder: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise error

    for here, folders, names in os.walk(folder, onerror=stop):
        if STORE_FILE in names:  # a store stands for its files only where it is named itself
            folders[:], names = [], [STORE_FILE]
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(here, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _from_glob(text: str, pattern: Path) -> list[Input]:
    """Expand a pattern ourselves: cron and quoted arguments bring it unexpanded."""
    anchor = Path(pattern.anchor) if pattern.anchor else Path()
    relative = str(pattern.relative_to(anchor)) if pattern.anchor else str(pattern)
    try:
        hits = sorted(hit for hit in anchor.glob(relative) if not _is_hidden(hit, pattern))
        hits = [hit for hit in hits if not _in_store(hit, pattern)]
    except (ValueError, NotImplementedError) as error:
        raise InputError(f"{text}: this pattern cannot be expanded ({error})") from error
    files = [_readable(str(hit), hit, named=False) for hit in hits if hit.is_file()]
    if not files:
        raise InputError(f"{text}: no file matches this pattern; check it, or name a file or folder")
    return files


def _is_hidden(hit: Path, pattern: Path) -> bool:
    return any(part.startswith(".") and part not in pattern.parts for part in hit.parts)


def _in_store(hit: Path, pattern: Path) -> bool:
    """Whether a file lies in a store that the pattern does not name."""
    above = [folder for folder in hit.parents if folder not in pattern.parents]
    return any((folder / STORE_FILE).is_file() for folder in above)


def _names_beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return []


def _copy_stdin() -> Input:
    """Standard input is read once, but a file is read several times: keep a copy on disk."""
    if sys.stdin is None:
        raise InputError("<stdin>: standard input is closed; name a file instead of '-'")
    _let_interrupts_through()
    target = scratch_file("stdin")
    with target.open("wb") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy, 1 << 20)
    return Input("<stdin>", target)


def _copy_stream(path: Path) -> Path:
    """Pipes and devices such as `<(zcat x)` can be read once only: keep a copy on disk."""
    _let_interrupts_through()
    target = scratch_file("stream")
    with path.open("rb") as stream, target.open("wb") as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
    return target


def _let_interrupts_through() -> None:
    """Polars has system calls go on after Ctrl-C; one that waits for somebody's data would then wait for ever."""
    if hasattr(signal, "siginterrupt"):
        signal.siginterrupt(signal.SIGINT, True)


def _no_permission(name: str) -> InputError:
    return InputError(f"{name}: no permission to read it; ask its owner, or run as a user who may")
