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
    *("offered_at", "answered_at", "ended_at", "file", "row"),
)
"""Columns of the contact records they are worked out from, as far as known."""

CALL_BACK = "24h"
"""A customer who calls again within this time after a wrap has begun calls back."""

_AT_A_TIME = 2_000_000
"""Records whose waiting is counted at a time."""


def with_waiting(wraps: pl.DataFrame, contacts: pl.LazyFrame | None) -> pl.DataFrame:
    """Add `waiting`: how many contacts of the wrap's queue wait as it begins; null where the records cannot tell.

    A contact waits from `offered_at` to `answered_at`, or to `ended_at` when nobody answers; one made by an agent does
    not. Looked at only as a wrap begins: the longer a wrap, the more contacts come to wait while it runs.

    Args:
        wraps: with `queue` and `wrap_start`.
        contacts: canonical contact records, those without an agent among them, or None.
    """
    known = _columns(contacts)
    if contacts is None or not {"offered_at", "answered_at", "queue"} <= known:
        return wraps.with_columns(pl.lit(None, pl.Int64).alias(WAITING))
    queue = pl.col("queue").cast(pl.String).fill_null("").alias("_queue")
    left = pl.coalesce("answered_at", *[name for name in ("ended_at",) if name in known])
    offered = contacts.select(queue, _made(known).alias("made"), begin="offered_at", end=left)
    offered = offered.filter(~pl.col("made"), pl.col("end") > pl.col("begin")).drop("made")
    placed = wraps.with_row_index("_place").with_columns(queue)
    timed = placed.filter(pl.col("wrap_start").is_not_null()).select("_place", "_queue", "wrap_start")
    timed = timed.sort("wrap_start")
    moves = _moves(offered, timed.select("_queue", at="wrap_start").unique().sort("at"))
    counts = moves.drop_nulls("at").sort("at")
    counts = counts.with_columns(pl.col("move").cum_sum().over("_queue").alias(WAITING)).drop("move")
    timed = timed.join_asof(counts, left_on="wrap_start", right_on="at", by="_queue", check_sortedness=False)
    told = timed.filter(pl.col("_queue").is_in(moves["_queue"].unique().implode()))
    told = told.select("_place", pl.col(WAITING).fill_null(0))
    return placed.join(told, on="_place", how="left", maintain_order="left").drop("_place", "_queue")


def _moves(offered: pl.LazyFrame, looks: pl.DataFrame) -> pl.DataFrame:
    """By how many the contacts that wait change up to each look at them: `_queue at move`.

    Counted some records at a time and kept per look: every instant of every record would be more than memory holds.

    Args:
        offered: `_queue begin end` of each contact that waits.
        looks: `_queue at` of each look, ascending; changes after the last one of a queue are under null.
    """
    looks = looks.with_columns(look="at")
    found = pl.DataFrame(schema={"_queue": pl.String(), "look": looks.schema["look"], "move": pl.Int64()})
    for some in offered.collect_batches(chunk_size=_AT_A_TIME, maintain_order=False, engine="streaming"):
        for end, move in (("begin", 1), ("end", -1)):
            moves = some.select("_queue", at=end).sort("at")
            moves = moves.join_asof(looks, on="at", by="_queue", strategy="forward", check_sortedness=False)
            both = pl.concat([found, moves.select("_queue", "look", move=pl.lit(move, pl.Int64))])
            found = both.group_by("_queue", "look").agg(pl.col("move").sum())
    return found.rename({"look": "at"})


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


