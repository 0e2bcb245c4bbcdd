"""`acw flag`: which agents are beyond a rule, how sure is that, and what does it cost?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.casemix import LIKE, NOT_NEW, expectation
from acwcli.analyse.days import DAY, DAY_MS, day_variance, day_weight
from acwcli.analyse.groups import agent_name, check_keys, key_columns, presentable, with_name
from acwcli.analyse.hours import HOUR, HOUR_MS, hour_effects, hour_shift
from acwcli.analyse.intervals import mean_interval, quantile_interval, ratio_interval
from acwcli.analyse.judge import COMPARED, FDR, judge
from acwcli.analyse.limits import with_breaches
from acwcli.analyse.rules import QUICK, SHORT_MS, Measure, Rule, parse_measure, parse_rule
from acwcli.analyse.shapes import shapes_of
from acwcli.analyse.thresholds import measured
from acwcli.errors import UsageError
from acwcli.model.counts import counted
from acwcli.model.table import Column, Table

LOG, LOG_SUMS = "_log", ("_log_sum", "_log_sq", "_log_cube")

MOST_ASKED = 400
"""So many agents, evenly by name, tell how far days are apart and what hours do, where there are more."""

VERDICTS = ("over", "under", "watch", "in line", "not enough data")
_LISTED = ("over", "under", "watch")
_BREACHES = (Column("breach_share", "share", "over limits"), Column("breach_s", "seconds", "time over limits"))


def flag(
    obs: pl.LazyFrame,
    rules: Sequence[Rule],
    measure: str,
    peers: Sequence[str],
    min_wraps: int,
    noun: str,
    every_agent: bool,
    *,
    mix: Sequence[str] = (),
    fdr: float = FDR,
    newcomers: pl.DataFrame | None = None,
    only: Sequence[str] = (),
    agents: Sequence[str] | None = None,
    limits_ms: Mapping[str, int] = MappingProxyType({}),
    with_shapes: bool = True,
) -> Table:
    """Hold each agent's figure against the rules: a row per agent, rule and peer group, largest `lost_s` first.

    Args:
        obs: one row per counted wrap or contact; `value_ms` Int64 is what is measured. Of wraps the columns of
            `shapes.NEEDS`, as far as known.
        rules: thresholds (`parse_rule`, `QUICK`); none means over the pooled mean.
        measure: `mean`, `median` or `pNN` of each agent.
        peers: columns whose equal values make agents comparable; none compares everyone.
        min_wraps: fewer observations than this are never flagged.
        noun: `wraps`, `contacts` or `handled`, the name of the column that counts.
        every_agent: list agents that are in line, or have too few wraps, as well.
        mix: columns that say what kind of contact a wrap was of; none does not adjust for it.
        fdr: share of false ones among the agents called `over` or `under` by one rule.
        newcomers: `agent_id` and `hired` (date) of agents too new to be judged, or to be held against.
        only: the verdicts to list; none is those beyond the threshold.
        agents: the agents to list; None is everybody.
        limits_ms: limits per queue; then `obs` has `queue`, and `breach_share` and `breach_s` follow `adjusted`.
        with_shapes: whether to look for shapes of behaviour.

    Returns:
        Columns: `agent_id`, `name` where a roster is joined, the count, `measure value_s rule threshold_s over_s
        lost_s verdict reason expected_s ratio ratio_low ratio_high adjusted shapes`, the peers, `method`.
        `shapes` names the agent's shapes of behaviour, beside all others whatever the peers. `verdict` is `over` or
        `under` when the 95 % interval is clear of the threshold (at the peers' mix of contacts, where there is one)
        and the agent is a discovery at the rate `fdr`; `watch` when the value alone is beyond it.

    Raises:
        UsageError: an unknown measure, peers or mix column.
        NoWrapsError: there is nothing to compare.
    """
    schema, asked = obs.collect_schema(), parse_measure(measure)
    keys = peer_keys(peers, schema, noun)
    cell = [name for name in _mix_keys(mix, schema, noun) if name not in keys]
    names = agent_name(["agent_id"], schema)
    if (quick := any(rule.against == "mix" for rule in rules)) and asked.permille is not None:
        raise UsageError("--quick compares means; leave --measure out")
    who = ["agent_id", *keys]
    figured = _agents(obs, who, names, asked, cell, min_wraps, newcomers, quick=quick)
    return judged_agents(
        with_breaches(figured, obs, who, limits_ms), rules, asked, keys, names, min_wraps, noun, every_agent,
        mixed=bool(mix), fdr=fdr, newcomers=newcomers, only=only, listed=agents,
        shapes=(lambda listed: shapes_of(obs, min_wraps, listed)) if with_shapes and noun == "wraps" else None,
    )  # fmt: skip


def judged_agents(
    agents: pl.DataFrame,
    rules: Sequence[Rule],
    asked: Measure,
    keys: Sequence[str],
    names: Sequence[pl.Expr],
    min_wraps: int,
    noun: str,
    every_agent: bool,
    *,
    mixed: bool = False,
    fdr: float = FDR,
    newcomers: pl.DataFrame | None = None,
    only: Sequence[str] = (),
    listed: Sequence[str] | None = None,
    shapes: Callable[[Sequence[str]], pl.DataFrame] | None = None,
) -> Table:
    """Judge agents whose figures are known; see `flag`.

    Args:
        agents: one row per agent and peer group with `_n _sum_ms _num _den low_s high_s method`, and `name`.
        rules: thresholds; none means over the pooled mean.
        asked: the measure of each agent.
        keys: the columns of the peer groups.
        names: the roster's name of each agent, if any.
        min_wraps: fewer observations than this are never flagged.
        noun: `wraps` or `contacts`.
        every_agent: list agents that are in line as well.
        mixed: whether a verdict has to hold at the peers' mix of contacts.
        fdr: false discovery rate.
        newcomers: agents too new to be judged.
        only: the verdicts to list.
        listed: the agents to list; None is everybody.
        shapes: names the shapes of behaviour of the agents listed (`agent_id`, `shapes`); None where nobody can.
    """
    figures.any_wraps(agents.height, noun)
    agents = _with_hired(agents, newcomers)
    wanted = dict.fromkeys(rules or (parse_rule("over", "mean"),))
    judged = [judge(agents, rule, asked, keys, min_wraps, noun, mixed=mixed, fdr=fdr) for rule in wanted]
    rows = pl.concat(judged)
    shown = rows if every_agent and not only else rows.filter(pl.col("verdict").is_in(only) if only else _listed())
    if listed is not None:
        shown = shown.filter(pl.col("agent_id").cast(pl.String).is_in(list(listed)))
    ordered = shown.sort(
        ["lost_s", "agent_id", "rule", *keys], descending=[True] + [False] * (2 + len(keys)), nulls_last=True
    )
    columns = _columns(
        noun, with_name(["agent_id"], names), key_columns(keys, agents.schema), limited="breach_s" in agents.columns
    )
    frame = presentable(_with_shapes(ordered, shapes), keys).select([column.name for column in columns])
    return Table("flag", frame, columns, sentence=_sentence(agents, rows))


def _with_shapes(rows: pl.DataFrame, shapes: Callable[[Sequence[str]], pl.DataFrame] | None) -> pl.DataFrame:
    if shapes is None or rows.is_empty():
        return rows.with_columns(shapes=pl.lit(None, pl.String))
    named = shapes(rows["agent_id"].unique().cast(pl.String).to_list())
    return rows.join(named, on="agent_id", how="left", maintain_order="left")


def peer_keys(peers: Sequence[str], schema: pl.Schema, noun: str) -> tuple[str, ...]:
    """Check the columns that make agents comparable."""
    if "agent_id" in peers:
        raise UsageError("--peers: agent_id would leave every agent without peers; name a team, queue or channel")
    return check_keys(peers, schema, [column.name for column in _columns(noun, ["agent_id", "name"], [])], "--peers")


def _mix_keys(mix: Sequence[str], schema: pl.Schema, noun: str) -> tuple[str, ...]:
    if "agent_id" in mix:
        raise UsageError("--mix: agent_id would leave every agent without peers; name what tells contacts apart")
    return check_keys(mix, schema, [column.name for column in _columns(noun, ["agent_id", "name"], [])], "--mix")


def _columns(noun: str, who: Sequence[str], peers: Sequence[Column], *, limited: bool = False) -> tuple[Column, ...]:
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
        Column("expected_s", "seconds", "expected"),
        *(Column(name, "number") for name in ("ratio", "ratio_low", "ratio_high")),
        Column("adjusted", "flag"),
        Column("shapes"),
        *(_BREACHES if limited else ()),
        *peers,
        Column("method"),
    )


def _agents(
    obs: pl.LazyFrame,
    who: Sequence[str],
    names: Sequence[pl.Expr],
    asked: Measure,
    cell: Sequence[str],
    enough: int,
    newcomers: pl.DataFrame | None,
    *,
    quick: bool,
) -> pl.DataFrame:
    """One row per agent and peer group: the figure as an exact fraction, its 95 % interval, what peers would take."""
    logged = obs.with_columns(figures.started_log(_log_start_ms(obs, newcomers)).alias(LOG))
    cells = _with_hired(_cells(logged, [*who, *cell], names, quick=quick), newcomers)
    groups = _with_expectation(cells, who, cell, enough)
    if "wrap_start" in obs.collect_schema():
        groups = groups.hstack(_by_time(logged, groups, who, cell))
    if asked.permille is not None:
        groups = groups.hstack(_grouped(obs, who, [figures.sorted_values()], []).select(figures.SORTED))
    groups = groups.with_columns(*measured(asked), figures.method())
    return mean_interval(groups) if asked.permille is None else quantile_interval(groups, asked.permille)


def _with_hired(frame: pl.DataFrame, newcomers: pl.DataFrame | None) -> pl.DataFrame:
    """Mark newcomers with the day they were hired; everybody else has null there."""
    if "_hired" in frame.columns:
        return frame
    if newcomers is None:
        return frame.with_columns(pl.lit(None, pl.Date).alias("_hired"))
    known = newcomers.select(pl.col("agent_id").cast(frame.schema["agent_id"]), pl.col("hired").alias("_hired"))
    return frame.join(known, on="agent_id", how="left", maintain_order="left")


def _grouped(
    obs: pl.LazyFrame, keys: Sequence[str], wanted: Sequence[pl.Expr], names: Sequence[pl.Expr]
) -> pl.DataFrame:
    every = [*wanted, *figures.method_range(), *names]
    return obs.group_by(keys).agg(every).collect(engine="streaming").sort(keys, nulls_last=True)


def _log_start_ms(obs: pl.LazyFrame, newcomers: pl.DataFrame | None) -> int:
    """Where the logarithm starts: a quarter of the mean, so that wraps of 0 s are neither left out nor far away."""
    if newcomers is not None:
        obs = obs.filter(~pl.col("agent_id").cast(pl.String).is_in(newcomers["agent_id"].to_list()))
    quarter = pl.col(figures.VALUE).sum() // (4 * pl.len().clip(lower_bound=1))
    return max(int(obs.select(quarter).collect(engine="streaming").item()), 1)


def _cells(obs: pl.LazyFrame, keys: Sequence[str], names: Sequence[pl.Expr], *, quick: bool) -> pl.DataFrame:
    """The one pass over the wraps: exact sums of the first three powers per agent, peer group and cell."""
    sums = [figures.count(), figures.sum_ms(), figures.sum_of_squares(), figures.sum_of_cubes()]
    logs = pl.col(LOG)
    powers = (logs.sum(), figures.sum_of_squares(logs), figures.sum_of_cubes(logs))
    sums += [power.alias(name) for power, name in zip(powers, LOG_SUMS, strict=True)]
    short = (pl.col(figures.VALUE) < SHORT_MS).sum().cast(pl.Int64).alias("_short")
    return _grouped(obs, keys, [*sums, short] if quick else sums, names)


def _by_time(obs: pl.LazyFrame, groups: pl.DataFrame, who: Sequence[str], cell: Sequence[str]) -> pl.DataFrame:
    """What to allow for days that are alike and for the hours agents work, of the same groups in the same order."""
    start_ms = pl.col("wrap_start").dt.epoch("ms")
    timed = obs.with_columns((start_ms // DAY_MS).alias(DAY), (start_ms // HOUR_MS % 24).alias(HOUR))
    old = groups.filter(NOT_NEW)["agent_id"].unique(maintain_order=True)
    some = timed.filter(pl.col("agent_id").is_in(old.gather_every(-(-max(old.len(), 1) // MOST_ASKED)).implode()))
    weight = day_weight(_counted(timed, [*who, DAY]), who)
    by_day = some.group_by([*who, *cell, DAY]).agg(_sums()).collect(engine="streaming")
    of_lengths = day_variance(by_day, who, cell, figures.SUM_MS, figures.SUM_SQ)
    of_logs = day_variance(by_day, who, cell, *LOG_SUMS[:2])
    days = pl.DataFrame({"_day_times": 1 + of_lengths * weight, "_log_day_times": 1 + of_logs * weight})
    if "hour" in (*who, *cell):
        return days
    by_hour = some.group_by([*who, HOUR]).agg(_sums()).collect(engine="streaming")
    return days.hstack(
        hour_shift(_counted(timed, [*who, HOUR]), who, hour_effects(by_hour, who, LOG_SUMS[0]), figures.LOG_UNIT)
    )


def _sums() -> list[pl.Expr]:
    logs = pl.col(LOG)
    powers = (logs.sum().alias(LOG_SUMS[0]), figures.sum_of_squares(logs).alias(LOG_SUMS[1]))
    return [figures.count(), figures.sum_ms(), figures.sum_of_squares(), *powers]


def _counted(obs: pl.LazyFrame, keys: Sequence[str]) -> pl.DataFrame:
    return obs.group_by(keys).agg(figures.count()).collect(engine="streaming").sort(keys, nulls_last=True)


def _with_expectation(cells: pl.DataFrame, who: Sequence[str], cell: Sequence[str], enough: int) -> pl.DataFrame:
    """Add the cells up to agents, beside what their contacts would take the peers."""
    sums = [name for name in (figures.N, figures.SUM_MS, figures.SUM_SQ, figures.SUM_CUBE, "_short") if name in cells]
    named = [name for name in ("name", "_hired") if name in cells and name not in who]
    groups = cells.group_by(who, maintain_order=True).agg(
        pl.col(sums).sum(), pl.col(figures.METHOD_LOW).min(), pl.col(figures.METHOD_HIGH).max(), pl.col(named).max()
    )
    expected = expectation(cells, who[1:], cell, enough).drop(who)  # the same groups in the same order
    expected = expected.hstack(_of_logs(cells, who, cell, enough))
    n, everyone = pl.col(figures.N), [pl.col(name) for name in who[1:]] or [pl.lit(0, pl.Int8)]
    counted = n.filter(NOT_NEW)
    groups = groups.hstack(expected).with_columns(
        pl.when(n > 1).then(figures.squared_deviations().cast(pl.Float64) / n / (n - 1)).alias("_own_var"),
        figures.third_moment().alias("_own_third"),
        (pl.col(figures.SUM_MS).filter(NOT_NEW).sum() / counted.sum()).over(everyone).alias("_pooled"),
        *_short_share(everyone, wanted="_short" in cells),
    )
    # A few slow agents lift what is expected of all others: how quick the middle one is says what is usual.
    usual = pl.col("_ratio").filter(n >= enough, NOT_NEW).median().over(everyone)
    return ratio_interval(groups).with_columns(usual.alias("_middle"))


def _of_logs(cells: pl.DataFrame, who: Sequence[str], cell: Sequence[str], enough: int) -> pl.DataFrame:
    """The same comparison of logarithms, of the wraps with peers of their own cell."""
    sums = (figures.SUM_MS, figures.SUM_SQ, figures.SUM_CUBE)
    logs = cells.drop(sums).rename(dict(zip(LOG_SUMS, sums, strict=True)))
    found = expectation(logs, who[1:], cell, enough)
    return found.select(pl.col(f"{LIKE}_{name}").alias(f"_log_{name}") for name in COMPARED)


def _short_share(everyone: Sequence[pl.Expr], *, wanted: bool) -> list[pl.Expr]:
    """Share of the other agents' wraps that are too short for notes."""
    if not wanted:
        return []
    short, n = (
        pl.col(name).filter(NOT_NEW).sum().over(everyone) - pl.when(NOT_NEW).then(name).otherwise(0)
        for name in ("_short", figures.N)
    )
    return [(short / n).alias("_peers_short")]


def _listed() -> pl.Expr:
    """Who is beyond a threshold; of the quick ones, whom others can learn from, only those who surely are."""
    verdict = pl.col("verdict")
    return verdict.is_in(_LISTED) & ((verdict != "watch") | (pl.col("rule") != QUICK.text))


def _sentence(agents: pl.DataFrame, rows: pl.DataFrame) -> str:
    everyone = agents["agent_id"].n_unique()
    quick = rows["rule"] == QUICK.text
    parts = [_beyond(rows.filter(~quick), everyone)] if not quick.all() else []
    if quick.any():
        good = rows.filter(quick, pl.col("verdict") == "under")["agent_id"].n_unique()
        some = f"{good:,} of {counted(everyone, 'agent')} {'is' if good == 1 else 'are'}"
        who = some if good else f"None of {everyone:,} is"
        parts.append(
            f"{who} reliably quicker than the middle one at the same contacts, without marks of skipped notes."
        )
    return " ".join(parts)


def _beyond(rows: pl.DataFrame, everyone: int) -> str:
    sure = rows.filter(pl.col("verdict").is_in(["over", "under"]))["agent_id"].n_unique()
    flagged = rows.filter(pl.col("verdict").is_in(["over", "under", "watch"]))["agent_id"].n_unique()
    if not flagged:
        return f"None of {counted(everyone, 'agent')} is beyond the threshold."
    more = f"{sure:,} of them surely" if sure else "but none of them surely"
    who = f"{flagged:,} of {counted(everyone, 'agent')} {'is' if flagged == 1 else 'are'}"
    return f"{who} beyond the threshold, {more}."
