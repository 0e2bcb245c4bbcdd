"""The report in five languages: every word there, numbers as the language writes them, Persian from the right."""

from __future__ import annotations

import json
import string
import tomllib
from importlib import resources

import pytest

from acwcli.analyse.contributors import DIMENSIONS
from acwcli.analyse.mechanical import CAUSES
from acwcli.analyse.verdict import VERDICTS
from acwcli.model.columns import ENDED_BY, METHODS, STATUSES
from acwcli.render.report.words import LANGUAGES, plural_forms, words
from tests.cli import ROOT, STATES, acw
from tests.report_reading import Page, html_tables, json_tables

FOLDER = resources.files("acwcli.render.report").joinpath("lang")
FILES = {lang: tomllib.loads(FOLDER.joinpath(f"{lang}.toml").read_text("utf-8")) for lang in LANGUAGES}
_made: dict[tuple[str, str], bytes] = {}


def made(lang: str, form: str) -> bytes:
    if (lang, form) not in _made:
        ran = acw("report", ROOT / STATES, "--within", "60s", "--lang", lang, "--format", form, "--quiet")
        assert (ran.code, ran.err) == (0, "")
        _made[lang, form] = ran.out
    return _made[lang, form]


def test_every_file_is_a_language():
    assert sorted(path.name.removesuffix(".toml") for path in FOLDER.iterdir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_language_has_every_key_with_the_same_values_in_it(lang):
    def shape(part: dict[str, object]) -> dict[str, set[str | None]]:
        parsed = {key: string.Formatter().parse(str(text)) for key, text in part.items()}
        return {key: {name for _, name, _, _ in found if name is not None} for key, found in parsed.items()}

    assert {name: shape(part) for name, part in FILES[lang].items()} == {
        name: shape(part) for name, part in FILES["en"].items()
    }
    blank = {(name, key) for name, part in FILES[lang].items() for key, text in part.items() if not str(text).strip()}
    assert blank <= {("language", "group")}  # Russian parts thousands with a space
    assert all(str(text) for part in FILES[lang].values() for text in part.values())


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "en"])
def test_nothing_is_left_in_english(lang):
    same_anyway = {"p80", "p80_s", "p90_s", "p95_s", "missing"} | ({"no"} if lang == "es" else set())
    for part in ("page", "headings", "captions", "drawings", "terms", "columns", "said"):
        same = [key for key, text in FILES[lang][part].items() if text == FILES["en"][part][key]]
        assert set(same) <= same_anyway, part


def test_every_code_of_the_data_has_a_word():
    for code in (
        *VERDICTS,
        *ENDED_BY,
        *METHODS,
        *STATUSES,
        *CAUSES,
        "Mon",
        "over",
        "under",
        "watch",
        "in line",
        "ignored",
    ):
        assert code in FILES["en"]["terms"], code


