"""The files as they came: named by their content, compressed, given back byte for byte."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from acwcli.errors import InputError, OutputError
from acwcli.store.durable import write_whole
from acwcli.store.manifest import PROFILES, KeptFile

_CHUNK = 1 << 20
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@dataclass(frozen=True)
class Content:
    """What a file holds.

    Attributes:
        digest: SHA-256 of all of it.
        size: its bytes.
        beginnings: number of first bytes → SHA-256 of those, for the sizes asked for.
    """

    digest: str
    size: int
    beginnings: dict[int, str]


def content_of(path: Path, sizes: Iterable[int] = ()) -> Content:
    """Read a file once.

    Args:
        path: the decompressed file.
        sizes: also the digests of that many first bytes, to tell whether it is a file that has grown.
    """
    total = hashlib.sha256()
    done, found = 0, {}
    wanted = sorted(set(sizes))
    with path.open("rb") as stream:
        while chunk := stream.read(min(_CHUNK, wanted[0] - done) if wanted else _CHUNK):
            total.update(chunk)
            done += len(chunk)
            if wanted and done == wanted[0]:
                found[wanted.pop(0)] = total.hexdigest()
    return Content(total.hexdigest(), done, found)


def keep(root: Path, file: KeptFile, original: Path) -> None:
    """Copy a file into the store; one that is compressed already stays as it is."""
    import pyarrow

    target = root / file.copy
    if target.exists():
        return

    def pack(part: Path) -> None:
        with original.open("rb") as source, pyarrow.output_stream(str(part), compression="zstd") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)

    write_whole(target, pack if file.packed else lambda part: shutil.copyfile(original, part))


def keep_profile(root: Path, path: str) -> str:
    """Copy a profile into the store, under its own name, which is that of its format; return where it is.

    Raises:
        InputError: it cannot be read.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the profile cannot be read ({error.strerror or error})") from error
    target = root / PROFILES / hashlib.sha256(text).hexdigest() / Path(path).name
    if not target.exists():
        write_whole(target, lambda part: part.write_bytes(text))
    return str(target)


def give_back(root: Path, file: KeptFile, target: Path) -> Path:
    """The file as it came: its copy itself, or unpacked into `target`.

    Raises:
        InputError: the copy is missing or damaged.
        OutputError: no room to unpack it.
    """
    import pyarrow

    copy = root / file.copy
    if not copy.is_file():
        raise InputError(f"{copy}: missing from the store ({file.name}); acw store check {root} tells what to do")
    if not file.packed:
        return copy
    try:
        with pyarrow.input_stream(str(copy), compression="zstd") as source, target.open("wb") as whole:
            shutil.copyfileobj(source, whole, _CHUNK)
    except OSError as error:
        if error.errno in _NO_ROOM:
            where = f"{target.parent}: no room for temporary files ({error.strerror})"
            raise OutputError(f"{where}; the store stays as it was. Make room, or set TMPDIR") from error
        raise InputError(f"{copy}: damaged ({error}); acw store check {root} tells what to do") from error
    return target
