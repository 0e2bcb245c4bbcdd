"""`acw ingest`: keep wraps, night after night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from acwcli.cli.flags import OutFlags, ReadFlags, with_flags
from acwcli.errors import UsageError
from acwcli.model.counts import counted

if TYPE_CHECKING:
    from acwcli.pipeline import Ingested


@with_flags
def command(
    read: ReadFlags,
    out: OutFlags,
    store: Annotated[str, typer.Option("--store", metavar="DIR", help="The store; made when it is not there.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...", help="Files, folders, globs, s3://… or https://…, - for stdin.", show_default=False
        ),
    ] = None,
    retention: Annotated[
        str | None,
        typer.Option("--retention", metavar="DURATION", help="Drop whole days this long before the newest, e.g. 400d."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Rebuild every kept wrap from the files in the store.")
    ] = False,
) -> None:
    """Bring new files into a store and rebuild the days they touch.

    \b
    Examples:
        acw ingest --store wraps.store /var/log/asterisk/queue_log*
        acw ingest --store wraps.store exports/ --retention 400d --quiet
        acw summary wraps.store --by agent_id
    """
    from acwcli import pipeline
    from acwcli.cli import narrate, parse, session
    from acwcli.model.columns import WRAP_FRAME

    if not paths and not (rebuild or retention):
        raise UsageError("acw ingest: which files? Write acw ingest --store DIR PATH... (or --rebuild, --retention)")
    if read.roster:
        raise UsageError("--roster: a store keeps wraps, not who is in which team; give it with the question")
    session.answer_format(out)
    done = pipeline.ingest(
        store,
        paths or [],
        parse.read_options(read, WRAP_FRAME),
        retention_ms=parse.length(retention, "--retention") if retention is not None else None,
        rebuild=rebuild,
        on_read=lambda loaded: session.write_rejects(loaded, read.rejects) if read.rejects else None,
    )
    narrate.note(f"{_files(done)}; {session.counts_line(done.counts)}", quiet=out.quiet)
    narrate.notes(done.notes, quiet=out.quiet)
    session.emit(done.days, out, read.zone)


def _files(done: Ingested) -> str:
    said = [counted(done.new, "new file")]
    said += [f"{done.known:,} already in the store"] if done.known else []
    said += [f"{done.grown:,} replaced by what they have grown to"] if done.grown else []
    said += [f"{counted(done.dropped, 'day')} dropped"] if done.dropped else []
    return ", ".join(said)
