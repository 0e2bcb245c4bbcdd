"""Names for ids: lists of users, queues and wrap-up codes, for exports that hold nothing but ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.frames import Probe
from acwcli.formats.inputs import find_inputs
from acwcli.formats.roster import Roster
from acwcli.formats.words import fold
from acwcli.model.counts import counted

_IDS = ("id", "user id", "agent id", "queue id", "wrap-up code id", "wrap-up code", "guid")
_NAMES = ("name", "display name", "full name", "user name", "agent name", "queue name", "wrap-up code name")
_TYPES = ("type", "kind", "entity type")
_NAMED = {"agent_id": "agents", "queue": "queues", "disposition": "dispositions"}
LOOKED_UP = tuple(_NAMED)
"""The wrap columns that hold ids."""
_COLUMN_OF_TYPE = {
    fold(word): column
    for column, words in {
        "agent_id": ("user", "users", "agent", "agents"),
        "queue": ("queue", "queues"),
        "disposition": ("wrap-up code", "wrap-up codes", "wrap-up", "disposition", "dispositions"),
    }.items()
    for word in words
}
_SYSTEM_CODE = "ININ-"
"""How Genesys Cloud's own wrap-up codes begin; they are names already."""


@dataclass(frozen=True)
class Lookup:
    """Names by id.

    Attributes:
        names: `id name column`; `column` is the wrap column the id stands in, null for any.
        notes: what to say about the files.
    """

    names: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    def of(self, column: str) -> dict[str, str]:
        """Id → name of what may stand in a wrap column."""
        mine = self.names.filter(pl.col("column").is_null() | (pl.col("column") == column))
        return dict(mine.unique("id", keep="first", maintain_order=True).select("id", "name").iter_rows())

    def columns(self) -> frozenset[str]:
        """The wrap columns its ids may stand in: whatever the question, they are read, to say what has no name."""
        return frozenset(name for name in LOOKED_UP if self.of(name))

    def named(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Put names where ids of queues and dispositions stand; what is not listed stays."""
        columns = [name for name in ("queue", "disposition") if name in frame.columns]
        tables = {name: self.of(name) for name in columns}
        return frame.with_columns(
            pl.col(name).cast(pl.String).replace(table).cast(frame.schema[name]) for name, table in tables.items()
        )

    def roster(self, given: Roster | None) -> Roster:
        """A roster with the names of agents; those of a given roster come first."""
        table = self.of("agent_id")
        frame = pl.DataFrame({"agent_id": list(table), "name": list(table.values())}, schema_overrides=_TEXTS)
        if given is None:
            return Roster(frame)
        both = given.frame.join(frame, on="agent_id", how="full", coalesce=True, suffix=" of lookup")
        if "name of lookup" in both.columns:
            both = both.with_columns(pl.coalesce("name", "name of lookup")).drop("name of lookup")
        return replace(given, frame=both)

    def said(self, frame: pl.DataFrame) -> list[str]:
        """Which ids of a frame got no name: a list of last year would only show as ids among names."""
        notes, found = [], 0
        for column, noun in _NAMED.items():
            ids = frame[column].unique().cast(pl.String).drop_nulls()
            ids = ids.filter(~ids.str.starts_with(_SYSTEM_CODE))
            known = ids.is_in(list(self.of(column)))
            found += int(known.sum())
            strangers = ids.filter(~known).sort()
            if known.any() and strangers.len():
                notes.append(
                    f"{strangers.len():,} of {ids.len():,} {noun} have no name in --lookup: '{strangers[0]}' …"
                )
        return [*self.notes, *notes] if found else [*self.notes, "none of the ids of --lookup is in the data"]


_TEXTS = {"agent_id": pl.String, "name": pl.String}


def read_lookup(paths: Sequence[str], encoding: str | None) -> Lookup:
    """Read lists of names.

    Args:
        paths: tables or JSON lists with an id and a name, and maybe a type (user, queue, wrap-up code).
        encoding: forced text encoding, or None to detect.

    Raises:
        InputError: one cannot be read, or has no id or no name.
    """
    read = [_read(path, encoding) for path in paths]
    names = pl.concat([frame for frame, _ in read])
    once = names.unique(["id", "column"], keep="first", maintain_order=True)
    notes = [note for _, notes in read for note in notes]
    differ = names.unique().height - once.height
    if differ:
        notes.append(f"--lookup: {differ:,} ids have several names; the first counts")
    return Lookup(once, notes)


def _read(path: str, encoding: str | None) -> tuple[pl.DataFrame, list[str]]:
    grid = Probe(find_inputs([path])[0], encoding).grid
    headers = {fold(header): header for header in reversed(grid.columns)}
    chosen = {
        meant: next((headers[fold(word)] for word in words if fold(word) in headers), None)
        for meant, words in {"id": _IDS, "name": _NAMES, "type": _TYPES}.items()
    }
    if chosen["id"] is None or chosen["name"] is None:
        lacks = " and ".join(meant for meant in ("id", "name") if chosen[meant] is None)
        raise InputError(f"{path}: --lookup needs columns id and name; no {lacks} among {', '.join(grid.columns)}")
    kind = pl.col(chosen["type"]).cast(pl.String) if chosen["type"] else pl.lit(None, pl.String)
    rows = grid.frame.select(
        pl.col(chosen["id"]).cast(pl.String).alias("id"),
        pl.col(chosen["name"]).cast(pl.String).alias("name"),
        kind.alias("type"),
    ).collect()
    whole = rows.filter(pl.col("id").is_not_null() & pl.col("name").is_not_null())
    columns = {word: _COLUMN_OF_TYPE.get(fold(word)) for word in whole["type"].unique().drop_nulls()}
    strange = sorted(word for word, column in columns.items() if column is None)
    known = whole.filter(~pl.col("type").is_in(strange).fill_null(False)).select(
        "id", "name", column=pl.col("type").replace_strict(columns, default=None, return_dtype=pl.String)
    )
    return known, [*_left_out(path, rows.height - whole.height, strange), *grid.notes]


def _left_out(path: str, bare: int, strange: Sequence[str]) -> list[str]:
    notes = [f"{path}: {counted(bare, 'row')} without an id or a name left out"] if bare else []
    if strange:
        notes.append(f"{path}: types other than user, queue and wrap-up code are left out: {', '.join(strange[:5])}")
    return notes
