"""Shares as people type them: `1%` or `0.01`."""

from __future__ import annotations


def share_of(text: str) -> float | None:
    """Read a share from 0 to 1; None where the text is none."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None
