"""A profile as a format among the others: it recognises its export by content and reads it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.options import ReadOptions
from acwcli.formats.platforms import generic_contacts, generic_states
from acwcli.formats.profile import Profile, load_profile
from acwcli.formats.profile_grid import (
    Prepared,
    as_mapped,
    first_found,
    named_column,
    older_versions,
    prepare,
    without_rows,
)


class ProfileFormat(NamedTuple):
    """What a module in `platforms` offers, from a profile."""

    profile: Profile
    given: bool = False

    @property
    def TITLE(self) -> str:  # noqa: N802  # named as in the modules
        """What a person calls it."""
        return self.profile.title

    @property
    def KIND(self) -> str:  # noqa: N802
        """`states` or `contacts`."""
        return self.profile.kind

    @property
    def METHOD(self) -> str:  # noqa: N802
        """The grade of evidence it gives."""
        return self.profile.method

    def match(self, probe: Probe, options: ReadOptions) -> Match:
        """The needed headers are there, and the cells that must tell do."""
        headers = probe.grid.columns
        mapped = frozenset(text for name in options.columns for text in self.profile.columns.get(name, ()))
        if missing := _missing(self.profile.needed, tuple(headers), mapped):
            return Match(0, missing="no column " + ", ".join(missing))
        for column, texts in self.profile.values.items() if options.input_format is None else ():
            if not _begins(probe.grid.sample, named_column(column, self.profile, headers), texts):
                return Match(0, missing=f"no {column} that begins with {' or '.join(texts)}")
        # The more headers a profile names, the surer it is; one the user gave comes first.
        score = (0.97 if self.given else 0.85) + 0.0004 * min(len(self.profile.needed) + len(self.profile.values), 60)
        return Match(score, "columns " + ", ".join(spellings[0] for spellings in self.profile.needed))

    def read(self, probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
        """Read the files; a record delivered again in any of them counts once, in its latest version."""
        profile = as_mapped(self.profile, options.columns)
        prepared = [prepare(probe.grid, profile, options) for probe in probes]
        if self.profile.key:
            older = older_versions([item.grid for item in prepared], self.profile, prepared[0].options)
            prepared = [
                Prepared(without_rows(item.grid, rows, "older version"), item.options, item.notes)
                for item, rows in zip(prepared, older, strict=True)
            ]
        return [self._read(item) for item in prepared]

    def _read(self, prepared: Prepared) -> FileFrame:
        read_grid = generic_states.read_grid if self.profile.kind == "states" else generic_contacts.read_grid
        loaded = read_grid(prepared.grid, prepared.options)
        loaded.notes = [*prepared.notes, *loaded.notes]
        loaded.details["profile"] = self.profile.source if self.given else "built in"
        return loaded


@lru_cache(maxsize=256)  # all files of a folder have the same few headers
def _missing(needed: tuple[tuple[str, ...], ...], headers: tuple[str, ...], mapped: frozenset[str]) -> tuple[str, ...]:
    """The needed headers that are neither there nor named by the user."""
    lacks = (spellings for spellings in needed if first_found(spellings, headers) is None)
    return tuple(spellings[0] for spellings in lacks if mapped.isdisjoint(spellings))


def _begins(sample: pl.DataFrame, column: str | None, texts: Sequence[str]) -> bool:
    if column is None:
        return False
    cells = sample[column].cast(pl.String) if column in sample.columns else _inside(sample, column)
    wanted = tuple(text.lower() for text in texts)
    return any(cell.lower().startswith(wanted) for cell in cells.drop_nulls().to_list())


def _inside(sample: pl.DataFrame, path: str) -> pl.Series:
    first, _, rest = path.partition(".")
    return sample[first].cast(pl.String).str.json_path_match(f"$.{rest}")


def of_profile(path: str, *, given: bool) -> ProfileFormat:
    """The format a profile describes.

    Raises:
        UsageError: it cannot be read, or something in it is wrong.
    """
    return ProfileFormat(load_profile(path), given)
