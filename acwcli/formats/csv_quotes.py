"""Are the double quotes of a large text used as CSV means them, with no line break inside? Decided exactly."""

from __future__ import annotations

import mmap

import numpy as np
import numpy.typing as npt

_BLOCK = 1 << 16
_QUOTE, _LF, _CR, _SPACE = 34, 10, 13, 32
_ONE, _LAST = np.uint64(1), np.uint64(63)

Words = npt.NDArray[np.uint64]
"""A mask over bytes as bits of 64-bit words: eight times less to move than one byte each."""


def quoting_of(data: mmap.mmap, start: int, delimiter: str) -> bool | None:
    """Return whether quotes enclose cells, or None when they are used in a way a fast reader gets wrong.

    False means that no cell starts with a quote: quotes are letters then, as in `5" pipe`.
    """
    enclosing = misused = False
    end = len(data)
    while start < end and not (enclosing and misused):
        stop = end if end - start <= _BLOCK else data.rfind(b"\n", start, start + _BLOCK) + 1
        if stop <= start:  # a long line
            stop = data.find(b"\n", start) + 1 or end
        padding = b"\n" * (64 - (stop - start + 1) % 64)
        starts_cell, is_wrong = _judged(b"".join((b"\n", data[start:stop], padding)), ord(delimiter))
        enclosing, misused = enclosing or starts_cell, misused or is_wrong
        start = stop
    if not enclosing:
        return False
    return None if misused else True


def _judged(block: bytes, delimiter: int) -> tuple[bool, bool]:
    """Judge whole lines between line feeds, 64 bytes or a multiple: (a cell starts with a quote, one is out of place).

    Outside quotes a quote must open a cell, inside it must close one; a doubled quote does both, which is as good.
    """
    text = np.frombuffer(block, np.uint8)
    quotes, line_ends = _bits(text == _QUOTE), _bits(text == _LF)
    edges = line_ends | _bits(text == delimiter)
    inside = _parity(quotes)
    wrong_opening = quotes & inside & ~_one_on(edges | quotes)
    wrong_closing = quotes & ~inside & ~_one_back(edges | quotes | _bits(text == _CR))
    wrong = wrong_opening | wrong_closing | (line_ends & inside)
    starts_cell = quotes & _one_on(edges | _bits(text == _SPACE))  # maybe, after a blank: the row reader will know
    return bool(starts_cell.any()), bool(wrong.any())


def _bits(mask: npt.NDArray[np.bool_]) -> Words:
    """Pack a mask, 64 places to a word, the first in the lowest bit."""
    return np.packbits(mask, bitorder="little").view(np.uint64)


def _one_on(bits: Words) -> Words:
    """Move every bit to the next place: what is set tells of the byte before."""
    moved = bits << _ONE
    moved[1:] |= bits[:-1] >> _LAST
    return moved


def _one_back(bits: Words) -> Words:
    moved = bits >> _ONE
    moved[:-1] |= bits[1:] << _LAST
    return moved


def _parity(bits: Words) -> Words:
    """Set every place up to and with which the number of set bits is odd: inside quotes."""
    odd = bits.copy()
    for step in (1, 2, 4, 8, 16, 32):
        odd ^= odd << np.uint64(step)
    carried = np.bitwise_xor.accumulate(odd >> _LAST)
    odd[1:] ^= np.negative(carried[:-1])  # 0 stays, 1 becomes a word of ones
    return odd
