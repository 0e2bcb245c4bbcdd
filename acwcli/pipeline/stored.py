"""A store as input: its files as they came, read as was said when they were ingested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.formats.scratch import scratch_file
from acwcli.model.columns import WRAP_FRAME
from acwcli.store.archive import give_back
from acwcli.store.manifest import KeptFile, Manifest, read_manifest

ZONE = ("tz", "tz_given", "tz_from")
_SAID = (
    *ZONE, "encoding", "input_format", "columns", "states", "time_format", "date_order", "rows", "wrap_reasons",
    "wrap_parts", "profiles",
)  # fmt: skip
USUAL = ReadOptions()


@dataclass(frozen=True)
class Stored:
    """A file of a store, ready to be read.

    Attributes:
        input: its name and bytes.
        options: how to read it.
        format: what it is known as; None where the question reads it otherwise than it was ingested.
    """

    input: Input
    options: ReadOptions
    format: str | None


def said(options: ReadOptions) -> dict[str, Any]:
    """The reading options that were given, as a manifest keeps them."""
    given = {name: getattr(options, name) for name in _SAID if name not in ZONE}
    kept = {name: _plain(value) for name, value in given.items() if value != getattr(USUAL, name)}
    return kept | ({name: getattr(options, name) for name in ZONE} if options.tz_given else {})


def as_ingested(kept: dict[str, Any], asked: ReadOptions) -> ReadOptions:
    """How to read a file: as the question says, else as was said when it was ingested.

    A zone that was said at ingestion stays: the question's `--tz` then only names days and hours.
    """
    known = {name: _typed(name, value) for name, value in kept.items()}
    given = {name: value for name in _SAID if (value := getattr(asked, name)) != getattr(USUAL, name)}
    return replace(asked, **(known | given | {name: known[name] for name in ZONE if name in known}))


def stored_files(root: Path, asked: ReadOptions) -> tuple[list[Stored], datetime | None]:
    """The files of a store in the order they came, and the instant from which on wraps are kept."""
    while True:
        manifest = read_manifest(root)
        try:
            found = [_stored(root, manifest, file, asked) for file in manifest.files]
        except Exception:
            if read_manifest(root).generation == manifest.generation:
                raise
            continue
        return found, datetime.fromisoformat(f"{manifest.since}T00:00:00+00:00") if manifest.since else None


def stored_file(root: Path, manifest: Manifest, file: KeptFile) -> Stored:
    """One file, read as it was ingested, for everything."""
    return _stored(root, manifest, file, ReadOptions(needs=frozenset(WRAP_FRAME)))


def _stored(root: Path, manifest: Manifest, file: KeptFile, asked: ReadOptions) -> Stored:
    kept = manifest.options[file.options]
    options = as_ingested(kept, asked)
    same = same_reading(kept, options)
    content = give_back(root, file, scratch_file("stored")) if file.packed else root / file.copy
    return Stored(Input(file.name, content), options, file.format if same else None)


def same_reading(kept: dict[str, Any], options: ReadOptions) -> bool:
    """Whether a file is read as it was ingested, leaving the zone aside."""
    usual = as_ingested(kept, USUAL)
    return all(getattr(options, name) == getattr(usual, name) for name in _SAID if name not in ZONE)


def zone_of(options: ReadOptions) -> tuple[Any, ...]:
    """The zone of clocks without offset, and who said it."""
    return tuple(getattr(options, name) for name in ZONE)


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, tuple):
        return list(value)
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, dict) else value


def _typed(name: str, value: Any) -> Any:  # noqa: ANN401
    if name == "states":
        return {state: tuple(words) for state, words in value.items()}
    return tuple(value) if isinstance(value, list) else value
