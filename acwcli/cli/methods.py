"""`acw methods`: how is each figure defined?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.flags import OutFlags, with_flags


@with_flags
def command(
    out: OutFlags,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One figure, e.g. p80_s.", show_default=False)
    ] = None,
) -> None:
    """Print the formula, the denominator and the source of each figure, or of one.

    \b
    Examples:
        acw methods
        acw methods p80_s --format json
    """
    from acwcli import pipeline
    from acwcli.cli import session

    session.emit(pipeline.methods(name), out)
