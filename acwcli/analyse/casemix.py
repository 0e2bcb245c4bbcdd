"""Case mix: how long an agent's contacts would take the agent's peers, and how sure that is.

Indirect standardisation. Each wrap is compared with the mean of the other agents' wraps of the same cell (queue,
channel, disposition, length of the contact, or whatever `--mix` names); where the others have too few there, with the
same value of the first column, and failing that with all of theirs. The agent's own wraps have no part in what is
expected of it. Contacts that few others take are seldom of the usual length: such a stand-in is good for a figure, not
for a verdict. Tests compare the wraps with peers of their own cell alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures

CONTACT_LENGTH = "contact_length"
MIX = ("queue", "channel", "disposition", CONTACT_LENGTH)
"""The columns of the mix, as far as known; the first is what thin cells fall back to."""

FEWEST_FAIR = 0.5
"""Least share of an agent's wraps that must have peers in their cell or first column."""

NOT_NEW = pl.col("_hired").is_null()
"""Only agents who are no newcomers say what is usual."""

LIKE = "_like"
"""Begins the names of what is known of an agent's wraps that have peers of their own cell."""

_EVERYONE = "_everyone"
_BANDS_S = (60, 180, 360, 720)
_MOMENTS = (figures.N, figures.SUM_MS, figures.SUM_SQ, figures.SUM_CUBE)


def length_band() -> pl.Expr:
    """The length of a contact in five bands of talk time; null where that is not known."""
    labels = ["0-1 min", "1-3 min", "3-6 min", "6-12 min", "12 min or more"]
    length, band = pl.col("talk_ms"), pl.lit(labels.pop())
    for seconds, label in zip(reversed(_BANDS_S), reversed(labels), strict=True):
        band = pl.when(length < 1000 * seconds).then(pl.lit(label)).otherwise(band)
    return pl.when(length.is_not_null()).then(band).alias(CONTACT_LENGTH)


def expectation(cells: pl.DataFrame, keys: Sequence[str], mix: Sequence[str], enough: int) -> pl.DataFrame:
    """Compare each agent's wraps with the peers' wraps of the same cells.

    Args:
        cells: one row per agent, peer group and cell, in a fixed order, with `_n _sum_ms _sum_sq _sum_cube`, and
            `_hired` where the agent is a newcomer: nobody is held against those.
        keys: the columns that make a peer group.
        mix: the columns that make a cell; none compares with all wraps of the peers.
        enough: wraps of peers that a cell needs.

    Returns:
        One row per agent and peer group; ms, of one wrap: `_exp` what is expected, `_exp_var _exp_third` its variance
        and third cumulant, `_res_var _res_third` those of the wraps around what is expected of them, `_peer_var` the
        peers' variance around it, `_fair` whether enough of the wraps have peers of their kind: half of them in their
        first column, and `enough` in their cell. Null without peers.
        The same names after `_like`, with `_like_n _like_mean`, are of the wraps with peers of their own cell.
    """
    who = ["agent_id", *keys]
    compared = _against_peers(cells, keys, mix, enough)
    # Cells that fell back to the same wraps of peers share their chance: add them up before squaring.
    shared = pl.when(pl.col("_level") == 0).then(pl.int_range(pl.len())).otherwise(-1).alias("_cell")
    n, mean = pl.col("_own_n"), pl.col("_m")
    first, second, third = (pl.col(name).cast(pl.Float64) for name in _MOMENTS[1:])
    compared = compared.with_columns(pl.col(figures.N).cast(pl.Float64).alias("_own_n"), shared).with_columns(
        (second - 2 * mean * first + n * mean**2).alias("_r2"),
        (third - 3 * mean * second + 3 * mean**2 * first - n * mean**3).alias("_r3"),
        (n * pl.col("_unlike_var").sqrt()).alias("_doubt"),
    )
    same = [*who, "_level", "_cell", "_pn", "_m"]
    pooled = compared.group_by(same, maintain_order=True).agg(
        pl.col("_own_n", "_r2", "_r3", "_doubt").sum(), pl.col("_v", "_k").first(), first.sum().alias("_own")
    )
    compared = _per_wrap(pooled, who, mixed=bool(mix))
    like = _per_wrap(pooled.filter(pl.col("_level") == 0) if mix else pooled, who, mixed=bool(mix))
    like = like.select(*who, pl.all().exclude(who).name.prefix(LIKE))
    chosen = compared.join(like, on=who, how="left", nulls_equal=True, maintain_order="left")
    some = pl.col(f"{LIKE}_n").fill_null(0) >= pl.min_horizontal("_n", pl.lit(enough))
    return chosen.with_columns(pl.col("_fair") & some).drop("_n", "_mean", f"{LIKE}_fair")


