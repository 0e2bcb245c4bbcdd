"""Asterisk `queue_log`: the file `epoch|callid|queue|agent|event|data1|...` and its table form, read into agent states.

Wrap-up is a pause whose reason says so; Asterisk's own `wrapuptime` is never logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.queue_log_agents import identities
from acwcli.formats.queue_log_before import PLACE, Before, Connected, names_in, no_call
from acwcli.formats.queue_log_machine import follow_agents
from acwcli.formats.queue_log_words import (
    CONFIGURED_WRAP,
    DEFAULT_WRAP_REASONS,
    KINDS,
    KNOWN_EVENTS,
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
    "looks_like",
    "looks_like_table",
    "parse_lines",
    "states",
    "table_columns",
]

_FIELDS = ("epoch", "callid", "queue", "agent", "event", "data1", "data2", "data3", "data4", "data5", "data6")
_LINE = re.compile(r"\d{1,10}(?:\.\d+)?\|[^|]*\|[^|]*\|[^|]*\|([^|]+)(?:\||$)")
_EPOCH = r"^\d{1,10}(\.\d+)?$"
_PLAIN_NAME = r"^[A-Z0-9_ -]{1,32}$"


def looks_like(lines: Sequence[str]) -> tuple[bool, str]:
    """Tell whether the first lines of a file are a queue_log, and why in a few words."""
    written = [line.strip("\ufeff\r\n") for line in lines if line.strip("\ufeff\r\n ")]
    matches = [match for line in written if (match := _LINE.match(line))]
    events = sorted({event for match in matches if (event := match[1].strip().upper()) in KNOWN_EVENTS})
    if not events or len(matches) * 2 < len(written):
        return False, "no lines of epoch|callid|queue|agent|EVENT"
    return True, f"{len(matches)} of {len(written)} lines read epoch|callid|queue|agent|EVENT, such as {events[0]}"


def looks_like_table(names: Sequence[str], events: Iterable[str | None] = ()) -> tuple[bool, str]:
    """Tell whether a table's headers are those of queue_log rows, and why.

    Args:
        names: the headers.
        events: values of the event column (`table_columns(names)["event"]`); without any, headers alone decide.
    """
    columns = table_columns(list(names))
    if not columns:
        return False, "no columns for time, callid, queue, agent, event and data"
    values = [value.strip().upper() for value in events if value]
    known = sum(value in KNOWN_EVENTS for value in values)
    if known * 2 < len(values):
        return False, f"column '{columns['event']}' holds no queue_log events"
    return True, f"columns of queue_log rows: {', '.join(columns[name] for name in _FIELDS[:5])}"


def parse_lines(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Cut lines into fields; nothing is interpreted and no line is lost.

    Args:
        lines: `text` String, `__row` UInt32, `file` UInt16 (place of the file in order).

    Returns:
        `epoch callid queue agent event data1..data6` String (null when absent or empty; what follows the sixth datum
        stays glued to it), `__row`, `file`, `blank`, and `__bad`: the reason a line cannot be read, or null.
    """
    text = pl.col("text").str.strip_prefix("\ufeff").str.strip_chars_end("\r\n")
    # There is no quoting in this format: a '|' is always a separator.
    fields = text.str.splitn("|", len(_FIELDS)).struct.rename_fields(list(_FIELDS))
    too_short = pl.col("event").is_null() & (pl.col("__text").str.strip_chars() != "")
    return (
        lines.select(fields.alias("fields"), text.alias("__text"), "__row", "file")
        .unnest("fields")
        .with_columns(pl.col("data6").str.strip_chars_end("|"))
        .with_columns(
            __bad=pl.when(too_short).then(pl.lit("fewer than 5 fields")),
            # Not from the fields: the unused ones need not be cut out at all then.
            blank=~pl.col("__text").str.contains(r"[^|\s]"),
        )
        .with_columns(_emptied(name, ()) for name in _FIELDS)
        .drop("__text")
    )