def test_every_table_and_column_has_a_word():
    """What has none would be shown as it is in the data."""
    tables = json_tables(made("en", "json"))
    assert {*tables, *(f"excess_by_{dimension}" for dimension in DIMENSIONS)} <= set(FILES["en"]["captions"])
    columns = [(table, column) for table in tables.values() for column in table["columns"]]
    assert {*DIMENSIONS, *(column["name"] for _, column in columns)} <= set(FILES["en"]["columns"])
    terms = {row[column["name"]] for table, column in columns if column["kind"] == "term" for row in table["rows"]}
    assert terms - {None} <= {*FILES["en"]["terms"], *FILES["en"]["columns"]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_codes_and_numbers_are_the_same_in_every_language(lang):
    ours, english = json_tables(made(lang, "json")), json_tables(made("en", "json"))
    assert list(ours) == list(english)
    for name, table in english.items():
        spoken = {column["name"] for column in table["columns"] if column["kind"] == "said"}
        for row, same in zip(ours[name]["rows"], table["rows"], strict=True):
            assert {key: value for key, value in row.items() if key not in spoken} == {
                key: value for key, value in same.items() if key not in spoken
            }
            assert all(row[key] and (lang == "en" or row[key] != same[key]) for key in spoken)


@pytest.mark.parametrize(
    ("lang", "mean", "wraps", "share"),
    [
        ("en", "90.1", "6,875", "81.7\u00a0%"),
        ("zh", "90.1", "6,875", "81.7%"),
        ("fa", "۹۰٫۱", "۶٬۸۷۵", "۸۱٫۷٪"),
        ("ru", "90,1", "6\u00a0875", "81,7\u00a0%"),
        ("es", "90,1", "6875", "81,7\u00a0%"),
    ],
)
def test_numbers_are_written_as_the_language_does(lang, mean, wraps, share):
    own = words(lang)
    assert own.number(90.05338, 1) == mean
    assert own.number(6875) == wraps
    assert own.share(0.81731, 1).replace("\u061c", "") == share
    assert own.number(-0.04, 1) == own.number(0, 1)
    headline = json.loads(made(lang, "json"))["headline"]
    assert mean in headline
    assert wraps in headline
    assert share in {row[1].replace("\u061c", "") for row in html_tables(made(lang, "html"))["figures"]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_says_its_language_and_direction(lang):
    root = Page(made(lang, "html").decode()).root
    [html] = root.all("html")
    assert html.attributes["lang"] == lang
    assert html.attributes["dir"] == ("rtl" if lang == "fa" else "ltr")
    english = {cell.attributes.get("lang") for cell in root.all("td") if cell.attributes.get("class") == "en"}
    assert english == {"en"}


def test_drawings_are_mirrored_for_persian():
    def bars(lang: str) -> list[tuple[float, float]]:
        root = Page(made(lang, "html").decode()).root
        [drawn] = [s for s in root.all("svg") if str(s.attributes["aria-labelledby"]).startswith("bins-w")]
        rects = [r for r in drawn.all("rect") if r.attributes["class"] in ("bar", "over")]
        return [(float(str(r.attributes["x"])), float(str(r.attributes["width"]))) for r in rects]

    for (x, width), (mirrored, same) in zip(bars("en"), bars("fa"), strict=True):
        assert same == width
        assert mirrored == pytest.approx(920 - x - width, abs=0.11)


def test_sheets_run_from_the_right_for_persian():
    from tests.report_reading import workbook

    assert all('rightToLeft="1"' in sheet.xml for sheet in workbook(made("fa", "xlsx")))
    assert not any('rightToLeft="1"' in sheet.xml for sheet in workbook(made("ru", "xlsx")))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_counted_noun_has_a_form_for_every_count(lang):
    forms = {"none": 1, "two": 2, "three": 3}[FILES[lang]["language"]["plural"]]
    said = {key: plural_forms(text) for part in ("said", "drawings") for key, text in FILES[lang][part].items()}
    assert {field.count("|") + 1 for found in said.values() for field in found} <= {forms}
    assert lang in ("zh", "fa") or {"about", "lead_flags", "advice_agents", "heat"} <= {k for k, v in said.items() if v}


@pytest.mark.parametrize(
    ("lang", "count", "about"),
    [
        ("en", 0, "0 wraps of 0 agents, without instants"),
        ("en", 1, "1 wrap of 1 agent, without instants"),
        ("en", 21, "21 wraps of 21 agents, without instants"),
        ("es", 1, "1 cierre de 1 agente, sin instantes"),
        ("es", 21, "21 cierres de 21 agentes, sin instantes"),
        ("ru", 1, "1 постобработка у 1 оператора, без моментов времени"),
        ("ru", 3, "3 постобработки у 3 операторов, без моментов времени"),
        ("ru", 12, "12 постобработок у 12 операторов, без моментов времени"),
        ("ru", 111, "111 постобработок у 111 операторов, без моментов времени"),
        ("ru", 121, "121 постобработка у 121 оператора, без моментов времени"),
        ("fa", 1, "۱ جمع‌بندی از ۱ کارشناس، بدون زمان وقوع"),
        ("zh", 1, "1 名坐席的 1 次话后处理，没有时间点"),
    ],
)
def test_a_noun_fits_its_number(lang, count, about):
    from acwcli.model.report import said

    assert words(lang).say(said("about_no_instants", wraps=("count", count), agents=("count", count))) == about


def test_a_list_of_names_is_one_or_several_whatever_its_last_digit():
    from acwcli.model.report import said

    def advice(names: int) -> str:
        return words("ru").say(said("advice_agents", names=("text", ["a"] * names)))

    assert "этим оператором и спросите, что его" in advice(1)
    assert "этими операторами и спросите, что их" in advice(21)


def test_names_in_a_sentence():
    from acwcli.model.report import said

    own = words("en")

    def named(names: str) -> str:
        return own.say(said("advice_agents", names=("text", list(names)))).rpartition(": ")[2]

    def usual(share: float) -> str:
        return own.say(said("cause_usual", share=("share", share)))

    assert [named("a"), named("ab"), named("abcdefghij")] == ["a.", "a and b.", "a, b, c, d, e, f, g, h and 2 more."]
    assert usual(0.001).startswith("Under 1\u00a0% of the wraps")
    assert usual(0.997).startswith("99.7")
