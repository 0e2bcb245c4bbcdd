"""Which folder is a store."""

from __future__ import annotations

from pathlib import Path

from acwcli.model.marker import STORE_FILE


def store_at(text: str) -> Path | None:
    """The store a path names; None where it names something else."""
    try:
        path = Path(text).expanduser()
        return path if text and (path / STORE_FILE).is_file() else None
    except (OSError, ValueError, RuntimeError):  # what is wrong with it is said when it is read
        return None
