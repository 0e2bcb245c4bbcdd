"""State log of any platform: one row per state change (agent, time, state), or per interval with an end."""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from acwcli.errors import DamagedError
from acwcli.formats.agents import one_spelling_of_parts, with_one_spelling
from acwcli.formats.alike import apart, as_one, groups
from acwcli.formats.columns import Chosen, columns_of
from acwcli.formats.duration_text import decide_duration, duration_ms
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.known_limits import OF_STATES, at_a_limit
from acwcli.formats.options import ReadOptions
from acwcli.formats.parted import NEWEST_FIRST, Parted
from acwcli.formats.rows import account, account_parted, collect, collect_each, picked, reject_reason, streamed
from acwcli.formats.times import Times
from acwcli.formats.words import fold, fold_expr, state_of, unit_ms, usual_state_spellings
from acwcli.model.columns import INSTANT, STATES
from acwcli.model.contact_hash import contact_hash

TITLE = "State log: agent, time, state (any platform)"
KIND = "states"
METHOD = "state"

COLUMNS = (
    "agent_id",
    "event_time",
    "state",
    "contact_id",
    "queue",
    "channel",
    "reason",
    "ended_at",
    "duration",
    "date",
    "time",
)
_NEEDED = ("agent_id", "event_time", "state")
_NO_AGENT = "no agent"
_UNREADABLE = ("unreadable time", "unreadable end", "ends before it starts")
_RAW_STATE = pl.Categorical(pl.Categories("state", "acwcli"))
_File = tuple[Grid, Chosen, Times]


def match(probe: Probe, options: ReadOptions) -> Match:
    """A table with agent, time and state columns whose state values are known words."""
    if probe.plain.kind == "text" and not probe.grid.columns:
        return Match(0, missing="a header")
    chosen = columns_of(probe.grid, COLUMNS, options)
    missing = [name for name in _NEEDED if name not in chosen]
    if missing:
        return Match(0, missing="no column for " + ", ".join(missing))
    values = probe.grid.sample.select(chosen.text("state").cast(pl.String).alias("state"))["state"].drop_nulls()
    own = _own_words(options.states)
    counted = Counter(values.to_list())
    known = sum(count for value, count in counted.items() if fold(value) in own or state_of(value))
    sure = "state" in options.columns or options.input_format is not None
    if not sure and values.len() and known < values.len() / 2:
        return Match(
            0, missing=f"known states (of {values.len()} values {known} are known, e.g. not '{values[0][:40]}')"
        )
    return Match(0.6, f"columns {chosen.said()}; {known} of {values.len()} sampled states known")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [at_a_limit(file, OF_STATES) for file in _read_each([probe.grid for probe in probes], options)]


def read_grid(grid: Grid, options: ReadOptions) -> FileFrame:
    """Read one file that is rows already."""
    (loaded,) = _read_each([grid], options)
    return loaded


def _read_each(grids: Sequence[Grid], options: ReadOptions) -> list[FileFrame]:
    columns = [columns_of(grid, COLUMNS, options) for grid in grids]
    clocks = [Times(grid, chosen, options) for grid, chosen in zip(grids, columns, strict=True)]
    files = list(zip(grids, columns, clocks, strict=True))
    for times in clocks:
        times.quick = True
    if options.parts:
        return [_read_parted(*file, options) for file in files]
    together = _read_together(files, options)
    others = [file for place, file in enumerate(files) if place not in together]
    alone = collect_each((_canonical(*file, options), file[0].source) for file in others)
    return with_one_spelling(
        _read_file(together.pop(place) if place in together else next(alone), *file, options)
        for place, file in enumerate(files)
    )


