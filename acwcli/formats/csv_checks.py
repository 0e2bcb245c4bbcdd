"""Is it safe to let Polars read this text? Answered from its bytes, before anything depends on it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import polars as pl

from acwcli.formats.csv_layout import Layout
from acwcli.formats.plain import Plain

_WHOLE = 4 << 20  # files up to this size are looked at from end to end, larger ones in evenly spread blocks
_BLOCKS, _BLOCK = 32, 1 << 16
_BLANKS = (b" ", b"\t", b"\x0b", b"\x0c")
_SPARES_WHEN_RAGGED, _SPARES_AT_MOST = 16, 256
_SMALL_QUOTED = 2 << 20  # below this the row reader is as quick as the proof that it is not needed


@dataclass(frozen=True)
class Checks:
    """What a scan must know about a sound text.

    Attributes:
        quoting: double quotes enclose cells.
        padded: blanks surround cells somewhere, so that cells must be stripped.
        spares: columns to add for fields beyond the header.
        blank_lines: physical lines of the data that hold nothing.
    """

    quoting: bool
    padded: bool
    spares: int
    blank_lines: list[int] = field(default_factory=list)


def check_rows(plain: Plain, layout: Layout) -> Checks | None:
    """Return what a fast scan must know, or None when only a reader that names rows may touch this text."""
    if plain.has_nul or plain.long_lines or plain.path.stat().st_size == 0:
        return None
    with plain.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        quoting = False
        if plain.has_quote:
            if len(data) <= _SMALL_QUOTED:
                return None
            from acwcli.formats.csv_quotes import quoting_of

            answer = quoting_of(data, _line_start(data, layout.first_line), layout.delimiter)
            if answer is None:
                return None
            quoting = answer
        start = _line_start(data, layout.first_line)
        return _checks(data, start, plain, layout, quoting)


def _checks(data: mmap.mmap, start: int, plain: Plain, layout: Layout, quoting: bool) -> Checks:
    delimiter = layout.delimiter.encode()
    wide = b"" if plain.ascii else rb"\xc2\xe3"  # how no-break and ideographic spaces begin
    suspect = re.compile(rb'\n[ \t\r\n\x0b\x0c"' + wide + re.escape(delimiter) + rb"]")
    blank, widest = False, 0
    others, too_many = bytes(set(range(256)) - {ord("\n"), *delimiter}), delimiter * len(layout.columns)
    blocks = list(_blocks(data, start))
    padded = not plain.ascii or _are_padded(blocks, delimiter, quoting)
    for block in blocks:
        blank = blank or suspect.search(block) is not None
        if too_many in block.translate(None, delete=others):
            widest = max(widest, *map(bytes.count, block.split(b"\n"), repeat(delimiter)))
    lines = _blank_lines(data, start, layout, quoting) if blank else []
    # Quoted delimiters count too: a few spare columns too many cost nothing until somebody asks for them.
    surplus = max(widest - len(layout.columns) + 1, 0)
    spares = 1 if surplus == 0 else min(surplus + _SPARES_WHEN_RAGGED, _SPARES_AT_MOST)
    return Checks(quoting, padded, spares, lines)


def _are_padded(blocks: Sequence[bytes], delimiter: bytes, quoting: bool) -> bool:
    """Look for a blank at the edge of a cell; Polars finds a pair of bytes thirty times as fast as Python does."""

    def somewhere(byte: bytes) -> bool:
        return any(byte in block for block in blocks)

    returns = somewhere(b"\r")
    edges = [delimiter, b"\n", *([b"\r"] if returns else []), *([b'"'] if quoting else [])]
    blanks = [blank for blank in _BLANKS if blank != delimiter and somewhere(blank)]
    pairs = [pair for blank in blanks for edge in edges for pair in (blank + edge, edge + blank)]
    texts = pl.Series(blocks, dtype=pl.Binary)
    return any(block.endswith(_BLANKS) for block in blocks) or any(
        texts.bin.contains(pair).any() for pair in (pairs + [b"\r\r"] * returns)
    )


def _line_start(data: mmap.mmap, line: int) -> int:
    """Return the offset at which a physical line starts; the end when there are fewer lines."""
    offset = 0
    for _ in range(line - 1):
        found = data.find(b"\n", offset)
        if found < 0:
            return len(data)
        offset = found + 1
    return offset


def _blocks(data: mmap.mmap, start: int) -> Iterator[bytes]:
    """Yield whole lines, each led by the line feed before it: all data of a small file, a spread of a large one."""
    end = len(data)
    if end - start <= _WHOLE:
        yield b"\n" + data[start:end]
        return
    step = (end - start - _BLOCK) // (_BLOCKS - 1)
    for number in range(_BLOCKS - 1):
        offset = max(start - 1, 0) + number * step
        block = data[offset : offset + _BLOCK]
        yield block[block.find(b"\n") : block.rfind(b"\n")]
    last = data[end - _BLOCK : end]
    yield last[last.find(b"\n") :]


def _blank_lines(data: mmap.mmap, start: int, layout: Layout, quoting: bool) -> list[int]:
    """Number every line from the first data row on that holds nothing but delimiters, blanks and empty quotes."""
    nothing = rb"[ \t\r\x0b\x0c" + re.escape(layout.delimiter.encode()) + rb"]"
    pieces = [nothing, rb"\xc2\xa0|\xe3\x80\x80", *([rb'"[ \t]*"(?!")'] if quoting else [])]
    empty = re.compile(rb"\n(?:" + rb"|".join(pieces) + rb")*(?=\n|\Z)")
    found: list[int] = []
    counted, line = start, layout.first_line
    for hit in empty.finditer(data, max(start - 1, 0)):
        if hit.end() == len(data) == hit.start() + 1:
            break  # the line feed that ends the file
        line += _line_feeds(data, counted, hit.start() + 1)
        counted = max(hit.start() + 1, counted)
        found.append(line)
    return found


def _line_feeds(data: mmap.mmap, start: int, end: int) -> int:
    return sum(data[at : min(at + _BLOCK, end)].count(b"\n") for at in range(start, end, _BLOCK))
