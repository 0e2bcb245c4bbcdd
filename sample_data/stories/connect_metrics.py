"""An Amazon Connect historical report: four agents in two queues, half-hour sums from 09:00 to 12:00 UTC.

Seconds, as downloads have them; an interval in which an agent handled nothing has dashes.
"""

from __future__ import annotations

import random

from stories.common import SEED, between, instant, lines

AGENTS = {"alva": 35, "bo": 42, "cleo": 150, "dag": 38}
"""Agent and usual seconds of after contact work."""
COLUMNS = (
    "Agent", "Queue", "StartInterval", "EndInterval", "After contact work time", "Average after contact work time",
    "Average handle time", "Contacts handled", "Contacts missed",
)  # fmt: skip


def _cells(rng: random.Random, usual: int) -> list[str]:
    handled = between(rng, 0, 7)
    if not handled:
        return ["-", "-", "-", "0", "0"]
    total = sum(between(rng, 0.4 * usual, 1.6 * usual) for _ in range(handled))
    return [str(total), str(round(total / handled)), str(round(total / handled) + 180), str(handled), "0"]


def files() -> dict[str, bytes]:
    """Return path → bytes."""
    rows = []
    for agent, usual in AGENTS.items():
        rng = random.Random(SEED + len(rows))
        for queue in ("Billing", "Orders"):
            for start in range(32_400, 43_200, 1_800):
                span = [f"{instant(at):%Y-%m-%dT%H:%M:%S.000Z}" for at in (start, start + 1_800)]
                rows.append([agent, queue, *span, *_cells(rng, usual)])
    return {"amazon_connect_metrics/historical_metrics.csv": lines([COLUMNS, *rows]).encode()}
