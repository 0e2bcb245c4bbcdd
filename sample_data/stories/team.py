"""One morning of four agents, whole seconds, the same events in each dress; all of them give `team_wraps()`."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from stories.common import QUEUES, SEED, Event, between, instant, lines, waiting


def team() -> list[Event]:
    """Return one morning (16 March 2026) of b01..b04.

    b01 leaves a wrap for a break and resumes it, b02 is called away by the next contact, b03 logs out of a wrap, and
    the platform does not name the contact of b04's wraps.
    """
    rng = random.Random(SEED + 1)
    events: list[Event] = []
    for number in range(1, 5):
        agent, now = f"b{number:02}", 14 * 86_400 + 32_400 + 11 * number
        events += [Event(now, agent, "login"), Event(now + 4, agent, "ready")]
        for call in range(1, 8):
            now += 4 + waiting(rng, 60)
            contact, queue = f"{number}{call:02}7", QUEUES[(number + call) % 2]
            events.append(Event(now, agent, "ringing", contact, queue))
            events.append(Event(now := now + between(rng, 2, 9), agent, "talking", contact, queue))
            now += between(rng, 40, 300)
            if call % 3 == 0:
                events.append(Event(now, agent, "hold", contact, queue))
                events.append(Event(now := now + between(rng, 10, 50), agent, "talking", contact, queue))
                now += between(rng, 20, 60)
            shown = ("", "") if number == 4 else (contact, queue)
            events.append(Event(now, agent, "acw", *shown))
            now += between(rng, 12, 75)
            if number == 1 and call == 4:
                events.append(Event(now, agent, "not_ready", reason="Break"))
                events.append(Event(now := now + 300, agent, "acw", *shown))
                now += 25
            if not (number == 2 and call % 2) and call < 7:
                events.append(Event(now, agent, "ready"))
        if number != 3:
            events.append(Event(now, agent, "not_ready", reason="Meeting"))
            now += 600
        events.append(Event(now, agent, "logout"))
    return sorted(events, key=lambda event: (event.at, event.agent))


def team_wraps() -> list[tuple[str, str, int, int]]:
    """Return (agent, contact, seconds, pieces) of the team's wraps, by agent and start, worked out step by step."""
    wraps: dict[tuple[str, str], list[int]] = {}
    for agent in sorted({event.agent for event in team()}):
        own = [event for event in team() if event.agent == agent]
        contact = ""
        for event, after in pairwise(own):
            contact = event.contact or contact
            if event.state == "acw":
                wraps.setdefault((agent, contact), []).append(after.at - event.at)
    return [(agent, contact, sum(pieces), len(pieces)) for (agent, contact), pieces in wraps.items()]


@dataclass(frozen=True)
class Dress:
    """How one language writes a state log."""

    headers: tuple[str, ...]  # agent, time, state, contact, queue, reason
    states: tuple[str, ...]  # as in STATES
    reasons: dict[str, str]
    clock: str


STATES = ("login", "logout", "ready", "not_ready", "ringing", "talking", "hold", "acw")
RUSSIAN = Dress(
    ("Оператор", "Дата и время", "Состояние", "ID звонка", "Очередь", "Причина"),
    ("Вход", "Выход", "Готов", "Не готов", "Звонит", "Разговор", "На удержании", "Постобработка"),
    {"Break": "Перерыв", "Meeting": "Совещание"},
    "%d.%m.%Y %H:%M:%S",
)
PERSIAN = Dress(  # with an Arabic kaf and a zero-width non-joiner, as keyboards write them
    ("شناسه كارشناس", "تاریخ و ساعت", "وضعیت", "شناسه تماس", "صف", "دلیل"),
    ("ورود", "خروج", "آماده", "آماده\u200cنیست", "زنگ خوردن", "در حال مکالمه", "پشت خط", "كار پس از تماس"),
    {"Break": "استراحت", "Meeting": "جلسه"},
    "%Y/%m/%d %H:%M:%S",
)
CHINESE = Dress(
    ("坐席工号", "时间", "状态", "呼叫ID", "技能组", "原因"),
    ("登录", "登出", "就绪", "示忙", "振铃", "通话中", "保持", "话后处理"),
    {"Break": "小休", "Meeting": "会议"},
    "%Y-%m-%d %H:%M:%S",
)
SPANISH = Dress(
    ("Agente", "Inicio", "Estado", "Id de llamada", "Cola", "Motivo"),
    (
        "Inicio de sesión",
        "Cierre de sesión",
        "Disponible",
        "No disponible",
        "Timbrando",
        "En llamada",
        "En espera",
        "Trabajo posterior a la llamada",
    ),
    {"Break": "Descanso", "Meeting": "Reunión"},
    "%d/%m/%Y %H:%M:%S",
)


