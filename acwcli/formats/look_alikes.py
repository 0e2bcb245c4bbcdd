"""Files nobody knows whose shape gives away where they come from: what to do about them, in one sentence."""

from __future__ import annotations

import re

import polars as pl

from acwcli.formats.frames import Probe
from acwcli.formats.words import fold

_GUID = r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
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
    if probe.plain.kind == "text" and not probe.is_json and _is_genesys_interactions(probe.grid.sample):
        return (
            "It looks like a Genesys Cloud Interactions export with headers in another language: export it in English, "
            "or name its columns: --input-format genesys-cloud-interactions with --map for agent_id (Users - "
            "Interacted), contact_id, channel (Media Type), offered_at (Date), disposition (Wrap-up) and acw_s (Total "
            "ACW). "
        )
    if probe.is_json and any(map(_is_base64, probe.grid.sample.row(0) if probe.grid.sample.height else ())):
        return "It holds another file as base64 text, as some APIs wrap a report: decode that (base64 -d) and name it. "
    return ""


def _is_base64(cell: object) -> bool:
    return isinstance(cell, str) and _BASE64.fullmatch(cell) is not None


def _is_genesys_interactions(sample: pl.DataFrame) -> bool:
    """Conversation ids are GUIDs in any language, and so are the media types and the system's wrap-up codes."""
    texts = [sample[name].drop_nulls() for name in sample.columns if sample[name].dtype == pl.String]
    texts = [text for text in texts if text.len()]
    ids = any(text.str.contains(_GUID).all() for text in texts)
    codes = any(text.str.contains(_SYSTEM_CODE, literal=True).any() for text in texts)
    media = any(text.str.to_lowercase().is_in(_MEDIA).all() for text in texts)
    return ids and (codes or media)
