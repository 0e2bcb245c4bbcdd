"""Asterisk `queue_log`: the file `epoch|callid|queue|agent|event|data1|...` and its table form, read into agent states.

Wrap-up is a pause whose reason says so; Asterisk's own `wrapuptime` is never logged.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.formats.queue_log_agents import identities
from acwcli.formats.queue_log_before import PLACE, ROWS, Before, Connected, names_in, no_call
from acwcli.formats.queue_log_fields import USED, by_value, from_columns, no_text, parse_lines, seconds, stripped
from acwcli.formats.queue_log_machine import KIND, follow_agents
from acwcli.formats.queue_log_words import (
    CONFIGURED_WRAP,
    DEFAULT_WRAP_REASONS,
    KINDS,
    NO_CALL,
    NOBODY,
    NON_EVENTS,
    RESTART,
    table_columns,
)
from acwcli.formats.words import fold, fold_expr
from acwcli.model.columns import INSTANT, STATES

__all__ = [
    "DEFAULT_WRAP_REASONS",
    "from_columns",
    "parse_lines",
    "states",
    "table_columns",
]

_PLAIN_NAME = r"^[A-Z0-9_ -]{1,32}$"


def states(
    events: pl.LazyFrame, wrap_reasons: Sequence[str] = DEFAULT_WRAP_REASONS, *, one_file: bool = False
) -> pl.DataFrame:
    """Return what every row of a log says about its agent, one row for each row read, in order of file and row.

    Agents are followed in order of time across all files; rows of one instant keep their order, and a file whose
    clock only falls is followed from its end.

    Args:
        events: rows of `parse_lines` or `from_columns` of all files of one log; `epoch` is text or a number of
            seconds, or a Datetime.
        wrap_reasons: pause reasons that mean wrap-up; '' stands for a pause without reason that directly follows
            the agent's call.
        one_file: all rows are of one file, so none is a copy of another's.

    Returns:
        `agent_id event_time state contact_id queue channel reason ended_at file row`, with `ignored` and `rejected`:
        the reason a row is not used, or null; `agent_id` and `ignored` are Categorical. A restart has no agent and the
        state `unknown`, for everybody.
        A rejected row names an agent when it may have changed that agent's state.
    """
    return as_states(*followed(events, wrap_reasons, one_file=one_file))


def followed(
    events: pl.LazyFrame,
    wrap_reasons: Sequence[str],
    *,
    one_file: bool = False,
    before: Before | None = None,
    connected: Connected = no_call,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Follow every agent of a log, or of the part of it that comes after what is known already.

    Args:
        events: see `states`.
        wrap_reasons: see `states`.
        one_file: see `states`.
        before: what the earlier part of the log leaves to this one, which begins later.
        connected: tells which agents had which calls in the earlier part.

    Returns:
        The rows in order of time (those of `before` among them), and what `follow_agents` says of them.
    """
    before = before or Before()
    content = pl.lit(0, pl.UInt64) if one_file else pl.col("content")
    read = events.select(*USED, "__row", "file", "__bad", "blank", content=content).collect()
    rows = _numbered_restarts(_without_copies(_in_order(_after(before, _with_reasons(_interpreted(read))))))
    agents = identities(names_in(rows, before.names))
    rows = rows.with_columns(agent=by_value(rows["name"], lambda name: name.replace(agents)))
    told = rows.filter(pl.col("kind").is_not_null() & pl.col("agent").is_not_null())
    return rows, follow_agents(told, {fold(reason) for reason in wrap_reasons}, connected)


