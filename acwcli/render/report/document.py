"""The report as one JSON document: names and numbers the same in every language, the sentences in one."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from acwcli.model.report import SCHEMA_VERSION, Report, ReportTable, Said, Value
from acwcli.render.report.words import Words, words


def write(report: Report, stream: BinaryIO, lang: str) -> None:
    """Write the document; `schema.json` beside this file describes it."""
    own = words(lang, report.tz)
    document = {
        "schema_version": SCHEMA_VERSION,
        "title": report.title or own.page("title"),
        "lang": lang,
        "tz": report.tz,
        "verdict": report.verdict,
        "headline": own.say(report.headline),
        "advice": [own.say(part) for part in report.advice],
        "about": own.say(report.about),
        "about_values": {name: _plain(value, own) for name, value in report.about.values.items()},
        "figures": _figures(report, own),
        "sections": [
            {
                "name": section.name,
                "heading": own.word("headings", section.name),
                "said": [own.say(sentence) for sentence in section.said],
                "tables": [_table(table, own) for table in section.tables],
            }
            for section in report.sections
        ],
        "command": report.command,
    }
    stream.write(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n")


def _figures(report: Report, own: Words) -> dict[str, Any]:
    [figures] = [table for table in report.tables() if table.name == "figures"]
    return {name: _plain(value, own) for name, value in figures.rows}


def _table(table: ReportTable, own: Words) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return {
        "name": table.name,
        "caption": own.word("captions", table.name, table.titled),
        "columns": [
            {"name": column.name, "kind": column.kind, "heading": own.heading(column)} for column in table.columns
        ],
        "rows": [{name: _plain(value, own) for name, value in zip(names, row, strict=True)} for row in table.rows],
    }


def _plain(value: Any, own: Words) -> Any:  # noqa: ANN401  # whatever a cell holds
    match value:
        case Value():
            return _plain(value.value, own)
        case Said():
            return own.say(value)
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(own.tz))
            return local.isoformat(timespec="milliseconds")
        case date():
            return value.isoformat()
        case _:
            return value
