"""What goes on around a wrap: contacts that wait as it begins, calls made inside it, customers who call again."""

from __future__ import annotations

import polars as pl

WAITING, CALLS, CALLED_BACK = "waiting", "calls", "called_back"
AROUND = (WAITING, CALLS, CALLED_BACK)
"""Known only with contact records or states beside the wraps; a wraps file alone has neither."""

AROUND_NEEDS = ("wrap_start", "wrap_end", "queue", "channel", "contact_id")
"""Columns of the wraps they are worked out from."""

OF_RECORDS = (
    *("agent_id", "contact_id", "queue", "direction", "customer_id"),
    *("offered_at", "answered_at", "ended_at"),
)
"""Columns of the contact records they are worked out from, as far as known."""

CALL_BACK = "24h"
"""A customer who calls again within this time after a wrap has begun calls back."""


def with_waiting(wraps: pl.DataFrame, contacts: pl.DataFrame | None) -> pl.DataFrame:
    """Add `waiting`: how many contacts of the wrap's queue wait as it begins; null where the records cannot tell.

    A contact waits from `offered_at` to `answered_at`, or to `ended_at` when nobody answers; one made by an agent does
    not. Looked at only as a wrap begins: the longer a wrap, the more contacts come to wait while it runs.

    Args:
        wraps: with `queue` and `wrap_start`.
        contacts: canonical contact records, those without an agent among them, or None.
    """
    if contacts is None or not {"offered_at", "answered_at", "queue"} <= set(contacts.columns):
        return wraps.with_columns(pl.lit(None, pl.Int64).alias(WAITING))
    queue = pl.col("queue").cast(pl.String).fill_null("").alias("_queue")
    left = pl.coalesce("answered_at", *[name for name in ("ended_at",) if name in contacts.columns])
    offered = contacts.select(queue, _made(contacts).alias("made"), begin="offered_at", end=left)
    offered = offered.filter(~pl.col("made"), pl.col("end") > pl.col("begin"))
    moves = pl.concat(
        [offered.select("_queue", at="begin", move=1), offered.select("_queue", at="end", move=-1)],
    )
    counts = moves.group_by("_queue", "at").agg(pl.col("move").sum().cast(pl.Int64)).sort("at")
    counts = counts.with_columns(pl.col("move").cum_sum().over("_queue").alias(WAITING)).drop("move")
    placed = wraps.with_row_index("_place").with_columns(queue)
    timed = placed.filter(pl.col("wrap_start").is_not_null()).select("_place", "_queue", "wrap_start")
    timed = timed.sort("wrap_start").join_asof(
        counts, left_on="wrap_start", right_on="at", by="_queue", check_sortedness=False
    )
    known = timed.filter(pl.col("_queue").is_in(counts["_queue"].unique().implode()))
    known = known.select("_place", pl.col(WAITING).fill_null(0))
    return placed.join(known, on="_place", how="left", maintain_order="left").drop("_place", "_queue")


