"""A diagnosis in words: what is true, and what to do about it. Never a word against a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.concentration import Concentration
from acwcli.analyse.contributors import CAPPED_MS, EXCESS_US
from acwcli.analyse.facts import Facts
from acwcli.analyse.mechanical import Timer
from acwcli.analyse.remaining import Remaining
from acwcli.analyse.verdict import HONEST_SHARE, Finding
from acwcli.model.counts import counted

_NAMED = 8
"""At most this many values are named in a sentence."""

_NUMBERS = dict(enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine"), start=2))

_WORDS = {
    "agent_id": ("agent", "agents"),
    "queue": ("queue", "queues"),
    "disposition": ("disposition", "dispositions"),
    "hour": ("hour of the day", "hours of the day"),
    "weekday": ("weekday", "weekdays"),
}


def sentence(known: Facts, finding: Finding, tables: Mapping[str, pl.DataFrame], min_wraps: int, noun: str) -> str:
    """Say what the figures are and what makes the difference, in one plain sentence."""
    skewed = known.share_wraps_at_or_under_mean >= HONEST_SHARE and known.mean_s > known.median_us / 1e6
    start = f"The mean is {_tenths(known.mean_s)}, {'but' if skewed else 'and'} 80 % of {_many(known.wraps, noun)}"
    agents = f"{_percent(known.share_agents_within)} of agents average {seconds_text(known.limit_s)} or less"
    cause = _cause(known, finding, tables, min_wraps, noun)
    finish = "finishes" if known.wraps == 1 else "finish"
    return f"{start} {finish} within {seconds_text(known.p80_us / 1e6)} and {agents}; {cause}."


def advice(
    known: Facts,
    finding: Finding,
    tables: Mapping[str, pl.DataFrame],
    min_wraps: int,
    noun: str,
    second: Remaining | None = None,
) -> str:
    """Say what to do, with the numbers it rests on, and what stands out besides, in one sentence."""
    if finding.verdict == "not-enough-data":
        few = f"{_many(known.wraps, noun)} {'is' if known.wraps == 1 else 'are'} fewer"
        return f"Collect more before judging: {few} than the {min_wraps} a verdict needs."
    cause = _cause(known, finding, tables, min_wraps, noun)
    besides = _besides(second, _over(known), noun) if second else ""
    return f"{_remedy(known, finding, tables)}: {cause}{besides}."


def _besides(second: Remaining, over: str, noun: str) -> str:
    """The small group that stands out in what the first cause leaves."""
    group, table = second.group, second.table
    one, many = _WORDS[group.dimension]
    who = f"{len(group.values)} of {group.among} {many if group.among > 1 else one} ({_named(group.values, table)})"
    share, wraps = _held(group, table)
    verb = "makes" if len(group.values) == 1 else "make"
    if second.whole:
        return f"; still, {who} {verb} {share} of {over} with {wraps} of the {noun}"
    return f"; of {over} that is left, {who} {verb} {share} with {wraps} of the {noun}"


def timer_warning(ended: Timer | None, queues: pl.DataFrame) -> str | None:
    """What to keep in mind of the percentiles where wraps end at a timer; None without one."""
    where = [f"Percentiles near {seconds_text(ended.at_s)} describe the timer there, not the work."] if ended else []
    own = queues.filter(pl.col("timer_s").is_not_null())
    if own.height and queues.height > 1:
        pairs = own.select("queue", "timer_s").head(_NAMED).iter_rows()
        named = [f"{queue} {seconds_text(at_s)}" for queue, at_s in pairs]
        more = f" and {own.height - _NAMED:,} more" if own.height > _NAMED else ""
        where.append(f"Queues with a timer: {', '.join(named)}{more}.")
    return " ".join(where) or None


def _remedy(known: Facts, finding: Finding, tables: Mapping[str, pl.DataFrame]) -> str:
    if finding.group:
        return _group_remedy(finding.group, tables[finding.group.dimension])
    if finding.timer:
        return f"Shorten the timer, or ask why wraps need all of its {seconds_text(finding.timer.at_s)}"
    if finding.stuck:
        first = finding.verdict == "stuck-wraps"
        return "Repair log-off before looking at agents" if first else "Nothing to repair but log-off"
    if finding.verdict == "everyone":
        return "Look at the work itself, its forms and systems, rather than at single agents"
    return "Use the mean as it stands" if known.share_wraps_at_or_under_mean < HONEST_SHARE else "Nothing to repair"


def _group_remedy(group: Concentration, table: pl.DataFrame) -> str:
    one, many = _WORDS[group.dimension]
    which = f"{one if len(group.values) == 1 else many} {_named(group.values, table)}"
    if group.dimension == "agent_id":
        count = len(group.values)
        counted = "this agent" if count == 1 else f"these {_NUMBERS.get(count, count)}"
        return f"Coach {counted}, and ask first what holds them up ({_named(group.values, table)})"
    if group.dimension == "queue":
        return f"Fix the form of {which}"
    if group.dimension == "disposition":
        return f"Simplify what has to be written up for {which}"
    return f"Look at systems and staffing in {which}"


def _cause(known: Facts, finding: Finding, tables: Mapping[str, pl.DataFrame], min_wraps: int, noun: str) -> str:
    over = _over(known)
    if finding.group:
        return _group_cause(finding.group, tables[finding.group.dimension], over, noun)
    if finding.timer:
        share = _percent(finding.timer.wraps / known.wraps)
        where = f"end at the timer near {seconds_text(finding.timer.at_s)}"
        return f"{share} of {noun} {where} and make {_percent(finding.timer.share)} of {over}"
    if finding.stuck:
        return _stuck_cause(finding, known, over, noun)
    if finding.verdict == "not-enough-data":
        return "that is too little to judge"
    if finding.verdict == "everyone":
        return f"{over} is spread over many ({_leaders(tables, min_wraps)})"
    if known.share_wraps_within == 1:
        return f"nothing is over {seconds_text(known.limit_s)}"
    return f"{_percent(known.share_wraps_at_or_under_mean)} of {noun} are at or under the mean"


def _over(known: Facts) -> str:
    """With p80 itself the greatest value nothing is over the limit: judged from the median then."""
    return "the time over " + (seconds_text(known.limit_s) if known.share_wraps_within < 1 else "the median")


def _group_cause(group: Concentration, table: pl.DataFrame, over: str, noun: str) -> str:
    one, many = _WORDS[group.dimension]
    share, wraps = _held(group, table)
    count = len(group.values)
    who = f"{count} of {group.among} {many if group.among > 1 else one}"
    return f"{who} make{'s' if count == 1 else ''} {share} of {over} with {wraps} of the {noun}"


def _held(group: Concentration, table: pl.DataFrame) -> tuple[str, str]:
    """The group's part of the time over, and of the wraps."""
    inside = table.filter(pl.col("value").is_in(group.values))
    weight = EXCESS_US if table[EXCESS_US].sum() else CAPPED_MS
    over, wraps = (int(inside[name].sum()) / int(table[name].sum()) for name in (weight, figures.N))
    return _percent(over), _percent(wraps)


