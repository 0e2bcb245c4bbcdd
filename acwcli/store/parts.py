"""Logs that run on from file to file, as they were read: the frames of their files, and what stands before the next.

Without them every night would read the whole log again. They follow from the files, and can be made anew from them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from acwcli.store.days import damaged, digest_of
from acwcli.store.durable import write_table

FOLDER = "log"
_ABOUT = "acw"


@dataclass(frozen=True)
class Part:
    """A table and what is to be said about it."""

    table: pl.DataFrame
    about: dict[str, Any]


def write_part(root: Path, name: str, part: Part) -> str:
    """Write a part; return its SHA-256."""
    path = root / FOLDER / name
    write_table(path, part.table, {_ABOUT: json.dumps(part.about, ensure_ascii=False)})
    return digest_of(path)


def read_part(root: Path, name: str) -> Part:
    """Read a part.

    Raises:
        InputError: it is missing or damaged.
    """
    path = root / FOLDER / name
    try:
        return Part(pl.read_parquet(path, glob=False), json.loads(pl.read_parquet_metadata(path)[_ABOUT]))
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise damaged(root, f"{FOLDER}/{name} cannot be read: {str(error).splitlines()[0]}") from error
