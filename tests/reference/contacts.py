"""Contact records -> wraps of their own, and the record nearest to a wrap."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

Record = dict[str, Any]
"""A typed contact record: the columns of `RECORD_COLUMNS` plus source and row; ms, None where missing."""
Wrap = dict[str, Any]
"""One row of the wraps table, durations in integer ms (acw_ms, talk_ms, hold_ms)."""

RECORD_COLUMNS = (
    "contact_id", "agent_id", "queue", "channel", "direction", "offered_at", "answered_at", "ended_at",
    "talk_ms", "hold_ms", "acw_start", "acw_end", "acw_ms", "disposition", "timed_out",
)  # fmt: skip
WRAP_COLUMNS = (
    "agent_id", "contact_id", "queue", "channel", "direction", "disposition", "wrap_start", "wrap_end",
    "acw_ms", "talk_ms", "hold_ms", "pieces", "method", "ended_by", "status", "source", "row",
)  # fmt: skip

MINUTE = 60_000
MAX_WRAP = 240 * MINUTE
GAP_CAP = 10 * MINUTE
INHERIT_BEFORE = 10 * MINUTE
RECORD_AFTER = 5_000


def without_duplicates(records: Iterable[Record]) -> list[Record]:
    """Only rows equal in every column are duplicates, and only when a contact id or an instant can tell rows apart."""
    kept, seen = [], set()
    for record in sorted(records, key=lambda record: (record["source"], record["row"])):
        key = tuple(record[column] for column in RECORD_COLUMNS)
        telling = ("contact_id", "offered_at", "answered_at", "ended_at", "acw_start", "acw_end")
        if key in seen and any(record[column] is not None for column in telling):
            continue
        seen.add(key)
        kept.append(record)
    return kept


def record_end(record: Record) -> int | None:
    """End of talk: as recorded, else `answered_at` + talk + hold."""
    if record["ended_at"] is not None:
        return int(record["ended_at"])
    if record["answered_at"] is not None and record["talk_ms"] is not None:
        return int(record["answered_at"] + record["talk_ms"] + (record["hold_ms"] or 0))
    return None


def has_acw(record: Record) -> bool:
    """Whether ACW was recorded: a length (zero is one), or at least its start."""
    return record["acw_ms"] is not None or record["acw_start"] is not None


def record_wrap(record: Record, *, max_wrap: int = MAX_WRAP) -> Wrap | None:
    """Decision l: explicit with both instants, anchored with a sure start, else a bare duration; no end is open."""
    if not has_acw(record):
        return None
    begin, stop, acw = record["acw_start"], record["acw_end"], record["acw_ms"]
    if begin is not None and (stop is not None or acw is None):
        method, start = "explicit", begin
        acw = None if stop is None else stop - begin
    else:
        start = begin if begin is not None else stop - acw if stop is not None else record_end(record)
        method = "anchored" if start is not None else "duration"
        stop = None if start is None else start + acw
    sure = acw is not None
    return {
        **wrap_from(record, method),
        "wrap_start": start,
        "wrap_end": stop,
        "acw_ms": acw,
        "ended_by": "open" if not sure else "timeout" if record["timed_out"] else "other",
        "status": "open" if not sure else "stuck" if acw > max_wrap else "ok",
    }


def gap_wraps(records: list[Record], *, gap_cap: int = GAP_CAP) -> list[Wrap]:
    """--infer-gap: from the end of a contact without recorded ACW to the agent's next answer, at most the cap."""
    found = []
    for name in {record["agent_id"] for record in records}:
        mine = [r for r in records if r["agent_id"] == name and r["answered_at"] is not None]
        mine.sort(key=lambda record: record["answered_at"])
        for record, following in pairwise(mine):
            start, stop = record_end(record), following["answered_at"]
            if not has_acw(record) and start is not None and 0 <= stop - start <= gap_cap:
                times = {"wrap_start": start, "wrap_end": stop, "acw_ms": stop - start}
                found.append({**wrap_from(record, "gap"), **times, "ended_by": "contact", "status": "ok"})
    return found


def wrap_from(record: Record, method: str) -> Wrap:
    """The columns of a wrap that a record gives as they are."""
    given = ("agent_id", "contact_id", "queue", "channel", "direction", "disposition", "talk_ms", "hold_ms")
    wrap: Wrap = dict.fromkeys(WRAP_COLUMNS)
    wrap.update({column: record[column] for column in (*given, "source", "row")})
    return {**wrap, "pieces": 1, "method": method}


def nearest_record(records: list[Record], start: int) -> Record | None:
    """Rule 4: the record that ended at most 5 s after and 10 min before; the nearest, earlier, upper."""
    near = []
    for record in records:
        end = record_end(record)
        if end is not None and -INHERIT_BEFORE <= end - start <= RECORD_AFTER:
            near.append((abs(end - start), end, record["source"], record["row"], record))
    return min(near, key=lambda item: item[:4])[-1] if near else None
