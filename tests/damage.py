"""Seeded damage to sample files, and an independent count of what a damaged file still holds."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Callable, Sequence

TOKENS = (
    b'"', b'""', b"\0", b"\xff", b"\xc3", b",", b";", b"|", b"\t", b"\n", b"\r", b"\r\n", b"{", b"}", b"[", b"]",
    b"\\", b"9" * 25, b"-1", b"1e400", b"nan", b"0001-01-01", b"9999-12-31 23:59:59", b"24:00:00", b"NULL", b"\\N",
    b"[None]", b"\xef\xbb\xbf", b"\xf0\x9f\x98\x80", b" ",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_FIRST_KEY = re.compile(r'[\[{\s,]*\{\s*"([^"\\]*)"')

Dice = random.Random
Damage = Callable[[bytearray, Dice], bytes]


def _places(content: Sequence[object], dice: Dice) -> list[int]:
    """One place, or a few, or many; the last ones first, so that earlier ones stay where they are."""
    return sorted((dice.randrange(len(content)) for _ in range(dice.choice((1, 1, 3, 10)))), reverse=True)


def flip_bytes(content: bytearray, dice: Dice) -> bytes:
    for place in _places(content, dice):
        content[place] ^= 1 << dice.randrange(8)
    return bytes(content)


def remove_bytes(content: bytearray, dice: Dice) -> bytes:
    for place in _places(content, dice):
        del content[place : place + dice.choice((1, 3, 40, 400))]
    return bytes(content)


def insert_bytes(content: bytearray, dice: Dice) -> bytes:
    for place in _places(content, dice):
        content[place:place] = dice.choice(TOKENS)
    return bytes(content)


def quotes(content: bytearray, dice: Dice) -> bytes:
    for place in _places(content, dice):
        content[place : place + dice.randrange(2)] = b'"'
    return bytes(content)


def nuls(content: bytearray, dice: Dice) -> bytes:
    place = dice.randrange(len(content))
    content[place : place + dice.choice((1, 4, 100))] = bytes(dice.choice((1, 4, 100)))
    return bytes(content)


def cut_end(content: bytearray, dice: Dice) -> bytes:
    return bytes(content[: dice.randrange(len(content))])


def hole(content: bytearray, dice: Dice) -> bytes:
    place, length = dice.randrange(len(content)), dice.choice((8, 64, 512))
    content[place : place + length] = dice.choice((bytes(length), dice.randbytes(length)))
    return bytes(content)


def numbers(content: bytearray, dice: Dice) -> bytes:
    """Huge, negative or odd numbers where there are numbers."""
    found = list(_NUMBER.finditer(content))
    for place in _places(found, dice) if found else ():
        odd = dice.choice((b"9" * 25, b"-5", b"0", b"1e400", b"99999999", b"4294967296", b"1.5", b"NaN", b"", b"65535"))
        content[found[place].start() : found[place].end()] = odd
    return bytes(content)


def cut_lines(content: bytearray, dice: Dice) -> bytes:
    lines = content.splitlines(keepends=True)
    for place in _places(lines, dice):
        del lines[place : place + 1]
    return b"".join(lines)


def cut_inside_lines(content: bytearray, dice: Dice) -> bytes:
    lines = content.splitlines(keepends=True)
    for place in _places(lines, dice):
        lines[place] = lines[place][: dice.randrange(len(lines[place]) + 1)] + dice.choice((b"", b"\n"))
    return b"".join(lines)


def double_lines(content: bytearray, dice: Dice) -> bytes:
    lines = content.splitlines(keepends=True)
    for place in _places(lines, dice):
        lines.insert(dice.randrange(len(lines) + 1), lines[place])
    return b"".join(lines)


def swap_lines(content: bytearray, dice: Dice) -> bytes:
    lines = content.splitlines(keepends=True)
    for place in _places(lines, dice):
        other = dice.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    return b"".join(lines)


def turn_round(content: bytearray, dice: Dice) -> bytes:
    lines = content.splitlines(keepends=True)
    first = dice.randrange(2)
    return b"".join(lines[:first] + lines[first:][::-1])


def fields(content: bytearray, dice: Dice) -> bytes:
    """Fields of a line swapped, emptied, dropped or doubled."""
    mark = max(b",;\t|", key=lambda char: content.count(char)).to_bytes()
    lines = content.splitlines(keepends=True)
    for place in _places(lines, dice):
        cells = lines[place].split(mark)
        one, other = dice.randrange(len(cells)), dice.randrange(len(cells))
        match dice.randrange(4):
            case 0:
                cells[one], cells[other] = cells[other], cells[one]
            case 1:
                cells[one] = b""
            case 2:
                del cells[one]
            case _:
                cells.insert(other, cells[one])
        lines[place] = mark.join(cells)
    return b"".join(lines)


def braces(content: bytearray, dice: Dice) -> bytes:
    """Braces, brackets and colons dropped or doubled."""
    found = [place for place, char in enumerate(content) if char in b"{}[]:"]
    for place in _places(found, dice) if found else ():
        at = slice(found[place], found[place] + 1)
        content[at] = dice.choice((b"", bytes(content[at]) * 2))
    return bytes(content)


def squeezed(content: bytearray, dice: Dice) -> bytes:
    """A gz file whose end is missing, or with a hole."""
    packed = bytearray(gzip.compress(bytes(content), mtime=0))
    return (cut_end if dice.randrange(2) else flip_bytes)(packed, dice)


ANY: tuple[Damage, ...] = (flip_bytes, remove_bytes, insert_bytes, cut_end, hole)
TEXT: tuple[Damage, ...] = (
    *ANY, quotes, nuls, numbers, cut_lines, cut_inside_lines, double_lines, swap_lines, turn_round, fields, squeezed,
)  # fmt: skip


def damaged(content: bytes, others: Sequence[bytes], dice: Dice) -> tuple[str, bytes]:
    """One variant of a sample, and what was done to it.

    Args:
        content: the sample.
        others: samples of other formats, to be put before or after it.
        dice: decides everything.
    """
    if content[:4] in (b"PAR1", b"PK\3\4"):
        kinds = ANY
    else:
        kinds = (*TEXT, braces, braces) if content.lstrip()[:1] in (b"{", b"[") else TEXT
    if dice.randrange(len(kinds) + 1) == 0:
        pair = [content, dice.choice(others)]
        return "joined", b"".join(pair[:: dice.choice((1, -1))])
    name, found = "", content
    for kind in dice.choices(kinds, k=dice.choice((1, 1, 1, 2))):
        if found:
            name, found = f"{name} {kind.__name__}".strip(), kind(bytearray(found), dice)
    return name, found


# What is in a damaged file, told without the package


def plain_lines(text: bytes, header: int) -> int | None:
    """Lines below the header of a text; None where quotes or lone carriage returns make a line no row."""
    if b'"' in text or re.search(rb"\r(?!\n)", text):
        return None
    return len(text.removesuffix(b"\n").split(b"\n")) - header if text else 0


def plain_rows(text: str, delimiter: str, header: int) -> int | None:
    """Records below the header as the csv module counts them; None where the text is no sound CSV.

    Nor is it where a lone carriage return may end a line or not, or a quoted cell swallows what look like rows.
    """
    if re.search(r"\r(?!\n)", text):
        return None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        found = list(reader)
    except csv.Error:
        return None
    if len({len(record) for record in found[header:] if record}) > 1:
        return None
    if any("\n" in cell and delimiter in cell for record in found for cell in record):
        return None
    return len(found) - header


def sound_documents(text: str) -> int:
    """Lines that are a whole JSON object each."""
    return sum(_is_object(line) for line in text.split("\n"))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
