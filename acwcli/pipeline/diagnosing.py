"""Whether the mean tells the truth: the diagnosis of a question."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from acwcli.analyse.diagnose import Diagnosis, examine
from acwcli.analyse.diagnose import diagnose as _diagnose
from acwcli.model.columns import COUNTED
from acwcli.model.table import Table
from acwcli.pipeline.questions import CONTRIBUTORS, Question, observations
from acwcli.pipeline.rebuilding import Wraps


def diagnose(
    found: Wraps,
    question: Question = Question(groups=CONTRIBUTORS),
    *,
    within_ms: int | None = None,
    min_wraps: int = 20,
    limits_ms: Mapping[str, int] = MappingProxyType({}),
    top: int | None = None,
) -> Table:
    """Whether the mean tells the truth, and who makes it; see `acwcli.analyse.diagnose.diagnose`."""
    seen = examined(found, question, within_ms, min_wraps)
    return _diagnose(seen, min_wraps, question.noun, limits_ms=limits_ms, top=top)


def examined(found: Wraps, question: Question, within_ms: int | None, min_wraps: int) -> Diagnosis:
    """What a diagnosis rests on; see `acwcli.analyse.diagnose.examine`."""
    counts, lengths = _left_out(found)
    obs = observations(found, question, once=True)
    in_memory = found.spilled is None
    return examine(obs, within_ms, min_wraps, question.noun, counts, lengths, in_memory=in_memory)


def _left_out(found: Wraps) -> tuple[dict[str, int], dict[str, int]]:
    """Wraps that do not count, per status, and their time in ms where it is known."""
    rows = found.rows().filter(~pl.col("status").is_in(COUNTED))
    others = rows.group_by("status").agg(pl.len(), pl.col("acw_ms").sum()).collect(engine="streaming")
    counts = {status: count for status, count, _ in others.iter_rows()}
    return counts, {status: length for status, _, length in others.iter_rows()}
