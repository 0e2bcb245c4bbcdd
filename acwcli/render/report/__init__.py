"""A report to output: one page, Markdown, a workbook or one JSON document, all from the same neutral report."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from acwcli.model.report import Report

REPORT_FORMATS = ("html", "markdown", "xlsx", "json")
REPORT_SUFFIXES = {
    "html": "html",
    "htm": "html",
    "md": "markdown",
    "markdown": "markdown",
    "xlsx": "xlsx",
    "json": "json",
}
MOST_ROWS = 500
"""Rows of a table on a page and in Markdown; the workbook and the JSON document hold all."""


def write_report(report: Report, format: str, stream: BinaryIO, *, lang: str = "en") -> None:
    """Write a report to a binary stream; the same report gives the same bytes.

    Args:
        report: what to write.
        format: one of `REPORT_FORMATS`.
        stream: left open.
        lang: one of `words.LANGUAGES`.

    Raises:
        UsageError: an unknown language.
        OutputError: more rows than a sheet holds.
    """
    match format:
        case "html":
            from acwcli.render.report import page

            page.write(report, stream, lang)
        case "markdown":
            from acwcli.render.report import text

            text.write(report, stream, lang)
        case "xlsx":
            from acwcli.render.report import workbook

            workbook.write(report, stream, lang)
        case _:
            from acwcli.render.report import document

            document.write(report, stream, lang)
