"""The library API: load → wraps → figures. What the commands call, and what a notebook would import.

Nothing here prints; what a reader should know comes back as notes and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import polars as pl

from acwcli.analyse import select
from acwcli.analyse.diagnose import diagnose as _diagnose
from acwcli.analyse.flag import flag as _flag
from acwcli.analyse.inspection import FileFacts, inspection
from acwcli.analyse.rules import Rule, parse_measure, parse_rule
from acwcli.analyse.summary import summary as _summary
from acwcli.errors import InputError, NoWrapsError, UsageError, did_you_mean
from acwcli.formats import detect
from acwcli.formats.frames import FileFrame, Kind
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.formats.roster import Roster
from acwcli.model.columns import COUNTED, LEGS, WRAP_FRAME
from acwcli.model.counts import RowCounts
from acwcli.model.derived import DERIVED, derived_columns
from acwcli.model.table import Column, Table
from acwcli.model.wraps import public_wraps
from acwcli.reconstruct.combine import Reconstructed, reconstruct
from acwcli.reconstruct.reconcile import reconcile

MEASURES = ("acw", "talk", "hold", "handle")
CONTRIBUTORS = ("agent_id", "queue", "channel", "disposition", "direction", "hour", "weekday", "ended_by")
_TEXTS = ("agent_id", "contact_id", "queue", "channel", "direction", "disposition")
FIRST_INSTANTS: dict[Kind, str] = {"states": "event_time", "contacts": "answered_at", "wraps": "wrap_start"}
_GROUPS = (*_TEXTS, *DERIVED, "method", "ended_by", "source")


@dataclass(frozen=True)
class WrapOptions:
    """How wraps are rebuilt and which of them count.

    Attributes:
        max_wrap_ms: a longer wrap is stuck.
        gap_cap_ms: infer wraps from gaps between contacts up to this length; None: never.
        since: first instant (inclusive) of `wrap_start`, or None.
        until: last instant (exclusive) of `wrap_start`, or None.
        where: SQL expression over wraps columns, or None.
        tz: zone of derived days and hours, of bare dates and of instants in `where`.
    """

    max_wrap_ms: int = 4 * 3_600_000
    gap_cap_ms: int | None = None
    since: str | None = None
    until: str | None = None
    where: str | None = None
    tz: str = "UTC"


@dataclass(frozen=True)
class Question:
    """What is measured and by which columns it is looked at.

    Attributes:
        of: `acw`, `talk`, `hold` or `handle`.
        groups: wraps, derived or roster columns.
    """

    of: str = "acw"
    groups: tuple[str, ...] = ()

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
        return frozenset((*lengths[self.of], *self.groups))


@dataclass
class Loaded:
    """Files as canonical frames.

    Attributes:
        files: the files in their order on the time line; a `file` column elsewhere is an index into this list.
        recognised: what each path was taken for, including files in folders that were skipped.
        counts: the account of each file.
    """

    files: list[FileFrame]
    recognised: list[detect.Recognised]
    counts: list[RowCounts]

    def of_kind(self, kind: Kind) -> pl.DataFrame | None:
        """All rows of one kind with `file` and `row`, in file order; None when there are none of that kind."""
        frames = [
            loaded.frame.with_columns(pl.lit(index, pl.UInt32).alias("file"))
            for index, loaded in enumerate(self.files)
            if loaded.kind == kind
        ]
        return pl.concat(frames, how="diagonal_relaxed") if frames else None

    def total(self) -> RowCounts:
        """The account of all files together."""
        return reduce(RowCounts.__add__, self.counts, RowCounts())

    def notes(self) -> list[str]:
        """What to say about reading: how files were read, and which were skipped."""
        skipped = [
            f"{item.probe.input.name}: skipped ({item.problem.removeprefix(item.probe.input.name + ': ')})"
            for item in self.recognised
            if item.format is None
        ]
        return [_said_of(file.source, note) for file in self.files for note in file.notes] + skipped

    def rejects(self) -> pl.DataFrame:
        """Every rejected row: source, row, reason, raw text on one line."""
        parts = []
        for loaded in self.files:
            raw = loaded.raw(loaded.rejects["row"].to_list())
            parts.append(
                loaded.rejects.select(
                    pl.lit(loaded.source).alias("source"),
                    "row",
                    "reason",
                    # A record of several lines stays one line here.
                    pl.col("row")
                    .replace_strict(raw, default="", return_dtype=pl.String)
                    .str.replace_all(r"\r\n|\r|\n", "\\n", literal=False)
                    .alias("raw"),
                )
            )
        return pl.concat(parts) if parts else pl.DataFrame(schema=["source", "row", "reason", "raw"])


@dataclass
class Wraps:
    """Every wrap of the input, whatever its status, after filters.

    Attributes:
        frame: the engine's wraps (lengths in ms, `file` index and `row` of origin) with roster columns.
        legs: contact legs for talk, hold and handle time; None unless asked for.
        loaded: the files behind it.
        notes: what a reader of the figures should know.
        roster_columns: what the roster brought.
    """

    frame: pl.DataFrame
    legs: pl.DataFrame | None
    loaded: Loaded
    options: WrapOptions
    notes: list[str] = field(default_factory=list)
    roster_columns: tuple[str, ...] = ()
    reconciliation: dict[str, float] = field(default_factory=dict)

    def statuses(self) -> dict[str, int]:
        """How many wraps have each status."""
        return dict(self.frame.group_by("status").len().sort("status").iter_rows())


def _said_of(source: str, note: str) -> str:
    return note if note.startswith(source) else f"{source}: {note}"


def load(paths: Sequence[str], options: ReadOptions) -> Loaded:
    """Find, recognise and read files.

    Raises:
        InputError: a path that cannot be read, or a named file nobody knows.
    """
    recognised = detect.recognise(find_inputs(paths), options)
    by_format: dict[str, list[detect.Recognised]] = {}
    for item in recognised:
        if item.format is not None:
            by_format.setdefault(item.format, []).append(item)
    files: list[FileFrame] = []
    for name, items in by_format.items():
        files.extend(detect.platform(name).read([item.probe for item in items], options))
    files.sort(key=_first_instant)
    counts = [
        RowCounts(file.read, Counter(file.ignored), Counter(dict(file.rejects["reason"].value_counts().iter_rows())))
        for file in files
    ]
    return Loaded(files, recognised, counts)


def refuse_bad_rows(loaded: Loaded, max_bad: float) -> None:
    """Stop where a file has too many rejected rows; apart from `load`, so that the rejects can be looked at first.

    Raises:
        InputError: more than the share `max_bad` of a file's rows are rejected.
    """
    for file, counts in zip(loaded.files, loaded.counts, strict=True):
        bad = counts.rejected.total()
        if bad > max_bad * file.read:
            reason, often = counts.rejected.most_common(1)[0]
            row = file.rejects.filter(pl.col("reason") == reason)["row"][0]
            raise InputError(
                f"{file.source}: {bad:,} of {file.read:,} rows are bad, more than --max-bad allows; "
                f"most often '{reason}' ({often:,}), first in row {row}. Look at them with --rejects FILE, "
                "or raise --max-bad if they do not matter"
            )


def _first_instant(loaded: FileFrame) -> tuple[bool, object, str]:
    """Files follow each other by their first instant, then by name."""
    clock = FIRST_INSTANTS[loaded.kind]
    first = loaded.frame[clock].min() if clock in loaded.frame.columns else None
    return (first is None, first or 0, loaded.source)


def wraps(loaded: Loaded, options: WrapOptions, needs: frozenset[str], roster: Roster | None = None) -> Wraps:
    """Rebuild and filter the wraps of loaded files.

    Args:
        loaded: the result of `load`.
        options: see `WrapOptions`.
        needs: wrap columns the question needs (internal names: `acw_ms`, not `acw_s`).
        roster: columns to join by agent, or None.

    Returns:
        Wraps of every status.
    """
    found = reconstruct(
        loaded.of_kind("states"),
        loaded.of_kind("contacts"),
        needs=needs,
        max_wrap_ms=options.max_wrap_ms,
        gap_cap_ms=options.gap_cap_ms,
    )
    given = loaded.of_kind("wraps")
    if given is not None:
        _add_given(found, given)
    for file, reasons in found.ignored.items():
        loaded.counts[file].ignored.update(reasons)
    result = Wraps(_complete(found.wraps), found.legs, loaded, options)
    if found.records is not None and {"contact_id", "acw_ms"} <= needs:
        result.reconciliation = reconcile(result.frame, found.records)
    if found.legs is not None:
        result.legs = _complete_legs(found.legs)
    if given is not None and LEGS in needs:
        result.notes.append("wraps files hold only contacts with a wrap; the talk of others is not in them")
    return _filtered(result, roster)


def _add_given(found: Reconstructed, given: pl.DataFrame) -> None:
    """Take wraps files as they are; the same wrap twice, or one rebuilt from the other files too, counts once."""
    repeated = ~given.select(pl.struct(pl.exclude("file", "row", "timed_out")).is_first_distinct()).to_series()
    if not found.wraps.is_empty():
        same = ("agent_id", "wrap_start", "acw_ms")
        rebuilt = found.wraps.select(pl.col("agent_id").cast(given.schema["agent_id"]), *same[1:], again=True).unique()
        repeated |= given.join(rebuilt, on=same, how="left", maintain_order="left")["again"].fill_null(False)
    repeated &= given["wrap_start"].is_not_null()
    found.ignore("duplicate", given.filter(repeated))
    given = given.filter(~repeated)
    found.wraps = given if found.wraps.is_empty() else pl.concat([found.wraps, given], how="diagonal_relaxed")
    if found.legs is not None or given["talk_ms"].null_count() < given.height:
        own = given.filter(pl.col("talk_ms").is_not_null()).with_columns(
            started_at="wrap_start",
            sure_talk=True,
            sure_acw=pl.col("status").is_in(COUNTED),
            # Of talk time, not of the wrap: what legs of states and of records say, too.
            method=pl.when(pl.col("method") == "state").then(pl.lit("state")).otherwise(pl.lit("duration")),
        )
        found.legs = own if found.legs is None else pl.concat([found.legs, own], how="diagonal_relaxed")


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Make sure every wrap column exists, null where nobody asked for it or knows it."""
    missing = {name: kind for name, kind in WRAP_FRAME.items() if name not in frame.columns and name != "source"}
    return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in missing.items())


