"""What a long run is doing, on a terminal only: one line on stderr that is wiped before anything else is said.

A thread of its own looks at the clock and at the rows that the engine has counted while they streamed by.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

DELAY_S = 2.0
"""Shorter work says nothing."""
_EVERY_S = 0.25
_HEAD_BYTES = 1 << 20

Describe = Callable[[float], str]
"""Seconds since the stage began → what to say."""


class Watch(threading.Thread):
    """Draws the line until it is stopped."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(name="progress", daemon=True)
        self._delay_s = delay_s
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._drawn = False
        self._began = time.monotonic()
        self._describe: Describe = lambda _: ""

    def stage(self, describe: Describe) -> None:
        """Go on to another kind of work."""
        with self._lock:
            self._began, self._describe = time.monotonic(), describe

    def run(self) -> None:
        """Wait, then draw again and again."""
        wait = self._delay_s
        while not self._ended.wait(wait):
            wait = _EVERY_S
            with self._lock, contextlib.suppress(OSError, ValueError):  # a terminal that has gone ends nothing
                text = self._describe(time.monotonic() - self._began)
                width = shutil.get_terminal_size((80, 24)).columns
                sys.stderr.write(f"\r{f'acw: {text}'[: width - 1]}\x1b[K")
                sys.stderr.flush()
                self._drawn = True

    def wipe(self) -> None:
        """Leave the line empty for somebody else."""
        with self._lock:
            if self._drawn:
                self._drawn = False
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.write("\r\x1b[K")
                    sys.stderr.flush()

    def stop(self) -> None:
        """End, with nothing left on the line."""
        self._ended.set()
        self.wipe()


_watch: Watch | None = None


def reading(paths: Sequence[str], *, quiet: bool) -> None:
    """Files are being read; from here on a terminal is told, unless it is to be quiet."""
    global _watch
    stop()
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return
    from acwcli.model import meter

    work = _Reading(paths)
    meter.listener = work.heard
    _watch = Watch(DELAY_S)
    _watch.stage(work.describe)
    _watch.start()


def rebuilding(rows: int) -> None:
    """Everything is read; how long the rest takes nobody knows before it is done."""
    if _watch is not None:
        _watch.stage(lambda since_s: f"{rows:,} rows read; rebuilding wraps, {since_s:.0f} s so far")


def answering(wraps: int) -> None:
    """Wraps are rebuilt; figures are computed and written."""
    if _watch is not None:
        _watch.stage(lambda since_s: f"{wraps:,} wraps; computing, {since_s:.0f} s so far")


def wipe() -> None:
    """Make room for another line on stderr."""
    if _watch is not None:
        _watch.wipe()


def stop() -> None:
    """Say no more."""
    global _watch
    if _watch is not None:
        from acwcli.model import meter

        meter.listener = None
        _watch.stop()
        _watch = None


class _Reading:
    """Rows read so far, against what the heads of the files let expect."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._rows = 0
        self._first = 0.0
        self._expected: int | None = None
        self._looked = False

    def heard(self, rows: int) -> None:
        """More rows have been read."""
        self._first = self._first or time.monotonic()
        self._rows += rows

    def describe(self, since_s: float) -> str:
        """What to say, so long after reading began."""
        if not self._looked:
            self._expected, self._looked = expected_rows(self._paths), True
        rows = self._rows
        return reading_text(rows, self._expected, time.monotonic() - self._first if rows else 0.0, since_s)


def reading_text(rows: int, expected: int | None, streamed_s: float, since_s: float) -> str:
    """`4,300,000 of about 10,000,000 rows read, 900,000 rows/s, 6 s left`, and only what is known of it.

    Args:
        rows: read so far.
        expected: how many there may be; None where the files do not tell.
        streamed_s: seconds since the first of them.
        since_s: seconds since reading began.
    """
    if rows == 0:
        about = f" about {_rounded(expected):,} rows" if expected else " files"
        return f"looking at{about}, {since_s:.0f} s so far"
    rate = rows / max(streamed_s, 0.1)
    if expected is None or rows >= expected:
        return f"{rows:,} rows read, {_rounded(rate):,} rows/s"
    left_s = (expected - rows) / rate
    return f"{rows:,} of about {_rounded(expected):,} rows read, {_rounded(rate):,} rows/s, {left_s:.0f} s left"


def expected_rows(paths: Sequence[str]) -> int | None:
    """Rows of text files as their heads let guess, and of Parquet files; None where any is something else."""
    counts = [_rows_of(path) for path in _files(paths)]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _rows_of(path: Path) -> int | None:
    try:
        if path.suffix == ".parquet":
            import polars as pl

            return int(pl.scan_parquet(path).select(pl.len()).collect().item())
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        length = path.stat().st_size
    except Exception:  # the reading itself will say what is wrong
        return None
    lines = head.count(b"\n")
    if b"\0" in head or head[:2] == b"\x1f\x8b" or not lines:  # compressed, or no text of bytes
        return None
    return round(length * lines / len(head))


def _files(paths: Sequence[str]) -> Iterator[Path]:
    for text in paths:
        for path in map(Path, sorted(glob.glob(text, recursive=True)) or [text]):
            if path.is_dir():
                yield from (found for found in sorted(path.rglob("[!.]*")) if found.is_file())
            else:
                yield path


def _rounded(count: float) -> int:
    """Two digits: it is a guess."""
    digits = max(len(str(int(count))) - 2, 0)
    return int(round(count / 10**digits) * 10**digits)
