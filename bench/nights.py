"""A year of nights into one store: does a night cost more as the store grows?

    python bench/nights.py [--kind states|queue_log] [--nights 400] [--agents 40] [--contacts 12] [--data bench/nights]

Every night is one state log or one queue_log (seeded, the same on every machine) and one `acw ingest` in a process of
its own, without the loading of modules. Prints processor time (the median of the ten nights before) and peak memory on
the way, those of the first and the last nights, and of a question at the end, and keeps them for `bench/page.py`.
Exits 1 when the median of the last nights takes more than 1.3 times the time of the first, or 1.1 times their memory.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

from measure import keep

from acwcli.cli.app import main as acw
from acwcli.formats import detect

MONDAY = datetime(2025, 1, 6, 8)
TIME_BOUND, MEMORY_BOUND = 1.3, 1.1


def write_states(path: Path, night: int, agents: int, contacts: int) -> None:
    """One day of calls, the last wrap of each agent open until the next day."""
    dice = random.Random(night)
    events = []
    for agent in range(agents):
        now = MONDAY + timedelta(days=night, seconds=dice.randrange(3600))
        for contact in range(contacts):
            name = f"n{night}a{agent}c{contact}"
            for state, seconds in (("ready", 60), ("ringing", 8), ("talking", 240), ("acw", 45)):
                events.append((now, f"a{agent:03}", state, name if state != "ready" else ""))
                now += timedelta(seconds=1 + dice.expovariate(1 / seconds))
    events.sort()
    lines = [
        f"{agent},{now.isoformat(timespec='milliseconds')}Z,{state},{contact},q"
        for now, agent, state, contact in events
    ]
    path.write_text("agent_id,event_time,state,contact_id,queue\n" + "\n".join(lines) + "\n", encoding="utf-8")


def write_queue_log(path: Path, night: int, agents: int, contacts: int) -> None:
    """One day of a log that runs on: members are added in the first night only, pauses run over midnight."""
    dice = random.Random(night)
    begin = int((MONDAY + timedelta(days=night)).replace(tzinfo=UTC).timestamp())
    events = []
    for agent in range(agents):
        name, now = f"Agent/{agent:03}", begin + dice.randrange(3600)
        if night == 0:
            events.append((begin, f"NONE|q|{name}|ADDMEMBER|"))
        for contact in range(contacts):
            call = f"{begin + contact}.{agent}|q|{name}"
            for event, seconds in (
                (f"{call}|CONNECT|9|x|9", 240),
                (f"{call}|COMPLETECALLER|9|99|1", 1),
                (f"NONE|NONE|{name}|PAUSE|Wrapup", 45),
                (f"NONE|NONE|{name}|UNPAUSE|", 60),
            ):
                events.append((now, event))
                now += 1 + int(dice.expovariate(1 / seconds))
        events.pop()
    lines = [f"{now}|{event}" for now, event in sorted(events)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


WRITERS = {"states": (write_states, "night.csv"), "queue_log": (write_queue_log, "queue_log")}


def medians(nights: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Processor seconds and peak memory in MB, the median of each."""
    seconds, megabytes = (statistics.median(each) for each in zip(*nights, strict=True))
    return seconds, megabytes


def beside(label: str, part: tuple[float, float], first: tuple[float, float]) -> dict[str, object]:
    """One row: seconds and memory, and how many times those of the first nights."""
    return {
        "nights": label,
        "processor_s": round(part[0], 2),
        "memory_mb": round(part[1]),
        "time_ratio": round(part[0] / first[0], 2),
        "memory_ratio": round(part[1] / first[1], 2),
    }


def run(*words: object) -> tuple[float, float]:
    """Run `acw` in a process of its own; return processor seconds (others do not count) and peak memory in MB.

    The process is a copy of this one, which has its modules loaded: their loading takes the same time every night, and
    would hide what does not.
    """
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(acw([str(word) for word in words]))
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"acw {' '.join(map(str, words))} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=sorted(WRITERS), default="states")
    parser.add_argument("--nights", type=int, default=400)
    parser.add_argument("--agents", type=int, default=40)
    parser.add_argument("--contacts", type=int, default=12)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "nights")
    asked = parser.parse_args()
    shutil.rmtree(asked.data, ignore_errors=True)
    asked.data.mkdir(parents=True)
    for module in ("pipeline.ingesting", "pipeline.kept", "cli.ingest", "cli.summary"):
        import_module(f"acwcli.{module}")
    import_module("pyarrow")
    for known in detect.names():
        detect.platform(known)
    write, name = WRITERS[asked.kind]
    store, log = asked.data / "wraps.store", asked.data / name
    took: list[tuple[float, float]] = []
    on_the_way: dict[str, tuple[float, float]] = {}
    for night in range(asked.nights):
        write(log, night, asked.agents, asked.contacts)
        took.append(run("ingest", "--store", store, log, "--quiet"))
        if night % 50 == 49:
            on_the_way[f"{night - 8} to {night + 1}"] = seconds, megabytes = medians(took[-10:])
            print(f"night {night + 1}: {seconds:.2f} s, {megabytes:.0f} MB", flush=True)
    size = min(50, asked.nights // 3)
    first, last = took[2 : 2 + size], took[-size:]
    ends = {f"first {size}": medians(first), **on_the_way, f"last {size}": medians(last)}
    question = run("summary", store, "--by", "agent_id", "--quiet")
    rows = [beside(label, part, medians(first)) for label, part in (ends | {"summary of all": question}).items()]
    keep(f"nights-{asked.kind}", rows, kind=asked.kind, nights=asked.nights, agents=asked.agents)
    held = sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) / 1e6
    print(f"the store holds {held:.1f} MB")
    slower, larger = (late / early for early, late in zip(medians(first), medians(last), strict=True))
    print(f"last against first: time {slower:.2f}, memory {larger:.2f}")
    return int(slower > TIME_BOUND or larger > MEMORY_BOUND)


if __name__ == "__main__":
    sys.exit(main())
