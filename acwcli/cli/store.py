"""`acw store`: is a store sound?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.flags import OutFlags, with_flags
from acwcli.errors import InputError, UsageError, did_you_mean
from acwcli.model.counts import counted


@with_flags
def command(
    out: OutFlags,
    words: Annotated[list[str], typer.Argument(metavar="check DIR", help="What to do, and with which store.")],
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Also rebuild every wrap from the files and compare.")
    ] = False,
) -> None:
    """Check a store: every file it names, every hash, every count; say what is wrong and what to do.

    \b
    Examples:
        acw store check wraps.store
        acw store check wraps.store --thorough
    """
    from acwcli import pipeline
    from acwcli.cli import narrate, session

    action, *stores = words
    if action != "check":
        raise UsageError(f"acw store {action}: unknown{did_you_mean(action, ['check'])}; write acw store check DIR")
    if len(stores) != 1:
        raise UsageError("acw store check: name one store; write acw store check DIR")
    found = pipeline.check_store(stores[0], thorough=thorough)
    session.emit(found, out)
    if found.frame.height:
        raise InputError(
            f"{stores[0]}: the store is damaged in {counted(found.frame.height, 'place')}; do what is advised there"
        )
    narrate.note(f"{stores[0]}: the store is sound", quiet=out.quiet)
