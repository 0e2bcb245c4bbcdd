"""`acw flag`: which agents need a look, and why?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from acwcli.cli.engine import EngineFlags
from acwcli.cli.fair import FairFlags, mix_of, newcomers_of
from acwcli.cli.flags import (
    HideFlags,
    Measured,
    MinWraps,
    OutFlags,
    OverRules,
    Paths,
    QueueLimits,
    ReadFlags,
    UnderRules,
    WrapFlags,
    with_flags,
)
from acwcli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acwcli.pipeline import Question


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    at: EngineFlags,
    fair: FairFlags,
    over: OverRules = None,
    under: UnderRules = None,
    queue_limit: QueueLimits = None,
    measure: Annotated[str, typer.Option("--measure", help="An agent's value: mean, median or pNN.")] = "mean",
    min_wraps: MinWraps = 20,
    quick: Annotated[
        bool, typer.Option("--quick", help="List agents quicker than expected at their mix, notes not skipped.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="VERDICT,…", help="List these verdicts only: over, under, watch …"),
    ] = None,
    every_agent: Annotated[bool, typer.Option("--all", help="List every agent, flagged or not.")] = False,
    fail_on_flag: Annotated[bool, typer.Option("--fail-on-flag", help="Exit 10 on a verdict over or under.")] = False,
    of: Measured = "acw",
    per: Annotated[
        str, typer.Option("--per", help="What a mean divides by: wraps, or handled contacts (without ACW: 0 s).")
    ] = "wraps",
) -> None:
    """List the agents beyond a rule, with how far, how much it costs and how sure one may be.

    \b
    Examples:
        acw flag sample_data/generic/states.csv --over mean --over p80 --over 60s
        acw flag states.csv --roster roster.csv --peers team --fail-on-flag
        acw flag contacts.csv --only over --since-hire hired.csv
        acw flag contacts.csv --quick
    """
    from acwcli import pipeline
    from acwcli.cli import narrate, parse, session

    peer_columns, mix = tuple(parse.names_in(fair.peers)), mix_of(fair)
    question = _question(of, per, (*peer_columns, *mix), quick=quick)
    rules, checked = pipeline.rules(over or [], under or [], quick=quick), pipeline.measure(measure)
    fdr = parse.share(fair.fdr, "--fdr")
    verdicts = [parse.one_of(word, pipeline.FLAG_VERDICTS, "--only") for word in parse.names_in(only)]
    newcomers, limits_ms = newcomers_of(fair, read), parse.queue_limits(queue_limit)
    rebuilt = session.rebuild(paths, read, wrap, out, pipeline.flag_needs(question), hide, at, on_disk=True)
    if fair.mix is not None:
        narrate.notes(pipeline.mix_notes(rebuilt, question, mix), quiet=out.quiet)
    answer = pipeline.flag(
        rebuilt, question, rules=rules, measure=checked, peers=peer_columns, min_wraps=min_wraps,
        every_agent=every_agent, mix=mix, fdr=fdr, only=verdicts, newcomers=newcomers(rebuilt), limits_ms=limits_ms,
    )  # fmt: skip
    session.emit(answer, out, read.zone)
    if fail_on_flag and pipeline.findings(answer):
        raise typer.Exit(ExitCode.FINDINGS)


def _question(of: str, per: str, columns: Sequence[str], *, quick: bool) -> Question:
    from acwcli import pipeline
    from acwcli.cli import parse

    measured = parse.one_of(of, pipeline.MEASURES, "--of")
    if quick and measured != "acw":
        raise UsageError("--quick looks for skipped notes, so it works with --of acw only")
    denominator = parse.one_of(per, pipeline.DENOMINATORS, "--per")
    return pipeline.Question(measured, tuple(dict.fromkeys(("agent_id", *columns))), denominator)
