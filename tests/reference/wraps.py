"""State logs, contact records, or both -> wraps."""

from __future__ import annotations

from collections.abc import Iterable

from .contacts import (
    GAP_CAP,
    MAX_WRAP,
    WRAP_COLUMNS,
    Record,
    Wrap,
    gap_wraps,
    record_end,
    record_wrap,
    without_duplicates,
)
from .pieces import first_given, state_wraps
from .timeline import Row

__all__ = ["GAP_CAP", "MAX_WRAP", "WRAP_COLUMNS", "Record", "Row", "Wrap", "wraps"]


def wraps(
    states: Iterable[Row] = (),
    records: Iterable[Record] = (),
    *,
    max_wrap: int = MAX_WRAP,
    infer_gap: bool = False,
    gap_cap: int = GAP_CAP,
) -> list[Wrap]:
    """Everything: state logs, contact records, or both together (rule 7)."""
    states, records = list(states), without_duplicates(records)
    from_states = state_wraps(states, records, max_wrap)
    for wrap in from_states:
        add_attributes(wrap, records)
    left = [record for record in records if not told_by_states(record, from_states, states)]
    from_records = [wrap for record in left if (wrap := record_wrap(record, max_wrap=max_wrap))]
    if infer_gap:
        gaps = gap_wraps(records, gap_cap=gap_cap)
        rows_left = {(record["source"], record["row"]) for record in left}
        from_records += [wrap for wrap in gaps if (wrap["source"], wrap["row"]) in rows_left]
    found = from_states + from_records
    return sorted(found, key=lambda w: (w["agent_id"], w["wrap_start"] is None, w["wrap_start"] or 0, w["row"]))


def add_attributes(wrap: Wrap, records: list[Record]) -> None:
    """Rule 7, decision l: the record of the same agent and contact, the one that ended nearest to the wrap's start."""
    same = [r for r in records if (r["agent_id"], r["contact_id"]) == (wrap["agent_id"], wrap["contact_id"])]
    if wrap["contact_id"] is None or not same:
        return

    def distance(record: Record) -> tuple[bool, int, int, str, int]:
        end = record_end(record)
        away = 0 if end is None else abs(end - wrap["wrap_start"])
        return (end is None, away, end or 0, record["source"], record["row"])

    record = min(same, key=distance)
    wrap.update(direction=record["direction"], disposition=record["disposition"])
    for column in ("queue", "channel"):
        wrap[column] = first_given([wrap[column], record[column]])
    for column in ("talk_ms", "hold_ms"):
        wrap[column] = wrap[column] if record[column] is None else record[column]


def told_by_states(record: Record, from_states: list[Wrap], states: list[Row]) -> bool:
    """Decision l: whether the states already tell this record's wrap, or would have if there was one."""
    contact = (record["agent_id"], record["contact_id"])
    if record["contact_id"] is not None and any((w["agent_id"], w["contact_id"]) == contact for w in from_states):
        return True
    end = first_given([record_end(record), record["acw_start"], record["answered_at"], record["offered_at"]])
    mine = [r["event_time"] for r in states if r["agent_id"] == record["agent_id"] and not r["rejected"]]
    return bool(mine) and end is not None and min(mine) <= end <= max(mine)
