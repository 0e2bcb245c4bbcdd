"""The report as Markdown, to paste into a ticket or a wiki: the same sections, words and numbers as the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from acwcli.model.report import Report, ReportTable, Section
from acwcli.render.report import MOST_ROWS
from acwcli.render.report.words import NUMBERS, Words, words

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def write(report: Report, stream: BinaryIO, lang: str) -> None:
    """Write the text."""
    own = words(lang, report.tz, name=escaped)
    stream.write("\n".join(_lines(report, own)).encode() + b"\n")


def escaped(text: str) -> str:
    """Text of the data that neither breaks a table nor turns into a link, a heading or markup."""
    safe = _SPECIAL.sub(r"\\\1", text).replace("\r\n", " ").replace("\n", " ")
    # A bare address would become a link by itself; an entity keeps its look.
    return safe.replace("://", "&#58;//").replace("@", "&#64;")


def _lines(report: Report, own: Words) -> Iterator[str]:
    yield f"# {escaped(report.title) if report.title else own.page('title')}"
    yield f"\n{own.say(report.about)}\n"
    yield f"## {own.page('verdict')}: {own.word('terms', report.verdict)}\n"
    yield f"**{own.say(report.headline)}**\n"
    yield " ".join(own.say(part) for part in report.advice)
    for section in report.sections:
        yield from _section(section, report, own)


def _section(section: Section, report: Report, own: Words) -> Iterator[str]:
    yield f"\n## {own.word('headings', section.name)}\n"
    for sentence in section.said:
        yield own.say(sentence)
    if section.name == "command":
        fence = "`" * (max((len(run) for run in re.findall(r"`+", report.command)), default=2) + 1)
        yield f"\n{fence if len(fence) > 2 else '```'}sh\n{report.command}\n{fence if len(fence) > 2 else '```'}"
    for table in section.tables:
        yield from _table(table, own)


def _table(table: ReportTable, own: Words) -> Iterator[str]:
    yield f"\n### {own.word('captions', table.name, table.titled)}\n"
    if table.drawing == "intervals":
        yield f"{own.word('drawings', table.drawing, table.titled)}\n"
    yield _row([own.heading(column) for column in table.columns])
    right = (*NUMBERS, "hour", "value")
    yield _row(["---:" if column.kind in right else "---" for column in table.columns])
    rows = table.rows[:MOST_ROWS]
    columns = [own.cells(column, [row[place] for row in rows]) for place, column in enumerate(table.columns)]
    for cells in zip(*columns, strict=True):
        yield _row(list(cells))
    if len(table.rows) > MOST_ROWS:
        yield "\n" + own.page("rest", shown=own.number(MOST_ROWS), all=own.number(len(table.rows)))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
