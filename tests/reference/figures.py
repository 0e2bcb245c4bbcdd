"""Wraps -> figures, exactly: fractions all the way, one conversion at the very end where a root is taken.

Values are integer milliseconds going in and `Fraction` seconds coming out, so that `float(value)` is the correctly
rounded answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

Wrap = Mapping[str, Any]
COUNTED = ("ok", "orphan")


def counted(wraps: Iterable[Wrap]) -> list[Wrap]:
    """Only these enter statistics (section 2)."""
    return [wrap for wrap in wraps if wrap["status"] in COUNTED and wrap["acw_ms"] is not None]


def seconds(milliseconds: int | Fraction) -> Fraction:
    return Fraction(milliseconds, 1000)


def mean(values: Sequence[int]) -> Fraction:
    """One division of the integer sum (section 3), in seconds."""
    return Fraction(sum(values), 1000 * len(values))


def quantile(values: Sequence[int | Fraction], share: Fraction) -> Fraction:
    """Linear interpolation, type 7: position (n - 1) * share between the sorted values; unit as given."""
    ordered = sorted(values)
    position = (len(ordered) - 1) * share
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return Fraction(ordered[below]) + (position - below) * (Fraction(ordered[above]) - Fraction(ordered[below]))


def percentile_s(values: Sequence[int], percent: int) -> Fraction:
    """A percentile of milliseconds in seconds."""
    return quantile(values, Fraction(percent, 100)) / 1000


def sd(values: Sequence[int]) -> float | None:
    """Sample standard deviation (n - 1) in seconds; None for fewer than two values."""
    if len(values) < 2:
        return None
    centre = Fraction(sum(values), len(values))
    variance = sum((value - centre) ** 2 for value in values) / (len(values) - 1)
    with localcontext() as context:
        context.prec = 60
        root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt() / 1000
    return float(root)


def within(values: Sequence[int], limit: int | Fraction) -> Fraction:
    """Share of values at or under the limit: "over" is strictly greater (section 3)."""
    return Fraction(sum(value <= limit for value in values), len(values))


def excess(values: Sequence[int], limit: int | Fraction) -> Fraction:
    """Seconds over the limit, summed per value."""
    return sum((seconds(Fraction(value) - limit) for value in values if value > limit), Fraction(0))


def grouped(wraps: Iterable[Wrap], by: Sequence[str]) -> dict[tuple[Any, ...], list[int]]:
    """The counted wraps' ACW in ms, by the values of some columns."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for wrap in counted(wraps):
        groups[tuple(wrap[column] for column in by)].append(wrap["acw_ms"])
    return dict(groups)


def summary(wraps: Iterable[Wrap], by: Sequence[str] = (), limit_ms: int | None = None) -> list[dict[str, Any]]:
    """The rows of `acw summary`, in any order."""
    rows = []
    for key, values in grouped(wraps, by).items():
        row: dict[str, Any] = dict(zip(by, key, strict=True))
        row |= {"wraps": len(values), "mean_s": mean(values), "median_s": percentile_s(values, 50)}
        row |= {f"p{percent}_s": percentile_s(values, percent) for percent in (80, 90, 95)}
        row |= {"max_s": seconds(max(values)), "total_s": seconds(sum(values)), "sd_s": sd(values)}
        if limit_ms is not None:
            row |= {"within_limit": within(values, limit_ms), "excess_s": excess(values, limit_ms)}
        rows.append(row)
    return rows


def measure_of(name: str) -> Callable[[Sequence[int]], Fraction]:
    """--measure mean | median | pNN."""
    if name == "mean":
        return mean
    percent = 50 if name == "median" else int(name.removeprefix("p"))
    return lambda values: percentile_s(values, percent)


