"""Any file as plain bytes a reader understands: decompressed, decoded to UTF-8, recognised by content."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from acwcli.errors import DamagedError, InputError
from acwcli.formats.archives import compression_of, unpack
from acwcli.formats.encodings import (
    checked_encoding,
    is_utf8,
    is_wide,
    legacy_encoding,
    marked_encoding,
    to_utf8,
    utf8_faults,
)
from acwcli.formats.inputs import Input
from acwcli.formats.scratch import scratch_file
from acwcli.formats.survey import Survey, survey

_HEAD = 1 << 16
_JSON_START = r'\ufeff?\s*(?:\{\s*["}]|\[\s*[\[{\]])'
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x0b\x1a\x1b\x08\x00")
_NO_TABLES = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Office file (.xls)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x7fELF": "a program",
    b"SQLite format 3": "an SQLite database",
}


@dataclass(frozen=True)
class Plain:
    """A file ready to be parsed.

    Attributes:
        name: the file's name in messages.
        path: plain UTF-8 text (lines end in LF or CRLF), Parquet or xlsx; a temporary copy where the input was not.
        kind: `text`, `parquet` or `xlsx`.
        encoding: the encoding the text had; empty for the other kinds.
        compression: `gz`, `bz2`, `xz`, `zst` or empty.
        ascii: the text is ASCII throughout.
        has_quote: a double quote occurs.
        has_nul: a NUL byte occurs.
        long_lines: a line of more than 1 MiB may occur.
        notes: what a reader of the figures should know.
    """

    name: str
    path: Path
    kind: Literal["text", "parquet", "xlsx"]
    encoding: str = ""
    compression: str = ""
    ascii: bool = False
    has_quote: bool = False
    has_nul: bool = False
    long_lines: bool = False
    notes: list[str] = field(default_factory=list)


def as_plain(input: Input, encoding: str | None) -> Plain:
    """Decompress and decode a file; a plain UTF-8 file is used in place.

    Args:
        input: the file.
        encoding: forced text encoding, or None to detect it.

    Raises:
        DamagedError: the file is cut short or damaged.
        InputError: the file is empty, binary or not readable.
        UsageError: the forced encoding is unknown.
    """
    path, head = input.path, _head(input.name, input.path)
    compression = compression_of(head)
    if compression:
        path = unpack(input.name, path, compression)
        head = _head(input.name, path)
        if compression_of(head):
            raise InputError(f"{input.name}: compressed twice; unpack it once")
    if not head:
        raise InputError(f"{input.name}: the file is empty; export it again")
    if head.startswith(b"PAR1"):
        return _parquet(input.name, path, compression)
    if head.startswith(b"PK\x03\x04"):
        return _workbook(input.name, path, compression)
    return _text(input.name, path, compression, head, encoding)


def is_json(plain: Plain) -> bool:
    """Tell JSON from delimited text by its first characters."""
    with plain.path.open("rb") as stream:
        return re.match(_JSON_START, stream.read(4096).decode("utf-8", errors="replace")) is not None


def _head(name: str, path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEAD)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror or error})") from error


def _parquet(name: str, path: Path, compression: str) -> Plain:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - 4, 0))
        if path.stat().st_size < 12 or stream.read(4) != b"PAR1":
            raise DamagedError(f"{name}: the Parquet file is cut short; copy or export it again")
    return Plain(name, path, "parquet", compression=compression)


def _workbook(name: str, path: Path, compression: str) -> Plain:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise DamagedError(f"{name}: the workbook or zip file is cut short or damaged; copy it again") from error
    if not any(entry.startswith("xl/") for entry in names):
        raise InputError(f"{name}: a zip archive; unpack it and name the files in it")
    return Plain(name, path, "xlsx", compression=compression)


def _text(name: str, path: Path, compression: str, head: bytes, forced: str | None) -> Plain:
    marked = marked_encoding(head)
    encoding = checked_encoding(forced) if forced else marked
    if head[257:262] == b"ustar":  # a long file in it looks like text with a few odd lines
        raise InputError(f"{name}: a tar archive; unpack it and name the files in it")
    if not is_wide(encoding):
        _refuse_binary(name, head)
    notes: list[str] = []
    seen, decoded = survey(path), path
    if encoding in ("", "utf-8-sig") or is_utf8(encoding):
        encoding, decoded = _utf8_or_legacy(name, path, seen, forced, marked, notes)
    elif is_wide(encoding) or not seen.ascii:
        decoded = _decode(name, path, encoding, notes)
    if decoded != path:
        seen = survey(decoded)
    if seen.returns and not seen.line_feeds:
        decoded, seen = _with_line_feeds(decoded)
    return Plain(
        name, decoded, "text", encoding, compression, seen.ascii, seen.quotes, seen.nuls, seen.long_lines, notes
    )


def _refuse_binary(name: str, head: bytes) -> None:
    for magic, what in _NO_TABLES.items():
        if head.startswith(magic):
            raise InputError(f"{name}: {what}, not a table; export it as CSV, xlsx or Parquet")
    odd = sum(head.count(code) for code in range(32) if code not in _TEXT_CONTROLS)
    if odd > len(head) * 0.02 or head.count(0) > len(head) * 0.2:
        raise InputError(f"{name}: binary data, not a table; export it as CSV, xlsx or Parquet")


def _utf8_or_legacy(
    name: str, path: Path, seen: Survey, forced: str | None, marked: str, notes: list[str]
) -> tuple[str, Path]:
    """A few bad bytes among good UTF-8 stay UTF-8; without good UTF-8 the file has a legacy code page."""
    utf8 = "utf-8-sig" if marked == "utf-8-sig" else "utf-8"
    if seen.ascii:
        return utf8, path
    bad, good = utf8_faults(path)
    if bad == 0:
        return utf8, path
    if forced or marked or good >= 4 * bad:
        return utf8, _decode(name, path, "utf-8", notes)
    legacy, clue = legacy_encoding(path)
    notes.append(f"{name}: not UTF-8, read as {legacy} (by {clue}); --encoding overrides")
    return legacy, _decode(name, path, legacy, notes)


def _decode(name: str, path: Path, encoding: str, notes: list[str]) -> Path:
    try:
        decoded = to_utf8(path, encoding)
    except UnicodeError as error:  # UTF-16 without a mark, or a codec that cannot skip what it does not know
        raise InputError(
            f"{name}: cannot be read as {encoding} ({error}); leave --encoding out to have it detected"
        ) from error
    if decoded.unreadable:
        notes.append(f"{name}: {decoded.unreadable} bytes are no {encoding} and read as U+FFFD")
    return decoded.path


def _with_line_feeds(path: Path) -> tuple[Path, Survey]:
    """Old Mac exports end lines in a lone CR; nothing downstream needs to know."""
    target = scratch_file("lines")
    with path.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(1 << 20):
            copy.write(chunk.replace(b"\r", b"\n"))
    return target, survey(target)
