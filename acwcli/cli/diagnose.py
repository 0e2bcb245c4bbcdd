"""`acw diagnose`: is the mean telling the truth, and who makes it?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.flags import OutFlags, Paths, ReadFlags, WrapFlags, with_flags


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    within: Annotated[
        str | None,
        typer.Option("--within", metavar="DURATION", help="The limit people speak of, e.g. 60s (default: p80)."),
    ] = None,
    min_wraps: Annotated[int, typer.Option("--min-wraps", min=1, help="Fewer are not enough data.")] = 20,
    of: Annotated[str, typer.Option("--of", help="What to measure: acw, talk, hold or handle.")] = "acw",
) -> None:
    """Set the mean against the distribution, and name who makes the difference.

    \b
    Examples:
        acw diagnose sample_data/generic/states.csv --within 60s
        acw diagnose 'logs/**/*.csv.gz' --within 1m30s --format json | jq .verdict
    """
    from acwcli import pipeline
    from acwcli.cli import parse, session

    question = pipeline.Question(parse.one_of(of, pipeline.MEASURES, "--of"), pipeline.CONTRIBUTORS)
    limit_ms = parse.length(within, "--within") if within is not None else None
    rebuilt = session.rebuild(paths, read, wrap, out, question.needs())
    answer = pipeline.diagnose(rebuilt, question, within_ms=limit_ms, min_wraps=min_wraps)
    session.emit(answer, out, read.zone)
