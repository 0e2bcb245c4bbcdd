"""Rows of state logs -> the events of one agent in time order -> runs of one state and contact on one track."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
"""A typed row: agent_id, event_time, state, contact_id, queue, channel, ended_at, source, row, rejected.

Instants are integer milliseconds, missing values are None, `rejected` is true where the reader refused the row.
"""

VOICE = (None, "voice", "call", "phone", "telephony")
CLOSES_ALL = ("logout", "unknown", "rejected")
"""Decisions f and j: the states that end whatever the agent was doing, on every track."""


@dataclass(frozen=True)
class Event:
    """One counted event of one agent; `order` is its place among that agent's events."""

    order: int
    time: int
    state: str
    contact: str | None
    queue: str | None
    channel: str | None
    ended_at: int | None
    source: str
    row: int

    @property
    def track(self) -> tuple[str, str]:
        """Rule 2 and decision f: voice is one track; elsewhere each contact, or each channel without a contact."""
        if self.channel in VOICE:
            return ("voice", "")
        assert self.channel is not None
        return ("channel", self.channel) if self.contact is None else ("contact", self.contact)


@dataclass(frozen=True)
class Run:
    """Events of one track with the same state and contact, one after the other.

    `end` is None when the data does not say it. `closed_by` is the state of the track's next different event
    (None: there is none).
    """

    track: tuple[str, str]
    events: tuple[Event, ...]
    end: int | None
    closed_by: str | None

    @property
    def first(self) -> Event:
        return self.events[0]

    @property
    def last(self) -> Event:
        return self.events[-1]

    @property
    def start(self) -> int:
        return self.first.time


def read_in_order(rows: Iterable[Row]) -> list[Row]:
    """Ties keep file order; newest-first files are read from their end; files follow by first instant, then name."""
    files: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["row"]):
        files[row["source"]].append(row)

    def first_instant(name: str) -> tuple[bool, int, str]:
        instants = [row["event_time"] for row in files[name] if not row["rejected"]]
        return (not instants, min(instants, default=0), name)

    ordered = []
    for name in sorted(files, key=first_instant):
        ordered += reversed(files[name]) if newest_first(files[name]) else files[name]
    return ordered


def newest_first(rows: list[Row]) -> bool:
    """Whether the clocks of a file only fall: never up, and down at least once."""
    instants = [row["event_time"] for row in rows if not row["rejected"]]
    steps = [later - earlier for earlier, later in pairwise(instants)]
    return all(step <= 0 for step in steps) and any(step < 0 for step in steps)


def agents_of(rows: Iterable[Row]) -> list[str]:
    """Every agent with a readable name."""
    return sorted({row["agent_id"] for row in rows if row["agent_id"] is not None})


def events_of(agent: str, ordered_rows: list[Row]) -> list[Event]:
    """The agent's counted events in time order, with the restarts that concern everybody.

    A rejected row appears as state `rejected` with the instant of the agent's previous good row (decision j); before
    the first good row it has nothing to disturb.
    """
    placed: list[tuple[int, int, Row]] = []
    previous_good: int | None = None
    for place, row in enumerate(ordered_rows):
        for_everybody = row["agent_id"] is None and row["state"] == "unknown" and not row["rejected"]
        if row["agent_id"] != agent and not for_everybody:
            continue
        if row["rejected"]:
            if previous_good is not None:
                rejected = {**row, "state": "rejected", "contact_id": None, "ended_at": None}
                placed.append((previous_good, place, rejected))
            continue
        placed.append((row["event_time"], place, row))
        if not for_everybody:
            previous_good = row["event_time"]
    placed.sort(key=lambda item: item[:2])
    return number([(time, row) for time, _, row in placed])


def number(timed: list[tuple[int, Row]]) -> list[Event]:
    """Count exact duplicates once (rule 1, decision a) and number what is left."""
    seen: set[object] = set()
    events: list[Event] = []
    for time, row in timed:
        key = (row["agent_id"], time, row["state"], row["contact_id"], row["ended_at"])
        if row["state"] != "rejected" and key in seen:
            continue
        seen.add(key)
        events.append(
            Event(
                order=len(events),
                time=time,
                state=row["state"],
                contact=row["contact_id"],
                queue=row["queue"],
                channel=row["channel"],
                ended_at=row["ended_at"],
                source=row["source"],
                row=row["row"],
            )
        )
    return events


def runs_of(events: list[Event]) -> list[Run]:
    """All runs of all tracks of one agent, in the order of their first events."""
    tracks = {event.track for event in events if event.state not in CLOSES_ALL}
    runs = [run for track in tracks for run in runs_of_track(track, on_track(events, track))]
    return sorted(runs, key=lambda run: run.first.order)


def on_track(events: list[Event], track: tuple[str, str]) -> list[Event]:
    """What happens on a track: its own events and everything that closes all tracks."""
    return [event for event in events if event.state in CLOSES_ALL or event.track == track]


def runs_of_track(track: tuple[str, str], events: list[Event]) -> list[Run]:
    """Rules 1 and 2: repeated events continue a run, the next different one ends it."""
    groups: list[list[Event]] = []
    for event in events:
        if groups and continues(groups[-1], event):
            groups[-1].append(event)
        else:
            groups.append([event])
    runs = []
    for group in groups:
        after = [e for e in events if e.order > group[-1].order and not same_kind(e, group[-1])]
        end = known_end(group)
        if end is None and after:
            end = after[0].time
        runs.append(Run(track, tuple(group), end, after[0].state if after else None))
    return [mark_lost_end(run) for run in runs if run.first.state not in CLOSES_ALL]


def continues(group: list[Event], event: Event) -> bool:
    """Rule 1: the same state and contact again, unless the interval said it was over before."""
    end = known_end(group)
    return same_kind(group[-1], event) and (end is None or event.time <= end)


def same_kind(one: Event, other: Event) -> bool:
    return (one.state, one.contact) == (other.state, other.contact)


def known_end(group: list[Event]) -> int | None:
    """Decision g: an interval ends where it says; a last row without an end leaves that to the next event."""
    if group[-1].ended_at is None:
        return None
    return max(event.ended_at for event in group if event.ended_at is not None)


def mark_lost_end(run: Run) -> Run:
    """Rules 5 and 8: after a restart or a rejected row nobody knows when a run ended, unless it said so itself."""
    lost = run.closed_by in ("unknown", "rejected") and known_end(list(run.events)) is None
    return replace(run, end=None) if lost else run
