"""Pegged at a timer: wraps end when the platform ends them, more than other people's do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import STATISTIC, oftener_than_others
from acwcli.analyse.shapes.prepared import ASKED, SECOND, USUALLY
from acwcli.analyse.spikes import COARSE_MS, COARSE_SHARE, SPIKE_BEYOND, SPIKE_HALF_MS, SPIKE_HEIGHT

NAME = "pegged-at-timer"
LEAST_SHARE = 0.25
"""At least this share of the agent's wraps ends at the timer …"""
TIMES = 2.0
"""… and at least this many times the share of the others: where all wait for the timer it is a setting."""
LEAST_WRAPS = 8


def signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Take the data's word (`ended_by` `timeout`), else look for a spike at the upper end of the agent's lengths."""
    told = pl.col("ended_by") == "timeout"
    if wraps.select(told.any()).item():
        found = oftener_than_others(wraps, told, LEAST_SHARE, min_wraps).with_columns(at_s=pl.lit(None, pl.Int64))
        return found.select("agent_id", "wraps", "marked", "share", "others_share", "at_s", STATISTIC)
    return _spikes(wraps, min_wraps)


def _spikes(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    value = pl.col(figures.VALUE)
    usual = wraps.filter(USUALLY)
    if usual.is_empty() or usual.select((value % COARSE_MS == 0).mean()).item() > COARSE_SHARE:
        wraps = wraps.clear()
    wraps = wraps.filter(ASKED)
    # A spike this large that cuts the lengths off holds the agent's p80: only lengths near it can be one.
    p80 = wraps.group_by("agent_id").agg(value.quantile(0.8, "nearest").alias("p80"))
    near = wraps.select("agent_id", value, SECOND).join(p80, on="agent_id")
    near = near.filter((value - pl.col("p80")).abs() <= 2 * SPIKE_HALF_MS)
    often = near.group_by("agent_id", SECOND).len().sort("len", SECOND, descending=True)
    top = often.unique("agent_id", keep="first", maintain_order=True).select("agent_id", pl.col(SECOND).alias("at_s"))
    at_ms = pl.col("at_s") * 1000
    low, high = at_ms - SPIKE_HALF_MS, at_ms + SPIKE_HALF_MS
    around = wraps.join(top, on="agent_id").group_by("agent_id", "at_s", USUALLY)
    agents = around.agg(
        pl.len().cast(pl.Int64).alias("wraps"),
        value.is_between(low, high).sum().cast(pl.Int64).alias("marked"),
        value.is_between(low - 10_000, low, closed="left").sum().alias("below"),
        (value > high).sum().alias("beyond"),
    )
    agents = agents.filter(
        pl.col("marked") >= LEAST_WRAPS,
        pl.col("marked") >= SPIKE_HEIGHT * pl.col("below") * 2 * SPIKE_HALF_MS / 10_000,
        pl.col("beyond") <= SPIKE_BEYOND * pl.col("marked"),
        pl.col("wraps") >= min_wraps,
    ).with_columns((pl.col("marked") / pl.col("wraps")).alias("share"))
    agents = agents.filter(pl.col("share") >= LEAST_SHARE)
    return _beside_others(agents, usual)


def _beside_others(agents: pl.DataFrame, usual: pl.DataFrame) -> pl.DataFrame:
    """Measure the same second among all others; few agents come this far, and few different seconds."""
    near = [
        usual.select(
            pl.lit(second, pl.Int64).alias("at_s"),
            ((pl.col(figures.VALUE) - second * 1000).abs() <= SPIKE_HALF_MS).sum().cast(pl.Int64).alias("all_near"),
        )
        for second in agents["at_s"].unique().sort()
    ]
    schema = {"at_s": pl.Int64(), "all_near": pl.Int64()}
    signs = agents.join(pl.concat(near) if near else pl.DataFrame(schema=schema), on="at_s", how="left")
    own = {name: pl.when(USUALLY).then(name).otherwise(0) for name in ("wraps", "marked")}
    rest = usual.height - own["wraps"]
    others = pl.when(rest > 0).then((pl.col("all_near") - own["marked"]) / rest)
    signs = signs.with_columns(others.alias("others_share"))
    # Beside nobody at all nothing can be said of the agent.
    beyond = pl.min_horizontal(
        pl.col("share") / LEAST_SHARE, pl.col("share") / (TIMES * pl.col("others_share")).clip(lower_bound=1e-9)
    )
    beyond = pl.when(pl.col("others_share").is_not_null()).then(beyond)
    return (
        signs.with_columns(beyond.alias(STATISTIC))
        .filter(pl.col(STATISTIC) >= 1)
        .select("agent_id", "wraps", "marked", "share", "others_share", "at_s", STATISTIC)
    )


def sentence(found: Mapping[str, Any]) -> str:
    """Say it with its numbers."""
    where = "at the timer" if found["at_s"] is None else f"at {found['at_s']} s, as if a timer ended them"
    others = f"others: {100 * found['others_share']:.1f} %"
    return f"{found['marked']} of {found['wraps']} wraps end {where} ({others}); percentiles there describe the setting"


def evidence(own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:
    """The wraps that end there, in time."""
    if found["at_s"] is None:
        return own.filter(pl.col("ended_by") == "timeout")
    return own.filter((pl.col(figures.VALUE) - found["at_s"] * 1000).abs() <= SPIKE_HALF_MS)
