"""Nested JSON documents as a frame: Polars reads the fields a platform needs, Python only what Polars refuses."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.grid_data import ROW, Raw, raw_lines
from acwcli.formats.json_split import Splitter
from acwcli.formats.plain import Plain, is_json
from acwcli.formats.scratch import scratch_file

Shape: TypeAlias = "Mapping[str, Shape | list[Shape] | None]"
"""The fields that are needed: None is a scalar (read as text), a mapping an object, a list of one mapping an array."""

Pick: TypeAlias = Callable[[pl.LazyFrame], pl.LazyFrame]

_SAMPLED = 20
_BATCH = 5_000


@dataclass
class Documents:
    """What was picked from the documents of a file.

    Attributes:
        frame: what `pick` made of them, collected.
        rejects: `row reason` of the unusable ones.
        notes: what a reader of the figures should know.
        details: how the file was read, for `acw inspect`.
        raw_text: fetches the text of documents by their number.
        more_pages: whether its last page says that others follow; None where no page says.
        hits: how many documents there are on all pages, as a page says; 0 where none does.
    """

    frame: pl.DataFrame
    rejects: pl.DataFrame
    raw_text: Raw
    more_pages: bool | None = None
    hits: int = 0
    notes: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)


@dataclass
class _Lines:
    """One document per line: the file itself or a copy; line `n` is document `n`, `{}` where it is a bad one."""

    path: Path
    bad: dict[int, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    more_pages: bool | None = None
    hits: int = 0


def sample_documents(plain: Plain) -> list[dict[str, Any]]:
    """The first good documents of a JSON text, at most 20; none when it is no JSON."""
    if plain.kind != "text" or not is_json(plain):
        return []
    with plain.path.open(encoding="utf-8", errors="replace", newline="") as stream:
        try:
            first = list(islice(Splitter(stream), _SAMPLED))
        except RecursionError:  # arrays in arrays without end are no export
            return []
        return [document.value for document in first if document.value is not None]


def read_documents(plain: Plain, shape: Shape, key: str, pick: Pick) -> Documents:
    """Read the needed fields of every document.

    Keys are found in any case, and any other key is left alone. Scalars become text.

    Args:
        plain: a JSON text.
        shape: the needed fields, as the platform documents their names.
        key: a column of what `pick` makes that is null only where a document is not of the shape.
        pick: makes the wanted rows from the lazy frame of documents (`shape` and `__row`), at least one of each.

    Raises:
        InputError: the file holds no document.
    """
    lines = _Lines(plain.path) if _has_document_per_line(plain) else _split(plain)
    documents = _scanned(plain, lines, shape, key, pick)
    if documents is None and lines.path == plain.path:
        lines = _split(plain)
        documents = _scanned(plain, lines, shape, key, pick)
    return documents or _one_by_one(plain, lines, shape, pick)


def ends_pages(plain: Plain) -> bool:
    """Whether a page without records says that no other follows."""
    with plain.path.open(encoding="utf-8", errors="replace", newline="") as stream:
        splitter = Splitter(stream)
        deque(splitter, maxlen=0)
    return not splitter.more_pages


def missing_pages(read: Sequence[Documents], *, pages_end: bool) -> list[str]:
    """What to say where all pages of all files together are not the whole answer.

    Args:
        read: the files of one answer; each page may be in a file of its own, and then only the last one has no next.
        pages_end: the last one is there, but has no records.
    """
    hits = max(documents.hits for documents in read)
    held = sum(documents.frame["row"].n_unique() + documents.rejects.height for documents in read) if hits else 0
    if not pages_end and all(documents.more_pages for documents in read):
        return ["the last page says that more pages follow; fetch and give them all"]
    if held < hits:
        return [f"the answer has {hits:,} records on all its pages, {held:,} are here; fetch and give all pages"]
    return []


def _has_document_per_line(plain: Plain) -> bool:
    """The first line is a whole document, the next one begins another, and no mark stands before them."""
    if plain.has_nul or plain.encoding == "utf-8-sig":
        return False
    with plain.path.open("rb") as stream:
        first, second = stream.readline(1 << 24), stream.read(1)
    try:
        return second in (b"{", b"") and isinstance(json.loads(first), dict) and len(sample_documents(plain)) > 1
    except (ValueError, RecursionError):
        return False


def _split(plain: Plain) -> _Lines:
    """Write every document on a line of its own."""
    lines = _Lines(scratch_file("documents.ndjson"))
    number = 0
    with (
        plain.path.open(encoding="utf-8", errors="replace", newline="") as stream,
        lines.path.open("w", encoding="utf-8", newline="") as target,
    ):
        splitter = Splitter(stream)
        for number, document in enumerate(splitter, 1):
            if document.bad is not None:
                lines.bad[number] = (document.bad, document.text)
                target.write("{}\n")
            else:  # a line break outside strings is a blank, inside them it cannot stand
                target.write(document.text.replace("\n", " ").replace("\r", " ") + "\n")
    if number == len(lines.bad):
        raise InputError(f"{plain.name}: starts like JSON, but holds no whole document; check how it was exported")
    lines.more_pages, lines.hits = splitter.more_pages, splitter.hits
    if splitter.cut:
        lines.notes.append(f"{plain.name}: the file ends inside an array; it may be cut short")
    return lines


def _scanned(plain: Plain, lines: _Lines, shape: Shape, key: str, pick: Pick) -> Documents | None:
    """Let Polars read the lines; None when a document is not of the shape or lacks the key as it is spelt first."""
    spelt = _spelling(shape, sample_documents(plain))
    rows = pl.scan_lines(lines.path, name="text", row_index_name=ROW, row_index_offset=1, glob=False)
    # Not scan_ndjson: on arrays of objects it is fifteen times slower and needs as much more memory.
    text = pl.col("text").str.strip_chars()
    parsed = rows.filter(text != "").select(ROW, document=text.str.json_decode(pl.Struct(_schema(spelt))))
    names = dict(zip(spelt, shape, strict=True))
    member = pl.col("document").struct.field
    renamed = parsed.select(
        ROW, *(_renamed(member(own), spelt[own], shape[name]).alias(name) for own, name in names.items())
    )
    good = renamed.filter(~pl.col(ROW).is_in(list(lines.bad))) if lines.bad else renamed
    try:
        frame = pick(good).collect(engine="streaming").rechunk()
    except pl.exceptions.PolarsError:
        return None
    if frame[key].null_count():
        return None
    return _documents(plain, lines, frame)


def _documents(plain: Plain, lines: _Lines, frame: pl.DataFrame) -> Documents:
    rejects = pl.DataFrame(
        {"row": list(lines.bad), "reason": [reason for reason, _ in lines.bad.values()]},
        schema={"row": pl.UInt32, "reason": pl.String},
    )
    details = {"encoding": plain.encoding, "compression": plain.compression or "none"}
    details["rows"] = "JSON documents, numbered in their order"
    notes = plain.notes + lines.notes
    return Documents(frame, rejects, _raw(lines), lines.more_pages, lines.hits, notes, details)


def _raw(lines: _Lines) -> Raw:
    def fetch(rows: Sequence[int]) -> dict[int, str]:
        found = {row: lines.bad[row][1] for row in rows if row in lines.bad}
        wanted = set(rows) - found.keys()
        return found | raw_lines(lines.path)(sorted(wanted))

    return fetch


def _schema(shape: Shape) -> dict[str, pl.DataType]:
    return {name: _type(inner) for name, inner in shape.items()}


def _type(inner: Shape | list[Shape] | None) -> pl.DataType:
    if inner is None:
        return pl.String()
    if isinstance(inner, list):
        return pl.List(pl.Struct(_schema(inner[0])))
    return pl.Struct(_schema(inner))


def _spelling(shape: Shape, samples: Sequence[Any]) -> Shape:
    """The shape with the keys as the sampled objects spell them; all in lower case where those are."""
    seen = {key for sample in samples if isinstance(sample, dict) for key in sample}
    own = {key.lower(): key for key in seen}
    lower = bool(seen) and all(key == key.lower() for key in seen)
    spelt: dict[str, Any] = {}
    for name, inner in shape.items():
        key = own.get(name.lower(), name.lower() if lower else name)
        values = [sample.get(key) for sample in samples if isinstance(sample, dict)]
        if isinstance(inner, list):
            spelt[key] = [_spelling(inner[0], [item for value in values if isinstance(value, list) for item in value])]
        else:
            spelt[key] = inner if inner is None else _spelling(inner, values)
    return spelt


def _renamed(expr: pl.Expr, spelt: Any, shape: Shape | list[Shape] | None) -> pl.Expr:  # noqa: ANN401
    """Give the fields of a value their documented names, at every depth."""
    if shape is None or spelt == shape:
        return expr
    if isinstance(shape, list):
        return expr.list.eval(_renamed(pl.element(), spelt[0], shape[0]))
    fields = [
        _renamed(expr.struct.field(own), spelt[own], inner).alias(name)
        for own, (name, inner) in zip(spelt, shape.items(), strict=True)
    ]
    return pl.when(expr.is_not_null()).then(pl.struct(fields))


def _one_by_one(plain: Plain, lines: _Lines, shape: Shape, pick: Pick) -> Documents:
    """Read documents in Python where Polars cannot: a shape that changes, keys in several spellings."""
    parts = []
    with lines.path.open(encoding="utf-8", errors="replace") as stream:
        documents = _good_documents(stream, lines.bad)
        while batch := list(islice(documents, _BATCH)):
            frame = pl.DataFrame(
                [_projected(value, shape) | {ROW: number} for number, value in batch],
                schema={**_schema(shape), ROW: pl.UInt32},
            )
            parts.append(scratch_file("documents.parquet"))
            frame.write_parquet(parts[-1], compression="lz4")
    frame = pick(pl.scan_parquet(parts, glob=False)).collect(engine="streaming")
    found = _documents(plain, lines, frame)
    found.details["reader"] = "one by one"
    return found


def _good_documents(stream: Any, bad: Mapping[int, object]) -> Iterator[tuple[int, dict[str, Any]]]:  # noqa: ANN401
    for number, line in enumerate(stream, 1):
        if number not in bad and line.strip():
            yield number, json.loads(line, parse_int=str, parse_float=str, parse_constant=str)


def _projected(value: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    own = {key.lower(): key for key in value}
    return {name: _as_shape(value.get(own.get(name.lower(), name)), inner) for name, inner in shape.items()}


def _as_shape(value: Any, inner: Shape | list[Shape] | None) -> Any:  # noqa: ANN401
    """A value as its shape wants it; null where it is something else."""
    if inner is None:
        return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if isinstance(inner, list):
        items = value if isinstance(value, list) else []
        return [_projected(item, inner[0]) for item in items if isinstance(item, dict)] if value is not None else None
    return _projected(value, inner) if isinstance(value, dict) else None