def threshold(
    against: str, group: Mapping[str, Sequence[int]], measure: str = "mean", min_wraps: int = 20
) -> Fraction | None:
    """What a rule compares with, in seconds, for one peer group (agent -> values).

    `mean` is pooled over all wraps of the peers, `pNN` a percentile of the measures of peers with enough wraps (None
    when there are none), `60s` itself.
    """
    if against == "mean":
        return mean([value for values in group.values() for value in values])
    if against.startswith("p"):
        enough = [measure_of(measure)(values) for values in group.values() if len(values) >= min_wraps]
        return quantile(enough, Fraction(int(against[1:]), 100)) if enough else None
    return Fraction(against.removesuffix("s"))


def flag(
    wraps: Iterable[Wrap],
    rules: Sequence[tuple[str, str]],
    *,
    measure: str = "mean",
    peers: Sequence[str] = (),
    min_wraps: int = 20,
) -> list[dict[str, Any]]:
    """A row per agent, rule and peer group, with `listed`: beyond the threshold and enough wraps to say so.

    Rules are pairs such as ("over", "mean") and ("under", "5s").
    """
    groups: dict[tuple[Any, ...], dict[str, Sequence[int]]] = defaultdict(dict)
    for (*peer, agent), values in grouped(wraps, [*peers, "agent_id"]).items():
        groups[tuple(peer)][agent] = values
    rows = []
    for peer, group in groups.items():
        for direction, against in rules:
            limit = threshold(against, group, measure, min_wraps)
            for agent, values in group.items():
                row = dict(zip(peers, peer, strict=True)) | {
                    "agent_id": agent,
                    "rule": f"{direction} {against}",
                }
                row |= compare(values, measure_of(measure)(values), limit, direction)
                row["listed"] = row["beyond"] and len(values) >= min_wraps
                rows.append(row)
    return rows


def compare(values: Sequence[int], value: Fraction, limit: Fraction | None, direction: str) -> dict[str, Any]:
    """value, threshold, over_s = value - threshold, lost_s = over_s x wraps."""
    row: dict[str, Any] = {"wraps": len(values), "value_s": value, "threshold_s": limit}
    if limit is None:
        return row | {"over_s": None, "lost_s": None, "beyond": False}
    over = value - limit
    return row | {
        "over_s": over,
        "lost_s": over * len(values),
        "beyond": over > 0 if direction == "over" else over < 0,
    }


def diagnose(wraps: Iterable[Wrap], within_ms: int | None = None) -> dict[str, Any]:
    """The figures of `acw diagnose`: both readings of "80 % finish within 60 s", of wraps and of agents."""
    wraps = list(wraps)
    values = grouped(wraps, [])[()]
    limit = quantile(values, Fraction(80, 100)) if within_ms is None else Fraction(within_ms)
    agents = [mean(own) for own in grouped(wraps, ["agent_id"]).values()]
    pooled = mean(values)
    figures = {
        "wraps": len(values),
        "agents": len(agents),
        "mean_s": pooled,
        "median_s": percentile_s(values, 50),
    }
    figures |= {f"p{percent}_s": percentile_s(values, percent) for percent in (80, 90, 95)}
    return figures | {
        "within_s": seconds(limit),
        "share_wraps_within": within(values, limit),
        "share_agents_within": Fraction(sum(own <= seconds(limit) for own in agents), len(agents)),
        "share_wraps_at_or_under_mean": within(values, pooled * 1000),
        "share_agents_at_or_under_mean": Fraction(sum(own <= pooled for own in agents), len(agents)),
    }


def contributors(wraps: Iterable[Wrap], dimension: str, limit_ms: int | Fraction) -> list[dict[str, Any]]:
    """Who makes the time over the limit: every value of a column, shares of one column adding up to 1."""
    groups = {key[0]: values for key, values in grouped(wraps, [dimension]).items()}
    total = sum((excess(values, limit_ms) for values in groups.values()), Fraction(0))
    if total == 0:
        return []
    rows = [
        {"dimension": dimension, "value": value, "wraps": len(values), "excess_s": excess(values, limit_ms)}
        for value, values in groups.items()
    ]
    rows = [row | {"share": row["excess_s"] / total} for row in rows]
    return sorted(rows, key=lambda row: -row["excess_s"])
