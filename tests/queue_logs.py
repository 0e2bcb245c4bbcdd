"""Small queue_logs for tests: rows, calls and fan-outs of one agent, and what a log says of it."""

from __future__ import annotations

import polars as pl

from acwcli.formats.queue_log import DEFAULT_WRAP_REASONS, parse_lines, states

A = "Agent/1001"


def events(*files: str) -> pl.LazyFrame:
    """Parse the texts of a log's files, oldest first."""
    frames = []
    for index, text in enumerate(files):
        lines = pl.LazyFrame({"text": text.removesuffix("\n").split("\n")}).with_row_index("__row", offset=1)
        frames.append(lines.with_columns(file=pl.lit(index, pl.UInt16)))
    return parse_lines(pl.concat(frames))


def log(*lines: str) -> str:
    return "\n".join(lines)


def row(second: int, event: str, datum: str = "", *, queue: str = "NONE", callid: str = "NONE", agent: str = A) -> str:
    return f"{second}|{callid}|{queue}|{agent}|{event}|{datum}"


def call(start: int, end: int, callid: str = "c1", *, queue: str = "support", agent: str = A) -> tuple[str, str]:
    return (
        row(start, "CONNECT", "3|x|3", queue=queue, callid=callid, agent=agent),
        row(end, "COMPLETEAGENT", "3|9|1", queue=queue, callid=callid, agent=agent),
    )


def fan_out(second: int, event: str, datum: str = "", queues: str = "abc") -> list[str]:
    return [row(second, f"{event}ALL", datum), *(row(second, event, datum, queue=queue) for queue in queues)]


def told(*lines: str, wrap_reasons: tuple[str, ...] = DEFAULT_WRAP_REASONS) -> list[tuple[int, str]]:
    """What a log says of its one agent: (second, state)."""
    return seen(states(events(log(*lines)), wrap_reasons))


def seen(frame: pl.DataFrame) -> list[tuple[int, str]]:
    used = frame.filter(pl.col("state").is_not_null())
    return used.select(pl.col("event_time").dt.epoch("s"), pl.col("state").cast(pl.String)).rows()


def ignored(*lines: str) -> list[str]:
    return states(events(log(*lines)))["ignored"].drop_nulls().to_list()


DAY = [
    row(1, "ADDMEMBER", queue="a"),
    *call(2, 9, "c1"),
    *fan_out(9, "PAUSE", "ACW"),
    row(9, "CONFIGRELOAD", agent="NONE"),
    *fan_out(20, "PAUSE", "Lunch"),
    *fan_out(30, "UNPAUSE"),
    *call(31, 40, "c2"),
    *fan_out(40, "PAUSE", "ACW"),
    row(60, "AGENTLOGOFF"),
]
