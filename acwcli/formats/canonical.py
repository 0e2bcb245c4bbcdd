"""For formats whose columns are known by name: expressions → the canonical frame of a file, every row accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.agents import one_spelling
from acwcli.formats.duration_text import decide_duration, duration_ms
from acwcli.formats.frames import FileFrame, Kind, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.parted import NEWEST_FIRST
from acwcli.formats.rows import account, picked, reject_reason
from acwcli.formats.words import fold, fold_expr, state_of
from acwcli.model.columns import AGGREGATE_FRAME, CONTACT_FRAME, STATES

Checks = Sequence[tuple[pl.Expr, str]]
"""(condition, reason): the first that applies names the row; a null condition does not apply."""

_NOTHING = ("", "\\n", "null", "none", "[none]", "[deleted]", "-", "--", "n/a", "na")


def sure(probe: Probe, found: Match) -> Grid:
    """Return the rows of a file that fits; `--input-format` can force a format on any file.

    Raises:
        InputError: it does not fit.
    """
    if not found.score:
        raise InputError(f"{probe.input.name}: cannot be read in this format ({found.missing}); see acw formats")
    return probe.grid


def headers(columns: Sequence[str], names: Iterable[str]) -> dict[str, str]:
    """Return name → header as written, for the names a file has; case, blanks and light punctuation do not count."""
    written = {fold(header): header for header in reversed(columns)}
    return {name: written[fold(name)] for name in names if fold(name) in written}


def cell(header: str) -> pl.Expr:
    """Return a column as text; `\\N`, `NULL`, `[None]`, `[Deleted]`, `-`, `N/A` and the like are null."""
    text = pl.col(header).cast(pl.String)
    return pl.when(~text.str.to_lowercase().is_in(_NOTHING)).then(text)


def length(grid: Grid, header: str, unit_ms: int = 1000) -> pl.Expr:
    """Return a column of lengths as integer ms, its one form (seconds, H:MM:SS, …) decided from all values."""
    form = decide_duration(
        grid.frame.select(header), grid.sample[header], name=header, source=grid.source, unit_ms=unit_ms
    )
    return duration_ms(pl.col(header), form)


def length_checks(header: str, ms: pl.Expr) -> list[tuple[pl.Expr, str]]:
    """Reject lengths that cannot be read or are negative."""
    return [(cell(header).is_not_null() & ms.is_null(), f"unreadable {header}"), (ms < 0, f"negative {header}")]


def canonical(
    grid: Grid,
    kind: Kind,
    columns: Mapping[str, pl.Expr],
    options: ReadOptions,
    *,
    checks: Checks = (),
    ignored: Checks = (),
) -> FileFrame:
    """Read a file whose columns are known.

    Args:
        grid: the file.
        kind: which canonical frame it is.
        columns: canonical name → expression over the file's columns; further names stay in the frame.
        options: how to read; `rows` picks rows.
        checks: why a row is rejected.
        ignored: why a row is no data of this kind; goes before `checks`.

    Returns:
        The file. Rejected rows of state logs stay in their place, marked; those of other kinds are gone.
    """
    unused = pl.lit(None, pl.String)
    for condition, reason in reversed(ignored):
        unused = pl.when(condition).then(pl.lit(reason)).otherwise(unused)
    chosen = picked(grid, options.rows).select(
        *(expr.alias(name) for name, expr in columns.items()),
        *([pl.struct(pl.col(name) for name in grid.columns).hash().alias("row_hash")] if kind == "contacts" else []),
        pl.col("__row").alias("row"),
        "picked",
        pl.when(pl.col("__bad").is_null()).then(unused).alias("unused"),
        reject_reason([(condition & unused.is_null(), reason) for condition, reason in checks]),
    )
    frame = chosen.with_columns(pl.col("agent_id").cast(pl.Categorical)).collect(engine="streaming")
    loaded = FileFrame(grid.source, kind, frame)
    frame = _without_unused(account(frame, grid, loaded), loaded)
    if kind != "states" and "rejected" in frame.columns:
        frame = frame.filter(~pl.col("rejected")).drop("rejected")
    agents, spelling = one_spelling(frame["agent_id"])
    loaded.frame = _complete(frame.with_columns(agents), kind)
    loaded.notes += spelling
    return loaded


def _without_unused(frame: pl.DataFrame, loaded: FileFrame) -> pl.DataFrame:
    for reason, count in frame["unused"].drop_nulls().value_counts().iter_rows():
        loaded.ignored[reason] += count
    return frame.filter(pl.col("unused").is_null()).drop("unused")


def _complete(frame: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    frames = {"contacts": CONTACT_FRAME, "aggregates": AGGREGATE_FRAME}
    missing = frames.get(kind, {})
    return frame.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in missing.items() if name not in frame.columns
    )


def finish_states(
    loaded: FileFrame, options: ReadOptions, own: Mapping[str, str], *, wrap_reasons: bool = False
) -> FileFrame:
    """Turn `raw_state` words into states, wrap-up reasons into ACW, and read a newest-first file from its end.

    Args:
        loaded: state rows with `raw_state` (String) in place of `state`, perhaps `raw_reason` as well.
        options: `states` are the user's words, `wrap_reasons` the user's reasons.
        own: the platform's words (folded) that mean something else than anywhere else.
        wrap_reasons: whether `not_ready` with one of the user's reasons is wrap-up.
    """
    said = {fold(word): state for state, listed in options.states.items() for word in listed}
    frame = loaded.frame
    words = frame["raw_state"].unique().drop_nulls().sort().to_list()
    known = {word: said.get(fold(word)) or own.get(fold(word)) or state_of(word) for word in words}
    strange = [f"'{word}'" for word, state in known.items() if state is None]
    if strange:
        shown = ", ".join(strange[:5]) + (" …" if len(strange) > 5 else "")
        loaded.notes.append(f"states read as 'other': {shown} (name them with --state acw=…)")
    states = {word: state or "other" for word, state in known.items()}
    frame = frame.with_columns(
        state=pl.col("raw_state").replace_strict(states, default=None, return_dtype=pl.Enum(STATES))
    )
    if wrap_reasons and options.wrap_reasons:
        reasons = [fold(reason) for reason in options.wrap_reasons]
        hidden = (pl.col("state") == "not_ready") & fold_expr(pl.col("raw_reason")).is_in(reasons)
        frame = frame.with_columns(state=pl.when(hidden).then(pl.lit("acw")).otherwise("state").cast(pl.Enum(STATES)))
    times = frame["event_time"].drop_nulls()
    if times.len() > 1 and times[0] != times[-1] and times.is_sorted(descending=True):
        frame = frame.reverse()
        loaded.notes.append(NEWEST_FIRST)
    loaded.frame = frame.drop("raw_state").rename({"raw_reason": "reason"}, strict=False)
    return loaded
