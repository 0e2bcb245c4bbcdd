"""Genesys Cloud conversation details: participants, their sessions and segments, of which `wrapup` is the ACW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import ROW
from acwcli.formats.options import ReadOptions
from acwcli.formats.records import (
    account_records,
    first_reason,
    keys_of,
    refuse_rows,
    say_missing_pages,
    superseded,
    unreadable,
    utc_milliseconds,
)

if TYPE_CHECKING:
    from acwcli.formats.json_documents import Documents, Shape

TITLE = "Genesys Cloud conversation details (JSON)"
KIND = "contacts"
METHOD = "explicit"
DOCUMENTS = True

_SHAPE: Shape = {
    "conversationId": None,
    "participants": [
        {
            "participantId": None,
            "userId": None,
            "participantName": None,
            "purpose": None,
            "sessions": [
                {
                    "sessionId": None,
                    "mediaType": None,
                    "direction": None,
                    "segments": [
                        {
                            "segmentType": None,
                            "segmentStart": None,
                            "segmentEnd": None,
                            "queueId": None,
                            "wrapUpCode": None,
                        }
                    ],
                }
            ],
        }
    ],
}
_AGENTS = ("agent", "user")
_TIMEOUT = "ININ-WRAP-UP-TIMEOUT"
_HOLE_MS = 1_000
"""Wrap-up segments of one leg that are no further apart are one stretch."""


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """JSON documents with a conversation id and participants.

    Raises:
        InputError: user details, which cannot tell.
    """
    if not probe.documents:
        return Match(0, missing="JSON documents")
    keys = frozenset().union(*map(keys_of, probe.documents))
    if {"conversationid", "participants"} <= keys:
        return Match(0.9, "JSON documents with conversationId and participants")
    if "userdetails" in keys or {"userid", "routingstatus"} <= keys:
        raise InputError(
            f"{probe.input.name}: Genesys Cloud user details have no ACW (it lies inside INTERACTING); "
            "export the conversation details"
        )
    return Match(0, missing="keys conversationId, participants")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all pages together: a conversation may come again when it has gone on."""
    from acwcli.formats.json_documents import read_documents

    refuse_rows(options, TITLE)
    read = [read_documents(probe.plain, _SHAPE, "contact_id", _sessions) for probe in probes]
    legs = pl.concat(
        [_legs(documents.frame).with_columns(file=pl.lit(place, pl.UInt32)) for place, documents in enumerate(read)]
    )
    again = superseded(legs, ["contact_id", "participant", "session"], "latest")
    legs = legs.with_columns(ignored=pl.coalesce(again, "ignored"))
    files = [
        _of_file(probe, documents, legs.filter(pl.col("file") == place))
        for place, (probe, documents) in enumerate(zip(probes, read, strict=True))
    ]
    return say_missing_pages(files, read, options)


