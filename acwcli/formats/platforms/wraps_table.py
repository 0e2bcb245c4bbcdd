"""Wraps as `acw reconstruct` writes them, in any of its formats: the engine's own table read back."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.rows import account, account_parted, collect, picked, reject_reason, streamed
from acwcli.formats.times import Times
from acwcli.model.columns import COUNTED, ENDED_BY, HANDLED, LEGS, METHODS, STATUSES, WORDS, WRAP_COLUMNS
from acwcli.model.formula_guard import unguard_formula_expr

TITLE = "Wraps table written by acw reconstruct"
KIND = "wraps"
METHOD = "as written"

_MARKS = ("agent_id", "wrap_start", "acw_s", "method", "ended_by", "status")
_TEXTS = ("agent_id", "contact_id", "queue", "channel", "direction", "disposition")
_LENGTHS = ("acw_s", "talk_s", "hold_s")
_ALWAYS = frozenset(("agent_id", "wrap_start", "acw_ms", "method", "ended_by", "status", "row"))
_WORDS = {"method": METHODS, "ended_by": ENDED_BY, "status": STATUSES}


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """A table with the very column names of the wraps contract."""
    missing = [name for name in _MARKS if name not in probe.grid.columns]
    if missing:
        return Match(0, missing="no column " + ", ".join(missing))
    return Match(0.95, "the columns of the wraps table: " + ", ".join(_MARKS))


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [_read(probe.grid, options) for probe in probes]


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    chosen = Chosen({name: (name,) for name in WRAP_COLUMNS if name in grid.columns})
    times = Times(grid, chosen, options)
    rows, columns, checks = _canonical(grid, chosen, times, options)
    if options.parts:
        loaded = _read_parted(
            rows.select(*_kept(columns, options.needs), "picked", reject_reason(checks)), grid, options
        )
    else:
        loaded = _read_whole(rows, columns, checks, grid, options)
    loaded.whole = lambda wanted: rows.select(columns).filter(pl.col("row").is_in(wanted.implode())).collect()
    loaded.notes += times.notes()
    return loaded


def _read_parted(rows: pl.LazyFrame, grid: Grid, options: ReadOptions) -> FileFrame:
    """Rows with `reason` and `picked` that go to disk as they are parsed."""
    loaded = FileFrame(grid.source, "wraps", pl.DataFrame())
    parted = account_parted(streamed(rows, grid.source, options.parts, everybody=False), grid, loaded)
    if "rejected" in parted.rows().collect_schema():
        parted = parted.then(lambda found: found.filter(~pl.col("rejected")).drop("rejected"))
    loaded.put_on_disk(parted)
    return loaded


def _read_whole(
    rows: pl.LazyFrame, columns: list[str], checks: list[tuple[pl.Expr, str]], grid: Grid, options: ReadOptions
) -> FileFrame:
    """Rows in memory."""
    bad = pl.any_horizontal(pl.col("__bad").is_not_null(), *(condition for condition, _ in checks)).fill_null(False)
    frame = collect(rows.select(*_kept(columns, options.needs), "picked", bad=bad), grid.source)
    if frame["bad"].any():  # what the reason is costs more than all else, and mostly there is none
        reasons = collect(rows.filter(bad).select("row", reject_reason(checks)), grid.source)
        frame = frame.join(reasons, on="row", how="left", maintain_order="left")
    else:
        frame = frame.with_columns(reason=pl.lit(None, pl.String))
    loaded = FileFrame(grid.source, "wraps", frame)
    frame = account(frame.drop("bad"), grid, loaded)
    if "rejected" in frame.columns:
        frame = frame.filter(~pl.col("rejected")).drop("rejected")
    loaded.frame = frame
    return loaded


def _kept(columns: Sequence[str], needs: frozenset[str]) -> list[str]:
    """What stays of a row that was looked at: all, or what the question needs and what tells two wraps apart."""
    if not needs or not needs.isdisjoint((LEGS, HANDLED)):
        return list(columns)
    return [name for name in columns if name in needs or name in _ALWAYS]


def _canonical(
    grid: Grid, chosen: Chosen, times: Times, options: ReadOptions
) -> tuple[pl.LazyFrame, list[str], list[tuple[pl.Expr, str]]]:
    """All rows with what was given for each value; the columns that are a wrap; why a row is rejected."""
    written = grid.shape == "csv"
    text = {name: chosen.text(name).cast(pl.String) for name in (*_TEXTS, *_WORDS) if name in chosen}
    columns = {name: unguard_formula_expr(text[name]) if written else text[name] for name in _TEXTS if name in chosen}
    columns["agent_id"] = columns["agent_id"].cast(pl.Categorical)
    given, checks = {}, [(pl.col("agent_id").is_null(), "no agent")]
    for name in ("wrap_start", "wrap_end"):
        if name in chosen:
            columns[name] = times.instant(name) if _has_values(grid, name) else pl.lit(None, pl.Datetime("ms", "UTC"))
            given[name] = chosen.text(name).is_not_null()
            checks.append((pl.col(f"given {name}") & pl.col(name).is_null(), "unreadable time"))
    for name in _LENGTHS:
        if name in chosen:
            ms = name.replace("_s", "_ms")
            columns[ms] = (chosen.text(name).cast(pl.Float64, strict=False) * 1000).round().cast(pl.Int64, strict=False)
            given[ms] = chosen.text(name).is_not_null()
            checks.append((pl.col(f"given {ms}") & pl.col(ms).is_null(), "unreadable length"))
            checks.append((pl.col(ms) < 0, "negative length"))
    if "pieces" in chosen:
        columns["pieces"] = chosen.text("pieces").cast(pl.Int64, strict=False)
    for name, known in _WORDS.items():
        columns[name] = _as_words(text[name], known)
        checks.append((pl.col(name).is_null(), f"unknown {name}"))
    counted = pl.any_horizontal(pl.col("status") == pl.lit(word, WORDS) for word in COUNTED)
    checks.append((counted & ~pl.col("given acw_ms"), "no length"))
    if "wrap_end" in columns:
        checks.append((pl.col("wrap_end") < pl.col("wrap_start"), "ends before it starts"))
    values = picked(grid, options.rows).select(
        *(expr.alias(name) for name, expr in columns.items()),
        *(expr.alias(f"given {name}") for name, expr in given.items()),
        pl.col("__row").alias("row"),
        "picked",
        "__bad",
    )
    return values, [*columns, "row"], checks


def _as_words(text: pl.Expr, known: Sequence[str]) -> pl.Expr:
    """The column in the engine's type of few words; a comparison for each is faster than a look-up."""
    return pl.coalesce(pl.when(text == word).then(pl.lit(word, WORDS)) for word in known)


def _has_values(grid: Grid, name: str) -> bool:
    """An all-empty column (wraps of bare duration) has no clock to decide."""
    if grid.sample[name].null_count() < grid.sample.height:
        return True
    some = grid.frame.select(pl.col(name).is_not_null().any()).collect(engine="streaming")
    return bool(some.item())
