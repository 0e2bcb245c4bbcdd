"""`acw diagnose`: is the mean telling the truth, and who makes it?"""

from __future__ import annotations

from typing import Annotated

import typer

from acwcli.cli.engine import EngineFlags
from acwcli.cli.flags import (
    HideFlags,
    Measured,
    MinWraps,
    OutFlags,
    Paths,
    QueueLimits,
    ReadFlags,
    Within,
    WrapFlags,
    with_flags,
)
from acwcli.errors import UsageError


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    at: EngineFlags,
    within: Within = None,
    queue_limit: QueueLimits = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top", min=1, help="Agents put at their peers' median in mean_top_at_median_s (see top_agents)."
        ),
    ] = None,
    min_wraps: MinWraps = 20,
    compare_rules: Annotated[
        bool, typer.Option("--compare-rules", help="Show what other systems' definitions would report instead.")
    ] = False,
    of: Measured = "acw",
) -> None:
    """Set the mean against the distribution, and name who makes the difference. Everything is per wrap.

    \b
    Examples:
        acw diagnose sample_data/generic/states.csv --within 60s
        acw diagnose states.csv --within 60s --queue-limit billing=45s --top 3
        acw diagnose states.csv --compare-rules
        acw diagnose 'logs/**/*.csv.gz' --within 1m30s --format json | jq .verdict
    """
    from acwcli import pipeline
    from acwcli.cli import parse, session

    if compare_rules:
        if of != "acw":
            raise UsageError(f"--compare-rules is about ACW; leave --of {of} out")
        compared = session.rebuild(paths, read, wrap, out, pipeline.compare_needs(), hide, at)
        session.emit(pipeline.compare_rules(compared), out, read.zone)
        return
    question = pipeline.Question(parse.one_of(of, pipeline.MEASURES, "--of"), pipeline.CONTRIBUTORS)
    limit_ms = parse.length(within, "--within") if within is not None else None
    limits_ms = parse.queue_limits(queue_limit)
    rebuilt = session.rebuild(paths, read, wrap, out, question.needs(), hide, at, on_disk=True)
    answer = pipeline.diagnose(rebuilt, question, within_ms=limit_ms, min_wraps=min_wraps, limits_ms=limits_ms, top=top)
    session.emit(answer, out, read.zone)
