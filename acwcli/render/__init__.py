"""Figures to output: one file per format, and the one place that knows which formats there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

from acwcli.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from acwcli.model.table import Table

FORMATS = ("table", "csv", "tsv", "json", "ndjson", "parquet", "markdown", "xlsx")
BINARY_FORMATS = ("parquet", "xlsx")
"""Formats that make no sense on a terminal."""

_IN_PIECES = ("csv", "tsv", "json", "ndjson", "parquet")
"""Formats that are written as rows come."""

SUFFIXES = {
    "txt": "table",
    "csv": "csv",
    "tsv": "tsv",
    "json": "json",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
    "parquet": "parquet",
    "md": "markdown",
    "markdown": "markdown",
    "xlsx": "xlsx",
}


def format_of_path(path: str, suffixes: Mapping[str, str] = SUFFIXES) -> str:
    """Return the format that the suffix of a file name stands for.

    Raises:
        UsageError: the suffix is missing or stands for no format.
    """
    suffix = PurePath(path).suffix.removeprefix(".").casefold()
    if suffix in suffixes:
        return suffixes[suffix]
    known = ", ".join(f".{name}" for name in suffixes)
    what = f"the suffix '.{suffix}' stands for no output format" if suffix else "no suffix to tell the format"
    raise UsageError(f"{path}: {what}{did_you_mean(suffix, suffixes)}; use {known}, or name it with --format")


def write(
    table: Table,
    format: str,
    stream: BinaryIO,
    *,
    width: int | None = None,
    guard: bool = True,
    color: bool = False,
    tz: str = "UTC",
    encoding: str = "utf-8",
    terminal: bool = False,
) -> None:
    """Write one answer to a binary stream, the same bytes whatever the stream is.

    Args:
        table: the answer.
        format: one of `FORMATS`.
        stream: left open; what it raises (a broken pipe, a full disk) is the caller's to handle.
        width: columns of the terminal; 160 when there is none. For `table` only.
        guard: put an apostrophe before text that a spreadsheet would run. For `csv` and `tsv` only.
        color: write bold and colour. For `table` only.
        tz: zone in which instants are written; Parquet keeps UTC.
        encoding: what the terminal reads. For `table` only; the others are UTF-8.
        terminal: the stream is a terminal, so control characters and bidi marks are taken out of all text.

    Raises:
        UsageError: the format is not known.
        OutputError: more rows, or a longer text, than a workbook holds.
    """
    table = _as_taken(table, format, terminal)
    match format:
        case "table":
            from acwcli.render import table as terminal_table

            terminal_table.write(table, stream, width=width or 160, color=color, tz=tz, encoding=encoding)
        case "csv" | "tsv":
            from acwcli.render import csv_text

            csv_text.write(table, stream, separator="\t" if format == "tsv" else ",", tz=tz, guard=guard)
        case "json" | "ndjson":
            from acwcli.render import json_text

            (json_text.write_json if format == "json" else json_text.write_ndjson)(table, stream, tz=tz)
        case "parquet":
            from acwcli.render import parquet

            parquet.write(table, stream)
        case "markdown":
            from acwcli.render import markdown

            markdown.write(table, stream, tz=tz)
        case "xlsx":
            from acwcli.render import xlsx

            xlsx.write(table, stream, tz=tz)
        case _:
            hint = did_you_mean(format, FORMATS)
            raise UsageError(f"'{format}' is no output format{hint}; known are {', '.join(FORMATS)}")


def _as_taken(table: Table, format: str, terminal: bool) -> Table:
    """In one piece, where a format knows no other, and safe for a terminal."""
    if terminal or format not in _IN_PIECES:
        table = table.whole()
    if not terminal or format in ("table", *BINARY_FORMATS):
        return table
    from acwcli.render.values import for_terminal

    return for_terminal(table)
