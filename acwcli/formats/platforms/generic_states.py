"""State log of any platform: one row per state change (agent, time, state), or per interval with an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.formats.agents import one_spelling
from acwcli.formats.columns import Chosen, choose
from acwcli.formats.duration_text import decide_duration, duration_ms
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.rows import account, picked, reject_reason
from acwcli.formats.times import Times
from acwcli.formats.words import column_unit, fold, state_of
from acwcli.model.columns import INSTANT, STATES

TITLE = "State log: agent, time, state (any platform)"
KIND = "states"
METHOD = "state"

_COLUMNS = (
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
_RAW_STATE = pl.Categorical(pl.Categories("state", "acwcli"))


def match(probe: Probe, options: ReadOptions) -> Match:
    """A table with agent, time and state columns whose state values are known words."""
    if probe.plain.kind == "text" and not probe.grid.columns:
        return Match(0, missing="a header")
    chosen = choose(probe.grid, _COLUMNS, _mapped(probe.grid, options))
    missing = [name for name in _NEEDED if name not in chosen]
    if missing:
        return Match(0, missing="no column for " + ", ".join(missing))
    values = probe.grid.sample.select(chosen.text("state").cast(pl.String).alias("state"))["state"].drop_nulls()
    own = _own_words(options.states)
    known = [value for value in values if fold(value) in own or state_of(value)]
    if "state" not in options.columns and values.len() and len(known) < values.len() / 2:
        return Match(
            0, missing=f"known states (of {values.len()} values {len(known)} are known, e.g. not '{values[0][:40]}')"
        )
    return Match(0.6, f"columns {chosen.said()}; {len(known)} of {values.len()} sampled states known")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [_read(probe.grid, options) for probe in probes]


def _mapped(grid: Grid, options: ReadOptions) -> Mapping[str, str]:
    return {name: target for name, target in options.columns.items() if name in _COLUMNS}


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    chosen = choose(grid, _COLUMNS, _mapped(grid, options))
    times = Times(grid, chosen, options)
    frame = picked(grid, options.rows).select(*_columns(grid, chosen, times, options)).collect(engine="streaming")
    loaded = FileFrame(grid.source, "states", frame)
    frame = account(frame, grid, loaded)
    frame, unknown = _with_states(frame, options)
    frame, notes = _in_time_order(frame)
    agents, spelling = one_spelling(frame["agent_id"])
    loaded.frame = frame.with_columns(agents)
    loaded.notes += [*times.notes(), *unknown, *notes, *spelling]
    loaded.details |= {"columns": chosen.said(), "clock": times.said()}
    return loaded


def _columns(grid: Grid, chosen: Chosen, times: Times, options: ReadOptions) -> list[pl.Expr]:
    agent, state = chosen.text("agent_id").cast(pl.String), chosen.text("state").cast(pl.String)
    event_time = times.instant("event_time")
    checks = [
        (agent.is_null() & (state.is_null() | (state.str.to_lowercase() != "unknown")), "no agent"),
        (state.is_null(), "no state"),
        (times.text("event_time").is_null(), "no time"),
        (event_time.is_null(), "unreadable time"),
    ]
    columns = {"agent_id": agent.cast(pl.Categorical), "event_time": event_time, "raw_state": state.cast(_RAW_STATE)}
    columns["contact_id"] = (
        chosen.text("contact_id").cast(pl.String) if "contact_id" in chosen else pl.lit(None, pl.String)
    )
    columns |= {name: chosen.text(name).cast(pl.String) for name in _wanted(chosen, options)}
    if "ended_at" in chosen or "duration" in chosen:
        columns["ended_at"], ended_checks = _end(grid, chosen, times, event_time)
        checks += ended_checks
    return [
        *(expr.alias(name) for name, expr in columns.items()),
        pl.col("__row").alias("row"),
        "picked",
        reject_reason(checks),
    ]


def _wanted(chosen: Chosen, options: ReadOptions) -> list[str]:
    return [name for name in ("queue", "channel") if name in chosen and (name == "channel" or name in options.needs)]


def _end(grid: Grid, chosen: Chosen, times: Times, start: pl.Expr) -> tuple[pl.Expr, list[tuple[pl.Expr, str]]]:
    """The end of an interval: as recorded, else start + duration; an interval without either is still open."""
    if "ended_at" in chosen:
        text, end = times.text("ended_at"), times.instant("ended_at")
    else:
        text = chosen.text("duration")
        header = chosen.parts["duration"][0]
        form = decide_duration(
            grid.frame.select(header), grid.sample[header], name=header, source=grid.source,
            unit_ms=1 if column_unit(header) == "ms" else 1000,
        )  # fmt: skip
        end = (start + pl.duration(milliseconds=duration_ms(text, form), time_unit="ms")).cast(INSTANT)
    given = ~_no_value(text)
    return end, [(given & end.is_null(), "unreadable end"), (end < start, "ends before it starts")]


def _no_value(text: pl.Expr) -> pl.Expr:
    return text.is_null() | text.cast(pl.String).str.to_lowercase().is_in(["-", "n/a", "null", "none", "\\n"])


def _own_words(states: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(word): state for state, words in states.items() for word in words}


def _with_states(frame: pl.DataFrame, options: ReadOptions) -> tuple[pl.DataFrame, list[str]]:
    """Translate state words; an unknown word is some other state, and said."""
    own = _own_words(options.states)
    words = frame["raw_state"].unique().drop_nulls().cast(pl.String).to_list()
    known = {word: own.get(fold(word)) or state_of(word) for word in words}
    codes = pl.Series(words, dtype=_RAW_STATE).to_physical().to_list()
    physical = {code: state or "other" for code, state in zip(codes, known.values(), strict=True)}
    state = frame["raw_state"].to_physical().replace_strict(physical, default=None, return_dtype=pl.Enum(STATES))
    notes = []
    if strange := sorted(word for word, state_name in known.items() if state_name is None):
        shown = ", ".join(f"'{word}'" for word in strange[:5]) + (" …" if len(strange) > 5 else "")
        notes.append(f"states read as 'other': {shown} (name them with --state acw=…)")
    return frame.with_columns(state.alias("state")).drop("raw_state"), notes


def _in_time_order(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """A file whose clocks only fall is newest first: read it from its end."""
    times = frame["event_time"].drop_nulls()
    if times.len() > 1 and times[0] != times[-1] and times.is_sorted(descending=True):
        return frame.reverse(), ["newest first: read from its end"]
    return frame, []