def as_states(rows: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """What `followed` found, as `states` returns it."""
    beside = pl.zeros(rows.height, pl.UInt32, eager=True).replace(0, None)
    beside = beside.scatter(changes["pos"], pl.int_range(changes.height, dtype=pl.UInt32, eager=True))
    restart = (pl.col("event") == RESTART) & pl.col("rejected").is_null() & ~pl.col("copied")
    state = pl.when(restart).then(pl.lit("unknown", pl.Enum(STATES))).otherwise("state")
    blamed = pl.col("rejected").is_null() | (pl.col("kind") == "lost")
    told = changes.select(pl.exclude("pos", "left", "may_end").gather(beside))
    beside_rows = _sorted(rows.drop("reason").hstack(told).filter(pl.col("file") != PLACE), ["file", "__row"])
    # The queue of a pause row is one of the fan-out, not the queue of the call before it.
    connects = (pl.col("kind") == "connect") & pl.col("agent").is_not_null()
    ignored = pl.coalesce("ignored", _why_no_state(beside_rows["event"]))
    return beside_rows.select(
        agent_id=pl.when(~restart.fill_null(False) & blamed).then("agent"),
        event_time=pl.when(pl.col("rejected").is_null()).then(pl.from_epoch("t", "ms").cast(INSTANT)),
        state=state,
        contact_id=pl.when(connects).then("callid"),
        queue=pl.when(connects).then("queue").cast(pl.String),
        channel=no_text(),
        reason=pl.col("reason").cast(pl.String),
        ended_at=pl.lit(None, INSTANT),
        file="file",
        row="__row",
        ignored=pl.when(pl.col("rejected").is_null()).then(ignored),
        rejected="rejected",
    )


def _after(before: Before, rows: pl.DataFrame) -> pl.DataFrame:
    """Put what is known already in front; its rows are of no file."""
    if before.rows.is_empty():
        return rows
    handed_on = before.rows.cast({name: kind for name, kind in rows.schema.items() if name in ROWS})
    handed_on = handed_on.with_row_index("__row").with_columns(file=pl.lit(PLACE, pl.UInt16), blank=pl.lit(False))
    return pl.concat([rows, handed_on], how="diagonal")


def _instant_ms(epoch: pl.DataType) -> pl.Expr:
    column = pl.col("epoch")
    if epoch == pl.Datetime:
        return column.dt.epoch("ms")
    number = column.cast(pl.Float64) if epoch.is_numeric() else seconds(column)
    return (number * 1000).round().cast(pl.Int64, strict=False)


def _interpreted(events: pl.DataFrame) -> pl.DataFrame:
    """Add `t` (ms), `rejected`, `kind` and the comparable forms of the fields that decide; `agent` becomes `name`."""
    read = events.select(
        "__row", "file", "content", "__bad",
        stripped(pl.col("callid"), NO_CALL).alias("callid"),
        by_value(events["event"], lambda event: stripped(event).str.to_uppercase()),
        by_value(events["queue"], lambda queue: stripped(queue, NOBODY)),
        name=by_value(events["agent"], lambda agent: stripped(agent, NOBODY)),
        reason=by_value(events["data1"], stripped),
        t=_instant_ms(events.schema["epoch"]),
        blank=pl.col("blank") & pl.col("__bad").is_null(),
    )  # fmt: skip
    kind = by_value(read["event"], lambda event: event.replace_strict(KINDS, default=None), KIND)
    every_queue = pl.when(pl.col("queue").is_null()).then(
        kind.replace_strict({"pause": "pause all", "unpause": "unpause all"}, default=None, return_dtype=KIND)
    )
    rejected = pl.coalesce(
        "__bad",
        pl.when(pl.col("t").is_null() & ~pl.col("blank")).then(pl.lit("bad epoch")),
        pl.when(pl.col("event").is_null() & ~pl.col("blank")).then(pl.lit("no event")),
    )
    harmless = pl.col("event").is_in(list(NON_EVENTS)).fill_null(False) | (kind == "ring").fill_null(False)
    lost = pl.when(~harmless & pl.col("name").is_not_null()).then(pl.lit("lost", KIND))
    return (
        read.with_columns(rejected=rejected)
        .with_columns(kind=pl.when(pl.col("rejected").is_null()).then(pl.coalesce(every_queue, kind)).otherwise(lost))
        .drop("__bad")
    )


def _with_reasons(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `folded`, the comparable form of the reason ('' for none and for rows without one), and `paused`."""
    tells = pl.col("kind").is_in(["pause", "pause all", "unpause", "unpause all", "add"])
    reasons = rows.select(pl.when(tells).then("reason")).to_series()
    folded = by_value(reasons, fold_expr).fill_null(pl.lit("", pl.Categorical))
    return rows.with_columns(folded=folded).with_columns(
        paused=((pl.col("kind") == "add") & (pl.col("folded") == "paused")).fill_null(False)
    )


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Sort by time, then file and row, and number the rows (`pos`)."""
    by_row = _sorted(rows, ["file", "__row"])
    several = by_row["file"].n_unique() > 1

    def of_file(value: pl.Expr) -> pl.Expr:
        return value.over("file") if several else value

    step = of_file(pl.col("t").diff())
    newest_first = of_file((step <= 0).all()) & of_file((step < 0).any())
    place = pl.col("__row").cast(pl.Int64)
    # A row without a readable time keeps its place in the file.
    filled = of_file(pl.col("t").forward_fill().backward_fill()).fill_null(0)
    timed = by_row.with_columns(t=filled, place=pl.when(newest_first).then(-place).otherwise(place))
    return _sorted(timed, ["t", "file", "place"]).with_row_index("pos")


def _without_copies(rows: pl.DataFrame) -> pl.DataFrame:
    """Mark rows that an earlier file holds as well (`copied`): the same log given twice, or rotated by copying.

    A row that is there twice in one file may be meant (paused, unpaused and paused in one second) and is kept.
    """
    if rows["file"].n_unique() < 2:
        return rows.with_columns(copied=pl.lit(False))
    in_file, anywhere = pl.struct("file", "t", "content"), pl.struct("t", "content")
    copied = ~in_file.is_duplicated() & ~anywhere.is_first_distinct() & pl.col("rejected").is_null() & ~pl.col("blank")
    return rows.with_columns(copied=copied).with_columns(kind=pl.when(~pl.col("copied")).then("kind"))


def _numbered_restarts(rows: pl.DataFrame) -> pl.DataFrame:
    """Number the restarts before each row (`boot`)."""
    restart = (pl.col("event") == RESTART).fill_null(False) & ~pl.col("copied")
    return rows.with_columns(boot=restart.cum_sum())


def _sorted(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Sort only where needed: a log is nearly always in order, and moving its texts is the slowest step."""
    return rows if rows.select(pl.struct(keys)).to_series().is_sorted() else rows.sort(keys)


def _why_no_state(events: pl.Series) -> pl.Expr:
    """Name rows that never reach an agent's state; null for rows that have one."""
    return (
        pl.when("blank")
        .then(pl.lit("blank line", pl.Categorical))
        .when("copied")
        .then(pl.lit("row of an earlier file", pl.Categorical))
        .when((pl.col("event") == RESTART) | (pl.col("kind").is_not_null() & pl.col("agent").is_not_null()))
        .then(None)
        .when(pl.col("agent").is_null())
        .then(pl.lit("no agent event", pl.Categorical))
        .otherwise(by_value(events, _event_without_state))
    )


def _event_without_state(event: pl.Expr) -> pl.Expr:
    return (
        pl.when(event == CONFIGURED_WRAP)
        .then(pl.lit("configured wrap-up time"))
        .when(event.is_in(list(NON_EVENTS)))
        .then(pl.lit("event ") + event)
        .when(event.str.contains(_PLAIN_NAME))
        .then(pl.lit("unknown event ") + event)
        .otherwise(pl.lit("unknown event"))
    )
