"""Tiny exports for the quirk tests, and what is read from them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acwcli import pipeline
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME
from tests.cli import CONTACT_HEADER, HEADER

NEEDS = frozenset((*WRAP_FRAME, LEGS))
DAY = "2026-03-02"


@dataclass(frozen=True)
class Read:
    """What some files give, and the account of their rows, which adds up."""

    found: pipeline.Wraps

    @property
    def wraps(self) -> list[dict[str, Any]]:
        return self.found.frame.sort("agent_id", "wrap_start", "row").to_dicts()

    @property
    def acw(self) -> list[float | None]:
        """Seconds of every wrap, by agent, start and row."""
        return [None if wrap["acw_ms"] is None else wrap["acw_ms"] / 1000 for wrap in self.wraps]

    @property
    def told(self) -> list[tuple[str, float | None, str]]:
        """Agent, seconds and status of every wrap."""
        return [(wrap["agent_id"], acw, wrap["status"]) for wrap, acw in zip(self.wraps, self.acw, strict=True)]

    @property
    def ignored(self) -> Counter[str]:
        return self.found.loaded.total().ignored

    @property
    def rejected(self) -> Counter[str]:
        return self.found.loaded.total().rejected

    @property
    def notes(self) -> str:
        return "\n".join([*self.found.loaded.notes(), *self.found.notes])

    @property
    def format(self) -> str | None:
        return self.found.loaded.recognised[0].format


def read(
    *paths: Path, max_wrap_ms: int = 4 * 3_600_000, gap_cap_ms: int | None = None, needs: frozenset[str] = NEEDS,
    **options: Any,
) -> Read:  # fmt: skip
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(needs=needs, max_bad=1.0, **options))
    chosen = pipeline.WrapOptions(max_wrap_ms=max_wrap_ms, gap_cap_ms=gap_cap_ms, tz=options.get("tz", "UTC"))
    found = pipeline.wraps(loaded, chosen, needs)
    total = loaded.total()
    assert total.read == total.used + total.ignored.total() + total.rejected.total()
    return Read(found)


class Folder:
    """Writes small files and reads them; the name tells nothing, the content everything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = 0

    def write(self, content: str | bytes, name: str = "") -> Path:
        self._number += 1
        path = self.path / (name or f"export{self._number}.txt")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def rows(self, header: str, *rows: str, **options: Any) -> Read:
        """Rows of text under a header."""
        return read(self.write("\n".join([header, *rows, ""])), **options)

    def states(self, *rows: str, **options: Any) -> Read:
        """Rows of a generic state log."""
        return self.rows(HEADER, *rows, **options)

    def contacts(self, *rows: str, **options: Any) -> Read:
        """Rows of generic contact records: contact, agent, answered, talk, ACW."""
        return self.rows(CONTACT_HEADER, *rows, **options)

    def json(self, *documents: object, **options: Any) -> Read:
        """One document per line."""
        return read(self.write("\n".join(json.dumps(one) for one in documents) + "\n"), **options)

    def table(self, *rows: Mapping[str, object], **options: Any) -> Read:
        """Rows as dictionaries with the same keys."""
        lines = [",".join(map(str, row.values())) for row in rows]
        return self.rows(",".join(rows[0]), *lines, **options)


def clock(second: float) -> str:
    """So long after 08:00, as `HH:MM:SS`."""
    whole = int(second)
    return f"{8 + whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def zulu(second: float) -> str:
    return f"{DAY}T{clock(second)}.{round(second * 1000) % 1000:03}Z"


def ctr(
    contact: str = "c1", agent: str = "anna", acw: int | None = 30, talk: int = 60, **own: object
) -> dict[str, Any]:
    """An Amazon Connect contact record: talk from 08:00:10, then wrap-up."""
    end = 10 + talk
    told = {
        "Username": agent, "ConnectedToAgentTimestamp": zulu(10)[:-5] + "Z", "AgentInteractionDuration": talk,
        "CustomerHoldDuration": 0, "AfterContactWorkDuration": acw,
        "AfterContactWorkStartTimestamp": None if acw is None else zulu(end)[:-5] + "Z",
        "AfterContactWorkEndTimestamp": None if acw is None else zulu(end + acw)[:-5] + "Z",
    }  # fmt: skip
    return {
        "ContactId": contact, "InitiationMethod": "INBOUND", "Channel": "VOICE",
        "InitiationTimestamp": f"{DAY}T08:00:00Z",
        "LastUpdateTimestamp": f"{DAY}T09:00:00Z", "Queue": {"Name": "billing"}, "Agent": told,
    } | own  # fmt: skip


