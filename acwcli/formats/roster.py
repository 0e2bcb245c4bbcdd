"""Who the agents are: a file with an agent id and whatever the house knows (name, team, site, supervisor …)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.frames import Probe
from acwcli.formats.inputs import Input
from acwcli.formats.words import choose_columns
from acwcli.model.columns import WRAP_COLUMNS
from acwcli.model.counts import counted
from acwcli.model.derived import DERIVED

_WANTED = ("agent_id", "name", "team", "site", "supervisor")
_TAKEN = ("contact_length", "file", "started_at", "over", "sure_talk", "sure_acw", "unwrapped")
"""What else wraps and contacts have beside them while figures are worked out."""


@dataclass(frozen=True)
class Roster:
    """Attributes by agent.

    Attributes:
        frame: `agent_id` and the roster's columns, one row per agent.
        notes: what to say about it.
    """

    frame: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The columns it brings."""
        return [name for name in self.frame.columns if name != "agent_id"]

    def join(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Put the roster's columns beside the agents of a frame; agents it does not know get nulls."""
        known = self.frame.with_columns(pl.col("agent_id").cast(frame.schema["agent_id"]))
        return frame.join(known, on="agent_id", how="left", maintain_order="left")

    def unknown(self, agents: pl.Series) -> list[str]:
        """Say how many agents the roster does not know: a misspelt id would only show as an empty team."""
        ids = agents.unique().cast(pl.String).drop_nulls()
        strangers = ids.filter(~ids.is_in(self.frame["agent_id"].implode())).sort()
        if strangers.is_empty():
            return []
        who = f"{strangers.len():,} of {counted(ids.len(), 'agent')} {'is' if strangers.len() == 1 else 'are'}"
        return [f"{who} not in the roster, such as '{strangers[0]}'"]


def read_roster(path: str, encoding: str | None) -> Roster:
    """Read a roster.

    Raises:
        InputError: it cannot be read or has no agent column.
    """
    from acwcli.formats.inputs import find_inputs

    probe = Probe(find_inputs([path])[0] if path == "-" else _one(path), encoding)
    grid = probe.grid
    chosen = choose_columns(grid.columns, _WANTED)
    if "agent_id" not in chosen:
        raise InputError(f"{path}: a roster needs a column agent_id; it has {', '.join(grid.columns)}")
    named = {header: name for name, header in chosen.items()}
    columns = {header: named.get(header, header) for header in grid.columns}
    taken = [header for header, name in columns.items() if name != "agent_id" and _is_taken(name)]
    if taken:
        raise InputError(f"{path}: roster columns {', '.join(taken)} are names of wraps columns; rename them")
    frame = grid.frame.select(pl.col(header).cast(pl.String).alias(name) for header, name in columns.items()).collect()
    frame = frame.filter(pl.col("agent_id").is_not_null())
    once = frame.unique("agent_id", keep="first", maintain_order=True)
    notes = [*grid.notes]
    if once.height < frame.height:
        twice = counted(frame.height - once.height, "agent stands", "agents stand")
        notes.append(f"{path}: {twice} there twice; the first line counts")
    return Roster(once, notes)


def _is_taken(name: str) -> bool:
    """Whether wraps have such a column, may get it (`hour`), or have it while figures are worked out (`acw_ms`)."""
    return name in (*WRAP_COLUMNS, *DERIVED, *_TAKEN) or name.startswith("_") or name.endswith("_ms")


def _one(path: str) -> Input:
    if not Path(path).is_file():
        raise InputError(f"{path}: no such roster file")
    return Input(path, Path(path))