def _complete_legs(legs: pl.DataFrame) -> pl.DataFrame:
    columns = (*_TEXTS, "method")
    legs = legs.with_columns(pl.lit(None, pl.String).alias(name) for name in columns if name not in legs.columns)
    return legs.with_columns(wrap_start="started_at")


def _filtered(result: Wraps, roster: Roster | None) -> Wraps:
    frame, legs = result.frame, result.legs
    if roster is not None:
        frame = roster.join(frame)
        legs = roster.join(legs) if legs is not None else None
        result.notes.extend(roster.notes)
    chosen = {name: getattr(result.options, name) for name in ("since", "until", "where", "tz")}
    frame, unplaced = select.select_rows(_with_source(frame, result.loaded), **chosen)
    if unplaced:
        result.notes.append(f"{unplaced:,} wraps without an instant are in no span of time (--since, --until)")
    if legs is not None:
        legs, _ = select.select_rows(_with_source(legs, result.loaded), **chosen)
    result.notes.extend(_mixed_evidence(frame, result.loaded))
    return replace(result, frame=frame, legs=legs, roster_columns=tuple(roster.columns) if roster else ())


def _mixed_evidence(frame: pl.DataFrame, loaded: Loaded) -> list[str]:
    """Methods are never mixed silently; state logs alone have one."""
    if all(file.kind == "states" for file in loaded.files):
        return []
    methods = frame.filter(pl.col("status").is_in(COUNTED)).group_by("method").len().sort("method")
    if methods.height < 2:
        return []
    listed = ", ".join(f"{count:,} {method}" for method, count in methods.iter_rows())
    first = methods["method"][0]
    return [f"wraps of mixed evidence: {listed}; --by method tells them apart, --where \"method = '{first}'\" picks one"]


