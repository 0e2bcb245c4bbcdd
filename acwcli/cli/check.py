"""`acw check`: is anything wrong?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.engine import EngineFlags
from acwcli.cli.flags import HideFlags, MinWraps, OutFlags, Paths, ReadFlags, WrapFlags, with_flags
from acwcli.errors import ExitCode


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    at: EngineFlags,
    alert: Annotated[
        list[str] | None,
        typer.Option("--alert", metavar="NAME=VALUE", help="p90=120s, over_60s=20%, rejected=1%, missing=7d Mon-Fri …"),
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, help="How many of the newest days are judged.")] = 1,
    min_wraps: MinWraps = 20,
    fail_on_flag: Annotated[bool, typer.Option("--fail-on-flag", help="Exit with 10 when there are findings.")] = False,
) -> None:
    """Hold rules against the newest days: each finding is one line on stderr.

    \b
    Examples:
        acw check wraps.store --alert p90=120s --alert rejected=1%
        acw check wraps.store --alert missing=7d --fail-on-flag -q -o checks.csv
    """
    from acwcli import pipeline
    from acwcli.cli import narrate, session

    rules = [pipeline.parse_alert(text) for text in alert or []]
    rebuilt = session.rebuild(paths, read, wrap, out, pipeline.ALERT_NEEDS, hide, at, on_disk=True)
    answer = pipeline.alerts(rebuilt, rules, days=days, min_wraps=min_wraps)
    session.emit(answer, out, read.zone)
    found = pipeline.alert_lines(answer)
    narrate.notes((f"finding: {line}" for line in found), quiet=False)
    if fail_on_flag and found:
        raise typer.Exit(ExitCode.FINDINGS)
