"""One error tree and one exit-code enum: helpers raise, only the command line exits."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class ExitCode(enum.IntEnum):
    """What the process tells the shell; documented in docs/exit-codes.md."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    INPUT = 3
    NO_WRAPS = 4
    OUTPUT = 5
    LOCKED = 6
    FINDINGS = 10
    INTERRUPTED = 130


class AcwError(Exception):
    """Base of every failure a user can cause; `str()` says what, where and what to do."""

    exit_code = ExitCode.UNEXPECTED


class UsageError(AcwError):
    """Options or configuration that cannot be carried out."""

    exit_code = ExitCode.USAGE


class InputError(AcwError):
    """A path, file or format that cannot be read, or too many bad rows."""

    exit_code = ExitCode.INPUT


class DamagedError(InputError):
    """A file of a known kind that is cut short or damaged; never passed over, as figures would be from less data."""


class NoWrapsError(AcwError):
    """Everything was read, but nothing is left to compute with."""

    exit_code = ExitCode.NO_WRAPS


class OutputError(AcwError):
    """The answer is known but could not be written."""

    exit_code = ExitCode.OUTPUT


class LockedError(AcwError):
    """Another process is writing to the store."""

    exit_code = ExitCode.LOCKED


def what_of_sql(error: Exception, expression: str) -> str:
    """What is wrong with an SQL expression, without the expression: it may name somebody."""
    said = str(error).splitlines()[0]
    return said.replace(f"unable to parse '{expression}' as Expr", "it cannot be parsed")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the nearest known name, or an empty string."""
    import difflib

    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.6)
    return f" (did you mean '{names[near[0]]}'?)" if near else ""
