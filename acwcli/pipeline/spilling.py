"""Wraps on disk: rebuilt and filtered one part of the agents after the other, never in memory all together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acwcli.formats.lookup import LOOKED_UP, Lookup
from acwcli.formats.parted import as_codes, from_codes, writing_to
from acwcli.formats.roster import Roster
from acwcli.formats.scratch import scratch_file
from acwcli.model.columns import HANDLED, LEGS
from acwcli.model.replaced import replaced
from acwcli.pipeline.loading import Loaded
from acwcli.pipeline.parting import ON_DISK
from acwcli.pipeline.rebuilding import (
    WrapOptions,
    Wraps,
    chosen_legs,
    complete,
    complete_legs,
    kept,
    mixed_evidence,
    of_agents,
    picked,
    silent_talk,
    unplaced_notes,
    with_names,
)
from acwcli.reconstruct.combine import Reconstructed
from acwcli.reconstruct.merge import compacted, compacted_legs, merged

if TYPE_CHECKING:
    from acwcli.pipeline.veil import Pseudonyms

_AT_A_TIME = 500_000
"""Wraps that are put in order at a time; more where one agent has more."""


@dataclass(frozen=True)
class Spilled:
    """Filtered wraps on disk, all of an agent in one file.

    Attributes:
        folder: where they are.
        frame: no rows, but all columns; Polars knows which code is which category as long as it is there.
        stored: the columns on disk; all others but `source` are null throughout.
        sources: the name of each file, by `file`.
        agents: which rows are whose: `name`, `part`, `start` (in the file of the part) and `len`.
    """

    folder: Path
    frame: pl.DataFrame
    stored: Sequence[str]
    sources: Sequence[str]
    agents: pl.DataFrame

    def rows(self) -> pl.LazyFrame:
        """All wraps, agents in no order."""
        files = sorted(self.folder.glob("*.ipc"))
        return self._as_in_memory(pl.scan_ipc(files, glob=False)) if files else self.frame.lazy()

    def in_order(self) -> Iterator[pl.DataFrame]:
        """All wraps, some agents at a time in the order of their names."""
        names = self.agents.group_by("name").agg(pl.col("len").sum()).sort("name")
        turns = names.select("name", turn=(pl.col("len").cum_sum() - 1) // _AT_A_TIME)
        ordered = self.agents.join(turns, on="name", nulls_equal=True).sort("name")
        for _, agents in ordered.group_by("turn", maintain_order=True):
            yield self._as_in_memory(self._of(agents)).collect(engine="streaming")

    def _of(self, agents: pl.DataFrame) -> pl.LazyFrame:
        """The rows of some agents as they are on disk; nothing else is read."""
        from pyarrow import ipc, memory_map

        def mapped(part: int) -> pl.DataFrame:
            table = ipc.open_file(memory_map(str(_file(self.folder, part)))).read_all()
            return pl.concat(pl.DataFrame(batch) for batch in table.to_batches())  # batch by batch nothing is copied

        parts = {part: mapped(part) for part in agents["part"].unique()}
        places = agents.select("part", "start", "len").iter_rows()
        return pl.concat([parts[part].slice(start, rows) for part, start, rows in places]).lazy()

    def _as_in_memory(self, found: pl.LazyFrame) -> pl.LazyFrame:
        stored = pl.Schema({name: self.frame.schema[name] for name in self.stored})
        there = (*self.stored, "source")
        missing = [pl.lit(None, kind).alias(name) for name, kind in self.frame.schema.items() if name not in there]
        return found.with_columns(*from_codes(stored), *missing, source=self._source()).select(self.frame.columns)

    def _source(self) -> pl.Expr:
        if len(self.sources) == 1:  # nothing to look up
            return pl.lit(self.sources[0], pl.String).cast(self.frame.schema["source"])
        places = range(len(self.sources))
        return replaced(pl.col("file"), places, self.sources, pl.String()).cast(self.frame.schema["source"])


@dataclass
class _Files:
    """Wraps or legs as they are written, the rows of one part of the agents after the other.

    Attributes:
        folder: where to.
        frame: the columns of the rows written last, without rows.
        stored: the columns written.
        agents: see `Spilled`, part by part.
    """

    folder: Path
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    stored: Sequence[str] = ()
    agents: list[pl.DataFrame] = field(default_factory=list)

    def put(self, rows: pl.DataFrame, stored: Sequence[str], part: int) -> None:
        """Write the rows of one part of the agents."""
        self.frame, self.stored = rows.clear(), stored
        spans = _spans(rows)
        if not spans["agent_id"].is_unique().all():  # records come in order of time: a span for each wrap would be slow
            rows = rows.sort(pl.col("agent_id").to_physical(), maintain_order=True)
            spans = _spans(rows)
        self.agents.append(
            spans.select(pl.col("agent_id").cast(pl.String).alias("name"), pl.lit(part).alias("part"), "start", "len")
        )
        if rows.height:
            own = rows.select(*stored)
            own.with_columns(as_codes(own.schema)).write_ipc(_file(self.folder, part))

    def spilled(self, sources: Sequence[str]) -> Spilled:
        """What was written."""
        return Spilled(self.folder, self.frame, self.stored, sources, pl.concat(self.agents))


def _file(folder: Path, part: int) -> Path:
    return folder / f"{part:04d}.ipc"


def _spans(rows: pl.DataFrame) -> pl.DataFrame:
    """Where the rows of one agent follow each other: `agent_id`, `start`, `len`."""
    kind = rows.schema["agent_id"]
    spans = rows.select(pl.col("agent_id").to_physical().rle()).unnest("agent_id")
    start = pl.col("len").cum_sum() - pl.col("len")
    return spans.select(agent_id=pl.col("value").cat.to(kind), start=start, len="len")


@dataclass
class _Writer:
    """Writes the wraps of one part after the other, and keeps what is to be known of them.

    Attributes:
        whole: what they belong to.
        of_part: gives the wraps of one part of the agents.
        needs: columns the question needs.
        wraps: the wraps written.
        legs: the legs written, where they are asked for.
        roster: columns to join by agent, or None.
        lookup: names to put where ids stand, or None.
        veil: pseudonyms to put where agents stand, or None.
        seen: the ids among the wraps, filtered or not, part by part.
        unplaced: wraps without an instant to be in a span of time.
    """

    whole: Wraps
    of_part: Callable[[int], Reconstructed]
    needs: frozenset[str]
    wraps: _Files
    legs: _Files
    roster: Roster | None
    lookup: Lookup | None
    veil: Pseudonyms | None
    seen: list[pl.DataFrame] = field(default_factory=list)
    unplaced: int = 0

    def write(self, part: int) -> Reconstructed:
        """Write the wraps of one part of the agents; return the account of its rows."""
        found = self.of_part(part)
        own = compacted(found.wraps, self.needs)
        legs = complete_legs(compacted_legs(found.legs)) if found.legs is not None else None
        piece = kept(replace(self.whole, frame=complete(own), legs=legs))
        ids = [piece.frame[name].unique() for name in LOOKED_UP]
        self.seen.append(pl.concat([some.cast(pl.String).to_frame() for some in ids], how="diagonal"))
        roster = self.roster
        if self.lookup is not None:
            piece = with_names(piece, self.lookup)
            roster = self.lookup.roster(roster)
        piece, unplaced = picked(piece, roster)
        self.unplaced += unplaced
        self._put(piece, own.columns, part)
        return replace(found, wraps=pl.DataFrame(), legs=None, records=None)

    def _put(self, piece: Wraps, known: Sequence[str], part: int) -> None:
        hide = (lambda frame: frame) if self.veil is None else self.veil.hide
        wraps = hide(piece.frame)
        stored = [name for name in wraps.columns if name in (*known, *piece.roster_columns)]
        self.wraps.put(wraps, stored, part)
        self.whole.roster_columns = piece.roster_columns
        if piece.legs is not None:
            legs = hide(chosen_legs(piece.legs, self.whole.options, silent=HANDLED in self.needs))
            self.legs.put(legs, [name for name in legs.columns if name != "source"], part)

    def notes(self) -> list[str]:
        """What to say of all wraps together."""
        ids = pl.concat(self.seen)
        said = [*self.roster.notes, *self.roster.unknown(ids["agent_id"])] if self.roster is not None else []
        said += self.lookup.said(ids) if self.lookup is not None else []
        return [*said, *unplaced_notes(self.unplaced)]


def wraps_on_disk(
    loaded: Loaded,
    options: WrapOptions,
    needs: frozenset[str],
    roster: Roster | None = None,
    lookup: Lookup | None = None,
    veil: Pseudonyms | None = None,
) -> Wraps | None:
    """Like `acwcli.pipeline.wraps`, for questions that look at `Wraps.rows` and `Wraps.legs_asked_for` only.

    With a `veil` the rows are hidden as they are written; `acwcli.pipeline.anonymise` does the rest.

    Returns:
        Wraps without rows in memory; None where they are to be rebuilt there: memory is enough, or there are sums.

    Raises:
        OutputError: the disk is full.
    """
    kinds = {file.kind for file in loaded.files}
    if not loaded.parts or not kinds <= {*ON_DISK} or (HANDLED in needs and "wraps" in kinds):  # which do not know them
        return None
    whole = Wraps(pl.DataFrame(), None, loaded, options)
    return spilled(whole, lambda part: of_agents(loaded, options, needs, part), needs, roster, lookup, veil)


def spilled(
    whole: Wraps,
    of_part: Callable[[int], Reconstructed],
    needs: frozenset[str],
    roster: Roster | None,
    lookup: Lookup | None,
    veil: Pseudonyms | None = None,
) -> Wraps:
    """Wraps without rows in memory.

    Args:
        whole: what they belong to; `whole.loaded.parts` tells in how many parts they come.
        of_part: gives the wraps of one part of the agents.
        needs: columns the question needs.
        roster: columns to join by agent, or None.
        lookup: names to put where ids stand, or None.
        veil: pseudonyms to put where agents stand, or None.

    Raises:
        OutputError: the disk is full.
    """
    loaded = whole.loaded
    wraps, legs = (_Files(scratch_file(name)) for name in ("wraps", "legs"))
    writer = _Writer(whole, of_part, needs, wraps, legs, roster, lookup, veil)
    with writing_to(wraps.folder, legs.folder):
        wraps.folder.mkdir()
        legs.folder.mkdir()
        account = merged(map(writer.write, range(loaded.parts)), needs)
    for file, reasons in account.ignored.items():
        loaded.counts[file].ignored.update(reasons)
    if veil is not None:
        veil.series(pl.concat(writer.seen)["agent_id"])  # over all parts: no two agents are called the same
    sources = [item.source for item in loaded.files]
    whole.frame, whole.spilled = wraps.frame, wraps.spilled(sources)
    whole.spilled_legs = legs.spilled(sources) if LEGS in needs and legs.agents else None
    whole.notes += [*silent_talk(loaded, needs), *writer.notes()]
    whole.notes += mixed_evidence(whole)
    return whole
