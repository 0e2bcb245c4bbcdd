"""What travels between tasks: rows of some agents of one file, packed: Spark moves bytes, and no types change."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = "bucket int, kind string, file int, part int, place int, payload binary"
"""The fields of `Block` as Spark declares them."""

CONTROL = -1
"""In place of a bucket: what the driver takes back at once (accounts, and wraps that are rebuilt already)."""

ACCOUNT, FOUND = "account", "found"

_ROWS = 500_000  # of one block: some MB, so that no batch between Spark and Python grows large
_SEED = 0xACC


@dataclass(frozen=True)
class Block:
    """Some rows of one file.

    Attributes:
        bucket: whose rows: all of an agent are in one bucket.
        kind: `states`, `contacts` or `wraps`; `account` and `found` hold no rows but what a task has to say.
        file: number of the file in the order it was found in.
        part: number of the part of that file, where a file was read in parts.
        place: running number within the part.
        payload: the rows (see `pack`).
    """

    bucket: int
    kind: str
    file: int
    part: int
    place: int
    payload: bytes


def pack(frame: pl.DataFrame) -> bytes:
    """Rows as bytes; categories as text, because other processes number them otherwise."""
    buffer = io.BytesIO()
    frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def unpack(payload: bytes) -> pl.DataFrame:
    """Rows from bytes; agents are Categorical again."""
    frame = pl.read_ipc(io.BytesIO(payload))
    return frame.with_columns(pl.col("agent_id").cast(pl.Categorical)) if "agent_id" in frame.columns else frame


def rows_in_blocks(frame: pl.DataFrame, kind: str, file: int, part: int, bucket: int = CONTROL) -> Iterator[Block]:
    """Cut rows into blocks, in their order."""
    for place, rows in enumerate(frame.iter_slices(_ROWS) if frame.height else [frame]):
        yield Block(bucket, kind, file, part, place, pack(rows))


def by_agent(frame: pl.DataFrame, kind: str, file: int, part: int, buckets: int) -> Iterator[Block]:
    """Part rows by agent, in their order.

    Of state logs, rows without agent are restarts of the platform and go into every bucket; of contact records they are
    nobody's and go into the first.
    """
    agent = pl.col("agent_id").cast(pl.String)
    bucket = pl.when(agent.is_not_null()).then(agent.hash(_SEED) % buckets).cast(pl.Int32)
    placed = frame.with_columns(bucket.alias("__bucket")).with_row_index("__place")
    nobody = placed.filter(pl.col("__bucket").is_null())
    own = {
        int(number[0]): rows
        for number, rows in placed.drop_nulls("__bucket").partition_by("__bucket", as_dict=True).items()
    }
    if nobody.height:
        everywhere = range(buckets) if kind == "states" else [0]
        none = placed.clear()
        own |= {number: pl.concat([own.get(number, none), nobody]).sort("__place") for number in everywhere}
    for number, rows in own.items():
        yield from rows_in_blocks(rows.drop("__bucket", "__place"), kind, file, part, number)


def as_batches(blocks: Iterable[Block]) -> Iterator[pa.RecordBatch]:
    """Blocks as Spark takes them, one by one: they are large."""
    import pyarrow as pa

    kinds = (pa.int32(), pa.string(), pa.int32(), pa.int32(), pa.int32(), pa.binary())
    schema = pa.schema([(item.name, kind) for item, kind in zip(fields(Block), kinds, strict=True)])
    for block in blocks:
        yield pa.record_batch([[value] for value in astuple(block)], schema=schema)


def from_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[Block]:
    """Blocks as Spark gives them."""
    for batch in batches:
        for row in batch.to_pylist():
            yield Block(**row)
