"""One agent beside the peers: lengths, hours, days, and single wraps to look at."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.analyse.lengths import quantile_us
from acwcli.model.seconds import in_seconds

OWN = "_own"
"""True for the agent's observations, false for the peers'."""

EDGES_S = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600, 7200)
"""Edges of the lengths: the same for every agent, so that two agents compare; the last class is open."""

SHOWN = 3
"""Wraps and evidence rows shown of each kind."""

SHOWN_OF: dict[str, pl.DataType] = {
    "wrap_start": pl.Datetime("ms", "UTC"),
    "contact_id": pl.String(),
    "queue": pl.String(),
    "ended_by": pl.String(),
    "source": pl.String(),
    "row": pl.Int64(),
}
"""What is shown of a single wrap, as far as known."""

PERMILLES = {"median": 500, "p80": 800, "p90": 900}


def collected(obs: pl.LazyFrame, also: Sequence[str]) -> pl.DataFrame:
    """Collect observations: who, how long, by which method, what is shown of each, and further columns."""
    schema = obs.collect_schema()
    wanted = dict.fromkeys(("agent_id", figures.VALUE, "method", *SHOWN_OF, *also))
    unknown = [pl.lit(None, kind).alias(name) for name, kind in SHOWN_OF.items() if name not in schema]
    return obs.select(*(name for name in wanted if name in schema), *unknown).collect(engine="streaming")


def beside(lengths: pl.DataFrame, peers: int, limit_us: int, noun: str) -> pl.DataFrame:
    """Work out the figures of the agent (first row) and the peers (second row, absent without any).

    Args:
        lengths: `_own value_ms _n`, see `acwcli.analyse.lengths.lengths_of`.
        peers: how many there are.
        limit_us: the limit in microseconds.
        noun: the name of the column that counts.

    Returns:
        `_own`, `agents`, the count, `mean_s median_s p80_s p90_s max_s`, `share_within`, `excess_s`.
    """
    value, n = pl.col(figures.VALUE), pl.col(figures.N)
    sides = lengths.group_by(OWN).agg(
        n.sum(),
        (value * n).sum().alias(figures.SUM_MS),
        n.filter(value * 1000 <= limit_us).sum().alias("within"),
        (figures.over_us(limit_us) * n).sum().alias("excess"),
        value.max().alias("max"),
    )
    ranked = [
        {OWN: own, **{name: quantile_us(lengths.filter(pl.col(OWN) == own), at) for name, at in PERMILLES.items()}}
        for own in sides[OWN]
    ]
    return (
        sides.join(pl.DataFrame(ranked), on=OWN)
        .sort(OWN, descending=True)
        .select(
            OWN,
            pl.when(OWN).then(1).otherwise(peers).cast(pl.Int64).alias("agents"),
            n.alias(noun),
            figures.mean_s().alias("mean_s"),
            *(in_seconds(pl.col(name), 1_000_000).alias(f"{name}_s") for name in PERMILLES),
            in_seconds(pl.col("max")).alias("max_s"),
            ratio(pl.col("within"), n).alias("share_within"),
            in_seconds(pl.col("excess"), 1_000_000).alias("excess_s"),
        )
    )


def classes(lengths: pl.DataFrame, noun: str) -> pl.DataFrame:
    """Count the agent's wraps per class of length, and say which share of the wraps and of the peers' lies in it.

    Args:
        lengths: `_own value_ms _n`.
        noun: the name of the column that counts.

    Returns:
        `from_s`, `to_s` (null for the open class), the count, `share`, `peers_share`; classes up to the longest wrap.
    """
    reached = [(pl.col(figures.VALUE) >= edge * 1000).cast(pl.UInt32) for edge in EDGES_S[1:]]
    n, place = pl.col(figures.N), pl.sum_horizontal(reached).alias("class")
    counts = lengths.group_by(place).agg(n.filter(OWN).sum().alias("own"), n.sum().alias("all"))
    last = int(counts.select(pl.col("class").max()).item())
    edges = pl.DataFrame(
        {
            "class": range(last + 1),
            "from_s": [float(edge) for edge in EDGES_S[: last + 1]],
            "to_s": [float(edge) if edge else None for edge in (*EDGES_S[1:], None)[: last + 1]],
        },
        schema={"class": pl.UInt32(), "from_s": pl.Float64(), "to_s": pl.Float64()},
    )
    filled = edges.join(counts, on="class", how="left").fill_null(0)
    own, peers = pl.col("own").cast(pl.Int64), pl.col("all").cast(pl.Int64) - pl.col("own").cast(pl.Int64)
    shares = (own / own.sum()).alias("share"), (peers / peers.sum()).fill_nan(None).alias("peers_share")
    open_ended = pl.when(pl.col("to_s") > 0).then("to_s").alias("to_s")
    return filled.sort("class").select("from_s", open_ended, own.alias(noun), *shares)


def by_mix(rows: pl.LazyFrame, mix: Sequence[str], noun: str) -> pl.DataFrame:
    """Say which contacts the agent gets, and how long they take the agent and the peers; those it gets most first.

    Returns:
        The columns of the mix, the count, `share`, `peers_share`, `mean_s`, `peers_mean_s`: a row per kind of contact
        that the agent has; none without a mix.
    """
    value = pl.col(figures.VALUE)
    n, peers = pl.col(noun), pl.col("peers")
    kinds = rows.group_by(list(mix) or [pl.lit(0).alias("kind")]).agg(
        pl.col(OWN).sum().cast(pl.Int64).alias(noun),
        (~pl.col(OWN)).sum().cast(pl.Int64).alias("peers"),
        value.filter(OWN).sum().alias("own_sum"),
        value.filter(~pl.col(OWN)).sum().alias("peers_sum"),
    )
    told = kinds.collect(engine="streaming").select(
        *(pl.col(name).cast(pl.String) for name in mix),
        noun,
        (n / n.sum()).alias("share"),
        pl.when(peers.sum() > 0).then(peers / peers.sum()).alias("peers_share"),
        pl.when(n > 0).then(in_seconds(pl.col("own_sum")) / n).alias("mean_s"),
        pl.when(peers > 0).then(in_seconds(pl.col("peers_sum")) / peers).alias("peers_mean_s"),
    )
    told = told.filter(n > 0, bool(mix))
    return told.sort(n, *mix, descending=[True, *[False] * len(mix)], nulls_last=True)


def by_time(rows: pl.LazyFrame, own: pl.DataFrame, column: str, noun: str) -> pl.DataFrame:
    """Set the agent's mean beside the peers', per hour or day; none where no wrap of the agent has an instant.

    Returns:
        `column`, the count, `mean_s`, `peers_mean_s`: every hour or day of the data from the agent's first to last.
    """
    value = pl.col(figures.VALUE)
    mine, theirs = value.filter(pl.col(OWN)), value.filter(~pl.col(OWN))
    groups = (
        rows.filter(pl.col(column).is_between(own[column].min(), own[column].max()))
        .group_by(column)
        .agg(
            pl.col(OWN).sum().cast(pl.Int64).alias(noun),
            *[part.sum().alias(f"{name}_sum") for name, part in {"own": mine, "peers": theirs}.items()],
            pl.len().cast(pl.Int64).alias("all"),
        )
        .collect(engine="streaming")
        .sort(column)
    )
    means = {"mean_s": ("own_sum", pl.col(noun)), "peers_mean_s": ("peers_sum", pl.col("all") - pl.col(noun))}
    return groups.select(
        column,
        noun,
        *[pl.when(n > 0).then(in_seconds(pl.col(total)) / n).alias(name) for name, (total, n) in means.items()],
    )


def longest(own: pl.DataFrame) -> pl.DataFrame:
    """The longest of the agent's wraps."""
    return own.sort(figures.VALUE, "wrap_start", "row", descending=[True, False, False]).head(SHOWN)


def typical(own: pl.DataFrame) -> pl.DataFrame:
    """The agent's wraps nearest to the agent's own median."""
    away = (2 * pl.col(figures.VALUE) - pl.lit(int(2 * own.select(pl.col(figures.VALUE).median()).item()))).abs()
    return own.sort(away, "wrap_start", "row").head(SHOWN)


def single(wraps: pl.DataFrame) -> pl.DataFrame:
    """Show single wraps: where they are in the data, when they began, how long they took and how they ended."""
    texts = [pl.col(name).cast(pl.String) for name in ("contact_id", "queue", "ended_by")]
    return wraps.select(
        "wrap_start",
        in_seconds(pl.col(figures.VALUE)).alias("value_s"),
        *texts,
        pl.col("source").cast(pl.String),
        pl.col("row").cast(pl.Int64),
    )
