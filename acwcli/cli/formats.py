"""`acw formats`: which exports are known?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.flags import OutFlags, with_flags
from acwcli.errors import UsageError, did_you_mean


@with_flags
def command(
    out: OutFlags,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[test PROFILE...]", help="Prove profiles by their own sample instead.", show_default=False
        ),
    ] = None,
) -> None:
    """List the known exports, what they hold and the grade of evidence they give.

    \b
    Examples:
        acw formats
        acw formats test my.toml
    """
    from acwcli import pipeline
    from acwcli.cli import session

    if not words:
        session.emit(pipeline.formats(), out)
        return
    action, *profiles = words
    if action != "test":
        raise UsageError(f"acw formats {action}: unknown{did_you_mean(action, ['test'])}; write acw formats test FILE")
    if not profiles:
        raise UsageError("acw formats test: which profile? Write acw formats test FILE")
    session.emit(pipeline.prove_profiles(profiles), out)