def _dressed(event: Event, dress: Dress) -> list[str]:
    at = instant(event.at).strftime(dress.clock)
    reason = dress.reasons.get(event.reason, event.reason)
    return [event.agent, at, dress.states[STATES.index(event.state)], event.contact, event.queue, reason]


def _with_ends(events: Sequence[Event]) -> list[tuple[Event, int | None]]:
    """Return each event with the instant of the same agent's next one; None after the last."""
    following: dict[str, int] = {}
    ends: list[tuple[Event, int | None]] = []
    for event in reversed(events):
        ends.append((event, following.get(event.agent)))
        following[event.agent] = event.at
    return ends[::-1]


def _spanish() -> str:
    rows = [["Informe de estados de agentes"], [], [*SPANISH.headers, "Duración (seg)"]]
    total = 0
    for event, end in _with_ends(team()):
        total += 0 if end is None else end - event.at
        rows.append([*_dressed(event, SPANISH), "" if end is None else f"{end - event.at},0"])
    return lines([*rows, ["Total", "", "", "", "", "", f"{total},0"]], ";")


def _intervals() -> str:
    rows = [["Agent", "Status", "Start Time", "End Time", "Duration", "Interaction ID", "Skill", "Reason Code"]]
    names = ("Logged In", "Logged Out", "Ready", "Not Ready", "Ringing", "On Call", "On Hold", "Wrap-Up")
    for event, end in _with_ends(team()):
        start, length = f"{instant(event.at):%Y-%m-%d %H:%M:%S}", "" if end is None else _clock(end - event.at)
        stop = "" if end is None else f"{instant(end):%Y-%m-%d %H:%M:%S}"
        rows.append(
            [
                event.agent,
                names[STATES.index(event.state)],
                start,
                stop,
                length,
                event.contact,
                event.queue,
                event.reason,
            ]
        )
    return lines(rows, "\t")


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def ndjson() -> str:
    """Return one JSON object per event; absent values are left out."""
    rows = []
    for event in team():
        at = f"{instant(event.at):%Y-%m-%dT%H:%M:%S.000Z}"
        full = {"agent_id": event.agent, "event_time": at, "state": event.state, "contact_id": event.contact}
        full |= {"queue": event.queue, "reason": event.reason}
        rows.append(json.dumps({name: value for name, value in full.items() if value}) + "\n")
    return "".join(rows)


def frame() -> pl.DataFrame:
    """Return the morning with native types, as Parquet holds it."""
    columns = {
        "agent_id": [event.agent for event in team()],
        "event_time": [instant(event.at) for event in team()],
        "state": [event.state for event in team()],
        "contact_id": [event.contact or None for event in team()],
        "queue": [event.queue or None for event in team()],
        "reason": [event.reason or None for event in team()],
    }
    return pl.DataFrame(columns, schema_overrides={"event_time": pl.Datetime("ms", "UTC")})


def files() -> dict[str, bytes]:
    """Return file name → bytes of the text dresses."""
    persian_digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    russian, persian, chinese = ([_dressed(event, dress) for event in team()] for dress in (RUSSIAN, PERSIAN, CHINESE))
    persian = [[row[0], row[1].translate(persian_digits), *row[2:]] for row in persian]
    return {
        "states_ru.csv": lines([RUSSIAN.headers, *russian], ";", "\r\n").encode("windows-1251"),
        "states_fa.csv": lines([PERSIAN.headers, *persian]).encode(),
        "states_zh.csv": lines([CHINESE.headers, *reversed(chinese)]).encode("gb18030"),
        "states_es.csv": _spanish().encode(),
        "intervals.tsv": _intervals().encode(),
    }
