"""Figures in plain Python, with exact fractions: what the engine must equal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import polars as pl


def mean(values: Sequence[int]) -> Fraction:
    return Fraction(sum(values), len(values))


def quantile(values: Sequence[Fraction | int], permille: int) -> Fraction:
    """Type 7."""
    ordered = sorted(values)
    position = Fraction(permille, 1000) * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (Fraction(ordered[high]) - ordered[low])


def variance(values: Sequence[int]) -> Fraction:
    centre = mean(values)
    return sum((value - centre) ** 2 for value in values) / Fraction(len(values) - 1)


def seconds(milliseconds: Fraction | int) -> float:
    return float(Fraction(milliseconds) / 1000)


def observations(rows: Sequence[dict[str, object]], **types: pl.DataType) -> pl.LazyFrame:
    """Rows of `agent_id`, `value_ms` and whatever else, as the analyses take them."""
    schema = {"agent_id": pl.String(), "method": pl.String(), "value_ms": pl.Int64(), **types}
    filled = [{"agent_id": "a1", "method": "state", **row} for row in rows]
    return pl.LazyFrame(filled, schema_overrides=schema, infer_schema_length=None)


def of_values(values: Sequence[int], **same: object) -> pl.LazyFrame:
    return observations([{"value_ms": value, **same} for value in values])
