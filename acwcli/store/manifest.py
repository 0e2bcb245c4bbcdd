"""What a store holds, in one JSON file that is replaced as a whole: the store is what its manifest says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from acwcli.errors import InputError
from acwcli.model.counts import RowCounts
from acwcli.model.marker import STORE_FILE
from acwcli.store.durable import write_whole

VERSION = 2
PROFILES = "profiles"
"""The folder of profiles files are read by, in folders named by their SHA-256."""
UNKNOWN_DAY = "unknown"
"""The partition of wraps without an instant."""

_EPOCH = date(1970, 1, 1)


@dataclass
class KeptFrame:
    """The account of one canonical frame of a file.

    Attributes:
        kind: `states`, `contacts`, `wraps` or `aggregates`.
        first_ms: its first instant (epoch ms), by which files follow each other; None without one.
        read: rows read.
        ignored: rows that took no part, by reason.
        rejected: rows that could not be read, by reason.
        notes: what is to be said about reading it.
        timeless: contact records without any instant.
        last_ms: its last instant (epoch ms); None without one.
        agents: how many different agents are in it.
        part: where the frame itself is kept; empty where the file alone tells what it says.
    """

    kind: str
    first_ms: int | None = None
    read: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    timeless: int = 0
    last_ms: int | None = None
    agents: int = 0
    part: str = ""

    def counts(self) -> RowCounts:
        """The account as the engine knows it."""
        return RowCounts(self.read, Counter(self.ignored), Counter(self.rejected))


@dataclass
class KeptFile:
    """One ingested file.

    Attributes:
        number: stands in the `file` column of wraps and index; never used again.
        name: how messages and `source` call it, unlike any other file of the store.
        given: the name it was given by; a later, longer file of that name can replace it.
        digest: SHA-256 of its decompressed content, which also names its copy in `files/`.
        size: bytes of its decompressed content.
        packed: whether the copy is compressed by the store, not as it came.
        format: what it was recognised as.
        options: place in the list of reading options.
        zoned: whether `--tz` changes how it is read.
        days: days (since 1970) on which its rows have instants.
        frames: the account of its frames.
        span: first and last instant (epoch ms) of a file of a log that runs on.
    """

    number: int
    name: str
    given: str
    digest: str
    size: int
    packed: bool
    format: str
    options: int
    zoned: bool = True
    days: list[int] = field(default_factory=list)
    frames: list[KeptFrame] = field(default_factory=list)
    span: list[int] = field(default_factory=list)

    @property
    def copy(self) -> str:
        """The path of the copy inside the store."""
        return f"files/{self.digest}{'.zst' if self.packed else ''}"


@dataclass
class KeptDay:
    """The partition of one day.

    Attributes:
        rows: wraps in it.
        digest: SHA-256 of its Parquet file.
        open_agents: agents with a wrap that has not ended yet.
    """

    rows: int
    digest: str
    open_agents: list[str] = field(default_factory=list)


@dataclass
class KeptBefore:
    """What a log that runs on has said up to some instant, see `formats.queue_log_before`.

    Attributes:
        options: the log: its files have this place in the list of reading options.
        until_ms: the instant; no file of the log lies on both sides of it.
        part: where it is.
    """

    options: int
    until_ms: int
    part: str


@dataclass
class Manifest:
    """Everything a reader must know.

    Attributes:
        generation: rises with every change.
        engine: what rebuilt the wraps; another engine rebuilds them before it relies on them.
        since: first day kept, after retention; empty without.
        next_file: number of the next file.
        options: how files are to be read, where that was said.
        files: the files in order of their ingestion.
        days: `YYYY-MM-DD` or `unknown` → partition.
        segments: index files and their rows, oldest first.
        befores: where logs can be read on, oldest first.
        parts: files of logs as they were read, and their SHA-256.
    """

    generation: int = 0
    engine: str = ""
    since: str = ""
    next_file: int = 0
    options: list[dict[str, Any]] = field(default_factory=list)
    files: list[KeptFile] = field(default_factory=list)
    days: dict[str, KeptDay] = field(default_factory=dict)
    segments: dict[str, int] = field(default_factory=dict)
    befores: list[KeptBefore] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)

    def numbers(self) -> set[int]:
        """The numbers of the files."""
        return {file.number for file in self.files}


def day_text(day: int | None) -> str:
    """A day since 1970 as its partition is called."""
    return UNKNOWN_DAY if day is None else (_EPOCH + timedelta(days=day)).isoformat()


def day_number(text: str) -> int:
    """The day since 1970 of an ISO date."""
    return (date.fromisoformat(text) - _EPOCH).days


def read_manifest(root: Path) -> Manifest:
    """Read the manifest of a store.

    Raises:
        InputError: it cannot be read, or is of a later version.
    """
    path = root / STORE_FILE
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["version"] > VERSION:
            raise InputError(f"{root}: a store of a later acw (version {known['version']}); install that one")
        del known["version"]
        files = [
            KeptFile(**{**file, "frames": [KeptFrame(**frame) for frame in file["frames"]]})
            for file in known.pop("files")
        ]
        days = {day: KeptDay(**kept) for day, kept in known.pop("days").items()}
        befores = [KeptBefore(**before) for before in known.pop("befores", [])]
        known["options"] = [_with_profiles(way, lambda path: str(root / path)) for way in known["options"]]
        return Manifest(files=files, days=days, befores=befores, **known)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: the manifest is damaged ({error}); restore it from a copy, or ingest the files into a new store"
        ) from error


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Replace the manifest: the moment at which a change becomes the store."""
    options = [_with_profiles(way, lambda path: str(Path(path).relative_to(root))) for way in manifest.options]
    known = {"version": VERSION, **vars(manifest), "options": options}
    text = json.dumps(known, default=vars, ensure_ascii=False, separators=(",", ":"))
    write_whole(root / STORE_FILE, lambda part: part.write_text(text, encoding="utf-8"))


def _with_profiles(options: dict[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """Reading options whose profiles are told from elsewhere: a store may be moved with all that is in it."""
    return options | {"profiles": [place(path) for path in options["profiles"]]} if "profiles" in options else options
