"""How often each length occurs, and which length stands at a rank: exact, and in one pass over rows wherever they are.

What does not ask whose a wrap is follows from the lengths that differ and their number. Where lengths are ranked in
many groups, seconds are counted first and then only the lengths of those seconds that hold the ranks in question.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.figures import VALUE, N

SECOND, RANK = "_second", "_rank"
_BELOW, _ABOVE = "_below", "_above"
_SECOND_MS = 1000


def lengths_of(rows: pl.LazyFrame, *groups: str) -> pl.DataFrame:
    """The lengths that occur, ascending, and how often: `value_ms _n`, of each group where there are any."""
    return rows.group_by(*groups, VALUE).agg(figures.count()).collect(engine="streaming").sort(*groups, VALUE)


def number(lengths: pl.DataFrame) -> int:
    """How many observations there are."""
    return int(lengths[N].sum())


def total(lengths: pl.DataFrame, column: str = VALUE) -> int:
    """The sum of a column over all observations."""
    return int((lengths[column] * lengths[N]).sum())


def at_ranks(lengths: pl.DataFrame, ranks: Sequence[int]) -> list[int]:
    """The lengths at ranks that count from 0."""
    places = lengths[N].cum_sum().search_sorted(pl.Series(ranks, dtype=pl.Int64), side="right")
    return lengths[VALUE].gather(places).to_list()


def quantile_us(lengths: pl.DataFrame, permille: int) -> int:
    """Type 7 quantile in whole microseconds, exact; at least one observation."""
    last = number(lengths) - 1
    rank, weight = divmod(last * permille, 1000)
    low, high = at_ranks(lengths, [rank, min(rank + 1, last)])
    return low * (1000 - weight) + high * weight


def seconds_of(rows: pl.LazyFrame, group: str) -> pl.DataFrame:
    """How many observations of each group last how many whole seconds: `group _second _n`, in order."""
    second = (pl.col(VALUE) // _SECOND_MS).alias(SECOND)
    return rows.group_by(group, second).agg(figures.count()).collect(engine="streaming").sort(group, SECOND)


def ranked(rows: pl.LazyFrame, group: str, seconds: pl.DataFrame, ranks: pl.DataFrame) -> pl.DataFrame:
    """Find the lengths at some ranks of each group.

    Args:
        rows: the observations.
        group: their group, never null.
        seconds: what `seconds_of` gives of them.
        ranks: the group and `_rank` from 0, each below the number of the group.

    Returns:
        `ranks`, each once, with `value_ms`.
    """
    of_group = _running(seconds, [group])
    here = ranks.unique().join(of_group, on=group).filter(pl.col(RANK).is_between(_BELOW, _ABOVE, closed="left"))
    second = (pl.col(VALUE) // _SECOND_MS).alias(SECOND)
    near = rows.select(group, VALUE, second).join(here.lazy(), on=[group, SECOND], how="semi")
    counted = near.group_by(group, SECOND, VALUE).agg(figures.count()).collect(engine="streaming")
    own = _running(counted.sort(group, VALUE), [group, SECOND])
    place = here.select(group, SECOND, RANK, place=pl.col(RANK) - pl.col(_BELOW))
    found = place.join(own, on=[group, SECOND]).filter(pl.col("place").is_between(_BELOW, _ABOVE, closed="left"))
    return found.select(group, RANK, VALUE)


def at_name(permille: int) -> str:
    """The name of a column of quantiles in microseconds."""
    return f"_at_{permille}"


def quantiles_us(rows: pl.LazyFrame, group: str, numbers: pl.DataFrame, permilles: Sequence[int]) -> pl.DataFrame:
    """Type 7 quantiles of each group in whole microseconds, exact, in two passes over the rows.

    Args:
        rows: the observations.
        group: their group, never null.
        numbers: the group and `_n`, how many it has; at least one.
        permilles: which quantiles.

    Returns:
        The group and a column per quantile, see `at_name`.
    """
    places = []
    for permille in permilles:
        place, last = (pl.col(N) - 1) * permille, pl.col(N) - 1
        low = numbers.select(group, at=pl.lit(at_name(permille)), weight=place % 1000, low=place // 1000, last=last)
        places.append(low.with_columns(high=pl.min_horizontal(pl.col("low") + 1, "last")))
    asked = pl.concat(places)
    ranks = pl.concat([asked.select(group, pl.col(end).alias(RANK)) for end in ("low", "high")])
    found = ranked(rows, group, seconds_of(rows, group), ranks)
    for end in ("low", "high"):
        own = found.select(group, pl.col(RANK).alias(end), pl.col(VALUE).alias(f"{end}_ms"))
        asked = asked.join(own, on=[group, end])
    us = pl.col("low_ms") * (1000 - pl.col("weight")) + pl.col("high_ms") * pl.col("weight")
    return asked.select(group, "at", us=us).pivot("at", index=group, values="us")


def _running(counted: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """Add how many of the group stand below a row, and how many below or in it."""
    above = pl.col(N).cum_sum().over(group).alias(_ABOVE)
    return counted.with_columns(above).with_columns((pl.col(_ABOVE) - pl.col(N)).alias(_BELOW))
