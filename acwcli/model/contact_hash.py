"""What tells contacts apart where their ids need not be kept."""

from __future__ import annotations

import polars as pl


def contact_hash(contact_id: pl.Expr) -> pl.Expr:
    """64-bit hash of contact ids (String), 0 for none, UInt64.

    Compared within one agent only: a clash among a million contacts of one agent has odds of one in ten million.
    """
    return pl.when(contact_id.is_null()).then(pl.lit(0, pl.UInt64)).otherwise(contact_id.hash())
