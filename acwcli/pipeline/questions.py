"""From wraps to the observations a question is about, and the wraps themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from acwcli.analyse.casemix import CONTACT_LENGTH, length_band
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

    def with_groups(self, more: Sequence[str]) -> Question:
        """The same, looked at by these columns, too."""
        return replace(self, groups=tuple(dict.fromkeys((*self.groups, *more))))

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
        from acwcli.analyse.aggregates import refused

        raise refused("a distribution of wraps")
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
    # Columns of few words have one type whoever rebuilt them, or groups of wraps and of contacts would not match.
    no_words = [pl.lit(None, found.frame.schema[name]).alias(name) for name in ("method", "ended_by")]
    none = silent.with_columns(*no_words, value_ms=pl.lit(0, pl.Int64))
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
    unheard = records and not filters and not found.count()
    hint = "; --infer-gap gives an upper bound from contact records" if unheard else ""
    counts = "let through" if filters else "found"  # what the filters left out is not known any more
    return (
        f"no usable wraps{left} in {counted(total.read, 'row')} (wraps {counts}: {statuses}){hint}. "
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
