"""Webex Contact Center agent sessions (ASR): wrap-up counts and sums per session and channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import ROW
from acwcli.formats.options import ReadOptions
from acwcli.formats.records import (
    account_records,
    epoch_milliseconds,
    first_reason,
    length_ms,
    refuse_rows,
    say_missing_pages,
)
from acwcli.model.columns import AGGREGATE_FRAME

if TYPE_CHECKING:
    from acwcli.formats.json_documents import Documents, Shape

TITLE = "Webex Contact Center agent sessions, sums per channel (JSON)"
KIND = "aggregates"
METHOD = "aggregate"
DOCUMENTS = True

_COUNTS = ("wrapupCount", "outdialWrapupCount")
_SUMS = ("wrapupDuration", "outdialWrapupDuration")
_SHAPE: Shape = {
    "agentSessionId": None,
    "agentId": None,
    "agentName": None,
    "startTime": None,
    "endTime": None,
    "channelInfo": [{"channelId": None, "channelType": None, **dict.fromkeys((*_COUNTS, *_SUMS))}],
}


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """JSON documents of sessions whose channels have a count and a sum of wrap-up."""
    for document in probe.documents:
        channels = document.get("channelInfo")
        keys = set().union(*(one for one in channels if isinstance(one, dict))) if isinstance(channels, list) else set()
        if {"wrapupCount", "wrapupDuration"} <= keys:
            return Match(0.85, "JSON documents with channelInfo.wrapupCount and wrapupDuration")
    return Match(0, missing="JSON documents with channelInfo.wrapupCount and wrapupDuration")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all pages together: a session may come again when it has gone on."""
    from acwcli.formats.json_documents import read_documents

    refuse_rows(options, TITLE)
    read = [read_documents(probe.plain, _SHAPE, "agent_id", _channels) for probe in probes]
    rows = pl.concat(
        [documents.frame.with_columns(file=pl.lit(place, pl.UInt32)) for place, documents in enumerate(read)]
    )
    rows = _summed(rows)
    files = [
        _of_file(probe, documents, rows.filter(pl.col("file") == place))
        for place, (probe, documents) in enumerate(zip(probes, read, strict=True))
    ]
    return say_missing_pages(files, read, options)


def _channels(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per session and channel; a session without any keeps one."""
    channel = pl.col("channel").struct
    return (
        rows.select(
            pl.col(ROW).cast(pl.UInt32).alias("row"), session="agentSessionId",
            agent_id=pl.coalesce("agentId", "agentName"), from_text="startTime", to_text="endTime",
            channel="channelInfo",
        )
        .explode("channel", empty_as_null=True)
        .select(pl.exclude("channel"), channel.field("channelId", "channelType", *_COUNTS, *_SUMS))
    )  # fmt: skip


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    """Inbound and outdial wrap-ups together; of a channel of a session that comes again the larger sum counts."""
    counts, sums = ([length_ms(pl.col(name), 1) for name in names] for names in (_COUNTS, _SUMS))
    rows = rows.with_columns(
        contacts=pl.sum_horizontal(counts),
        acw_total_ms=pl.sum_horizontal(sums),
        wrap_start=epoch_milliseconds(pl.col("from_text")),
        ended=epoch_milliseconds(pl.col("to_text")),
        order=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    told = pl.all_horizontal(pl.col("session", "channelId").is_not_null())
    latest = rows.filter(told).sort("acw_total_ms", "order", nulls_last=False)
    latest = latest.unique(["session", "channelId"], keep="last").select("order", latest=pl.lit(True))
    rows = rows.join(latest, on="order", how="left", maintain_order="left")
    bad = pl.any_horizontal(pl.col("contacts", "acw_total_ms") < 0)
    return rows.with_columns(
        span_ms=(pl.col("ended") - pl.col("wrap_start")).dt.total_milliseconds(),
        rejected=first_reason([(pl.col("agent_id").is_null(), "no agent"), (bad, "negative wrap-up")]),
        ignored=first_reason(
            [
                (told & pl.col("latest").is_null(), "older version"),
                (pl.col("contacts") == 0, "no contacts handled"),
            ]
        ),
    )


def _of_file(probe: Probe, documents: Documents, rows: pl.DataFrame) -> FileFrame:
    frame = rows.select(
        pl.col("agent_id").cast(pl.Categorical),
        "wrap_start", "span_ms", "contacts", "acw_total_ms", "row", "rejected", "ignored",
        queue=pl.lit(None, pl.String),
        channel=pl.col("channelType").str.to_lowercase(),
    )  # fmt: skip
    loaded = account_records(probe.plain, "aggregates", frame, documents)
    loaded.frame = loaded.frame.select(*AGGREGATE_FRAME)
    loaded.details["rows"] = "channels of sessions"
    return loaded
