"""Amazon Connect agent event stream: snapshots of an agent and of the contacts at hand, one JSON document per event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import ROW
from acwcli.formats.options import ReadOptions
from acwcli.formats.records import account_records, first_reason, keys_of, refuse_rows, utc_milliseconds
from acwcli.model.columns import STATES

if TYPE_CHECKING:
    from acwcli.formats.json_documents import Documents, Shape

TITLE = "Amazon Connect agent event stream (JSON)"
KIND = "states"
METHOD = "state"
DOCUMENTS = True

_CONTACTS: Shape = {
    "ContactId": None,
    "Channel": None,
    "InitiationMethod": None,
    "State": None,
    "StateStartTimestamp": None,
    "Queue": {"Name": None},
}
_SHAPE: Shape = {
    "AgentARN": None,
    "EventId": None,
    "EventTimestamp": None,
    "EventType": None,
    "CurrentAgentSnapshot": {
        "AgentStatus": {"Name": None, "Type": None},
        "Configuration": {"Username": None},
        "Contacts": [_CONTACTS],
    },
    "PreviousAgentSnapshot": {"Configuration": {"Username": None}, "Contacts": [_CONTACTS]},
}
_STATES = {
    "INCOMING": "ringing", "PENDING": "ringing", "CONNECTING": "ringing", "CONNECTED": "talking",
    "CONNECTED_ONHOLD": "hold", "PAUSED": "hold", "ENDED": "acw",
}  # fmt: skip
"""The state of a contact in the words of states; MISSED, REJECTED and ERROR are neither talk nor wrap-up."""

_GONE = "gone"
_REMOVED = r"^\(?removed\)?$"
_CONTACT = ["agent_id", "contact_id"]
_PLACES = {"event": "after", "event_at": "at"}


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """JSON documents with an agent, an event type and a snapshot."""
    wanted = {"agentarn", "eventtype", "eventtimestamp", "currentagentsnapshot"}
    if not probe.documents:
        return Match(0, missing="JSON documents")
    best = max(probe.documents, key=lambda document: len(wanted & keys_of(document)))
    if missing := wanted - keys_of(best):
        return Match(0, missing="keys " + ", ".join(sorted(missing)))
    return Match(0.9, "JSON documents with AgentARN, EventType and CurrentAgentSnapshot")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all files as one stream: contacts run on from file to file."""
    from acwcli.formats.json_documents import read_documents

    refuse_rows(options, TITLE)
    read = [read_documents(probe.plain, _SHAPE, "event_time", _flat) for probe in probes]
    events = pl.concat(
        [_in_order(documents.frame).with_columns(file=pl.lit(place, pl.UInt32)) for place, documents in enumerate(read)]
    )
    events = _accounted(events.sort("event_at", "file", "place", nulls_last=True).with_row_index("event"))
    good = events.filter(pl.col("rejected").is_null() & pl.col("ignored").is_null())
    lost = _lost(events)
    runs = _without_sure_end(_contact_runs(good), lost)
    status = _status_runs(good)
    told = pl.concat([runs["event"], runs["ending_event"].drop_nulls(), status["event"]]).unique()
    states = pl.concat([_as_states(runs), status, lost], how="diagonal_relaxed")
    return [
        _of_file(probe, documents, events.filter(pl.col("file") == place), states, told)
        for place, (probe, documents) in enumerate(zip(probes, read, strict=True))
    ]


def _flat(rows: pl.LazyFrame) -> pl.LazyFrame:
    now, before = pl.col("CurrentAgentSnapshot").struct, pl.col("PreviousAgentSnapshot").struct
    names = [snapshot.field("Configuration").struct.field("Username") for snapshot in (now, before)]
    return rows.select(
        pl.col(ROW).cast(pl.UInt32).alias("row"),
        arn=pl.col("AgentARN").str.extract(r"([^/]+)$"),
        name=pl.coalesce(*(pl.when(name != "").then(name) for name in names)),
        event_id="EventId",
        event_time="EventTimestamp",
        kind=pl.col("EventType").str.to_uppercase(),
        status=now.field("AgentStatus").struct.field("Name"),
        status_kind=now.field("AgentStatus").struct.field("Type").str.to_uppercase(),
        known=pl.col("CurrentAgentSnapshot").is_not_null(),
        now=now.field("Contacts"),
        before=before.field("Contacts"),
    )