def _against_peers(cells: pl.DataFrame, keys: Sequence[str], mix: Sequence[str], enough: int) -> pl.DataFrame:
    """Add the finest level with enough wraps of peers and what they give: number, mean, variance, third moment."""
    cells = cells.with_columns(pl.lit(0, pl.Int8).alias(_EVERYONE))
    everyone = [_EVERYONE, *keys]
    levels = [[*everyone, *mix], [*everyone, *mix[:1]], everyone] if mix else [everyone]
    others = [_others(group) for group in levels]
    chosen = [pl.lit(2 if place == len(levels) - 1 else place) for place in range(len(levels))]
    numbered = cells.with_columns(pl.struct(part).alias(f"_peers{place}") for place, part in enumerate(others))
    level, peers = chosen[-1], pl.col(f"_peers{len(levels) - 1}")
    for place in reversed(range(len(levels) - 1)):
        enough_here = pl.col(f"_peers{place}").struct.field(figures.N) >= max(enough, 1)
        level = pl.when(enough_here).then(chosen[place]).otherwise(level)
        peers = pl.when(enough_here).then(pl.col(f"_peers{place}")).otherwise(peers)
    picked = numbered.select(pl.all().exclude("^_peers.*$"), level.alias("_level"), peers.alias("_peers"))
    n, total, square, cube = (pl.col("_peers").struct.field(name) for name in _MOMENTS)
    some = pl.when(n > 0)
    picked = picked.with_columns(
        some.then(n.cast(pl.Float64)).alias("_pn"),
        some.then(total.cast(pl.Float64) / n).alias("_m"),
        some.then((n.cast(pl.Int128) * square - total.cast(pl.Int128) ** 2).cast(pl.Float64) / n / n).alias("_v"),
        some.then(square.cast(pl.Float64) / n).alias("_p2"),
        some.then(cube.cast(pl.Float64) / n).alias("_p3"),
    )
    mean = pl.col("_m")
    third = (pl.col("_p3") - 3 * mean * pl.col("_p2") + 2 * mean**3).alias("_k")
    return picked.with_columns(third, _unlike_var(picked, levels)).drop("_peers")


def _unlike_var(picked: pl.DataFrame, levels: Sequence[Sequence[str]]) -> pl.Series:
    """Variance of the means of cells around what a cell falls back to: 0 where it has peers of its own.

    Contacts of a cell that others hardly have may be harder or easier than those that stand in for them, by as much as
    the other cells differ.
    """
    if not int((picked["_level"] > 0).sum()):
        return pl.zeros(picked.height, pl.Float64, eager=True).alias("_unlike_var")
    # In columns: written out in one expression they would take longer to plan than everything else to compute.
    counted = picked.with_columns(
        pl.when(NOT_NEW).then(name).otherwise(0).cast(pl.Float64).alias(f"_known{name}") for name in _MOMENTS[:2]
    )
    n, total = (pl.col(f"_known{name}") for name in _MOMENTS[:2])
    counted = counted.with_columns((total.sum().over(levels[0]) / n.sum().over(levels[0])).alias("_cell_mean"))
    doubt = pl.lit(0.0)
    for place, group in enumerate(levels[1:], start=1):
        apart = pl.col("_cell_mean") - total.sum().over(group) / n.sum().over(group)
        # A first column with a single cell knows no difference: that of all its like stands in.
        usual = (n * apart**2).fill_nan(0.0).sum()
        own = usual.over(group) / n.sum().over(group)
        pooled = usual.over(levels[-1]) / n.sum().over(levels[-1])
        counted = counted.with_columns(pl.max_horizontal(own, pooled).alias(f"_doubt{place}"))
        chosen = pl.lit(2 if place == len(levels) - 1 else place)
        doubt = pl.when(pl.col("_level") == chosen).then(f"_doubt{place}").otherwise(doubt)
    return counted.with_columns(doubt.fill_nan(0.0).alias("_unlike_var"))["_unlike_var"]


def _others(group: Sequence[str]) -> list[pl.Expr]:
    """Exact sums over the other agents' wraps of the same group."""
    own = ["agent_id", *group]
    counted = {name: pl.when(NOT_NEW).then(name).otherwise(0) for name in _MOMENTS}
    return [(part.sum().over(group) - part.sum().over(own)).alias(name) for name, part in counted.items()]


def _per_wrap(pooled: pl.DataFrame, who: Sequence[str], *, mixed: bool) -> pl.DataFrame:
    """Add the comparisons of an agent up; per wrap of the agent."""
    n, mean = pl.col("_own_n"), pl.col("_m")
    sums = pooled.group_by(who, maintain_order=True).agg(
        n.sum().alias("_n"),
        pl.col("_own").sum(),
        (n * mean).sum().alias("_expected"),
        # What stands in for such contacts may all be easier: these doubts add up before squaring.
        ((n**2 * pl.col("_v") / pl.col("_pn")).sum() + pl.col("_doubt").sum() ** 2).alias("_evar"),
        (n**3 * pl.col("_k") / pl.col("_pn") ** 2).sum().alias("_ethird"),
        (n * pl.col("_v")).sum().alias("_pvar"),
        pl.col("_r2", "_r3").sum(),
        n.filter(pl.col("_level") == 2).sum().alias("_unlike"),
        mean.null_count().alias("_alone"),
    )
    n, known = pl.col("_n"), pl.when(pl.col("_alone") == 0)
    apart = (pl.col("_own") - pl.col("_expected")) / n
    second = pl.col("_r2") / n
    # Equal wraps leave a rest of rounding, which is no spread.
    spread = (second - apart**2).clip(lower_bound=0)
    spread = pl.when(spread > 1e-12 * (pl.col("_own") / n) ** 2).then(spread).otherwise(0.0)
    third = pl.col("_r3") / n - 3 * apart * second + 2 * apart**3
    fair = pl.col("_unlike") <= (1 - FEWEST_FAIR) * n if mixed else pl.lit(True)
    return sums.select(
        *who,
        n,
        (pl.col("_own") / n).alias("_mean"),
        known.then(pl.col("_expected") / n).alias("_exp"),
        known.then(pl.col("_evar") / n**2).alias("_exp_var"),
        known.then(pl.col("_ethird") / n**3).alias("_exp_third"),
        known.then(pl.when(n > 1).then(spread * n / (n - 1))).alias("_res_var"),
        known.then(third).alias("_res_third"),
        known.then(pl.col("_pvar") / n).alias("_peer_var"),
        known.then(fair).alias("_fair"),
    )