def _read_together(files: Sequence[_File], options: ReadOptions) -> dict[int, pl.DataFrame]:
    """The rows of files that are read the same way, by their places; without those of a damaged file and its like."""
    found: dict[int, pl.DataFrame] = {}
    for places in groups(_way(*file) for file in files):
        grids, (_, chosen, times) = [files[place][0] for place in places], files[places[0]]
        plan = _canonical(as_one(grids), chosen, times, options)
        with contextlib.suppress(DamagedError):  # which file it is shows when each is read by itself
            rows = collect(plan, grids[0].source)
            found |= zip(places, apart(rows, grids), strict=True)
    return found


def _way(grid: Grid, chosen: Chosen, times: Times) -> Hashable | None:
    """What files have in common whose rows one plan can read; None for a file that must be read by itself."""
    if grid.scanned is None or "duration" in chosen:
        return None
    clocks = times.settled([name for name in ("event_time", "ended_at") if name in chosen])
    return None if clocks is None else (grid.scanned.layout, tuple(chosen.parts.items()), clocks)


def _read_file(frame: pl.DataFrame, grid: Grid, chosen: Chosen, times: Times, options: ReadOptions) -> FileFrame:
    """What the rows of a file are that were collected with its clocks as they mostly are written."""
    if frame["reason"].null_count() < frame.height and frame["reason"].is_in(_UNREADABLE).any():
        times.quick = False
        frame = collect(_canonical(grid, chosen, times, options), grid.source)
    frame, unknown = _with_strange_states(frame, grid, chosen, options)
    frame = _with_wrap_reasons(frame, options)
    loaded = FileFrame(grid.source, "states", frame)
    frame = account(_agents_or_restarts(frame), grid, loaded)
    loaded.frame, notes = _in_time_order(frame)
    loaded.notes += [*times.notes(), *unknown, *notes]
    loaded.details |= {"columns": chosen.said(), "clock": times.said()}
    return loaded


def _read_parted(grid: Grid, chosen: Chosen, times: Times, options: ReadOptions) -> FileFrame:
    """Like `_read_file`, but the rows go to disk as they are parsed; what shows only then costs another pass."""

    def parsed(words: Mapping[str, str] | None = None) -> Parted:
        rows = _canonical(grid, chosen, times, options, words)
        return streamed(rows, grid.source, options.parts, everybody=True)

    rows, strange = parsed(), (pl.col("state").is_null() & pl.col("given state")).any()
    unreadable = pl.col("reason").is_in(_UNREADABLE).any().fill_null(False)
    slow, strangers = rows.rows().select(unreadable, strange.alias("strange")).collect(engine="streaming").row(0)
    if slow:
        times.quick = False
        rows = parsed()
        strangers = rows.rows().select(strange).collect(engine="streaming").item()
    unknown: list[str] = []
    if strangers:
        raw = grid.frame.select(chosen.text("state").cast(pl.String).alias("word")).unique()
        words, unknown = _strange_words(collect(raw, grid.source)["word"], options)
        rows = parsed(words)
    if "why" in rows.schema:
        rows = rows.then(lambda found: found.with_columns(state=_or_hidden_wrap(options)).drop("why"))
    loaded = FileFrame(grid.source, "states", pl.DataFrame())
    rows = account_parted(
        rows.then(lambda found: found.with_columns(_unless_restart()).drop("given state")), grid, loaded
    )
    rows, spelling = one_spelling_of_parts(rows)
    falls = rows.falls_in("event_time")
    loaded.put_on_disk(replace(rows, falls=falls))
    notes = [NEWEST_FIRST] if falls else []
    loaded.notes += [*times.notes(), *unknown, *notes, *spelling]
    loaded.details |= {"columns": chosen.said(), "clock": times.said()}
    return loaded