def connect_events(
    *steps: tuple[float, str, Sequence[Mapping[str, object]]], status: str = "Available"
) -> list[object]:
    """An Amazon Connect agent event stream of one agent: second, event type, contacts at hand."""
    found: list[object] = []
    before: object = None
    for number, (second, kind, contacts) in enumerate(steps):
        now = {"AgentStatus": {"Name": status, "Type": "ROUTABLE"}, "Configuration": {"Username": "anna"},
               "Contacts": list(contacts)}  # fmt: skip
        found.append({
            "AgentARN": "arn:x/agent/7", "EventId": f"e{number}", "EventTimestamp": zulu(second), "EventType": kind,
            "CurrentAgentSnapshot": now, "PreviousAgentSnapshot": before,
        })  # fmt: skip
        before = now
    return found


def connect_contact(state: str, since: float, name: str = "c1", channel: str = "VOICE") -> dict[str, object]:
    return {
        "ContactId": name, "State": state, "StateStartTimestamp": zulu(since), "Channel": channel,
        "InitiationMethod": "INBOUND", "Queue": {"Name": "billing"},
    }  # fmt: skip


def genesys(*legs: tuple[str, Sequence[Mapping[str, object]]], number: str = "c1") -> dict[str, object]:
    """A Genesys Cloud conversation: agent and segments of each leg."""
    people = [
        {"participantId": f"p-{agent}", "userId": agent, "purpose": "agent",
         "sessions": [{"sessionId": f"s-{agent}", "mediaType": "voice", "segments": list(parts)}]}
        for agent, parts in legs
    ]  # fmt: skip
    return {"conversationId": number, "conversationStart": zulu(0), "participants": people}


def segment(kind: str, start: float, end: float | None = None, **own: object) -> dict[str, object]:
    told = {"segmentType": kind, "segmentStart": zulu(start), **own}
    return told if end is None else told | {"segmentEnd": zulu(end)}


def webex(*nodes: Mapping[str, object], channels: int = 1, more: bool = False) -> dict[str, object]:
    """A page of Webex agent activities: the same nodes under so many channels."""
    channel = {"channelType": "telephony", "activities": {"totalCount": len(nodes), "nodes": list(nodes)}}
    sessions = [{"agentId": "a1", "channelInfo": [channel] * channels}]
    return {"data": {"agentSession": {"agentSessions": sessions, "pageInfo": {"hasNextPage": more}}}}


def node(state: str, start: int, end: int | None, task: str = "t1") -> dict[str, object]:
    base = 1_772_438_400_000  # 2026-03-02 08:00 UTC
    return {
        "id": f"{state}-{start}", "state": state, "startTime": base + 1000 * start, "taskId": task,
        "endTime": -1 if end is None else base + 1000 * end, "duration": None if end is None else 1000 * (end - start),
        "queue": {"id": "q", "name": "billing"},
    }  # fmt: skip


FIVE9_STATES = "DATE,TIME,AGENT ID,AGENT,AGENT NAME,AGENT GROUP,STATE,REASON CODE,AGENT STATE TIME,CALL ID"
FIVE9_CALLS = (
    "CALL ID,TIMESTAMP,CAMPAIGN,CALL TYPE,AGENT,AGENT NAME,DISPOSITION,TALK TIME,HOLD TIME,AFTER CALL WORK TIME"
)
UCCX_STATES = "agentID,eventDateTime,gmtOffset,eventType,reasonCode,contactID"
UCCX_LEGS = "resourceID,sessionID,startDateTime,endDateTime,ringTime,talkTime,holdTime,workTime,rna"
AVAYA = (
    "callid,acwtime,ansholdtime,consulttime,disptime,duration,segstart,segstop,talktime,anslogin,dispsplit,segment,ucid"
)
GENESYS_VIEW = (
    "Full Export Completed,Users - Interacted,Date,End Date,Duration,Media Type,Conversation ID,Queue,Wrap-up,"
    "Total Talk,Total Hold,Total ACW"
)
NICE = (
    "contactId,masterContactId,contactStart,agentId,skillName,mediaTypeName,ACWSeconds,agentSeconds,holdSeconds,"
    "totalDurationSeconds,lastUpdateTime,dateContactWarehoused,dateACWWarehoused"
)
ZENDESK = (
    "id,agent_id,direction,completion_status,created_at,updated_at,duration,talk_time,hold_time,wait_time,wrap_up_time"
)
RINGCX = (
    "UII,Agent ID,Agent Login ID,Call Type,Product Name,Enqueue Dts,Start Dts,End Dts,Duration,Wrap Time,"
    "Agent Disposition"
)
CALL = (segment("interact", 5, 65, queueId="q1"), segment("wrapup", 65, 95, wrapUpCode="sale"))
