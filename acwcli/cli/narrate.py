"""Owns stderr: one line of counts, notes and errors. Nothing here ever reaches stdout."""

from __future__ import annotations

import contextlib
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable
from typing import TextIO

from acwcli.cli import progress

_INVISIBLE_BUT_MEANT = "\u200c\u200d"


_hidden: list[Callable[[str], str]] = []


def hide_with(hide: Callable[[str], str] | None) -> None:
    """Pass every message through this before it is shown; None ends it."""
    _hidden[:] = [] if hide is None else [hide]


def hides() -> bool:
    """Whether messages are passed through something before they are shown."""
    return bool(_hidden)


def failure(message: str) -> None:
    """Say what failed; always shown."""
    _write(f"acw: error: {message}")


def usage(text: str) -> None:
    """Show how a command is used, where it was called without anything."""
    _write(text)


def note(message: str, *, quiet: bool) -> None:
    """Say something a reader of the figures should know."""
    if not quiet:
        _write(f"acw: {message}")


def notes(messages: Iterable[str], *, quiet: bool) -> None:
    """Say each note once."""
    for message in dict.fromkeys(messages):
        note(message, quiet=quiet)


def _write(message: str) -> None:
    for hide in _hidden:
        message = hide(message)
    safe = "".join(
        char
        for char in message
        if char in "\n" + _INVISIBLE_BUT_MEANT or unicodedata.category(char) not in ("Cc", "Cf")
    )
    progress.wipe()
    if sys.stderr is None:  # closed by the caller; print would turn to stdout
        return
    try:
        print(safe, file=sys.stderr, flush=True)
    except UnicodeEncodeError:
        print(safe.encode("ascii", "backslashreplace").decode("ascii"), file=sys.stderr, flush=True)
    except OSError:
        # Nobody listens (a closed pipe, a full disk): the answer matters more. Nor may the last flush fail.
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Point a stream that cannot be written at nothing."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
