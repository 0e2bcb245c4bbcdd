"""The command group and the one error boundary: every failure becomes a line on stderr and an exit code."""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from acwcli.cli import narrate, progress
from acwcli.cli.configured import ConfiguredCommand
from acwcli.cli.plain_options import take_plain_values
from acwcli.errors import AcwError, ExitCode, UsageError, did_you_mean

COMMANDS = {
    "inspect": "What is in these files, and can I trust it?",
    "reconstruct": "Give me the wraps.",
    "summary": "How long do wraps take?",
    "diagnose": "Is the mean telling the truth, and who makes it?",
    "flag": "Which agents need a look, and why?",
    "explain": "Why this agent?",
    "report": "What do I show someone else?",
    "check": "Is anything wrong today?",
    "ingest": "Keep wraps, night after night.",
    "store": "Is a store sound?",
    "formats": "Which exports are known?",
    "methods": "How is each figure defined?",
    "config": "Which settings hold, and where does each come from?",
    "completion": "How does the shell complete what I type?",
}
"""Command → the question it answers; the module `acwcli.cli.<command>` is imported when the command runs."""

PURPOSE = "Who spends how long in after-call work, why, and is it fair to say so?"
EXAMPLES = (
    "acw inspect exports/",
    "acw diagnose states.csv --within 60s",
    "acw flag 'logs/**/*.csv.gz' --over mean --over 60s",
    "acw summary contacts.csv --by queue,day --format markdown",
)

_PER_WRAP = "All figures here are per wrap; acw summary and acw flag divide by handled contacts too (--per handled)"
BARE = ("formats", "methods", "config", "completion")
"""Commands that answer without any word; the others show their help."""


class LazyGroup(TyperGroup):
    """Lists commands from `COMMANDS` and imports a command's module only when it runs."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        """Parse the words before the command."""
        take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002  # typer's own context class is private
        """The commands in the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002
        """A stub with the help line: enough for `acw --help`."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401, ARG002
        """The real command, built from its module."""
        name, rest = args[0], args[1:]
        return name, build(name), rest


def build(name: str) -> Any:  # noqa: ANN401  # typer's own class is private
    """The parser of one command, from its module.

    Raises:
        UsageError: no such command.
    """
    if name not in COMMANDS:
        raise UsageError(f"no command '{name}'{did_you_mean(name, COMMANDS)}; commands: {', '.join(COMMANDS)}")
    module = importlib.import_module(f"acwcli.cli.{name}")
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = getattr(module, "CONTEXT_SETTINGS", {})
    single.command(name, cls=ConfiguredCommand, no_args_is_help=name not in BARE, context_settings=settings)(
        module.command
    )
    return typer.main.get_command(single)


app = typer.Typer(
    cls=LazyGroup,
    name="acw",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="\n".join([PURPOSE, "", "\b", "Examples:", *(f"    {line}" for line in EXAMPLES)]),
)


def _version(wanted: bool) -> None:
    if wanted:
        from acwcli import __version__

        typer.echo(f"acw {__version__}")
        raise typer.Exit


@app.callback()
def _acw(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    words = list(sys.argv[1:] if args is None else args)
    narrate.hide_with(None)
    try:
        code = typer.main.get_command(app).main(words, prog_name="acw", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        if code == ExitCode.INTERRUPTED:  # typer turns Ctrl-C into this code and says nothing
            narrate.failure("interrupted")
        return int(code or ExitCode.OK)
    except AcwError as error:
        narrate.failure(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        narrate.failure("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _leave_quietly()
    except SystemExit:
        # Not in standalone mode, typer raises this for one thing only: a pipe that closed while it wrote.
        return _leave_quietly()
    except BaseException as error:  # a panic inside Polars is no Exception
        return _explain(error, "--debug" in words)
    finally:
        progress.stop()


def _leave_quietly() -> int:
    """The reader has gone (`| head`); point stdout elsewhere so that the last flush is silent too."""
    narrate.silence(sys.stdout)
    return ExitCode.OK


def _explain(error: BaseException, debug: bool) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        narrate.failure(f"{error.strerror}: neither for standard output nor, perhaps, for temporary files (TMPDIR)")
        narrate.silence(sys.stdout)
        return ExitCode.OUTPUT
    if type(error).__name__ == "NoArgsIsHelpError":
        narrate.usage(str(error))
        return ExitCode.USAGE
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        said = error.format_message()
        hint = _PER_WRAP if said.startswith("No such option: --per ") else "acw COMMAND --help lists what it takes"
        narrate.failure(f"{said}\n{hint}")
        return ExitCode.USAGE
    if debug and not narrate.hides():
        raise error
    if debug:  # what Python prints by itself would name agents
        import traceback

        narrate.failure("".join(traceback.format_exception(error)).rstrip())
        return ExitCode.UNEXPECTED
    what = str(error).strip().splitlines() or [""]
    narrate.failure(
        f"unexpected {type(error).__name__}: {what[0][:300]} (--debug shows where; this is a bug worth reporting)"
    )
    return ExitCode.UNEXPECTED
