"""A profile put upon a file: columns found, cells cleaned, rows that are no data counted and taken out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, TypeVar

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.columns import Chosen
from acwcli.formats.duration_text import decide_duration, duration_ms
from acwcli.formats.grid import BAD, ROW, Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.profile import Condition, Profile
from acwcli.formats.times import Times
from acwcli.formats.words import STATE_WORDS, column_unit, fold, fold_expr
from acwcli.model.columns import CONTACT_FRAME, INSTANT, STATE_FRAME
from acwcli.model.counts import counted

_Rule = TypeVar("_Rule", str, tuple[str, ...])
_OWN = "{} (profile)"
_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")  # 'Total ACW (ms)'
_INSTANTS = {name for name, kind in (STATE_FRAME | CONTACT_FRAME).items() if kind == INSTANT}


class Prepared(NamedTuple):
    """A file as its profile sees it: fit for the readers of state logs and contact records.

    Attributes:
        grid: the file with cleaned and added columns, without rows that are no data.
        options: how to read it: `columns`, `states`, `units_ms`, clock and zone of the profile, the user's flags first.
        notes: what to say.
    """

    grid: Grid
    options: ReadOptions
    notes: list[str]


def find_column(spelling: str, headers: Sequence[str]) -> str | None:
    """Return the header meant (case, spaces and light punctuation do not matter), or a path into a JSON column."""
    if spelling in headers:
        return spelling
    word = fold(spelling)
    for by_word in _by_word(tuple(headers)):
        if (found := by_word.get(word)) is not None:
            return found
    first, dot, _ = spelling.partition(".")
    return spelling if dot and first in headers else None


@lru_cache(maxsize=8)
def _by_word(headers: tuple[str, ...]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Folded header → header, and the same without units; of two that fold alike the first."""
    first = headers[::-1]
    return {fold(header): header for header in first}, {fold(_UNIT.sub("", header)): header for header in first}


def as_mapped(profile: Profile, columns: Mapping[str, str]) -> Profile:
    """A profile whose columns, in its rules too, are those the user maps: the same export in another language."""
    mapped = {name: (header, *profile.columns.get(name, ())) for name, header in columns.items()}
    return profile._replace(columns={**profile.columns, **mapped})


def named_column(name: str, profile: Profile, headers: Sequence[str]) -> str | None:
    """Return the column a profile speaks of: a header, or the one found for a canonical name or another spelling."""
    if name in headers:
        return name
    meant = profile.columns.get(name)
    if meant is None and (found := find_column(name, headers)) is not None:
        return found
    if meant is None:
        meant = next((spellings for spellings in profile.columns.values() if name in spellings), ())
    parts = first_found(meant, headers)
    return parts[0] if parts else None


def found_parts(spelling: str, headers: Sequence[str]) -> list[str] | None:
    """Return the header, or the two headers of `date+time`; None when one is not there."""
    if (whole := find_column(spelling, headers)) is not None:
        return [whole]
    parts = [find_column(part.strip(), headers) for part in spelling.split("+")]
    return [part for part in parts if part] if len(parts) == 2 and all(parts) else None


def first_found(spellings: Sequence[str], headers: Sequence[str]) -> list[str] | None:
    """Return the first of several spellings that is there."""
    return next((parts for text in spellings if (parts := found_parts(text, headers)) is not None), None)


