"""FreeSWITCH `mod_cdr_csv` in its default template: calls without agent or queue. It has no ACW."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import BAD, Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.platforms import generic_contacts

TITLE = "FreeSWITCH mod_cdr_csv, default template (15 columns, no header)"
KIND = "contacts"
METHOD = "gap"

_NAMES = (
    "caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp", "end_stamp",
    "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode", "read_codec", "write_codec",
)  # fmt: skip
_MAPPED = {
    "agent_id": "destination_number",
    "contact_id": "uuid",
    "queue": "context",
    "offered_at": "start_stamp",
    "answered_at": "answer_stamp",
    "ended_at": "end_stamp",
    "talk_s": "billsec",
    "disposition": "hangup_cause",
}
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_CLOCK = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """No header, 15 columns, with stamps and a uuid in their places."""
    if probe.plain.kind != "text":
        return Match(0, missing="a text file")
    grid = probe.grid
    if grid.details.get("header") != "none" or len(grid.columns) != len(_NAMES):
        return Match(0, missing="15 columns without a header")
    sample = grid.sample.head(100).rename(dict(zip(grid.columns, _NAMES, strict=True)))
    fits = sample.filter(
        pl.col("start_stamp").str.contains(_CLOCK)
        & pl.col("end_stamp").str.contains(_CLOCK)
        & pl.col("uuid").str.contains(_UUID)
    )
    if not fits.height or fits.height * 2 < sample.height:
        return Match(0, missing="start, end and uuid in columns 5, 7 and 11")
    return Match(0.88, "15 columns without a header, as mod_cdr_csv writes them")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read each file for itself; the number that was called stands for the agent."""
    return [_read(probe, options) for probe in probes]


def _answered(grid: Grid, answer: str) -> Grid:
    """Take out calls nobody answered, and count them."""
    answered = pl.col(answer).is_not_null() | pl.col(BAD).is_not_null()
    others = grid.frame.select((~answered).sum()).collect(engine="streaming").item()
    ignored = grid.ignored + Counter({"not answered": others})
    return replace(grid, frame=grid.frame.filter(answered), sample=grid.sample.filter(answered), ignored=ignored)


def _read(probe: Probe, options: ReadOptions) -> FileFrame:
    places = dict(zip(_NAMES, probe.grid.columns, strict=True))
    mapped = {name: places[column] for name, column in _MAPPED.items()} | dict(options.columns)
    loaded = generic_contacts.read_grid(
        _answered(probe.grid, places["answer_stamp"]), replace(options, columns=mapped, only_mapped=True)
    )
    loaded.notes.append(
        f"{loaded.source}: the default CDR names no agent, the number called is taken; "
        "it has no ACW either: --infer-gap takes the gap to the next call"
    )
    return loaded
