"""Put state events into one agent-major line of time and take exact duplicates out (rule 1)."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
import polars.selectors as cs

from acwcli.model.columns import STATES
from acwcli.model.contact_hash import contact_hash

STATE_CODE = {name: code for code, name in enumerate(STATES)}
REJECTED = len(STATES)
"""State code of a rejected row: something happened here, nobody knows what (rule 8)."""

VOICE = ("voice", "call", "calls", "phone", "telephone", "telephony", "audio", "voip", "tel")
_STATES_OF_AN_INSTANT = 16  # a power of two above every state code
CLOSERS = (STATE_CODE["logout"], STATE_CODE["unknown"], REJECTED)
"""States that end every track of their agent."""


class Timeline(NamedTuple):
    """All events of all agents, agent by agent in time order.

    Attributes:
        line: one row per distinct event: `agent` (physical code), `at` (see `instant_of`), `st` state code, `c` contact
            hash (0 = none), `pos` row of `events`, and `e` (end, ms) or `voice`, `track` only where the input has ends
            or non-voice channels.
        duplicates: positions in `events` of repeated rows.
    """

    line: pl.DataFrame
    duplicates: pl.Series


def timeline(line: pl.DataFrame, *, places: bool = True) -> Timeline:
    """Order events by agent, time and place in the file.

    Args:
        line: the result of `compact`.
        places: whether anybody asks for `pos`; else it is null.

    Returns:
        The line; contact ids are compared by 64-bit hash within one agent (a clash among a million contacts of one
        agent has odds of one in ten million).
    """
    line = _with_places(line) if places else line
    in_time = line if line["t"].is_sorted() else line.sort("t", maintain_order=True)
    # Every column costs a walk over all agents: instant and state take it together.
    others = cs.exclude("t", "st") if places else cs.exclude("t", "st", "pos")
    packed = in_time.lazy().select(others, at=pl.col("t") * _STATES_OF_AN_INSTANT + pl.col("st"))
    by_agent = packed.collect(engine="streaming").group_by("agent").agg(pl.all())
    ordered = by_agent.explode(cs.exclude("agent")).with_columns(st=state_of(pl.col("at")))
    repeated = _repeated(ordered)
    if not places:
        if repeated.any():  # which ones must be told
            return timeline(line)
        ordered = ordered.with_columns(pos=pl.lit(None, pl.UInt32))
    duplicates = ordered["pos"].filter(repeated)
    return Timeline(ordered.filter(~repeated) if duplicates.len() else ordered, duplicates)


def instant_of(at: pl.Expr) -> pl.Expr:
    """The instant (ms) of an event whose instant and state code are one number."""
    return at // _STATES_OF_AN_INSTANT


def state_of(at: pl.Expr) -> pl.Expr:
    """The state code of the same."""
    return at.cast(pl.UInt8, wrap_numerical=True) & (_STATES_OF_AN_INSTANT - 1)


def compact(events: pl.DataFrame) -> pl.DataFrame:
    """Reduce events to the integers that ordering and pairing need; add restarts and places of rejected rows.

    Args:
        events: canonical state rows in file order; `agent_id` Categorical (null only for restarts of the platform),
            `event_time`, `state`, `contact_id` or `contact_hash`, and optionally `ended_at`, `channel`, `rejected`.
    """
    columns = {
        "agent": pl.col("agent_id").to_physical(),
        "t": pl.col("event_time").cast(pl.Int64),
        "st": pl.col("state").to_physical().cast(pl.UInt8),
        "c": _contact(events),
    }
    if "ended_at" in events.columns and events["ended_at"].null_count() < events.height:
        columns["e"] = pl.col("ended_at").cast(pl.Int64)
    if "channel" in events.columns and events["channel"].null_count() < events.height:
        columns["voice"] = pl.col("channel").is_null() | pl.col("channel").str.to_lowercase().is_in(VOICE)
        columns["track"] = pl.when(columns["c"] == 0).then(pl.col("channel").hash(1)).otherwise(columns["c"])
    if "rejected" in events.columns:
        # Files without a bad row come without the column; their rows are good.
        events = _place_rejected(events.with_columns(pl.col("rejected").fill_null(False)))
        columns["st"] = pl.when(pl.col("rejected")).then(REJECTED).otherwise(columns["st"]).cast(pl.UInt8)
        columns["pos"] = pl.col("pos")
    line = events.select(**columns)
    return _spread_restarts(_with_places(line)) if line["agent"].null_count() else line


def _with_places(line: pl.DataFrame) -> pl.DataFrame:
    """Number the rows, where rejected rows and restarts have not made it necessary before."""
    return line if "pos" in line.columns else line.with_columns(pos=pl.int_range(pl.len(), dtype=pl.UInt32))


def _contact(events: pl.DataFrame) -> pl.Expr:
    """The hash of the contact id, as read or worked out now; files may differ in what they bring."""
    known = [pl.col("contact_hash")] if "contact_hash" in events.columns else []
    return pl.coalesce(*known, *([contact_hash(pl.col("contact_id"))] if "contact_id" in events.columns else []))


def _place_rejected(events: pl.DataFrame) -> pl.DataFrame:
    """Give each rejected row the instant of its agent's last good row in file order (rule 8)."""
    good_time = pl.when(~pl.col("rejected")).then(pl.col("event_time"))
    return (
        events.with_row_index("pos")
        .with_columns(event_time=good_time.forward_fill().over("agent_id"))
        .filter(pl.col("event_time").is_not_null() & ~(pl.col("rejected") & pl.col("agent_id").is_null()))
    )


def _spread_restarts(line: pl.DataFrame) -> pl.DataFrame:
    """A restart of the platform happens to every agent (rule 5)."""
    restarts = line.filter(pl.col("agent").is_null()).drop("agent")
    known = line.filter(pl.col("agent").is_not_null())
    everyone = known.select(pl.col("agent").unique())
    # A contact of its own keeps it apart from what the agent's log says of the same instant.
    restarts = restarts.with_columns(c=pl.lit(1, pl.UInt64))
    return pl.concat([known, restarts.join(everyone, how="cross").select(known.columns)]).sort(
        "pos", maintain_order=True
    )


def _repeated(line: pl.DataFrame) -> pl.Series:
    """Mark events equal to an earlier one of the same agent and instant; rejected rows are never duplicates."""
    same = ["agent", "at", "c"] + (["e"] if "e" in line.columns else [])
    one_instant = (pl.col("at") ^ pl.col("at").shift(1)) < _STATES_OF_AN_INSTANT
    tie = (pl.col("agent") == pl.col("agent").shift(1)) & one_instant
    back_to_back = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in same)
    marks = line.select(
        repeated=(back_to_back & (pl.col("st") != REJECTED)).fill_null(False),
        long_tie=(tie & tie.shift(1)).fill_null(False),
    )
    if not marks["long_tie"].any():
        return marks["repeated"]
    return _repeated_in_long_ties(line, same, marks["repeated"])


def _repeated_in_long_ties(line: pl.DataFrame, same: list[str], repeated: pl.Series) -> pl.Series:
    """Three and more events in one instant can repeat with others between (the same file given twice)."""
    tied = line.select(*same, "st", t=instant_of(pl.col("at")), index=pl.int_range(pl.len()))
    tied = tied.filter(pl.len().over("agent", "t") > 2)
    again = tied.filter(~pl.struct(same).is_first_distinct() & (pl.col("st") != REJECTED))["index"]
    marks = repeated.to_frame("repeated").with_row_index("index")
    return marks.select(pl.col("repeated") | pl.col("index").is_in(again.implode()))["repeated"]
