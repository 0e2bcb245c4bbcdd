"""What is larger than memory: rows on disk, rebuilt by the same function one part of the agents after the other."""

from __future__ import annotations

import polars as pl

from acwcli.formats.frames import FileFrame, Kind
from acwcli.formats.parted import part_rows
from acwcli.reconstruct.combine import UNTOLD, untold

ON_DISK: tuple[Kind, ...] = ("states", "contacts", "wraps")
"""Frames whose rows may go to disk; sums stay in memory."""

_PLACE = "__place"


def on_disk(file: FileFrame, count: int) -> FileFrame:
    """Put the rows of a file on disk that its reader has brought into memory.

    Args:
        file: the file.
        count: the number of parts; 0 leaves everything in memory.

    Raises:
        OutputError: the disk is full.
    """
    if not count or file.kind not in ON_DISK:
        return file
    if file.parted is not None:
        if file.kind == "contacts":
            told = pl.lit(file.rows().select(untold()).collect(engine="streaming").item())
            file.put_on_disk(file.parted.then(lambda found: found.with_columns(told.alias(UNTOLD))))
        return file
    kind = file.frame.schema["agent_id"]
    rows = file.frame.with_row_index(_PLACE).lazy().with_columns(pl.col("agent_id").cast(pl.Categorical))
    if file.kind == "contacts":
        rows = rows.with_columns(untold().alias(UNTOLD))
    parted = part_rows(rows, count, order=_PLACE, everybody=file.kind == "states")
    file.put_on_disk(parted.then(lambda found: found.with_columns(pl.col("agent_id").cast(kind))))
    return file
