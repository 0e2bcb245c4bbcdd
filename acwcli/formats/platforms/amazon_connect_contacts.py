"""Amazon Connect contact records: JSON as the stream delivers them, or the `contact_record` table of the data lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from acwcli.formats.agents import one_spelling
from acwcli.formats.columns import Chosen
from acwcli.formats.customers import customer_key
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import ROW
from acwcli.formats.grid_data import BAD
from acwcli.formats.options import ReadOptions
from acwcli.formats.records import (
    account_records,
    first_reason,
    keys_of,
    length_ms,
    refuse_rows,
    superseded,
    unreadable,
    utc_seconds,
)
from acwcli.formats.times import Times
from acwcli.model.counts import counted

if TYPE_CHECKING:
    from acwcli.formats.json_documents import Documents, Shape

TITLE = "Amazon Connect contact records (JSON, data lake table)"
KIND = "contacts"
METHOD = "explicit"
DOCUMENTS = True

_SHAPE: Shape = {
    "ContactId": None,
    "Channel": None,
    "InitiationMethod": None,
    "InitiationTimestamp": None,
    "LastUpdateTimestamp": None,
    "Agent": {
        "ARN": None,
        "Username": None,
        "ConnectedToAgentTimestamp": None,
        "AgentInteractionDuration": None,
        "CustomerHoldDuration": None,
        "AfterContactWorkDuration": None,
        "AfterContactWorkStartTimestamp": None,
        "AfterContactWorkEndTimestamp": None,
    },
    "Queue": {"Name": None},
    "CustomerEndpoint": {"Address": None},
}
_INSTANTS = ("offered_at", "answered_at", "acw_start", "acw_end", "updated")
_LENGTHS = ("talk", "hold", "acw")
_JSON = {
    "contact_id": "ContactId", "channel": "Channel", "initiation": "InitiationMethod",
    "offered_at": "InitiationTimestamp", "updated": "LastUpdateTimestamp", "agent_arn": "Agent.ARN",
    "agent_id": "Agent.Username", "answered_at": "Agent.ConnectedToAgentTimestamp",
    "talk": "Agent.AgentInteractionDuration", "hold": "Agent.CustomerHoldDuration",
    "acw": "Agent.AfterContactWorkDuration", "acw_start": "Agent.AfterContactWorkStartTimestamp",
    "acw_end": "Agent.AfterContactWorkEndTimestamp", "queue": "Queue.Name",
    "customer_id": "CustomerEndpoint.Address",
}  # fmt: skip
_TABLE = {
    "contact_id": "contact_id", "channel": "channel", "initiation": "initiation_method",
    "offered_at": "initiation_timestamp", "updated": "data_lake_last_processed_timestamp", "agent_arn": "agent_arn",
    "agent_id": "agent_username", "answered_at": "agent_connected_to_agent_timestamp",
    "talk": "agent_interaction_duration_ms", "hold": "agent_customer_hold_duration_ms",
    "acw": "agent_after_contact_work_duration_ms", "acw_start": "agent_after_contact_work_start_timestamp",
    "acw_end": "agent_after_contact_work_end_timestamp", "queue": "queue_name",
    "customer_id": "customer_endpoint_address",
}  # fmt: skip
_TABLE_MARKS = ("contact_id", "initiation", "agent_id", "acw")
_MOST_ROWS = (3_000, 10_000)
"""A download of the contact search, and the search itself, hold no more."""
_TRUNCATED_S = 1_500
"""How far the recorded length may be from the two instants, which are written in whole seconds."""


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """JSON documents with a contact id, an initiation method and an agent, or the table of the data lake."""
    if probe.documents:
        wanted = {"contactid", "initiationmethod", "agent"}
        best = max(probe.documents, key=lambda document: len(wanted & keys_of(document)))
        if wanted <= keys_of(best):
            return Match(0.9, "JSON documents with ContactId, InitiationMethod and Agent")
        return Match(0, missing="keys " + ", ".join(sorted(wanted - keys_of(best))))
    if probe.is_json:
        return Match(0, missing="JSON documents")
    missing = [_TABLE[name] for name in _TABLE_MARKS if _TABLE[name] not in probe.grid.columns]
    if missing:
        return Match(0, missing="JSON documents, or columns " + ", ".join(missing))
    return Match(0.9, f"the columns of the data lake's contact_record: {_TABLE['acw']}, {_TABLE['agent_id']}")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all files together: a record may come again in a later one."""
    refuse_rows(options, TITLE)
    parts = [_from_json(probe) if probe.is_json else _from_table(probe, options) for probe in probes]
    everything = pl.concat(
        [part.frame.with_columns(file=pl.lit(place, pl.UInt32)) for place, part in enumerate(parts)],
        how="diagonal_relaxed",
    )
    again = superseded(everything, ["contact_id"], "updated")
    everything = everything.with_columns(ignored=pl.coalesce(again, "ignored"))
    return [_of_file(everything.filter(pl.col("file") == place).drop("file"), part) for place, part in enumerate(parts)]


@dataclass(frozen=True)
class _Part:
    """The records of one file, and what is to be said about it."""

    probe: Probe
    frame: pl.DataFrame
    documents: Documents | None = None
    notes: tuple[str, ...] = ()


def _from_json(probe: Probe) -> _Part:
    from acwcli.formats.json_documents import read_documents

    documents = read_documents(probe.plain, _SHAPE, "contact_id", _flat)
    read = {name: utc_seconds(pl.col(name)) for name in _INSTANTS}
    read |= {name: length_ms(pl.col(name), 1000) for name in _LENGTHS}
    # Not in the lazy scan: its small batches make reading times there twice as dear.
    frame = documents.frame.with_columns(expr.alias(f"{name}_read") for name, expr in read.items())
    documents.frame = frame.select(*_columns())
    return _Part(probe, documents.frame, documents)