def prepare(grid: Grid, profile: Profile, options: ReadOptions) -> Prepared:
    """Put a profile upon a file.

    Raises:
        InputError: the file has no column for something the profile cannot do without.
    """
    headers = grid.columns
    columns = {name: parts for name, given in profile.columns.items() if (parts := first_found(given, headers))}
    for name in ("agent_id", "event_time", "state") if profile.kind == "states" else ("agent_id",):
        if name not in columns and name not in options.columns and name not in profile.constants:
            wanted = " or ".join(f"'{header}'" for header in profile.columns[name])
            raise InputError(
                f"{grid.source}: no column {wanted}, which {profile.name} needs; map it with --map {name}=…"
            )
    cells = _Cells(grid, profile)
    added = _cleaned(cells, columns)
    added |= _derived(cells, profile, columns, () if options.wrap_reasons is not None else profile.wrap_reasons)
    notes = [] if profile.most_rows is None else _truncated(grid, profile.most_rows)
    notes += _warnings(grid, profile, cells)
    grid, ignored = _without(grid, profile, cells)
    frame = grid.frame.with_columns(**added)
    sample = grid.sample.with_columns(**added)
    names = [*headers, *(name for name in added if name not in headers)]
    own = {name: "+".join(parts) for name, parts in columns.items()}
    own |= {
        name: _OWN.format(name) for name in (*profile.constants, "state", "timed_out") if _OWN.format(name) in added
    }
    options = replace(options, time_format=options.time_format or _time_format(sample, profile, columns))
    prepared = replace(grid, columns=names, frame=frame, sample=sample, ignored=grid.ignored + ignored)
    units = dict(profile.units_ms) | _checked_units(prepared, profile, own, options)
    return Prepared(prepared, _options(profile, options, own, units), notes)


def _options(profile: Profile, options: ReadOptions, own: Mapping[str, str], units: Mapping[str, int]) -> ReadOptions:
    """What the profile says about reading; the user's own words come first."""
    zone, said = _zone(profile, options)
    return replace(
        options,
        columns={**own, **options.columns},
        states={
            state: (*options.states.get(state, ()), *profile.states.get(state, ()))
            for state in {**profile.states, **options.states}
        },
        units_ms=units,
        only_mapped=True,
        tz=zone,
        tz_from=said,
        time_format=options.time_format,
        usual_order=profile.date_order,
    )


def _zone(profile: Profile, options: ReadOptions) -> tuple[str, str]:
    """The zone of times without offset: the user's `--tz`, else the profile's own; and what a note says of it."""
    if profile.tz is None or profile.tz == options.tz:
        return options.tz, options.tz_from
    if not options.tz_given:
        return profile.tz, f"profile {profile.name}"
    return options.tz, f"{options.tz_from}, not {profile.tz} as profile {profile.name} says"


class _Cells:
    """The cells of a file by the names a profile uses: headers, other spellings, paths into JSON."""

    def __init__(self, grid: Grid, profile: Profile) -> None:
        self._grid = grid
        self._profile = profile

    def text(self, column: str) -> pl.Expr | None:
        """A cell as cleaned text; None when the file has no such column."""
        name = named_column(column, self._profile, self._grid.columns)
        if name is None:
            return None
        cell = self._inside(name) if name not in self._grid.columns else pl.col(name).cast(pl.String)
        if off := _of_header(self._profile.strip, name):
            bare = cell.str.strip_chars(off).str.strip_chars()
            cell = pl.when(bare != "").then(bare)
        if words := _of_header(self._profile.empty, name):
            cell = pl.when(~cell.str.to_lowercase().is_in([word.lower() for word in words])).then(cell)
        return cell

    def is_cleaned(self, column: str) -> bool:
        """Whether the cell is not simply the file's own."""
        name = find_column(column, self._grid.columns)
        rules = (_of_header(self._profile.strip, str(name)), _of_header(self._profile.empty, str(name)))
        return name not in self._grid.columns or any(rules)

    def meets(self, condition: Condition) -> pl.Expr | None:
        """Whether a row meets a condition; None when the file has no such column."""
        cell = self.text(condition.column)
        if cell is None:
            return None
        if condition.test == "empty":
            return cell.is_null() == condition.wanted
        lower, texts = cell.str.to_lowercase(), [text.lower() for text in condition.texts]
        met = {
            "is": lower.is_in(texts),
            "starts": pl.any_horizontal(lower.str.starts_with(text) for text in texts),
            "contains": lower.str.contains_any(texts),
        }[condition.test]
        return met.fill_null(False) == condition.wanted

    def _inside(self, path: str) -> pl.Expr:
        first, _, rest = path.partition(".")
        return pl.col(first).cast(pl.String).str.json_path_match(f"$.{rest}")


