"""The report as one HTML file: no network, no script, drawings as SVG, every number in a table too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, BinaryIO

from jinja2 import BaseLoader, Environment, TemplateNotFound
from markupsafe import Markup, escape

from acwcli.model.report import Column, Report, ReportTable, Section, Value
from acwcli.model.version import VERSION
from acwcli.render.report import MOST_ROWS
from acwcli.render.report.drawings import draw
from acwcli.render.report.words import NUMBERS, Words, words

_CALM = ("not-skewed", "not-enough-data")
"""Verdicts that call for nothing, so the page does not raise its voice."""
_MOST_BESIDE = 3
"""Columns that fit beside each other on a telephone; rows of more become cards there."""
_TILES = ("mean_s", "median_s", "p80_s", "share_wraps_within", "share_agents_within", "excess_s")


@dataclass(frozen=True)
class Cell:
    """A cell or heading: its markup and how it is set."""

    markup: Markup
    kind: str


@dataclass(frozen=True)
class Shown:
    """A table as the page shows it."""

    name: str
    caption: Markup
    headings: list[Cell]
    rows: list[list[Cell]]
    folded: bool
    drawing: Markup
    explained: Markup
    cut: Markup
    stacks: bool


class _Files(BaseLoader):
    """Templates from the package, also from inside a zip."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:  # noqa: ARG002
        found = resources.files("acwcli.render.report").joinpath(template)
        if not found.is_file():
            raise TemplateNotFound(template)
        return found.read_text("utf-8"), None, None


def write(report: Report, stream: BinaryIO, lang: str) -> None:
    """Write the page."""
    own = words(lang, report.tz, literal=lambda text: str(escape(text)), name=_name)
    environment = Environment(loader=_Files(), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    sections = [_section(section, own) for section in report.sections]
    page = environment.get_template("page.html").render(
        lang=lang,
        direction=own.language("direction"),
        title=report.title or own.parts["page"]["title"],
        word=lambda key: Markup(own.page(key)),
        heading=lambda name: Markup(own.word("headings", name)),
        verdict=Markup(own.word("terms", report.verdict)),
        calm=report.verdict in _CALM,
        headline=Markup(own.say(report.headline)),
        advice=[Markup(own.say(part)) for part in report.advice],
        about=Markup(own.say(report.about)),
        tiles=_tiles(report, own),
        sections=sections,
        command=report.command,
        labels=_labels(report, replace(own, literal=str, name=str)),
        made_by=Markup(own.page("made_by", version=VERSION, tz=str(escape(report.tz)))),
        style=Markup(resources.files("acwcli.render.report").joinpath("page.css").read_text("utf-8")),
    )
    stream.write(page.encode())


def _name(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _section(section: Section, own: Words) -> dict[str, Any]:
    return {
        "name": section.name,
        "said": [Markup(own.say(sentence)) for sentence in section.said],
        "tables": [_shown(table, own) for table in section.tables],
    }


def _shown(table: ReportTable, own: Words) -> Shown:
    kept = replace(table, rows=table.rows[:MOST_ROWS])
    columns = [
        [
            Cell(Markup(text), _setting(column, value))
            for text, value in zip(own.cells(column, values), values, strict=True)
        ]
        for column, values in zip(table.columns, zip(*kept.rows, strict=True), strict=True)
    ]
    cut = ""
    if len(table.rows) > MOST_ROWS:
        cut = own.page("rest", shown=own.number(MOST_ROWS), all=own.number(len(table.rows)))
    plain = replace(own, name=lambda text: str(escape(text)))
    drawing = draw(table, plain)
    explained = own.word("drawings", table.drawing, table.titled) if table.drawing and drawing else ""
    return Shown(
        table.name,
        Markup(own.word("captions", table.name, table.titled)),
        [Cell(_heading(column, own), _setting(column)) for column in table.columns],
        [list(row) for row in zip(*columns, strict=True)],
        table.folded and (bool(drawing) or table.drawing is None),
        Markup(drawing),
        Markup(explained),
        Markup(cut),
        len(table.columns) > _MOST_BESIDE,
    )


def _heading(column: Column, own: Words) -> Markup:
    unit = own.unit(column)
    return Markup(own.word("columns", column.name) + (f" <small>{escape(unit)}</small>" if unit else ""))


def _setting(column: Column, value: Any = None) -> str:  # noqa: ANN401  # whatever a cell holds
    kind = column.kind
    if column.name == "verdict" and isinstance(value, str):
        return f"is-{value.replace(' ', '-')}"
    if kind in (*NUMBERS, "hour", "value"):
        return "n"
    if kind in ("instant", "day"):
        return "d"
    return {"english": "en", "said": "said"}.get(kind, "")


def _labels(report: Report, own: Words) -> list[Markup]:
    """Rules that write each heading before its cell where a row becomes a card; a rule per column, not per cell."""
    return [
        Markup(f"#table-{table.name} td:nth-child({place}):before{{content:{_css_text(own.heading(column))}}}")
        for table in report.tables()
        if len(table.columns) > _MOST_BESIDE
        for place, column in enumerate(table.columns[1:], start=2)
        if column.name != "verdict"  # it stands beside the name, with its mark
    ]


def _css_text(text: str) -> str:
    """A string of a style sheet that can neither end it nor the element it stands in."""
    return '"' + "".join(sign if sign.isalnum() else f"\\{ord(sign):x} " for sign in text) + '"'


def _tiles(report: Report, own: Words) -> list[tuple[Markup, Markup]]:
    [figures] = [table for table in report.tables() if table.name == "figures"]
    known: dict[str, Value] = dict(figures.rows)
    return [(Markup(own.word("columns", name)), Markup(own.value(known[name]))) for name in _TILES if name in known]
