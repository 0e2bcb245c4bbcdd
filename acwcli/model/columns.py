"""The three canonical frames: column names and Polars types.

Inside the engine every duration is an integer number of milliseconds (`*_ms`) so that sums and percentiles are exact;
`acw_s` and friends exist only at the edge (see `acwcli.model.wraps`).
"""

from __future__ import annotations

import polars as pl

INSTANT = pl.Datetime("ms", "UTC")
WORDS = pl.Categorical(pl.Categories("wrap words", "acwcli", physical=pl.UInt8))
"""Type of columns of few words (status, method …): a byte each, where a text takes sixteen."""

STATES = ("login", "logout", "ready", "not_ready", "ringing", "talking", "hold", "acw", "other", "unknown")
METHODS = ("explicit", "state", "anchored", "duration", "gap", "configured", "aggregate")
ENDED_BY = ("ready", "not_ready", "contact", "logout", "timeout", "other", "open")
STATUSES = ("ok", "open", "stuck", "orphan", "duplicate", "invalid")
COUNTED = ("ok", "orphan")
"""The only statuses that enter statistics."""

STATE_FRAME: dict[str, pl.DataType] = {
    "agent_id": pl.String(),
    "event_time": INSTANT,
    "state": pl.Enum(STATES),
    "contact_id": pl.String(),
    "queue": pl.String(),
    "channel": pl.String(),
    "reason": pl.String(),
    "ended_at": INSTANT,
    "row": pl.UInt32(),
}

CONTACT_FRAME: dict[str, pl.DataType] = {
    "contact_id": pl.String(),
    "agent_id": pl.String(),
    "queue": pl.String(),
    "channel": pl.String(),
    "direction": pl.String(),
    "offered_at": INSTANT,
    "answered_at": INSTANT,
    "ended_at": INSTANT,
    "talk_ms": pl.Int64(),
    "hold_ms": pl.Int64(),
    "acw_start": INSTANT,
    "acw_end": INSTANT,
    "acw_ms": pl.Int64(),
    "disposition": pl.String(),
    "timed_out": pl.Boolean(),
    "customer_id": pl.UInt64(),
    "row": pl.UInt32(),
}
"""`customer_id` is a hash that tells customers apart within one run; it is never written anywhere."""

AGGREGATE_FRAME: dict[str, pl.DataType] = {
    "agent_id": pl.String(),
    "queue": pl.String(),
    "channel": pl.String(),
    "wrap_start": INSTANT,
    "span_ms": pl.Int64(),
    "contacts": pl.Int64(),
    "acw_total_ms": pl.Int64(),
    "row": pl.UInt32(),
}
"""Sums per agent and interval: `wrap_start` and `span_ms` are those of the interval, null where it is not told."""

WRAP_FRAME: dict[str, pl.DataType] = {
    "agent_id": pl.String(),
    "contact_id": pl.String(),
    "queue": pl.String(),
    "channel": pl.String(),
    "direction": pl.String(),
    "disposition": pl.String(),
    "wrap_start": INSTANT,
    "wrap_end": INSTANT,
    "acw_ms": pl.Int64(),
    "talk_ms": pl.Int64(),
    "hold_ms": pl.Int64(),
    "pieces": pl.Int64(),
    "method": pl.String(),
    "ended_by": pl.String(),
    "status": pl.String(),
    "source": pl.String(),
    "row": pl.Int64(),
}
"""The engine's wraps; written out with `acw_s talk_s hold_s` in place of the `_ms` columns."""

LEGS = "(legs)"
"""Stands among needed columns when contact legs themselves are measured (`--of talk`), not only wraps; no column of a
roster is called so."""

HANDLED = "(handled)"
"""Stands among needed columns when contacts handled without a wrap are counted as well (`--per handled`)."""

CUSTOMER = "customer_id"
"""Stands among needed columns when customers are to be told apart."""

WRAP_COLUMNS = tuple(name.removesuffix("_ms") + "_s" if name.endswith("_ms") else name for name in WRAP_FRAME)
"""The public, versioned order of the wraps table."""
