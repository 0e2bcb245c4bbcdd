"""Durations as people type them on a command line."""

from __future__ import annotations

import re

from acwcli.errors import UsageError

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WORDED = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|s|m|h|d))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,3})?)"


def duration_ms(text: str) -> int:
    """Read `90`, `90s`, `1m30s`, `400d` or `00:01:30` as milliseconds.

    Raises:
        UsageError: the text is no duration, or it is negative.
    """
    word = text.strip().casefold()
    if re.fullmatch(r"\d+(\.\d+)?", word):
        return round(float(word) * 1000)
    if _WORDED.fullmatch(word):
        return sum(round(float(number) * _UNITS_MS[unit]) for number, unit in _PART.findall(word))
    if clock := re.fullmatch(_CLOCK, word):
        hours, minutes, seconds = clock.groups()
        return (int(hours or 0) * 3600 + int(minutes) * 60) * 1000 + round(float(seconds) * 1000)
    raise UsageError(f"'{text}' is no duration; write 90, 90s, 1m30s or 00:01:30")


def named_duration_ms(text: str, whose: str) -> int:
    """Read a duration, and say whose it is where it is none.

    Raises:
        UsageError: as `duration_ms`, after `whose`.
    """
    try:
        return duration_ms(text)
    except UsageError as error:
        raise UsageError(f"{whose}: {error}") from None


def duration_text(milliseconds: int) -> str:
    """Write milliseconds the short way people say limits: `60s`, `1.5s`, `400ms` stays `0.4s`."""
    seconds = milliseconds / 1000
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{seconds}s"
