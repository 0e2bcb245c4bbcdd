"""Compressed files: recognised by their first bytes, unpacked in chunks to a temporary file."""

from __future__ import annotations

import bz2
import lzma
import zlib
from pathlib import Path
from typing import IO, Any

from acwcli.errors import DamagedError, InputError
from acwcli.formats.scratch import scratch_file

_CHUNK = 1 << 20
_MAGIC = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}


def compression_of(head: bytes) -> str:
    """Return `gz`, `bz2`, `xz`, `zst`, or an empty string."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")


def unpack(name: str, path: Path, compression: str) -> Path:
    """Decompress a file into a temporary one; files of several members are read to their end.

    Raises:
        DamagedError: the archive is cut short or damaged.
        InputError: it cannot be read.
    """
    target = scratch_file(f"unpacked-{compression}")
    try:
        with _reader(path, compression) as source, target.open("wb") as copy:
            while chunk := source.read(_CHUNK):
                copy.write(chunk)
    except (EOFError, OSError, ValueError, lzma.LZMAError, _inflate()[1]) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{name}: cannot be unpacked ({error.strerror})") from error
        raise DamagedError(
            f"{name}: the {compression} archive is cut short or damaged ({str(error) or 'ends too early'}); "
            "copy or export it again"
        ) from error
    return target


def _inflate() -> tuple[Any, Any]:
    """How gzip is opened and what damage raises: Intel's library, where it is built, takes half as long."""
    try:
        from isal import igzip, isal_zlib
    except ImportError:
        import gzip

        return gzip.open, zlib.error
    return igzip.open, isal_zlib.error


def _reader(path: Path, compression: str) -> IO[bytes]:
    if compression == "gz":
        return _inflate()[0](path, "rb")  # type: ignore[no-any-return]
    if compression == "bz2":
        return bz2.open(path, "rb")
    if compression == "xz":
        return lzma.open(path, "rb")
    import pyarrow

    return pyarrow.input_stream(str(path), compression="zstd")  # type: ignore[no-any-return]
