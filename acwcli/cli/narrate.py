"""Owns stderr: one line of counts, notes and errors. Nothing here ever reaches stdout."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable

_INVISIBLE_BUT_MEANT = "\u200c\u200d"


def failure(message: str) -> None:
    """Say what failed; always shown."""
    _write(f"acw: error: {message}")


def note(message: str, *, quiet: bool) -> None:
    """Say something a reader of the figures should know."""
    if not quiet:
        _write(f"acw: {message}")


def notes(messages: Iterable[str], *, quiet: bool) -> None:
    """Say each note once."""
    for message in dict.fromkeys(messages):
        note(message, quiet=quiet)


def _write(message: str) -> None:
    safe = "".join(
        char
        for char in message
        if char in "\n" + _INVISIBLE_BUT_MEANT or unicodedata.category(char) not in ("Cc", "Cf")
    )
    try:
        print(safe, file=sys.stderr, flush=True)
    except (BrokenPipeError, UnicodeEncodeError):
        with_ascii = safe.encode("ascii", "backslashreplace").decode("ascii")
        sys.stderr.write(with_ascii + "\n")
