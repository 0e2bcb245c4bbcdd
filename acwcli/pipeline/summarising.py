"""How long wraps take: the summary of a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from acwcli.analyse.split import check_attribute, split_summary, with_attribute
from acwcli.analyse.summary import summary
from acwcli.model.derived import DERIVED
from acwcli.model.table import Table
from acwcli.pipeline.questions import Question, handled, observations
from acwcli.pipeline.rebuilding import Wraps


def said_of(question: Question) -> list[str]:
    """The choice behind a day or an hour, in words; nothing where the groups have none."""
    named = [name for name in question.groups if name in DERIVED]
    owner = {
        "start": "in which it starts",
        "end": "in which it ends",
        "split": "it overlaps, by the seconds in each",
    }[question.attribute]
    return [f"a wrap belongs to the {' and '.join(named)} {owner} (--attribute {question.attribute})"] if named else []


def summarise(
    found: Wraps,
    question: Question = Question(),
    *,
    limit_ms: int | None = None,
    limits_ms: Mapping[str, int] = MappingProxyType({}),
    with_total: bool = True,
) -> Table:
    """How long wraps take: one row per group, or one for everyone.

    Args:
        found: wraps read with `question.needs()`, and `queue` where queues have limits.
        question: what is measured, the groups, and which interval owns a wrap.
        limit_ms: a limit for all wraps; sums refuse it.
        limits_ms: limits per queue, which come before it; sums have no use for them.
        with_total: whether to work out the line for the whole centre.
    """
    check_attribute(question.attribute, question.groups, question.of, limit_ms is not None or bool(limits_ms))
    if found.aggregates is not None:
        from acwcli.analyse import aggregates

        if question.attribute != "start":
            raise aggregates.refused(f"--attribute {question.attribute}: the end of a wrap")
        return aggregates.summary(
            found.aggregates, question.groups, of=question.of, per=question.per, limit_ms=limit_ms, tz=found.options.tz
        )
    if question.attribute == "split":
        undivided = replace(question, groups=tuple(name for name in question.groups if name not in DERIVED))
        obs = observations(found, undivided)
        return with_attribute(split_summary(obs, question.groups, question.noun, found.options.tz), "split")
    obs = observations(found, question.with_groups(["queue"] if limits_ms else []), once=True)
    contacts = handled(found, question) if question.per == "handled" else None
    table = summary(
        obs, question.groups, limit_ms, question.noun, limits_ms=limits_ms, with_total=with_total, handled=contacts,
        in_memory=found.spilled is None,
    )  # fmt: skip
    return table if question.attribute == "start" else with_attribute(table, question.attribute)
