"""`acw formats`: which exports are known?"""

from __future__ import annotations

from acwcli.cli.flags import OutFlags, with_flags


@with_flags
def command(out: OutFlags) -> None:
    """List the known exports, what they hold and the grade of evidence they give."""
    from acwcli import pipeline
    from acwcli.cli import session

    session.emit(pipeline.formats(), out)
