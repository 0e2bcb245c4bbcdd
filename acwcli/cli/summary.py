"""`acw summary`: how long do wraps take?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.engine import EngineFlags
from acwcli.cli.flags import HideFlags, Measured, OutFlags, Paths, QueueLimits, ReadFlags, WrapFlags, with_flags


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    at: EngineFlags,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", metavar="COLUMN,…", help="One row per value: agent_id, queue, day, hour, a roster column …"
        ),
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="DURATION", help="Add the share within this limit and the seconds over it."),
    ] = None,
    queue_limit: QueueLimits = None,
    attribute: Annotated[
        str,
        typer.Option("--attribute", help="Whose day and hour a wrap has: its start, its end, or split between them."),
    ] = "start",
    of: Measured = "acw",
    per: Annotated[
        str, typer.Option("--per", help="What the mean divides by: wraps, or handled contacts (without ACW: 0 s).")
    ] = "wraps",
) -> None:
    """Count, mean, median, percentiles and totals of wraps, per group or for everyone.

    \b
    Examples:
        acw summary sample_data/generic/states.csv --by agent_id --limit 60s
        acw summary states.csv --by queue --limit 60s --queue-limit billing=45s
        acw summary states.csv --by day,hour --attribute split
        acw summary night.parquet --by queue,day --format csv
    """
    from acwcli import pipeline
    from acwcli.cli import narrate, parse, session

    groups = parse.names_in(by)
    denominator = parse.one_of(per, pipeline.DENOMINATORS, "--per")
    owner = parse.one_of(attribute, pipeline.ATTRIBUTES, "--attribute")
    question = pipeline.Question(parse.one_of(of, pipeline.MEASURES, "--of"), tuple(groups), denominator, owner)
    limit_ms = parse.length(limit, "--limit") if limit is not None else None
    limits_ms = parse.queue_limits(queue_limit)
    needs = question.needs() | ({"queue"} if limits_ms else set())
    rebuilt = session.rebuild(paths, read, wrap, out, needs, hide, at, on_disk=True)
    narrate.notes(pipeline.said_of(question), quiet=out.quiet)
    if limits_ms and rebuilt.aggregates is not None:
        narrate.note("limits of queues are left out: sums do not say which wraps are over them", quiet=out.quiet)
    for_people = session.answer_format(out) == "table"
    answer = pipeline.summarise(
        rebuilt, question, limit_ms=limit_ms, limits_ms=limits_ms, with_total=for_people
    )  # fmt: skip
    session.emit(answer, out, read.zone)