def _canonical(
    grid: Grid, chosen: Chosen, times: Times, options: ReadOptions, words: Mapping[str, str] | None = None
) -> pl.LazyFrame:
    """The canonical columns of all rows, each with the reason it is rejected for, if any.

    Args:
        grid: the file.
        chosen: its columns.
        times: its clocks.
        options: how to read.
        words: what every state word of the file means, where that is known.
    """
    state = chosen.text("state").cast(pl.String)
    columns = {
        "agent_id": chosen.text("agent_id").cast(pl.String).cast(pl.Categorical),
        "event_time": times.instant("event_time"),
        "state": _translated(state, grid, options) if words is None else _states_of(state, words),
    }
    columns |= _contact(chosen, options)
    columns |= {name: chosen.text(name).cast(pl.String) for name in _wanted(chosen, options)}
    if options.wrap_reasons and "reason" in chosen:
        columns["why"] = chosen.text("reason").cast(pl.String)
    given = {"event_time": times.text("event_time").is_not_null(), "state": state.is_not_null()}
    if "ended_at" in chosen or "duration" in chosen:
        columns["ended_at"], given["ended_at"] = _end(grid, chosen, times, columns["event_time"], options)
    values = picked(grid, options.rows).select(
        *(expr.alias(name) for name, expr in columns.items()),
        *(expr.alias(f"given {name}") for name, expr in given.items()),
        pl.col("__row").alias("row"),
        "picked",
        "__bad",
    )
    # A second step over the values, so that no text is parsed twice.
    checks = [
        (~pl.col("given state"), "no state"),
        (~pl.col("given event_time"), "no time"),
        (pl.col("event_time").is_null(), "unreadable time"),
    ]
    if "ended_at" in columns:
        checks.append((pl.col("given ended_at") & pl.col("ended_at").is_null(), "unreadable end"))
        checks.append((pl.col("ended_at") < pl.col("event_time"), "ends before it starts"))
    checks.append((pl.col("agent_id").is_null(), _NO_AGENT))
    return values.select(*columns, "given state", "row", "picked", reject_reason(checks))


def _contact(chosen: Chosen, options: ReadOptions) -> dict[str, pl.Expr]:
    """The contact id, or only what tells contacts apart where nobody will see the id: an eighth of the memory."""
    contact = chosen.text("contact_id").cast(pl.String) if "contact_id" in chosen else pl.lit(None, pl.String)
    return {"contact_id": contact} if "contact_id" in options.needs else {"contact_hash": contact_hash(contact)}


def _agents_or_restarts(frame: pl.DataFrame) -> pl.DataFrame:
    """A row without agent is a restart of the platform when its state is `unknown`, and else no row."""
    return frame.with_columns(_unless_restart()) if frame["agent_id"].null_count() else frame


def _unless_restart() -> pl.Expr:
    restart = (pl.col("reason") == _NO_AGENT) & (pl.col("state") == "unknown")
    return pl.when(~restart.fill_null(False)).then(pl.col("reason"))


def _wanted(chosen: Chosen, options: ReadOptions) -> list[str]:
    return [name for name in ("queue", "channel") if name in chosen and (name == "channel" or name in options.needs)]


def _end(grid: Grid, chosen: Chosen, times: Times, start: pl.Expr, options: ReadOptions) -> tuple[pl.Expr, pl.Expr]:
    """The end of an interval and whether one is given: as recorded, else start + duration; else it is still open."""
    if "ended_at" in chosen:
        return times.instant("ended_at"), ~_no_value(times.text("ended_at"))
    text = chosen.text("duration")
    header = chosen.parts["duration"][0]
    form = decide_duration(
        grid.frame.select(header), grid.sample[header], name=header, source=grid.source,
        unit_ms=options.units_ms.get("duration") or unit_ms(header) or 1000,
    )  # fmt: skip
    end = (start + pl.duration(milliseconds=duration_ms(text, form), time_unit="ms")).cast(INSTANT)
    return end, ~_no_value(text)


def _no_value(text: pl.Expr) -> pl.Expr:
    return text.is_null() | text.cast(pl.String).str.to_lowercase().is_in(["-", "n/a", "null", "none", "\\n"])


def _own_words(states: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(word): state for state, words in states.items() for word in words}


