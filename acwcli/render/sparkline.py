"""Shares of 1 as a row of bars, one column each.

>>> sparkline([0.0, 0.5, None, 1.0])
'▁▅ █'
"""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = str.maketrans(_BARS, "._-~=+*#")
"""The bars where the terminal reads ASCII only."""


def sparkline(values: Sequence[float | None]) -> str:
    """Draw numbers from 0 to 1; a missing one is blank."""
    return "".join(" " if value is None else _BARS[round(min(max(value, 0.0), 1.0) * 7)] for value in values)
