"""The options that say where the work is done: here, or on Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from acwcli.cli import parse
from acwcli.errors import UsageError

if TYPE_CHECKING:
    from acwcli.pipeline.spark import Cluster

ENGINES = ("local", "spark")
_PANEL = "Engine"


Engine = Annotated[
    str, typer.Option("--engine", help="local, or spark: more data than one machine holds.", rich_help_panel=_PANEL)
]
Master = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="Of Spark: local[4], spark://HOST:7077, sc://HOST:15002, yarn …",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
Partitions = Annotated[
    int | None,
    typer.Option(
        "--partitions",
        metavar="N",
        min=1,
        help="Buckets of agents on Spark (one per 128 MB of text).",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]


class PlaceFlags(NamedTuple):
    """Where files are read and wraps rebuilt; the answer is the same."""

    engine: Engine = "local"
    master: Master = None
    partitions: Partitions = None


class EngineFlags(NamedTuple):
    """The same, for commands that have no `--verbose` of their own."""

    engine: Engine = "local"
    master: Master = None
    partitions: Partitions = None
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Let Spark's own log through.", rich_help_panel=_PANEL)
    ] = False


def cluster_of(flags: PlaceFlags | EngineFlags | None) -> Cluster | None:
    """Where Spark is to run; None for work that is done here.

    Raises:
        UsageError: an unknown engine or master, or an option that only Spark has.
    """
    if flags is None:
        return None
    if parse.one_of(flags.engine, ENGINES, "--engine") == "local":
        if flags.master is not None or flags.partitions is not None:
            raise UsageError("--master and --partitions are for Spark; add --engine spark")
        return None
    from acwcli.pipeline.spark import Cluster, check_master

    master = check_master(flags.master) if flags.master is not None else None
    return Cluster(master, flags.partitions, isinstance(flags, EngineFlags) and flags.verbose)
