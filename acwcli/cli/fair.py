"""The options that make a comparison fair, for every command that compares agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from polars import DataFrame

    from acwcli.cli.flags import ReadFlags
    from acwcli.pipeline import Wraps


class FairFlags(NamedTuple):
    """What makes a comparison fair."""

    peers: Annotated[
        list[str] | None,
        typer.Option(
            "--peers", metavar="COLUMN,…", help="Compare only agents (or their wraps) with equal values of these."
        ),
    ] = None
    mix: Annotated[
        list[str] | None,
        typer.Option(
            "--mix",
            metavar="COLUMN,…",
            help="What tells contacts apart, for a fair comparison; none: do not adjust. [default: queue, channel, "
            "disposition]",
            show_default=False,
        ),
    ] = None
    fdr: Annotated[
        str, typer.Option("--fdr", metavar="SHARE", help="Share of false ones among those called over or under.")
    ] = "5%"
    since_hire: Annotated[
        str | None,
        typer.Option("--since-hire", metavar="FILE", help="File with agent_id and hired: newcomers are not judged."),
    ] = None
    newcomer: Annotated[
        str, typer.Option("--newcomer", metavar="DURATION", help="How long after being hired one is new.")
    ] = "90d"


def mix_of(fair: FairFlags) -> tuple[str, ...]:
    """The columns that tell contacts apart."""
    from acwcli import pipeline
    from acwcli.cli import parse

    return pipeline.mix_columns(parse.names_in(fair.mix) if fair.mix is not None else None)


def newcomers_of(fair: FairFlags, read: ReadFlags) -> Callable[[Wraps], DataFrame | None]:
    """Read who was hired when, before the wraps are: a mistake is told at once. Who is new the wraps will tell."""
    from acwcli import pipeline
    from acwcli.cli import parse
    from acwcli.formats.hires import read_hires

    within_ms = parse.length(fair.newcomer, "--newcomer")
    if fair.since_hire is None:
        return lambda _: None
    hired = read_hires(fair.since_hire, parse.read_options(read, frozenset()))
    return lambda found: pipeline.newcomers(found, hired, within_ms)