def from_columns(frame: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Return a table of queue_log rows (realtime table, VICIdial or PBXware export) in the form of `parse_lines`.

    `epoch` keeps the table's own clock, whatever it is; a caller whose column holds local times replaces it with
    instants (Datetime) before `states`.

    Args:
        frame: String columns with any of the usual headers, `__row`, and `__bad` and `file` where known.
        names: the headers to consider.

    Raises:
        InputError: a needed column is missing.
    """
    columns = table_columns(list(names))
    if not columns:
        raise InputError(
            f"no queue_log rows in columns {', '.join(names)}: needs time, callid, queue, agent, event and data1; "
            "name them with --map"
        )
    present = frame.collect_schema()
    if "data" in columns and "data1" not in columns:
        pieces = pl.col(columns["data"]).cast(pl.String).str.splitn("|", 6).struct.rename_fields(list(_FIELDS[5:]))
        frame = frame.with_columns(pieces.alias("__data")).unnest("__data")
        columns |= {name: name for name in _FIELDS[5:]}
    return (
        frame.select(
            pl.col(columns["epoch"]).alias("epoch"),
            *(
                pl.col(columns[name]).cast(pl.String).alias(name) if name in columns else _no_text(name)
                for name in _FIELDS[1:]
            ),
            "__row",
            pl.col("file") if "file" in present else pl.lit(0, pl.UInt16).alias("file"),
            pl.col("__bad") if "__bad" in present else _no_text("__bad"),
        )
        .with_columns(_emptied(name, ("NULL", "\\N")) for name in _FIELDS[1:])
        .with_columns(blank=pl.all_horizontal(pl.col(*_FIELDS).is_null()))
    )


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
        the reason a row is not used, or null. A restart has no agent and the state `unknown`, for everybody.
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
    read = _with_reasons(_interpreted(events, one_file=one_file).collect()).rename({"agent": "name"})
    rows = _numbered_restarts(_without_copies(_in_order(_after(before, read))))
    agents = identities(names_in(rows, before.names))
    rows = rows.with_columns(agent=pl.col("name").replace(agents))
    changes = follow_agents(
        rows.lazy().filter(pl.col("kind").is_not_null() & pl.col("agent").is_not_null()),
        {fold(reason) for reason in wrap_reasons},
        connected,
    )
    return rows, changes.collect()


def as_states(rows: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """What `followed` found, as `states` returns it."""
    beside = pl.zeros(rows.height, pl.UInt32, eager=True).replace(0, None)
    beside = beside.scatter(changes["pos"], pl.int_range(changes.height, dtype=pl.UInt32, eager=True))
    restart = (pl.col("event") == RESTART) & pl.col("rejected").is_null() & ~pl.col("copied")
    state = pl.when(restart).then(pl.lit("unknown")).otherwise("state").cast(pl.Enum(STATES))
    blamed = pl.col("rejected").is_null() | (pl.col("kind") == "lost")
    told = changes.select(pl.exclude("pos", "left", "may_end").gather(beside))
    beside_rows = rows.drop("queue", "reason", "callid").hstack(told).filter(pl.col("file") != PLACE)
    return _sorted(beside_rows, ["file", "__row"]).select(
        agent_id=pl.when(~restart.fill_null(False) & blamed).then("agent"),
        event_time=pl.when(pl.col("rejected").is_null()).then(pl.from_epoch("t", "ms").cast(INSTANT)),
        state=state,
        contact_id="contact_id",
        queue="queue",
        channel=_no_text("channel"),
        reason="reason",
        ended_at=pl.lit(None, INSTANT),
        file="file",
        row="__row",
        ignored=pl.when(pl.col("rejected").is_null()).then(pl.coalesce("ignored", _why_no_state())),
        rejected="rejected",
    )


def _after(before: Before, rows: pl.DataFrame) -> pl.DataFrame:
    """Put what is known already in front; its rows are of no file."""
    if before.rows.is_empty():
        return rows
    handed_on = before.rows.with_row_index("__row").with_columns(file=pl.lit(PLACE, pl.UInt16), blank=pl.lit(False))
    return pl.concat([rows, handed_on], how="diagonal")


def _no_text(name: str) -> pl.Expr:
    return pl.lit(None, pl.String).alias(name)


def _emptied(name: str, empty: Iterable[str]) -> pl.Expr:
    """The column stripped, with null for texts that stand for nothing."""
    stripped = pl.col(name).str.strip_chars()
    return _without(pl.when(stripped != "").then(stripped), empty).alias(name)


def _without(text: pl.Expr, empty: Iterable[str]) -> pl.Expr:
    """The text, with null for words that stand for nothing."""
    words = list(empty)
    return pl.when(~text.is_in(words)).then(text) if words else text


def _instant_ms(epoch: pl.DataType) -> pl.Expr:
    column = pl.col("epoch")
    if epoch == pl.Datetime:
        return column.dt.epoch("ms")
    if epoch.is_numeric():
        return (column.cast(pl.Float64) * 1000).round().cast(pl.Int64, strict=False)
    seconds = column.cast(pl.Float64, strict=False)
    return pl.when(column.str.contains(_EPOCH)).then((seconds * 1000).round().cast(pl.Int64, strict=False))


def _interpreted(events: pl.LazyFrame, *, one_file: bool) -> pl.LazyFrame:
    """Add `t` (ms), `rejected`, `kind` and the comparable forms of the fields that decide."""
    event = pl.col("event").str.to_uppercase()
    read = events.with_columns(
        t=_instant_ms(events.collect_schema()["epoch"]),
        event=event,
        content=pl.lit(0, pl.UInt64) if one_file else pl.struct(_FIELDS).hash(),
        blank=pl.col("blank") & pl.col("__bad").is_null(),
        callid=_without(pl.col("callid"), NO_CALL),
        queue=_without(pl.col("queue"), NOBODY),
        agent=_without(pl.col("agent"), NOBODY),
        reason=pl.col("data1"),
        kind=event.replace_strict(KINDS, default=None, return_dtype=pl.String),
    )
    every_queue = pl.col("kind").is_in(["pause", "unpause"]) & pl.col("queue").is_null()
    rejected = pl.coalesce(
        "__bad",
        pl.when(pl.col("t").is_null() & ~pl.col("blank")).then(pl.lit("bad epoch")),
        pl.when(pl.col("event").is_null() & ~pl.col("blank")).then(pl.lit("no event")),
    )
    harmless = pl.col("event").is_in(list(NON_EVENTS)).fill_null(False) | (pl.col("kind") == "ring").fill_null(False)
    return (
        read.with_columns(
            rejected=rejected,
            kind=pl.when(every_queue).then(pl.col("kind") + " all").otherwise("kind"),
        )
        .with_columns(
            kind=pl.when(pl.col("rejected").is_null())
            .then("kind")
            .when(~harmless & pl.col("agent").is_not_null())
            .then(pl.lit("lost")),
        )
        .drop("__bad", "epoch", *_FIELDS[5:])
    )


def _with_reasons(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `folded`, the comparable form of the reason ('' for none and for rows without one), and `paused`.

    Only the different reasons are folded: there are few of them.
    """
    told = (
        pl.col("kind").is_in(["pause", "pause all", "unpause", "unpause all", "add"]) & pl.col("reason").is_not_null()
    )
    reasons = (
        rows.lazy().filter(told).select(pl.col("reason").unique()).with_columns(folded=fold_expr(pl.col("reason")))
    )
    spelt, folded = reasons.collect()
    known = pl.when(told).then(pl.col("reason")).replace_strict(spelt, folded, default=None, return_dtype=pl.String)
    return rows.with_columns(folded=known.fill_null("")).with_columns(
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


def _why_no_state() -> pl.Expr:
    """Name rows that never reach an agent's state; null for rows that have one."""
    event = pl.col("event")
    plain = event.str.contains(_PLAIN_NAME)
    return (
        pl.when("blank")
        .then(pl.lit("blank line"))
        .when("copied")
        .then(pl.lit("row of an earlier file"))
        .when((event == RESTART) | (pl.col("kind").is_not_null() & pl.col("agent").is_not_null()))
        .then(None)
        .when(pl.col("agent").is_null())
        .then(pl.lit("no agent event"))
        .when(event == CONFIGURED_WRAP)
        .then(pl.lit("configured wrap-up time"))
        .when(event.is_in(list(NON_EVENTS)))
        .then(pl.lit("event ") + event)
        .when(plain)
        .then(pl.lit("unknown event ") + event)
        .otherwise(pl.lit("unknown event"))
    )
