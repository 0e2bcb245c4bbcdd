"""Every output format says the same thing, whole, and in the form its readers expect."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from acwcli.errors import OutputError, UsageError
from acwcli.model.columns import INSTANT, WRAP_COLUMNS
from acwcli.model.table import Column, Distribution, Mark, Table
from acwcli.render import BINARY_FORMATS, FORMATS, SUFFIXES, format_of_path, values, write
from acwcli.render.histogram import histogram
from acwcli.render.layout import fold
from acwcli.render.number_text import cells
from acwcli.render.safe_text import for_terminal, for_terminal_expr

MORNING = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def rendered(table, format, **options):
    stream = io.BytesIO()
    write(table, format, stream, **options)
    return stream.getvalue()


def small():
    frame = pl.DataFrame(
        {
            "agent_id": ["Анна", '=cmd|" /C calc"!A0', "a|b,c\nd", None],
            "wrap_start": pl.Series([MORNING, MORNING.replace(hour=1, microsecond=123000), None, None], dtype=INSTANT),
            "mean_s": [90.0, 0.1 + 0.2, 1e-7, float("nan")],
            "wraps": [1, 20, 3000, None],
            "timed_out": [True, False, None, None],
            "status": pl.Series(["ok", "open", None, None], dtype=pl.Enum(["ok", "open"])),
        }
    )
    kinds = ["text", "instant", "seconds", "count", "flag", "text"]
    columns = tuple(Column(name, kind) for name, kind in zip(frame.columns, kinds, strict=True))
    return Table("small", frame, columns)


def diagnosis():
    people = [
        {"dimension": "agent_id", "value": "a-1", "wraps": 12, "excess_s": 7000.0, "share": 0.7},
        {"dimension": "agent_id", "value": "شبنم می\u200cخواهد", "wraps": 3, "excess_s": 3000.0, "share": 0.3},
    ]
    frame = pl.DataFrame({"wraps": [120], "mean_s": [90.0], "share_wraps_within": [0.8], "contributors": [people]})
    columns = (
        Column("wraps", "count"),
        Column("mean_s", "seconds", "mean"),
        Column("share_wraps_within", "share", "wraps within"),
        Column("contributors", "json"),
    )
    part = Table(
        "who makes it",
        pl.DataFrame(people).select("value", "excess_s", "share"),
        (Column("value", "text", "agent"), Column("excess_s", "seconds", "over 60s"), Column("share", "share")),
    )
    drawing = Distribution(
        (0.0, 30.0, 60.0, 90.0), (80, 16, 24), (Mark("mean", 90.0), Mark("p80", 60.0)), open_ended=True
    )
    return Table(
        "diagnose", frame, columns, is_object=True, sentence="Few make it.", distribution=drawing, parts=(part,)
    )


def summary(agents=("a-1", "Maximiliane Schmidt-Hohenlohe", "王小明"), total=True):
    size = len(agents)
    figures = {
        name: [83.456 + row for row in range(size)] for name in ("mean_s", "median_s", "p80_s", "p90_s", "p95_s")
    }
    frame = pl.DataFrame(
        {"agent_id": agents, "wraps": [1234] * size}
        | figures
        | {"max_s": [12345.6] * size, "total_s": [43_500.0] * size, "sd_s": [3.25] * size, "method": ["state"] * size}
    )
    columns = (
        Column("agent_id", "text", "agent"),
        Column("wraps", "count"),
        *(
            Column(f"{name}_s", "seconds", name)
            for name in ("mean", "median", "p80", "p90", "p95", "max", "total", "sd")
        ),
        Column("method"),
    )
    whole = {"wraps": 3702, "mean_s": 84.456, "total_s": 130_500.0} if total else None
    return Table("summary", frame, columns, total=whole)


def wraps(rows):
    frame = pl.DataFrame(
        {
            name: [f"{name} {row}" for row in range(rows)]
            if not name.endswith("_s")
            else [1234.5 + row for row in range(rows)]
            for name in WRAP_COLUMNS
        }
    )
    return Table("wraps", frame, tuple(Column(n, "seconds" if n.endswith("_s") else "text") for n in WRAP_COLUMNS))


def lines_of(table, width, **options):
    return rendered(table, "table", width=width, **options).decode().splitlines()


# --- names, suffixes, dispatch


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_writes_every_kind_of_answer(format):
    for table in (small(), diagnosis(), summary(), wraps(3)):
        assert rendered(table, format)
        rendered(Table(table.name, table.frame.clear(), table.columns, is_object=table.is_object), format)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_has_a_suffix(format):
    assert format in SUFFIXES.values()


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_answer_gives_the_same_bytes(format):
    assert rendered(small(), format) == rendered(small(), format)


def test_the_suffix_names_the_format():
    assert format_of_path("out/night.CSV") == "csv"
    assert format_of_path("wraps.jsonl") == "ndjson"


def test_an_unknown_suffix_or_format_is_a_usage_error_with_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'parquet'"):
        format_of_path("wraps.parqet")
    with pytest.raises(UsageError, match="no suffix"):
        format_of_path("wraps")
    with pytest.raises(UsageError, match="did you mean 'markdown'"):
        rendered(small(), "markdwn")


def test_names_are_listed_without_importing_anything_heavy():
    code = "import sys, acwcli.render; print({'polars', 'rich', 'pyarrow', 'xlsxwriter'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("format", FORMATS)
def test_a_closed_pipe_is_raised_to_the_caller(format):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb", buffering=0) as stream, pytest.raises(BrokenPipeError):
        write(small(), format, stream)


# --- CSV and TSV


def test_csv_is_whole_and_guarded():
    assert rendered(small(), "csv", tz="Europe/Berlin").decode() == (
        "agent_id,wrap_start,mean_s,wraps,timed_out,status\n"
        "Анна,2026-03-29T01:30:00.000+01:00,90.0,1,true,ok\n"
        '"\'=cmd|"" /C calc""!A0",2026-03-29T03:30:00.123+02:00,0.30000000000000004,20,false,open\n'
        '"a|b,c\nd",,1e-7,3000,,\n'
        ",,,,,\n"
    )


def test_the_guard_can_be_left_off():
    assert b"'=cmd" not in rendered(small(), "csv", guard=False)


def test_a_heading_is_guarded_too():
    table = Table("x", pl.DataFrame({"=1+1": ["a"]}), (Column("=1+1"),))
    assert rendered(table, "csv") == b"'=1+1\na\n"


def test_tsv_differs_from_csv_by_its_separator():
    assert rendered(small(), "tsv").decode().splitlines()[1] == "Анна\t2026-03-29T00:30:00.000+00:00\t90.0\t1\ttrue\tok"


def test_lists_are_json_text_in_flat_formats():
    row = pl.read_csv(rendered(diagnosis(), "csv")).row(0, named=True)
    assert json.loads(row["contributors"])[1]["value"] == "شبنم می\u200cخواهد"
    assert '[{"dimension":"agent_id","value":"a-1",' in row["contributors"]


def test_slices_are_written_once_and_in_order(monkeypatch):
    whole = {format: rendered(small(), format) for format in ("csv", "tsv", "json", "ndjson", "markdown")}
    monkeypatch.setattr(values, "SLICE_ROWS", 3)
    assert {format: rendered(small(), format) for format in whole} == whole


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_text_formats_keep_every_digit(numbers):
    table = Table("x", pl.DataFrame({"x_s": numbers}), (Column("x_s", "seconds"),))
    csv = rendered(table, "csv").decode().splitlines()[1:]
    assert [float(text) for text in csv] == numbers
    assert [row["x_s"] for row in json.loads(rendered(table, "json"))] == numbers


# --- JSON and NDJSON


def test_json_is_an_array_of_flat_objects():
    text = rendered(small(), "json", tz="Europe/Berlin").decode()
    rows = json.loads(text)
    assert rows[0] == {
        "agent_id": "Анна",
        "wrap_start": "2026-03-29T01:30:00.000+01:00",
        "mean_s": 90.0,
        "wraps": 1,
        "timed_out": True,
        "status": "ok",
    }
    assert rows[3]["mean_s"] is None
    assert '"agent_id":"Анна"' in text


def test_no_rows_are_an_empty_array():
    assert rendered(Table("small", small().frame.clear(), small().columns), "json") == b"[]\n"


def test_an_object_is_one_object_with_real_lists():
    answer = json.loads(rendered(diagnosis(), "json"))
    assert list(answer) == ["wraps", "mean_s", "share_wraps_within", "contributors"]
    assert answer["contributors"][0]["share"] == 0.7


def test_ndjson_is_an_object_per_line():
    lines = rendered(small(), "ndjson").decode().splitlines()
    assert [json.loads(line)["wraps"] for line in lines] == [1, 20, 3000, None]


# --- Parquet, markdown, workbook


def test_parquet_keeps_types():
    frame = pl.read_parquet(rendered(small(), "parquet", tz="Europe/Berlin"))
    assert frame.schema == {
        "agent_id": pl.String,
        "wrap_start": INSTANT,
        "mean_s": pl.Float64,
        "wraps": pl.Int64,
        "timed_out": pl.Boolean,
        "status": pl.String,
    }
    lists = pl.read_parquet(rendered(diagnosis(), "parquet"))["contributors"]
    assert isinstance(lists.dtype.inner, pl.Struct)


def test_markdown_is_a_pipe_table_that_text_cannot_break():
    assert rendered(small(), "markdown").decode() == (
        "| agent_id | wrap_start | mean_s | wraps | timed_out | status |\n"
        "| --- | --- | ---: | ---: | --- | --- |\n"
        "| Анна | 2026-03-29T00:30:00.000+00:00 | 90.0 | 1 | true | ok |\n"
        '| =cmd\\|" /C calc"!A0 | 2026-03-29T01:30:00.123+00:00 | 0.30000000000000004 | 20 | false | open |\n'
        "| a\\|b,c<br>d |  | 1e-7 | 3000 |  |  |\n"
        "|  |  |  |  |  |  |\n"
    )


def test_a_workbook_reads_back_and_holds_no_formula_and_no_link():
    table = small()
    hostile = ["=1+1", "http://example.com", "'=1", "+cmd"]
    table = Table("small", table.frame.with_columns(agent_id=pl.Series(hostile)), table.columns)
    book = rendered(table, "xlsx", tz="Europe/Berlin")
    frame = pl.read_excel(io.BytesIO(book))
    assert frame["agent_id"].to_list() == hostile
    assert frame["wrap_start"][1] == "2026-03-29T03:30:00.123+02:00"
    assert frame["mean_s"].to_list() == [90.0, 0.3, 1e-7, None]  # a cell holds 16 digits
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet


def test_lists_get_a_sheet_of_their_own():
    sheets = pl.read_excel(io.BytesIO(rendered(diagnosis(), "xlsx")), sheet_id=0)
    assert sheets["contributors"]["share"].to_list() == [0.7, 0.3]
    assert json.loads(sheets["diagnose"]["contributors"][0])[0]["wraps"] == 12


def test_what_a_workbook_cannot_hold_is_an_error():
    table = Table("x", pl.DataFrame({"a": ["x" * 40_000]}), (Column("a"),))
    with pytest.raises(OutputError, match=r"text of a in row 1 .* write \.csv or \.parquet"):
        rendered(table, "xlsx")
    rows = Table("x", pl.DataFrame({"a": pl.zeros(1_048_576, dtype=pl.Int8, eager=True)}), (Column("a", "count"),))
    with pytest.raises(OutputError, match="this answer has 1,048,576"):
        rendered(rows, "xlsx")


# --- text and figures on a terminal


def test_terminal_text_has_no_controls_but_keeps_joiners():
    assert for_terminal("a\x1b[31m\u202eb\u200f\x07\r\nc") == "a[31mb c"
    assert for_terminal("می\u200cخواهد") == "می\u200cخواهد"
    assert for_terminal("\ud800") == "\ufffd"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_terminal_expression_agrees_with_the_function(text):
    assert pl.DataFrame({"x": [text]}).select(for_terminal_expr(pl.col("x"))).item() == for_terminal(text)


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in BINARY_FORMATS])
def test_no_format_sends_controls_to_a_terminal(format):
    lists = [[{"value": "\u202eevil\x1b"}]]
    frame = pl.DataFrame({"a\x1b": ["x\x1b]0;evil\x07\u202e"], "b": lists})
    text = rendered(Table("x", frame, (Column("a\x1b"), Column("b", "json"))), format, terminal=True).decode()
    assert not re.search("[\x1b\x07\u202e]|u202e", text)


@pytest.mark.parametrize(
    ("kind", "name", "values", "texts"),
    [
        ("count", "wraps", [1, 12345, None], ["1", "12,345", "–"]),
        ("seconds", "mean_s", [90.0, 83.456], ["90.0", "83.5"]),
        ("seconds", "limit_s", [60.0, 9.0], ["60", "9"]),
        ("seconds", "max_s", [12345.6, 1000.5], ["12,346", "1,000"]),
        ("seconds", "max_s", [12345.6, 31.25], ["12,345.6", "31.2"]),
        ("seconds", "sd_s", [0.044], ["0.04"]),
        ("seconds", "total_s", [43_500.0, 20.0, -3600.0], ["12:05", "0:00", "-1:00"]),
        ("seconds", "lost_s", [59.9], ["59.9"]),
        ("share", "share", [0.8, 1.0, float("nan")], ["80.0%", "100.0%", "–"]),
        ("number", "ratio", [1.234], ["1.23"]),
        ("flag", "timed_out", [True, False, None], ["yes", "no", "–"]),
        ("instant", "wrap_start", [MORNING], ["2026-03-29 01:30:00+01:00"]),
        ("text", "agent_id", ["x\x1b", "", None], ["x", "–", "–"]),
    ],
)
def test_figures_read_well(kind, name, values, texts):
    assert cells(values, Column(name, kind), tz="Europe/Berlin") == texts


# --- the table on a terminal


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160, 250])
@pytest.mark.parametrize("table", [small(), diagnosis(), summary(), wraps(3), wraps(101)], ids=lambda t: t.name)
def test_no_line_is_wider_than_the_terminal(table, width):
    assert max(cell_len(line) for line in lines_of(table, width)) <= width


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 160, 250])
def test_no_number_is_ever_cut(width):
    words = " ".join(lines_of(summary(), width)).split()
    for number in ("1,234", "83.5", "84.5", "85.5", "12,346", "12:05", "36:15", "3,702"):
        assert number in words
    words = " ".join(lines_of(wraps(150), width)).split()
    assert all(f"{1234.5 + row:,.0f}" in words for row in range(150))


def test_a_wide_terminal_shows_the_summary_as_it_is():
    assert lines_of(summary(), 160) == [
        "agent                          wraps  mean s  median s  p80 s  p90 s  p95 s   max s  total h:mm  sd s  method",
        "─" * 109,
        "a-1                            1,234    83.5      83.5   83.5   83.5   83.5  12,346       12:05   3.2  state",
        "Maximiliane Schmidt-Hohenlohe  1,234    84.5      84.5   84.5   84.5   84.5  12,346       12:05   3.2  state",
        "王小明                         1,234    85.5      85.5   85.5   85.5   85.5  12,346       12:05   3.2  state",
        "─" * 109,
        "whole centre                   3,702    84.5                                              36:15",
    ]


def test_a_narrow_terminal_wraps_headings_folds_names_and_says_constants_once():
    assert lines_of(summary(), 80) == [
        "in every row: method state",
        "",
        "                          mean  median   p80   p90   p95     max  total   sd",
        "agent              wraps     s       s     s     s     s       s   h:mm    s",
        "─" * 76,
        "a-1                1,234  83.5    83.5  83.5  83.5  83.5  12,346  12:05  3.2",
        "Maximiliane        1,234  84.5    84.5  84.5  84.5  84.5  12,346  12:05  3.2",
        "Schmidt-Hohenlohe",
        "王小明             1,234  85.5    85.5  85.5  85.5  85.5  12,346  12:05  3.2",
        "─" * 76,
        "whole centre       3,702  84.5                                    36:15",
    ]


def test_a_long_text_moves_below_its_row():
    reason = "mean 143.2 s against 83.4 s of 40 peers; most of them in queue billing between 14:00 and 17:00"
    frame = pl.DataFrame(
        {"agent_id": ["a-1", "a-2"], "wraps": [120, 80], "over_s": [59.8, 10.0], "reason": [reason, "short"]}
    )
    columns = (Column("agent_id"), Column("wraps", "count"), Column("over_s", "seconds"), Column("reason"))
    assert lines_of(Table("flag", frame, columns), 50) == [
        "agent_id  wraps  over_s",
        "───────────────────────",
        "a-1         120    59.8",
        "  mean 143.2 s against 83.4 s of 40 peers; most of",
        "  them in queue billing between 14:00 and 17:00",
        "a-2          80    10.0",
        "  short",
    ]


def test_many_wide_rows_become_records():
    lines = lines_of(wraps(101), 80)
    assert lines[0] == "agent_id agent_id 0"
    assert lines.count("") == 100
    assert "contact_id   contact_id 0" in lines[1]


def test_a_long_table_gets_its_headings_again_and_one_total():
    table = summary([f"a-{number}" for number in range(2001)])
    lines = lines_of(table, 160)
    assert sum(line.startswith("agent ") for line in lines) == 2
    assert sum(line.startswith("whole centre") for line in lines) == 1


def test_an_object_is_a_sentence_a_drawing_its_parts_and_its_figures():
    assert lines_of(diagnosis(), 80) == [
        "Few make it.",
        "",
        "seconds                                                 wraps",
        "   0–30  █████████████████████████████████████████████     80",
        "  30–60  █████████                                         16",
        "   ≥ 60  █████████████▌                                    24  ◂ p80 60, mean 90",
        "",
        "who makes it",
        "agent         over 60s h:mm  share",
        "──────────────────────────────────",
        "a-1                    1:57  70.0%",
        "شبنم می\u200cخواهد           0:50  30.0%",
        "",
        "  wraps  120   mean s  90   wraps within  80.0%",
    ]


def test_markup_in_names_is_only_text():
    table = Table("x", pl.DataFrame({"agent_id": ["[bold red]x[/]", ":smile:"]}), (Column("agent_id"),))
    for color in (False, True):
        text = rendered(table, "table", color=color).decode()
        assert "[bold red]x[/]" in text
        assert ":smile:" in text


def test_colour_is_only_written_when_asked_for(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert b"\x1b" not in rendered(diagnosis(), "table")
    assert b"\x1b[" in rendered(diagnosis(), "table", color=True)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "koi8-r"])
def test_a_terminal_without_unicode_gets_ascii_signs(encoding):
    text = rendered(diagnosis(), "table", encoding=encoding).decode(encoding)
    assert "###" in text
    assert "---" in text
    assert "< p80 60" in text


def test_the_histogram_marks_where_figures_fall():
    drawing = Distribution(
        (0.0, 10.0, 20.0, 30.5), (8, 1, 0), (Mark("p80", 20.0), Mark("mean", 90.0), Mark("median", 3.25))
    )
    assert [line.plain for line in histogram(drawing, 50)] == [
        "seconds                   wraps",
        "   0–10  ███████████████      8  ◂ median 3.2",
        "  10–20  █▉                   1",
        "20–30.5                       0  ◂ p80 20, mean 90",
    ]
    assert [line.plain for line in histogram(drawing, 36)] == [
        "seconds            wraps",
        "   0–10  ████████      8  ◂ median 3.2",
        "  10–20  █             1",
        "20–30.5                0  ◂ p80 20",
        "                          ◂ mean 90",
    ]


@given(st.text(), st.integers(2, 30))
def test_folding_loses_nothing_and_stays_within_its_width(text, width):
    lines = fold(text, width)
    assert max(cell_len(line) for line in lines) <= width
    assert "".join("".join(lines).split()) == "".join(text.split())
