"""`acw report`: what do I show someone else?"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from acwcli.cli.engine import EngineFlags
from acwcli.cli.fair import FairFlags, mix_of, newcomers_of
from acwcli.cli.flags import (
    HideFlags,
    MinWraps,
    OutFlags,
    OverRules,
    Paths,
    ReadFlags,
    UnderRules,
    Within,
    WrapFlags,
    with_flags,
)
from acwcli.errors import ExitCode


@with_flags
def command(
    paths: Paths,
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    hide: HideFlags,
    fair: FairFlags,
    at: EngineFlags,
    within: Within = None,
    over: OverRules = None,
    under: UnderRules = None,
    min_wraps: MinWraps = 20,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="What stands at the top.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="The report's own words: en, zh, fa, ru or es.")] = "en",
    fail_on_flag: Annotated[
        bool, typer.Option("--fail-on-flag", help="Exit 10 when a verdict is over or under.")
    ] = False,
) -> None:
    """Write the whole story for someone else: one page, Markdown, a workbook or one JSON document.

    \b
    Examples:
        acw report sample_data/generic/states.csv --within 60s -o night.html
        acw report states.csv --lang es --title "Semana 10" -o week.html
        acw report logs/*.gz --anonymize -o night.xlsx
        acw report states.csv --since-hire hired.csv -o fair.html
    """
    from acwcli import pipeline
    from acwcli.cli import parse, rerun, session
    from acwcli.render.report import write_report
    from acwcli.render.report.words import LANGUAGES

    form, language = session.report_format(out), parse.one_of(lang, LANGUAGES, "--lang")
    own = {"within": within, "over": over, "under": under, "title": title, "lang": lang, "min_wraps": min_wraps}
    peers, mix, newcomers = tuple(parse.names_in(fair.peers)), mix_of(fair), newcomers_of(fair, read)
    options = pipeline.ReportOptions(
        within_ms=parse.length(within, "--within") if within is not None else None,
        rules=tuple(pipeline.rules(over or [], under or [])) if over or under else (),
        peers=peers,
        min_wraps=min_wraps,
        mix=mix,
        fdr=parse.share(fair.fdr, "--fdr"),
        title=title,
        command=rerun.command_line("report", paths, (read, wrap, hide, fair), own, form),
    )
    # The formats of a report are not those of a table; they are checked above.
    needs = pipeline.report_needs(options.peers, options.mix)
    rebuilt = session.rebuild(paths, read, wrap, out._replace(format="json"), needs, hide, at, on_disk=True)
    answer = pipeline.report(rebuilt, replace(options, newcomers=newcomers(rebuilt)))
    session.emit_with(lambda stream: write_report(answer, form, stream, lang=language), out)
    if fail_on_flag and pipeline.flags_anybody(answer):
        raise typer.Exit(ExitCode.FINDINGS)
