"""State events → wraps and legs: the whole path for one set of agents."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
from polars import selectors as cs

from acwcli.model.columns import COUNTED, INSTANT, LEGS, WORDS
from acwcli.reconstruct.legs import legs
from acwcli.reconstruct.pieces import join_pieces, name_wraps, pieces
from acwcli.reconstruct.runs import runs
from acwcli.reconstruct.timeline import STATE_CODE, compact, timeline

_LENGTHS = frozenset(("talk_ms", "hold_ms"))
_PLACED = _LENGTHS | {"contact_id", "queue", "channel"}
"""Columns that are looked up in the event a wrap or its talk began with."""
_TEXTS = cs.by_name("contact_id", "queue", "channel", require_all=False)
_ENDED_BY = {
    "ready": ("ready",),
    "not_ready": ("not_ready",),
    "logout": ("logout",),
    "contact": ("ringing", "talking", "hold", "acw"),
}


class FromStates(NamedTuple):
    """What state events give.

    Attributes:
        wraps: `agent_id wrap_start acw_ms status event`, and `wrap_end pieces ended_by contact_id queue channel` where
            asked for; `event` is the row of `events` the wrap began with.
        legs: `agent_id contact_id queue channel talk_ms hold_ms acw_ms sure_talk sure_acw unwrapped started_at over
            event` and `wrap` (row of `wraps`); without `LEGS` in the needs `wrap talk_ms hold_ms sure_talk`. None
            when nobody asked.
        duplicates: rows of `events` that repeat an earlier one.
    """

    wraps: pl.DataFrame
    legs: pl.DataFrame | None
    duplicates: pl.Series


def wraps_from_states(
    events: pl.DataFrame,
    *,
    max_wrap_ms: int,
    needs: frozenset[str],
    records: pl.DataFrame | None = None,
    origin: bool = True,
) -> FromStates:
    """Rebuild wraps from state events (rules 1 to 6 and 8).

    Args:
        events: canonical state rows in file order, `agent_id` Categorical; see `acwcli.reconstruct.timeline.compact`.
        max_wrap_ms: a wrap longer than this is stuck, pieces this far apart are two wraps.
        needs: columns the question needs; `talk_ms` or `hold_ms` ask for legs.
        records: contact records for rule 4: `agent_id`, `contact_id`, `record_end`.
        origin: whether `event` is asked for; else it may be null.

    Returns:
        Wraps of every status; only `ok` and `orphan` ones have a length that may be counted.
    """
    named = _records(records, events) if records is not None and records.height else None
    ordered = timeline(compact(events), places=origin or not needs.isdisjoint(_PLACED))
    found = runs(ordered.line)
    joined = join_pieces(pieces(found, named), found, max_wrap_ms)
    if named is not None:
        joined = name_wraps(joined, named)
    # Texts in a hundred pieces, as they were read, are looked up at a third of the speed.
    events = events.with_columns(text.rechunk() for text in events.select(_TEXTS))
    # The leg names the queue where the ACW event does not; working out legs is dear, so only then.
    own = [events[name].gather(joined["pos"]) for name in ("queue", "channel") if name in needs & set(events.columns)]
    with_gaps = any(text.null_count() for text in own)
    spoken = None
    if needs & _LENGTHS or with_gaps:
        spoken = legs(found, joined.with_columns(counted=_status(max_wrap_ms).is_in(COUNTED)))
    asked = {"wrap_end": pl.col("end").cast(INSTANT), "pieces": pl.col("pieces"), "ended_by": _ended_by()}
    wraps = joined.select(
        "acw_ms",
        **{name: column for name, column in asked.items() if name in needs},
        wrap_start=pl.col("t").cast(INSTANT),
        status=_status(max_wrap_ms),
        event="pos",
        # The code of a category is the category: no look-up by row.
        agent_id=pl.col("agent").cat.to(events.schema["agent_id"]),
    )
    texts = [_contact_ids(joined, events, records)] if "contact_id" in needs else []
    texts += [_filled(text, joined, events, spoken) for text in own]
    return FromStates(
        wraps.with_columns(texts),
        _leg_frame(spoken, events, needs) if needs & _LENGTHS and spoken is not None else None,
        ordered.duplicates.unique(),
    )


def _status(max_wrap_ms: int) -> pl.Expr:
    return (
        pl.when("invalid").then(pl.lit("invalid", WORDS))
        .when("open").then(pl.lit("open", WORDS))
        .when(pl.col("acw_ms") > max_wrap_ms).then(pl.lit("stuck", WORDS))
        .when("orphan").then(pl.lit("orphan", WORDS))
        .otherwise(pl.lit("ok", WORDS))
    )  # fmt: skip


def _ended_by() -> pl.Expr:
    after = pl.lit("other", WORDS)
    for word, states in _ENDED_BY.items():
        after = _first(pl.col("next_st").is_in([STATE_CODE[state] for state in states]), word, after)
    return _first(pl.col("open"), "open", after)


def _first(condition: pl.Expr, word: str, other: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(pl.lit(word, WORDS)).otherwise(other)


def _records(records: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Contact records in the integers of the time line."""
    return (
        records.with_row_index("record")
        .filter(pl.col("record_end").is_not_null() & pl.col("agent_id").is_not_null())
        .select(
            "record",
            agent=pl.col("agent_id").cast(events.schema["agent_id"]).to_physical(),
            record_end=pl.col("record_end").cast(pl.Int64),
            record_c=pl.coalesce(pl.col("contact_id").hash(), pl.col("record").hash(7)),
        )
        .sort("record_end", maintain_order=True)
    )