def _in_order(events: pl.DataFrame) -> pl.DataFrame:
    """Read the clock; `place` settles ties: a file whose clocks only fall is newest first."""
    events = events.with_columns(event_at=utc_milliseconds(pl.col("event_time")))
    clock = events["event_at"].drop_nulls()
    newest_first = clock.len() > 1 and clock.is_sorted(descending=True) and not clock.is_sorted()
    place = -pl.col("row").cast(pl.Int64) if newest_first else pl.col("row").cast(pl.Int64)
    named = pl.when(~pl.col("name").str.to_lowercase().str.contains(_REMOVED)).then(pl.col("name"))
    return events.with_columns(place=place, agent_id=pl.coalesce(named, "arn"))


def _accounted(events: pl.DataFrame) -> pl.DataFrame:
    """Say which events cannot be read and which came before."""
    checks = [(pl.col("agent_id").is_null(), "no agent"), (pl.col("event_at").is_null(), "unreadable time")]
    again = pl.col("event_id").is_not_null() & ~pl.struct("agent_id", "event_id", "event_at").is_first_distinct()
    return events.with_columns(
        rejected=first_reason(checks), ignored=pl.when(again).then(pl.lit("delivered again"))
    )  # fmt: skip


def _contact_runs(events: pl.DataFrame) -> pl.DataFrame:
    """Stretches of one state of a contact; the last one ends where the contact leaves the agent's list."""
    before, now = _listed(events, "before", 0), _listed(events, "now", 1)
    gone = (
        before.join(now, on=[*_CONTACT, "event"], how="anti")
        .with_columns(state=pl.lit(_GONE), begun="event_at", order=pl.lit(1))
    )  # fmt: skip
    seen = pl.concat([before, now, gone]).sort(*_CONTACT, "event", "order", maintain_order=True)
    begins = (pl.col("state") != pl.col("state").shift(1).over(_CONTACT)).fill_null(True)
    runs = seen.filter(begins)
    # A contact put on hold keeps the start of its talk: it began when the snapshot first showed it.
    same_start = (pl.col("begun") <= pl.col("begun").shift(1).over(_CONTACT)).fill_null(False)
    start = pl.when(same_start | pl.col("begun").is_null()).then(pl.col("event_at")).otherwise(pl.col("begun"))
    runs = runs.with_columns(event_time=start)
    ending = pl.col("event_time").shift(-1).over(_CONTACT)
    return runs.select(
        *_CONTACT,
        "event_time",
        "state",
        "queue",
        "channel",
        "event",
        ended_at=pl.max_horizontal(ending, pl.when(ending.is_not_null()).then(pl.col("event_time"))),
        ending_event=pl.col("event").shift(-1).over(_CONTACT),
        ending=pl.col("state").shift(-1).over(_CONTACT),
    )


def _lost(events: pl.DataFrame) -> pl.DataFrame:
    """Rejected events of known agents, placed behind the good event before them (`after`) in their file (rule 8)."""
    good = pl.col("rejected").is_null() & pl.col("ignored").is_null()
    before = [pl.when(good).then(pl.col(name)).forward_fill().alias(at) for name, at in _PLACES.items()]
    placed = events.sort("file", "place").with_columns(before)
    lost = pl.col("rejected").is_not_null() & pl.col("agent_id").is_not_null() & pl.col("after").is_not_null()
    return placed.filter(lost).select("agent_id", "event", *_PLACES.values(), lost=pl.lit(True))


