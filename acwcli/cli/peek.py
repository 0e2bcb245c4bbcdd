"""Names of agents and queues from the head of a file, quickly: for completion, where a guess is enough."""

from __future__ import annotations

import bz2
import contextlib
import csv
import gzip
import io
import itertools
import json
import lzma
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

from acwcli.model.marker import MOST_NAMES, NAMES_FILE, NAMES_KEY, STORE_FILE

_ROWS = 20_000
_FILES = 4
_REMEMBERED = 50
_HEADERS = {
    "agent_id": ("agentid", "agent", "userid", "user", "username", "agentname", "agente", "agentusername"),
    "queue": ("queue", "queuename", "skill", "campaign", "campaignid", "cola"),
}
_OPENERS: dict[str, Callable[..., IO[Any]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_QUEUE_LOG = {"agent_id": 3, "queue": 2}
_NOBODY = ("", "NONE", "-", "N/A")


def names(column: str, paths: Iterable[str]) -> list[str]:
    """The values of `agent_id` or `queue` in the first rows of the first files, sorted; none where a file is odd."""
    found: set[str] = set()
    for path in itertools.islice(_files(paths), _FILES):
        try:
            found.update(_values(column, path))
        except (OSError, ValueError, EOFError, csv.Error, lzma.LZMAError, struct.error):
            continue
        if len(found) > MOST_NAMES:
            break
    return sorted(name for name in found if name.strip() not in _NOBODY)[:MOST_NAMES]


def header(path: str) -> list[str]:
    """The columns of a delimited text file."""
    try:
        with _text(path) as stream:
            return next(_rows(stream), [])
    except (OSError, ValueError, EOFError, csv.Error, lzma.LZMAError):
        return []


def _files(paths: Iterable[str]) -> Iterator[str]:
    """Files and the newest files of folders; stores keep a folder per day."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        if all(os.path.isfile(os.path.join(path, name)) for name in (STORE_FILE, NAMES_FILE)):
            yield os.path.join(path, NAMES_FILE)
            continue
        for here, folders, files in os.walk(path):
            folders[:] = sorted((name for name in folders if not name.startswith(".")), reverse=True)
            yield from (os.path.join(here, name) for name in sorted(files, reverse=True) if not name.startswith("."))


def _values(column: str, path: str) -> set[str]:
    if path.endswith(".parquet"):
        told = _told(column, path)
        return set(_remembered(column, path)) if told is None else told
    if os.path.basename(path) == NAMES_FILE:
        with open(path, encoding="utf-8") as known:
            return set(json.load(known).get(column, ()))
    with _text(path) as stream:
        if os.path.basename(path).startswith("queue_log"):
            fields = (line.split("|") for line in itertools.islice(stream, _ROWS))
            return {row[_QUEUE_LOG[column]] for row in fields if len(row) > _QUEUE_LOG[column]}
        if path.removesuffix(".gz").endswith((".ndjson", ".jsonl")):
            documents = (json.loads(line) for line in itertools.islice(stream, _ROWS))
            return {str(value) for document in documents if (value := _of_document(column, document)) is not None}
        rows = _rows(stream)
        for row in itertools.islice(rows, 10):  # a title may stand above the header
            if (place := _place(column, row)) is not None:
                return {row[place] for row in itertools.islice(rows, _ROWS) if len(row) > place}
    return set()


def _text(path: str) -> IO[str]:
    opened = _OPENERS.get(os.path.splitext(path)[1], open)(path, "rb")
    marked = opened.peek(2)[:2] in (b"\xff\xfe", b"\xfe\xff")
    return io.TextIOWrapper(opened, encoding="utf-16" if marked else "utf-8-sig", errors="replace", newline="")


def _rows(stream: IO[str]) -> Iterator[list[str]]:
    head = [line for line, _ in zip(stream, range(20), strict=False)]
    delimiter = max(",;\t|", key=lambda mark: sum(line.count(mark) for line in head))
    return csv.reader(itertools.chain(head, stream), delimiter=delimiter)


def _place(column: str, row: Sequence[str]) -> int | None:
    folded = ["".join(char for char in name.casefold() if char.isalnum()) for name in row]
    return next((folded.index(name) for name in _HEADERS[column] if name in folded), None)


def _of_document(column: str, document: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever JSON holds
    names = list(document)
    place = _place(column, names)
    return None if place is None else document[names[place]]


def _told(column: str, path: str) -> set[str] | None:
    """What a Parquet file of `acw` says of its names; None where it says nothing. Its metadata is text among bytes."""
    with open(path, "rb") as stream:
        stream.seek(-8, os.SEEK_END)
        length, mark = struct.unpack("<I4s", stream.read(8))
        if mark != b"PAR1":
            return None
        stream.seek(-8 - length, os.SEEK_END)
        _, key, rest = stream.read(length).partition(NAMES_KEY.encode())
    begins = rest.find(b"{")
    if not key or begins < 0:
        return None
    names, _ = json.JSONDecoder().raw_decode(rest[begins:].decode(errors="replace"))
    return set(names.get(column, ()))


def _remembered(column: str, path: str) -> list[str]:
    """Names of a Parquet file, from the last time where it is unchanged: its library takes long to load."""
    import platformdirs

    about = os.stat(path)
    key = f"{os.path.abspath(path)}|{about.st_mtime_ns}|{about.st_size}|{column}"
    store = platformdirs.user_cache_path("acw", appauthor=False) / "names.json"
    try:
        known: dict[str, list[str]] = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    if key not in known:
        known = dict([*list(known.items())[-_REMEMBERED:], (key, sorted(_of_parquet(column, path)))])
        with contextlib.suppress(OSError):
            store.parent.mkdir(parents=True, exist_ok=True)
            store.write_text(json.dumps(known), encoding="utf-8")
    return known[key]


def _of_parquet(column: str, path: str) -> set[str]:
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as stored:
        place = _place(column, stored.schema_arrow.names)
        if place is None:
            return set()
        name = stored.schema_arrow.names[place]
    # As a dictionary, names come once each; to look for them otherwise takes a part of pyarrow that is slow to load.
    with parquet.ParquetFile(path, read_dictionary=[name]) as stored:
        batch = next(stored.iter_batches(_ROWS, columns=[name]), None)
        found = [] if batch is None else getattr(batch.column(0), "dictionary", batch.column(0)).to_pylist()
        return {str(value) for value in found if value is not None}
