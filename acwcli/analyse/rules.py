"""What `acw flag` is asked: a measure of each agent, and rules to hold it against."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from acwcli.errors import UsageError, did_you_mean
from acwcli.model.duration import duration_ms, duration_text

_PERCENTILE = r"p(\d{1,3}(?:\.\d+)?)"
_KNOWN = ("mean", "median", "p50", "p80", "p90", "p95")


@dataclass(frozen=True)
class Measure:
    """One figure per agent.

    Attributes:
        name: `mean`, `median` or `pNN`, as it reads in the output.
        permille: the quantile in thousandths; None for the mean.
    """

    name: str
    permille: int | None


@dataclass(frozen=True)
class Rule:
    """One threshold.

    Attributes:
        side: which side of the threshold is remarkable.
        against: `mean` (pooled over the peers' wraps), `percentile` (of the peers' values), `limit` (fixed) or `mix`
            (what the agent's contacts would take the middle peer).
        permille: the percentile of the peers' values in thousandths.
        limit_ms: the fixed limit.
        text: how the rule reads in the output, e.g. `over p80`.
    """

    side: Literal["over", "under"]
    against: Literal["mean", "percentile", "limit", "mix"]
    permille: int
    limit_ms: int
    text: str


QUICK = Rule("under", "mix", 0, 0, "quick")
"""Quicker than the middle agent at the same mix of contacts, without marks of skipped notes."""

SHORT_MS = 5_000
"""A shorter wrap leaves no time for notes."""


def parse_measure(text: str) -> Measure:
    """Read `mean`, `median` or `pNN` (p1 to p99.9).

    Raises:
        UsageError: anything else.
    """
    word = text.strip().casefold()
    if word in ("mean", "median"):
        return Measure(word, 500 if word == "median" else None)
    permille = _permille(word, "--measure")
    if permille is None:
        raise UsageError(f"--measure: '{text}' is no measure; write mean, median or pNN{_hint(word)}")
    return Measure(_percentile_name(permille), permille)


def parse_rule(side: Literal["over", "under"], text: str) -> Rule:
    """Read what follows `--over` or `--under`: `mean`, `pNN` or a duration such as `60s`.

    Raises:
        UsageError: anything else.
    """
    word = text.strip().casefold()
    if word == "mean":
        return Rule(side, "mean", 0, 0, f"{side} mean")
    permille = _permille(word, f"--{side}")
    if permille is not None:
        return Rule(side, "percentile", permille, 0, f"{side} {_percentile_name(permille)}")
    try:
        limit_ms = duration_ms(word)
    except UsageError:
        wanted = "write mean, pNN or a duration such as 60s"
        raise UsageError(f"--{side}: '{text}' is no threshold; {wanted}{_hint(word)}") from None
    return Rule(side, "limit", 0, limit_ms, f"{side} {duration_text(limit_ms)}")


def _permille(word: str, option: str) -> int | None:
    found = re.fullmatch(_PERCENTILE, word)
    if found is None:
        return None
    permille = float(found[1]) * 10
    if permille != int(permille) or not 10 <= permille < 1000:
        raise UsageError(f"{option}: '{word}' is no percentile from p1 to p99.9 (one decimal at most)")
    return int(permille)


def _percentile_name(permille: int) -> str:
    return f"p{permille // 10}" if permille % 10 == 0 else f"p{permille / 10}"


def _hint(word: str) -> str:
    return did_you_mean(word, _KNOWN)
