"""Contact records of any platform: one row per contact leg, with lengths or instants of talk and wrap-up."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.formats.agents import one_spelling, one_spelling_of_parts, total_agents
from acwcli.formats.columns import Chosen, columns_of
from acwcli.formats.customers import customer_key
from acwcli.formats.duration_text import decide_duration, duration_ms
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.known_limits import OF_CONTACTS, at_a_limit
from acwcli.formats.options import ReadOptions
from acwcli.formats.rows import account, account_parted, collect, picked, reject_reason, streamed
from acwcli.formats.times import Times, roll_midnights
from acwcli.formats.words import BOOLEAN_WORDS, fold_expr, unit_ms
from acwcli.model.columns import CONTACT_FRAME, CUSTOMER
from acwcli.model.replaced import replaced

TITLE = "Contact records: one row per contact leg (any platform)"
KIND = "contacts"
METHOD = "explicit, anchored or duration"

_TEXTS = ("contact_id", "queue", "channel", "direction", "disposition")
_INSTANTS = ("offered_at", "answered_at", "ended_at", "acw_start", "acw_end")
_LENGTHS = ("talk", "hold", "acw")
_MEASURED = tuple(f"{name}_{unit}" for name in _LENGTHS for unit in ("s", "ms"))
COLUMNS = ("agent_id", *_TEXTS, *_INSTANTS, *_MEASURED, "timed_out", "customer_id", "date", "time")


def match(probe: Probe, options: ReadOptions) -> Match:
    """A table with an agent and at least a length of wrap-up or talk, or the instants of a contact."""
    chosen = columns_of(probe.grid, COLUMNS, options)
    if "agent_id" not in chosen:
        return Match(0, missing="no column for agent_id")
    measured = [name for name in chosen.parts if name.startswith(("acw_", "talk_"))]
    if not measured and not ("ended_at" in chosen and "answered_at" in chosen):
        return Match(0, missing="no column for acw_s, talk_s, or answered_at and ended_at")
    return Match(0.5, f"columns {chosen.said()}")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself."""
    return [at_a_limit(read_grid(probe.grid, options), OF_CONTACTS) for probe in probes]


def read_grid(grid: Grid, options: ReadOptions) -> FileFrame:
    """Read one file that is rows already."""
    chosen = columns_of(grid, COLUMNS, options)
    times = Times(grid, chosen, options)
    rows = picked(grid, options.rows).select(*_columns(grid, chosen, times, options))
    if chosen.shared_date is not None:
        rows = rows.with_columns(roll_midnights([name for name in _INSTANTS[:3] if name in chosen]))
    loaded = FileFrame(grid.source, "contacts", pl.DataFrame())
    spelling = (_on_disk if options.parts else _in_memory)(rows, grid, loaded, options)
    loaded.notes += [*times.notes(), *spelling]
    loaded.details |= {"columns": chosen.said(), "clock": times.said()}
    return loaded


def _in_memory(rows: pl.LazyFrame, grid: Grid, loaded: FileFrame, options: ReadOptions) -> list[str]:  # noqa: ARG001
    """Collect and account the records; return what to say of their agents."""
    frame = account(collect(rows, grid.source), grid, loaded)
    frame = _good(frame.lazy()).collect()
    totals = _totals(frame.lazy(), frame["agent_id"].unique(), loaded)
    frame = frame if totals is None else frame.filter(~totals)
    agents, spelling = one_spelling(frame["agent_id"])
    loaded.frame = _complete(frame.with_columns(agents).lazy()).collect()
    return spelling


def _on_disk(rows: pl.LazyFrame, grid: Grid, loaded: FileFrame, options: ReadOptions) -> list[str]:
    """Like `_in_memory`, but the records go to disk as they are parsed."""
    parted = streamed(rows, grid.source, options.parts, everybody=False)
    parted = account_parted(parted, grid, loaded).then(_good)
    agents = parted.rows().select(pl.col("agent_id").unique()).collect(engine="streaming")["agent_id"]
    totals = _totals(parted.rows(), agents, loaded)
    parted = parted if totals is None else parted.then(lambda found: found.filter(~totals))
    parted, spelling = one_spelling_of_parts(parted)
    loaded.put_on_disk(parted.then(_complete))
    return spelling


