"""From wraps to answers: the observations a question is about, and the figures of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from acwcli.analyse import aggregates
from acwcli.analyse.casemix import CONTACT_LENGTH, MIX, length_band
from acwcli.analyse.diagnose import Diagnosis, examine
from acwcli.analyse.diagnose import diagnose as _diagnose
from acwcli.analyse.flag import VERDICTS
from acwcli.analyse.flag import flag as _flag
from acwcli.analyse.judge import FDR
from acwcli.analyse.rules import QUICK, Rule, parse_measure, parse_rule
from acwcli.analyse.shapes import NEEDS as SHAPE_NEEDS
from acwcli.analyse.split import check_attribute, split_summary, with_attribute
from acwcli.analyse.summary import summary as _summary
from acwcli.errors import NoWrapsError, UsageError, did_you_mean
from acwcli.model.columns import COUNTED, HANDLED, LEGS
from acwcli.model.counts import counted
from acwcli.model.derived import DERIVED, derived_columns
from acwcli.model.table import Table
from acwcli.model.wraps import public_wraps
from acwcli.pipeline.rebuilding import GROUP_TEXTS, Wraps

MEASURES = ("acw", "talk", "hold", "handle")
ATTRIBUTES = ("start", "end", "split")

DENOMINATORS = ("wraps", "handled")


CONTRIBUTORS = (
    "agent_id", "queue", "channel", "disposition", "direction", "hour", "weekday", CONTACT_LENGTH, "ended_by",
)  # fmt: skip


_GROUPS = (*GROUP_TEXTS, *DERIVED, "method", "ended_by", "source")

FLAG_VERDICTS = VERDICTS


@dataclass(frozen=True)
class Question:
    """What is measured and by which columns it is looked at.

    Attributes:
        of: `acw`, `talk`, `hold` or `handle`.
        groups: wraps, derived or roster columns.
        per: what a mean divides by: `wraps`, or `handled` contacts, those without a wrap included.
        attribute: whose day, hour, week and weekday a wrap has: those of its `start` or `end`, or `split` between all.
    """

    of: str = "acw"
    groups: tuple[str, ...] = ()
    per: str = "wraps"
    attribute: str = "start"

    def __post_init__(self) -> None:
        """Refuse what makes no sense together."""
        if self.per == "handled" and self.of != "acw":
            raise UsageError(f"--per handled is about ACW; --of {self.of} counts contacts anyway, leave --per out")
        if self.per == "handled" and self.attribute == "split":
            raise UsageError("--attribute split: a part of a wrap has no mean to divide; leave --per handled out")

    @property
    def noun(self) -> str:
        """What is counted: wraps, or contacts for the other measures."""
        return "wraps" if self.of == "acw" else "contacts"

    def needs(self) -> frozenset[str]:
        """The wrap columns to read for it."""
        lengths = {
            "acw": ("acw_ms",),
            "talk": (LEGS, "talk_ms"),
            "hold": (LEGS, "hold_ms"),
            "handle": (LEGS, "acw_ms", "talk_ms", "hold_ms"),
        }
        talked = ("talk_ms",) if CONTACT_LENGTH in self.groups else ()
        handled = (LEGS, HANDLED, "talk_ms") if self.per == "handled" else ()
        ended = ("wrap_end",) if self.attribute != "start" else ()
        return frozenset((*lengths[self.of], *talked, *handled, *ended, *self.groups))


def observations(found: Wraps, question: Question, *, once: bool = False) -> pl.LazyFrame:
    """One row per wrap (or contact) that counts, with `value_ms` and the columns the question groups by.

    Args:
        found: the wraps.
        question: what is measured.
        once: they are looked at in one pass only.

    Raises:
        UsageError: a group column nobody knows.
        NoWrapsError: nothing is left to compute with.
    """
    if found.aggregates is not None:
        raise aggregates.refused("a distribution of wraps")
    known = (*_GROUPS, CONTACT_LENGTH, *found.roster_columns)
    for name in question.groups:
        if name not in known:
            more = "" if found.roster_columns else "; --roster FILE brings more (team, site …)"
            raise UsageError(f"unknown column '{name}'{did_you_mean(name, known)}; known: {', '.join(known)}{more}")
    frame = _measured(found, question)
    # Picked once for all figures; anew for each where memory is short.
    frame = frame if found.loaded.parts or once else frame.collect().lazy()
    if not frame.select(pl.len()).collect(engine="streaming").item():
        raise NoWrapsError(_why_nothing(found, question))
    return _with_derived(frame, found, question)


def _with_derived(frame: pl.LazyFrame, found: Wraps, question: Question) -> pl.LazyFrame:
    derived = [name for name in question.groups if name in DERIVED]
    bands = [length_band()] if CONTACT_LENGTH in question.groups else []
    instant = "wrap_end" if question.attribute == "end" else "wrap_start"
    return frame.with_columns(*derived_columns(derived, found.options.tz, instant), *bands)


def _measured(found: Wraps, question: Question) -> pl.LazyFrame:
    if question.of == "acw":
        return found.rows().filter(pl.col("status").is_in(COUNTED)).with_columns(value_ms="acw_ms")
    legs = found.legs_asked_for()
    if legs is None:
        return found.frame.clear().lazy()
    talk, hold, acw = pl.col("talk_ms"), pl.col("hold_ms"), pl.col("acw_ms")
    value, sure = {
        "talk": (talk, pl.col("sure_talk")),
        "hold": (hold, pl.col("sure_talk")),
        "handle": (talk + hold.fill_null(0) + acw.fill_null(0), pl.col("sure_talk") & pl.col("sure_acw")),
    }[question.of]
    known = legs.with_columns(value_ms=value, ended_by=pl.lit(None, pl.String))
    return known.filter(pl.col("value_ms").is_not_null() & sure)


def handled(found: Wraps, question: Question) -> pl.LazyFrame:
    """One row per handled contact whose ACW is known: that of its wrap, or 0 where none was recorded.

    Orphans are of no contact, and a contact whose wrap is open, stuck or invalid has no known ACW: both are left out.

    Raises:
        UsageError: the input cannot tell the contacts without a wrap.
    """
    if found.options.gap_cap_ms is not None:
        raise UsageError("--per handled takes a contact without ACW for 0 s, --infer-gap for a gap; choose one")
    given = [file.source for file in found.loaded.files if file.kind == "wraps"]
    if given:
        raise UsageError(f"--per handled: {given[0]} holds wraps, not contacts without one; read the export itself")
    wraps = found.rows().filter(pl.col("status") == "ok").with_columns(value_ms="acw_ms")
    silent = found.legs_asked_for(silent=True)
    if silent is None:
        return _with_derived(wraps, found, question)
    none = silent.with_columns(value_ms=pl.lit(0, pl.Int64), method=pl.lit(None, found.frame.schema["method"]))
    return _with_derived(pl.concat([wraps, none], how="diagonal_relaxed"), found, question)


def _why_nothing(found: Wraps, question: Question) -> str:
    total = found.loaded.total()
    filters = [f"--{name}" for name in ("since", "until", "where") if getattr(found.options, name) is not None]
    left = f" that {', '.join(filters)} let through" if filters else ""
    if question.of != "acw":
        return f"no contact with a known {question.of} time{left} in {counted(total.used, 'used row')}"
    statuses = ", ".join(f"{count:,} {status}" for status, count in found.statuses().items()) or "none at all"
    records = any(file.kind == "contacts" for file in found.loaded.files)
    if found.aggregates is not None:
        return f"no single wraps: the files hold sums ({counted(total.used, 'row')}); acw summary gives their means"
    hint = "; --infer-gap gives an upper bound from contact records" if records and not found.count() else ""
    return (
        f"no usable wraps{left} in {counted(total.read, 'row')} (wraps found: {statuses}){hint}. "
        "acw inspect PATH shows what was read"
    )


def wraps_table(found: Wraps) -> Table:
    """The wraps contract: every wrap, ordered by agent, start and row.

    Raises:
        NoWrapsError: there is no wrap of any status.
    """
    if not found.count():
        raise NoWrapsError(_why_nothing(found, Question()))
    table = public_wraps(found.frame)
    if found.spilled is None:
        return table
    spilled = found.spilled
    return replace(table, pieces=lambda: (public_wraps(wraps).frame for wraps in spilled.in_order()))


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
    if found.aggregates is not None and question.attribute != "start":
        raise aggregates.refused(f"--attribute {question.attribute}: the end of a wrap")
    if found.aggregates is not None:
        return aggregates.summary(
            found.aggregates, question.groups, of=question.of, per=question.per, limit_ms=limit_ms, tz=found.options.tz
        )
    if question.attribute == "split":
        undivided = replace(question, groups=tuple(name for name in question.groups if name not in DERIVED))
        obs = observations(found, undivided)
        return with_attribute(split_summary(obs, question.groups, question.noun, found.options.tz), "split")
    obs = observations(found, _with_groups(question, ["queue"] if limits_ms else []), once=True)
    contacts = handled(found, question) if question.per == "handled" else None
    table = _summary(
        obs, question.groups, limit_ms, question.noun, limits_ms=limits_ms, with_total=with_total, handled=contacts,
        in_memory=found.spilled is None,
    )  # fmt: skip
    return table if question.attribute == "start" else with_attribute(table, question.attribute)


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
        if question.per == "handled":
            raise aggregates.refused("--per handled: another denominator than the platform's own")
        return aggregates.flag(
            found.aggregates, rules, parse_measure(measure), peers,
            of=question.of, min_wraps=min_wraps, every_agent=every_agent, tz=found.options.tz,
            newcomers=newcomers, only=only,
        )  # fmt: skip
    asked = _with_groups(question, [*mix, *(["queue"] if limits_ms else [])])
    per_handled = question.per == "handled"
    obs = handled(found, asked) if per_handled else observations(found, asked)
    return _flag(
        obs, rules, measure, peers, min_wraps, "handled" if per_handled else question.noun, every_agent,
        mix=known_mix(obs, mix), fdr=fdr, newcomers=newcomers, only=only, agents=agents, limits_ms=limits_ms,
    )  # fmt: skip


def _with_groups(question: Question, more: Sequence[str]) -> Question:
    return replace(question, groups=tuple(dict.fromkeys((*question.groups, *more))))


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
    obs = observations(found, _with_groups(question, mix))
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