def _contact_ids(joined: pl.DataFrame, events: pl.DataFrame, records: pl.DataFrame | None) -> pl.Series:
    """Contact ids from the ACW event, the talk it was inherited from, or the record that named it."""
    contact = events["contact_id"]
    own = contact.gather(joined["pos"])
    if joined["talk_pos"].null_count() < joined.height:
        own = pl.select(pl.coalesce(own, contact.gather(joined["talk_pos"]))).to_series()
    if records is not None and joined["record"].null_count() < joined.height:
        own = pl.select(pl.coalesce(records["contact_id"].gather(joined["record"]), own)).to_series()
    return own.alias("contact_id")


def _filled(own: pl.Series, joined: pl.DataFrame, events: pl.DataFrame, spoken: pl.DataFrame | None) -> pl.Series:
    """Queue or channel of the leg's talk where the ACW event has none."""
    if spoken is None or not own.null_count():
        return own
    legs_of = spoken.select("agent", "key", "pos", ord="first_ord").sort("ord")
    wanted = joined.select("agent", "key", "ord", "talk_pos").with_row_index("place").sort("ord")
    talk = wanted.join_asof(legs_of, on="ord", by=["agent", "key"], strategy="backward", check_sortedness=False)
    row = talk.sort("place").select(pl.coalesce("pos", "talk_pos")).to_series()
    return pl.select(pl.coalesce(own, events[own.name].gather(row))).to_series().alias(own.name)


def _leg_frame(spoken: pl.DataFrame, events: pl.DataFrame, needs: frozenset[str]) -> pl.DataFrame:
    """Legs with their texts, or no more than the lengths of their first wrap's talk; `wrap` is the row of that."""
    if LEGS not in needs:
        return spoken.select("wrap", "talk_ms", "hold_ms", "sure_talk")
    texts = [name for name in ("contact_id", "queue", "channel") if name in needs and name in events.columns]
    return spoken.select(
        "wrap",
        "talk_ms",
        "hold_ms",
        "acw_ms",
        "sure_talk",
        "sure_acw",
        unwrapped=pl.col("wrap").is_null(),
        over=pl.col("over").cast(INSTANT),
        event="pos",
        started_at=pl.col("t").cast(INSTANT),
        agent_id=pl.col("agent").cat.to(events.schema["agent_id"]),
    ).with_columns(events[name].gather(spoken["pos"]) for name in texts)
