"""Made-up centres: agents who are all alike but for small differences, and one of them with a planted shape."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

FIRST = datetime(2026, 3, 2, 8, tzinfo=UTC)
SHIFT_H, PER_SHIFT = 8.0, 40
QUEUES = {"billing": 35.0, "support": 60.0}
ENDS = {"ready": 0.83, "not_ready": 0.12, "contact": 0.03, "logout": 0.02}


def centre(seed: int, agents: int = 40, shifts: int = 5) -> pl.DataFrame:
    """Wraps of a clean centre: log-normal lengths, two queues, speeds that differ by 10 %, some orphans and pieces."""
    dice = np.random.default_rng(seed)
    size = agents * shifts * PER_SHIFT
    agent = np.repeat(np.arange(agents), shifts * PER_SHIFT)
    shift = np.tile(np.repeat(np.arange(shifts), PER_SHIFT), agents)
    hours = np.sort(dice.uniform(0, SHIFT_H, (agents * shifts, PER_SHIFT)), axis=1).ravel()
    queue = np.where(dice.random(size) < dice.uniform(0.3, 0.7, agents)[agent], *QUEUES)
    speed = np.exp(dice.normal(0, 0.1, agents))[agent]
    usual = np.where(queue == "billing", *QUEUES.values())
    value = np.round(usual * speed * np.exp(dice.normal(0, 0.7, size)) * 1000).astype(np.int64)
    # Not every agent pauses, loses contacts or resumes wraps equally often.
    rare = dice.gamma(2, 0.01, (2, agents))[:, agent]
    return pl.DataFrame(
        {
            "agent_id": [f"a{number:02}" for number in agent],
            "queue": queue,
            "value_ms": value,
            "wrap_start": np.round((shift * 24 + hours) * 3_600_000).astype(np.int64),
            "pieces": 1 + (dice.random(size) < rare[0]).astype(np.int64),
            "ended_by": dice.choice(list(ENDS), size, p=list(ENDS.values())),
            "status": np.where(dice.random(size) < rare[1], "orphan", "ok"),
            "hour_of_shift": hours,
            "shift_number": shift,
            "luck": dice.random(size),
            "row": np.arange(2, size + 2),
            # More contacts wait in the middle of the shift; few agents make calls before they are done.
            "waiting": dice.poisson(0.2 + 0.6 * np.sin(np.pi * hours / SHIFT_H)),
            "calls": (dice.random(size) < dice.gamma(2, 0.005, agents)[agent]).astype(np.int64),
        }
    ).with_columns(
        wrap_start=pl.lit(FIRST).cast(pl.Datetime("ms", "UTC")) + pl.duration(milliseconds="wrap_start"),
        source=pl.lit("states.csv"),
        method=pl.lit("state"),
        contact_id=pl.lit(None, pl.String),
    )


def changed(frame: pl.DataFrame, mark: pl.Expr | None = None, agent: str = "a00", **new: pl.Expr) -> pl.DataFrame:
    """Change one agent's wraps, or those of them with a mark."""
    where = (pl.col("agent_id") == agent) & (pl.lit(True) if mark is None else mark)
    return frame.with_columns(
        pl.when(where).then(expr.cast(frame.schema[name])).otherwise(name).alias(name) for name, expr in new.items()
    )


LUCK, VALUE = pl.col("luck"), pl.col("value_ms")
LATE = pl.col("hour_of_shift")
NOON = (LATE - SHIFT_H / 2).abs()

PLANTED = {
    "uniformly-slow": lambda frame: changed(frame, value_ms=VALUE * 2),
    "long-tail": lambda frame: changed(frame, LUCK < 0.08, value_ms=VALUE.clip(30_000) * 15),
    "pegged-at-timer": lambda frame: changed(frame, LUCK < 0.5, value_ms=120_000 + VALUE % 900).with_columns(
        value_ms=pl.when(pl.col("agent_id") == "a00").then(VALUE.clip(upper_bound=120_900)).otherwise(VALUE)
    ),
    "break-inside": lambda frame: changed(
        frame, LUCK < 0.06, value_ms=VALUE.clip(60_000) * 8, ended_by=pl.lit("not_ready")
    ),
    "lunch-inside": lambda frame: changed(
        frame, NOON.min().over("agent_id", "shift_number") == NOON, value_ms=1_500_000 + VALUE * 5
    ),
    "shift-end-inside": lambda frame: changed(
        frame, (LATE.max().over("agent_id", "shift_number") == LATE) & (LUCK < 0.8), value_ms=600_000 + VALUE * 3
    ),
    "longer-when-waiting": lambda frame: changed(frame, pl.col("waiting") > 0, value_ms=(VALUE * 1.8).round()),
    "calls-inside": lambda frame: changed(frame, LUCK < 0.2, calls=pl.lit(1)),
    "grows-over-shift": lambda frame: changed(frame, value_ms=VALUE * (pl.col("hour_of_shift") * 0.14 - 0.5).exp()),
    "hops-out-and-back": lambda frame: changed(frame, LUCK < 0.2, pieces=pl.lit(2)),
    "many-orphans": lambda frame: changed(frame, LUCK < 0.25, status=pl.lit("orphan")),
    "too-short": lambda frame: changed(frame, LUCK < 0.2, value_ms=VALUE % 2500),
    "learning-curve": lambda frame: changed(frame, value_ms=VALUE * (0.5 - pl.col("shift_number") * 0.25).exp()),
}
"""Shape → how it is planted in agent a00."""
