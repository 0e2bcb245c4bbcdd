"""Are the double quotes of a large text used as CSV means them, with no line break inside? Decided exactly."""

from __future__ import annotations

import mmap

import numpy as np
import numpy.typing as npt

_BLOCK = 4 << 20
_QUOTE, _LF, _CR = 34, 10, 13

Bytes = npt.NDArray[np.uint8]


def quoting_of(data: mmap.mmap, start: int, delimiter: str) -> bool | None:
    """Return whether quotes enclose cells, or None when they are used in a way a fast reader gets wrong.

    False means that no cell starts with a quote: quotes are letters then, as in `5" pipe`.
    """
    encloses: set[bool] = set()
    end = len(data)
    while start < end:
        stop = end if end - start <= _BLOCK else data.rfind(b"\n", start, start + _BLOCK) + 1
        if stop <= start:
            return None
        block = np.frombuffer(b"\n" + data[start:stop] + b"\n", np.uint8)
        answer = _block_quoting(block, ord(delimiter))
        if answer is None:
            return None
        encloses.update(answer)
        start = stop
    return None if len(encloses) > 1 else encloses.pop() if encloses else False


def _block_quoting(block: Bytes, delimiter: int) -> set[bool] | None:
    """Judge whole lines, led and followed by a line feed."""
    quotes = np.flatnonzero(block == _QUOTE)
    if not quotes.size:
        return set()
    before, after = block[quotes - 1], block[quotes + 1]
    starts_cell = (before == delimiter) | (before == _LF)
    if not starts_cell.any():
        return {False}
    line_ends = np.flatnonzero(block == _LF)
    seen = np.searchsorted(quotes, line_ends)
    if (seen & 1).any():
        return None  # a line break inside quotes, or a quote too many
    opening = np.arange(quotes.size) % 2 == 0
    good_opening = starts_cell | (before == _QUOTE)
    good_closing = (after == delimiter) | (after == _LF) | (after == _CR) | (after == _QUOTE)
    return {True} if np.where(opening, good_opening, good_closing).all() else None
