"""The wraps contract at the edge: seconds in place of milliseconds, text in place of codes, in a fixed order."""

from __future__ import annotations

import polars as pl

from acwcli.model.columns import WRAP_COLUMNS, WRAP_FRAME
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column, Kind, Table

SCHEMA_VERSION = 1
"""Of the wraps table; raised when a column changes its meaning."""


def public_wraps(frame: pl.DataFrame) -> Table:
    """Turn the engine's wraps into the public table.

    Args:
        frame: wraps with lengths in ms and `source` as text.

    Returns:
        Rows ordered by `agent_id`, `wrap_start`, `row`.
    """
    ordered = frame.sort(pl.col("agent_id").cast(pl.String), "wrap_start", "row", "source", maintain_order=True)
    return Table(
        "wraps", ordered.select(_public(name) for name in WRAP_COLUMNS), tuple(_column(name) for name in WRAP_COLUMNS)
    )


def _public(name: str) -> pl.Expr:
    internal = name.removesuffix("_s") + "_ms" if name.endswith("_s") else name
    if internal.endswith("_ms"):
        return in_seconds(pl.col(internal)).alias(name)
    return pl.col(name).cast(WRAP_FRAME[name])


def _column(name: str) -> Column:
    kinds: dict[str, Kind] = {"wrap_start": "instant", "wrap_end": "instant", "pieces": "count", "row": "count"}
    return Column(name, "seconds" if name.endswith("_s") else kinds.get(name, "text"))