def _sessions(rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per session of an agent; a conversation without any keeps one."""
    is_agent = pl.element().struct.field("purpose").str.to_lowercase().is_in(_AGENTS)
    who, session = pl.col("who").struct, pl.col("session").struct
    return (
        rows.select(
            pl.col(ROW).cast(pl.UInt32).alias("row"),
            contact_id="conversationId",
            who=pl.col("participants").list.filter(is_agent),
        )
        .explode("who", empty_as_null=True)
        .select(
            "row",
            "contact_id",
            participant=who.field("participantId"),
            agent_id=pl.coalesce(who.field("userId"), who.field("participantName")),
            session=who.field("sessions"),
        )
        .explode("session", empty_as_null=True)
        .select(
            pl.exclude("session"),
            session=session.field("sessionId"),
            channel=session.field("mediaType").str.to_lowercase(),
            direction=session.field("direction").str.to_lowercase(),
            segment=session.field("segments"),
        )
    )


def _legs(sessions: pl.DataFrame) -> pl.DataFrame:
    """Fold the segments of each session into one contact record."""
    legs = sessions.with_row_index("leg")
    segment = pl.col("segment").struct
    segments = legs.select("leg", "segment").explode("segment", empty_as_null=False).select(
        "leg",
        kind=segment.field("segmentType").str.to_lowercase(),
        from_text=segment.field("segmentStart"),
        to_text=segment.field("segmentEnd"),
        queue=segment.field("queueId"),
        code=segment.field("wrapUpCode"),
    )  # fmt: skip
    instants = {"begun": utc_milliseconds(pl.col("from_text")), "ended": utc_milliseconds(pl.col("to_text"))}
    segments = segments.with_columns(**instants)
    folded = segments.sort("leg", "begun", maintain_order=True).group_by("leg", maintain_order=True).agg(*_folds())
    return _as_records(legs.drop("segment").join(folded, on="leg", how="left", maintain_order="left"))


def _folds() -> list[pl.Expr]:
    kind, code = pl.col("kind"), pl.col("code")
    wrapup = kind == "wrapup"
    spoken = kind.is_in(["interact", "hold"])
    length = (pl.col("ended") - pl.col("begun")).dt.total_milliseconds()
    hole = (pl.col("begun") - pl.col("ended").shift(1)).dt.total_milliseconds()
    return [
        pl.col("begun").min().alias("offered_at"),
        pl.col("begun").filter(spoken).min().alias("answered_at"),
        pl.col("ended").filter(spoken).max().alias("ended_at"),
        length.filter(kind == "interact").sum().alias("talk_ms"),
        length.filter(kind == "hold").sum().alias("hold_ms"),
        spoken.any().alias("spoken"),
        (spoken & pl.col("ended").is_null()).any().alias("speaking"),
        wrapup.sum().alias("wrapups"),
        (wrapup & pl.col("ended").is_null()).any().alias("wrapping"),
        pl.col("begun").filter(wrapup).min().alias("acw_start"),
        pl.col("ended").filter(wrapup).max().alias("last_end"),
        length.filter(wrapup).sum().alias("summed"),
        hole.filter(wrapup & wrapup.shift(1)).max().alias("hole"),
        (length.filter(wrapup) < 0).any().alias("backwards"),
        pl.col("queue").drop_nulls().first(),
        pl.coalesce(code.filter(wrapup).drop_nulls().last(), code.drop_nulls().last()).alias("code"),
        (code == _TIMEOUT).any().alias("timed_out"),
        pl.max_horizontal(pl.col("begun").max(), pl.col("ended").max()).alias("latest"),
        (unreadable(pl.col("from_text"), pl.col("begun")) | unreadable(pl.col("to_text"), pl.col("ended"))).any()
        .alias("unreadable"),
        (wrapup & pl.col("from_text").is_null()).any().alias("startless"),
    ]  # fmt: skip


def _as_records(legs: pl.DataFrame) -> pl.DataFrame:
    checks = [
        (pl.col("contact_id").is_null(), "no conversation id"),
        (pl.col("unreadable") | pl.col("startless"), "unreadable time"),
        (pl.col("backwards"), "wrap-up ends before it starts"),
    ]
    wrapped = (pl.col("wrapups") > 0).fill_null(False)
    whole = wrapped & ~pl.col("wrapping")
    together = pl.col("hole").is_null() | (pl.col("hole") <= _HOLE_MS)
    talked = pl.col("spoken") & ~pl.col("speaking")
    nobody = pl.col("participant").is_null() & pl.col("agent_id").is_null()
    silent = ~pl.col("spoken").fill_null(False) & ~wrapped
    return legs.with_columns(
        agent_id=pl.col("agent_id").cast(pl.Categorical),
        acw_end=pl.when(whole & together).then(pl.col("last_end")),
        acw_ms=pl.when(whole).then(pl.col("summed")),
        talk_ms=pl.when(talked).then(pl.col("talk_ms")),
        hold_ms=pl.when(talked).then(pl.col("hold_ms")),
        ended_at=pl.when(talked).then(pl.col("ended_at")),
        disposition="code",
        rejected=first_reason(checks),
        ignored=first_reason([(nobody, "no agent in the conversation"), (silent, "neither talk nor wrap-up")]),
        row_hash=pl.struct("contact_id", "participant", "session", "row", "leg").hash(),
    )


def _of_file(probe: Probe, documents: Documents, legs: pl.DataFrame) -> FileFrame:
    kept = (
        "row", "contact_id", "agent_id", "queue", "channel", "direction", "offered_at", "answered_at", "ended_at",
        "talk_ms", "hold_ms", "acw_start", "acw_end", "acw_ms", "disposition", "timed_out", "row_hash", "rejected",
        "ignored",
    )  # fmt: skip
    loaded = account_records(probe.plain, "contacts", legs.select(kept), documents)
    loaded.details["rows"] = "sessions of agents; a conversation without any counts as one"
    loaded.details["columns"] = "wrapup segments of participants with purpose agent or user"
    return loaded
