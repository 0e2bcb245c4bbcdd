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
from acwcli.analyse.intervals import quantile_interval
from acwcli.analyse.wording import seconds_text
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


def fixed_limit(frame: pl.DataFrame, found: Timer | None, min_wraps: int) -> FixedLimit:
    """Say whether one limit for all is defensible, else whether one per queue is.

    Args:
        frame: one row per observation with `agent_id`, `method`, `value_ms`, and `queue`, `disposition`, `hour` and
            `weekday` if known.
        found: the wrap-up timer, where there is one.
        min_wraps: a queue or disposition with fewer is not looked at.
    """
    if frame.height < max(ENOUGH, min_wraps):
        return FixedLimit("not enough data")
    objections = _of_evidence(frame, found)
    queues = _differing(frame, "queue", min_wraps)
    shape = _of_shape(frame, min_wraps)
    if not (objections or queues or shape):
        proposal = _proposal(frame)
        if _known(proposal):
            return FixedLimit("defensible", whole=proposal)
        low, high = proposal["low_s"], proposal["high_s"]
        shape = (f"agents differ too much, or are too few, to tell which (95 % interval {low:.0f} to {high:.0f} s)",)
    said = (*objections, *([f"queues differ ({', '.join(queues)})"] if queues else []), *shape)
    single = _per_queue(frame, min_wraps) if queues and not objections else ()
    return FixedLimit("per queue" if single else "not defensible", said, queues=single)


def _known(proposal: Row) -> bool:
    return bool(proposal["high_s"] <= WIDEST * proposal["low_s"])


def _of_evidence(frame: pl.DataFrame, found: Timer | None) -> tuple[str, ...]:
    methods = frame["method"].cast(pl.String).unique().to_list()
    said = [why for method, why in _LENGTHS.items() if method in methods]
    if found is not None:
        at = seconds_text(found.at_s)
        said.insert(0, f"a timer ends wraps near {at}, and percentiles there describe the setting")
    return tuple(said)


def _of_shape(frame: pl.DataFrame, min_wraps: int) -> tuple[str, ...]:
    peaks = humps(frame[figures.VALUE])
    said = []
    if len(peaks) > 1:
        said.append(f"lengths gather in {len(peaks)} humps, near {' and '.join(f'{peak:.0f} s' for peak in peaks)}")
    for column, many in _ALIKE.items():
        apart = _differing(frame, column, min_wraps)
        if apart:
            said.append(f"{many} differ ({', '.join(apart)})")
    return tuple(said)


def _differing(frame: pl.DataFrame, column: str, min_wraps: int) -> list[str]:
    """Values whose median is surely and materially another than that of all; none where they hold too few wraps."""
    if column not in frame.columns:
        return []
    named = frame.lazy().filter(pl.col(column).is_not_null()).group_by(pl.col(column).cast(pl.String).alias("value"))
    groups = named.agg(figures.count(), figures.sorted_values()).collect(engine="streaming")
    groups = groups.filter(pl.col(figures.N) >= min_wraps)
    if groups.height < 2:
        return []
    middle = frame.select(figures.sorted_values()).select(figures.quantile_s(500)).item()
    known = quantile_interval(groups, 500).with_columns(figures.quantile_s(500).alias("_median"))
    beyond = (pl.col("low_s") > APART * middle) | (pl.col("high_s") < middle / APART)
    apart = known.filter(beyond.fill_null(False)).sort(figures.N, "value", descending=[True, False])
    if int(apart[figures.N].sum()) < DIFFERING * frame.height:
        return []
    shown = apart.select("value", "_median").head(4).iter_rows()
    if column == "hour":
        shown = ((f"{int(hour):02}:00", median) for hour, median in shown)
    return [f"{value} {median:.0f} s" for value, median in shown]


def _per_queue(frame: pl.DataFrame, min_wraps: int) -> tuple[dict[str, Any], ...]:
    """A limit for each queue that has one hump and dispositions alike."""
    named = frame.with_columns(pl.col("queue").cast(pl.String)).filter(pl.col("queue").is_not_null())
    wraps = named.group_by("queue").len().filter(pl.col("len") >= max(ENOUGH, min_wraps))
    chosen = wraps.sort("len", "queue", descending=[True, False]).head(MOST_QUEUES)["queue"].to_list()
    rows = []
    for queue in sorted(chosen):
        own = named.filter(pl.col("queue") == queue)
        if not _of_shape(own, min_wraps) and _known(proposal := _proposal(own)):
            rows.append({"queue": queue, "wraps": own.height, **proposal})
    return tuple(rows)


def _proposal(frame: pl.DataFrame) -> dict[str, Any]:
    """The 90th percentile in seconds with its 95 % interval (Woodruff 1952): agents are the sampling units.

    The share of wraps within it varies from agent to agent; its standard error over agents (at least the binomial one)
    gives the shares whose percentiles are the ends of the interval. A tie of many wraps makes it one-sided, not wrong.
    """
    values = frame.select(figures.sorted_values(), figures.count())
    limit_us = int(values.select(figures.quantile_us(PERMILLE)).item())
    within = (pl.col(figures.VALUE) * 1000 <= limit_us).sum().cast(pl.Float64).alias("_within")
    agents = frame.lazy().group_by("agent_id").agg(figures.count(), within).collect(engine="streaming").sort("agent_id")
    share, wraps = PERMILLE / 1000, frame.height
    apart = ((pl.col("_within") - share * pl.col(figures.N)) ** 2).sort().sum()
    clustered = float(agents.select(apart).item()) / wraps**2 * agents.height / max(agents.height - 1, 1)
    error = 1.96 * max(clustered, share * (1 - share) / wraps) ** 0.5
    low, high = (round(1000 * min(max(share + sign * error, 0.0), 1.0)) for sign in (-1, 1))
    ends = values.select(figures.quantile_s(low).alias("low_s"), figures.quantile_s(high).alias("high_s"))
    return {"limit_s": limit_us / 1_000_000, **ends.row(0, named=True)}