def _stuck_cause(finding: Finding, known: Facts, over: str, noun: str) -> str:
    stuck = finding.stuck
    if stuck is None:
        return ""
    if stuck.left_out:
        left_out = f"{_many(stuck.wraps, noun, 'stuck ')}, left out here,"
        return f"{left_out} would lift the mean from {_tenths(known.mean_s)} to {_tenths(stuck.mean_s)}"
    of_all, them = f"{stuck.wraps:,} of {known.wraps:,} {noun}", "it" if stuck.wraps == 1 else "them"
    takes, makes = ("takes", "makes") if stuck.wraps == 1 else ("take", "make")
    share = f"{of_all} {takes} half an hour or more and {makes} {_percent(stuck.share)} of {over}"
    return f"{share}, and without {them} the mean is {_tenths(stuck.mean_s)}"


def _leaders(tables: Mapping[str, pl.DataFrame], min_wraps: int) -> str:
    """How little the top tenth of agents make, as the proof that it is everyone."""
    table = tables.get("agent_id")
    if table is None or not table[EXCESS_US].sum():
        return "no small group stands out"
    enough = table.filter(pl.col(figures.N) >= min_wraps)[figures.N].sum()
    if 2 * enough < table[figures.N].sum():
        return "most agents have too little data to be told apart"
    top = max(1, round(table.height / 10))
    share = _percent(int(table[EXCESS_US].head(top).sum()) / int(table[EXCESS_US].sum()))
    return f"the top {top:,} of {counted(table.height, 'agent')} {'makes' if top == 1 else 'make'} {share} of it"


def _named(values: Sequence[str], table: pl.DataFrame) -> str:
    """List the values, with the roster's names beside the ids where known."""
    names = dict(table.select("value", "name").iter_rows()) if "name" in table.columns else {}
    shown = [f"{value} {names[value]}" if names.get(value) else value for value in values[:_NAMED]]
    more = len(values) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _many(count: int, noun: str, kind: str = "") -> str:
    """`1 wrap`, `3 stuck wraps`; `handled` stays as it is."""
    return counted(count, kind + noun.removesuffix("s"), kind + noun)


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _tenths(seconds: float) -> str:
    return f"{seconds:.1f} s"


def seconds_text(seconds: float) -> str:
    """Write seconds the way people read them: `58 s`, `58.2 s`."""
    return f"{seconds:.1f}".removesuffix(".0") + " s"