def _of_header(rules: Mapping[str, _Rule], name: str) -> _Rule | None:
    return next((rule for header, rule in rules.items() if fold(header) == fold(name)), None)


def _cleaned(cells: _Cells, columns: Mapping[str, Sequence[str]]) -> dict[str, pl.Expr]:
    """The columns whose cells are not simply the file's own, under their headers."""
    found: dict[str, pl.Expr] = {}
    for header in (part for parts in columns.values() for part in parts):
        text = cells.text(header)
        if text is not None and cells.is_cleaned(header):
            found[header] = text
    return found


def _derived(
    cells: _Cells, profile: Profile, columns: Mapping[str, Sequence[str]], wrap_reasons: Sequence[str]
) -> dict[str, pl.Expr]:
    """Columns the file does not have: constants, time-outs, wrap-up told by a reason (the user's are told later)."""
    found = {_OWN.format(name): pl.lit(text) for name, text in profile.constants.items() if name not in columns}
    if profile.timed_out is not None and (met := cells.meets(profile.timed_out)) is not None:
        found[_OWN.format("timed_out")] = pl.when(met).then(pl.lit("true")).otherwise(pl.lit("false"))
    if wrap_reasons and "reason" in columns:
        state = cells.text(columns["state"][0]) if "state" in columns else found.get(_OWN.format("state"))
        reason = cells.text(columns["reason"][0])
        if state is not None and reason is not None:
            # A row that ends a pause may carry the reason too.
            pauses = [fold(word) for word in profile.states.get("not_ready", ())] or [
                word for word, meant in STATE_WORDS.items() if meant == "not_ready"
            ]
            wraps = fold_expr(reason).is_in([fold(word) for word in wrap_reasons])
            wraps = (wraps & fold_expr(state).is_in(pauses)).fill_null(False)
            found[_OWN.format("state")] = pl.when(wraps).then(pl.lit("acw")).otherwise(state)
    return found


def _time_format(sample: pl.DataFrame, profile: Profile, columns: Mapping[str, Sequence[str]]) -> str | None:
    """The first pattern that reads every instant of the sample; the data decides where none does."""
    instants = [parts for name, parts in columns.items() if name in _INSTANTS and all(p in sample for p in parts)]
    if not profile.time_formats or not instants:
        return None
    texts = pl.concat([sample.select(pl.concat_str(parts, separator=" ").alias("t")) for parts in instants])["t"]
    texts = texts.drop_nulls()
    for pattern in profile.time_formats:
        if texts.len() and not texts.str.to_datetime(pattern, strict=False).null_count():
            return pattern
    return None


def _warnings(grid: Grid, profile: Profile, cells: _Cells) -> list[str]:
    met = {place: cells.meets(rule) for place, rule in enumerate(profile.warn)}
    asked = {str(place): condition.sum() for place, condition in met.items() if condition is not None}
    if not asked:
        return []
    counts = grid.frame.select(**asked).collect(engine="streaming").row(0, named=True)
    return [
        f"{grid.source}: {profile.warn[int(place)].say} ({counted(count, 'row')})"
        for place, count in counts.items()
        if count
    ]


def _truncated(grid: Grid, most: int) -> list[str]:
    rows = grid.frame.select(pl.len()).collect(engine="streaming").item()
    return [f"{grid.source}: exactly {most:,} rows, where the platform cuts its export: rows may be missing"] * (
        rows == most
    )


