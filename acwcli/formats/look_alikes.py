"""Files nobody knows whose shape gives away where they come from: what to do about them, in one sentence."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from acwcli.formats.frames import Probe
from acwcli.formats.grid_data import Grid
from acwcli.formats.words import choose_columns, fold, unit_ms

_GUID = r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_DATE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b"
_SYSTEM_CODE = "ININ-"
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){15,}(?:[A-Za-z0-9+/]{2,3}={1,2})?")
_MEDIA = ("voice", "callback", "chat", "cobrowse", "email", "message", "screenshare", "sms", "social", "video")

_REPORTS = {
    ("Agent_No", "StateIndex", "Outstate", "Log_State"): (
        "It looks like the Agent State Log of NICE CXone, in which your own codes say what is wrap-up: "
        "--map agent_id=Agent_No --map event_time=Start_Date --map state=Outstate --map duration=Duration "
        "--rows \"Outstate <> ''\" --state acw=YOURS. "
    ),
    ("DATE/TIME", "DISPO", "DEAD", "PAUSE CODE"): (
        "It looks like VICIdial's user stats, which name no agent: export vicidial_agent_log, or run "
        "AST_activity_log_export.pl. "
    ),
    ("Agente", "Tiempo de pausa"): (
        "It looks like a report of OMniLeads: sums without a number of contacts, so there is not even a mean in it. "
        "Export the table reportes_app_actividadagentelog. "
    ),
}
"""Headers of reports that cannot be read as they are → what to do."""


def advice(probe: Probe) -> str:
    """What a file nobody knows looks like, and what to do; empty when it looks like nothing in particular."""
    if not probe.is_json:
        columns = {fold(name) for name in probe.grid.columns}
        for headers, sentence in _REPORTS.items():
            if columns.issuperset(map(fold, headers)):
                return sentence
    if probe.plain.kind == "text" and not probe.is_json and (genesys := _GenesysColumns.of(probe.grid)).fits():
        return genesys.advice(probe.grid)
    if probe.is_json and any(map(_is_base64, probe.grid.sample.row(0) if probe.grid.sample.height else ())):
        return "It holds another file as base64 text, as some APIs wrap a report: decode that (base64 -d) and name it. "
    return ""


def _is_base64(cell: object) -> bool:
    return isinstance(cell, str) and _BASE64.fullmatch(cell) is not None


def no_generic_table(probe: Probe) -> str:
    """Why a table is not to be read by its known headers alone: they do not tell in which unit its lengths are."""
    if probe.plain.kind != "text" or probe.is_json:
        return ""
    genesys = _GenesysColumns.of(probe.grid)
    own = choose_columns(probe.grid.columns, ("acw_s", "acw_ms"))
    if not (genesys.fits() and genesys.codes and genesys.media) or any(unit_ms(header) for header in own.values()):
        return ""
    return genesys.advice(probe.grid)


@dataclass(frozen=True)
class _GenesysColumns:
    """Columns of an Interactions export by their cells: ids are GUIDs in any language, media and codes English."""

    ids: str | None
    media: str | None
    codes: str | None
    begun: str | None

    @classmethod
    def of(cls, grid: Grid) -> _GenesysColumns:
        texts = {name: grid.sample[name].drop_nulls() for name in grid.columns if grid.sample[name].dtype == pl.String}

        def first(fits: Callable[[pl.Series], pl.Series], every: bool) -> str | None:
            told = ((name, fits(text)) for name, text in texts.items() if text.len())
            return next((name for name, found in told if (found.all() if every else found.any())), None)

        return cls(
            first(lambda text: text.str.contains(_GUID), every=True),
            first(lambda text: text.str.to_lowercase().is_in(_MEDIA), every=True),
            first(lambda text: text.str.contains(_SYSTEM_CODE, literal=True), every=False),
            first(lambda text: text.str.contains(_DATE), every=True),
        )

    def fits(self) -> bool:
        """Whether it is such an export."""
        return self.ids is not None and (self.media is not None or self.codes is not None)

    def advice(self, grid: Grid) -> str:
        """What to type; of headers in a language nobody knows the user must tell two."""
        found = {"contact_id": self.ids, "channel": self.media, "disposition": self.codes, "offered_at": self.begun}
        others = [header for header in grid.columns if header not in found.values()]
        found |= choose_columns(others, ("agent_id", "acw_s", "talk_s", "hold_s"))
        if (users := found.get("agent_id")) is not None:
            found["agent_id"] = next((name for name in others if _are_some_of(grid.sample, name, users)), users)
        asked = {"agent_id": "Users - Interacted", "offered_at": "Date", "acw_s": "Total ACW"}
        known = {name: header for name, header in found.items() if header is not None}
        open_ = {name: f"<header of {english}>" for name, english in asked.items() if name not in known}
        maps = " ".join(f"--map {shlex.quote(f'{name}={header}')}" for name, header in (known | open_).items())
        return (
            "It looks like a Genesys Cloud Interactions export with headers in another language: export it in English, "
            f"or type `--input-format genesys-cloud-interactions {maps}`. "
        )


def _are_some_of(sample: pl.DataFrame, name: str, users: str) -> bool:
    """Whether a column names some of the users of each row, and not always all: those who spoke."""
    if name == users or sample[name].dtype != pl.String or sample[users].dtype != pl.String:
        return False
    rows = [tuple(set((cell or "").split("; ")) for cell in row) for row in sample.select(name, users).iter_rows()]
    spoke = [(some, every) for some, every in rows if some != {""}]
    return all(some <= every for some, every in spoke) and any(some < every for some, every in spoke)