def with_calls(wraps: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """Add `calls`: how many calls the agent begins inside the wrap; null where no calls are known at all.

    Args:
        wraps: with the columns of `AROUND_NEEDS`.
        made: what `calls_of` gives.
    """
    if made.is_empty():
        return wraps.with_columns(pl.lit(None, pl.Int64).alias(CALLS))
    placed = wraps.with_row_index("_place")
    agent = pl.col("agent_id").cast(pl.String).alias("_agent")
    spoken = pl.col("channel").is_null() | (pl.col("channel").cast(pl.String) == "voice")
    timed = placed.filter(pl.col("wrap_end").is_not_null(), spoken).select(
        "_place", agent, "wrap_start", "wrap_end", pl.col("contact_id").cast(pl.String).alias("_own")
    )
    inside = made.sort("at").join_asof(
        timed.sort("wrap_start"),
        left_on="at",
        right_on="wrap_start",
        by="_agent",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    inside = inside.filter(pl.col("at") < pl.col("wrap_end"), pl.col("_own").ne_missing(pl.col("contact_id")))
    counts = inside.group_by("_place").agg(pl.len().cast(pl.Int64).alias(CALLS))
    joined = placed.join(counts, on="_place", how="left", maintain_order="left").drop("_place")
    return joined.with_columns(pl.col(CALLS).fill_null(0))


def with_calls_back(wraps: pl.DataFrame, contacts: pl.DataFrame | None) -> pl.DataFrame:
    """Add `called_back`: whether the wrap's customer calls again within a day; null where the records cannot tell.

    Contacts that agents make are no calls back. Of a wrap less than a day before the last record nothing is known,
    whether or not the customer has called by then: to count those who have would make call-backs look common.

    Args:
        wraps: with `wrap_start` and `contact_id`.
        contacts: canonical contact records with `customer_id`, those of other agents among them, or None.
    """
    nothing = wraps.with_columns(pl.lit(None, pl.Boolean).alias(CALLED_BACK))
    begun = [name for name in ("offered_at", "answered_at", "ended_at") if contacts is not None and name in contacts]
    if contacts is None or not begun or "customer_id" not in contacts.columns:
        return nothing
    told = contacts.filter(pl.col("customer_id").is_not_null(), pl.col("contact_id").is_not_null())
    if told.is_empty():
        return nothing
    contact = pl.col("contact_id").cast(pl.String)
    whose = told.select(contact, "customer_id").unique("contact_id", keep="first", maintain_order=True)
    calls = told.filter(~_made(told)).group_by(contact, "customer_id").agg(at=pl.coalesce(begun).min())
    placed = wraps.with_row_index("_place").with_columns(contact)
    timed = placed.filter(pl.col("wrap_start").is_not_null()).select("_place", "contact_id", "wrap_start")
    timed = timed.join(whose, on="contact_id").sort("wrap_start")
    again = timed.join_asof(
        calls.filter(pl.col("at").is_not_null()).select("customer_id", "at").sort("at"),
        left_on="wrap_start", right_on="at", by="customer_id", strategy="forward", tolerance=CALL_BACK,
        allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    last = contacts.select(pl.coalesce(begun).max()).item()
    whole = pl.col("wrap_start").dt.offset_by(CALL_BACK) <= last
    known = again.select("_place", pl.when(whole).then(pl.col("at").is_not_null()).alias(CALLED_BACK))
    return placed.join(known, on="_place", how="left", maintain_order="left").drop("_place")


def calls_of(contacts: pl.DataFrame | None, events: pl.LazyFrame | None) -> pl.DataFrame:
    """`_agent`, `contact_id` and the instant (`at`) of every call that an agent may have made.

    Args:
        contacts: canonical contact records, or None; of them calls that agents make count (`direction` outbound).
        events: canonical state events, or None; of them every contact on the phone that no record gives a direction.
    """
    agent = pl.col("agent_id").cast(pl.String).alias("_agent")
    contact = pl.col("contact_id").cast(pl.String)
    parts = []
    if contacts is not None:
        begun = [name for name in ("offered_at", "answered_at") if name in contacts.columns]
        parts = [contacts.filter(_made(contacts)).select(agent, contact, at=pl.coalesce(*begun))] if begun else []
    known = events.collect_schema() if events is not None else pl.Schema()
    if events is not None and {"contact_id", "state"} <= set(known):
        spoken = (pl.col("channel").is_null() | (pl.col("channel") == "voice")) if "channel" in known else True
        of_states = events.filter(pl.col("state") == "talking", pl.col("contact_id").is_not_null(), spoken)
        of_states = of_states.group_by("agent_id", "contact_id").agg(at=pl.col("event_time").min())
        talks = of_states.select(agent, contact, "at").collect(engine="streaming")
        if contacts is not None and "direction" in contacts.columns:
            told = contacts.filter(pl.col("direction").is_not_null(), pl.col("contact_id").is_not_null())
            talks = talks.join(told.select(contact).unique(), on="contact_id", how="anti")
        parts.append(talks)
    schema = {"_agent": pl.String(), "contact_id": pl.String(), "at": pl.Datetime("ms", "UTC")}
    calls = pl.concat([pl.DataFrame(schema=schema), *parts], how="vertical_relaxed")
    return calls.filter(pl.col("at").is_not_null(), pl.col("_agent").is_not_null())


def _made(contacts: pl.DataFrame) -> pl.Expr:
    """Whether an agent made the call, as far as the record says."""
    if "direction" not in contacts.columns:
        return pl.lit(False)
    return pl.col("direction").cast(pl.String).str.to_lowercase().str.starts_with("out").fill_null(False)
