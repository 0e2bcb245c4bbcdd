"""Half a morning of Genesys Cloud conversations: a page of the query API, and a later array of a detail job."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

from stories.common import SEED, instant, waiting

_START_MS = 9 * 3600 * 1000
_AGENTS = {name: f"{number:08d}-aaaa-4bbb-8ccc-000000000000" for number, name in enumerate(("dora", "emil", "fay"), 1)}
_QUEUES = ("7c1e0000-0000-4000-8000-00000000000a", "7c1e0000-0000-4000-8000-00000000000b")
_CODES = ("2f5a0000-0000-4000-8000-000000000001", "2f5a0000-0000-4000-8000-000000000002")


def _at(ms: int) -> str:
    moment = instant(0) + timedelta(milliseconds=_START_MS + ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _segment(kind: str, start: int, end: int | None, **own: object) -> dict[str, Any]:
    told = {"segmentType": kind, "segmentStart": _at(start), "conference": False} | own
    return told if end is None else told | {"segmentEnd": _at(end)}


def _agent(agent: str, segments: list[dict[str, Any]], media: str = "voice", way: str = "inbound") -> dict[str, Any]:
    mark = segments[0]["segmentStart"][11:23]
    return {
        "participantId": f"{agent}-{mark}", "userId": _AGENTS[agent],
        "participantName": agent.title(), "purpose": "agent",
        "sessions": [{
            "sessionId": f"s-{agent}-{mark}", "mediaType": media, "direction": way, "segments": segments,
            "metrics": [{"name": "tAlert", "value": 4000, "emitDate": segments[0]["segmentStart"]}],
        }],
    }  # fmt: skip


def _customer(start: int) -> dict[str, Any]:
    segments = [_segment("interact", start, start + 200_000, disconnectType="peer")]
    sessions = [{"sessionId": f"s-{start}", "mediaType": "voice", "direction": "inbound", "segments": segments}]
    return {"participantId": f"c-{start}", "purpose": "customer", "sessions": sessions}


def _conversation(number: int, start: int, agents: list[dict[str, Any]], *, over: bool = True) -> dict[str, Any]:
    told: dict[str, Any] = {"conversationId": f"conv-{number:04d}", "conversationStart": _at(start)}
    if over:
        told["conversationEnd"] = _at(start + 300_000)
    return told | {"participants": [_customer(start), *agents]}


def _leg(rng: random.Random, agent: str, start: int, turn: int) -> dict[str, Any]:
    """Alert, talk (with hold every third time) and wrap-up, which begins up to 300 ms before the talk is over."""
    queue = _QUEUES[turn % 2]
    answered = start + 4_000
    over = answered + 1000 * (40 + waiting(rng, 120)) + 250
    wrap = over + (-300, 0, 120, 1000)[turn % 4]
    timed_out = turn % 5 == 4
    wrapped = wrap + (15_000 if timed_out else 1000 * (5 + waiting(rng, 30)) + 37)
    talk = [_segment("interact", answered, over, queueId=queue)]
    if turn % 3 == 0:
        talk = [
            _segment("interact", answered, answered + 20_000, queueId=queue),
            _segment("hold", answered + 20_000, answered + 31_000, queueId=queue),
            _segment("interact", answered + 31_000, over, queueId=queue),
        ]
    code = "ININ-WRAP-UP-TIMEOUT" if timed_out else _CODES[turn % 2]
    alert = _segment("alert", start, answered, queueId=queue)
    return _agent(agent, [alert, *talk, _segment("wrapup", wrap, wrapped, wrapUpCode=code)])


def conversations() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the conversations of the first page and of the later array."""
    rng, page, later = random.Random(SEED + 22), [], []
    for turn in range(10):
        for place, agent in enumerate(_AGENTS):
            start = 420_000 * turn + 45_000 * place
            number = 10 * turn + place
            (page if turn < 5 else later).append(_conversation(number, start, [_leg(rng, agent, start, turn)]))
    start = 5_000_000
    transfer = [_leg(rng, "dora", start, 1), _leg(rng, "emil", start + 400_000, 2)]
    page.append(_conversation(900, start, transfer))
    page.append(_conversation(901, start, []))  # abandoned in the queue
    missed = _agent("fay", [_segment("alert", start, start + 15_000, queueId=_QUEUES[0])])
    page.append(_conversation(902, start, [missed]))
    preview = [
        _segment("dialing", start, start + 9_000),
        _segment("wrapup", start + 9_000, start + 9_000, wrapUpCode="ININ-WRAP-UP-SKIPPED"),
    ]
    page.append(_conversation(903, start, [_agent("fay", preview, way="outbound")]))
    talk = [_segment("alert", start + 90_000, start + 93_000), _segment("interact", start + 93_000, start + 150_000)]
    wrapping = [*talk, _segment("wrapup", start + 150_000, None)]
    wrapped = [*talk, _segment("wrapup", start + 150_000, start + 171_500, wrapUpCode=_CODES[0])]
    page.append(_conversation(904, start + 90_000, [_agent("emil", wrapping)], over=False))
    later.append(_conversation(904, start + 90_000, [_agent("emil", wrapped)]))
    short = _segment("interact", start + 93_000, start + 140_000)
    still = [talk[0], short, _segment("wrapup", start + 140_000, None)]
    later.append(_conversation(905, start + 90_000, [_agent("dora", still, media="chat")], over=False))
    return page, later


def files() -> dict[str, bytes]:
    """Return path → bytes of the samples."""
    page, later = conversations()
    lines = [json.dumps(one, separators=(",", ":")) for one in later]
    wrapper = {"totalHits": len(page), "conversations": page}
    folder = "genesys_cloud_conversations"
    return {
        f"{folder}/page.json": (json.dumps(wrapper, separators=(",", ":")) + "\n").encode(),
        f"{folder}/job.json": ("[" + ",\n".join(lines) + "]\n").encode(),
    }
