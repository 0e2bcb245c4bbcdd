"""`acw diagnose --compare-rules`: what other systems' own definitions would report for the same wraps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.split import pieces
from acwcli.errors import NoWrapsError
from acwcli.model.columns import COUNTED
from acwcli.model.derived import derived_columns
from acwcli.model.table import Column, Table

DROPPED_MS = 36_000_000
"""VICIdial's performance reports leave rows of 36,000 s and more out."""
CUT_MS = 7_200_000
"""Cisco Unified CCX ends automatic work after at most 7,200 s."""

COLUMNS = (
    Column("rule"),
    Column("reported_by"),
    Column("figure"),
    Column("counted", "count"),
    Column("value_s", "seconds", "value"),
    Column("difference_s", "seconds", "difference"),
    Column("note"),
)


@dataclass(frozen=True)
class Handled:
    """Handled contacts whose ACW is known, those without any included; or why they are not known.

    Attributes:
        contacts: how many; None when the input does not tell them.
        sum_ms: their ACW.
        note: why not.
    """

    contacts: int | None
    sum_ms: int = 0
    note: str = ""


def compare_rules(wraps: pl.DataFrame, handled: Handled, tz: str) -> Table:
    """Work out one figure per rule.

    Args:
        wraps: wraps of every status with `agent_id status acw_ms wrap_start wrap_end`.
        handled: the other denominator.
        tz: zone of the busiest hour.

    Returns:
        Rows `rule reported_by figure counted value_s difference_s note`: `figure` is `mean_s`, or `total_s` of the hour
        with the most ACW; `counted` is the denominator; `difference_s` is the value minus that of the first row of the
        same figure, which is how `acw` counts. A value is empty, and `note` says why, where the input cannot tell it.

    Raises:
        NoWrapsError: no wrap counts.
    """
    counted = wraps.filter(pl.col("status").is_in(COUNTED))
    if counted.is_empty():
        raise NoWrapsError("no usable wraps: nothing is left to compute with")
    rows = [*_means(wraps, counted, handled), *_hours(counted, tz)]
    kinds = {"count": pl.Int64(), "seconds": pl.Float64()}
    schema = {column.name: kinds.get(column.kind, pl.String()) for column in COLUMNS}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    ours = pl.col("value_s").first().over("figure")
    frame = frame.with_columns(difference_s=pl.col("value_s") - ours)
    said = "The same wraps under other systems' definitions; the first row is ours."
    return Table("rules", frame, COLUMNS, sentence=said)


_Row = tuple[str, str, str, int | None, float | None, None, str]


def _means(wraps: pl.DataFrame, counted: pl.DataFrame, handled: Handled) -> Iterator[_Row]:
    length = pl.col("acw_ms")
    known = wraps.filter(pl.col("status").is_in((*COUNTED, "stuck")) & length.is_not_null())
    capped = known.with_columns(length.clip(upper_bound=CUT_MS))
    per_agent = counted.group_by("agent_id").agg((length.sum() / pl.len()).alias("mean")).sort("agent_id")
    yield _mean("per wrap", "acw; Genesys Cloud (Avg ACW: interactions with ACW)", counted)
    yield (
        "per handled contact",
        "Cisco, Avaya CMS, AT&T CMS; Amazon Connect (contacts handled)",
        "mean_s",
        handled.contacts,
        handled.sum_ms / (1000 * handled.contacts) if handled.contacts else None,
        None,
        handled.note,
    )
    of_contacts = counted.filter(pl.col("status") == "ok")
    yield _mean("wraps of a contact only", "Avaya CMS ACWTIME; Amazon Connect", of_contacts)
    yield _mean("wraps of 0 s left out", "reports of contacts that had ACW", counted.filter(length > 0))
    yield _mean("stuck wraps counted", "systems without an upper bound", known)
    yield _mean("36,000 s and more dropped", "VICIdial performance reports", known.filter(length < DROPPED_MS))
    yield _mean("cut at 7,200 s", "Cisco Unified CCX (longest automatic work)", capped)
    agents = per_agent.height
    mean_s = float(per_agent["mean"].sum()) / agents / 1000
    yield ("mean of agents' means", "dashboards that average averages", "mean_s", agents, mean_s, None, "")


def _mean(rule: str, who: str, chosen: pl.DataFrame) -> _Row:
    total, count = int(chosen["acw_ms"].sum()), chosen.height
    mean_s = total / (1000 * count) if count else None
    return (rule, who, "mean_s", count, mean_s, None, "" if count else "no such wraps")


def _hours(counted: pl.DataFrame, tz: str) -> Iterator[_Row]:
    """The hour with the most ACW, by the three rules of which interval owns a wrap."""
    placed = counted.filter(pl.col("wrap_start").is_not_null() & pl.col("wrap_end").is_not_null())
    named = ("starts in the hour", "ends in the hour", "split over hours")
    who = ("acw; Twilio Flex Insights; Amazon Connect (disconnect)", "Genesys Cloud", "ShoreTel; Avaya CMS I_ACWTIME")
    if placed.is_empty():
        for rule, system in zip(named, who, strict=True):
            yield (rule, system, "total_s", None, None, None, "the wraps have no instants")
        return
    cut = pieces(placed.select("wrap_start", "wrap_end", pl.col("acw_ms").alias(figures.VALUE)).with_row_index("_wrap"))
    by_hour = [
        _per_hour(placed, "wrap_start", "acw_ms", tz),
        _per_hour(placed, "wrap_end", "acw_ms", tz),
        _per_hour(cut, "_from", "_part", tz, "_wrap"),
    ]
    day, hour = by_hour[0].sort("ms", "day", "hour", descending=[True, False, False]).row(0)[:2]
    for rule, system, hours in zip(named, who, by_hour, strict=True):
        inside = hours.filter((pl.col("day") == day) & (pl.col("hour") == hour))
        wraps, ms = inside.select("wraps", "ms").row(0) if inside.height else (0, 0)
        yield (rule, system, "total_s", wraps, ms / 1000, None, f"{day} {hour:02}:00, the hour with the most ACW")


def _per_hour(frame: pl.DataFrame, instant: str, length: str, tz: str, wrap: str | None = None) -> pl.DataFrame:
    count = pl.col(wrap).n_unique() if wrap else pl.len()
    keyed = frame.with_columns(derived_columns(("day", "hour"), tz, instant))
    return keyed.group_by("day", "hour").agg(count.cast(pl.Int64).alias("wraps"), pl.col(length).sum().alias("ms"))
