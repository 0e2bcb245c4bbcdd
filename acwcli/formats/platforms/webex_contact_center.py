"""Webex Contact Center activities from the GraphQL search API: by agent session (AAR) or by task (CAR)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import ROW
from acwcli.formats.options import ReadOptions
from acwcli.formats.records import (
    account_records,
    epoch_milliseconds,
    first_reason,
    keys_of,
    length_ms,
    refuse_rows,
    say_missing_pages,
)

if TYPE_CHECKING:
    from acwcli.formats.json_documents import Documents, Shape

TITLE = "Webex Contact Center agent and task activities (JSON)"
KIND = "contacts"
METHOD = "explicit or duration"
DOCUMENTS = True

UNKNOWN = "unknown"
"""The agent of tasks whose activities were exported without agents."""

_PAGE: Shape = {"hasNextPage": None}
_AGENTS: Shape = {
    "agentId": None,
    "agentName": None,
    "userLoginId": None,
    "channelInfo": [
        {
            "channelType": None,
            "activities": {
                "totalCount": None,
                "pageInfo": _PAGE,
                "nodes": [
                    {
                        "id": None,
                        "state": None,
                        "startTime": None,
                        "endTime": None,
                        "duration": None,
                        "taskId": None,
                        "isOutdial": None,
                        "queue": {"id": None, "name": None},
                        "wrapupCode": {"name": None},
                    }
                ],
            },
        }
    ],
}
_TASKS: Shape = {
    "id": None,
    "channelType": None,
    "activities": {
        "totalCount": None,
        "pageInfo": _PAGE,
        "nodes": [
            {
                "id": None,
                "eventName": None,
                "createdTime": None,
                "endedTime": None,
                "duration": None,
                "agentId": None,
                "agentName": None,
                "queueId": None,
                "queueName": None,
            }
        ],
    },
}
_PARTS = {"wrapup": "wrapup", "connected": "talk", "hold-done": "talk", "on-hold": "hold"}
"""What activities are of a contact; `hold-done` is the talk after a hold."""


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """JSON documents with activities whose states or events are named.

    Raises:
        InputError: the answer of an aggregation, which has no single activities.
    """
    if not probe.documents:
        return Match(0, missing="JSON documents")
    kind = _kind(probe.documents)
    if kind == "aggregation":
        raise InputError(
            f"{probe.input.name}: a Webex aggregation, without single activities; query the activities themselves"
        )
    if kind:
        return Match(0.9, f"JSON documents with activities of {kind}")
    return Match(0, missing="activities (channelInfo.activities.nodes.state, or activities.nodes.eventName)")


def _kind(documents: Sequence[Mapping[str, Any]]) -> str:
    """`agents` (AAR), `tasks` (CAR), `aggregation`, or '' for anything else."""
    for document in documents:
        keys = keys_of(document)
        if {"channelinfo", "aggregation"} <= keys:
            return "aggregation"
        channels = document.get("channelInfo")
        if isinstance(channels, list) and any("state" in node for one in channels for node in _nodes(one)):
            return "agents"
        if "id" in keys and any("eventName" in node for node in _nodes(document)):
            return "tasks"
    return ""


def _nodes(holder: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any JSON value
    activities = holder.get("activities") if isinstance(holder, dict) else None
    nodes = activities.get("nodes") if isinstance(activities, dict) else None
    return [node for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all pages together: the activities of a session or task may go on in the next one."""
    refuse_rows(options, TITLE)
    read = [_read(probe) for probe in probes]
    nodes = pl.concat(
        [documents.frame.with_columns(file=pl.lit(place, pl.UInt32)) for place, documents in enumerate(read)]
    )
    nodes, repeated = _once(_timed(nodes))
    legs = _legs(nodes)
    files = [
        _of_file(probe, documents, legs.filter(pl.col("file") == place), repeated.get(place, 0))
        for place, (probe, documents) in enumerate(zip(probes, read, strict=True))
    ]
    return say_missing_pages(files, read, options)


def _read(probe: Probe) -> Documents:
    from acwcli.formats.json_documents import read_documents

    if _kind(probe.documents) == "agents":
        return read_documents(probe.plain, _AGENTS, "known", _of_agents)
    return read_documents(probe.plain, _TASKS, "known", _of_tasks)


