"""Where states and contact records both carry ACW: how far they agree (rule 7)."""

from __future__ import annotations

import polars as pl

_SECOND = 1000


def reconcile(wraps: pl.DataFrame, records: pl.DataFrame) -> dict[str, float]:
    """Compare the wraps of state logs with the ACW of contact records, by agent and contact.

    Args:
        wraps: the engine's wraps; those of method `state` with a contact id take part.
        records: contact records with `acw_ms`.

    Returns:
        `both` (contacts known to both), `states_only`, `records_only`, `differ` (more than 1 s apart), and the
        two totals of the shared ones `states_s`, `records_s`.
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
        return {}
    joined = from_states.join(from_records, on=keys, how="full", coalesce=True)
    both = joined.drop_nulls(["states_ms", "records_ms"])
    return {
        "both": both.height,
        "states_only": joined["records_ms"].null_count(),
        "records_only": joined["states_ms"].null_count(),
        "differ": both.filter((pl.col("states_ms") - pl.col("records_ms")).abs() > _SECOND).height,
        "states_s": int(both["states_ms"].sum()) / 1000,
        "records_s": int(both["records_ms"].sum()) / 1000,
    }
