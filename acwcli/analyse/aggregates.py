"""Figures of sums: an export that gives contacts and total wrap-up per agent and interval allows a mean, and no more.

A percentile, a median, a largest wrap or a spread cannot be had from sums: a column that promises one stays empty, a
question that needs one is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.groups import agent_name, check_keys, key_columns, presentable, with_name
from acwcli.analyse.rules import Measure, Rule
from acwcli.analyse.summary import WHOLE, summary_columns
from acwcli.analyse.thresholds import measured
from acwcli.errors import NoWrapsError, UsageError
from acwcli.model.derived import DERIVED, derived_columns
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Table

NOTE = "sums per agent or queue, not single wraps: a mean is possible, median, percentiles, maximum and spread are not"
_HOUR_MS = 3_600_000
_LONGEST = {"hour": _HOUR_MS, "day": 25 * _HOUR_MS, "weekday": 25 * _HOUR_MS, "week": 169 * _HOUR_MS}
"""How long an interval may be to belong to one value; a day with the clocks set back has 25 hours."""


def refused(what: str) -> UsageError:
    """Say that a question needs single wraps."""
    return UsageError(
        f"{what} cannot be had from sums (method aggregate); read an export with one row per contact or state instead"
    )


def summary(
    sums: pl.DataFrame, by: Sequence[str], *, of: str, limit_ms: int | None, tz: str, per: str = "wraps"
) -> Table:
    """Summarise sums: count, mean and total per group; the other figures of `acw summary` are empty.

    Args:
        sums: rows with `contacts` and `acw_total_ms` (never null), `wrap_start` and `span_ms` (of the interval, perhaps
            null), and columns to group by.
        by: columns to group by; none gives one row.
        of: what is measured; only `acw` is in the sums.
        limit_ms: refused, a share within a limit needs single wraps.
        tz: zone of derived days and hours.
        per: refused where it is not `wraps`: a sum comes with the one count its platform gives.

    Raises:
        UsageError: the question needs single wraps, or a column that the sums do not have.
        NoWrapsError: no contacts at all.
    """
    if limit_ms is not None:
        raise refused("--limit: a share within a limit")
    if per != "wraps":
        raise refused(f"--per {per}: another denominator than the platform's own")
    columns = [column for column in summary_columns(None, "wraps") if not (column.name == "method" and "method" in by)]
    sums = _asked(sums, by, of, tz)
    keys = check_keys(by, sums.schema, [column.name for column in columns], "--by")
    names = agent_name(keys, sums.schema)
    wanted = [*_sums(), *names]
    groups = sums.group_by(keys).agg(wanted).sort(keys, nulls_last=True) if keys else sums.select(wanted)
    listed = with_name(keys, names)
    order = [*key_columns(listed, sums.schema), *columns]
    table = presentable(_finish(groups), keys).select([column.name for column in order])
    total = None
    if keys:
        whole = _finish(sums.select(_sums())).row(0, named=True)
        total = {listed[0]: WHOLE, **{column.name: whole[column.name] for column in columns}}
    return Table("summary", table, tuple(order), total=total)


def flag(
    sums: pl.DataFrame,
    rules: Sequence[Rule],
    asked: Measure,
    peers: Sequence[str],
    *,
    of: str,
    min_wraps: int,
    every_agent: bool,
    tz: str,
    newcomers: pl.DataFrame | None = None,
    only: Sequence[str] = (),
) -> Table:
    """Hold each agent's mean against a mean or a limit; how sure that is cannot be told, so it is `watch` at most.

    Args:
        sums: see `summary`.
        rules: thresholds; a percentile is refused.
        asked: the measure of each agent; anything but the mean is refused.
        peers: columns whose equal values make agents comparable.
        of: what is measured; only `acw` is in the sums.
        min_wraps: fewer contacts than this are not enough data.
        every_agent: list agents in line, too.
        tz: zone of derived days and hours.
        newcomers: agents too new to be judged.
        only: the verdicts to list.

    Raises:
        UsageError: the question needs single wraps, or the sums have no agents.
        NoWrapsError: no contacts at all.
    """
    from acwcli.analyse.flag import judged_agents, peer_keys

    if asked.permille is not None:
        raise refused(f"--measure {asked.name}")
    for rule in rules:
        if rule.against == "mix":
            raise refused("--quick: the share of short wraps")
        if rule.against == "percentile":
            raise refused(f"--{rule.text}: a percentile")
    sums = _asked(sums, ["agent_id", *peers], of, tz)
    keys = peer_keys(peers, sums.schema, "wraps")
    names = agent_name(["agent_id"], sums.schema)
    groups = sums.filter(pl.col("agent_id").is_not_null()).group_by(["agent_id", *keys]).agg([*_sums(), *names])
    agents = groups.filter(pl.col(figures.N) > 0).with_columns(
        *measured(asked),
        *(pl.lit(None, pl.Float64).alias(name) for name in ("low_s", "high_s")),
        method=pl.lit("aggregate"),
    )
    return judged_agents(
        agents, rules, asked, keys, names, min_wraps, "wraps", every_agent, newcomers=newcomers, only=only
    )


def _asked(sums: pl.DataFrame, keys: Sequence[str], of: str, tz: str) -> pl.DataFrame:
    """The sums with derived columns, once it is sure that they can answer."""
    if of != "acw":
        raise refused(f"--of {of}")
    if not sums["contacts"].sum():
        raise NoWrapsError("no usable wraps: the sums hold no contacts")
    for key in keys:
        if key in sums.columns and sums[key].null_count() == sums.height:
            raise UsageError(f"the sums do not say {key}; export them with that column")
        if key in DERIVED:
            _check_span(sums, key)
        elif key not in sums.columns:
            raise UsageError(f"the sums have no column {key}; they hold {', '.join(_offered(sums))}")
    return sums.with_columns(derived_columns([key for key in keys if key in DERIVED], tz))


def _offered(sums: pl.DataFrame) -> list[str]:
    hidden = ("row", "file", "contacts", "acw_total_ms", "wrap_start", "span_ms")
    return [name for name in sums.columns if name not in hidden and sums[name].null_count() < sums.height]


def _check_span(sums: pl.DataFrame, key: str) -> None:
    """A sum over a day says nothing of its hours."""
    if sums["wrap_start"].null_count() or sums["span_ms"].null_count():
        raise UsageError(f"--by {key}: the sums do not say when their interval begins and ends")
    longest = sums["span_ms"].max()
    if isinstance(longest, int) and longest > _LONGEST[key]:
        raise UsageError(f"--by {key}: some sums are over {longest / _HOUR_MS:.1f} h; export them per {key}")


def _sums() -> list[pl.Expr]:
    return [pl.col("contacts").sum().alias(figures.N), pl.col("acw_total_ms").sum().alias(figures.SUM_MS)]


def _finish(groups: pl.DataFrame) -> pl.DataFrame:
    some = pl.when(pl.col(figures.N) > 0)
    unknown = ("median_s", "p80_s", "p90_s", "p95_s", "max_s", "sd_s")
    return groups.with_columns(
        pl.col(figures.N).alias("wraps"),
        some.then(figures.mean_s()).alias("mean_s"),
        in_seconds(pl.col(figures.SUM_MS)).alias("total_s"),
        *(pl.lit(None, pl.Float64).alias(name) for name in unknown),
        method=pl.lit("aggregate"),
    )
