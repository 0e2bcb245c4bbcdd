"""Delimited text as a grid: Polars reads what is sure to be sound, `csv_repair` names the rows of the rest."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from itertools import islice
from pathlib import Path

import polars as pl

from acwcli.formats.csv_checks import Checks, check_rows
from acwcli.formats.csv_layout import DELIMITER_NAMES, Layout, find_layout
from acwcli.formats.grid_data import BAD, ROW, SAMPLE_ROWS, Grid, raw_lines
from acwcli.formats.plain import Plain

_SPARE = "__spare {}"


def read_csv(plain: Plain) -> Grid:
    """Read a delimited text.

    Raises:
        InputError: there is no text, or its first line is longer than 1 MiB.
    """
    layout = find_layout(plain)
    checks = check_rows(plain, layout)
    details = {
        "delimiter": DELIMITER_NAMES[layout.delimiter],
        "encoding": plain.encoding,
        "compression": plain.compression or "none",
        "header": f"line {layout.header_line}" if layout.header_line else "none",
    }
    if checks is None:
        from acwcli.formats.csv_repair import repaired_rows

        rows = repaired_rows(plain.path, layout)
        sample = rows.frame.head(SAMPLE_ROWS).collect()
        frame, ignored, raw = rows.frame, rows.ignored, raw_lines(plain.path, rows.spans)
        details["reader"] = "row by row"
    else:
        frame = _scan(plain.path, layout, checks)
        sample = _scan(_head(plain, layout, checks), layout, checks).head(SAMPLE_ROWS).collect()
        ignored = Counter({"blank line": len(checks.blank_lines)} if checks.blank_lines else {})
        raw = raw_lines(plain.path)
    return Grid(plain.name, "csv", layout.columns, frame, sample, raw, ignored, plain.notes + layout.notes, details)


def _head(plain: Plain, layout: Layout, checks: Checks) -> BytesIO | Path:
    """The lines of the sample: to scan a large file for a few rows takes as long as to scan many of it."""
    if checks.quoting:
        return plain.path  # a record may be several lines
    with plain.path.open("rb") as stream:
        return BytesIO(b"".join(islice(stream, layout.first_line + SAMPLE_ROWS + len(checks.blank_lines))))


def _scan(source: BytesIO | Path, layout: Layout, checks: Checks) -> pl.LazyFrame:
    """Scan lazily: no header, so that title lines, doubled names and short rows need no second thought."""
    spares = [_SPARE.format(number) for number in range(1, checks.spares + 1)]
    lines = pl.scan_csv(
        source,
        has_header=False,
        separator=layout.delimiter,
        quote_char='"' if checks.quoting else None,
        skip_lines=layout.first_line - 1,
        schema=dict.fromkeys([*layout.columns, *spares], pl.String),
        row_index_name=ROW,
        row_index_offset=layout.first_line,
        missing_columns="insert",
        extra_columns="ignore",
        glob=False,
    )
    if checks.blank_lines:
        lines = lines.filter(~pl.col(ROW).is_in(checks.blank_lines))
    as_cell = _stripped if checks.padded else _filled if checks.quoting else pl.col
    cells = [as_cell(name) for name in layout.columns]
    surplus = pl.any_horizontal(_stripped(name).is_not_null() for name in spares)
    bad = pl.when(surplus).then(pl.lit("too many fields")).alias(BAD)
    return lines.select(*cells, pl.col(ROW).cast(pl.UInt32), bad)


def _filled(name: str) -> pl.Expr:
    """Polars reads an empty cell as null, but `""` as an empty text."""
    return pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)


def _stripped(name: str) -> pl.Expr:
    bare = pl.col(name).str.strip_chars()
    return pl.when(bare != "").then(bare).alias(name)
