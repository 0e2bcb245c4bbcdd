"""`acw inspect`: what is in these files, and can I trust it?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.engine import PlaceFlags
from acwcli.cli.flags import HideFlags, OutFlags, Paths, ReadFlags, WrapFlags, with_flags


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    at: PlaceFlags,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="One row per fact instead of one per file.")] = False,
    emit_profile: Annotated[
        bool, typer.Option("--emit-profile", help="Write a first profile (TOML) for a file nobody knows.")
    ] = False,
) -> None:
    """Tell what each file was taken for and why, and account every row.

    \b
    Examples:
        acw inspect exports/
        acw inspect states.csv contacts.csv --verbose
        acw inspect unknown.csv --emit-profile -o mine.toml
    """
    from acwcli import pipeline
    from acwcli.cli import parse, session
    from acwcli.model.columns import WRAP_FRAME

    if emit_profile:
        session.emit_text(pipeline.emit_profile(paths, parse.read_options(read, WRAP_FRAME)), out)
        return
    rebuilt = session.rebuild(paths, read, wrap, out, WRAP_FRAME, hide, at, files=True)
    session.emit(pipeline.inspect(rebuilt, verbose=verbose), out, read.zone)
