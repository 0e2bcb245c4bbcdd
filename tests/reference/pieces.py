"""The runs of one agent -> pieces -> wraps: rules 2 to 5 and 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from .contacts import INHERIT_BEFORE, Record, Wrap, nearest_record
from .timeline import Event, Row, Run, agents_of, events_of, on_track, read_in_order, runs_of

ENDED_BY = {
    "ready": "ready", "not_ready": "not_ready", "logout": "logout", "unknown": "open", "rejected": "open",
    "ringing": "contact", "talking": "contact", "hold": "contact", "acw": "contact",
    "login": "other", "other": "other", None: "open",
}  # fmt: skip
"""What the agent did next -> `ended_by`, when only the next event tells the end."""

Identity = tuple[str, object]
"""What a piece belongs to: ("id", contact id), or without an id ("nameless", order of the first event of that talk) or
("record", its file and row)."""


@dataclass
class Piece:
    """A run of acw events and the contact it belongs to (None: an orphan)."""

    run: Run
    identity: Identity | None
    inherited: bool

    @property
    def start(self) -> int:
        return self.run.start

    @property
    def end(self) -> int | None:
        return self.run.end

    @property
    def state(self) -> str:
        """`closed`, `open` (rule 5) or `invalid` (rule 8)."""
        if self.end is not None:
            return "closed"
        return "invalid" if self.run.closed_by == "rejected" else "open"

    @property
    def ended_by(self) -> str:
        """Decision g: where an interval told its end, a missing or lost next event is just something else."""
        told = ENDED_BY[self.run.closed_by]
        return "other" if told == "open" and self.end is not None else told


@dataclass
class Agent:
    """All that is known of one agent."""

    name: str
    events: list[Event]
    runs: list[Run]
    records: list[Record] = field(default_factory=list)


def state_wraps(rows: list[Row], records: list[Record], max_wrap: int) -> list[Wrap]:
    """Rules 1 to 5 and 8, agent by agent; records serve rule 4 only."""
    ordered = read_in_order(rows)
    found: list[Wrap] = []
    for name in agents_of(rows):
        events = events_of(name, ordered)
        mine = [record for record in records if record["agent_id"] == name]
        found += agent_wraps(Agent(name, events, runs_of(events), mine), max_wrap)
    return found


def agent_wraps(agent: Agent, max_wrap: int) -> list[Wrap]:
    """The wraps of one agent: pieces, joined per contact; each orphan piece alone."""
    pieces = [piece_of(run, agent) for run in agent.runs if run.first.state == "acw"]
    found = [wrap_of(agent, [piece], None, max_wrap) for piece in pieces if piece.identity is None]
    for identity in sorted({piece.identity for piece in pieces if piece.identity}, key=repr):
        previous: list[Piece] | None = None
        for chain in chains([piece for piece in pieces if piece.identity == identity], agent, max_wrap):
            found.append(wrap_of(agent, chain, previous, max_wrap))
            previous = chain
    return found


def piece_of(run: Run, agent: Agent) -> Piece:
    """Rule 4, decision c: its own contact, the last talk's, a contact record's, or none; decided at the run's start."""
    if run.first.contact is not None:
        return Piece(run, ("id", run.first.contact), inherited=False)
    talk = last_talk(run, agent)
    if talk is not None and run.start - talk_end(talk, run, agent) <= INHERIT_BEFORE:
        return Piece(run, identity_of_talk(talk, agent), inherited=True)
    record = nearest_record(agent.records, run.start)
    return Piece(run, identity_of_record(record) if record else None, inherited=True)


def identity_of_record(record: Record) -> Identity:
    """The record's contact id; a record without one is a contact all the same."""
    if record["contact_id"] is not None:
        return ("id", record["contact_id"])
    return ("record", (record["source"], record["row"]))


def last_talk(run: Run, agent: Agent) -> Event | None:
    """The agent's last talking or hold event before the run, on whatever track."""
    before = [e for e in agent.events if e.order < run.first.order and e.state in ("talking", "hold")]
    return before[-1] if before else None


def talk_end(talk: Event, piece: Run, agent: Agent) -> int:
    """Where the talk ended: as it says, else at its track's next different event; at most the piece's start."""
    if talk.ended_at is not None:
        return min(talk.ended_at, piece.start)
    for event in on_track(agent.events, talk.track):
        if event.order > talk.order and (event.state, event.contact) != (talk.state, talk.contact):
            return min(event.time, piece.start)
    return piece.start


def identity_of_talk(talk: Event, agent: Agent) -> Identity:
    """The contact's id, or for a nameless one the unbroken talking and holding it is part of."""
    if talk.contact is not None:
        return ("id", talk.contact)
    return (
        "nameless",
        next(runs[0].first.order for runs in nameless_talks(agent) if talk.order in orders(runs)),
    )


def nameless_talks(agent: Agent) -> list[list[Run]]:
    """Talking and hold runs without a contact id, together where nothing else of their track lies between."""
    talks: list[list[Run]] = []
    for track in {run.track for run in agent.runs}:
        before: Run | None = None
        for run in (run for run in agent.runs if run.track == track):
            if run.first.state in ("talking", "hold") and run.first.contact is None:
                if before is not None and follows(run, before, agent):
                    talks[-1].append(run)
                else:
                    talks.append([run])
                before = run
            else:
                before = None
    return talks


def follows(run: Run, before: Run, agent: Agent) -> bool:
    """Whether nothing (no logout either) lies between two runs of one track."""
    return not between(before, run, on_track(agent.events, run.track))