def _with_source(frame: pl.DataFrame, loaded: Loaded) -> pl.DataFrame:
    """Name the file of each row; one dictionary entry per file, not a string per row."""
    names = pl.Series([item.source for item in loaded.files], dtype=pl.Categorical)
    return frame.with_columns(source=names.gather(frame["file"]) if frame.height else pl.lit(None, pl.Categorical))


def needs_of_where(where: str | None) -> frozenset[str]:
    """The wrap columns a condition needs, by their internal names."""
    names = select.columns_of(where) if where is not None else frozenset()
    return frozenset(
        name.removesuffix("_s") + "_ms" if f"{name.removesuffix('_s')}_ms" in WRAP_FRAME else name for name in names
    )


def observations(found: Wraps, question: Question) -> pl.LazyFrame:
    """One row per wrap (or contact) that counts, with `value_ms` and the columns the question groups by.

    Raises:
        UsageError: a group column nobody knows.
        NoWrapsError: nothing is left to compute with.
    """
    known = (*_GROUPS, *found.roster_columns)
    for name in question.groups:
        if name not in known:
            raise UsageError(f"unknown column '{name}'{did_you_mean(name, known)}; known: {', '.join(known)}")
    frame = _measured(found, question)
    if frame.is_empty():
        raise NoWrapsError(_why_nothing(found, question))
    derived = [name for name in question.groups if name in DERIVED]
    return frame.lazy().with_columns(derived_columns(derived, found.options.tz))


