"""Alerts: rules held against the newest days of the wraps, and against the files they came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from acwcli.analyse import aggregates
from acwcli.analyse.alerts import FINDING, judge
from acwcli.analyse.alerts import Alert as Alert
from acwcli.analyse.alerts import parse_alert as parse_alert  # part of the library
from acwcli.errors import NoWrapsError, UsageError
from acwcli.model.columns import COUNTED
from acwcli.model.derived import derived_columns
from acwcli.model.table import Table
from acwcli.pipeline.rebuilding import Wraps

ALERT_NEEDS = frozenset(("acw_ms", "wrap_start", "source"))
"""The wrap columns to read for alerts."""


def alerts(
    found: Wraps, rules: Sequence[Alert], *, days: int = 1, min_wraps: int = 20, today: date | None = None
) -> Table:
    """Hold rules against the newest days.

    Args:
        found: wraps read with `ALERT_NEEDS`.
        rules: see `parse_alert`.
        days: how many of the newest days with wraps are judged, each by itself.
        min_wraps: a day with fewer is not judged.
        today: the day that is not over yet; None takes the clock, in the zone of the question.

    Returns:
        See `acwcli.analyse.alerts.judge`.

    Raises:
        UsageError: no rule, or the input holds sums.
        NoWrapsError: no wrap counts, and no rule asks for missing days.
    """
    if not rules:
        raise UsageError("no rule to check: write --alert NAME=VALUE, for example --alert p90=120s")
    if found.aggregates is not None:
        raise aggregates.refused("an alert")
    counted = found.rows().filter(pl.col("status").is_in(COUNTED))
    dated = counted.select(*derived_columns(["day"], found.options.tz), "file", value_ms="acw_ms")
    dated = dated if found.spilled is not None else dated.collect(engine="streaming").lazy()
    by_day = dated.group_by("day").agg(pl.col("file").unique()).collect(engine="streaming").sort("day")
    if by_day.is_empty() and not any(rule.kind == "missing" for rule in rules):
        raise NoWrapsError("no usable wraps to check; acw inspect PATH shows what was read")
    seen = by_day.drop_nulls("day")
    places = set(seen.tail(days)["file"].explode())
    rejected = {
        file.source: (counts.rejected.total(), counts.read)
        for place, (file, counts) in enumerate(zip(found.loaded.files, found.loaded.counts, strict=True))
        if place in places or not places
    }
    day = today or datetime.now(ZoneInfo(found.options.tz)).date()
    return judge(dated, seen["day"].to_list(), rules, rejected, days=days, min_wraps=min_wraps, today=day)


def alert_lines(answer: Table) -> list[str]:
    """The findings of an answer, one sentence each."""
    found = answer.frame.filter(pl.col("verdict") == FINDING)
    return [f"{rule}: {reason}" for rule, reason in found.select("rule", "reason").iter_rows()]
