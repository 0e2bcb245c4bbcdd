"""What every command takes, read off its signature: enough to check a configuration file or complete a word.

Nothing is built or parsed here, so it costs a few milliseconds where typer's own commands cost a hundred.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from typer.models import OptionInfo

from acwcli.cli.app import COMMANDS

Kind = Literal["flag", "number", "text", "list"]

NOT_CONFIGURED = ("config", "debug")
"""Options of one run that no file and no variable sets; `ACW_CONFIG` has a meaning of its own."""


@dataclass(frozen=True)
class Option:
    """One option of a command.

    Attributes:
        name: its long name without dashes: `max-wrap`.
        words: how it is written: `--format`, `-f`.
        parameter: the Python parameter behind it.
        kind: `list` where it may be repeated.
        metavar: what its value is: `DURATION`; empty where it was given none.
        default: the value without it.
    """

    name: str
    words: tuple[str, ...]
    parameter: str
    kind: Kind
    metavar: str
    help: str
    default: object

    @property
    def configured(self) -> bool:
        """Whether a file or a variable may set it."""
        return self.name not in NOT_CONFIGURED


@dataclass(frozen=True)
class Argument:
    """A word of a command that is no option; `many` where any number may follow."""

    metavar: str
    many: bool


@functools.cache
def options(command: str) -> dict[str, Option]:
    """The options of a command by their long name."""
    found = [_option(parameter, info) for parameter, info in _declared(command) if isinstance(info, OptionInfo)]
    return {option.name: option for option in found}


@functools.cache
def arguments(command: str) -> list[Argument]:
    """The words a command takes besides options, in their order."""
    return [
        Argument(info.metavar or "", _kind(parameter) == "list")
        for parameter, info in _declared(command)
        if not isinstance(info, OptionInfo)
    ]


@functools.cache
def all_options() -> dict[str, Option]:
    """Every option of any command; those of the first command that has it."""
    merged: dict[str, Option] = {}
    for command in COMMANDS:
        merged = {**options(command), **merged}
    return merged


def documented(command: str) -> str:
    """The text a command is explained by."""
    return inspect.getdoc(importlib.import_module(f"acwcli.cli.{command}").command) or ""


def _declared(command: str) -> list[tuple[inspect.Parameter, Any]]:
    signature = inspect.signature(importlib.import_module(f"acwcli.cli.{command}").command)
    return [(parameter, parameter.annotation.__metadata__[0]) for parameter in signature.parameters.values()]


def _option(parameter: inspect.Parameter, info: OptionInfo) -> Option:
    # Inside Annotated, the first word an option is declared with lands in the place of the default.
    words = (
        (info.default, *(info.param_decls or ())) if isinstance(info.default, str) else tuple(info.param_decls or ())
    )
    name = next(word for word in words if word.startswith("--")).removeprefix("--")
    return Option(name, words, parameter.name, _kind(parameter), info.metavar or "", info.help or "", parameter.default)


def _kind(parameter: inspect.Parameter) -> Kind:
    wanted = get_args(parameter.annotation)[0]
    kinds = {wanted, *get_args(wanted)}
    if any(get_origin(kind) is list for kind in kinds):
        return "list"
    if bool in kinds:
        return "flag"
    return "number" if kinds & {int, float} else "text"