def _without(grid: Grid, profile: Profile, cells: _Cells) -> tuple[Grid, Counter[str]]:
    """Take out the rows that the profile calls no data."""
    reason: pl.Expr = pl.lit(None, pl.String)
    for rule in reversed(profile.ignore):
        if (met := cells.meets(rule)) is not None:
            reason = pl.when(met).then(pl.lit(rule.say)).otherwise(reason)
    reason = pl.when(pl.col(BAD).is_null()).then(reason)
    counts = grid.frame.select(reason.alias("reason")).drop_nulls().group_by("reason").len()
    ignored = Counter(dict(counts.collect(engine="streaming").iter_rows()))
    if not ignored:
        return grid, ignored
    return replace(
        grid, frame=grid.frame.filter(reason.is_null()), sample=grid.sample.filter(reason.is_null())
    ), ignored


def _named_unit(header: str) -> str | None:
    """The unit a header names, also where the rest of it is no known word."""
    in_brackets = _UNIT.search(header)
    return column_unit(header) or (column_unit(f"ACW {in_brackets[0]}") if in_brackets else None)


def _checked_units(grid: Grid, profile: Profile, own: Mapping[str, str], options: ReadOptions) -> dict[str, int]:
    """Bare numbers are seconds or milliseconds: whichever makes a length equal the time between its two instants."""
    lengths = [name for name in ("acw_s", "talk_s", "hold_s", "duration") if name in own]
    named = {name: {"ms": 1, "s": 1000}[unit] for name in lengths if (unit := _named_unit(own[name]))}
    if named or not profile.unit_check:
        return named
    length, start, end = (find_column(column, grid.columns) for column in profile.unit_check)
    if length is None or start is None or end is None or column_unit(length) is not None:
        return {}
    clocks = replace(options, usual_order=profile.date_order)
    form = decide_duration(grid.frame.select(length), grid.sample[length], name=length, source=grid.source)
    if form.kind != "number":
        return {}
    times = Times(grid, Chosen({"answered_at": (start,), "ended_at": (end,)}), clocks)
    between = (times.instant("ended_at") - times.instant("answered_at")).dt.total_milliseconds()
    apart = grid.sample.lazy().select(length=duration_ms(pl.col(length), form), between=between).drop_nulls()
    seconds = apart.filter((pl.col("length") > 0) & (pl.col("between") > 0)).collect()
    if seconds.is_empty():
        return {}
    ratio = float(seconds["length"].sum()) / float(seconds["between"].sum())
    return dict.fromkeys(lengths, 1 if ratio > 30 else 1000)


def older_versions(grids: Sequence[Grid], profile: Profile, options: ReadOptions) -> list[list[int]]:
    """The rows of each file that a later version of the same record replaces.

    A record is delivered again with the same key; the latest `newest_by` stays, of equal ones the last row read.
    """
    parts = []
    for place, grid in enumerate(grids):
        keys = [find_column(key, grid.columns) for key in profile.key]
        stamp = find_column(profile.newest_by, grid.columns) if profile.newest_by else None
        if not keys or None in keys or (profile.newest_by and stamp is None):
            continue
        named = [pl.col(str(key)).cast(pl.String) for key in keys]
        version = (
            Times(grid, Chosen({"event_time": (stamp,)}), options).instant("event_time") if stamp else pl.lit(None)
        )
        parts.append(
            grid.frame.filter(pl.col(BAD).is_null() & pl.all_horizontal(key.is_not_null() for key in named))
            .select(file=pl.lit(place), row=pl.col(ROW), key=pl.struct(named).hash(), version=version.cast(pl.Int64))
        )  # fmt: skip
    older: list[list[int]] = [[] for _ in grids]
    if not parts:
        return older
    rows = pl.concat(parts).collect(engine="streaming").sort("version", "file", "row", nulls_last=False)
    for file, row in rows.filter(~pl.col("key").is_last_distinct()).select("file", "row").iter_rows():
        older[file].append(row)
    return older


def without_rows(grid: Grid, rows: Sequence[int], reason: str) -> Grid:
    """Take rows out and count them."""
    if not rows:
        return grid
    stays = ~pl.col(ROW).is_in(list(rows))
    ignored = grid.ignored + Counter({reason: len(rows)})
    return replace(grid, frame=grid.frame.filter(stays), sample=grid.sample.filter(stays), ignored=ignored)