def _translated(state: pl.Expr, grid: Grid, options: ReadOptions) -> pl.Expr:
    """State words as states; null for a word that was not foreseen (see `_with_strange_states`)."""
    sampled = grid.sample.select(state.alias("word"))["word"].unique().drop_nulls().to_list()
    if not options.states and all(state_of(word) == word for word in sampled):
        return state.cast(pl.Enum(STATES), strict=False)  # our own names: twice as fast as a translation
    return _states_of(state, _spellings(sampled, options))


def _states_of(state: pl.Expr, words: Mapping[str, str]) -> pl.Expr:
    """Read words as states: with the words in the order of their states, a word's place tells its state's place."""
    in_order = sorted((STATES.index(name), word) for word, name in words.items())
    place = state.cast(pl.Enum([word for _, word in in_order]), strict=False).to_physical()
    firsts = [bisect_left(in_order, (of_state, "")) for of_state in range(1, len(STATES))]
    code = pl.sum_horizontal((place >= first).cast(pl.UInt8) for first in firsts)
    return pl.when(place.is_not_null()).then(code).cat.to(pl.Enum(STATES))


def _spellings(sampled: Sequence[str], options: ReadOptions) -> dict[str, str]:
    """State words as files write them → state: those of the sample, and the usual ones in their usual spellings."""
    own = _own_words(options.states)
    known = {**{word: state_of(word) for word in sampled}, **usual_state_spellings()}
    said = {word: own.get(fold(word)) for word in known} if own else {}
    read = {word: said.get(word) or state for word, state in known.items()}
    return {word: state for word, state in read.items() if state is not None}


def _with_strange_states(
    frame: pl.DataFrame, grid: Grid, chosen: Chosen, options: ReadOptions
) -> tuple[pl.DataFrame, list[str]]:
    """Look again at words that were not foreseen: one may be known all the same, any other is some other state."""
    if not (frame["state"].is_null() & frame["given state"]).any():
        return frame.drop("given state"), []
    raw = collect(grid.frame.select(chosen.text("state").cast(pl.String).cast(_RAW_STATE).alias("word")), grid.source)
    states, notes = _strange_words(raw["word"].unique().cast(pl.String), options)
    state = raw["word"].cast(pl.String).replace_strict(states, default=None, return_dtype=pl.Enum(STATES))
    return frame.with_columns(state.alias("state")).drop("given state"), notes


def _strange_words(words: pl.Series, options: ReadOptions) -> tuple[dict[str, str], list[str]]:
    """What each distinct word of a file means, and what to say about those nobody knows."""
    own = _own_words(options.states)
    known = {word: own.get(fold(word)) or state_of(word) for word in words.drop_nulls().to_list()}
    strange = sorted(word for word, name in known.items() if name is None)
    states = {word: state or "other" for word, state in known.items()}
    if not strange:
        return states, []
    shown = ", ".join(f"'{word}'" for word in strange[:5]) + (" …" if len(strange) > 5 else "")
    return states, [f"states read as 'other': {shown} (name them with --state acw=…)"]


def _with_wrap_reasons(frame: pl.DataFrame, options: ReadOptions) -> pl.DataFrame:
    """Not ready for one of the user's `--wrap-reason` is wrap-up."""
    return frame.with_columns(state=_or_hidden_wrap(options)).drop("why") if "why" in frame.columns else frame


def _or_hidden_wrap(options: ReadOptions) -> pl.Expr:
    wraps = fold_expr(pl.col("why")).is_in([fold(reason) for reason in options.wrap_reasons or ()])
    hidden = ((pl.col("state") == "not_ready") & wraps).fill_null(False)
    return pl.when(hidden).then(pl.lit("acw")).otherwise("state").cast(pl.Enum(STATES))


def _in_time_order(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """A file whose clocks only fall is newest first: read it from its end."""
    times = frame["event_time"].drop_nulls()
    if times.len() > 1 and times[0] != times[-1] and times.is_sorted(descending=True):
        return frame.reverse(), [NEWEST_FIRST]
    return frame, []
