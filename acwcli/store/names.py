"""Agents and queues of a store in a small file: for completion, where a guess is enough and Parquet too slow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from acwcli.model.marker import MOST_NAMES, NAMES_FILE
from acwcli.store.durable import write_whole


def remember(root: Path, partitions: Iterable[pl.DataFrame]) -> None:
    """Add the names in some wraps to those that are known; those that have gone may stay."""
    try:
        known = json.loads((root / NAMES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    found = {column: set(known.get(column, ())) for column in ("agent_id", "queue")}
    for wraps in partitions:
        for column, held in found.items():
            if column in wraps.columns and len(held) < MOST_NAMES:
                held.update(wraps[column].drop_nulls().unique().cast(pl.String))
    text = {column: sorted(held)[:MOST_NAMES] for column, held in found.items()}
    if text != known:
        write_whole(root / NAMES_FILE, lambda part: part.write_text(json.dumps(text, ensure_ascii=False), "utf-8"))
