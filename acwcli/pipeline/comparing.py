"""The same wraps under other systems' definitions."""

from __future__ import annotations

import polars as pl

from acwcli.analyse import aggregates, figures
from acwcli.analyse.compare_rules import Handled
from acwcli.analyse.compare_rules import compare_rules as _compare
from acwcli.errors import NoWrapsError, UsageError
from acwcli.model.table import Table
from acwcli.pipeline.questions import Question, handled, observations
from acwcli.pipeline.rebuilding import Wraps

PER_HANDLED = Question(per="handled")


def compare_needs() -> frozenset[str]:
    """The wrap columns to read for the comparison."""
    return PER_HANDLED.needs() | {"wrap_end"}


def compare_rules(found: Wraps) -> Table:
    """What other systems' own rules would report; see `acwcli.analyse.compare_rules`.

    Args:
        found: wraps read with `compare_needs()`.

    Raises:
        UsageError: the input holds sums.
        NoWrapsError: no wrap counts.
    """
    if found.aggregates is not None:
        raise aggregates.refused("--compare-rules")
    observations(found, Question())  # nothing to compare is said as everywhere
    return _compare(found.frame, _handled(found), found.options.tz)


def _handled(found: Wraps) -> Handled:
    try:
        contacts = handled(found, PER_HANDLED)
    except (UsageError, NoWrapsError):
        return Handled(None, note="the input does not tell the contacts without a wrap")
    count, total = contacts.select(pl.len(), pl.col(figures.VALUE).sum()).collect().row(0)
    return Handled(int(count), int(total))
