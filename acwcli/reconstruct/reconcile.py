"""Where states and contact records both carry ACW: how far they agree (rule 7)."""

from __future__ import annotations

import polars as pl

_SECOND = 1000


def reconcile(wraps: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Compare the wraps of state logs with the ACW of contact records, by agent and contact.

    Args:
        wraps: the engine's wraps; those of method `state` with a contact id take part.
        records: contact records with `acw_ms`.

    Returns:
        Per agent: `agent_id`, `both` (contacts known to both), `differ` (of them, more than 1 s apart), `states_only`,
        `records_only`, and the two totals of the shared ones, `states_ms` and `records_ms`; those who differ most
        first. Empty where one side has nothing to compare.
    """
    keys = ["agent_id", "contact_id"]
    has_both = pl.col("acw_ms").is_not_null() & pl.col("contact_id").is_not_null()
    from_states = (
        wraps.filter((pl.col("method") == "state") & has_both)
        .group_by(keys).agg(pl.col("acw_ms").sum().alias("states_ms"))
    )  # fmt: skip
    from_records = (
        records.filter(has_both)
        .with_columns(pl.col("agent_id").cast(wraps.schema["agent_id"]))
        .group_by(keys).agg(pl.col("acw_ms").sum().alias("records_ms"))
    )  # fmt: skip
    if from_states.is_empty() or from_records.is_empty():
        return pl.DataFrame()
    joined = from_states.join(from_records, on=keys, how="full", coalesce=True)
    states, record = pl.col("states_ms"), pl.col("records_ms")
    shared = states.is_not_null() & record.is_not_null()
    by_agent = joined.group_by("agent_id").agg(
        shared.sum().cast(pl.Int64).alias("both"),
        ((states - record).abs() > _SECOND).sum().cast(pl.Int64).alias("differ"),
        record.is_null().sum().cast(pl.Int64).alias("states_only"),
        states.is_null().sum().cast(pl.Int64).alias("records_only"),
        states.filter(shared).sum(),
        record.filter(shared).sum(),
    )
    apart = pl.sum_horizontal("differ", "states_only", "records_only")
    return by_agent.sort(apart, pl.col("agent_id").cast(pl.String), descending=[True, False])
