"""When is a fixed limit defensible, and which one?

A limit is a promise that the same time is fair for every wrap. It is defensible where the lengths form one hump, where
queues, dispositions and times of day hardly differ in the middle, where no timer or gap stands between the data and
the work, and where it is known well enough. The value is what nine wraps in ten keep as the work is done today, with
the doubt that comes of few agents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.humps import humps
from acwcli.analyse.intervals import quantile_ranks
from acwcli.analyse.lengths import RANK, lengths_of, number, quantile_us, ranked, seconds_of
from acwcli.analyse.wording import seconds_text
from acwcli.model.seconds import in_seconds
from acwcli.model.table import Column

if TYPE_CHECKING:
    from acwcli.analyse.mechanical import Timer

    Row = dict[str, Any]

PERMILLE = 900
"""The limit proposed is the 90th percentile of the wraps."""
ENOUGH = 100
"""Fewer wraps propose nothing."""
APART = 1.25
"""A queue or disposition differs when the 95 % interval of its median is beyond this many times that of all …"""
DIFFERING = 0.1
"""… and it matters when those that differ hold at least this share of the wraps."""
WIDEST = 2.0
"""A limit whose 95 % interval ends at more than this many times where it begins is not known well enough."""
_NAMED = 8
MOST_QUEUES = 50
"""Queues looked at one by one, those with the most wraps."""

COLUMNS = (
    Column("limit_verdict"),
    Column("limit_advice"),
    Column("fixed_limit_s", "seconds", "fixed limit"),
    Column("fixed_limit_low_s", "seconds", "fixed limit from"),
    Column("fixed_limit_high_s", "seconds", "fixed limit to"),
    Column("fixed_limits", "json"),
)
VERDICTS = ("defensible", "per queue", "not defensible", "not enough data")
_FIELDS = pl.Struct(
    {"queue": pl.String, "wraps": pl.Int64, "limit_s": pl.Float64, "low_s": pl.Float64, "high_s": pl.Float64}
)
_ALIKE = {"disposition": "dispositions", "hour": "hours of the day", "weekday": "weekdays"}
_LENGTHS = {"gap": "gaps between contacts are upper bounds, idle time included", "configured": "lengths are a setting"}


@dataclass(frozen=True)
class FixedLimit:
    """What may be said of a limit.

    Attributes:
        verdict: one of `VERDICTS`.
        objections: what speaks against one limit for all, in words.
        whole: `limit_s low_s high_s` of all wraps; None where a limit is not defensible.
        queues: `queue wraps limit_s low_s high_s` of queues that may have one of their own.
    """

    verdict: str
    objections: tuple[str, ...] = ()
    whole: Row | None = None
    queues: tuple[Row, ...] = ()

    def keys(self) -> dict[str, object]:
        """The keys of `COLUMNS`."""
        whole = self.whole or {}
        return {
            "limit_verdict": self.verdict,
            "limit_advice": self.advice(),
            "fixed_limit_s": whole.get("limit_s"),
            "fixed_limit_low_s": whole.get("low_s"),
            "fixed_limit_high_s": whole.get("high_s"),
            "fixed_limits": pl.Series("fixed_limits", [list(self.queues)], dtype=pl.List(_FIELDS)),
        }

    def advice(self) -> str:
        """One sentence: whether, and which."""
        if self.verdict == "not enough data":
            return f"Too few wraps to propose a fixed limit: it takes {ENOUGH}."
        if self.whole:
            limit, low, high = (self.whole[name] for name in ("limit_s", "low_s", "high_s"))
            return (
                f"A fixed limit is defensible, {limit:.0f} s: nine wraps in ten keep it as the work is done today "
                f"(95 % interval {low:.0f} to {high:.0f} s)."
            )
        why = "; ".join(self.objections)
        if not self.queues:
            return f"A fixed limit is not defensible: {why}."
        named = ", ".join(f"{row['queue']} {row['limit_s']:.0f} s" for row in self.queues[:_NAMED])
        more = f" and {len(self.queues) - _NAMED} more" if len(self.queues) > _NAMED else ""
        return f"One limit for all is not defensible, one per queue is ({named}{more}): {why}."


def fixed_limit(rows: pl.LazyFrame, lengths: pl.DataFrame, found: Timer | None, min_wraps: int) -> FixedLimit:
    """Say whether one limit for all is defensible, else whether one per queue is.

    Args:
        rows: one row per observation with `agent_id`, `method`, `value_ms`, and `queue`, `disposition`, `hour` and
            `weekday` if known.
        lengths: their lengths.
        found: the wrap-up timer, where there is one.
        min_wraps: a queue or disposition with fewer is not looked at.
    """
    if number(lengths) < max(ENOUGH, min_wraps):
        return FixedLimit("not enough data")
    objections = _of_evidence(rows, found)
    queues = _differing(rows, lengths, "queue", min_wraps)
    shape = _of_shape(rows, lengths, min_wraps)
    if not (objections or queues or shape):
        proposal = _proposal(rows, lengths)
        if _known(proposal):
            return FixedLimit("defensible", whole=proposal)
        low, high = proposal["low_s"], proposal["high_s"]
        shape = (f"agents differ too much, or are too few, to tell which (95 % interval {low:.0f} to {high:.0f} s)",)
    said = (*objections, *([f"queues differ ({', '.join(queues)})"] if queues else []), *shape)
    single = _per_queue(rows, min_wraps) if queues and not objections else ()
    return FixedLimit("per queue" if single else "not defensible", said, queues=single)


def _known(proposal: Row) -> bool:
    return bool(proposal["high_s"] <= WIDEST * proposal["low_s"])


def _of_evidence(rows: pl.LazyFrame, found: Timer | None) -> tuple[str, ...]:
    pairs = rows.select("agent_id", "method").unique().collect(engine="streaming")
    methods = pairs["method"].unique().cast(pl.String).to_list()
    said = [why for method, why in _LENGTHS.items() if method in methods]
    if pairs["agent_id"].n_unique() < 2:
        said.append("wraps of one agent do not tell what others take")
    if found is not None:
        at = seconds_text(found.at_s)
        said.insert(0, f"a timer ends wraps near {at}, and percentiles there describe the setting")
    return tuple(said)


def _of_shape(rows: pl.LazyFrame, lengths: pl.DataFrame, min_wraps: int) -> tuple[str, ...]:
    peaks = humps(lengths)
    said = []
    if len(peaks) > 1:
        said.append(f"lengths gather in {len(peaks)} humps, near {' and '.join(f'{peak:.0f} s' for peak in peaks)}")
    for column, many in _ALIKE.items():
        apart = _differing(rows, lengths, column, min_wraps)
        if apart:
            said.append(f"{many} differ ({', '.join(apart)})")
    return tuple(said)


def _differing(rows: pl.LazyFrame, lengths: pl.DataFrame, column: str, min_wraps: int) -> list[str]:
    """Values whose median is surely and materially another than that of all; none where they hold too few wraps."""
    if column not in rows.collect_schema():
        return []
    groups = _medians(rows.filter(pl.col(column).is_not_null()).select(figures.VALUE, value=column), min_wraps)
    if groups.height < 2:
        return []
    middle = quantile_us(lengths, 500) / 1_000_000
    beyond = (pl.col("low_s") > APART * middle) | (pl.col("high_s") < middle / APART)
    apart = groups.filter(beyond.fill_null(False)).sort(figures.N, "value", descending=[True, False])
    if int(apart[figures.N].sum()) < DIFFERING * number(lengths):
        return []
    shown = apart.select("value", "_median").head(4).iter_rows()
    if column == "hour":
        shown = ((f"{int(hour):02}:00", median) for hour, median in shown)
    return [f"{value} {median:.0f} s" for value, median in shown]


def _medians(rows: pl.LazyFrame, min_wraps: int) -> pl.DataFrame:
    """The median of each group with its 95 % interval: `value _n _median low_s high_s`; an end may be null.

    Args:
        rows: `value_ms` and the group, `value`.
        min_wraps: a group with fewer is left out.
    """
    seconds = seconds_of(rows, "value")
    groups = seconds.group_by("value", maintain_order=True).agg(pl.col(figures.N).sum())
    groups = groups.filter(pl.col(figures.N) >= min_wraps)
    n, (below, above) = groups[figures.N], quantile_ranks(groups[figures.N], 500)
    places = {"_low": (n - 1) // 2, "_high": n // 2, "low_s": below - 1, "high_s": above - 1}
    ranks = [groups.select("value", figures.N, rank.alias(RANK), end=pl.lit(end)) for end, rank in places.items()]
    wanted = pl.concat(ranks).filter(pl.col(RANK) >= 0, pl.col(RANK) < pl.col(figures.N))
    at = wanted.join(ranked(rows, "value", seconds, wanted.select("value", RANK)), on=["value", RANK])
    values = {end: at.filter(pl.col("end") == end).select("value", pl.col(figures.VALUE).alias(end)) for end in places}
    for own in values.values():
        groups = groups.join(own, on="value", how="left")
    median = in_seconds((pl.col("_low") + pl.col("_high")) * 500, 1_000_000).alias("_median")
    return groups.with_columns(in_seconds(pl.col("low_s", "high_s")), median, pl.col("value").cast(pl.String))


def _per_queue(rows: pl.LazyFrame, min_wraps: int) -> tuple[dict[str, Any], ...]:
    """A limit for each queue that has one hump and dispositions alike."""
    wraps = rows.filter(pl.col("queue").is_not_null()).group_by("queue").len().collect(engine="streaming")
    wraps = wraps.cast({"queue": pl.String}).filter(pl.col("len") >= max(ENOUGH, min_wraps))
    chosen = wraps.sort("len", "queue", descending=[True, False]).head(MOST_QUEUES)["queue"].to_list()
    needed = ["agent_id", figures.VALUE, *(name for name in _ALIKE if name in rows.collect_schema())]
    limits = []
    for queue in sorted(chosen):
        own = rows.filter(pl.col("queue").cast(pl.String) == queue).select(needed).collect(engine="streaming").lazy()
        lengths = lengths_of(own)
        if not _of_shape(own, lengths, min_wraps) and _known(proposal := _proposal(own, lengths)):
            limits.append({"queue": queue, "wraps": number(lengths), **proposal})
    return tuple(limits)


def _proposal(rows: pl.LazyFrame, lengths: pl.DataFrame) -> dict[str, Any]:
    """The 90th percentile in seconds with its 95 % interval (Woodruff 1952): agents are the sampling units.

    The share of wraps within it varies from agent to agent; its standard error over agents (at least the binomial one)
    gives the shares whose percentiles are the ends of the interval. A tie of many wraps makes it one-sided, not wrong.
    """
    limit_us = quantile_us(lengths, PERMILLE)
    within = (pl.col(figures.VALUE) * 1000 <= limit_us).sum().cast(pl.Float64).alias("_within")
    agents = rows.group_by("agent_id").agg(figures.count(), within).collect(engine="streaming")
    share, wraps = PERMILLE / 1000, number(lengths)
    apart = ((pl.col("_within") - share * pl.col(figures.N)) ** 2).sort().sum()
    clustered = float(agents.select(apart).item()) / wraps**2 * agents.height / max(agents.height - 1, 1)
    error = 1.96 * max(clustered, share * (1 - share) / wraps) ** 0.5
    low, high = (round(1000 * min(max(share + sign * error, 0.0), 1.0)) for sign in (-1, 1))
    ends = {name: quantile_us(lengths, end) / 1_000_000 for name, end in (("low_s", low), ("high_s", high))}
    return {"limit_s": limit_us / 1_000_000, **ends}
