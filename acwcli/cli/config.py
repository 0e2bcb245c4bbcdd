"""`acw config`: which settings hold, and where does each come from?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from acwcli.cli.flags import OutFlags, with_flags
from acwcli.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from acwcli.model.table import Table

CONTEXT_SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": True}
"""`acw config show flag --over 60s`: options of that other command are words here."""


@with_flags
def command(
    out: OutFlags,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[show [COMMAND...]]", help="Of one command, as if called like this.", show_default=False
        ),
    ] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Tell where each value comes from.")] = False,
) -> None:
    """Show the value of every option after configuration files and environment, and where it comes from.

    \b
    Examples:
        acw config show
        acw config show --origin --format csv
        acw config show flag --over 60s --origin
    """
    from acwcli.cli import session

    action, *asked = words or ["show"]
    if action != "show":
        raise UsageError(f"acw config {action}: unknown{did_you_mean(action, ['show'])}; write acw config show")
    session.emit(_table(list(_rows(asked, out.config)), with_origin=origin), out)
    _tell_places(out)


def _rows(asked: list[str], forced: str | None) -> Iterator[tuple[str, str, object, str]]:
    """Command (empty: of every command that has it), option, value, origin."""
    from acwcli.cli.app import COMMANDS

    if asked:
        yield from ((asked[0], *row) for row in _of_call(asked, forced))
        return
    found = {name: {row[0]: row for row in _of_call([name], forced)} for name in COMMANDS}
    for option in dict.fromkeys(option for rows in found.values() for option in rows):
        owners = [name for name, rows in found.items() if option in rows]
        answers = {(str(value), origin) for _, value, origin in (found[name][option] for name in owners)}
        shared = len(owners) > 1 and len(answers) == 1
        yield from (("" if shared else name, *found[name][option]) for name in (owners[:1] if shared else owners))


def _of_call(words: list[str], forced: str | None) -> Iterator[tuple[str, object, str]]:
    """Option, value and origin, for a command called with these words."""
    from acwcli.cli import catalogue
    from acwcli.cli.app import build
    from acwcli.cli.configured import settings, used

    name, *rest = words
    built = build(name)
    settings(name, forced)  # a mistake in a file is told here: the parser below forgives everything
    context = built.make_context(name, [*(["--config", forced] if forced else []), *rest], resilient_parsing=True)
    set_below = used(context)
    for option in catalogue.options(name).values():
        if not option.configured:
            continue
        source = getattr(context.get_parameter_source(option.parameter), "name", "")
        origin = "command line" if source == "COMMANDLINE" else "default"
        if option.name in set_below:
            origin = set_below[option.name].origin
        yield option.name, context.params[option.parameter], origin


def _table(rows: list[tuple[str, str, object, str]], *, with_origin: bool) -> Table:
    import polars as pl

    from acwcli.model.table import Column, Table

    names = ("command", "option", "value", "origin")
    texts = [(command, option, _text(value), origin) for command, option, value, origin in rows]
    frame = pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String), orient="row").sort(
        "command", maintain_order=True
    )
    shown = names if with_origin else names[:3]
    return Table("config", frame.select(shown), tuple(Column(name) for name in shown))


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value)) or None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tell_places(out: OutFlags) -> None:
    from acwcli.cli import config_places, narrate

    if config_places.forced_file(out.config) is None:
        for path in config_places.places():
            narrate.note(f"{path}: {'read' if path.is_file() else 'not there'}", quiet=out.quiet)
