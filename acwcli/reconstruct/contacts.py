"""Contact records → wraps: a recorded length or interval, or on request the gap to the next contact."""

from __future__ import annotations

import polars as pl

from acwcli.model.columns import INSTANT

_ATTRIBUTES = ("contact_id", "queue", "channel", "direction", "disposition")


def end_of_talk() -> pl.Expr:
    """When the customer left: `ended_at`, else `answered_at` + talk + hold (a missing hold is none)."""
    talked = pl.col("talk_ms") + pl.col("hold_ms").fill_null(0)
    return pl.coalesce("ended_at", pl.col("answered_at") + pl.duration(milliseconds=talked, time_unit="ms"))


def without_duplicates(contacts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the records from those equal to an earlier one in every column of their file.

    A row with neither contact id nor instant is never a duplicate: equal lengths are no evidence.

    Returns:
        The records that stay, and the repeated ones.
    """
    instants = ("offered_at", "answered_at", "ended_at", "acw_start", "acw_end")
    tells = pl.any_horizontal(pl.col(name).is_not_null() for name in ("contact_id", *instants))
    # The hash finds candidates over all columns of the file; instants and agent confirm them.
    repeated = ~pl.struct("row_hash", "agent_id", "contact_id", *instants, "acw_ms").is_first_distinct() & tells
    marks = contacts.select(repeated=repeated)["repeated"]
    return contacts.filter(~marks), contacts.filter(marks)


def wraps_from_contacts(contacts: pl.DataFrame, *, max_wrap_ms: int) -> pl.DataFrame:
    """Read the wraps that records carry: explicit, anchored or of bare duration.

    Args:
        contacts: canonical contact records (lengths in ms).
        max_wrap_ms: a longer wrap is stuck.

    Returns:
        One row per record that carries ACW, with `record` (row index in `contacts`).
    """
    contacts = contacts.with_row_index("record").with_columns(talk_end=end_of_talk())
    explicit = pl.col("acw_start").is_not_null() & (pl.col("acw_end").is_not_null() | pl.col("acw_ms").is_null())
    length = pl.duration(milliseconds=pl.col("acw_ms"), time_unit="ms")
    start = pl.coalesce("acw_start", pl.col("acw_end") - length, "talk_end")
    acw_ms = (
        pl.when(explicit).then((pl.col("acw_end") - pl.col("acw_start")).dt.total_milliseconds())
        .otherwise(pl.col("acw_ms"))
    )  # fmt: skip
    method = (
        pl.when(explicit).then(pl.lit("explicit"))
        .when(start.is_not_null()).then(pl.lit("anchored"))
        .otherwise(pl.lit("duration"))
    )  # fmt: skip
    recorded = contacts.filter(explicit | pl.col("acw_ms").is_not_null())
    return recorded.select(
        "agent_id",
        *_ATTRIBUTES,
        wrap_start=start.cast(INSTANT),
        wrap_end=pl.when(explicit).then(pl.col("acw_end")).otherwise(start + length).cast(INSTANT),
        acw_ms=acw_ms,
        talk_ms="talk_ms",
        hold_ms="hold_ms",
        pieces=pl.lit(1, pl.Int64),
        method=method,
        timed_out=pl.col("timed_out").fill_null(False),
        record="record",
        file="file",
        row="row",
    ).with_columns(
        ended_by=pl.when(pl.col("acw_ms").is_null()).then(pl.lit("open"))
        .when("timed_out").then(pl.lit("timeout")).otherwise(pl.lit("other")),
        status=pl.when(pl.col("acw_ms").is_null()).then(pl.lit("open"))
        .when(pl.col("acw_ms") > max_wrap_ms).then(pl.lit("stuck")).otherwise(pl.lit("ok")),
    ).drop("timed_out")  # fmt: skip


def wraps_from_gaps(contacts: pl.DataFrame, *, gap_cap_ms: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Infer an upper bound of ACW: the end of a contact to the same agent's next one, idle time included.

    Args:
        contacts: canonical contact records with `taken`; those with ACW of their own, or taken by a state log, only
            end the gap before them.
        gap_cap_ms: longer gaps are no wraps (the cap itself still is).

    Returns:
        The wraps, and `file reason` of the other records that could have given one.
    """
    ordered = (
        contacts.with_row_index("record")
        .with_columns(talk_end=end_of_talk())
        .filter(pl.col("answered_at").is_not_null())
        .sort("agent_id", "answered_at", maintain_order=True)
        .with_columns(upcoming=pl.col("answered_at").shift(-1).over("agent_id"))
        .with_columns(acw_gap=(pl.col("upcoming") - pl.col("talk_end")).dt.total_milliseconds())
        .filter(pl.col("acw_ms").is_null() & pl.col("acw_start").is_null() & pl.col("talk_end").is_not_null())
        .filter(pl.col("taken").is_null())
    )
    gap = pl.col("acw_gap")
    reason = (
        pl.when(pl.col("upcoming").is_null()).then(pl.lit("no next contact"))
        .when(gap < 0).then(pl.lit("overlaps the next contact"))
        .when(gap > gap_cap_ms).then(pl.lit("gap over the cap"))
    )  # fmt: skip
    ordered = ordered.with_columns(reason=reason)
    wraps = ordered.filter(pl.col("reason").is_null()).select(
        "agent_id",
        *_ATTRIBUTES,
        wrap_start=pl.col("talk_end").cast(INSTANT),
        wrap_end=pl.col("upcoming"),
        acw_ms=gap,
        talk_ms="talk_ms",
        hold_ms="hold_ms",
        pieces=pl.lit(1, pl.Int64),
        method=pl.lit("gap"),
        record="record",
        file="file",
        row="row",
        ended_by=pl.lit("contact"),
        status=pl.lit("ok"),
    )
    return wraps, ordered.filter(pl.col("reason").is_not_null()).select("file", "reason")
