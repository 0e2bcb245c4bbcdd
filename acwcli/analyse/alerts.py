"""`acw check`: is anything wrong today? Rules held against the newest days, one row each."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.exact import ratio
from acwcli.analyse.rules import parse_measure
from acwcli.errors import UsageError, did_you_mean
from acwcli.model.counts import counted
from acwcli.model.duration import duration_text, named_duration_ms
from acwcli.model.share import share_of
from acwcli.model.table import Column, Table

FINDING, FINE, TOO_FEW = "finding", "fine", "not enough data"
ALERT_VERDICTS = (FINDING, FINE, TOO_FEW)

_NAMES = ("mean", "median", "p80", "p90", "p95", "max", "over_60s", "rejected", "missing")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MISSING = re.compile(r"(\d+)d?(?:\s+(\w{3})(?:-(\w{3}))?)?")
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Alert:
    """One rule.

    Attributes:
        text: how it reads, `NAME=VALUE`.
        kind: `length` (a figure of a day over a duration), `share` (of a day's wraps over a duration), `rejected`
            (share of a file's rows) or `missing` (days without a wrap).
        name: the figure, for lengths.
        permille: its quantile in thousandths; None for the mean.
        limit_ms: the duration.
        share: the share that is still fine.
        days: how many days before today are looked at.
        weekdays: which weekdays are to have wraps, Monday is 0.
    """

    text: str
    kind: Literal["length", "share", "rejected", "missing"]
    name: str = ""
    permille: int | None = None
    limit_ms: int = 0
    share: float = 0.0
    days: int = 0
    weekdays: frozenset[int] = frozenset(range(7))


def parse_alert(text: str) -> Alert:
    """Read `p90=120s`, `mean=90s`, `max=1h`, `over_60s=20%`, `rejected=1%`, `missing=7d` or `missing=7d Mon-Fri`.

    Raises:
        UsageError: the text is none of these.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not value:
        raise UsageError(f"--alert '{text}' is no rule; write NAME=VALUE, for example p90=120s")
    said = f"{name}={value}"
    if name.startswith("over_"):
        limit_ms = _length(name.removeprefix("over_"), text)
        return Alert(said, "share", limit_ms=limit_ms, share=_share(value, text))
    if name == "rejected":
        return Alert(said, "rejected", share=_share(value, text))
    if name == "missing":
        return _missing(said, value)
    if name == "max":
        return Alert(said, "length", name, 1000, _length(value, text))
    try:
        measure = parse_measure(name)
    except UsageError:
        near = did_you_mean(name, _NAMES)
        raise UsageError(f"--alert: unknown rule '{name}'{near}; known: {', '.join(_NAMES)} and pNN") from None
    return Alert(said, "length", measure.name, measure.permille, _length(value, text))


def _length(value: str, text: str) -> int:
    return named_duration_ms(value, f"--alert '{text}'")


def _share(value: str, text: str) -> float:
    share = share_of(value)
    if share is None:
        raise UsageError(f"--alert '{text}': '{value}' is no share; write 20% or 0.2")
    return share


def _missing(said: str, value: str) -> Alert:
    found = _MISSING.fullmatch(value)
    first, last = (found[2] or "Mon", found[3] or found[2] or "Sun") if found else ("", "")
    if not found or first.title() not in _WEEKDAYS or last.title() not in _WEEKDAYS:
        raise UsageError(f"--alert '{said}': write missing=7d, or missing=7d Mon-Fri")
    low, high = _WEEKDAYS.index(first.title()), _WEEKDAYS.index(last.title())
    weekdays = frozenset(range(low, high + 1) if low <= high else (*range(low, 7), *range(high + 1)))
    return Alert(said, "missing", days=int(found[1]), weekdays=weekdays)


def judge(
    wraps: pl.LazyFrame,
    seen: Sequence[date],
    alerts: Sequence[Alert],
    rejected: Mapping[str, tuple[int, int]],
    *,
    days: int,
    min_wraps: int,
    today: date,
) -> Table:
    """Hold rules against the newest days.

    Args:
        wraps: one row per counted wrap: `day` (date), `value_ms`.
        seen: the days that have wraps, in order.
        alerts: the rules.
        rejected: file → rows rejected and rows read, of the files to look at.
        days: how many of the newest days with wraps are judged, each by itself.
        min_wraps: a day with fewer is `not enough data`.
        today: the day that is not over yet; missing days lie before it.

    Returns:
        `rule day wraps value threshold verdict reason`: a row per rule and day, one for `rejected` (the worst file),
        one per missing day. `value` is in seconds, a share, or a count of wraps, as the rule is.
    """
    newest = wraps.filter(pl.col("day").is_in(seen[-days:]))
    figured = newest.group_by("day").agg(figures.count(), figures.sum_ms(), figures.sorted_values())
    by_day = figured.collect(engine="streaming").sort("day")
    rows: list[tuple[object, ...]] = []
    for alert in alerts:
        if alert.kind in ("length", "share"):
            rows += _figures(by_day, alert, min_wraps)
        elif alert.kind == "rejected":
            rows.append(_rejected(alert, rejected))
        else:
            rows += _days(alert, seen, today)
    schema = {
        "rule": pl.String, "day": pl.String, "wraps": pl.Int64, "value": pl.Float64, "threshold": pl.Float64,
        "verdict": pl.String, "reason": pl.String,
    }  # fmt: skip
    kinds = {"wraps": "count", "value": "number", "threshold": "number"}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return Table("alerts", frame, tuple(Column(name, kinds.get(name, "text")) for name in schema))  # type: ignore[arg-type]


def _figures(by_day: pl.DataFrame, alert: Alert, min_wraps: int) -> list[tuple[object, ...]]:
    """One figure per day: a length, or a share of the wraps."""
    if alert.kind == "share":
        over = pl.col(figures.SORTED).list.agg((pl.element() > alert.limit_ms).sum())
        value, threshold = ratio(over.cast(pl.Int64), pl.col(figures.N)), alert.share
    else:
        value = figures.mean_s() if alert.permille is None else figures.quantile_s(alert.permille)
        threshold = alert.limit_ms / 1000
    rows: list[tuple[object, ...]] = []
    for day, wraps, found in by_day.select("day", figures.N, value=value).iter_rows():
        verdict = TOO_FEW if wraps < min_wraps else FINDING if found > threshold else FINE
        reason = f"{_said(alert, found)} on {day}, {counted(wraps, 'wrap')}"
        rows.append((alert.text, day.isoformat(), wraps, found, threshold, verdict, reason))
    return rows


def _said(alert: Alert, found: float) -> str:
    limit = duration_text(alert.limit_ms)
    if alert.kind == "share":
        return f"{found:.1%} of the wraps are over {limit} (limit {alert.share:.1%})"
    return f"{alert.name} is {found:,.1f} s (limit {limit})"


def _rejected(alert: Alert, rejected: Mapping[str, tuple[int, int]]) -> tuple[object, ...]:
    shares = {source: bad / read for source, (bad, read) in rejected.items() if read}
    worst = max(sorted(shares), key=shares.__getitem__, default=None)
    if worst is None:
        return (alert.text, None, None, None, alert.share, TOO_FEW, "no rows were read")
    bad, read = rejected[worst]
    verdict = FINDING if shares[worst] > alert.share else FINE
    reason = f"{worst}: {bad:,} of {counted(read, 'row')} rejected"
    return (alert.text, None, None, shares[worst], alert.share, verdict, reason)


def _days(alert: Alert, seen: Collection[date], today: date) -> list[tuple[object, ...]]:
    wanted = [today - timedelta(days=back) for back in range(alert.days, 0, -1)]
    gaps = [day for day in wanted if day.weekday() in alert.weekdays and day not in seen]
    rows: list[tuple[object, ...]] = [
        (alert.text, day.isoformat(), 0, 0.0, 1.0, FINDING, f"no wraps on {day} ({_WEEKDAYS[day.weekday()]})")
        for day in gaps
    ]
    return rows or [(alert.text, None, None, None, 1.0, FINE, f"every day of the last {alert.days} has wraps")]
