"""Two hours of an Asterisk queue_log of six agents, rotated once, with the truth beside it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from stories.common import SEED, between, waiting


class PhoneWrap(NamedTuple):
    """What really happened, for comparison: epoch seconds; `ended` as in the wraps table's ended_by."""

    agent: str
    contact: str
    queue: str
    start: int
    end: int
    ended: str


class _Log:
    """Lines of a queue_log with their epochs, in the order they are written for one agent."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.wraps: list[PhoneWrap] = []
        self.calls = 0

    def add(self, at: int, call: str, queue: str, agent: str, event: str, *data: object) -> None:
        self.lines.append((at, "|".join([str(at), call, queue, agent, event, *map(str, data)]) + "|" * (not data)))

    def pause(self, at: int, agent: str, queues: Sequence[str], event: str, reason: str, everywhere: bool) -> None:
        """One press of a button: PAUSEALL and a row for each queue, or only the rows of single queues."""
        if everywhere:
            self.add(at, "NONE", "NONE", agent, f"{event}ALL", reason)
        for queue in queues:
            self.add(at, "NONE", queue, agent, event, reason)


def _phone_call(log: _Log, rng: random.Random, agent: str, queue: str, now: int) -> tuple[int, str]:
    """Write one call from its entry to its end and return the end and the call id of the conversation."""
    log.calls += 1
    waited = between(rng, 2, 20)
    call, leg = f"{now}.{4 * log.calls}", f"{now}.{4 * log.calls + 2}"
    log.add(now, call, queue, "NONE", "ENTERQUEUE", "", f"202555{1000 + log.calls}", 1)
    log.add(now + waited, call, queue, agent, "CONNECT", waited, leg, min(waited, 5))
    talk = 20 + waiting(rng, 130)
    end = now + waited + talk
    if log.calls % 17 == 0:
        log.add(end, call, queue, agent, "BLINDTRANSFER", "7001", "internal", waited, talk, 1)
    elif log.calls % 19 == 0:  # written under the id of the consultation call
        log.add(end, f"{end - 9}.{4 * log.calls + 3}", queue, agent, "ATTENDEDTRANSFER", "BRIDGE", leg, waited, talk, 1)
    else:
        event = "COMPLETEAGENT" if rng.random() < 0.7 else "COMPLETECALLER"
        log.add(end, call, queue, agent, event, waited, talk, 1)
    return end, call


def _phone_wrap(
    log: _Log, rng: random.Random, agent: str, queues: Sequence[str], call: str, queue: str, end: int
) -> int:
    """Pause for wrap-up and leave it: by UNPAUSE, or into a break without one. Return when the agent is free."""
    number, everywhere = int(agent[-1]), agent != "Agent/2004"
    reason = "ACW" if number == 5 else "Wrapup"
    paused = queues if everywhere else [queue]
    start = end + (rng.random() < 0.15)
    over = start + 8 + waiting(rng, 32)
    log.pause(start, agent, paused, "PAUSE", reason, everywhere)
    if log.calls % 7 == 0:
        log.pause(over, agent, paused, "PAUSE", "Break", everywhere)
        log.wraps.append(PhoneWrap(agent, call, queue, start, over, "not_ready"))
        over += between(rng, 200, 500)
        log.pause(over, agent, paused, "UNPAUSE", "", everywhere)
    else:
        log.wraps.append(PhoneWrap(agent, call, queue, start, over, "ready"))
        log.pause(over, agent, paused, "UNPAUSE", reason if number % 2 else "", everywhere)
    return over


def _phone_shift(log: _Log, rng: random.Random, number: int, start: int) -> None:
    agent, interface = f"Agent/200{number}", f"Local/200{number}@agents/n"
    queues = ["support", "sales"] if number % 2 else ["support"]
    now = start + 40 * number
    for queue in queues:
        log.add(now, "MANAGER", queue, interface, "ADDMEMBER")
    for turn in range(10):
        now += 5 + waiting(rng, 150)
        queue = queues[turn % len(queues)]
        if number == 6 and turn == 4:  # rings in vain, is paused by the queue, comes back: no wrap
            log.add(now, f"{now - 20}.2", queue, agent, "RINGNOANSWER", 15000)
            log.add(now, "NONE", queue, agent, "PAUSE", "Auto-Pause")
            log.add(now := now + 90, "NONE", queue, agent, "UNPAUSE")
        end, call = _phone_call(log, rng, agent, queue, now)
        now = _phone_wrap(log, rng, agent, queues, call, queue, end)
    end, call = _phone_call(log, rng, agent, queues[0], now + 30)
    now = end + 15
    if number == 3:  # logs off inside the wrap: no UNPAUSE is written
        log.pause(end, agent, queues, "PAUSE", "Wrapup", True)
        log.wraps.append(PhoneWrap(agent, call, queues[0], end, now, "logout"))
    for queue in queues:
        log.add(now, "MANAGER", queue, interface, "REMOVEMEMBER")


def phones() -> tuple[list[str], list[str], list[PhoneWrap]]:
    """Return the lines of queue_log.1 (older), of queue_log, and the wraps behind them, by agent and start."""
    rng, log = random.Random(SEED + 2), _Log()
    start = int(datetime(2026, 3, 10, 13, tzinfo=UTC).timestamp())
    log.add(start, "NONE", "NONE", "NONE", "QUEUESTART")
    for number in range(1, 7):
        _phone_shift(log, rng, number, start + 30)
    for late in (1_500, 3_100):
        log.add(start + late, f"{start + late - 61}.1", "sales", "NONE", "ENTERQUEUE", "", "2025550000", 1)
        log.add(start + late + 44, f"{start + late - 61}.1", "sales", "NONE", "ABANDON", 1, 1, 44)
    cut = next(wrap.start + 4 for wrap in sorted(log.wraps, key=lambda wrap: wrap.start) if wrap.start > start + 1_800)
    lines = sorted(log.lines, key=lambda line: line[0])
    reload = [f"{cut}|NONE|NONE|NONE|CONFIGRELOAD|\n"]
    older = [line + "\n" for at, line in lines if at < cut]
    newer = [line + "\n" for at, line in lines if at >= cut]
    return older, reload + newer, sorted(log.wraps, key=lambda wrap: (wrap.agent, wrap.start))


def files() -> dict[str, bytes]:
    """Return file name → bytes of the rotated pair."""
    older, newer, _ = phones()
    return {"queue_log.1": "".join(older).encode(), "queue_log": "".join(newer).encode()}
