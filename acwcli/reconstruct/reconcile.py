"""Where states and contact records both carry ACW: how far they agree (rule 7)."""

from __future__ import annotations

from typing import Final

import polars as pl

_SECOND = 1000
AGREEMENT: Final = {
    "agent_id": pl.String(),
    "both": pl.Int64(),
    "differ": pl.Int64(),
    "states_only": pl.Int64(),
    "records_only": pl.Int64(),
    "states_ms": pl.Int64(),
    "records_ms": pl.Int64(),
}
"""Columns of `reconcile`: one row per agent."""


def reconcile(wraps: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Compare the wraps of state logs with the ACW of contact records, by agent and contact.

    Args:
        wraps: the engine's wraps; those of method `state` with a contact id take part.
        records: contact records with `acw_ms`.

    Returns:
        `AGREEMENT`, an agent a row: contacts known to `both`, of those that `differ` by more than 1 s, contacts known
        to one side only, and the two sums of the shared ones in ms. No row where one side has no ACW at all.
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
        return pl.DataFrame(schema=AGREEMENT)
    joined = from_states.join(from_records, on=keys, how="full", coalesce=True)
    states, records_ms = pl.col("states_ms"), pl.col("records_ms")
    both = states.is_not_null() & records_ms.is_not_null()
    counts = {
        "both": both.sum(),
        "differ": ((states - records_ms).abs() > _SECOND).sum(),
        "states_only": records_ms.null_count(),
        "records_only": states.null_count(),
        "states_ms": states.filter(both).sum(),
        "records_ms": records_ms.filter(both).sum(),
    }
    by_agent = joined.group_by("agent_id").agg(**counts)
    return by_agent.select(pl.col(name).cast(kind) for name, kind in AGREEMENT.items()).sort("agent_id")
