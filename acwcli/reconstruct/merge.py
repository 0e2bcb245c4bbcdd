"""What was rebuilt of some agents and of others → what is rebuilt of all of them, in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import polars as pl

from acwcli.model.columns import WORDS
from acwcli.reconstruct.combine import REPEATED, Reconstructed

_FEW_WORDS = ("method", "status", "ended_by")

_ALWAYS_THERE = ("wrap_end", "pieces", "ended_by", "talk_ms", "hold_ms")
"""Columns that are rebuilt whether or not the question needs them."""

_OF_RECORDS = ("agent_id", "contact_id", "acw_ms")


def merged(parts: Iterable[Reconstructed], needs: frozenset[str]) -> Reconstructed:
    """Put parts together; each agent is in one of them, and only restarts of the platform in several.

    Args:
        parts: what was rebuilt, taken one by one.
        needs: wrap columns the question needs; no others stay.
    """
    whole = Reconstructed(pl.DataFrame())
    wraps, legs, records, restarts = [], [], [], []
    for part in parts:
        wraps.append(compacted(part.wraps, needs))
        legs += [compacted_legs(part.legs)] if part.legs is not None else []
        records += [part.records.select(_OF_RECORDS)] if part.records is not None and "contact_id" in needs else []
        restarts += [part.restarts] if part.restarts is not None else []
        for file, reasons in part.ignored.items():
            whole.ignored.setdefault(file, Counter()).update(reasons)
    whole.wraps = _joined(wraps)
    whole.legs = _joined(legs) if legs else None
    whole.records = _joined(records) if records else None
    if restarts:  # accounted once, however many parts they were in
        every = pl.concat(restarts)
        whole.ignore(REPEATED, every, times=-1)
        whole.ignore(REPEATED, every.unique())
    return whole


def compacted(found: pl.DataFrame, needs: frozenset[str]) -> pl.DataFrame:
    """Only the columns the question needs, few words in a byte each."""
    kept = found.drop([name for name in _ALWAYS_THERE if name not in needs], strict=False)
    return kept.with_columns(pl.col(name).cast(WORDS) for name in _FEW_WORDS if name in kept.columns)


def compacted_legs(legs: pl.DataFrame) -> pl.DataFrame:
    """Legs in the same form; places in the wraps of one part say nothing of the whole."""
    return compacted(legs.drop("wrap", strict=False), frozenset(_ALWAYS_THERE))


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    known = [frame for frame in frames if frame.width]
    return pl.concat(known, how="diagonal_relaxed") if known else pl.DataFrame()
