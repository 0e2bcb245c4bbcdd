"""How much memory there is, how much the files need, and into how many parts they go when that is more."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from acwcli.formats import detect
from acwcli.formats.frames import Kind, Probe
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import CUSTOMER, LEGS
from acwcli.pipeline.parting import ON_DISK

_ENGINE_BYTES = 200_000_000
"""What the process itself takes, whatever the files hold."""

_ROW_BYTES, _WIDE_ROW_BYTES = 105, 215
"""What rebuilding took at its peak per state event (10 million of them), and with contact ids or legs."""

_RECORD_BYTES, _WIDE_RECORD_BYTES = 600, 800
"""The same per contact record (4 million of them), and where customers are told apart."""

_WRAP_BYTES, _WIDE_WRAP_BYTES = 130, 300
"""The same per wrap of a wraps file (23 million of them), and with contact ids."""

_COPIES = 3  # of the wraps: what is picked, sorted and grouped of them
_WORTH_SAYING = 1_000_000_000
_WIDE = frozenset(("contact_id", "talk_ms", "hold_ms", LEGS))
_PARTS_AT_LEAST, _PARTS_AT_MOST = 3, 128
_PART_AT_LEAST_BYTES = 1_000_000  # smaller parts would cost more time than they save memory
_HEAD_BYTES = 1 << 16
_ZIPPED_ROW_BYTES = 30
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def free_memory() -> int | None:
    """Bytes that may be taken now without anything having to make room; None where the system does not tell."""
    known = [_available(), *(_left_in(*pair) for pair in _CGROUPS)]
    return min((size for size in known if size is not None), default=None)


def default_memory() -> int | None:
    """Half of what is free; None where nobody knows."""
    free = free_memory()
    return None if free is None else free // 2


def parts_for(files: Iterable[tuple[detect.Recognised, ReadOptions]], memory: int | None) -> int:
    """Into how many parts, by agent, rows go on disk; 0 when memory is enough.

    Args:
        files: what will be read, and how.
        memory: bytes that may be taken; None takes half of what is free.
    """
    kinds = [(item, detect.platform(item.format, how.profiles).KIND, how) for item, how in files if item.format]
    return _parts(
        sum(_rows_of(item.probe) * _bytes_of(kind, how) for item, kind, how in kinds if kind in ON_DISK), memory
    )


def parts_of_wraps(wraps: int, memory: int | None, how: ReadOptions) -> int:
    """The same for so many wraps that a store keeps."""
    return _parts(wraps * _bytes_of("wraps", how), memory)


def _parts(need: int, memory: int | None) -> int:
    memory = default_memory() if memory is None else memory
    if memory is None:
        return 0
    room = max(memory - _ENGINE_BYTES, memory // 4, 1)
    if need <= room:
        return 0
    # A half for a part: the wraps found so far, and what is computed from them, want their share.
    wanted = min(-(-2 * need // room), need // _PART_AT_LEAST_BYTES, _PARTS_AT_MOST)
    return max(wanted, _PARTS_AT_LEAST)


def _bytes_of(kind: Kind, how: ReadOptions) -> int:
    """What rebuilding takes per row of a kind that goes to disk."""
    wide = not how.needs.isdisjoint(_WIDE)
    return {
        "states": _WIDE_ROW_BYTES if wide else _ROW_BYTES,
        "contacts": _WIDE_RECORD_BYTES if CUSTOMER in how.needs else _RECORD_BYTES,
        "wraps": _WIDE_WRAP_BYTES if wide else _WRAP_BYTES,
    }[kind]


def beyond(held: Iterable[pl.DataFrame | None], memory: int | None) -> list[str]:
    """Say that a question keeps all wraps in memory where that is more than was given.

    Args:
        held: the wraps and legs it keeps.
        memory: bytes that may be taken; None takes half of what is free.
    """
    memory = default_memory() if memory is None else memory
    frames = [frame for frame in held if frame is not None]
    need = _ENGINE_BYTES + _COPIES * sum(int(frame.estimated_size()) for frame in frames)
    if memory is None or need <= max(memory, _WORTH_SAYING):
        return []
    wraps = max(frame.height for frame in frames)
    return [
        f"this question keeps all {wraps:,} wraps in memory, some {need / 1e9:.1f} GB, more than --memory gives; "
        "all but inspect and --compare-rules do with less (docs/memory-and-cloud.md)"
    ]


def _rows_of(probe: Probe) -> int:
    """How many rows a file has: counted in Parquet, else as its head lets guess."""
    plain = probe.plain
    if plain.kind == "parquet":
        return probe.grid.rows or 0
    size = plain.path.stat().st_size
    if plain.kind == "xlsx":
        return size // _ZIPPED_ROW_BYTES
    with plain.path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    return round(size * max(head.count(b"\n"), 1) / max(len(head), 1))


def _available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        pass
    try:  # what is free now nobody tells here: take it that half is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _left_in(limit: str, usage: str) -> int | None:
    """What a container may still take."""
    try:
        return max(int(Path(limit).read_text()) - int(Path(usage).read_text()), 0)
    except (OSError, ValueError):  # no such limit, or `max`
        return None