def orders(runs: list[Run]) -> set[int]:
    return {event.order for run in runs for event in run.events}


def between(earlier: Run, later: Run, events: list[Event]) -> list[Event]:
    """The events after the last of one run and before the first of another, by order."""
    return [event for event in events if earlier.last.order < event.order < later.first.order]


def chains(pieces: list[Piece], agent: Agent, max_wrap: int) -> list[list[Piece]]:
    """Rule 3: the pieces of one contact, in order, cut where they do not join."""
    found: list[list[Piece]] = []
    for piece in pieces:
        if found and joins(found[-1][-1], piece, agent, max_wrap):
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def joins(earlier: Piece, later: Piece, agent: Agent, max_wrap: int) -> bool:
    """Rules 3 and 4, decisions b and e."""
    passed = later.start - (earlier.end if earlier.end is not None else earlier.start)
    if passed >= max_wrap:
        return False
    if earlier.inherited or later.inherited:
        own = between(earlier.run, later.run, on_track(agent.events, later.run.track))
        return earlier.run.track == later.run.track and all(event.state == "not_ready" for event in own)
    contact = later.run.first.contact
    return not any(
        event.contact == contact and event.state in ("ringing", "talking")
        for event in between(earlier.run, later.run, agent.events)
    )


def touch(earlier: Piece, later: Piece, agent: Agent) -> bool:
    """Decision d: one ends where the other starts, on the same track, with nothing between."""
    own = on_track(agent.events, earlier.run.track)
    same_place = earlier.run.track == later.run.track and earlier.end == later.start
    return same_place and not between(earlier.run, later.run, own)


def wrap_of(agent: Agent, chain: list[Piece], previous: list[Piece] | None, max_wrap: int) -> Wrap:
    """One wrap of pieces that belong together; `previous` are the pieces of the contact's wrap before it."""
    first, last = chain[0].run.first, chain[-1]
    sure = all(piece.end is not None for piece in chain)
    acw = sum(piece.end - piece.start for piece in chain if piece.end is not None) if sure else None
    leg, earlier_leg = leg_of(agent, chain), leg_of(agent, previous) if previous else []
    talking = [run.first for run in leg if run.first.state == "talking"]
    spoken = [] if leg == earlier_leg else leg
    return {
        "agent_id": agent.name,
        "contact_id": contact_id_of(chain[0], agent),
        "queue": first_given([first.queue, *(event.queue for event in talking)]),
        "channel": first_given([first.channel, *(event.channel for event in talking)]),
        "direction": None,
        "disposition": None,
        "wrap_start": chain[0].start,
        "wrap_end": max(piece.end for piece in chain if piece.end is not None) if sure else None,
        "acw_ms": acw,
        "talk_ms": sum_of(spoken, "talking"),
        "hold_ms": sum_of(spoken, "hold"),
        "pieces": len(chain) - sum(touch(one, two, agent) for one, two in pairwise(chain)),
        "method": "state",
        "ended_by": last.ended_by if sure else "open",
        "status": status_of(chain, acw, max_wrap),
        "source": first.source,
        "row": first.row,
    }


def status_of(chain: list[Piece], acw: int | None, max_wrap: int) -> str:
    """Decision i."""
    if any(piece.state == "invalid" for piece in chain):
        return "invalid"
    if acw is None:
        return "open"
    if acw > max_wrap:
        return "stuck"
    return "orphan" if chain[0].identity is None else "ok"


def contact_id_of(piece: Piece, agent: Agent) -> str | None:
    """The contact's id; a nameless contact may be named by the agent's contact record (decision c)."""
    if piece.identity is None:
        return None
    kind, value = piece.identity
    if kind == "id":
        return str(value)
    if kind == "record":
        return None
    record = nearest_record(agent.records, piece.start)
    return record["contact_id"] if record else None


def leg_of(agent: Agent, chain: list[Piece]) -> list[Run]:
    """Decision k: the talking and hold runs of the wrap's leg (a second wrap of it has only its texts)."""
    identity, start = chain[0].identity, chain[0].run.first.order
    if identity is None or identity[0] == "record":
        return []
    if identity[0] == "nameless":
        return next(runs for runs in nameless_talks(agent) if runs[0].first.order == identity[1])
    splits = leg_splits(agent, str(identity[1]))
    begin = max(split for split in splits if split <= start)
    stop = min((split for split in splits if split > start), default=len(agent.events))
    runs = [run for run in agent.runs if run.first.state in ("talking", "hold") and run.first.contact == identity[1]]
    return [run for run in runs if begin <= run.first.order < stop]


def leg_splits(agent: Agent, contact: str) -> list[int]:
    """Where another leg of a contact begins: its ringing or talking after an acw piece of it (orders of events)."""
    own = [piece_of(run, agent) for run in agent.runs if run.first.state == "acw"]
    wrapped = {piece.run.first.order for piece in own if piece.identity == ("id", contact)}
    splits, after_acw = [0], False
    for event in agent.events:
        if event.order in wrapped:
            after_acw = True
        elif after_acw and event.contact == contact and event.state in ("ringing", "talking"):
            splits.append(event.order)
            after_acw = False
    return splits


def sum_of(leg: list[Run], state: str) -> int | None:
    """Total length of the leg's runs in one state; None without any, or when some part of the leg has no sure end."""
    lengths = [None if run.end is None else run.end - run.start for run in leg]
    own = [length for run, length in zip(leg, lengths, strict=True) if run.first.state == state]
    return sum(length or 0 for length in own) if own and None not in lengths else None


def first_given(values: list[str | None]) -> str | None:
    return next((value for value in values if value is not None), None)
