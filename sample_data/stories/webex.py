"""A short shift of three Webex Contact Center agents: activities by agent, by task, and the sums of their sessions."""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

from stories.common import SEED, instant, waiting

_START = int(instant(10 * 3600).timestamp()) * 1000
_AGENTS = ("gus", "hana", "ivo")


class Activity(NamedTuple):
    """One activity of an agent; milliseconds of the epoch, `end` -1 while it goes on."""

    agent: str
    task: str
    state: str
    start: int
    end: int
    queue: str


def activities() -> list[Activity]:
    """Return what happened: six calls each, hold in every third, the last wrap-up of ivo still going on."""
    rng, told = random.Random(SEED + 23), []
    for place, agent in enumerate(_AGENTS):
        now = _START + 20_000 * place
        for turn in range(6):
            task, queue = f"task-{agent}-{turn}", ("billing", "orders")[turn % 2]
            steps = [
                ("available", 1000 * waiting(rng, 40)),
                ("ringing", 3_210),
                ("connected", 1000 * waiting(rng, 120)),
            ]
            if turn % 3 == 2:
                steps += [("on-hold", 21_000), ("hold-done", 14_500), ("connected", 9_000)]
            steps.append(
                ("wrapup", 2_000_000 if (agent, turn) == ("hana", 4) else 4_000 + 1000 * waiting(rng, 6) + 187)
            )
            for state, length in steps:
                told.append(Activity(agent, "" if state == "available" else task, state, now, now + length, queue))
                now += length
        if agent == "ivo":
            told[-1] = told[-1]._replace(end=-1)
        else:
            told.append(Activity(agent, "", "logged-out", now, now, ""))
    return told


def _agent_node(one: Activity) -> dict[str, Any]:
    duration = None if one.end < 0 else one.end - one.start
    return {
        "id": f"{one.agent}-{one.start}-{one.state}", "state": one.state, "startTime": one.start, "endTime": one.end,
        "duration": duration, "taskId": one.task or None, "isOutdial": False,
        "queue": {"id": f"q-{one.queue}", "name": one.queue} if one.task else None,
        "wrapupCode": {"name": "done"} if one.state == "wrapup" else None,
    }  # fmt: skip


def _page(kind: str, rows_name: str, rows: list[dict[str, Any]], more: bool) -> str:
    info = {"hasNextPage": more, "endCursor": "next" if more else None}
    return json.dumps({"data": {kind: {rows_name: rows, "pageInfo": info}}}, separators=(",", ":"))


def _session(agent: str, channels: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "agentId": f"id-{agent}", "agentName": agent.title(), "agentSessionId": f"session-{agent}",
        "channelInfo": channels,
    }  # fmt: skip


def _channel(kind: str, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    info = {"hasNextPage": False, "endCursor": None}
    return {
        "channelType": kind, "activities": {"totalCount": len(nodes), "nodes": nodes, "pageInfo": info}
    }  # fmt: skip


def agent_pages() -> str:
    """Two pages of agent activities; those without a task stand under both channels, gus' last call on both pages."""
    pages = []
    for agents, more in ((_AGENTS[:2], True), (("gus", "ivo"), False)):
        sessions = []
        for agent in agents:
            own = [one for one in activities() if one.agent == agent]
            own = own[-4:] if not more and agent == "gus" else own
            idle = [one for one in own if not one.task]
            channels = [_channel("telephony", [*map(_agent_node, own)]), _channel("chat", [*map(_agent_node, idle)])]
            sessions.append(_session(agent, channels))
        pages.append(_page("agentSession", "agentSessions", sessions, more))
    return "\n".join(pages) + "\n"


def task_page() -> str:
    """The same calls by task, newest activity first."""
    tasks = []
    for name in dict.fromkeys(one.task for one in activities() if one.task):
        own = [one for one in activities() if one.task == name]
        nodes = [
            {
                "id": f"{name}-{one.start}", "eventName": "WrapUp" if one.state == "wrapup" else one.state,
                "createdTime": one.start, "endedTime": one.end, "duration": max(one.end - one.start, 0),
                "agentId": f"id-{one.agent}", "queueName": one.queue, "isActive": one.end < 0,
            }
            for one in reversed(own)
        ]  # fmt: skip
        info = {"hasNextPage": False, "endCursor": None}
        told = {"totalCount": len(nodes), "nodes": nodes, "pageInfo": info}
        tasks.append({"id": name, "channelType": "telephony", "activities": told})
    return _page("taskDetails", "tasks", tasks, False) + "\n"


def session_page() -> str:
    """The sums of the sessions, per channel; idle time is repeated on every one."""
    sessions = []
    for agent in _AGENTS:
        own = [one for one in activities() if one.agent == agent]
        wraps = [one.end - one.start for one in own if one.state == "wrapup" and one.end > 0]
        same = {"idleCount": 1, "idleDuration": 60_000, "totalDuration": 4_000_000}
        channels = [
            {"channelId": f"{agent}-tel", "channelType": "telephony", **same, "wrapupCount": len(wraps),
             "wrapupDuration": sum(wraps), "connectedCount": 6},
            {"channelId": f"{agent}-chat", "channelType": "chat", **same, "wrapupCount": 0, "wrapupDuration": 0},
        ]  # fmt: skip
        end = -1 if agent == "ivo" else own[-1].end
        sessions.append(_session(agent, channels) | {"startTime": own[0].start, "endTime": end})
    return _page("agentSession", "agentSessions", sessions, False) + "\n"


def files() -> dict[str, bytes]:
    """Return path → bytes of the samples."""
    return {
        "webex_contact_center/agent_activities.json": agent_pages().encode(),
        "webex_contact_center/task_activities.json": task_page().encode(),
        "webex_contact_center_sessions/agent_sessions.json": session_page().encode(),
    }
