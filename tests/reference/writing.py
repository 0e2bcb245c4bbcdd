"""Typed rows -> files as people export them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from .contacts import RECORD_COLUMNS

Row = dict[str, Any]

STATE_COLUMNS = ("agent_id", "event_time", "state", "contact_id", "queue", "channel", "reason", "ended_at")
INSTANTS = ("event_time", "offered_at", "answered_at", "ended_at", "acw_start", "acw_end")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_text(milliseconds: int, zone: tzinfo = UTC, *, offset: bool = True) -> str:
    """An instant on the clock of a zone, with its offset or without."""
    local = (EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone)
    return (local if offset else local.replace(tzinfo=None)).isoformat(timespec="milliseconds")


def seconds_text(milliseconds: int) -> str:
    """Seconds with three decimals, written without any float."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def as_text(row: Row, zone: tzinfo = UTC, *, offset: bool = True) -> dict[str, str]:
    """One row as the cells of a text file; a rejected row has a time nobody can read."""
    is_state = "state" in row
    cells = {}
    for column in STATE_COLUMNS if is_state else RECORD_COLUMNS:
        value = row[column]
        name = column.removesuffix("_ms") + "_s" if column.endswith("_ms") else column
        if value is None:
            cells[name] = ""
        elif column in INSTANTS:
            cells[name] = instant_text(value, zone, offset=offset)
        elif column.endswith("_ms"):
            cells[name] = seconds_text(value)
        else:
            cells[name] = str(value).lower() if isinstance(value, bool) else str(value)
    if is_state and row["rejected"]:
        cells["event_time"] = "no time"
    return cells


def csv_text(rows: Iterable[Row], zone: tzinfo = UTC, *, offset: bool = True) -> str:
    """Header in line 1, the first row in line 2."""
    lines = [as_text(row, zone, offset=offset) for row in rows]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return stream.getvalue()


def write_csv(rows: Sequence[Row], path: Path) -> None:
    path.write_text(csv_text(rows), encoding="utf-8")


def write_gz(rows: Sequence[Row], path: Path) -> None:
    path.write_bytes(gzip.compress(csv_text(rows).encode()))


def write_ndjson(rows: Sequence[Row], path: Path) -> None:
    """Missing values are null in the first line and missing keys elsewhere; lengths are numbers."""
    lines = []
    for number, row in enumerate(rows):
        texts = {name: cell or None for name, cell in as_text(row).items() if cell or number == 0}
        lengths = {name: float(cell) for name, cell in texts.items() if name.endswith("_s") and cell}
        lines.append(json.dumps({**texts, **lengths}, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_parquet(rows: Sequence[Row], path: Path) -> None:
    """Instants, lengths and flags in their own types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = {}
    for column in STATE_COLUMNS if "state" in rows[0] else RECORD_COLUMNS:
        values = [row[column] for row in rows]
        if column in INSTANTS:
            table[column] = pa.array(values, pa.timestamp("ms", "UTC"))
        elif column.endswith("_ms"):
            in_seconds = [None if value is None else value / 1000 for value in values]
            table[column.removesuffix("_ms") + "_s"] = pa.array(in_seconds, pa.float64())
        else:
            table[column] = pa.array(values, pa.bool_() if column == "timed_out" else pa.string())
    pq.write_table(pa.table(table), path)


WRITERS: dict[str, tuple[Callable[[Sequence[Row], Path], None], int]] = {
    "csv": (write_csv, 2),
    "csv.gz": (write_gz, 2),
    "ndjson": (write_ndjson, 1),
    "parquet": (write_parquet, 1),
}
"""Suffix -> writer and the number of the first row in such a file."""