def _good(rows: pl.LazyFrame) -> pl.LazyFrame:
    known = rows.collect_schema()
    return rows.filter(~pl.col("rejected")).drop("rejected") if "rejected" in known else rows


def _complete(rows: pl.LazyFrame) -> pl.LazyFrame:
    known = rows.collect_schema()
    return rows.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in CONTACT_FRAME.items() if name not in known
    )


def _columns(grid: Grid, chosen: Chosen, times: Times, options: ReadOptions) -> list[pl.Expr]:
    checks: list[tuple[pl.Expr, str]] = []
    columns = {"agent_id": chosen.text("agent_id").cast(pl.String).cast(pl.Categorical)}
    columns |= {name: chosen.text(name).cast(pl.String) for name in _TEXTS if name in chosen}
    for name in _INSTANTS:
        if name in chosen:
            columns[name] = times.instant(name)
            checks.append((_something(times.text(name)) & columns[name].is_null(), "unreadable time"))
    for name in _LENGTHS:
        if (given := _length(grid, chosen, name, options)) is not None:
            text, columns[f"{name}_ms"] = given
            checks.append((_something(text) & columns[f"{name}_ms"].is_null(), f"unreadable {name} time"))
            checks.append((columns[f"{name}_ms"] < 0, f"negative {name} time"))
    if "acw_start" in columns and "acw_end" in columns:
        checks.append((columns["acw_end"] < columns["acw_start"], "wrap-up ends before it starts"))
    if "timed_out" in chosen:
        columns["timed_out"] = _truth(chosen.text("timed_out"))
    if "customer_id" in chosen and CUSTOMER in options.needs:
        columns["customer_id"] = customer_key(chosen.text("customer_id"))
    columns.setdefault("acw_ms", pl.lit(None, pl.Int64))
    return [
        *(expr.alias(name) for name, expr in columns.items()),
        pl.struct(pl.col(name) for name in grid.columns).hash().alias("row_hash"),
        pl.col("__row").alias("row"),
        pl.col("picked"),
        reject_reason(checks),
    ]


def _length(grid: Grid, chosen: Chosen, name: str, options: ReadOptions) -> tuple[pl.Expr, pl.Expr] | None:
    """The text and the milliseconds of a length, in the unit its header names."""
    for unit in ("s", "ms"):
        column = f"{name}_{unit}"
        if column in chosen:
            header = chosen.parts[column][0]
            form = decide_duration(
                grid.frame.select(header), grid.sample[header], name=header, source=grid.source,
                unit_ms=options.units_ms.get(column) or (1 if unit == "ms" else unit_ms(header) or 1000),
            )  # fmt: skip
            return chosen.text(column), duration_ms(chosen.text(column), form)
    return None


def _something(text: pl.Expr) -> pl.Expr:
    """A cell that should have been readable: not empty, `-`, `N/A` or the like."""
    value = text.cast(pl.String)
    return value.is_not_null() & ~value.str.to_lowercase().is_in(["-", "--", "n/a", "na", "null", "none", "\\n", ""])


def _truth(text: pl.Expr) -> pl.Expr:
    words = fold_expr(text.cast(pl.String))
    return replaced(words, BOOLEAN_WORDS.keys(), BOOLEAN_WORDS.values(), pl.Boolean())


def _totals(rows: pl.LazyFrame, agents: pl.Series, loaded: FileFrame) -> pl.Expr | None:
    """Which rows are totals of the others, by the names of their agents; they are counted. None where none is."""
    names = total_agents(agents)
    if not names:
        return None
    is_total = pl.col("agent_id").cast(pl.String).is_in(names).fill_null(False)
    count = rows.select(is_total.sum()).collect(engine="streaming").item()
    loaded.ignored["total row"] += count
    loaded.notes.append(f"{loaded.source}: {count} total row{'s' * (count > 1)} recognised and left out")
    return is_total