def with_calls_back(wraps: pl.DataFrame, contacts: pl.LazyFrame | None) -> pl.DataFrame:
    """Add `called_back`: whether the wrap's customer calls again within a day; null where the records cannot tell.

    Contacts that agents make are no calls back. Of a wrap less than a day before the last record nothing is known,
    whether or not the customer has called by then: to count those who have would make call-backs look common.

    Args:
        wraps: with `wrap_start` and `contact_id`.
        contacts: canonical contact records with `customer_id`, those of other agents among them, or None.
    """
    nothing, known = wraps.with_columns(pl.lit(None, pl.Boolean).alias(CALLED_BACK)), _columns(contacts)
    begun = [name for name in ("offered_at", "answered_at", "ended_at") if name in known]
    if contacts is None or not begun or "customer_id" not in known:
        return nothing
    tells = pl.col("customer_id").is_not_null() & pl.col("contact_id").is_not_null()
    some, last = contacts.select(tells.any(), last=pl.coalesce(begun).max()).collect(engine="streaming").row(0)
    if not some:
        return nothing
    contact = pl.col("contact_id").cast(pl.String)
    placed = wraps.with_row_index("_place").with_columns(contact)
    timed = placed.filter(pl.col("wrap_start").is_not_null()).select("_place", "contact_id", "wrap_start")
    told = contacts.filter(tells).with_columns(contact)
    whose = _whose(told, timed["contact_id"])
    timed = timed.join(whose, on="contact_id").sort("wrap_start")
    # Only what the customers of these wraps do: all records are more than memory holds.
    calls = told.filter(~_made(known)).join(whose.select("customer_id").unique().lazy(), on="customer_id", how="semi")
    calls = calls.group_by("contact_id", "customer_id").agg(at=pl.coalesce(begun).min())
    calls = calls.filter(pl.col("at").is_not_null()).select("customer_id", "at")
    again = timed.join_asof(
        calls.collect(engine="streaming").sort("at"),
        left_on="wrap_start", right_on="at", by="customer_id", strategy="forward", tolerance=CALL_BACK,
        allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    whole = pl.col("wrap_start").dt.offset_by(CALL_BACK) <= last
    back = again.select("_place", pl.when(whole).then(pl.col("at").is_not_null()).alias(CALLED_BACK))
    return placed.join(back, on="_place", how="left", maintain_order="left").drop("_place")


def _whose(told: pl.LazyFrame, contacts: pl.Series) -> pl.DataFrame:
    """The customer of some contacts, by the first record of each: `contact_id customer_id`."""
    place = [name for name in ("file", "row") if name in told.collect_schema()]
    asked = contacts.unique().to_frame().lazy()
    own = told.select("contact_id", "customer_id", *place).join(asked, on="contact_id", how="semi")
    ordered = own.collect(engine="streaming").sort(place) if place else own.collect()
    return ordered.unique("contact_id", keep="first", maintain_order=True).drop(place)


def calls_of(
    contacts: pl.LazyFrame | None, events: pl.LazyFrame | None, agents: pl.Series | None = None
) -> pl.DataFrame:
    """`_agent`, `contact_id` and the instant (`at`) of every call that an agent may have made.

    Args:
        contacts: canonical contact records, or None; of them calls that agents make count (`direction` outbound).
        events: canonical state events, or None; of them every contact on the phone that no record gives a direction.
        agents: whose calls are asked for, in text; where they make none, one of others says that calls are known at
            all. None asks for everybody's.
    """
    agent = pl.col("agent_id").cast(pl.String).alias("_agent")
    contact = pl.col("contact_id").cast(pl.String)
    known = _columns(contacts)
    begun = [name for name in ("offered_at", "answered_at") if name in known]
    parts = []
    if contacts is not None and begun:
        made = contacts.filter(_made(known)).select(agent, contact, at=pl.coalesce(*begun))
        made = made.drop_nulls(["at", "_agent"])
        own = made if agents is None else made.filter(pl.col("_agent").is_in(agents.implode()))
        found = own.collect(engine="streaming")
        parts = [made.head(1).collect(engine="streaming") if found.is_empty() else found]
    spoken = _columns(events)
    if events is not None and {"contact_id", "state"} <= spoken:
        on_phone = (pl.col("channel").is_null() | (pl.col("channel") == "voice")) if "channel" in spoken else True
        of_states = events.filter(pl.col("state") == "talking", pl.col("contact_id").is_not_null(), on_phone)
        of_states = of_states.group_by("agent_id", "contact_id").agg(at=pl.col("event_time").min())
        talks = of_states.select(agent, contact, "at").collect(engine="streaming")
        if contacts is not None and "direction" in known:
            told = contacts.filter(pl.col("direction").is_not_null(), pl.col("contact_id").is_not_null())
            told = told.select(contact).join(talks.lazy().select("contact_id"), on="contact_id", how="semi").unique()
            talks = talks.join(told.collect(engine="streaming"), on="contact_id", how="anti")
        parts.append(talks)
    schema = {"_agent": pl.String(), "contact_id": pl.String(), "at": pl.Datetime("ms", "UTC")}
    calls = pl.concat([pl.DataFrame(schema=schema), *parts], how="vertical_relaxed")
    return calls.filter(pl.col("at").is_not_null(), pl.col("_agent").is_not_null())


def _columns(rows: pl.LazyFrame | None) -> set[str]:
    return set() if rows is None else set(rows.collect_schema())


def _made(known: set[str]) -> pl.Expr:
    """Whether an agent made the call, as far as a record with these columns says."""
    if "direction" not in known:
        return pl.lit(False)
    return pl.col("direction").cast(pl.String).str.to_lowercase().str.starts_with("out").fill_null(False)
