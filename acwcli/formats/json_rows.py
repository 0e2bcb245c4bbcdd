"""JSON as a grid: one object per line, an array of objects, or one object around such an array."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.csv_repair import numbered_lines
from acwcli.formats.grid_data import SAMPLE_ROWS, Grid, Raw, column_names, doubled_note, raw_lines
from acwcli.formats.json_scan import scanned_rows
from acwcli.formats.json_split import Splitter
from acwcli.formats.plain import Plain
from acwcli.formats.row_batches import Row, as_frame
from acwcli.formats.scratch import scratch_file
from acwcli.formats.survey import LONGEST_LINE

_DOCUMENT_BYTES = 64 << 20
"""Above this a document is cut into its records first: parsed whole it takes some ten times its size."""
_PAGE_BYTES = 1 << 16
_PAGING = re.compile(r"total|page|cursor|next|prev|count|size|ur[il]|link|availab|end_?time|has_?more", re.IGNORECASE)
"""Members of the answer of an API that tell where its page stands, and nothing else."""
_BAD_JSON, _NO_OBJECT = "bad JSON", "not a JSON object"


class _Digits(str):
    """A number as it is written; told from a string when nested values are written again."""

    __slots__ = ()


Json: TypeAlias = "dict[str, Json] | list[Json] | str | _Digits | bool | None"


def is_empty_page(plain: Plain) -> bool:
    """Whether a JSON text is a list, or an answer of an API, without a record in it: the last page of many."""
    if plain.path.stat().st_size > _PAGE_BYTES:
        return False
    document = _document(plain)
    return document is not None and _holds_nothing(document)


def _holds_nothing(value: Json) -> bool:
    if isinstance(value, dict):
        return all(_PAGING.search(key) if _is_plain(one) else _holds_nothing(one) for key, one in value.items())
    return not value


def _is_plain(value: Json) -> bool:
    return value is not None and not isinstance(value, dict | list)


def read_json(plain: Plain) -> Grid:
    """Read JSON records; numbers keep their text, nested values stay JSON text.

    Raises:
        InputError: nothing in the file is a JSON object.
    """
    if _has_object_per_line(plain):
        return _grid_of_lines(plain)
    if plain.path.stat().st_size > _DOCUMENT_BYTES:
        return _grid_of_lines(_cut(plain))
    document = _document(plain)
    return _grid_of_lines(plain) if document is None else _grid_of_document(plain, document)


def _has_object_per_line(plain: Plain) -> bool:
    """The first line is a whole object and another line follows."""
    filled = (text for _, text, bad in numbered_lines(plain.path) if bad or text.strip("\ufeff \t\r"))
    first, second = next(filled, ""), next(filled, None)
    return second is not None and isinstance(_loads(first.removeprefix("\ufeff")), dict)


def _loads(text: str) -> Json:
    """Parse with numbers as the text they are; None when it is no JSON."""
    try:
        parsed: Json = json.loads(text, parse_float=_Digits, parse_int=_Digits, parse_constant=_Digits)
    except (ValueError, RecursionError):
        return None
    return parsed


def _cut(plain: Plain) -> Plain:
    """A document too large to hold, its records cut out one by one onto lines of their own."""
    target = scratch_file("records.ndjson")
    longest = 0
    with (
        plain.path.open(encoding="utf-8-sig", errors="replace", newline="") as stream,
        target.open("w", encoding="utf-8", newline="") as lines,
    ):
        splitter = Splitter(stream)
        for record in splitter:  # a line break outside strings is a blank, inside them it cannot stand
            text = record.text.replace("\n", " ").replace("\r", " ")
            longest = max(longest, len(text))
            lines.write(text + "\n")
    notes = [*plain.notes, *[f"{plain.name}: the file ends inside an array; it may be cut short"] * splitter.cut]
    long_lines = longest * 4 > LONGEST_LINE
    return replace(plain, path=target, encoding="utf-8", long_lines=long_lines, notes=notes)


def _document(plain: Plain) -> Json:
    return _loads(plain.path.read_text(encoding="utf-8-sig", errors="replace"))


def _records_in(document: Json) -> list[Json]:
    """Find the array of objects inside wrappers such as `{"data": {"rows": [...]}}`; else the object is the record."""
    inside = document
    while isinstance(inside, dict):
        arrays = [
            value for value in inside.values() if isinstance(value, list) and value and isinstance(value[0], dict)
        ]
        if len(arrays) == 1:
            return arrays[0]
        objects = [value for value in inside.values() if isinstance(value, dict)]
        if arrays or len(objects) != 1 or len(inside) > 1:
            return [document]
        inside = objects[0]
    return inside if isinstance(inside, list) else [document]


def _grid_of_document(plain: Plain, document: Json) -> Grid:
    records = _records_in(document)
    keys = list(dict.fromkeys(key for record in records if isinstance(record, dict) for key in record))
    if records and not keys:
        raise InputError(f"{plain.name}: JSON without objects; a table needs one object per row")
    names, doubled = column_names(keys)
    rows = (_row(number, record, None, keys) for number, record in enumerate(records, 1))

    def raw(wanted: Sequence[int]) -> dict[int, str]:
        return {number: _written(records[number - 1]) for number in wanted if 0 < number <= len(records)}

    details = {"rows": "records of one JSON document"}
    return _grid(plain, names, as_frame(rows, names), raw, Counter(), doubled_note(plain.name, doubled), details)


def _grid_of_lines(plain: Plain) -> Grid:
    ignored: Counter[str] = Counter()
    scanned = scanned_rows(plain)
    if scanned is not None:
        keys, frame, doubled = scanned
        return _grid(plain, keys, frame, raw_lines(plain.path), ignored, doubled_note(plain.name, doubled), {})
    keys = list(dict.fromkeys(key for _, record, _ in _parsed(plain) if isinstance(record, dict) for key in record))
    if not keys:
        raise InputError(f"{plain.name}: starts like JSON, but no line is a JSON object; check how it was exported")
    names, doubled = column_names(keys)
    frame = as_frame(_line_rows(plain, keys, ignored), names)
    notes = doubled_note(plain.name, doubled)
    return _grid(plain, names, frame, raw_lines(plain.path), ignored, notes, {"reader": "row by row"})


def _parsed(plain: Plain) -> Iterator[tuple[int, Json, str | None]]:
    """Yield line number, parsed value (None for a blank line), and why the line is bad."""
    for number, text, bad in numbered_lines(plain.path):
        bare = text.strip("\ufeff \t\r")
        if bad is not None:
            yield number, {}, bad
        elif not bare:
            yield number, None, None
        else:
            value = _loads(bare)
            yield number, value, _BAD_JSON if value is None and bare != "null" else None


def _line_rows(plain: Plain, keys: Sequence[str], ignored: Counter[str]) -> Iterator[Row]:
    for number, value, bad in _parsed(plain):
        if value is None and bad is None:
            ignored["blank line"] += 1
        else:
            yield _row(number, value, bad, keys)


def _row(number: int, value: Json, bad: str | None, keys: Sequence[str]) -> Row:
    if not isinstance(value, dict):
        return number, bad or _NO_OBJECT, []
    return number, bad, [_text(value.get(key)) for key in keys]


def _text(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else _written(value)


def _written(value: Json) -> str:
    """Write a value as JSON again, its numbers digit by digit as they were."""
    if isinstance(value, _Digits):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_written(key)}: {_written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _grid(
    plain: Plain,
    names: list[str],
    frame: pl.LazyFrame,
    raw: Raw,
    ignored: Counter[str],
    notes: list[str],
    details: dict[str, str],
) -> Grid:
    sample = frame.head(SAMPLE_ROWS).collect()
    known = {"encoding": plain.encoding, "compression": plain.compression or "none"} | details
    return Grid(plain.name, "ndjson", names, frame, sample, raw, ignored, plain.notes + notes, known)
