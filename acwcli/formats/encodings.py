"""Which encoding a text file has: byte order marks, NULs of UTF-16, valid UTF-8, or a legacy code page."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from acwcli.errors import UsageError, did_you_mean
from acwcli.formats.scratch import scratch_file
from acwcli.formats.words import is_known_word

LEGACY = ("windows-1251", "windows-1252", "windows-1256", "gb18030")
_KNOWN = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "koi8-r", "cp866", "big5", *LEGACY)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_SAMPLE = 1 << 18
_CELL_ENDS = r'[,;\t|\r\n":{}\[\]]+'


class Decoded(NamedTuple):
    """The outcome of decoding: where the UTF-8 text is, and how many characters could not be read."""

    path: Path
    unreadable: int


def checked_encoding(encoding: str) -> str:
    """Return the encoding as given when Python knows it as a text encoding.

    Raises:
        UsageError: nobody knows it.
    """
    try:
        "a".encode(encoding)  # of an empty text Python does not look the codec up
    except (LookupError, ValueError) as error:
        near = did_you_mean(encoding, _KNOWN)
        raise UsageError(f"unknown encoding '{encoding}'{near}; such as {', '.join(_KNOWN[:2] + LEGACY)}") from error
    return encoding


def is_utf8(encoding: str) -> bool:
    """UTF-8 under any of its names."""
    return bool(encoding) and codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def is_wide(encoding: str) -> bool:
    """UTF-16 or UTF-32, whose text is full of NUL bytes."""
    return bool(encoding) and codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def marked_encoding(head: bytes) -> str:
    """Return the encoding that a byte order mark names, or that the NULs of UTF-16 betray, or an empty string."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[0::2], head[1::2]
    nul_even, nul_odd = (half.count(0) / max(len(half), 1) for half in (even, odd))
    if nul_odd > 0.4 and nul_even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if nul_even > 0.4 and nul_odd < 0.1 else ""


def utf8_faults(path: Path) -> tuple[int, int]:
    """Count what is no UTF-8 and what is: (bad sequences, good characters beyond ASCII)."""
    bad = good = 0
    for text in decoded_chunks(path, "utf-8", errors="acw-count"):
        if not text.isascii():
            lost = text.count(_LOST)
            bad += lost
            good += sum(1 for char in text if char > "\x7f") - lost
    return bad, good


_LOST = "\udcff"  # cannot come out of a decoder by itself
codecs.register_error("acw-count", lambda error: (_LOST, getattr(error, "end", 0)))


def decoded_chunks(path: Path, encoding: str, errors: str) -> Iterator[str]:
    """Yield the text of a file in chunks, in flat memory."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=errors)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def to_utf8(path: Path, encoding: str) -> Decoded:
    """Write a UTF-8 copy of a file; what cannot be decoded becomes U+FFFD and is counted."""
    target, unreadable, first = scratch_file("utf8"), 0, True
    with target.open("wb") as copy:
        for text in decoded_chunks(path, encoding, errors="acw-count"):
            unreadable += text.count(_LOST)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            copy.write(text.replace(_LOST, "\ufffd").encode("utf-8", errors="replace"))
    return Decoded(target, unreadable)


def legacy_encoding(path: Path) -> tuple[str, str]:
    """Choose the code page of a file that is not UTF-8, and say by what.

    The words of the field decide: the right code page is the one that makes known headers and states appear.
    """
    sample = _lines_beyond_ascii(path)
    scores = {name: _known_words(sample, name) for name in LEGACY}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] > 0:
        return best, "its words"
    if _stand_alone(sample):
        return "windows-1252", "single accented letters"
    from charset_normalizer import from_bytes

    guess = from_bytes(sample, cp_isolation=[codecs.lookup(name).name for name in LEGACY]).best()
    by_name = {codecs.lookup(name).name: name for name in LEGACY}
    found = by_name.get(codecs.lookup(guess.encoding).name) if guess else None
    return (found, "its letters") if found else ("windows-1252", "no better clue")


def _stand_alone(sample: bytes) -> bool:
    """Letters beyond ASCII stand alone in Western words, and in runs in Cyrillic, Arabic and Chinese."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    return sum(len(run) == 1 for run in runs) > 0.7 * len(runs)


def _lines_beyond_ascii(path: Path) -> bytes:
    found: list[bytes] = []
    size = 0
    with path.open("rb") as stream:
        while size < _SAMPLE and (line := stream.readline(_CHUNK)):
            if not line.isascii():
                found.append(line)
                size += len(line)
    return b"".join(found)


def _known_words(sample: bytes, encoding: str) -> int:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        if error.end < len(sample) - 4:  # not just a character cut by the sample's end
            return -1
        text = sample[: error.start].decode(encoding)
    cells = {cell.strip() for cell in re.split(_CELL_ENDS, text)}
    return sum(is_known_word(cell) for cell in sorted(cells)[:5000] if cell and not cell.isascii())
