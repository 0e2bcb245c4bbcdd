"""All detectors over all agents: which shapes there are, and which rows of the data show one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from acwcli.analyse.shapes import (
    break_inside,
    calls_inside,
    grows_over_shift,
    hops_out_and_back,
    learning_curve,
    long_tail,
    longer_when_waiting,
    lunch_inside,
    many_orphans,
    pegged_at_timer,
    shift_end_inside,
    too_short,
    uniformly_slow,
)
from acwcli.analyse.shapes.others import STATISTIC
from acwcli.analyse.shapes.prepared import prepare


class Detector(Protocol):
    """What a module of this package offers."""

    NAME: str

    def signs(self, wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
        """One row per agent who shows the shape: `agent_id`, `statistic` (1 is just there) and numbers."""

    def sentence(self, found: Mapping[str, Any]) -> str:
        """The shape in words, from a row of `signs`."""

    def evidence(self, own: pl.DataFrame, found: Mapping[str, Any]) -> pl.DataFrame:
        """The agent's wraps that show it, the most telling first."""


DETECTORS: tuple[Detector, ...] = (
    uniformly_slow,
    long_tail,
    pegged_at_timer,
    break_inside,
    lunch_inside,
    shift_end_inside,
    grows_over_shift,
    longer_when_waiting,
    hops_out_and_back,
    calls_inside,
    many_orphans,
    too_short,
    learning_curve,
)


_AT_A_TIME = 750_000
"""Wraps of the agents whose shapes are looked for at a time; those who stand for all come on top."""


@dataclass(frozen=True)
class Found:
    """One shape of one agent.

    Attributes:
        shape: its name.
        strength: 0 (just there) to 1: 1 - 1/statistic, so 0.5 is twice the threshold.
        sentence: what it rests on, in words.
        numbers: the same as numbers.
    """

    shape: str
    strength: float
    sentence: str
    numbers: Mapping[str, Any]


def found_in(wraps: pl.DataFrame, agent: str, min_wraps: int) -> list[Found]:
    """Return the shapes of one agent, the strongest first.

    Args:
        wraps: all wraps, as `prepare` returns them.
        agent: the `agent_id`.
        min_wraps: an agent with fewer wraps shows no shape.
    """
    found = []
    for detector in DETECTORS:
        own = detector.signs(wraps, min_wraps).filter(pl.col("agent_id").cast(pl.String) == agent)
        for numbers in own.iter_rows(named=True):
            strength = round(1 - 1 / numbers[STATISTIC], 4)  # sums of floats: later digits mean nothing
            found.append(Found(detector.NAME, strength, detector.sentence(numbers), numbers))
    return sorted(found, key=lambda shape: -shape.strength)


def evidence_of(wraps: pl.DataFrame, agent: str, found: Found) -> pl.DataFrame:
    """Return the agent's wraps that show a shape, the most telling first."""
    (detector,) = (detector for detector in DETECTORS if found.shape == detector.NAME)
    own = wraps.filter(pl.col("agent_id").cast(pl.String) == agent)
    return detector.evidence(own.sort("wrap_start", "source", "row", nulls_last=True), found.numbers)


def shapes_of(obs: pl.LazyFrame, min_wraps: int = 20, agents: Sequence[str] | None = None) -> pl.DataFrame:
    """Name the shapes of every agent, vectorised over agents.

    Args:
        obs: one row per counted wrap, see `prepare`.
        min_wraps: an agent with fewer wraps shows no shape.
        agents: whose shapes are asked for; None is everybody's.

    Returns:
        One row per agent who shows any: `agent_id` and `shapes`, their names with `; ` between, the strongest first.
    """
    found = pl.concat([_signs(prepare(obs, agents=some), min_wraps) for some in _some_at_a_time(obs, agents)])
    ordered = found.sort(STATISTIC, descending=True, maintain_order=True)
    return ordered.group_by("agent_id").agg(pl.col("shapes").str.join("; ")).sort(pl.col("agent_id").cast(pl.String))


def _signs(wraps: pl.DataFrame, min_wraps: int) -> pl.DataFrame:
    """Who of those asked for shows which shape."""
    return pl.concat(
        [
            detector.signs(wraps, min_wraps).select("agent_id", STATISTIC, pl.lit(detector.NAME).alias("shapes"))
            for detector in DETECTORS
        ]
    )


def _some_at_a_time(obs: pl.LazyFrame, agents: Sequence[str] | None) -> list[list[str] | None]:
    """The agents asked for in lots of so many wraps that memory stays flat; all at once where they are few."""
    counted = obs.group_by(pl.col("agent_id").cast(pl.String)).len().collect(engine="streaming")
    asked = counted if agents is None else counted.filter(pl.col("agent_id").is_in(list(agents)))
    if int(asked["len"].sum()) <= _AT_A_TIME:
        return [None if agents is None else list(agents)]
    lots = asked.sort("agent_id").with_columns(lot=(pl.col("len").cum_sum() - 1) // _AT_A_TIME)
    return [lot["agent_id"].to_list() for lot in lots.partition_by("lot", maintain_order=True)]
