"""Where a key stands in a TOML text, so that a mistake can be named by its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_TABLE = r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$"
_KEY = r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
_PART = r"""[\w-]+|"[^"]*"|'[^']*'"""
_LONG_TEXT = r"\"\"\"|" + "'''"

Path = tuple[str | int, ...]


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the 1-based line of a key; of the nearest table around it where the key itself is not there.

    Args:
        text: the TOML text, known to be valid.
        path: keys from the root; a number picks one table of an array of tables.
    """
    places = _places(text)
    for length in range(len(path), 0, -1):
        if (line := places.get(tuple(path[:length]))) is not None:
            return line
    return 1


def _places(text: str) -> dict[Path, int]:
    places: dict[Path, int] = {}
    arrays: Counter[Path] = Counter()
    table: Path = ()
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if found := re.match(_TABLE, line):
            table = _parts(found[2])
            if found[1] == "[[":
                table = (*table, arrays[table])
                arrays[table[:-1]] += 1
            places.setdefault(table, number)
        elif found := re.match(_KEY, line):
            places.setdefault((*table, *_parts(found[1])), number)
        marks = re.findall(_LONG_TEXT, line)
        closing = marks[-1] if len(marks) % 2 else ""
    return places


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
