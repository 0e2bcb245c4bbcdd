"""A year of nights into one store: does a night cost more as the store grows?

    python bench/nights.py [--nights 400] [--agents 40] [--contacts 12] [--data bench/nights]

Every night is one state log (seeded, the same on every machine) and one `acw ingest` in a process of its own. Prints
processor time and peak memory of the first and the last nights, and of a question at the end. Exits 1 when the median
of the last nights takes more than 1.3 times the time of the first, or 1.1 times their memory.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

MONDAY = datetime(2025, 1, 6, 8)
TIME_BOUND, MEMORY_BOUND = 1.3, 1.1


def write_night(path: Path, night: int, agents: int, contacts: int) -> None:
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


def run(*words: object) -> tuple[float, float]:
    """Run `acw`; return processor seconds (others on the machine do not count) and peak memory in MB."""
    process = subprocess.Popen([sys.executable, "-m", "acwcli", *map(str, words)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"acw {' '.join(map(str, words))} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nights", type=int, default=400)
    parser.add_argument("--agents", type=int, default=40)
    parser.add_argument("--contacts", type=int, default=12)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent / "nights")
    asked = parser.parse_args()
    shutil.rmtree(asked.data, ignore_errors=True)
    asked.data.mkdir(parents=True)
    store, log = asked.data / "wraps.store", asked.data / "night.csv"
    took = []
    for night in range(asked.nights):
        write_night(log, night, asked.agents, asked.contacts)
        took.append(run("ingest", "--store", store, log, "--quiet"))
        if night % 50 == 49:
            print(f"night {night + 1}: {took[-1][0]:.2f} s, {took[-1][1]:.0f} MB", flush=True)
    size = min(50, asked.nights // 3)
    first, last = took[2 : 2 + size], took[-size:]
    medians = [[statistics.median(each) for each in zip(*part, strict=True)] for part in (first, last)]
    for name, (seconds, megabytes) in zip(("first", "last"), medians, strict=True):
        print(f"median of the {name} {size} nights: {seconds:.2f} s, {megabytes:.0f} MB")
    seconds, megabytes = run("summary", store, "--by", "agent_id", "--quiet")
    held = sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) / 1e6
    print(f"summary of all nights: {seconds:.2f} s, {megabytes:.0f} MB; the store holds {held:.1f} MB")
    slower, larger = (last / first for first, last in zip(*medians, strict=True))
    print(f"last against first: time {slower:.2f}, memory {larger:.2f}")
    return int(slower > TIME_BOUND or larger > MEMORY_BOUND)


if __name__ == "__main__":
    sys.exit(main())