def _measured(found: Wraps, question: Question) -> pl.DataFrame:
    if question.of == "acw":
        return found.frame.filter(pl.col("status").is_in(COUNTED)).with_columns(value_ms="acw_ms")
    if found.legs is None:
        return found.frame.clear()
    talk, hold, acw = pl.col("talk_ms"), pl.col("hold_ms"), pl.col("acw_ms")
    value, sure = {
        "talk": (talk, pl.col("sure_talk")),
        "hold": (hold, pl.col("sure_talk")),
        "handle": (talk + hold.fill_null(0) + acw.fill_null(0), pl.col("sure_talk") & pl.col("sure_acw")),
    }[question.of]
    legs = found.legs.with_columns(value_ms=value, ended_by=pl.lit(None, pl.String))
    return legs.filter(pl.col("value_ms").is_not_null() & sure)


def _why_nothing(found: Wraps, question: Question) -> str:
    total = found.loaded.total()
    filters = [f"--{name}" for name in ("since", "until", "where") if getattr(found.options, name) is not None]
    left = f" that {', '.join(filters)} let through" if filters else ""
    if question.of != "acw":
        return f"no contact with a known {question.of} time{left} in {total.used:,} used rows"
    statuses = ", ".join(f"{count:,} {status}" for status, count in found.statuses().items()) or "none at all"
    records = any(file.kind == "contacts" for file in found.loaded.files)
    hint = "; --infer-gap gives an upper bound from contact records" if records and not found.frame.height else ""
    return (
        f"no usable wraps{left} in {total.read:,} rows (wraps found: {statuses}){hint}. "
        "acw inspect PATH shows what was read"
    )


def wraps_table(found: Wraps) -> Table:
    """The wraps contract: every wrap, ordered by agent, start and row.

    Raises:
        NoWrapsError: there is no wrap of any status.
    """
    if found.frame.is_empty():
        raise NoWrapsError(_why_nothing(found, Question()))
    return public_wraps(found.frame)


def summarise(found: Wraps, question: Question = Question(), *, limit_ms: int | None = None) -> Table:
    """How long wraps take: one row per group, or one for everyone."""
    return _summary(observations(found, question), question.groups, limit_ms, question.noun)


