"""One writer at a time; who comes second is told who holds the store."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from acwcli.errors import LockedError

_LOCK, _HOLDER = "lock", "lock-holder.json"


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the store against other writers; readers need no lock.

    Raises:
        LockedError: another process holds it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(root / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"{root}: the store is locked by {_holder(root)}; wait until it is done and run this again"
        ) from None
    holder = root / _HOLDER
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):  # on a full disk the work itself says so
            holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}))
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _holder(root: Path) -> str:
    try:
        known = json.loads((root / _HOLDER).read_text())
        return f"process {known['pid']} on {known['host']} since {known['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"
