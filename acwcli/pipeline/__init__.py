"""The library API: load → wraps → figures. What the commands call, and what a notebook would import.

Nothing here prints; what a reader should know comes back as notes and counts.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from acwcli.pipeline.loading import Loaded, load, refuse_bad_rows
from acwcli.pipeline.questions import (
    ATTRIBUTES,
    CONTRIBUTORS,
    DENOMINATORS,
    MEASURES,
    Question,
    observations,
    wraps_table,
)
from acwcli.pipeline.rebuilding import WrapOptions, Wraps, needs_of_where, wraps

if TYPE_CHECKING:
    from acwcli.pipeline.alerting import ALERT_NEEDS, alert_lines, alerts, parse_alert
    from acwcli.pipeline.checking import check_store
    from acwcli.pipeline.comparing import compare_needs, compare_rules
    from acwcli.pipeline.diagnosing import diagnose
    from acwcli.pipeline.explaining import EXPLAINED, explain, explain_needs
    from acwcli.pipeline.flagging import (
        FLAG_VERDICTS,
        findings,
        flag,
        flag_needs,
        measure,
        mix_columns,
        mix_notes,
        newcomers,
        rules,
    )
    from acwcli.pipeline.ingesting import Ingested, ingest
    from acwcli.pipeline.kept import kept_wraps
    from acwcli.pipeline.memory import beyond, parts_of_wraps
    from acwcli.pipeline.overview import formats, inspect, methods
    from acwcli.pipeline.proof import emit_profile, prove_profiles
    from acwcli.pipeline.reporting import ReportOptions, flags_anybody, report, report_needs
    from acwcli.pipeline.spilling import wraps_on_disk
    from acwcli.pipeline.summarising import said_of, summarise
    from acwcli.pipeline.veil import Pseudonyms, anonymise, pseudonyms

__all__ = [
    "ALERT_NEEDS",
    "ATTRIBUTES",
    "CONTRIBUTORS",
    "DENOMINATORS",
    "EXPLAINED",
    "FLAG_VERDICTS",
    "MEASURES",
    "Ingested",
    "Loaded",
    "Pseudonyms",
    "Question",
    "ReportOptions",
    "WrapOptions",
    "Wraps",
    "alert_lines",
    "alerts",
    "anonymise",
    "beyond",
    "check_store",
    "compare_needs",
    "compare_rules",
    "diagnose",
    "emit_profile",
    "explain",
    "explain_needs",
    "findings",
    "flag",
    "flag_needs",
    "flags_anybody",
    "formats",
    "ingest",
    "inspect",
    "kept_wraps",
    "load",
    "measure",
    "methods",
    "mix_columns",
    "mix_notes",
    "needs_of_where",
    "newcomers",
    "observations",
    "parse_alert",
    "parts_of_wraps",
    "prove_profiles",
    "pseudonyms",
    "refuse_bad_rows",
    "report",
    "report_needs",
    "rules",
    "said_of",
    "summarise",
    "wraps",
    "wraps_on_disk",
    "wraps_table",
]

_BY_NEED = {
    "alerting": ("ALERT_NEEDS", "alert_lines", "alerts", "parse_alert"),
    "checking": ("check_store",),
    "comparing": ("compare_needs", "compare_rules"),
    "diagnosing": ("diagnose",),
    "explaining": ("EXPLAINED", "explain", "explain_needs"),
    "flagging": (
        "FLAG_VERDICTS", "findings", "flag", "flag_needs", "measure", "mix_columns", "mix_notes", "newcomers", "rules",
    ),
    "ingesting": ("Ingested", "ingest"),
    "kept": ("kept_wraps",),
    "memory": ("beyond", "parts_of_wraps"),
    "overview": ("formats", "inspect", "methods"),
    "proof": ("emit_profile", "prove_profiles"),
    "reporting": ("ReportOptions", "flags_anybody", "report", "report_needs"),
    "spilling": ("wraps_on_disk",),
    "summarising": ("said_of", "summarise"),
    "veil": ("Pseudonyms", "anonymise", "pseudonyms"),
}  # fmt: skip
"""Module → what it gives, imported when somebody asks for it: every command would pay for the modules of all others."""


def __getattr__(name: str) -> object:
    for module, given in _BY_NEED.items():
        if name in given:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
