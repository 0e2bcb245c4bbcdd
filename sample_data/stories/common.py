"""What the stories share: instants, events and seeded draws that are the same on every machine."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

SEED = 20260302
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
QUEUES = ("billing", "orders", "support")


class Event(NamedTuple):
    """One row of a state log."""

    at: int  # seconds since MONDAY
    agent: str
    state: str
    contact: str = ""
    queue: str = ""
    reason: str = ""


def instant(seconds: int) -> datetime:
    """Return the instant so many seconds after MONDAY."""
    return MONDAY + timedelta(seconds=seconds)


def lines(rows: Iterable[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Return the rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def quoted(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows with every cell in quotes."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue()


# Only `random()` is used of the standard generator: its values are promised to stay, those of other methods are not.


def waiting(rng: random.Random, mean: float) -> int:
    """Draw a waiting time: at least 1 s, exponential, long tail."""
    return 1 + int(-math.log(1.0 - rng.random()) * mean)


def between(rng: random.Random, low: float, high: float) -> int:
    """Draw whole seconds from `low` up to `high`."""
    return int(low + rng.random() * (high - low))


def pick(rng: random.Random, items: Sequence[str]) -> str:
    """Draw one of the items."""
    return items[int(rng.random() * len(items))]
