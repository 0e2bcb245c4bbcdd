"""Who appears in which file on which day: what a night needs to find the few older files that bear on it.

Segments of growing size, merged when the last two are alike, so that a night writes a bounded amount on average.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl

from acwcli.errors import InputError
from acwcli.store.days import damaged
from acwcli.store.durable import write_table
from acwcli.store.manifest import Manifest

AGENT_STATES, AGENT_OTHERS, CONTACT, RESTART = range(4)
"""Kinds of entries: an agent's state events, an agent's records or wraps, a contact id, a restart of the platform."""

SCHEMA = {"what": pl.UInt8(), "key": pl.UInt64(), "file": pl.UInt32(), "day": pl.Int32()}


def entries(root: Path, manifest: Manifest) -> pl.LazyFrame:
    """Every entry of files that are still in the store.

    Raises:
        InputError: a segment is missing.
    """
    paths = [root / "index" / name for name in manifest.segments]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise damaged(root, f"{missing[0].name} is missing from its index")
    if not paths:
        return pl.LazyFrame(schema=SCHEMA)
    known = pl.Series([file.number for file in manifest.files], dtype=pl.UInt32)
    return pl.scan_parquet(paths, glob=False).filter(pl.col("file").is_in(known.implode()))


def select(found: pl.LazyFrame, what: Collection[int], keys: pl.Series | None = None) -> pl.DataFrame:
    """Entries of some kinds and keys.

    Raises:
        InputError: a segment cannot be read.
    """
    wanted = found.filter(pl.col("what").is_in(list(what)))
    if keys is not None:
        wanted = wanted.filter(pl.col("key").is_in(keys.unique().implode()))
    try:
        return wanted.collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"the index of the store cannot be read ({str(error).splitlines()[0]})") from error


def add_segment(root: Path, manifest: Manifest, fresh: pl.DataFrame) -> dict[str, int]:
    """Write the entries of a night, merged with segments of its size; return the segments from now on.

    The old segments stay until the change is the store.
    """
    segments = dict(manifest.segments)
    merged = fresh.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    known = pl.Series([file.number for file in manifest.files], dtype=pl.UInt32)
    while segments and list(segments.values())[-1] <= 2 * merged.height:
        name, _ = segments.popitem()
        older = pl.read_parquet(root / "index" / name).filter(pl.col("file").is_in(known.implode()))
        merged = pl.concat([older, merged])
    if merged.height:
        name = f"{manifest.generation + 1:08}.parquet"
        write_table(root / "index" / name, merged)
        segments[name] = merged.height
    return segments
