"""`import acwcli`: the questions of the command line as functions, from files or frames to lazy frames.

Every function takes paths, data frames, or what `load` returned, and answers with the columns its command writes.
Nothing is printed; failures are subclasses of `acwcli.errors.AcwError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from os import PathLike, fspath
from typing import TypedDict, Unpack

import polars as pl

from acwcli.errors import UsageError
from acwcli.formats.frames import Kind
from acwcli.formats.lookup import read_lookup
from acwcli.formats.options import ReadOptions
from acwcli.formats.roster import read_roster
from acwcli.formats.scratch import scratch_file
from acwcli.model.columns import LEGS, WRAP_FRAME
from acwcli.model.counts import RowCounts
from acwcli.model.duration import duration_ms
from acwcli.model.report import Report
from acwcli.pipeline import diagnosing, explaining, flagging, summarising
from acwcli.pipeline.loading import Loaded, refuse_bad_rows
from acwcli.pipeline.loading import load as _load
from acwcli.pipeline.questions import CONTRIBUTORS, Question, wraps_table
from acwcli.pipeline.rebuilding import WrapOptions, Wraps, needs_of_where
from acwcli.pipeline.rebuilding import wraps as _wraps

Source = str | PathLike[str] | pl.LazyFrame | pl.DataFrame
"""A file, folder or glob, or a frame of canonical columns, or of a log or record as it was exported."""

Length = str | float | timedelta
"""A duration: `"1m30s"`, a number of seconds, or a `timedelta`."""


class Reading(TypedDict, total=False):
    """How files are read, and which wraps count; each key is an option of the command line (docs/options.md).

    Attributes:
        tz: IANA zone of times without offset, and of days and hours.
        input_format: the format, where it is not to be recognised.
        columns: canonical column → column of the file (`--map`).
        states: state → the file's own words for it (`--state`).
        time_format: strptime pattern of its times.
        date_order: `dmy`, `mdy` or `ymd`.
        rows: SQL condition over the file's own columns.
        encoding: text encoding.
        wrap_reasons: pause reasons that are wrap-up.
        profiles: profile files.
        max_bad: share of rejected rows per file that is still accepted, 0 to 1.
        memory: bytes to take before rows go to disk; without it half of what is free (`--memory`).
        roster: file with `agent_id` and columns to join.
        lookup: lists of ids and names.
        max_wrap: a longer wrap is stuck.
        gap_cap: infer wraps from gaps up to this length (`--infer-gap`); without it none are.
        since: first instant of `wrap_start`, inclusive.
        until: last one, exclusive.
        where: SQL condition over wraps columns.
    """

    tz: str
    input_format: str | None
    columns: Mapping[str, str]
    states: Mapping[str, tuple[str, ...]]
    time_format: str | None
    date_order: str | None
    rows: str | None
    encoding: str | None
    wrap_reasons: tuple[str, ...] | None
    profiles: tuple[str, ...]
    max_bad: float
    memory: int | None
    roster: str | None
    lookup: tuple[str, ...]
    max_wrap: Length
    gap_cap: Length | None
    since: str | None
    until: str | None
    where: str | None


_OF_WRAPS = ("max_wrap", "gap_cap", "since", "until", "where", "roster", "lookup")


@dataclass(frozen=True)
class Data:
    """What `load` read; give it to several questions and the files are read once.

    Attributes:
        loaded: the files one by one, with the account of their rows.
        reading: the options they were read with.
    """

    loaded: Loaded
    reading: Reading

    @property
    def counts(self) -> RowCounts:
        """Rows read, used, ignored and rejected (by reason) of all files together."""
        return self.loaded.total()

    @property
    def notes(self) -> list[str]:
        """What the command line would say about reading."""
        return self.loaded.notes()

    @property
    def rejects(self) -> pl.LazyFrame:
        """Rejected rows: `source row reason raw`."""
        return self.loaded.rejects().lazy()

    def frame(self, kind: Kind) -> pl.LazyFrame | None:
        """The canonical rows of a kind: `states`, `contacts`, `wraps` or `aggregates`; None where there are none.

        Lengths are whole milliseconds, instants UTC; `file` and `row` tell where a row comes from.
        """
        found = self.loaded.of_kind(kind)
        return None if found is None else found.lazy()


Sources = Source | Sequence[Source] | Data


def load(sources: Sources, **reading: Unpack[Reading]) -> Data:
    """Read files or frames, once for several questions.

    Raises:
        InputError: a path or frame that cannot be read, or more bad rows than `max_bad`.
    """
    return _read(sources, reading, frozenset(WRAP_FRAME) | {LEGS})


def reconstruct(sources: Sources, **reading: Unpack[Reading]) -> pl.LazyFrame:
    """Every wrap of every status, one row each: the columns of `acw reconstruct`.

    Raises:
        NoWrapsError: there is none.
    """
    return wraps_table(_rebuilt(sources, reading, frozenset(WRAP_FRAME))).frame.lazy()


def summarise(
    sources: Sources,
    *,
    by: str | Sequence[str] = (),
    limit: Length | None = None,
    of: str = "acw",
    per: str = "wraps",
    **reading: Unpack[Reading],
) -> pl.LazyFrame:
    """How long wraps take: one row per group, or one for everyone; the columns of `acw summary`.

    Args:
        sources: see `Sources`.
        by: columns to group by: of the wraps, `day`, `hour`, `week`, `weekday`, or of the roster.
        limit: adds `within_limit` and `excess_s`.
        of: `acw`, `talk`, `hold` or `handle`.
        per: what the mean divides by: `wraps` or `handled` contacts.
        **reading: see `Reading`.
    """
    question = Question(of, _names(by), per)
    found = _rebuilt(sources, reading, question.needs())
    return summarising.summarise(found, question, limit_ms=_ms(limit), with_total=False).frame.lazy()


def diagnose(
    sources: Sources,
    *,
    within: Length | None = None,
    min_wraps: int = 20,
    of: str = "acw",
    **reading: Unpack[Reading],
) -> pl.LazyFrame:
    """Whether the mean tells the truth, and who makes it: one row, the keys of `acw diagnose`.

    Args:
        sources: see `Sources`.
        within: the limit people speak of; None takes p80.
        min_wraps: fewer are not enough data.
        of: `acw`, `talk`, `hold` or `handle`.
        **reading: see `Reading`.
    """
    question = Question(of, CONTRIBUTORS)
    found = _rebuilt(sources, reading, question.needs())
    return diagnosing.diagnose(found, question, within_ms=_ms(within), min_wraps=min_wraps).frame.lazy()


def flag(
    sources: Sources,
    *,
    over: str | Sequence[str] = (),
    under: str | Sequence[str] = (),
    measure: str = "mean",
    peers: str | Sequence[str] = (),
    mix: Sequence[str] | None = None,
    min_wraps: int = 20,
    only: str | Sequence[str] = (),
    every_agent: bool = False,
    quick: bool = False,
    of: str = "acw",
    **reading: Unpack[Reading],
) -> pl.LazyFrame:
    """Which agents need a look, and why: the columns of `acw flag`; without a rule it is `over="mean"`.

    Args:
        sources: see `Sources`.
        over: rules: `mean`, `pNN` or a duration.
        under: the same from below.
        measure: an agent's value: `mean`, `median` or `pNN`.
        peers: compare only agents with equal values of these columns.
        mix: columns that tell contacts apart; None takes the default ones, an empty list does not adjust.
        min_wraps: with fewer an agent is never flagged.
        only: list these verdicts only.
        every_agent: list every agent.
        quick: add the rule of `--quick`.
        of: `acw`, `talk`, `hold` or `handle`.
        **reading: see `Reading`.
    """
    columns = () if mix is not None and not mix else flagging.mix_columns(mix)
    question = Question(of, tuple(dict.fromkeys(("agent_id", *_names(peers), *columns))))
    wanted = flagging.rules(_names(over), _names(under), quick=quick)
    found = _rebuilt(sources, reading, flagging.flag_needs(question))
    answer = flagging.flag(
        found, question, rules=wanted, measure=flagging.measure(measure), peers=_names(peers), min_wraps=min_wraps,
        every_agent=every_agent, mix=columns, only=_names(only),
    )  # fmt: skip
    return answer.frame.lazy()


def explain(
    sources: Sources,
    agent: str,
    *,
    within: Length | None = None,
    peers: str | Sequence[str] = (),
    min_wraps: int = 20,
    of: str = "acw",
    **reading: Unpack[Reading],
) -> pl.LazyFrame:
    """Why this agent: one row, the keys of `acw explain`.

    Args:
        sources: see `Sources`.
        agent: the `agent_id`.
        within: a limit to hold the mean against; None takes p80.
        peers: compare only with wraps of equal values of these columns.
        min_wraps: with fewer nothing is concluded.
        of: `acw`, `talk`, `hold` or `handle`.
        **reading: see `Reading`.
    """
    question = Question(of, (*explaining.EXPLAINED, *_names(peers)))
    found = _rebuilt(sources, reading, explaining.explain_needs(question))
    answer = explaining.explain(
        found, agent, question, within_ms=_ms(within), peers=_names(peers), min_wraps=min_wraps
    )  # fmt: skip
    return answer.frame.lazy()


def report(
    sources: Sources,
    *,
    within: Length | None = None,
    peers: str | Sequence[str] = (),
    min_wraps: int = 20,
    title: str | None = None,
    **reading: Unpack[Reading],
) -> Report:
    """The whole story as one document, for `acwcli.render.report.write_report` to write.

    Args:
        sources: see `Sources`.
        within: the limit people speak of; None takes p80.
        peers: compare only agents with equal values of these columns.
        min_wraps: with fewer nobody is flagged.
        title: None takes the language's own.
        **reading: see `Reading`.
    """
    from acwcli.pipeline import reporting

    found = _rebuilt(sources, reading, reporting.report_needs(_names(peers)))
    options = reporting.ReportOptions(_ms(within), peers=_names(peers), min_wraps=min_wraps, title=title)
    return reporting.report(found, options)


def _rebuilt(sources: Sources, reading: Reading, needs: frozenset[str]) -> Wraps:
    if isinstance(sources, Data):
        if foreign := [name for name in reading if name not in _OF_WRAPS]:
            raise UsageError(f"{', '.join(foreign)}: say this to load(), which has read the files already")
        reading = {**sources.reading, **reading}
    where = reading.get("where")
    lists = reading.get("lookup")
    lookup = read_lookup(lists, reading.get("encoding")) if lists else None
    wanted = needs | needs_of_where(where) | (lookup.columns() if lookup is not None else frozenset())
    data = _read(sources, reading, wanted)
    path = reading.get("roster")
    gap_cap = reading.get("gap_cap")
    options = WrapOptions(
        max_wrap_ms=_ms(reading.get("max_wrap")) or WrapOptions.max_wrap_ms,
        gap_cap_ms=_ms(gap_cap),
        since=reading.get("since"),
        until=reading.get("until"),
        where=where,
        tz=reading.get("tz", "UTC"),
    )
    # The rows a question ignores are counted in the account it works on; what was loaded stays as it is.
    counts = [replace(account, ignored=account.ignored.copy()) for account in data.loaded.counts]
    roster = read_roster(path, reading.get("encoding")) if path else None
    return _wraps(replace(data.loaded, counts=counts), options, wanted, roster, lookup)


def _read(sources: Sources, reading: Reading, needs: frozenset[str]) -> Data:
    if isinstance(sources, Data):
        return sources
    listed = [sources] if isinstance(sources, str | PathLike | pl.LazyFrame | pl.DataFrame) else list(sources)
    given = {name: value for name, value in reading.items() if name not in (*_OF_WRAPS, "memory")}
    options = ReadOptions(**given, needs=needs)  # type: ignore[arg-type]  # the keys of Reading are its fields
    paths = [_path(source) for source in listed]
    loaded = _load(paths, options, memory=reading.get("memory"))
    for place, (path, source) in enumerate(zip(paths, listed, strict=True), 1):
        if isinstance(source, pl.LazyFrame | pl.DataFrame):  # its file has another name in every run
            for file in loaded.files:
                file.source = f"<frame {place}>" if file.source == path else file.source
    refuse_bad_rows(loaded, options.max_bad)
    return Data(loaded, reading)


def _path(source: Source) -> str:
    """A frame goes through a file, so that it is recognised, checked and accounted like any other."""
    if not isinstance(source, pl.LazyFrame | pl.DataFrame):
        return fspath(source)
    target = scratch_file("frame.parquet")
    source.lazy().sink_parquet(target)
    return str(target)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _ms(length: Length | None) -> int | None:
    if length is None:
        return None
    return round(length.total_seconds() * 1000) if isinstance(length, timedelta) else duration_ms(str(length))
