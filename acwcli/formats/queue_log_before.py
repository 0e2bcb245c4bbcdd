"""What the rows of a queue_log leave to those that come after them: enough to read on without the rows themselves.

These are rows of the log, not a summary of it, so that they are followed by the same rules. Per agent: what has
happened since the last call, log-off or unreadable row, and the last row that tells of each queue. Tests hold that a
log cut anywhere, read on from what the first part leaves, says what the whole log says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from acwcli.formats.queue_log_agents import Activity
from acwcli.formats.queue_log_words import MEMBER_KINDS, RESTART, WORKING_KINDS

ROWS = {
    "t": pl.Int64(), "event": pl.String(), "kind": pl.String(), "name": pl.String(), "queue": pl.String(),
    "callid": pl.String(), "reason": pl.String(), "folded": pl.String(), "paused": pl.Boolean(),
}  # fmt: skip
"""Of a row that is handed on; `name` is the agent as the row has it, whoever that is."""

PLACE = 65_535
"""The `file` of such rows: before every other by their time, and of no file that is read."""

Connected = Callable[[pl.DataFrame], pl.DataFrame]
"""Of pairs `agent callid`, those where the agent had that call before the rows that are read."""

_SEEN = ("add", "login", "connect", "pause", "pause all")


@dataclass(frozen=True)
class Before:
    """What a log says up to some instant.

    Attributes:
        rows: rows that bear on later ones, see `ROWS`, in order.
        names: every name in the log so far, with its use.
        wraps: whether there was a wrap-up pause in it.
        until_ms: its last instant.
    """

    rows: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ROWS))
    names: Mapping[str, Activity] = field(default_factory=dict)
    wraps: bool = False
    until_ms: int | None = None


def no_call(pairs: pl.DataFrame) -> pl.DataFrame:
    """Nobody had a call before the rows that are read: they are the whole log."""
    return pairs.clear()


def names_in(rows: pl.DataFrame, known: Mapping[str, Activity]) -> dict[str, Activity]:
    """Every name of agents and how it is used, in rows and before them."""
    used = (
        rows.lazy()
        .filter(pl.col("name").is_not_null())
        .group_by("name")
        .agg(connects=(pl.col("kind") == "connect").any(), works=pl.col("kind").is_in(list(WORKING_KINDS)).any())
        .collect()
    )
    found = dict(known)
    for name, connects, works in used.sort("name").iter_rows():
        past = known.get(name, Activity(False, False))
        found[name] = Activity(bool(connects) or past.connects, bool(works) or past.works)
    return dict(sorted(found.items()))


def left_behind(rows: pl.DataFrame, changes: pl.DataFrame, at: Sequence[int], before: Before) -> list[Before]:
    """What a log has said up to each of some instants.

    Args:
        rows: its rows in order of time, with those of `before`, `agent` being who the `name` is.
        changes: what `follow_agents` says of them.
        at: instants (ms) at which no file is cut, in order.
        before: what stood before the rows.
    """
    marks = changes.select("pos", "left", "may_end", acw=(pl.col("state") == "acw").fill_null(False))
    marked = rows.join(marks, on="pos", how="left", maintain_order="left")
    found: list[Before] = []
    for instant in at:
        past = found[-1] if found else before
        fresh = marked.filter((pl.col("t") <= instant) & (pl.col("file") != PLACE))
        names = names_in(fresh.filter(~pl.col("copied")), past.names)
        held = _bearing(marked.filter(pl.col("t") <= instant))
        wraps = past.wraps or bool(fresh["acw"].any())
        found.append(Before(held.select(pl.col(name).cast(kind) for name, kind in ROWS.items()), names, wraps, instant))
        marked = pl.concat([held, marked.filter(pl.col("t") > instant)])
    return found


def _bearing(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that bear on later ones."""
    kind, pos = pl.col("kind"), pl.col("pos")
    own = rows.filter(kind.is_not_null() & pl.col("agent").is_not_null())
    restarts = rows.filter((pl.col("event") == RESTART) & ~pl.col("copied"))
    spans = _spans(own.filter(pl.col("boot") == rows["boot"].max()))
    between = spans.filter((pos > pl.col("cut")) & (pos < pl.col("begins")))
    past = spans.filter((pos > pl.col("session")) & (pos < pl.col("begins")) & pl.col("key").is_not_null())
    kept = pl.concat(
        [
            restarts["pos"].tail(1),
            _last(own.filter(kind == "connect")),  # an end may be that of this call
            spans.filter((pos == pl.col("cut")) | (pos == pl.col("session")))["pos"],
            _last(between.filter("may_end")),
            _last(between.filter(kind.is_in(_SEEN))),
            past.unique(["agent", "key", "early"], keep="last")["pos"],
            _without_old_rings(spans.filter(pos >= pl.col("begins")))["pos"],
        ]
    )
    return rows.filter(pos.is_in(kept.unique().implode()))


def _spans(rows: pl.DataFrame) -> pl.DataFrame:
    """Add where an agent's past ends: before `cut` only membership matters, before `begins` only a few rows more.

    A call, a log-off or an unreadable row says all that is known of an agent, but for the queues; UNPAUSEALL says that
    no pause is open. Where a queue is left later, whether that was the last one must come out the same.
    """
    kind, pos = pl.col("kind"), pl.col("pos")

    def latest(rows: pl.Expr) -> pl.Expr:
        return pl.when(rows).then(pos.cast(pl.Int64)).max().over("agent").fill_null(-1)

    key = (
        pl.when(kind == "login")
        .then(pl.lit("login "))
        .when(kind.is_in(list(MEMBER_KINDS)))
        .then(pl.col("queue").cast(pl.String))
    )
    return rows.with_columns(
        key=key,
        cut=latest(kind.is_in(["connect", "logoff", "lost"]) | pl.col("left")),
        session=latest(kind == "logoff"),
        removed=latest(kind == "remove"),
        freed=latest(kind == "unpause all"),
    ).with_columns(
        early=pos < pl.col("cut"),  # whether the row at `cut` left the last queue must come out the same
        begins=pl.when(pl.col("removed") <= pl.col("cut")).then(pl.max_horizontal("cut", "freed")).otherwise("cut"),
    )


def _last(rows: pl.DataFrame) -> pl.Series:
    return rows.unique("agent", keep="last")["pos"]


def _without_old_rings(rows: pl.DataFrame) -> pl.DataFrame:
    """A phone that rings on unanswered may do so all night: of rings in a row, the last one of each queue will do."""
    run = pl.col("kind").rle_id().over("agent")
    return rows.filter((pl.col("kind") != "ring") | pl.struct("agent", run.alias("run"), "queue").is_last_distinct())
