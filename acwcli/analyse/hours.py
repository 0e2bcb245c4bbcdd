"""The hours an agent works: how much longer wraps take everybody then, the agent's own speed left out.

A system that is slow in the evening makes wraps long for whoever works then. Logarithms of wraps are taken for the sum
of what is the agent's and what is the hour's; both are fitted in turn (least squares). Of an hour that one agent works
alone nobody can tell which of the two it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.analyse import figures

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

HOUR, HOUR_MS = "_hour", 3_600_000
"""The hour of the day in which wraps began, counted in UTC; null where no instant is known."""

_ROUNDS = 40
_TIMES_START = 4
"""A usual wrap is so many times as long as where the logarithm starts."""


def hour_effects(table: pl.DataFrame, who: Sequence[str], total: str) -> Array:
    """What each of the 24 hours, and at place 24 no known hour, adds to the logarithm of a wrap.

    Args:
        table: one row per agent, peer group and hour of some or all agents, with `_n` and `_hour`.
        who: the columns that make an agent's peer group.
        total: name of the column with sums of logarithms.
    """
    import numpy as np

    table = table.sort(who)
    agent, hour, n = _codes(table, who)
    logs = table[total].cast(pl.Float64).to_numpy()
    counts, of_hour = np.bincount(agent, n), np.maximum(np.bincount(hour, n, 25), 1)
    hours = np.zeros(25)
    for _ in range(_ROUNDS):
        agents = np.bincount(agent, logs - n * hours[hour]) / counts
        hours = np.bincount(hour, logs - n * agents[agent], 25) / of_hour
    return hours


def hour_shift(table: pl.DataFrame, who: Sequence[str], hours: Array, unit: float) -> pl.DataFrame:
    """How much the hours an agent works differ from those of the peers.

    Args:
        table: one row per agent, peer group and hour, ordered by agent and peer group, with `_n` and `_hour`.
        who: the columns that make an agent's peer group.
        hours: what `hour_effects` gives.
        unit: what stands for 1 in these.

    Returns:
        Per agent and peer group, in that order: `_log_hours`, what the hours add to the mean logarithm beside what they
        add to the peers', and `_hour_times`, about how many times as long that makes a wrap.
    """
    import numpy as np

    agent, hour, n = _codes(table, who)
    sums = {"n": np.bincount(agent, n), "h": np.bincount(agent, n * hours[hour])}
    groups = table.select(who).unique(maintain_order=True).hstack(pl.DataFrame(sums))
    group = [pl.col(name) for name in who[1:]] or [pl.lit(0)]
    others = (pl.col("h").sum().over(group) - pl.col("h")) / (pl.col("n").sum().over(group) - pl.col("n"))
    shift = (pl.col("h") / pl.col("n") - others).fill_nan(0.0)
    times = ((_TIMES_START + 1) * (shift / unit).exp() - 1) / _TIMES_START
    return groups.select(shift.alias("_log_hours"), times.clip(lower_bound=0.1).alias("_hour_times"))


def _codes(table: pl.DataFrame, who: Sequence[str]) -> tuple[Array, Array, Array]:
    """Number of the agent and peer group, hour (24 where not known) and count of each row."""
    agent = table.select(pl.struct(who).rle_id().alias("agent"))["agent"]
    return agent.to_numpy(), table[HOUR].fill_null(24).to_numpy(), table[figures.N].cast(pl.Float64).to_numpy()
