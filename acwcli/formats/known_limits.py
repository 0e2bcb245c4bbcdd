"""Numbers of rows at which exports are known to end: a file of exactly so many may be cut."""

from __future__ import annotations

from collections.abc import Mapping

from acwcli.formats.frames import FileFrame

OF_STATES = {50_000: "a report of Five9", 1_048_575: "a sheet of Excel"}
OF_CONTACTS = {
    **OF_STATES,
    3_000: "a download of Amazon Connect's contact search",
    10_000: "a contact search of Amazon Connect",
}
"""Rows below the header → what holds no more. The columns of such exports are their user's choice: no header tells."""


def at_a_limit(loaded: FileFrame, limits: Mapping[int, str]) -> FileFrame:
    """A table nobody's columns give away, with a word where it is as long as a known export can be."""
    if (holder := limits.get(loaded.read)) is not None:
        said = f"exactly {loaded.read:,} rows, as many as {holder} holds: if it is one, its end is missing"
        loaded.notes.append(f"{loaded.source}: {said}")
    return loaded
