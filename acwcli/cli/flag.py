"""`acw flag`: which agents need a look, and why?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.flags import OutFlags, Paths, ReadFlags, WrapFlags, with_flags
from acwcli.errors import ExitCode


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    over: Annotated[
        list[str] | None, typer.Option("--over", metavar="RULE", help="mean, pNN or a duration; repeat for more rules.")
    ] = None,
    under: Annotated[
        list[str] | None, typer.Option("--under", metavar="RULE", help="The same from below: too short to be true.")
    ] = None,
    measure: Annotated[str, typer.Option("--measure", help="An agent's value: mean, median or pNN.")] = "mean",
    peers: Annotated[
        list[str] | None,
        typer.Option(
            "--peers", metavar="COLUMN,…", help="Compare only agents (or their wraps) with equal values of these."
        ),
    ] = None,
    min_wraps: Annotated[int, typer.Option("--min-wraps", min=1, help="Fewer are not enough data, never a flag.")] = 20,
    every_agent: Annotated[bool, typer.Option("--all", help="List every agent, flagged or not.")] = False,
    fail_on_flag: Annotated[
        bool, typer.Option("--fail-on-flag", help="Exit 10 when a verdict is over or under.")
    ] = False,
    of: Annotated[str, typer.Option("--of", help="What to measure: acw, talk, hold or handle.")] = "acw",
) -> None:
    """List the agents beyond a rule, with how far, how much it costs and how sure one may be.

    \b
    Examples:
        acw flag sample_data/generic/states.csv --over mean --over p80 --over 60s
        acw flag states.csv --roster roster.csv --peers team --fail-on-flag
    """
    from acwcli import pipeline
    from acwcli.cli import parse, session

    peer_columns = tuple(parse.names_in(peers))
    question = pipeline.Question(parse.one_of(of, pipeline.MEASURES, "--of"), ("agent_id", *peer_columns))
    rules = pipeline.rules(over or [], under or [])
    checked = pipeline.measure(measure)
    rebuilt = session.rebuild(paths, read, wrap, out, question.needs())
    answer = pipeline.flag(
        rebuilt, question, rules=rules, measure=checked, peers=peer_columns, min_wraps=min_wraps,
        every_agent=every_agent
    )  # fmt: skip
    session.emit(answer, out, read.tz)
    if fail_on_flag and answer.frame["verdict"].is_in(["over", "under"]).any():
        raise typer.Exit(ExitCode.FINDINGS)
