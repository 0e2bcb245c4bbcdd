"""A GitHub pipe table with the same names and the same full numbers as every other format."""

from __future__ import annotations

from typing import BinaryIO

import polars as pl

from acwcli.model.table import Table
from acwcli.render.values import as_written, nested_as_text, slices

_SPECIAL = r"([\\|`*\[<])"
_LINE_END = r"\r\n|\r|\n"


def write(table: Table, stream: BinaryIO, *, tz: str) -> None:
    """Write the rows; text can break neither the table nor the page it is pasted into."""
    frame = as_written(table.frame.head(0), tz)
    names = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String})
    headings = names.select(_escaped(pl.col("name")))["name"].to_list()
    marks = ["---:" if dtype.is_numeric() else "---" for dtype in frame.dtypes]
    stream.write(f"| {' | '.join(headings)} |\n| {' | '.join(marks)} |\n".encode())
    for rows in slices(table.frame):
        stream.write(_lines(nested_as_text(as_written(rows, tz), tz)))


def _lines(rows: pl.DataFrame) -> bytes:
    cells = [
        _escaped(pl.col(name)) if dtype == pl.String else pl.col(name).cast(pl.String)
        for name, dtype in rows.schema.items()
    ]
    line = pl.format("| " + " | ".join("{}" for _ in cells) + " |", *(cell.fill_null("") for cell in cells))
    lines = rows.select(line.alias("line"))["line"]
    return "".join(text + "\n" for text in lines).encode()


def _escaped(expr: pl.Expr) -> pl.Expr:
    return expr.str.replace_all(_SPECIAL, r"\$1").str.replace_all(_LINE_END, "<br>")
