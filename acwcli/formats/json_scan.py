"""The quick way through one object per line: Polars parses it once into Parquet, if nothing in it is unusual."""

from __future__ import annotations

import polars as pl

from acwcli.formats.grid_data import BAD, ROW, column_names
from acwcli.formats.plain import Plain
from acwcli.formats.scratch import scratch_file

_KEY = r'[{,]\s*"((?:[^"\\]|\\.)*)"\s*:'
# Numbers that Polars would write in another way than the file does, and nested values.
_UNUSUAL = (
    r"[:\[,]\s*-?\d+\.\d*0\s*[,}\]]|:\s*-?[\d.]+[eE]|:\s*-0\s*[,}]|:\s*-?\d+\.\d{8,}|:\s*-?\d{10,}\.\d{7,}|:\s*[\[{]"
)
_SMALL = 1 << 17
_APART = "\x1f"
"""No JSON text holds this character as it is."""


def scanned_rows(plain: Plain) -> tuple[list[str], pl.LazyFrame, list[str]] | None:
    """Return column names, rows and doubled names; None when every line must be looked at one by one."""
    size = plain.path.stat().st_size
    if plain.has_nul or plain.long_lines or plain.encoding == "utf-8-sig" or size < _SMALL:
        return None
    line = pl.col("line").str.strip_chars()
    lines = pl.scan_lines(plain.path, name="line", row_index_name=ROW, glob=False)
    plainly = line.str.starts_with("{") & line.str.ends_with("}") & ~line.str.contains(_UNUSUAL)
    # The keys of a line as one text: of those few differ, where the keys of all lines would fill the memory.
    looked = lines.select(ROW, plainly=plainly, keys=line.str.extract_all(_KEY).list.join(_APART))
    try:
        found = looked.group_by("keys").agg(pl.col("plainly").all(), pl.col(ROW).min()).collect(engine="streaming")
    except pl.exceptions.PolarsError:
        return None
    if not found["plainly"].all():
        return None
    return _through_parquet(plain, found.sort(ROW)["keys"])


def _through_parquet(plain: Plain, found: pl.Series) -> tuple[list[str], pl.LazyFrame, list[str]] | None:
    each = found.str.split(_APART).explode()
    keys = each.str.extract(_KEY).unique(maintain_order=True).drop_nulls().to_list()
    names, doubled = column_names(keys)
    if not keys or any("\\" in key for key in keys) or ROW in keys:
        return None
    target = scratch_file("rows.parquet")
    rows = pl.scan_ndjson(plain.path, schema=dict.fromkeys(keys, pl.String), row_index_name=ROW, row_index_offset=1)
    bare = [pl.col(key).str.strip_chars().alias(name) for key, name in zip(keys, names, strict=True)]
    empty_is_null = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in names]
    try:
        rows.select(*bare, pl.col(ROW).cast(pl.UInt32)).with_columns(
            *empty_is_null, pl.lit(None, pl.String).alias(BAD)
        ).sink_parquet(target, compression="lz4")
    except pl.exceptions.PolarsError:
        return None
    return names, pl.scan_parquet(target, glob=False), doubled
