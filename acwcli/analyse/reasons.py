"""Why an agent is listed, in one sentence with the numbers in it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.rules import Measure, Rule


def reason(rule: Rule, asked: Measure, peers: Sequence[str], min_wraps: int, noun: str) -> pl.Expr:
    """Say in words what the verdict rests on.

    Args:
        rule: what the agent is held against.
        asked: the figure of the agent.
        peers: the columns that make a peer group.
        min_wraps: observations needed for a verdict.
        noun: `wraps` or `contacts`.
    """
    count, threshold = pl.col(figures.N), _seconds("threshold_s")
    value = pl.format(f"{asked.name} {{}} s of {{}} {noun}", _seconds("value_s"), count)
    against = pl.format(f"{_against(rule, asked, peers, noun)} ({{}} s)", threshold)
    distance = pl.format("{} s", pl.col("over_s").abs().round(1))
    beyond = pl.format("{} is {} {} {}", value, distance, pl.lit(rule.side), against)
    sure = pl.format("{}; the 95 % interval ({}) is clear of it", beyond, _interval())
    watch = pl.format("{}; the 95 % interval ({}) reaches it, so it may be chance", beyond, _interval())
    too_few = pl.format(f"{{}} of the {min_wraps} {noun} a verdict needs", count)
    no_peers = pl.lit(f"no peer has the {min_wraps} {noun} a percentile of agents needs")
    verdict = pl.col("verdict")
    return (
        pl.when(count < min_wraps)
        .then(too_few)
        .when(pl.col("threshold_s").is_null())
        .then(no_peers)
        .when(verdict == "in line")
        .then(pl.format("{} is not {} {}", value, pl.lit(rule.side), against))
        .when(verdict == "watch")
        .then(watch)
        .otherwise(sure)
    )


def _against(rule: Rule, asked: Measure, peers: Sequence[str], noun: str) -> str:
    if rule.against == "limit":
        return "the limit"
    among = f" of the same {' and '.join(peers)}" if peers else ""
    if rule.against == "mean":
        return f"the mean of all {noun}{among}"
    return f"the {rule.text.split()[1]} of agents' {asked.name}s{among}"


def _interval() -> pl.Expr:
    """`51.0 to 63.2 s`; a sample may be too small to give one of the ends."""
    low, high = _seconds("low_s"), _seconds("high_s")
    return (
        pl.when(pl.col("low_s").is_null() & pl.col("high_s").is_null())
        .then(pl.lit("too few to tell"))
        .when(pl.col("low_s").is_null())
        .then(pl.format("up to {} s", high))
        .when(pl.col("high_s").is_null())
        .then(pl.format("from {} s", low))
        .otherwise(pl.format("{} to {} s", low, high))
    )


def _seconds(name: str) -> pl.Expr:
    return pl.col(name).round(1)
