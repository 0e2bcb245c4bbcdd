"""`acw explain`: why this agent?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.analyse import explain_parts, figures, portrait
from acwcli.analyse.lengths import lengths_of, quantile_us
from acwcli.analyse.portrait import OWN
from acwcli.analyse.shapes import Found, evidence_of, found_in
from acwcli.errors import UsageError, did_you_mean
from acwcli.model.table import Column, Table

SCHEMA_VERSION = 1

RULE_KEYS = (
    *("rule", "value_s", "threshold_s", "over_s", "lost_s", "verdict", "reason"),
    *("expected_s", "ratio", "ratio_low", "ratio_high", "adjusted"),
)
"""What `rules` says of each rule, as `flag` has it."""

_SIDE = ("mean_s", "median_s", "p80_s", "p90_s")
_LISTS = ("rules", "mix", "shapes", "evidence", "distribution", "by_hour", "by_day", "longest", "typical")


def explain(
    obs: pl.LazyFrame,
    agent: str,
    rules: pl.DataFrame,
    within_ms: int | None,
    min_wraps: int,
    noun: str,
    *,
    peers: Sequence[str] = (),
    mix: Sequence[str] = (),
    wraps: pl.DataFrame | None = None,
) -> Table:
    """Set one agent beside the peers.

    Args:
        obs: one row per counted wrap or contact of the agent and the peers, with `value_ms`, `method`, and, as far as
            known, the columns of `portrait.SHOWN_OF`, `hour`, `day` and `name`.
        agent: the `agent_id`.
        rules: the agent's rows of `flag`.
        within_ms: the limit in milliseconds; None takes p80 of all observations.
        min_wraps: with fewer nothing is concluded.
        noun: `wraps` or `contacts`, the name of the key that counts.
        peers: the columns that make peer groups; `rules` has them.
        mix: the columns of `obs` that tell contacts apart.
        wraps: all wraps, of the peers or not, as `shapes.prepare` returns them; None looks for no shapes.

    Returns:
        One object: the figures beside the peers', and the lists `rules mix shapes evidence distribution by_hour by_day
        longest typical` (docs/figures.md); the same for people in parts.

    Raises:
        UsageError: nobody of that name.
        NoWrapsError: there is nothing at all.
    """
    agents = obs.select("agent_id").unique().collect(engine="streaming")["agent_id"]
    figures.any_wraps(agents.len(), noun)
    check_agent(agent, agents)
    rows = obs.with_columns((pl.col("agent_id").cast(pl.String) == agent).alias(OWN))
    own, lengths = portrait.collected(rows.filter(OWN), ("hour", "day", "name")), lengths_of(rows, OWN)
    shapes = [] if wraps is None else found_in(wraps, agent, min_wraps)
    lists = {
        "rules": rules.select(*peers, *RULE_KEYS),
        "mix": portrait.by_mix(rows, mix, noun),
        "shapes": _shapes(shapes),
        "evidence": _evidence(own.clear() if wraps is None else wraps, agent, shapes),
        "distribution": portrait.classes(lengths, noun),
        **{f"by_{time}": portrait.by_time(rows, own, time, noun) for time in ("hour", "day")},
        **{"longest": portrait.single(portrait.longest(own)), "typical": portrait.single(portrait.typical(own))},
    }
    sides, row = _object(own, lengths, agent, agents.len() - 1, within_ms, min_wraps, lists, noun)
    columns = _columns(noun, named="name" in own.columns)
    return Table(
        "explain",
        row.select([column.name for column in columns]),
        columns,
        is_object=True,
        sentence=explain_parts.sentence(row.row(0, named=True), noun, min_wraps),
        parts=explain_parts.parts(sides, lists, peers, mix, noun),
        parts_say_all=True,
    )


def _object(
    own: pl.DataFrame,
    lengths: pl.DataFrame,
    agent: str,
    peers: int,
    within_ms: int | None,
    min_wraps: int,
    lists: Mapping[str, pl.DataFrame],
    noun: str,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The figures of both sides, and all that is told as one row."""
    p80_us = quantile_us(lengths.group_by(figures.VALUE).agg(pl.col(figures.N).sum()).sort(figures.VALUE), 800)
    limit_us = p80_us if within_ms is None else within_ms * 1000
    sides = portrait.beside(lengths, peers, limit_us, noun)
    row = _figures(sides, agent, noun).with_columns(
        pl.lit(limit_us / 1_000_000).alias("limit_s"),
        pl.lit("p80" if within_ms is None else "within").alias("limit_rule"),
        pl.lit(_verdict(lists["rules"], own.height, min_wraps)).alias("verdict"),
        *[table.to_struct(name).implode() for name, table in lists.items()],
        *[pl.lit(own[name].cast(pl.String).max(), pl.String).alias(name) for name in ("name",) if name in own.columns],
        own.select(figures.method_range()).select(figures.method())["method"],
        pl.lit(SCHEMA_VERSION, pl.Int64).alias("schema_version"),
    )
    return sides, row


def check_agent(agent: str, known: pl.Series) -> None:
    """Make sure the agent is there.

    Raises:
        UsageError: nobody of that name; the message has the nearest one.
    """
    names = known.unique().cast(pl.String).sort()
    if agent not in names:
        hint = did_you_mean(agent, names) or "; acw summary PATH --by agent_id lists them"
        raise UsageError(f"no agent '{agent}' among the {len(names):,} with wraps that count{hint}")


def _verdict(rules: pl.DataFrame, n: int, min_wraps: int) -> str:
    """The surest word of any rule: over or under before watch before in line."""
    if n < min_wraps:
        return "not enough data"
    words = ("over", "under", "watch", "in line")
    said = set(rules["verdict"].to_list())
    return next((word for word in words if word in said), "not enough data")


def _figures(sides: pl.DataFrame, agent: str, noun: str) -> pl.DataFrame:
    """One row: the agent's figures, then the peers' under names of their own."""
    own, peers = sides.filter(OWN), sides.filter(~pl.col(OWN))
    excess = float(sides["excess_s"].sum())
    whole = pl.lit(None, pl.Float64) if not excess else pl.col("excess_s") / pl.lit(excess)
    mine = own.select(
        pl.lit(agent).alias("agent_id"), noun, *_SIDE, "share_within", "excess_s", whole.alias("share_of_excess")
    )
    theirs = {"agents": "peers", noun: f"peers_{noun}", "share_within": "peers_share_within"}
    theirs |= {name: f"peers_{name}" for name in _SIDE}
    if peers.is_empty():
        peers = pl.DataFrame({name: [None] for name in peers.columns}, schema=peers.schema)
        peers = peers.with_columns(pl.col("agents", noun).fill_null(0))
    return mine.hstack(peers.select(pl.col(name).alias(new) for name, new in theirs.items()))


def _shapes(found: list[Found]) -> pl.DataFrame:
    rows = [{"shape": one.shape, "strength": one.strength, "sentence": one.sentence} for one in found]
    return pl.DataFrame(rows, schema={"shape": pl.String(), "strength": pl.Float64(), "sentence": pl.String()})


def _evidence(frame: pl.DataFrame, agent: str, found: list[Found]) -> pl.DataFrame:
    """The most telling wraps of each shape."""
    rows = [
        portrait.single(evidence_of(frame, agent, one).head(portrait.SHOWN)).select(
            pl.lit(one.shape).alias("shape"), pl.all()
        )
        for one in found
    ]
    empty = portrait.single(frame.clear()).select(pl.lit(None, pl.String).alias("shape"), pl.all())
    return pl.concat([empty, *rows])


def _columns(noun: str, *, named: bool) -> tuple[Column, ...]:
    return (
        Column("agent_id", label="agent"),
        *([Column("name")] if named else []),
        Column(noun, "count"),
        *(Column(name, "seconds") for name in _SIDE),
        Column("share_within", "share"),
        Column("excess_s", "seconds"),
        Column("share_of_excess", "share"),
        Column("peers", "count"),
        Column(f"peers_{noun}", "count"),
        *(Column(f"peers_{name}", "seconds") for name in _SIDE),
        Column("peers_share_within", "share"),
        Column("limit_s", "seconds"),
        Column("limit_rule"),
        Column("verdict"),
        *(Column(name, "json") for name in _LISTS),
        Column("method"),
        Column("schema_version", "count"),
    )
