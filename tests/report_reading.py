"""The four outputs of `acw report` read back: tables by name, every cell as text or number, whatever wrote it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

VOID = {"meta", "br", "hr", "img", "input", "link"}
SVG_LEAVES = {"rect", "line", "path", "circle", "polygon"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    def all(self, *tags: str) -> list[Element]:
        found = []
        for part in self.parts:
            if isinstance(part, Element):
                found += [part] if part.tag in tags else []
                found += part.all(*tags)
        return found


class Page(HTMLParser):
    """A strict reader: every element must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(text)
        self.close()
        assert [element.tag for element in self._open] == [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].parts.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG_LEAVES
        self._open[-1].parts.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)


Tables = dict[str, list[list[str]]]


def html_tables(page: bytes) -> Tables:
    """Cells of each table without its heading row, by the table's name."""
    found = {}
    for table in Page(page.decode()).root.all("table"):
        [body] = table.all("tbody")
        rows = [[cell.text for cell in row.all("th", "td")] for row in body.all("tr")]
        found[str(table.attributes["id"]).removeprefix("table-")] = rows
    return found


def markdown_tables(text: bytes, captions: dict[str, str]) -> Tables:
    """Cells by name, through the caption above each table."""
    names = {caption: name for name, caption in captions.items()}
    found: Tables = {}
    rows: list[list[str]] = []
    for line in text.decode().splitlines():
        if line.startswith("### "):
            rows = found.setdefault(names[_unescaped(line[4:])], [])
        elif line.startswith("| "):
            rows.append([_unescaped(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return {name: rows[2:] for name, rows in found.items()}


def _unescaped(cell: str) -> str:
    return re.sub(r"\\(.)", r"\1", cell.strip()).replace("&#58;", ":").replace("&#64;", "@")


def json_tables(text: bytes) -> dict[str, dict[str, Any]]:
    return {table["name"]: table for section in json.loads(text)["sections"] for table in section["tables"]}


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


@dataclass
class Sheet:
    """Cells by row and column (from 0): a number or text, and the number format of each."""

    name: str
    rows: list[list[float | str | None]]
    formats: dict[tuple[int, int], str]
    xml: str


def workbook(content: bytes) -> list[Sheet]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        texts = [
            "".join(part.text or "" for part in item.iter(f"{_MAIN}t"))
            for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        ]
        formats = _number_formats(ElementTree.fromstring(archive.read("xl/styles.xml")))
        sheets = []
        for number, sheet in enumerate(book.iter(f"{_MAIN}sheet"), start=1):
            xml = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            sheets.append(_sheet(sheet.attrib["name"], xml, texts, formats))
        return sheets


def _number_formats(styles: ElementTree.Element) -> list[str]:
    own = {form.attrib["numFmtId"]: form.attrib["formatCode"] for form in styles.iter(f"{_MAIN}numFmt")}
    [cells] = styles.findall(f"{_MAIN}cellXfs")
    built_in = {"0": "General", "2": "0.00", "3": "#,##0"}
    return [own.get(form.attrib["numFmtId"], built_in.get(form.attrib["numFmtId"], "?")) for form in cells]


def _sheet(name: str, xml: str, texts: list[str], formats: list[str]) -> Sheet:
    rows: list[list[float | str | None]] = []
    styles = {}
    for row in ElementTree.fromstring(xml).iter(f"{_MAIN}row"):
        number = int(row.attrib["r"]) - 1
        rows += [[] for _ in range(number + 1 - len(rows))]
        for cell in row:
            place = _place(cell.attrib["r"])
            assert cell.find(f"{_MAIN}f") is None, "a formula"
            rows[number] += [None] * (place + 1 - len(rows[number]))
            value = cell.find(f"{_MAIN}v")
            if value is not None and value.text is not None:
                rows[number][place] = texts[int(value.text)] if cell.get("t") == "s" else float(value.text)
            styles[number, place] = formats[int(cell.get("s", "0"))]
    return Sheet(name, rows, styles, xml)


def _place(reference: str) -> int:
    place = 0
    for letter in re.sub(r"\d", "", reference):
        place = place * 26 + ord(letter) - 64
    return place - 1


def number_shown(text: str, kind: str) -> tuple[float, float]:
    """The number that people read in an English cell, and half of its last digit."""
    text = text.replace(",", "").replace("\u2212", "-").replace("\u00a0", " ").removesuffix(" s").strip()
    if kind == "long":
        sign = -1 if text.startswith("-") else 1
        hours, minutes = text.lstrip("-").split(":")
        return sign * (int(hours) * 3600 + int(minutes) * 60), 30
    share = text.endswith("%")
    number = text.removesuffix("%").strip()
    digits = len(number.partition(".")[2])
    scale = 100 if share else 1
    return float(number) / scale, 0.5 * 10**-digits / scale
