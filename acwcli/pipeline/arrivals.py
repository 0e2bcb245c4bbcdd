"""What comes to a store: which files are new, which are there already, which have grown since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acwcli.formats import detect
from acwcli.formats.archives import compression_of, unpack
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.store.archive import Content, content_of
from acwcli.store.manifest import KeptFile, Manifest

_PACKED_BY_NATURE = (b"PAR1", b"PK\x03\x04")


@dataclass
class Arrivals:
    """Files on their way into a store.

    Attributes:
        files: the new ones.
        paths: number → where the file is.
        recognised: what the new ones are, and what was skipped in folders.
        known: how many are in the store already.
        again: kept files → where their content has come once more.
        grown: numbers of kept files that are the beginning of a new one of the same name.
    """

    files: list[KeptFile] = field(default_factory=list)
    paths: dict[int, Path] = field(default_factory=dict)
    recognised: list[detect.Recognised] = field(default_factory=list)
    known: int = 0
    again: dict[int, Path] = field(default_factory=dict)
    grown: set[int] = field(default_factory=set)


def arrivals(inputs: Sequence[Input], manifest: Manifest, options: ReadOptions) -> Arrivals:
    """Part what is new from what is known, by content: a log rotated or compressed meanwhile is the same file.

    Raises:
        InputError: a file that cannot be read, or that nobody knows.
    """
    found = Arrivals()
    held = {file.digest: file for file in manifest.files}
    digests = set(held)
    names = {file.name for file in manifest.files}
    fresh: list[tuple[Input, Content]] = []
    for item in inputs:
        earlier = [file for file in manifest.files if file.given == item.name]
        content = content_of(decompressed(item), [file.size for file in earlier])
        if content.digest in digests:
            found.known += 1
            if content.digest in held and _is_compressed(item.path) is not held[content.digest].packed:
                found.again[held[content.digest].number] = item.path
            continue
        digests.add(content.digest)
        found.grown |= {file.number for file in earlier if content.beginnings.get(file.size) == file.digest}
        fresh.append((item, content))
    names -= {file.name for file in manifest.files if file.number in found.grown}
    renamed = [(Input(_own_name(item.name, names), item.path, item.named), item, content) for item, content in fresh]
    found.recognised = detect.recognise([item for item, _, _ in renamed], options) if renamed else []
    number = manifest.next_file
    for (own, item, content), what in zip(renamed, found.recognised, strict=True):
        if what.format is not None:
            packed = not _is_compressed(item.path)
            found.files.append(
                KeptFile(number, own.name, item.name, content.digest, content.size, packed, what.format, 0)
            )
            found.paths[number] = item.path
            number += 1
    return found


def decompressed(item: Input) -> Path:
    """Where the content of a file is, unpacked if need be."""
    with item.path.open("rb") as stream:
        compression = compression_of(stream.read(8))
    return unpack(item.name, item.path, compression) if compression else item.path


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(8)
    return bool(compression_of(head)) or head.startswith(_PACKED_BY_NATURE)


def _own_name(name: str, taken: set[str]) -> str:
    """A name of its own for every file: the nightly export of one name is another file each night."""
    own, count = name, 1
    while own in taken:
        count += 1
        own = f"{name}#{count}"
    taken.add(own)
    return own