def _flat(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(ROW, *(_member(path).alias(name) for name, path in _JSON.items()))


def _member(path: str) -> pl.Expr:
    outer, _, inner = path.partition(".")
    return pl.col(outer).struct.field(inner) if inner else pl.col(outer)


def _from_table(probe: Probe, options: ReadOptions) -> _Part:
    grid = probe.grid
    held = {name: header for name, header in _TABLE.items() if header in grid.columns}
    clocks = Chosen({name: (held[name],) for name in _INSTANTS if name in held})
    times = Times(grid, clocks, replace(options, tz="UTC"))  # the data lake is UTC, whoever reads it
    read = {name: times.instant(name) for name in _INSTANTS if name in held}
    read |= {name: length_ms(pl.col(held[name]), 1) for name in _LENGTHS if name in held}
    absent = [name for name in _TABLE if name not in held]
    rows = grid.frame.select(
        ROW,
        BAD,
        *(pl.col(header).cast(pl.String).alias(name) for name, header in held.items()),
        *(pl.lit(None, pl.String).alias(name) for name in absent),
        *(expr.alias(f"{name}_read") for name, expr in read.items()),
        *(pl.lit(None, pl.Datetime("ms", "UTC")).alias(f"{name}_read") for name in _INSTANTS if name in absent),
        *(pl.lit(None, pl.Int64).alias(f"{name}_read") for name in _LENGTHS if name in absent),
    )
    frame = rows.select(*_columns(), BAD).collect(engine="streaming")
    frame = frame.with_columns(rejected=pl.coalesce(BAD, "rejected")).drop(BAD)
    return _Part(probe, frame, None, tuple(grid.notes))


def _columns() -> list[pl.Expr | str]:
    """The canonical columns, from the text of every member and, as `…_read`, its instants and lengths."""
    agent = pl.coalesce(_filled("agent_id"), pl.col("agent_arn").str.extract(r"([^/]+)$"))
    initiation = pl.col("initiation").str.to_lowercase()
    checks = [(pl.col("contact_id").is_null(), "no contact id")]
    checks += [(unreadable(pl.col(name), pl.col(f"{name}_read")), "unreadable time") for name in _INSTANTS]
    checks += [(unreadable(pl.col(name), pl.col(f"{name}_read")), f"unreadable {name} time") for name in _LENGTHS]
    checks += [(pl.col(f"{name}_read") < 0, f"negative {name} time") for name in _LENGTHS]
    checks.append((pl.col("acw_end_read") < pl.col("acw_start_read"), "wrap-up ends before it starts"))
    return [
        pl.col(ROW).cast(pl.UInt32).alias("row"),
        "contact_id",
        agent.cast(pl.Categorical).alias("agent_id"),
        "queue",
        pl.col("channel").str.to_lowercase(),
        customer_key(pl.col("customer_id")).alias("customer_id"),
        initiation.alias("direction"),
        *(pl.col(f"{name}_read").alias(name) for name in _INSTANTS),
        *(pl.col(f"{name}_read").alias(f"{name}_ms") for name in _LENGTHS),
        first_reason(checks).alias("rejected"),
        pl.when(initiation == "monitor").then(pl.lit("monitoring, no agent work")).alias("ignored"),
    ]


def _filled(name: str) -> pl.Expr:
    return pl.when(pl.col(name) != "").then(pl.col(name))


def _of_file(frame: pl.DataFrame, part: _Part) -> FileFrame:
    # The customer may leave long before or after the agent does: talk ends where wrap-up begins.
    frame = frame.with_columns(ended_at="acw_start", row_hash=pl.struct("contact_id", "row").hash()).drop("updated")
    loaded = account_records(part.probe.plain, "contacts", frame, part.documents)
    agents, spelling = one_spelling(loaded.frame["agent_id"])
    loaded.frame = loaded.frame.with_columns(agents)
    if part.documents is None:
        grid = part.probe.grid
        loaded.details, loaded.raw_text = dict(grid.details), grid.raw
        loaded.ignored.update(grid.ignored)
        loaded.read += grid.ignored.total()
    names = _JSON if part.documents else _TABLE
    loaded.details["columns"] = ", ".join(f"{name} = {path}" for name, path in names.items())
    loaded.notes += [*part.notes, *spelling, *_contradictions(loaded), *_cut(loaded)]
    return loaded


def _cut(loaded: FileFrame) -> list[str]:
    """A number of records that is where Amazon Connect cuts what it lists."""
    said = "contact search stops there, so the end may be missing; export shorter spans"
    return [f"{loaded.source}: exactly {loaded.read:,} records: Amazon Connect's {said}"] * (loaded.read in _MOST_ROWS)


def _contradictions(loaded: FileFrame) -> list[str]:
    """Records whose wrap-up length is not what lies between its two instants (chats left without clearing them)."""
    between = (pl.col("acw_end") - pl.col("acw_start")).dt.total_milliseconds()
    odd = int(loaded.frame.select((between - pl.col("acw_ms")).abs() > _TRUNCATED_S).to_series().sum())
    have = "has" if odd == 1 else "have"
    said = f"{have} a wrap-up length that differs from its start and end by more than 1 s; start and end are used"
    return [f"{loaded.source}: {counted(odd, 'record')} {said}"] if odd else []