def diagnose(
    found: Wraps,
    question: Question = Question(groups=CONTRIBUTORS),
    *,
    within_ms: int | None = None,
    min_wraps: int = 20,
) -> Table:
    """Whether the mean tells the truth, and who makes it."""
    left_out = (
        found.frame.filter(~pl.col("status").is_in(COUNTED)).group_by("status").agg(pl.len(), pl.col("acw_ms").sum())
    )
    counts = {status: count for status, count, _ in left_out.iter_rows()}
    lengths = {status: length for status, _, length in left_out.iter_rows()}
    return _diagnose(observations(found, question), within_ms, min_wraps, question.noun, counts, lengths)


def flag(
    found: Wraps,
    question: Question = Question(groups=("agent_id",)),
    *,
    rules: Sequence[Rule],
    measure: str = "mean",
    peers: Sequence[str] = (),
    min_wraps: int = 20,
    every_agent: bool = False,
) -> Table:
    """The agents beyond a rule."""
    return _flag(observations(found, question), rules, measure, peers, min_wraps, question.noun, every_agent)


def rules(over: Iterable[str], under: Iterable[str]) -> list[Rule]:
    """Parse the rules of `--over` and `--under`; without any it is `over mean`."""
    found = [parse_rule("over", text) for text in over] + [parse_rule("under", text) for text in under]
    return found or [parse_rule("over", "mean")]


def measure(text: str) -> str:
    """Check `--measure` before any file is read."""
    parse_measure(text)
    return text


def formats() -> Table:
    """The known exports."""
    rows = []
    for name in detect.names():
        module = detect.platform(name)
        rows.append({"format": name, "title": module.TITLE, "kind": module.KIND, "method": module.METHOD})
    frame = pl.DataFrame(rows)
    return Table("formats", frame, tuple(Column(name) for name in frame.columns))


def inspect(found: Wraps, *, verbose: bool = False) -> Table:
    """What each file was taken for, and the account of its rows."""
    return inspection(_file_facts(found), verbose=verbose)


def _file_facts(found: Wraps) -> list[FileFacts]:
    matches = {item.probe.input.name: item for item in found.loaded.recognised}
    begun = dict(found.frame.group_by("file").len().iter_rows())
    facts = []
    for index, (loaded, counts) in enumerate(zip(found.loaded.files, found.loaded.counts, strict=True)):
        item = matches[loaded.source]
        clock = FIRST_INSTANTS[loaded.kind]
        times = loaded.frame[clock] if clock in loaded.frame.columns else pl.Series([], dtype=pl.Datetime("ms", "UTC"))
        best = item.matches[item.format] if item.format in item.matches else detect.Match(0)
        facts.append(
            FileFacts(
                loaded.source, item.format, loaded.kind, counts, loaded.frame["agent_id"].drop_nulls().n_unique(),
                begun.get(index, 0), times.min(), times.max(), best.why,
                loaded.details | _runners_up(item) | _reconciled(found, loaded.kind),
            )
        )  # fmt: skip
    skipped = [item for item in found.loaded.recognised if item.format is None]
    return facts + [FileFacts(item.probe.input.name, None, note=item.problem) for item in skipped]


def _runners_up(item: detect.Recognised) -> dict[str, str]:
    """What the other formats said: the runner-up and why not, and what is missing for the rest."""
    others = {name: match for name, match in item.matches.items() if name != item.format}
    return {
        f"not {name}": f"fits less well ({match.score:.2f}): {match.why}"
        if match.score
        else f"missing: {match.missing}"
        for name, match in others.items()
    }


def _reconciled(found: Wraps, kind: str) -> dict[str, str]:
    if kind != "contacts" or not found.reconciliation:
        return {}
    known = found.reconciliation
    return {
        "reconciliation": f"{known['both']:,} wraps in states and records, {known['differ']:,} of them more than 1 s apart "
        f"(totals {known['states_s']:.1f} s and {known['records_s']:.1f} s); "
        f"{known['states_only']:,} only in states, {known['records_only']:,} only in records"
    }
