"""One agent explained: the same observations and rules as the other questions, narrowed to the agent and the peers."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.analyse import explain as _explain
from acwcli.analyse.flag import flag as judge_agents
from acwcli.analyse.judge import FDR
from acwcli.analyse.shapes import (
    AROUND_NEEDS,
    EVIDENCE,
    NEEDS,
    OF_RECORDS,
    calls_of,
    looked_at,
    prepare,
    with_calls,
    with_calls_back,
    with_waiting,
)
from acwcli.errors import NoWrapsError
from acwcli.model.columns import COUNTED, CUSTOMER
from acwcli.model.duration import duration_text
from acwcli.model.table import Table
from acwcli.pipeline.flagging import known_mix, mix_columns, rules
from acwcli.pipeline.questions import Question, observations
from acwcli.pipeline.rebuilding import Wraps

EXPLAINED = ("hour", "day")


def explain_needs(question: Question) -> frozenset[str]:
    """The wrap columns to read for an explanation."""
    return (
        question.needs()
        | frozenset((*NEEDS, *EVIDENCE, *AROUND_NEEDS, CUSTOMER))
        | Question(question.of, mix_columns(None)).needs()
    )


def explain(
    found: Wraps,
    agent: str,
    question: Question = Question(groups=EXPLAINED),
    *,
    within_ms: int | None = None,
    peers: Sequence[str] = (),
    min_wraps: int = 20,
    mix: Sequence[str] | None = None,
    fdr: float = FDR,
    newcomers: pl.DataFrame | None = None,
) -> Table:
    """Why this agent: figures beside the peers', rules, shapes of behaviour, hours and days, wraps to look at.

    Args:
        found: wraps read with `explain_needs`.
        agent: the `agent_id`.
        question: what is measured; its groups are `EXPLAINED` and the columns of `peers`.
        within_ms: the limit in milliseconds; None takes p80.
        peers: columns; only wraps with values the agent's wraps have are compared.
        min_wraps: with fewer nothing is concluded.
        mix: the columns that tell contacts apart, as for `flag`; None takes its default.
        fdr: false discovery rate of the verdicts.
        newcomers: agents too new to be judged, or compared with.

    Raises:
        UsageError: nobody of that name.
        NoWrapsError: no wrap of the agent counts.
    """
    agent = found.pseudonyms.agent(agent) if found.pseudonyms else agent
    _refuse_uncounted(found, agent, question)
    mix = mix_columns(None) if mix is None else mix
    obs = observations(found, Question(question.of, tuple(dict.fromkeys((*question.groups, *mix)))))
    _explain.check_agent(agent, obs.select("agent_id").unique().collect(engine="streaming")["agent_id"])
    wanted = [*rules(["mean", "p80"], []), *(rules([duration_text(within_ms)], []) if within_ms is not None else [])]
    told = known_mix(obs, mix)
    # The shapes of `flag` know less than those below, of what goes on around the wraps.
    flagged = judge_agents(
        obs, wanted, "mean", peers, min_wraps, question.noun, True, mix=told, fdr=fdr, newcomers=newcomers,
        agents=[agent], with_shapes=False,
    ).frame  # fmt: skip
    wraps = _for_shapes(found, obs, agent) if question.of == "acw" else None
    if peers:
        own = obs.filter(pl.col("agent_id").cast(pl.String) == agent).select(peers).unique()
        obs = obs.join(own, on=list(peers), how="semi", nulls_equal=True)
    return _explain.explain(
        obs, agent, flagged, within_ms, min_wraps, question.noun, peers=peers, mix=told, wraps=wraps
    )


def _for_shapes(found: Wraps, obs: pl.LazyFrame, agent: str) -> pl.DataFrame:
    """The wraps looked at, whoever the peers are, with what records and states tell of what goes on around them."""
    records, events = found.loaded.rows_of("contacts"), found.loaded.rows_of("states")
    contacts = None if records is None else records.select(pl.col(f"^({'|'.join(OF_RECORDS)})$"))
    chosen = looked_at(obs, [agent])
    own = pl.col("agent_id").is_in(chosen["agent_id"].implode())
    known = [name for name in (*NEEDS, *EVIDENCE, *AROUND_NEEDS, "value_ms") if name in obs.collect_schema()]
    wraps = obs.filter(own).select(list(dict.fromkeys(known))).collect(engine="streaming")
    names = chosen["agent_id"].cast(pl.String)
    named = pl.col("agent_id").cast(pl.String).is_in(names.implode())
    calls = calls_of(contacts, None if events is None else events.filter(named), names)
    wraps = with_calls_back(with_calls(with_waiting(wraps, contacts), calls), contacts)
    return prepare(wraps.lazy(), EVIDENCE, [agent], chosen)


def _refuse_uncounted(found: Wraps, agent: str, question: Question) -> None:
    """Say why an agent who is in the data has nothing to explain."""
    own = found.rows().filter(pl.col("agent_id").cast(pl.String) == agent).select("status").collect(engine="streaming")
    if question.of != "acw" or own.is_empty() or own["status"].is_in(COUNTED).any():
        return
    statuses = own.group_by("status").len().sort("status").iter_rows()
    listed = ", ".join(f"{count:,} {status}" for status, count in statuses)
    raise NoWrapsError(f"agent {agent} has no wraps that count ({listed}); acw reconstruct PATH shows them")
