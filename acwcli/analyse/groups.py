"""The columns a question groups by: checked, and turned into columns every renderer can show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from acwcli.errors import UsageError, did_you_mean
from acwcli.model.table import Column, Kind

_HIDDEN = ("value_ms", "row")


def check_keys(keys: Sequence[str], schema: pl.Schema, taken: Iterable[str], option: str) -> tuple[str, ...]:
    """Return the keys without repeats.

    Args:
        keys: column names as typed.
        schema: the columns at hand.
        taken: names of figures, which a key must not have.
        option: the option to name in an error, e.g. `--by`.

    Raises:
        UsageError: a column that is not there, or whose name is that of a figure.
    """
    known = [name for name in schema if name not in _HIDDEN]
    for key in keys:
        if key not in schema:
            hint = did_you_mean(key, known) or f"; known: {', '.join(known)}"
            raise UsageError(f"{option}: no column '{key}'{hint}")
        if key in taken:
            raise UsageError(f"{option}: '{key}' is the name of a figure; rename that column first")
    return tuple(dict.fromkeys(keys))


def key_columns(keys: Iterable[str], schema: pl.Schema) -> list[Column]:
    """Describe group keys by their types."""
    return [Column(key, _kind(schema[key])) for key in keys]


def presentable(frame: pl.DataFrame, keys: Iterable[str]) -> pl.DataFrame:
    """Write days and ordered words (weekdays) as text, after they have served for ordering."""
    schema = frame.schema
    wordy = [key for key in keys if schema[key] == pl.Date or isinstance(schema[key], pl.Enum | pl.Categorical)]
    return frame.with_columns(pl.col(wordy).cast(pl.String)) if wordy else frame


def agent_name(keys: Sequence[str], schema: pl.Schema) -> list[pl.Expr]:
    """The roster's name of each agent, where the groups are agents and a roster is joined."""
    wanted = "agent_id" in keys and "name" in schema and "name" not in keys
    return [pl.col("name").max()] if wanted else []


def with_name(keys: Sequence[str], names: Sequence[object]) -> list[str]:
    """Put `name` right after `agent_id` where there is one."""
    listed = list(keys)
    if names:
        listed.insert(listed.index("agent_id") + 1, "name")
    return listed


def _kind(dtype: pl.DataType) -> Kind:
    if isinstance(dtype, pl.Datetime):
        return "instant"
    if dtype.is_integer():
        return "count"
    if dtype.is_float():
        return "number"
    return "flag" if dtype == pl.Boolean else "text"
