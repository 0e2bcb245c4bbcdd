"""The man page, from the same words as `--help`: `python -m acwcli.cli.manual > docs/acw.1`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from acwcli import __version__
from acwcli.cli import catalogue, engine, flags
from acwcli.cli.app import COMMANDS, EXAMPLES, PURPOSE
from acwcli.errors import ExitCode

_GROUPS = {
    title: set(group._fields)
    for title, group in (
        ("Reading", flags.ReadFlags),
        ("Wraps", flags.WrapFlags),
        ("Engine", engine.PlaceFlags),
        ("Output", flags.OutFlags),
    )
}
_EXIT_STATUS = {
    ExitCode.OK: "Done.",
    ExitCode.UNEXPECTED: "Unexpected failure; --debug shows where.",
    ExitCode.USAGE: "Usage or configuration.",
    ExitCode.INPUT: "Input unreadable, format unknown, or more bad rows than --max-bad.",
    ExitCode.NO_WRAPS: "No usable wraps.",
    ExitCode.OUTPUT: "The answer could not be written.",
    ExitCode.LOCKED: "The store is locked by another run.",
    ExitCode.FINDINGS: "Findings, only with --fail-on-flag.",
    ExitCode.INTERRUPTED: "Interrupted.",
}


def manual() -> str:
    """The page in the man macros of roff."""
    return "\n".join([f'.TH ACW 1 "" "acwcli {__version__}" "User Commands"', *_lines()]) + "\n"


def _lines() -> Iterator[str]:
    yield from (".SH NAME", "acw \\- wrap\\-up time in contact centres: who, why, and is it fair to say so")
    yield from (".SH SYNOPSIS", ".B acw", "COMMAND PATH... [OPTIONS]", ".SH DESCRIPTION", _roff(PURPOSE))
    yield from (".SH EXAMPLES", ".nf", *map(_roff, EXAMPLES), ".fi", ".SH COMMANDS")
    for command in COMMANDS:
        yield from _of_command(command)
    yield ".SH OPTIONS"
    for title, names in _GROUPS.items():
        yield f'.SS "{title}"'
        known = catalogue.options("summary")
        yield from _options([option for option in known.values() if option.parameter in names])
    yield ".SH EXIT STATUS"
    for code, meaning in _EXIT_STATUS.items():
        yield from (".TP", f".B {int(code)}", _roff(meaning))
    yield from (".SH ENVIRONMENT", _roff("ACW_ and the long name of an option sets it: ACW_TZ, ACW_MAX_WRAP;"))
    yield from (_roff("ACW_FLAG_OVER for one command only. ACW_CONFIG stands for --config."), ".SH FILES")
    yield _roff(
        "acw.toml in the current folder or the nearest one above, then in the folder of the user's configuration,"
    )
    yield _roff("then in the system's; acw config show names them and tells where each value comes from.")


def _of_command(command: str) -> Iterator[str]:
    purpose, _, examples = catalogue.documented(command).partition("\b")
    words = " ".join(argument.metavar for argument in catalogue.arguments(command))
    yield from (
        f'.SS "acw {command} {_roff(words)}"',
        _roff(COMMANDS[command]),
        ".PP",
        _roff(" ".join(purpose.split())),
    )
    yield from (".PP", ".nf", *(_roff(line.strip()) for line in examples.splitlines()[2:]), ".fi")
    shared = set().union(*_GROUPS.values())
    own = [option for option in catalogue.options(command).values() if option.parameter not in shared]
    yield from _options(own)


def _options(options: list[catalogue.Option]) -> Iterator[str]:
    for option in options:
        value = "" if option.kind == "flag" else f" {option.metavar or option.kind.upper()}"
        yield from (".TP", f".B {_roff(', '.join(option.words))}{_roff(value)}", _roff(option.help))


def _roff(text: str) -> str:
    """Text that roff takes as text: signs of its own escaped, no line that begins like a macro."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped.replace("…", "..."))


if __name__ == "__main__":
    sys.stdout.write(manual())
