"""Which agents are beyond a rule, among contacts told apart by their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import polars as pl

from acwcli.analyse.casemix import CONTACT_LENGTH, MIX
from acwcli.analyse.flag import VERDICTS
from acwcli.analyse.flag import flag as _flag
from acwcli.analyse.judge import FDR
from acwcli.analyse.rules import QUICK, Rule, parse_measure, parse_rule
from acwcli.analyse.shapes import NEEDS as SHAPE_NEEDS
from acwcli.errors import UsageError
from acwcli.model.table import Table
from acwcli.pipeline.questions import Question, handled, observations
from acwcli.pipeline.rebuilding import Wraps

FLAG_VERDICTS = VERDICTS


def mix_columns(asked: Sequence[str] | None) -> tuple[str, ...]:
    """The columns of the mix of contacts.

    The length of a contact takes part only when asked for: to work it out of state events takes as long as everything
    else, and the answer to one question must not depend on the shape of the file.

    Args:
        asked: the columns of `--mix`; None takes the default ones, `none` alone takes none.
    """
    if asked is None:
        return tuple(name for name in MIX if name != CONTACT_LENGTH)
    return () if list(asked) == ["none"] else tuple(dict.fromkeys(asked))


def flag_needs(question: Question) -> frozenset[str]:
    """The wrap columns to read for `flag`: of the question, of limits per queue, and of shapes of behaviour."""
    return question.needs() | {"queue"} | (frozenset(SHAPE_NEEDS) if question.of == "acw" else frozenset())


def flag(
    found: Wraps,
    question: Question = Question(groups=("agent_id",)),
    *,
    rules: Sequence[Rule],
    measure: str = "mean",
    peers: Sequence[str] = (),
    min_wraps: int = 20,
    every_agent: bool = False,
    mix: Sequence[str] = (),
    fdr: float = FDR,
    newcomers: pl.DataFrame | None = None,
    only: Sequence[str] = (),
    agents: Sequence[str] | None = None,
    limits_ms: Mapping[str, int] = MappingProxyType({}),
) -> Table:
    """The agents beyond a rule, of wraps read with `flag_needs`.

    See `acwcli.analyse.flag.flag`, and `mix_columns` and `newcomers` here.
    """
    if question.per == "handled" and (measure != "mean" or any(rule.text == QUICK.text for rule in rules)):
        raise UsageError("--per handled is about means; leave --measure and --quick out (percentiles are of wraps)")
    if found.aggregates is not None:
        from acwcli.analyse import aggregates

        if question.per == "handled":
            raise aggregates.refused("--per handled: another denominator than the platform's own")
        return aggregates.flag(
            found.aggregates, rules, parse_measure(measure), peers,
            of=question.of, min_wraps=min_wraps, every_agent=every_agent, tz=found.options.tz,
            newcomers=newcomers, only=only,
        )  # fmt: skip
    asked = question.with_groups([*mix, *(["queue"] if limits_ms else [])])
    per_handled = question.per == "handled"
    obs = handled(found, asked) if per_handled else observations(found, asked)
    return _flag(
        obs, rules, measure, peers, min_wraps, "handled" if per_handled else question.noun, every_agent,
        mix=known_mix(obs, mix), fdr=fdr, newcomers=newcomers, only=only, agents=agents, limits_ms=limits_ms,
    )  # fmt: skip


def known_mix(obs: pl.LazyFrame, mix: Sequence[str]) -> tuple[str, ...]:
    """Columns of the mix that tell any contacts apart; none where all contacts are alike as far as is known."""
    one = obs.select(mix).head(1).collect(engine="streaming")
    if one.is_empty():
        return ()
    others = [pl.col(name).ne_missing(pl.lit(value)).any() for name, value in zip(mix, one.row(0), strict=True)]
    differ = obs.select(others).collect(engine="streaming").row(0)
    return tuple(name for name, differs in zip(mix, differ, strict=True) if differs)


def mix_notes(found: Wraps, question: Question, mix: Sequence[str]) -> list[str]:
    """What to say of the columns of `--mix` that cannot tell contacts apart."""
    if found.aggregates is not None:
        return [f"--mix {','.join(mix)}: sums are not compared by kind of contact"] if mix else []
    obs = observations(found, question.with_groups(mix))
    nothing = [pl.col(name).is_null().all() for name in mix]
    empty = obs.select(nothing).collect(engine="streaming").row(0) if mix else ()
    missing = [name for name, is_empty in zip(mix, empty, strict=True) if is_empty]
    used = known_mix(obs, mix)
    rest = f"contacts are told apart by {', '.join(used)}" if used else "nothing tells contacts apart"
    return [f"--mix: the data has no {' and no '.join(missing)}; {rest}"] if missing else []


def findings(answer: Table) -> bool:
    """Whether an answer of `flag` calls anybody `over` or `under`; to be reliably quick is no finding."""
    called = pl.col("verdict").is_in(["over", "under"]) & (pl.col("rule") != QUICK.text)
    return bool(answer.frame.select(called.any()).item())


def newcomers(found: Wraps, hired: pl.DataFrame, within_ms: int) -> pl.DataFrame:
    """Who was hired less than this long before the last wrap of the data.

    Args:
        found: the wraps.
        hired: `agent_id` and `hired` (date).
        within_ms: how long one is new.

    Raises:
        UsageError: the wraps have no instants to tell by.
    """
    rows = found.rows() if found.aggregates is None else found.aggregates.lazy()
    last = rows.select(pl.col("wrap_start").max()).collect(engine="streaming").item()
    if last is None:
        raise UsageError("--since-hire: the wraps have no instants, so nobody can tell how long ago somebody was hired")
    if found.pseudonyms is not None:
        hired = hired.with_columns(found.pseudonyms.series(hired["agent_id"]))
    today = pl.lit(last).dt.convert_time_zone(found.options.tz).dt.replace_time_zone(None)
    new = pl.col("hired").cast(pl.Datetime("ms")) > today - pl.duration(milliseconds=within_ms)
    return hired.filter(new)


def rules(over: Iterable[str], under: Iterable[str], *, quick: bool = False) -> list[Rule]:
    """Parse the rules of `--over` and `--under`, and add that of `--quick`; without any it is `over mean`."""
    found = [parse_rule("over", text) for text in over] + [parse_rule("under", text) for text in under]
    found += [QUICK] if quick else []
    return found or [parse_rule("over", "mean")]


def measure(text: str) -> str:
    """Check `--measure` before any file is read."""
    parse_measure(text)
    return text