def _without_sure_end(runs: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """A contact that left the list after a lost event may have left with it: nobody knows when its state ended."""
    if lost.is_empty():
        return runs
    nearest = lost.select("agent_id", "after").sort("after")
    spans = (
        runs.sort("event")
        .join_asof(
            nearest, left_on="event", right_on="after", by="agent_id", strategy="forward", coalesce=False,
            check_sortedness=False,
        )
        .with_columns(unsure=(pl.col("ending") == _GONE) & (pl.col("after") < pl.col("ending_event")))
    )  # fmt: skip
    known = pl.when(~pl.col("unsure").fill_null(False)).then(pl.col("ended_at"))
    return spans.with_columns(ended_at=known).drop("after", "unsure")


def _as_states(runs: pl.DataFrame) -> pl.DataFrame:
    """A call is followed by the agent's status; of contacts side by side each is ended by leaving the list itself."""
    own_track = pl.col("channel").ne_missing("voice")
    left = pl.when(pl.col("state") == _GONE).then(pl.lit("other")).otherwise(pl.col("state"))
    return runs.filter((pl.col("state") != _GONE) | own_track).drop("ending_event", "ending").with_columns(state=left)


def _listed(events: pl.DataFrame, snapshot: str, order: int) -> pl.DataFrame:
    """One row per contact in a snapshot."""
    listed = events.select("agent_id", "event", "event_at", contact=snapshot)
    contact = pl.col("contact").struct
    rows = listed.explode("contact", empty_as_null=False).filter(contact.field("ContactId").is_not_null())
    rows = rows.filter(contact.field("InitiationMethod").str.to_uppercase().ne_missing("MONITOR"))
    return rows.select(
        "agent_id",
        contact.field("ContactId").alias("contact_id"),
        "event",
        "event_at",
        contact.field("State").str.to_uppercase().replace_strict(_STATES, default="other").alias("state"),
        utc_milliseconds(contact.field("StateStartTimestamp")).alias("begun"),
        contact.field("Channel").str.to_lowercase().alias("channel"),
        contact.field("Queue").struct.field("Name").alias("queue"),
        order=pl.lit(order),
    )


def _status_runs(events: pl.DataFrame) -> pl.DataFrame:
    """What the agent did without any contact: the status says `Available` through talk and wrap-up, too."""
    off = (pl.col("kind") == "LOGOUT") | (pl.col("status_kind") == "OFFLINE") | (pl.col("status") == "Offline")
    free = pl.col("now").list.len().fill_null(0) == 0
    routable = (pl.col("status_kind") == "ROUTABLE") | (pl.col("status") == "Available")
    state = (
        pl.when((pl.col("kind") == "LOGOUT") | (off & free)).then(pl.lit("logout"))
        .when(~free).then(pl.lit("busy"))
        .when(~pl.col("known")).then(None)
        .when(routable).then(pl.lit("ready"))
        .otherwise(pl.lit("not_ready"))
    )  # fmt: skip
    seen = events.select("agent_id", "event", event_time="event_at", state=state).filter(pl.col("state").is_not_null())
    begins = (pl.col("state") != pl.col("state").shift(1).over("agent_id")).fill_null(True)
    return seen.filter(begins & (pl.col("state") != "busy"))


def _of_file(
    probe: Probe, documents: Documents, events: pl.DataFrame, states: pl.DataFrame, told: pl.Series
) -> FileFrame:
    silent = pl.when(pl.col("kind") == "HEART_BEAT").then(pl.lit("heartbeat")).otherwise(
        pl.lit("no change of state")
    )  # fmt: skip
    unused = pl.when(~pl.col("event").is_in(told.implode())).then(silent)
    accounted = events.with_columns(ignored=pl.coalesce("ignored", unused)).sort("row")
    loaded = account_records(probe.plain, "states", accounted, documents)
    own = states.join(events.select("event", "row"), on="event", how="inner").sort(
        pl.coalesce("event_time", "at"), pl.coalesce("after", "event"), "lost", nulls_last=False
    )
    loaded.frame = own.select(
        pl.col("agent_id").cast(pl.Categorical),
        "event_time",
        pl.col("state").cast(pl.Enum(STATES)),
        "contact_id",
        "queue",
        "channel",
        "ended_at",
        "row",
        rejected=pl.col("lost").fill_null(False),
    )
    loaded.details["columns"] = "contacts of CurrentAgentSnapshot and PreviousAgentSnapshot"
    return loaded
