"""`acw explain`: why this agent?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.engine import EngineFlags
from acwcli.cli.fair import FairFlags, mix_of, newcomers_of
from acwcli.cli.flags import HideFlags, Measured, MinWraps, OutFlags, Paths, ReadFlags, Within, WrapFlags, with_flags


@with_flags
def command(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The agent_id.", show_default=False)],
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    at: EngineFlags,
    fair: FairFlags,
    within: Within = None,
    min_wraps: MinWraps = 20,
    of: Measured = "acw",
) -> None:
    """Set one agent beside the peers: figures, rules, shapes of behaviour and the rows that show them; all per wrap.

    \b
    Examples:
        acw explain a31 sample_data/generic/states.csv --within 60s
        acw explain a31 states.csv --roster roster.csv --peers team --format json
    """
    from acwcli import pipeline
    from acwcli.cli import narrate, parse, session

    peers, mix = tuple(parse.names_in(fair.peers)), mix_of(fair)
    groups = tuple(dict.fromkeys((*pipeline.EXPLAINED, *peers, *mix)))
    question = pipeline.Question(parse.one_of(of, pipeline.MEASURES, "--of"), groups)
    limit_ms = parse.length(within, "--within") if within is not None else None
    fdr, newcomers = parse.share(fair.fdr, "--fdr"), newcomers_of(fair, read)
    rebuilt = session.rebuild(paths, read, wrap, out, pipeline.explain_needs(question), hide, at, on_disk=True)
    if fair.mix is not None:
        narrate.notes(pipeline.mix_notes(rebuilt, question, mix), quiet=out.quiet)
    answer = pipeline.explain(
        rebuilt, agent, question, within_ms=limit_ms, peers=peers, min_wraps=min_wraps, mix=mix, fdr=fdr,
        newcomers=newcomers(rebuilt),
    )  # fmt: skip
    session.emit(answer, out, read.zone)