def _of_agents(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per activity of an agent; a document without any keeps one."""
    channel, node = pl.col("channel").struct, pl.col("node").struct
    queue = node.field("queue").struct
    return (
        rows.select(
            pl.col(ROW).cast(pl.UInt32).alias("row"),
            agent_id=pl.coalesce("agentId", "userLoginId", "agentName"),
            channel="channelInfo",
        )
        .explode("channel", empty_as_null=True)
        .select(
            "row", "agent_id", known="agent_id", channel=channel.field("channelType"),
            node=channel.field("activities").struct.field("nodes"), **_paging(channel.field("activities")),
        )
        .with_columns(place=pl.int_ranges(pl.col("node").list.len().clip(1), dtype=pl.UInt32))
        .explode("node", "place", empty_as_null=True)
        .select(
            pl.exclude("node"), node_id=node.field("id"), kind=node.field("state"), task=node.field("taskId"),
            from_text=node.field("startTime"), to_text=node.field("endTime"), length=node.field("duration"),
            queue=pl.coalesce(queue.field("name"), queue.field("id")),
            code=node.field("wrapupCode").struct.field("name"), outdial=node.field("isOutdial") == "true",
        )
    )  # fmt: skip


def _of_tasks(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per activity of a task; a document without any keeps one."""
    node, activities = pl.col("node").struct, pl.col("activities")
    return (
        rows.select(
            pl.col(ROW).cast(pl.UInt32).alias("row"), known="id", channel="channelType", task="id",
            node=activities.struct.field("nodes"), **_paging(activities),
        )
        .with_columns(place=pl.int_ranges(pl.col("node").list.len().clip(1), dtype=pl.UInt32))
        .explode("node", "place", empty_as_null=True)
        .select(
            "row", pl.coalesce(node.field("agentId"), node.field("agentName")).alias("agent_id"), "known", "channel",
            "listed", "total", "more", "place", node_id=node.field("id"), kind=node.field("eventName"), task="task",
            from_text=node.field("createdTime"), to_text=node.field("endedTime"), length=node.field("duration"),
            queue=pl.coalesce(node.field("queueName"), node.field("queueId")), code=pl.lit(None, pl.String),
            outdial=pl.lit(None, pl.Boolean),
        )
    )  # fmt: skip


def _paging(activities: pl.Expr) -> dict[str, pl.Expr]:
    inside = activities.struct
    return {
        "listed": inside.field("nodes").list.len(),
        "total": inside.field("totalCount").cast(pl.Int64, strict=False),
        "more": inside.field("pageInfo").struct.field("hasNextPage") == "true",
    }


def _timed(nodes: pl.DataFrame) -> pl.DataFrame:
    nodes = nodes.with_columns(
        part=pl.col("kind").str.to_lowercase().replace_strict(_PARTS, default=None, return_dtype=pl.String),
        begun=epoch_milliseconds(pl.col("from_text")),
        ended=epoch_milliseconds(pl.col("to_text")),
        length=length_ms(pl.col("length"), 1),
    )
    is_open = pl.col("to_text").is_not_null() & pl.col("ended").is_null()
    return nodes.with_columns(length=pl.when(~is_open).then(
        pl.coalesce((pl.col("ended") - pl.col("begun")).dt.total_milliseconds(), "length")
    ))  # fmt: skip


def _once(nodes: pl.DataFrame) -> tuple[pl.DataFrame, dict[int, int]]:
    """An activity is listed again under every channel and on every page fetched twice: the one that ended counts."""
    named = pl.coalesce("node_id", pl.concat_str("task", "kind", "from_text", separator=" ", ignore_nulls=True))
    tells = pl.col("part").is_not_null() & (pl.col("node_id").is_not_null() | pl.col("from_text").is_not_null())
    nodes = nodes.with_row_index("order").with_columns(name=pl.when(tells).then(named))
    told = nodes.filter(pl.col("name").is_not_null())
    kept = told.sort("ended", "order", nulls_last=False).unique(["agent_id", "name"], keep="last", maintain_order=True)
    repeated = told.join(kept.select("order"), on="order", how="anti")
    counted = dict(repeated.group_by("file").len().iter_rows())
    return nodes.join(repeated.select("order"), on="order", how="anti", maintain_order="left"), counted


def _legs(nodes: pl.DataFrame) -> pl.DataFrame:
    """One record per wrap-up with the talk before it, per talk without one, and one for each document without both."""
    leg_nodes = nodes.filter(pl.col("part").is_not_null()).sort("begun", "order", nulls_last=True)
    wrapup = (pl.col("part") == "wrapup").cast(pl.UInt32)
    # Without instants nothing tells which talk a wrap-up followed, without a task nothing joins them.
    alone = pl.col("begun").is_null() | pl.col("task").is_null()
    number = wrapup.cum_sum().over("agent_id", "task") - wrapup
    leg_nodes = leg_nodes.with_columns(leg=number, single=pl.when(alone).then("order"))
    leg_nodes = leg_nodes.filter(~alone | (pl.col("part") == "wrapup"))
    legs = leg_nodes.group_by("agent_id", "task", "leg", "single", maintain_order=True).agg(*_folds())
    silent = (
        nodes.join(legs.select("file", "row").unique(), on=["file", "row"], how="anti")
        .filter(~pl.struct("file", "row").is_in(leg_nodes.select(pl.struct("file", "row")).to_series().implode()))
        .unique(["file", "row"], keep="first", maintain_order=True)
        .select("file", "row", "agent_id", "known", ignored=pl.lit("neither talk nor wrap-up"))
    )
    short = nodes.group_by("file", "row").agg(short=_is_short().any())
    records = pl.concat([_as_records(legs), silent], how="diagonal_relaxed")
    return records.join(short, on=["file", "row"], how="left", maintain_order="left").sort("file", "row")


def _is_short() -> pl.Expr:
    return pl.col("more").fill_null(False) | (pl.col("total") > pl.col("listed")).fill_null(False)


def _folds() -> list[pl.Expr]:
    talk, hold, wrapup = (pl.col("part") == part for part in ("talk", "hold", "wrapup"))
    spoken, length = talk | hold, pl.col("length")
    return [
        pl.col("file", "row", "known").first(),
        pl.col("channel").drop_nulls().first(),
        pl.col("queue").drop_nulls().first(),
        pl.col("code").filter(wrapup).last().alias("disposition"),
        pl.col("outdial").any().alias("outdial"),
        pl.col("begun").filter(spoken).min().alias("answered_at"),
        pl.col("ended").filter(spoken).max().alias("ended_at"),
        pl.when(talk.any()).then(length.filter(talk).sum()).alias("talk_ms"),
        pl.when(talk.any()).then(length.filter(hold).sum()).alias("hold_ms"),
        (spoken & length.is_null()).any().alias("speaking"),
        pl.col("begun").filter(wrapup).first().alias("acw_start"),
        pl.col("ended").filter(wrapup).first().alias("acw_end"),
        length.filter(wrapup).first().alias("acw_ms"),
        wrapup.any().alias("wrapped"),
        pl.struct("node_id", "task", "place", "length", "from_text").filter(wrapup).first().hash().alias("row_hash"),
        pl.col("order").min().alias("order"),
    ]  # fmt: skip


def _as_records(legs: pl.DataFrame) -> pl.DataFrame:
    empty = pl.col("wrapped") & pl.col("acw_start").is_null() & pl.col("acw_ms").is_null()
    backwards = (pl.col("acw_ms") < 0) | (pl.col("acw_end") < pl.col("acw_start"))
    return legs.with_columns(
        rejected=first_reason(
            [(empty, "wrap-up without time or length"), (backwards, "wrap-up ends before it starts")]
        ),
        row_hash=pl.when("wrapped").then("row_hash").otherwise(pl.struct("task", "order").hash()),
        direction=pl.when("outdial").then(pl.lit("outbound")),
        talk_ms=pl.when(~pl.col("speaking")).then("talk_ms"),
        hold_ms=pl.when(~pl.col("speaking")).then("hold_ms"),
        contact_id="task",
    )


def _of_file(probe: Probe, documents: Documents, legs: pl.DataFrame, repeated: int) -> FileFrame:
    nobody = legs.filter(pl.col("wrapped"))["agent_id"].null_count()
    nameless = nobody > 0 and nobody == legs["wrapped"].sum()
    agent = pl.col("agent_id").fill_null(UNKNOWN) if nameless else pl.col("agent_id")
    kept = (
        "row", "contact_id", "queue", "direction", "answered_at", "ended_at", "talk_ms", "hold_ms", "acw_start",
        "acw_end", "acw_ms", "disposition", "row_hash", "rejected", "ignored",
    )  # fmt: skip
    frame = legs.select(*kept, agent_id=agent.cast(pl.Categorical), channel=pl.col("channel").str.to_lowercase())
    loaded = account_records(probe.plain, "contacts", frame, documents)
    short = legs.filter("short")["row"].n_unique()
    if short:
        loaded.notes.append(f"{short:,} documents have more activities than the file holds; fetch their next pages")
    if repeated:
        loaded.notes.append(f"{repeated:,} activities listed again (per channel or page) counted once")
    if nameless:
        loaded.notes.append(f"no activity names its agent: all wraps are those of '{UNKNOWN}'; query agentId, too")
    loaded.details["rows"] = "contacts of an agent; a session or task without any counts as one"
    return loaded
