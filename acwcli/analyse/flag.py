"""`acw flag`: which agents are beyond a rule, how sure is that, and what does it cost?"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import Fraction, difference, ratio
from acwcli.analyse.groups import agent_name, check_keys, key_columns, presentable, with_name
from acwcli.analyse.intervals import mean_interval, quantile_interval
from acwcli.analyse.reasons import reason
from acwcli.analyse.rules import Measure, Rule, parse_measure, parse_rule
from acwcli.analyse.thresholds import measured, with_threshold
from acwcli.errors import UsageError
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column, Table


def flag(
    obs: pl.LazyFrame,
    rules: Sequence[Rule],
    measure: str,
    peers: Sequence[str],
    min_wraps: int,
    noun: str,
    every_agent: bool,
) -> Table:
    """Hold each agent's figure against the rules: a row per agent, rule and peer group, largest `lost_s` first.

    Args:
        obs: one row per counted wrap or contact; `value_ms` Int64 is what is measured.
        rules: thresholds (`parse_rule`); none means over the pooled mean.
        measure: `mean`, `median` or `pNN` of each agent.
        peers: columns whose equal values make agents comparable; none compares everyone.
        min_wraps: fewer observations than this are never flagged.
        noun: `wraps` or `contacts`, the name of the column that counts.
        every_agent: list agents that are in line, or have too few wraps, as well.

    Returns:
        Columns: `agent_id`, `name` where a roster is joined, the count, `measure value_s rule threshold_s over_s
        lost_s verdict reason`, the peers, `method`. `verdict` is `over` or `under` when the 95 % interval of the value
        excludes the threshold (see `acwcli.analyse.intervals`), `watch` when the value alone is beyond it.

    Raises:
        UsageError: an unknown measure or peers column.
        NoWrapsError: there is nothing to compare.
    """
    schema = obs.collect_schema()
    asked = parse_measure(measure)
    keys = _peer_keys(peers, schema, noun)
    names = agent_name(["agent_id"], schema)
    agents = _agents(obs, ["agent_id", *keys], names, asked)
    figures.any_wraps(agents.height, noun)
    wanted = dict.fromkeys(rules or (parse_rule("over", "mean"),))
    judged = [_judge(agents, rule, asked, keys, min_wraps, noun) for rule in wanted]
    rows = pl.concat(judged)
    listed = rows if every_agent else rows.filter(pl.col("verdict").is_in(["over", "under", "watch"]))
    ordered = listed.sort(
        ["lost_s", "agent_id", "rule", *keys], descending=[True] + [False] * (2 + len(keys)), nulls_last=True
    )
    columns = _columns(noun, with_name(["agent_id"], names), key_columns(keys, schema))
    frame = presentable(ordered, keys).select([column.name for column in columns])
    return Table("flag", frame, columns, sentence=_sentence(agents, rows))


def _peer_keys(peers: Sequence[str], schema: pl.Schema, noun: str) -> tuple[str, ...]:
    if "agent_id" in peers:
        raise UsageError("--peers: agent_id would leave every agent without peers; name a team, queue or channel")
    return check_keys(peers, schema, [column.name for column in _columns(noun, ["agent_id", "name"], [])], "--peers")


def _columns(noun: str, who: Sequence[str], peers: Sequence[Column]) -> tuple[Column, ...]:
    seconds = [Column(f"{name}_s", "seconds", name) for name in ("value", "threshold", "over", "lost")]
    return (
        *(Column(name, label="agent" if name == "agent_id" else "") for name in who),
        Column(noun, "count"),
        Column("measure"),
        seconds[0],
        Column("rule"),
        *seconds[1:],
        Column("verdict"),
        Column("reason"),
        *peers,
        Column("method"),
    )


def _agents(obs: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr], asked: Measure) -> pl.DataFrame:
    """One row per agent and peer group: the figure as an exact fraction, and its 95 % interval."""
    moments = [figures.sum_of_squares(), figures.sum_of_cubes()]
    needed = moments if asked.permille is None else [figures.sorted_values()]
    every = [figures.count(), figures.sum_ms(), *needed, *figures.method_range(), *names]
    groups = obs.group_by(keys).agg(every).collect(engine="streaming").sort(keys, nulls_last=True)
    groups = groups.with_columns(*measured(asked), figures.method())
    if asked.permille is None:
        return mean_interval(groups)
    return quantile_interval(groups, asked.permille)


def _judge(
    agents: pl.DataFrame, rule: Rule, asked: Measure, keys: Sequence[str], min_wraps: int, noun: str
) -> pl.DataFrame:
    """Add threshold, distance, cost, verdict and reason of one rule to every agent."""
    held = with_threshold(agents, rule, keys, min_wraps)
    value, threshold = Fraction(pl.col("_num"), pl.col("_den")), Fraction(pl.col("_t_num"), pl.col("_t_den"))
    apart = difference(value, threshold)
    # A mean times its own count is a sum again: leave the division out rather than undo it.
    lost = ratio(apart, threshold.den) if asked.permille is None else _times_count(apart, value, threshold)
    figured = held.with_columns(
        pl.col(figures.N).alias(noun),
        pl.lit(asked.name).alias("measure"),
        pl.lit(rule.text).alias("rule"),
        value.seconds().alias("value_s"),
        threshold.seconds().alias("threshold_s"),
        ratio(apart, value.den * threshold.den * 1000).alias("over_s"),
        in_seconds(lost).alias("lost_s"),
        (apart > 0 if rule.side == "over" else apart < 0).alias("_beyond"),
    )
    judged = figured.with_columns(_verdict(rule, min_wraps).alias("verdict"))
    return judged.with_columns(reason(rule, asked, keys, min_wraps, noun).alias("reason"))


def _times_count(apart: pl.Expr, value: Fraction, threshold: Fraction) -> pl.Expr:
    return ratio(apart * pl.col(figures.N), value.den * threshold.den)


def _verdict(rule: Rule, min_wraps: int) -> pl.Expr:
    known = (pl.col(figures.N) >= min_wraps) & pl.col("threshold_s").is_not_null()
    low, high, threshold = pl.col("low_s"), pl.col("high_s"), pl.col("threshold_s")
    sure = low > threshold if rule.side == "over" else high < threshold
    return (
        pl.when(~known)
        .then(pl.lit("not enough data"))
        .when(~pl.col("_beyond"))
        .then(pl.lit("in line"))
        .when(sure.fill_null(False))
        .then(pl.lit(rule.side))
        .otherwise(pl.lit("watch"))
    )


def _sentence(agents: pl.DataFrame, rows: pl.DataFrame) -> str:
    everyone = agents["agent_id"].n_unique()
    sure = rows.filter(pl.col("verdict").is_in(["over", "under"]))["agent_id"].n_unique()
    flagged = rows.filter(pl.col("verdict").is_in(["over", "under", "watch"]))["agent_id"].n_unique()
    if not flagged:
        return f"None of {everyone:,} agents is beyond the threshold."
    more = f"{sure:,} of them surely" if sure else "but none of them surely"
    return f"{flagged:,} of {everyone:,} agents {'is' if flagged == 1 else 'are'} beyond the threshold, {more}."
