"""Why an agent is listed, in one sentence with the numbers in it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.casemix import LIKE
from acwcli.analyse.rules import Measure, Rule

_ALONE = pl.lit("but too few others take such contacts to tell whether these explain it")
WORTH_TELLING = 1.1
"""Hours at which wraps take everybody so many times as long are told as what may explain them."""


def reason(rule: Rule, asked: Measure, peers: Sequence[str], min_wraps: int, noun: str, fdr: float) -> pl.Expr:
    """Say in words what the verdict rests on.

    Args:
        rule: what the agent is held against.
        asked: the figure of the agent.
        peers: the columns that make a peer group.
        min_wraps: observations needed for a verdict.
        noun: `wraps` or `contacts`.
        fdr: false discovery rate of `over` and `under`.
    """
    count, threshold = pl.col(figures.N), _seconds("threshold_s")
    noun = "handled contacts" if noun == "handled" else noun
    nouns = pl.when(count == 1).then(pl.lit(noun.removesuffix("s"))).otherwise(pl.lit(noun))
    value = pl.format(f"{asked.name} {{}} s of {{}} {{}}", _seconds("value_s"), count, nouns)
    against = pl.format("{} ({} s)", pl.lit(_against(rule, asked, peers, noun)), threshold)
    distance = pl.format("{} s", pl.col("over_s").abs().round(1))
    beyond = pl.format("{} is {} {} {}", value, distance, pl.lit(rule.side), against)
    too_few = pl.format(f"{{}} of the {min_wraps} {noun} a verdict needs", count)
    new = pl.format("newcomer: hired {}, too new to be judged", pl.col("_hired").cast(pl.String))
    no_peers = pl.lit(f"no peer has the {min_wraps} {noun} a percentile of agents needs")
    if rule.against in ("mean", "mix"):
        no_peers = pl.lit("no peers to compare with")
    verdict = pl.col("verdict")
    return (
        pl.when(pl.col("_hired").is_not_null())
        .then(new)
        .when(count < min_wraps)
        .then(too_few)
        .when(pl.col("threshold_s").is_null())
        .then(no_peers)
        .when(verdict == "in line")
        .then(pl.format("{} is not {} {}", value, pl.lit(rule.side), against))
        .when((verdict == "watch") & (pl.col("method") == "aggregate"))
        .then(pl.format("{}; how widely its wraps spread is not in sums, so it may be chance", beyond))
        .otherwise(pl.format("{}; {}", beyond, _doubt(rule, noun, fdr)))
    )


def _doubt(rule: Rule, noun: str, fdr: float) -> pl.Expr:
    """What makes a figure beyond the threshold sure, or the first thing that does not."""
    interval = _interval("low_s", "high_s")
    at_mix = pl.format(
        f"at the peers' mix of {'contacts' if noun == 'wraps' else noun} it would be {{}} s, 95 % interval {{}}",
        _seconds("_at_mix_s"),
        _interval("_mix_low_s", "_mix_high_s"),
    )
    if rule.against == "mix":
        of_peers = (pl.col(name).round(2) for name in ("_ratio", "_ratio_low", "_ratio_high", "_middle"))
        at_mix = pl.format("{} of what peers take on average (95 % interval {} to {}), the middle peer {}", *of_peers)
        shares = [(100 * part).round(1) for part in (pl.col("_short") / pl.col(figures.N), pl.col("_peers_short"))]
        notes = pl.format("{} % of its wraps are under 5 s, {} % of the peers': no mark of skipped notes", *shares)
    reached = pl.format("the 95 % interval ({}) reaches it, so it may be chance", interval)
    explained = pl.format("but {}, so its contacts may explain it", at_mix)
    if rule.against == "mix":
        reached = explained = pl.format("{}, so it may be chance", at_mix)
    short, n = pl.col("_short"), pl.col(figures.N)
    skipped = pl.format(
        "but {} % of its wraps are under 5 s, {} % of the peers': notes may be skipped",
        (100 * short / n).round(1),
        (100 * pl.col("_peers_short")).round(1),
    )
    mixed, adjusted, clear = pl.col("_mixed"), pl.col("adjusted"), pl.col("_clear")
    limited, expected = pl.lit(rule.against == "limit"), _seconds("expected_s")
    # Beyond a limit that the peers do not keep, either: the agent may be as good as any.
    as_long = (pl.col("_ratio_low") <= 1) if rule.side == "over" else (pl.col("_ratio_high") >= 1)
    peers = pl.format("; peers take {} s for the same contacts, so ask about the limit and the work first", expected)
    usual = pl.when(as_long & limited).then(peers).otherwise(pl.lit(""))
    return (
        pl.when(pl.col("verdict") != "watch")
        .then(
            pl.when(mixed & adjusted.is_not_null())
            .then(pl.format("{}; {}", at_mix, notes) if rule.against == "mix" else pl.format("{}{}", at_mix, usual))
            .otherwise(pl.format("the 95 % interval ({}) is clear of it", interval))
        )
        .when(pl.col("_skips").fill_null(False))
        .then(skipped)
        .when(~clear & (limited | ~mixed | ~adjusted.fill_null(True)))
        .then(reached)
        .when(mixed & ~limited & adjusted.is_null())
        .then(_ALONE)
        .when(mixed & ~adjusted.fill_null(True))
        .then(explained)
        .otherwise(_improbable_enough(rule, fdr))
    )


def _improbable_enough(rule: Rule, fdr: float) -> pl.Expr:
    """Why a figure whose interval is clear of the threshold is no discovery all the same."""
    unlike = (pl.col(figures.N) - pl.col(f"{LIKE}_n")).cast(pl.Int64)
    rests = pl.format("but that rests on {} contacts of kinds that too few others take", unlike)
    hours = pl.format(
        "but at the hours it works wraps take everybody about {} times as long, so these may explain it",
        pl.col("_hour_times").round(2),
    )
    many = pl.format(
        f"sure by itself, but chance gives some such among the agents compared "
        f"(false discovery rate {{}} %, at most {100 * fdr:g} % wanted)",
        (100 * pl.col("_rate")).round(1),
    )
    mixed, limited = pl.col("_mixed"), pl.lit(rule.against == "limit")
    return (
        pl.when(pl.col("_rate").is_null())
        .then(_ALONE)
        .when(_by_hours(rule))
        .then(hours)
        .when(mixed & ~limited & (unlike > 0))
        .then(rests)
        .otherwise(many)
    )


def _by_hours(rule: Rule) -> pl.Expr:
    """Whether the hours an agent works speak for it noticeably."""
    times = pl.col("_hour_times").fill_null(1.0)
    return times > WORTH_TELLING if rule.side == "over" else times < 1 / WORTH_TELLING


def _against(rule: Rule, asked: Measure, peers: Sequence[str], noun: str) -> str:
    if rule.against == "limit":
        return "the limit"
    if rule.against == "mix":
        return f"what the same {noun if noun != 'wraps' else 'contacts'} take the middle peer"
    among = f" of the same {' and '.join(peers)}" if peers else ""
    if rule.against == "mean":
        return f"the mean of all {noun}{among}"
    return f"the {rule.text.split()[1]} of agents' {asked.name}s{among}"


def _interval(low_name: str, high_name: str) -> pl.Expr:
    """`51.0 to 63.2 s`; a sample may be too small to give one of the ends."""
    low, high = _seconds(low_name), _seconds(high_name)
    no_low, no_high = pl.col(low_name).is_null(), pl.col(high_name).is_null()
    return (
        pl.when(no_low & no_high)
        .then(pl.lit("too few to tell"))
        .when(no_low)
        .then(pl.format("up to {} s", high))
        .when(no_high)
        .then(pl.format("from {} s", low))
        .otherwise(pl.format("{} to {} s", low, high))
    )


def _seconds(name: str) -> pl.Expr:
    return pl.col(name).round(1)
