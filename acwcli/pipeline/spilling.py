"""Wraps on disk: rebuilt and filtered one part of the agents after the other, never in memory all together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from acwcli.formats.parted import as_codes, from_codes, writing_to
from acwcli.formats.roster import Roster
from acwcli.formats.scratch import scratch_file
from acwcli.model.columns import LEGS
from acwcli.pipeline.loading import Loaded
from acwcli.pipeline.rebuilding import WrapOptions, Wraps, complete, filtered, kept, of_agents
from acwcli.reconstruct.combine import Reconstructed
from acwcli.reconstruct.merge import compacted, merged

_NAME = "__name"
"""The agent by name, to find rows by: the codes of categories are in the order of the file."""
_GROUPS = 16
"""Row groups of one part: so much of it need not be read for some of its agents."""
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
        agents: `name`, and `len`: how many wraps the agent has.
    """

    folder: Path
    frame: pl.DataFrame
    stored: Sequence[str]
    sources: Sequence[str]
    agents: pl.DataFrame

    def rows(self) -> pl.LazyFrame:
        """All wraps, agents in no order."""
        return self._scan(pl.lit(True))

    def in_order(self) -> Iterator[pl.DataFrame]:
        """All wraps, some agents at a time in the order of their names."""
        turns = self.agents.sort("name").with_columns(turn=(pl.col("len").cum_sum() - 1) // _AT_A_TIME)
        spans = turns.group_by("turn", maintain_order=True).agg(low=pl.col("name").first(), high=pl.col("name").last())
        for _, low, high in spans.iter_rows():
            yield self._scan(pl.col(_NAME).is_between(pl.lit(low), pl.lit(high))).collect(engine="streaming")

    def _scan(self, which: pl.Expr) -> pl.LazyFrame:
        files = sorted(self.folder.glob("*.parquet"))
        if not files:
            return self.frame.lazy()
        stored = pl.Schema({name: self.frame.schema[name] for name in self.stored})
        there = (*self.stored, "source")
        missing = [pl.lit(None, kind).alias(name) for name, kind in self.frame.schema.items() if name not in there]
        found = pl.scan_parquet(files, glob=False).filter(which)
        return found.with_columns(*from_codes(stored), *missing, source=self._source()).select(self.frame.columns)

    def _source(self) -> pl.Expr:
        names = dict(enumerate(self.sources))
        one = pl.lit(names[0], pl.String) if len(names) == 1 else None  # nothing to look up
        named = pl.col("file").replace_strict(names, return_dtype=pl.String) if one is None else one
        return named.cast(self.frame.schema["source"])


@dataclass
class _Writer:
    """Writes the wraps of one part after the other, and keeps what is to be known of them.

    Attributes:
        folder: where to.
        whole: what they belong to; its frame has the columns of the wraps written last.
        needs: wrap columns the question needs.
        roster: columns to join by agent, or None.
        stored: the columns written.
        agents: how many wraps of each agent were written, part by part.
        seen: the agents who have wraps, filtered or not, part by part.
    """

    folder: Path
    whole: Wraps
    needs: frozenset[str]
    roster: Roster | None
    stored: list[str] = field(default_factory=list)
    agents: list[pl.DataFrame] = field(default_factory=list)
    seen: list[pl.Series] = field(default_factory=list)

    def write(self, part: int) -> Reconstructed:
        """Rebuild and write the wraps of one part of the agents; return the account of its rows."""
        found = of_agents(self.whole.loaded, self.whole.options, self.needs, part)
        own = compacted(found.wraps, self.needs)
        self.seen.append(own["agent_id"].unique())
        chosen = filtered(kept(replace(self.whole, frame=complete(own))), self.roster).frame
        of_roster = self.roster.columns if self.roster is not None else []
        self.stored = [name for name in chosen.columns if name in (*own.columns, *of_roster)]
        self.whole.frame = chosen.clear()
        self._put(chosen.select(*self.stored, pl.col("agent_id").cast(pl.String).alias(_NAME)), part)
        return replace(found, wraps=pl.DataFrame(), legs=None)

    def _put(self, wraps: pl.DataFrame, part: int) -> None:
        self.agents.append(wraps.group_by(name=_NAME).len())
        if wraps.height:
            rows = wraps.sort(_NAME, maintain_order=True).with_columns(as_codes(wraps.schema))
            path, size = self.folder / f"{part:04d}.parquet", -(-wraps.height // _GROUPS)
            rows.write_parquet(path, compression="lz4", row_group_size=size)


def wraps_on_disk(
    loaded: Loaded, options: WrapOptions, needs: frozenset[str], roster: Roster | None = None
) -> Wraps | None:
    """Like `acwcli.pipeline.wraps`, for questions that look at `Wraps.rows` only.

    Returns:
        Wraps without rows in memory; None where they are to be rebuilt there: memory is enough, or it takes more than
        state logs to answer.

    Raises:
        OutputError: the disk is full.
    """
    if not loaded.parts or LEGS in needs or any(file.kind != "states" for file in loaded.files):
        return None
    folder = scratch_file("wraps")
    whole = Wraps(pl.DataFrame(), None, loaded, options, roster_columns=tuple(roster.columns) if roster else ())
    writer = _Writer(folder, whole, needs, roster)
    with writing_to(folder):
        folder.mkdir()
        account = merged(map(writer.write, range(loaded.parts)), needs)
    for file, reasons in account.ignored.items():
        loaded.counts[file].ignored.update(reasons)
    if roster is not None:
        whole.notes += [*roster.notes, *roster.unknown(pl.concat(writer.seen))]
    sources = [item.source for item in loaded.files]
    whole.spilled = Spilled(folder, whole.frame, writer.stored, sources, pl.concat(writer.agents))
    return whole
