"""`acw report`: four outputs with the same numbers, a page that needs nothing and works for everybody."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from importlib import resources

import jsonschema
import pytest

from acwcli.render.report import REPORT_SUFFIXES
from tests.cli import CONTACT_HEADER, GENERIC, MORNING, ROOT, STATES, acw, acw_process, one_wrap, written
from tests.report_reading import (
    Page,
    Tables,
    html_tables,
    json_tables,
    markdown_tables,
    number_shown,
    workbook,
)

ROSTER = f"{GENERIC}/roster.csv"
ASKED = {
    "case": [STATES, "--within", "60s", "--roster", ROSTER, "--tz", "Europe/Berlin"],
    "platform": ["sample_data/genesys_cloud_conversations"],
    "no_instants": ["sample_data/vicidial_agent_log", "--over", "p80", "--min-wraps", "5"],
}
NUMBERS = ("count", "seconds", "long", "share", "ratio", "hour")
_made: dict[tuple[str, str], bytes] = {}


@pytest.fixture(autouse=True)
def _at_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def made(case: str, form: str) -> bytes:
    if (case, form) not in _made:
        ran = acw("report", *ASKED[case], "--format", form, "--quiet")
        assert (ran.code, ran.err) == (0, "")
        _made[case, form] = ran.out
    return _made[case, form]


# The same numbers


def kinds_and_values(table: dict, row: int) -> list[tuple[str, object]]:
    """Kind and value of each cell; where each row has a kind of its own, that of its value."""
    found = []
    for column in table["columns"]:
        value = table["rows"][row][column["name"]]
        found.append((column["kind"], value))
    return found


@pytest.mark.parametrize("case", ASKED)
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_the_page_and_markdown_carry_the_numbers_of_the_document(case, form):
    wanted = json_tables(made(case, "json"))
    captions = {name: table["caption"] for name, table in wanted.items()}
    text = made(case, form)
    found: Tables = html_tables(text) if form == "html" else markdown_tables(text, captions)
    assert list(found) == list(wanted)
    compared = 0
    for name, table in wanted.items():
        assert len(found[name]) == len(table["rows"])
        for number, cells in enumerate(found[name]):
            for cell, (kind, value) in zip(cells, kinds_and_values(table, number), strict=True):
                if value is None:
                    assert cell in ("–", "")
                elif kind in NUMBERS:
                    shown, half = number_shown(cell, kind)
                    assert shown == pytest.approx(value, abs=half * 1.000001), (name, number, cell, value)
                    compared += 1
                elif kind in ("instant", "day"):
                    assert cell == str(value)[:19].replace("T", " ")
                elif kind in ("text", "english"):
                    assert cell == str(value)
    assert compared > 100


@pytest.mark.parametrize("case", ASKED)
def test_the_workbook_carries_the_numbers_of_the_document(case):
    wanted = json_tables(made(case, "json"))
    _, *sheets = workbook(made(case, "xlsx"))
    assert len(sheets) == len(wanted)
    for sheet, table in zip(sheets, wanted.values(), strict=True):
        assert len(sheet.rows) == len(table["rows"]) + 1
        for number, cells in enumerate(sheet.rows[1:]):
            for place, (kind, value) in enumerate(kinds_and_values(table, number)):
                cell = cells[place] if place < len(cells) else None
                form = sheet.formats.get((number + 1, place), "")
                if value is None:
                    assert cell is None
                elif kind == "value":
                    assert cell == pytest.approx(value / 86400 if "ss" in form else value, rel=1e-12)
                elif kind in ("seconds", "long"):
                    assert "[h]:mm:ss" in form
                    assert cell * 86400 == pytest.approx(value, rel=1e-12, abs=1e-9)
                elif kind in NUMBERS:
                    assert cell == pytest.approx(value, rel=1e-15)
                elif kind in ("instant", "day"):
                    assert form.startswith("yyyy-mm-dd")
                    assert when(cell) == datetime.fromisoformat(str(value)[:19])
                elif kind in ("text", "english"):
                    assert (cell or "") == (value or "")


def when(serial: float) -> datetime:
    return datetime(1899, 12, 30) + timedelta(seconds=round(serial * 86400))


def test_every_format_says_the_same_sentences():
    document = json.loads(made("case", "json"))
    sentences = [document["headline"], *document["advice"], document["about"]]
    sentences += [sentence for section in document["sections"] for sentence in section["said"]]
    page = Page(made("case", "html").decode()).root.text
    cover = [row[0] for row in workbook(made("case", "xlsx"))[0].rows if row]
    for sentence in sentences:
        assert sentence in page
        assert any(sentence in str(line) for line in cover)
        assert sentence in re.sub(r"\\(.)", r"\1", made("case", "markdown").decode())


def test_the_figures_are_those_of_the_other_commands():
    words = [STATES, "--quiet", "--format", "json"]
    diagnosed = json.loads(acw("diagnose", *words, "--within", "60s").out)
    figures = json.loads(made("case", "json"))["figures"]
    assert {name: diagnosed[name] for name in figures if name != "excess_s"} == {
        name: value for name, value in figures.items() if name != "excess_s"
    }
    tables = json_tables(made("case", "json"))
    flagged = json.loads(acw("flag", *words, "--over", "mean", "--all").out)
    compared = {row["agent_id"]: row for row in tables["agents"]["rows"]}
    for row in flagged:
        for name in ("wraps", "expected_s", "ratio", "ratio_low", "ratio_high", "verdict"):
            assert compared[row["agent_id"]][name] == row[name]
    [whole] = json.loads(acw("summary", *words, "--limit", "60s").out)
    assert figures["excess_s"] == whole["excess_s"]
    for name, table in tables.items():
        if name.startswith("excess_by_"):
            assert sum(row["excess_s"] for row in table["rows"]) == pytest.approx(whole["excess_s"])
            assert sum(row["share"] for row in table["rows"]) == pytest.approx(1)
    days = json.loads(acw("summary", *words, "--by", "day", "--tz", "Europe/Berlin").out)
    assert [row["mean_s"] for row in tables["trend"]["rows"]] == [row["mean_s"] for row in days]
    assert sum(row["wraps"] for row in tables["heat"]["rows"]) == whole["wraps"]


def test_the_headline_says_what_diagnose_says():
    said = acw("diagnose", STATES, "--within", "60s", "--quiet", terminal=True).text.split("\n\n")[0]
    headline = json.loads(made("case", "json"))["headline"]
    numbers = re.compile(r"\d[\d,.]*")
    assert sorted(numbers.findall(headline)) == sorted(numbers.findall(said))


def test_all_counts_of_the_data_are_there(tmp_path):
    rows = [*one_wrap(), *one_wrap("a2", "c2"), "", "a1,2026-03-02 08:20:00,acw,c3,q,x,y,z", "Total,,,,", *one_wrap()]
    ran = acw("report", written(tmp_path, "s.csv", rows), "--max-bad", "50%", "--format", "json", "--min-wraps", "1")
    assert ran.code == 0
    document = json.loads(ran.out)
    tables = json_tables(ran.out)
    assert "12 rows read" in ran.err
    [file] = tables["files"]["rows"]
    assert (file["rows"], file["used"], file["ignored"], file["rejected"]) == (12, 6, 5, 1)
    left_out = {(row["outcome"], row["why"]): row["rows"] for row in tables["rows_left_out"]["rows"]}
    assert sum(left_out.values()) == 6
    assert left_out["rejected", "too many fields"] == 1
    assert {row["status"]: row["wraps"] for row in tables["statuses"]["rows"]} == {"ok": 2}
    assert any("12" in sentence for sentence in document["sections"][7]["said"])


# The document and its schema


@pytest.mark.parametrize("case", ASKED)
def test_the_document_is_as_the_schema_says(case):
    schema = json.loads(resources.files("acwcli.render.report").joinpath("schema.json").read_text("utf-8"))
    checker = jsonschema.Draft202012Validator(schema)
    checker.check_schema(schema)
    document = json.loads(made(case, "json"))
    checker.validate(document)
    for broken in ({"schema_version": 2}, {"verdict": "bad"}, {"sections": document["sections"][1:]}, {"new": 1}):
        assert list(checker.iter_errors(document | broken)), broken
    rows = document["sections"][2]["tables"][0]["rows"]
    rows[0]["verdict"] = "guilty"
    assert list(checker.iter_errors(document))


# The page


def page(case: str = "case") -> Page:
    return Page(made(case, "html").decode())


@pytest.mark.parametrize("case", ASKED)
def test_a_page_needs_no_network_and_no_script(case):
    text = made(case, "html").decode()
    assert len(text.encode()) < 1_500_000
    assert page(case).root.all("script", "link", "img", "iframe", "object", "embed", "form", "base") == []
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text
    for element in page(case).root.all("a", "use", "image", "rect"):
        for name in ("href", "src", "xlink:href"):
            assert (element.attributes.get(name) or "#").startswith("#")
    assert re.findall(r"https?:", text) == []
    assert not [name for element in page(case).root.all("svg", "a", "div", "td") for name in element.attributes
                if name.startswith("on")]  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
def test_a_page_can_be_read_without_seeing_it(case):
    root = page(case).root
    [html] = root.all("html")
    assert html.attributes["lang"] == "en"
    assert [element.tag for element in root.all("h1")] == ["h1"]
    levels = [int(element.tag[1]) for element in root.all("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [element.attributes["id"] for element in everything(root) if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for table in root.all("table"):
        [caption] = table.all("caption")
        assert caption.text.strip()
        [head] = table.all("thead")
        assert {cell.attributes.get("scope") for cell in head.all("th")} == {"col"}
        [body] = table.all("tbody")
        assert all(cell.attributes.get("scope") == "row" for cell in body.all("th"))
        assert all(len(row.all("th")) == 1 for row in body.all("tr"))
    for drawing in root.all("svg"):
        assert drawing.attributes["role"] == "img"
        named = str(drawing.attributes["aria-labelledby"]).split()
        assert [element.attributes["id"] for element in drawing.all("title", "desc")] == named
        assert all(element.text.strip() for element in drawing.all("title", "desc"))
    for link in root.all("a"):
        assert str(link.attributes["href"]).removeprefix("#") in ids


def everything(root):
    for part in root.parts:
        if not isinstance(part, str):
            yield part
            yield from everything(part)


def test_every_drawing_has_its_numbers_in_a_table_beside_it():
    figures = page().root.all("figure")
    assert len(figures) >= 8
    exhibits = [e for e in page().root.all("div") if e.attributes.get("class") == "exhibit" and e.all("figure")]
    assert len(exhibits) == len(figures)
    assert all(exhibit.all("table") for exhibit in exhibits)


def test_text_in_drawings_stays_text():
    root = page().root
    drawn = {text.text for svg in root.all("svg") for text in svg.all("text")}
    assert {"median 35\u00a0s", "p80 58\u00a0s", "limit 60\u00a0s", "mean 90.1\u00a0s"} <= drawn
    marked = [svg for svg in root.all("svg") if "class" in svg.attributes and svg.attributes["class"] == "wide"]
    assert len(marked) == 4


def test_what_is_over_the_limit_is_told_by_a_pattern_not_by_colour():
    [histogram] = [s for s in page().root.all("svg") if str(s.attributes["aria-labelledby"]).startswith("bins-w")]
    assert len(histogram.all("pattern")) == 1
    hatched = [bar for bar in histogram.all("rect") if (bar.attributes.get("fill") or "").startswith("url(#bins-w-")]
    edges = [row["from_s"] for row in json_tables(made("case", "json"))["bins"]["rows"] if row["wraps"]]
    assert len(hatched) == sum(edge >= 60 for edge in edges)


def test_the_verdict_comes_first():
    text = page().root.text
    document = json.loads(made("case", "json"))
    assert text.index(document["headline"]) < text.index("How long wraps take")
    assert document["verdict"] == "few-agents"
    assert "95 % of the time over 60 s comes from 6 of 40 agents" in document["headline"].replace("\u00a0", " ")


def test_the_verdict_stands_beside_the_agent():
    for name in ("agents", "flags"):
        columns = [column["name"] for column in json_tables(made("case", "json"))[name]["columns"]]
        assert columns.index("verdict") < columns.index("wraps")
    marked = [cell for cell in page().root.all("td") if (cell.attributes.get("class") or "").startswith("is-")]
    assert {(cell.attributes["class"], cell.text) for cell in marked} >= {
        ("is-over", "over"),
        ("is-in-line", "in line"),
    }


def test_rows_become_cards_on_a_telephone_with_every_heading_in_them():
    text = made("case", "html").decode()
    for table in page().root.all("table"):
        name, headings = table.attributes["id"], [cell.text for cell in table.all("th")]
        columns = len(table.all("thead")[0].all("th"))
        labelled = re.findall(rf"#{name} td:nth-child\((\d+)\):before", text)
        verdict = [headings[:columns].index("verdict") + 1] if "verdict" in headings[:columns] else []
        wanted = [place for place in range(2, columns + 1) if place not in verdict] if columns > 3 else []
        assert list(map(int, labelled)) == wanted
        assert (table.attributes.get("class") == "stacks") is bool(wanted)


def test_a_heading_from_the_data_cannot_end_the_style_sheet(tmp_path):
    roster = written(tmp_path, "roster.csv", ["a1,x", "a2,x"], 'agent_id,"te""am</style><b>}\\"')
    rows = [*one_wrap(), *one_wrap("a2", "c2")]
    ran = acw("report", written(tmp_path, "s.csv", rows), "--roster", roster, "--peers", 'te"am</style><b>}\\',
              "--min-wraps", "1", "-q")  # fmt: skip
    assert ran.code == 0, ran.err
    root = Page(ran.text).root
    assert root.all("b") == []
    assert len(root.all("style")) == 1


@pytest.mark.parametrize(("days", "drawn"), [(92, "trend"), (93, "trend_by_week")])
def test_many_days_are_drawn_by_week_and_listed_by_day(tmp_path, days, drawn):
    first = date(2026, 1, 1)
    rows = [f"{number},a1,{first + timedelta(days=number)}T08:00:00Z,30,{20 + number % 7}" for number in range(days)]
    path = written(tmp_path, "contacts.csv", rows, CONTACT_HEADER)
    tables = json_tables(acw("report", path, "--format", "json", "-q").out)
    assert len(tables["trend"]["rows"]) == days
    page = acw("report", path, "-q")
    ids = [str(svg.attributes["aria-labelledby"]).split("-w-")[0] for svg in Page(page.text).root.all("svg")]
    assert [name for name in ids if name.startswith("trend") and "-n" not in name] == [drawn]
    assert ("93 days are too many" in page.text) is (days == 93)
    weeks = tables.get("trend_by_week", {"rows": []})["rows"]
    for week in weeks:
        monday = date.fromisoformat(week["week_from"])
        values = [20 + n % 7 for n in range(days) if 0 <= (first + timedelta(days=n) - monday).days < 7]
        assert (monday.weekday(), week["wraps"]) == (0, len(values))
        assert week["mean_s"] == pytest.approx(sum(values) / len(values))
    assert sum(week["wraps"] for week in weeks) == (days if days > 92 else 0)


# Names that mean harm

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "a\u202egnp.exe",
    "x|y`z*[link](http://evil.example)",
    "</title></svg><b>bold",
    "&lt;i&gt;",
    "{{ 7*7 }}",
    "بهمن",
]  # fmt: skip


@pytest.fixture
def evil(tmp_path):
    rows = []
    for number, name in enumerate(EVIL):
        quoted = '"' + name.replace('"', '""') + '"'
        for wrap in range(6):
            rows.append(f"{number}-{wrap},{quoted},2026-03-0{wrap + 2} 08:{number:02}:00,30,{40 + 90 * (number == 0)}")
    return written(tmp_path, "contacts.csv", rows, CONTACT_HEADER)


def evil_report(evil, form: str) -> bytes:
    ran = acw("report", evil, "--min-wraps", "3", "--title", EVIL[0], "--format", form, "--quiet")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_markup_in_names_is_text_on_the_page(evil):
    text = evil_report(evil, "html").decode()
    root = Page(text).root
    assert root.all("script", "img", "b", "i") == []
    assert "\u202e" not in text
    shown = [row[0] for row in html_tables(text.encode())["agents"]]
    assert sorted(shown) == sorted(name.replace("\u202e", "") for name in EVIL)
    assert "49" not in [row[0] for row in html_tables(text.encode())["agents"]]
    [heading] = root.all("h1")
    assert heading.text == EVIL[0]
    assert all(cell.all("bdi") for table in root.all("table") for cell in table.all("th") if cell.text in EVIL)


def test_names_break_neither_markdown_nor_the_workbook(evil):
    text = evil_report(evil, "markdown").decode().partition("```")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and "evil" in line]
    assert rows
    assert not re.search(r"(?<!\\)<(?!br)", text)
    assert not re.search(r"(?<!\\)\[", text)
    assert "http://" not in text
    sheets = workbook(evil_report(evil, "xlsx"))  # fails on any formula
    assert all("hyperlink" not in sheet.xml for sheet in sheets)
    names = {row[0] for sheet in sheets for row in sheet.rows if row}
    assert {name.replace("\u202e", "") for name in EVIL} <= names


# The workbook


def test_sheets_are_frozen_filtered_and_named():
    cover, *sheets = workbook(made("case", "xlsx"))
    assert cover.name == "Verdict"
    names = [sheet.name for sheet in sheets]
    assert len(set(map(str.casefold, names))) == len(names)
    assert {"Agents against their peers", "Counted wraps by method of…"} < set(names)
    assert any(re.fullmatch(r"> [\d.]+ s, length of the contact", name) for name in names)
    for sheet in sheets:
        assert 'state="frozen"' in sheet.xml
        assert "<autoFilter" in sheet.xml
    [trend] = [sheet for sheet in sheets if sheet.name == "Day by day"]
    assert when(trend.rows[1][0]).date() == date(2026, 3, 2)


# The same question


@pytest.mark.parametrize("form", ["html", "markdown", "xlsx", "json"])
def test_the_same_question_gives_the_same_bytes(tmp_path, form):
    words = ["report", MORNING, "--format", form, "--quiet"]
    first = acw_process(*words, env={"PATH": "", "PYTHONHASHSEED": "1", "TZ": "Asia/Tehran", "POLARS_MAX_THREADS": "1"})
    assert (first.code, first.err) == (0, "")
    suffix = {form: suffix for suffix, form in REPORT_SUFFIXES.items()}[form]
    target = tmp_path / f"night.{suffix}"
    assert acw("report", MORNING, "-o", target, "--quiet").code == 0
    assert target.read_bytes() == first.out


def test_the_command_makes_the_report_again(tmp_path):
    words = [STATES, "--within", "1m", "--where", "queue = 'billing'", "--peers", "queue", "--title", "It's; 50 %"]
    wanted = acw("report", *words, "--format", "json", "--quiet", "--tz", "Europe/Berlin").out
    command = json.loads(wanted)["command"]
    python = f"{sys.executable} -m acwcli"
    script = command.replace("acw ", f"{python} ", 1).replace("report.json", str(tmp_path / "report.json"))
    subprocess.run(["sh", "-c", script], cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / "report.json").read_bytes() == wanted


def test_exit_codes(tmp_path):
    assert acw("report", STATES, "-o", tmp_path / "x.html", "--fail-on-flag", "--quiet").code == 10
    assert acw("report", MORNING, "-o", tmp_path / "y.html", "--fail-on-flag", "--quiet").code == 0
    ran = acw("report", STATES, "-o", tmp_path / "x.pdf")
    assert (ran.code, ran.out) == (2, b"")
    assert ".html" in ran.err
    assert acw("report", STATES, "--lang", "ruu").code == 2
    assert acw("report", STATES, terminal=True).code == 5
    assert acw("report", STATES, "-o", tmp_path / "no" / "x.html").code == 5
    assert acw("report", "sample_data/amazon_connect_metrics", "-o", tmp_path / "x.html").code == 2
    assert acw("report", tmp_path / "nothing.csv", "-o", tmp_path / "x.html").code == 3


def test_a_report_of_lengths_without_instants(tmp_path):
    rows = [f"{number},a{number % 3},,30,{20 + number}" for number in range(90)]
    path = written(tmp_path, "lengths.csv", rows, CONTACT_HEADER)
    ran = acw("report", path, "--format", "html", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    text = Page(ran.out.decode()).root.text
    assert "no instants" in text
    assert set(html_tables(ran.out)) >= {"figures", "bins", "agents", "definitions"}


def test_newcomers_are_in_the_report_but_not_among_the_flags(tmp_path):
    hires = written(tmp_path, "hired.csv", ["a31,2026-02-20", "a36,2020-01-01"], "agent_id,hired")

    def tables(*more):
        ran = acw("report", STATES, "--format", "json", "-q", *more)
        assert ran.code == 0, ran.err
        told = json.loads(ran.text)
        return told["command"], {one["name"]: one for section in told["sections"] for one in section["tables"]}

    command, plain = tables()
    asked, fair = tables("--since-hire", hires, "--fdr", "1%", "--mix", "queue")
    assert "since-hire" not in command
    assert f"--mix queue --fdr 1% --since-hire {hires}" in asked
    assert "a31" in str(plain["flags"])
    assert "a31" not in str(fair["flags"])
    assert "a31" in str(fair["agents"])


@pytest.mark.parametrize("lang", ["en", "zh", "fa", "ru", "es"])
def test_the_second_cause_is_told_in_every_language(tmp_path, lang):
    from tests.test_diagnose import SLOW, centre

    rows = []
    for row in centre():
        seconds = row["value_ms"] / 1000 * (5 if row["agent_id"] in SLOW else 1) * (4 if row["queue"] == "q2" else 1)
        rows.append(
            f"c{row['number']},{row['agent_id']},{row['queue']},2026-03-02T09:{row['number'] % 60:02}:00Z,{seconds:.3f}"
        )
    path = written(tmp_path, "contacts.csv", rows, "contact_id,agent_id,queue,ended_at,acw_s")
    diagnosed = json.loads(acw("diagnose", path, "--within", "60s", "--format", "json").text)
    assert diagnosed["verdict"] == "few-queues"
    share, names = re.search(r"that is left, 6 of 40 agents \((.*)\) make (\d+) %", diagnosed["advice"]).group(2, 1)
    ran = acw("report", path, "--within", "60s", "--lang", lang, "-o", tmp_path / "r.json", "-q")
    assert ran.code == 0
    advice = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["advice"]
    assert len(advice) == 2
    agents = re.findall(r"a\w+", names.replace(" and ", " "))
    assert re.findall("|".join(SLOW), advice[1]) == agents
    numbers = advice[1].translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789"))
    assert share in re.findall(r"\d+", numbers)
    assert {"6", "40", "60"} <= set(re.findall(r"\d+", numbers))
