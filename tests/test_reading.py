"""Any file becomes rows of text, whatever happened to it on its way here, and no row is lost."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sys
from collections import Counter
from datetime import datetime, timedelta

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acwcli.errors import InputError, UsageError
from acwcli.formats import csv_checks, parquet_rows
from acwcli.formats.grid import BAD, ROW, Grid, read_grid, read_lines
from acwcli.formats.inputs import Input, find_inputs
from acwcli.formats.plain import as_plain

HEADER = "agent,time,state"
ROWS = ["1001,2026-03-02 08:00:00,Ready", "1002,2026-03-02 08:00:05,ACW"]
CSV = "\n".join([HEADER, *ROWS]) + "\n"


@pytest.fixture
def grid_of(tmp_path):
    def read(data, name="export.csv", encoding=None) -> Grid:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_grid(Input(str(path), path), encoding)

    return read


def rows(grid: Grid) -> list[tuple]:
    return grid.frame.select(ROW, BAD, *grid.columns).collect().rows()


def cells(grid: Grid) -> list[tuple]:
    return grid.frame.select(grid.columns).collect().rows()


EXPECTED = [("1001", "2026-03-02 08:00:00", "Ready"), ("1002", "2026-03-02 08:00:05", "ACW")]


# --- line ends, blank lines, ragged rows --------------------------------------------------------------------------


def test_plain_csv_is_read_in_place(grid_of, tmp_path):
    grid = grid_of(CSV)
    assert grid.columns == ["agent", "time", "state"]
    assert rows(grid) == [(2, None, *EXPECTED[0]), (3, None, *EXPECTED[1])]
    assert (grid.shape, grid.ignored, grid.notes) == ("csv", Counter(), [])
    assert grid.details["delimiter"] == "comma"
    assert grid.frame.collect_schema() == {
        **dict.fromkeys(grid.columns, pl.String),
        ROW: pl.UInt32,
        BAD: pl.String,
    }
    path = tmp_path / "export.csv"
    assert as_plain(Input("x", path), None).path == path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(grid_of, end, last):
    grid = grid_of(CSV.replace("\n", end) if last else CSV.replace("\n", end).rstrip("\r\n"))
    assert cells(grid) == EXPECTED


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(grid_of, delimiter):
    assert cells(grid_of(CSV.replace(",", delimiter))) == EXPECTED


def test_decimal_commas_do_not_hide_a_semicolon(grid_of):
    grid = grid_of("agent;acw_s\n1;1,5\n2;2,25\n")
    assert cells(grid) == [("1", "1,5"), ("2", "2,25")]


def test_excel_separator_line(grid_of):
    grid = grid_of("sep=;\nagent;note\n1;a,b\n")
    assert (grid.columns, rows(grid)) == (["agent", "note"], [(3, None, "1", "a,b")])


@pytest.mark.parametrize("blank", ["", "   ", ",,", " , ,", "\t", ",,,,,,"])
def test_blank_lines_are_counted_and_keep_row_numbers(grid_of, blank):
    grid = grid_of("\n".join([HEADER, blank, ROWS[0], blank, blank, ROWS[1], blank, ""]))
    assert [row[0] for row in rows(grid)] == [3, 6]
    assert grid.ignored == {"blank line": 4}


def test_blank_lines_at_the_end(grid_of):
    grid = grid_of(CSV + "\r\n\n  ")
    assert (cells(grid), grid.ignored) == (EXPECTED, {"blank line": 3})


def test_ragged_rows(grid_of):
    grid = grid_of("agent,time,state\n1\n1,2\n1,2,3\n1,2,3,\n1,2,3,,\n1,2,3,4\n1,2,3,,5\n1,2,3,,,,,,,9\n")
    assert [row[1] for row in rows(grid)] == [None] * 5 + ["too many fields"] * 3
    assert cells(grid)[:3] == [("1", None, None), ("1", "2", None), ("1", "2", "3")]
    assert grid.raw([7, 9]) == {7: "1,2,3,4", 9: "1,2,3,,,,,,,9"}


def test_cells_are_stripped_and_empty_ones_null(grid_of):
    grid = grid_of(" agent , time,state \n 1 ,\t2\t,  \n")
    assert (grid.columns, cells(grid)) == (["agent", "time", "state"], [("1", "2", None)])


# --- headers ------------------------------------------------------------------------------------------------------


def test_title_lines_above_the_header(grid_of):
    grid = grid_of(f"Agent activity report\nFrom,2026-03-01,To,2026-03-02\n\n{CSV}")
    assert [row[0] for row in rows(grid)] == [5, 6]
    assert grid.details["header"] == "line 4"
    assert "2 title lines" in grid.notes[0]


def test_doubled_and_empty_headers(grid_of):
    grid = grid_of("agent,time,,state,state,__row\n1,2,3,4,5,6\n")
    assert grid.columns == ["agent", "time", "column 3", "state", "state (2)", "__row (2)"]
    assert "'state'" in grid.notes[0]
    assert cells(grid) == [("1", "2", "3", "4", "5", "6")]


def test_header_only_has_no_rows(grid_of):
    for text in (HEADER, HEADER + "\n", HEADER + "\r\n\r\n"):
        grid = grid_of(text)
        assert (grid.columns, cells(grid)) == (["agent", "time", "state"], [])
        assert grid.sample.height == 0


def test_no_header(grid_of):
    grid = grid_of("1001|2026-03-02 08:00:00|Ready\n1002|2026-03-02 08:00:05|ACW\n")
    assert (grid.columns, grid.details["header"]) == (["column 1", "column 2", "column 3"], "none")
    assert cells(grid) == EXPECTED
    assert rows(grid)[0][0] == 1


def test_header_over_two_lines(grid_of):
    grid = grid_of('agent,"event\ntime",state\n1,2,3\n')
    assert (grid.columns, rows(grid)) == (["agent", "event\ntime", "state"], [(3, None, "1", "2", "3")])


# --- quotes -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["small", "large"])
def any_size(request, monkeypatch):
    """Small quoted files go through the row reader, large ones through proof and scan: both must agree."""
    if request.param == "large":
        monkeypatch.setattr(csv_checks, "_SMALL_QUOTED", 0)
    return request.param


@pytest.mark.usefixtures("any_size")
def test_sound_quotes(grid_of):
    grid = grid_of('agent,time,state\n"a, b",2,"say ""hi"""\n"",2,"x"\n"","",""\n1," 2 ",3\n"a""",2,""""\n')
    assert rows(grid) == [
        (2, None, "a, b", "2", 'say "hi"'),
        (3, None, None, "2", "x"),
        (5, None, "1", "2", "3"),
        (6, None, 'a"', "2", '"'),
    ]
    assert grid.ignored == {"blank line": 1}


@pytest.mark.usefixtures("any_size")
def test_quotes_inside_cells_are_letters(grid_of):
    assert cells(grid_of('agent,time,state\n5" pipe,2,3"\n1,2,"3"\n')) == [('5" pipe', "2", '3"'), ("1", "2", "3")]
    assert cells(grid_of('agent,time,state\n5" pipe,2,3"\n1,2,3\n')) == [('5" pipe', "2", '3"'), ("1", "2", "3")]


@pytest.mark.usefixtures("any_size")
def test_quotes_after_a_blank(grid_of):
    assert cells(grid_of('agent, "time", "state"\n1, "Smith, John", "3"\n')) == [("1", "Smith, John", "3")]


@pytest.mark.usefixtures("any_size")
def test_line_break_inside_quotes(grid_of):
    grid = grid_of('agent,time,state\n1,"two\nlines",3\n4,5,6\n"x\r\ny\r\n\r\nz",2,3\n7,8,9\n')
    assert [(row[0], row[1]) for row in rows(grid)] == [(2, None), (4, None), (5, None), (9, None)]
    assert cells(grid)[0] == ("1", "two\nlines", "3")
    assert grid.raw([2, 4]) == {2: '1,"two\nlines",3', 4: "4,5,6"}


@pytest.mark.usefixtures("any_size")
def test_a_stray_quote_costs_one_row(grid_of):
    good = [f"{number},2,3" for number in range(300)]
    grid = grid_of("\n".join(["agent,time,state", *good[:150], '1,"2,3', *good[150:], '9,"2",3', '8,"x"y"",3']))
    bad = [row for row in rows(grid) if row[1]]
    assert [row[:2] for row in bad] == [(152, "unclosed quote")]
    assert len(rows(grid)) == 303
    assert grid.raw([152]) == {152: '1,"2,3'}


def test_two_stray_quotes_do_not_swallow_the_rows_between(grid_of):
    grid = grid_of('agent,time,state\n1,"2,3\n4,5,6\n7,8,9\n1,2",3\n')
    assert len(rows(grid)) == 4


# --- damage -------------------------------------------------------------------------------------------------------


def test_nul_bytes(grid_of):
    grid = grid_of(CSV + "1003,20\x0026,ACW\n1004,2026-03-02 08:01:00,Ready\n")
    assert [row[1] for row in rows(grid)] == [None, None, "NUL byte", None]


def test_over_long_line_is_one_bad_row(grid_of):
    grid = grid_of(CSV + "x" * (5 << 20) + "\n" + ROWS[0] + "\n" + "y" * (2 << 20))
    assert [(row[0], row[1]) for row in rows(grid)] == [
        (2, None),
        (3, None),
        (4, "line too long"),
        (5, None),
        (6, "line too long"),
    ]


def test_single_giant_line(grid_of):
    with pytest.raises(InputError, match="line 1 is longer than 1 MiB"):
        grid_of(b"x," * (5 << 19))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "nothing but blank"),
        (b"\xef\xbb\xbf", "nothing but blank"),
        (bytes(range(256)) * 50, "binary"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel"),
        (b"PAR1 and no more", "Parquet file is cut short"),
        (b"PAR1" + bytes(50) + b"PAR1", "damaged Parquet"),
        (b"PK\x03\x04 and no more", "cut short or damaged"),
        (b'{"a": \n', "no line is a JSON object"),
        (b"[[1, 2], [3]]", "JSON without objects"),
        (gzip.compress(gzip.compress(CSV.encode())), "compressed twice"),
        (gzip.compress(b""), "empty"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",  # the bytes of a gzip hold the time it was made
)
def test_no_table_says_what_to_do(grid_of, data, message):
    with pytest.raises(InputError, match=message):
        grid_of(data)


def zst(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zst}


@pytest.fixture(params=["isal", "zlib"])
def inflate(request, monkeypatch):
    """Where isal is not built, zlib reads gz."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        pytest.importorskip("isal")


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.usefixtures("inflate")
def test_compressed(grid_of, name):
    pack = PACKERS[name]
    grid = grid_of(pack(CSV.encode()), "no_suffix")
    assert (cells(grid), grid.details["compression"]) == (EXPECTED, name)
    two_members = pack(f"{HEADER}\n{ROWS[0]}\n".encode()) + pack(f"{ROWS[1]}\n".encode())
    assert cells(grid_of(two_members)) == EXPECTED


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.usefixtures("inflate")
def test_truncated_archives(grid_of, name):
    text = "\n".join([HEADER, *(f"{n},{n * 7919 % 10007},{n * 104729}" for n in range(20_000))])
    packed = PACKERS[name](text.encode())
    for size in (len(packed) // 2, len(packed) - 5):
        with pytest.raises(InputError, match="cut short or damaged"):
            grid_of(packed[:size])


@pytest.mark.usefixtures("inflate")
def test_damaged_archives(grid_of):
    whole = gzip.compress(CSV.encode() * 100, mtime=0)
    for place in range(10, len(whole) - 8):
        packed = bytearray(whole)
        packed[place] ^= 0xFF
        with pytest.raises(InputError, match="damaged"):
            grid_of(bytes(packed))


# --- encodings ----------------------------------------------------------------------------------------------------

RUSSIAN = "Оператор;Время;Состояние\nИванов;2026-03-02 08:00:00;Готов\nПетров;2026-03-02 08:01:00;Разговор\n"
PERSIAN = "کارشناس;زمان;وضعیت\nرضا;2026-03-02 08:00:00;آماده\n"
ARABIC_PAGE = "وضعیت;زمان;نام\nآماده;2026-03-02 08:00:00;رضا\n"
CHINESE = "座席,时间,状态\n张三,2026-03-02 08:00:00,就绪\n李四,2026-03-02 08:01:00,话后处理\n"
SPANISH = "agente;hora;razón\nJosé Ñuñez;2026-03-02 08:00:00;Reunión\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"], ids=lambda name: name
)
@pytest.mark.parametrize("text", [CSV, RUSSIAN, CHINESE], ids=["english", "russian", "chinese"])
def test_unicode_encodings(grid_of, encoding, text):
    if encoding.endswith(("le", "be")) and text != CSV:
        pytest.skip("without NULs there is nothing to see")
    grid = grid_of(text.encode(encoding))
    assert grid.columns[0] == text.splitlines()[0].split(grid_delimiter(text))[0]
    assert len(rows(grid)) == 2
    assert grid.notes == []


def grid_delimiter(text: str) -> str:
    return ";" if ";" in text else ","


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "windows-1251"),
        (SPANISH, "windows-1252"),
        (CHINESE, "gb18030"),
        (ARABIC_PAGE.replace("ی", "ي").replace("ک", "ك"), "windows-1256"),
    ],
    ids=["russian", "spanish", "chinese", "arabic"],
)
def test_legacy_code_pages_are_found_by_their_words(grid_of, text, encoding):
    grid = grid_of(text.encode(encoding))
    assert grid.details["encoding"] == encoding
    assert grid.columns == text.splitlines()[0].split(grid_delimiter(text))
    assert encoding in grid.notes[0]


def test_single_accents_are_western(grid_of):
    grid = grid_of("foo;bar\nJosé;2\nMüller;3\n".encode("windows-1252"))
    assert grid.sample["foo"].to_list() == ["José", "Müller"]


def test_forced_encoding_wins(grid_of):
    assert grid_of(CSV.replace("Ready", "Bereit ü").encode("cp437"), encoding="cp437").sample["state"][0] == "Bereit ü"
    assert grid_of(RUSSIAN.encode("koi8-r"), encoding="koi8-r").columns[0] == "Оператор"
    with pytest.raises(UsageError, match="did you mean 'windows-1251'"):
        grid_of(CSV, encoding="windos-1251")


def test_a_few_bad_bytes_stay_utf8(grid_of):
    text = RUSSIAN.encode() + b"\xff\xfe;2026-03-02 09:00:00;x\n"
    grid = grid_of(text)
    assert grid.columns[0] == "Оператор"
    assert rows(grid)[-1][2] == "\ufffd\ufffd"
    assert "2 bytes are no utf-8" in grid.notes[0]


def test_read_lines_interprets_nothing(tmp_path):
    path = tmp_path / "queue_log"
    path.write_bytes(b'\xef\xbb\xbf1|"a|\r\n\r\n  2|b|c\n3')
    lines = read_lines(as_plain(Input("queue_log", path), None)).collect()
    assert lines.rows() == [('1|"a|', 1), ("", 2), ("  2|b|c", 3), ("3", 4)]
    assert lines.schema == {"text": pl.String, ROW: pl.UInt32}


# --- JSON ---------------------------------------------------------------------------------------------------------


def test_ndjson(grid_of):
    grid = grid_of(
        '{"agent": "1", "acw_s": 1.50}\n\n{"agent": 12345678901234567890, "state": null, "ok": true}\n'
        '{"agent": " x ", "nested": {"a": [1.0]}}\n',
        "x.ndjson",
    )
    assert grid.columns == ["agent", "acw_s", "state", "ok", "nested"]
    assert [row[0] for row in rows(grid)] == [1, 3, 4]
    assert cells(grid) == [
        ("1", "1.50", None, None, None),
        ("12345678901234567890", None, None, "true", None),
        ("x", None, None, None, '{"a": [1.0]}'),
    ]
    assert (grid.shape, grid.ignored) == ("ndjson", {"blank line": 1})


def test_bad_json_lines_are_named(grid_of):
    grid = grid_of('{"a": 1}\n{"a": 2\n[3]\n{"a": 4} {"a": 5}\n{"a": 6}\n')
    assert [row[1] for row in rows(grid)] == [None, "bad JSON", "not a JSON object", "bad JSON", None]
    assert grid.raw([2]) == {2: '{"a": 2'}


def test_json_array_and_wrapped_array(grid_of):
    records = [{"agent": "1", "acw": 1.5}, {"agent": "2", "talk": 3}]
    for document in (records, {"rows": records}, {"data": {"inner": {"rows": records, "next": None}}}):
        for indent in (None, 2):
            grid = grid_of(json.dumps(document, indent=indent))
            assert rows(grid) == [(1, None, "1", "1.5", None), (2, None, "2", None, "3")]
    assert rows(grid_of(json.dumps({"agent": "1", "acw": 2}, indent=1))) == [(1, None, "1", "2")]


def test_large_ndjson_is_scanned_and_agrees(grid_of):
    lines = [json.dumps({"agent": f"{n % 50}", "time": 1772000000000 + n, "s": n + 0.5}) for n in range(30_000)]
    lines[20_000] = '{"agent": "9", "late": " x "}'
    grid = grid_of("\n".join(lines))
    assert "reader" not in grid.details
    assert grid.columns == ["agent", "time", "s", "late"]
    assert grid.frame.filter(pl.col("late") == "x").collect()[ROW].to_list() == [20_001]
    lines[10_000] += "}"
    slow = grid_of("\n".join(lines))
    assert slow.details["reader"] == "row by row"
    same = pl.col(ROW) != 10_001
    assert grid.frame.filter(same).collect().equals(slow.frame.filter(same).collect())


# --- workbooks and Parquet ----------------------------------------------------------------------------------------


def test_xlsx(tmp_path):
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("Cover")
    sheet = book.add_worksheet("Data")
    instant, clock = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), book.add_format({"num_format": "hh:mm:ss"})
    elapsed, day = book.add_format({"num_format": "[h]:mm:ss"}), book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write(1, 1, "Contact report")
    sheet.write_row(3, 1, ["agent", "time", "talk", "handle", "date", "acw_s", "state", "state"])
    for row, seconds in ((4, 90), (6, 0.25)):
        sheet.write(row, 1, 1001)
        sheet.write_datetime(row, 2, datetime(2026, 3, 2, 8, 0, 0, 123_000), instant)
        sheet.write_number(row, 3, seconds / 86_400, clock)
        sheet.write_number(row, 4, 1.5 + seconds / 86_400, elapsed)
        sheet.write_datetime(row, 5, datetime(2026, 3, 2), day)
        sheet.write_number(row, 6, seconds)
        sheet.write(row, 7, " ACW ")
        sheet.write_boolean(row, 8, True)
    book.close()
    grid = read_grid(Input("book.xlsx", path), None)
    assert grid.columns[-1] == "state (2)"
    first = ("1001", "2026-03-02 08:00:00.123", "00:01:30", "36:01:30", "2026-03-02 00:00:00", "90", "ACW", "true")
    assert rows(grid) == [
        (5, None, *first),
        (7, None, *first[:2], "00:00:00.250", "36:00:00.250", first[4], "0.25", *first[6:]),
    ]
    assert (grid.shape, grid.ignored, grid.details["header"]) == ("xlsx", {"blank line": 1}, "row 4")
    assert grid.raw([5])[5].startswith("1001,2026-03-02")


def test_broken_xlsx(tmp_path):
    import zipfile

    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<nonsense")
    with pytest.raises(InputError, match="workbook cannot be read"):
        read_grid(Input("book.xlsx", path), None)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", CSV)
    with pytest.raises(InputError, match="zip archive"):
        read_grid(Input("book.xlsx", path), None)


@pytest.mark.parametrize("looked_at", [1, 100_000], ids=["larger than its head", "small"])
def test_parquet_text_is_stripped_where_it_is_padded(tmp_path, monkeypatch, looked_at):
    monkeypatch.setattr(parquet_rows, "_LOOKED_AT", looked_at)
    path = tmp_path / "x.parquet"
    columns = {"a": [" x", "  ", None], "b": ["y", "", "z w"], "c": [1, 2, 3]}
    pl.DataFrame(columns).write_parquet(path)
    grid = read_grid(Input("x.parquet", path), None)
    found = grid.frame.select("a", "b", "c").collect().to_dict(as_series=False)
    assert found == {"a": ["x", None, None], "b": ["y", None, "z w"], "c": [1, 2, 3]}
    assert (grid.rows, grid.sample.height) == (3, 3)


def test_parquet_keeps_types_and_prunes(tmp_path):
    path = tmp_path / "x.parquet"
    frame = pl.DataFrame(
        {"agent ": [" a ", ""], "t": [datetime(2026, 3, 2), None], "n": [1, 2], "c": ["x", "y"]}
    ).with_columns(pl.col("c").cast(pl.Categorical), (pl.col("n") * timedelta(seconds=1)).alias("d"))
    frame.write_parquet(path)
    grid = read_grid(Input("x.parquet", path), None)
    assert grid.columns == ["agent", "t", "n", "c", "d"]
    assert [row[:3] for row in rows(grid)] == [(1, None, "a"), (2, None, None)]
    assert grid.frame.collect_schema()["t"] == pl.Datetime("us")
    assert grid.frame.collect_schema()["c"] == pl.String
    truncated = tmp_path / "y.parquet"
    truncated.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="cut short"):
        read_grid(Input("y.parquet", truncated), None)


# --- paths --------------------------------------------------------------------------------------------------------


def test_folders_globs_and_files(tmp_path, monkeypatch):
    for name in ("b.csv", "a.csv", "sub/c.csv", "sub/.hidden", ".git/x.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(CSV)
    monkeypatch.chdir(tmp_path)

    def names(*paths: str) -> list[str]:
        return [item.name for item in find_inputs(paths)]

    assert names(".") == ["a.csv", "b.csv", "sub/c.csv"]
    assert names("*.csv") == ["a.csv", "b.csv"]
    assert names("**/*.csv") == ["a.csv", "b.csv", "sub/c.csv"]
    assert names(str(tmp_path / "sub")) == [str(tmp_path / "sub/c.csv")]
    assert names("b.csv", "*.csv") == ["b.csv", "a.csv"]
    assert [item.named for item in find_inputs(["b.csv", "*.csv"])] == [True, False]


def test_paths_that_do_not_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "states.csv").write_text(CSV)
    (tmp_path / "empty").mkdir()
    for path, message in [
        ("state.csv", "did you mean 'states.csv'"),
        ("*.tsv", "no file matches"),
        ("empty", "no files"),
        ("x\0y", "no such file"),
        ("a" * 5000, "no usable path"),
    ]:
        with pytest.raises(InputError, match=message):
            find_inputs([path])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(CSV)
    path.chmod(0)
    with pytest.raises(InputError, match="no permission"):
        find_inputs([str(path)])


def test_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(CSV.encode()))))
    (item,) = find_inputs(["-"])
    assert item.name == "<stdin>"
    assert cells(read_grid(item, None)) == EXPECTED


def test_closed_stdin(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input is closed"):
        find_inputs(["-", "-"])


# --- nothing is lost ----------------------------------------------------------------------------------------------

CELL = st.text(st.sampled_from("ab1 .:-\t'é\u00a0\u3000"), max_size=6)
LINE = st.lists(CELL, max_size=5).map(",".join)
FUZZ = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _expected(lines: list[str]) -> tuple[list[tuple], int]:
    """The dumb way: split at commas, strip."""
    found, blank = [], 0
    for number, line in enumerate(lines, 2):
        values = [cell.strip() or None for cell in line.split(",")]
        if not any(values):
            blank += 1
            continue
        bad = "too many fields" if any(values[3:]) else None
        found.append((number, bad, *(values + [None] * 3)[:3]))
    return found, blank


@FUZZ
@given(st.lists(LINE, max_size=30), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_every_unquoted_line_is_accounted_for(tmp_path, lines, end, last):
    lines = [*lines, "1,2,3"] if last else ["1,2,3", *lines, "1 "]
    text = end.join(["agent_id,event_time,state", *lines]) + (end if last else "")
    path = tmp_path / "fuzz.csv"
    path.write_bytes(text.encode())
    grid = read_grid(Input("fuzz.csv", path), None)
    found, blank = _expected(lines)
    assert rows(grid) == found
    assert grid.ignored.total() == blank
    assert grid.sample.height == len(found)


def test_large_files_are_looked_at_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_checks, "_WHOLE", 1000)
    monkeypatch.setattr(csv_checks, "_BLOCKS", 8)
    monkeypatch.setattr(csv_checks, "_BLOCK", 400)
    lines = [f"{number},{number * 7},Ready" for number in range(5000)]
    path = tmp_path / "large.csv"
    for changed, ignored in [({}, 0), ({4999: ""}, 1), ({2500: ",,"}, 0), ({0: "", 2500: " , "}, 2)]:
        text = [HEADER, *(changed.get(number, line) for number, line in enumerate(lines))]
        path.write_text("\n".join(text) + "\n")
        grid = read_grid(Input("large.csv", path), None)
        kept = rows(grid)
        assert (len(kept), grid.ignored.total()) == (5000 - ignored, ignored)
        assert all(row[2] is None or row[0] == int(row[2]) + 2 for row in kept)


def test_blank_lines_are_found_in_linear_time(grid_of):
    grid = grid_of("agent\ttime\tstate\n" + ("\t" * 50_000 + "x\n" + " " * 50_000 + "x\n") * 3)
    assert len(rows(grid)) == 6


@FUZZ
@given(st.lists(st.lists(st.text(st.sampled_from('ab1 ,"'), max_size=6), min_size=3, max_size=3), max_size=20))
def test_quoted_files_come_back_as_the_csv_module_wrote_them(tmp_path, records):
    import csv

    path = tmp_path / "quoted.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["agent_id", "event_time", "state"], *records])
    expected = [tuple(cell.strip() or None for cell in record) for record in records]
    for grid in _both_ways(path):
        assert cells(grid) == [record for record in expected if any(record)]
        assert grid.ignored.total() == len([record for record in expected if not any(record)])


def _both_ways(path) -> tuple[Grid, Grid]:
    """Row by row, as small quoted files are read, and by proof and scan, as large ones are."""
    by_row = read_grid(Input("x.csv", path), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_checks, "_SMALL_QUOTED", 0)
        return by_row, read_grid(Input("x.csv", path), None)


@FUZZ
@given(st.lists(st.text(st.sampled_from('ab ,,""'), max_size=10), max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_proof_and_row_reader_agree(tmp_path, lines, end):
    path = tmp_path / "any.csv"
    path.write_bytes(end.join(["agent_id,event_time,state", "1,2,3", *lines]).encode())
    by_row, scanned = _both_ways(path)
    assert rows(by_row) == rows(scanned)
    assert by_row.ignored == scanned.ignored


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes_give_an_input_error_or_all_lines(tmp_path, junk):
    path = tmp_path / "junk.csv"
    path.write_bytes(b"agent_id,event_time,state\n1,2,3\n" + junk)
    try:
        grid = read_grid(Input("junk.csv", path), None)
    except InputError:
        return
    assert grid.frame.collect(engine="streaming").height + grid.ignored.total() >= 1


@FUZZ
@given(st.lists(st.text(st.sampled_from('ab1,"\0\r '), max_size=12), max_size=30))
def test_damaged_quotes_lose_no_line(tmp_path, lines):
    path = tmp_path / "damaged.csv"
    path.write_bytes("\n".join(["agent_id,event_time,state", "1,2,3" * 99, *lines, "x"]).encode())
    grid = read_grid(Input("damaged.csv", path), None)
    numbers = [row[0] for row in rows(grid)]
    held = "".join(grid.raw(numbers).values())
    assert len(numbers) == len(set(numbers))
    # Every line with something in it is in the raw text of exactly one row.
    assert held.count("1") >= sum(line.count("1") for line in lines)


def test_a_cover_sheet_is_passed_over(tmp_path):
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(path)
    cover, data = book.add_worksheet("Cover"), book.add_worksheet("Data")
    cover.write_column(0, 0, ["Report of March", "Printed by ann"])
    for number, row in enumerate([("agent_id", "contact_id", "acw_s"), ("a1", "c1", 30)]):
        data.write_row(number, 0, row)
    book.close()
    grid = read_grid(Input("book.xlsx", path), None)
    assert grid.columns == ["agent_id", "contact_id", "acw_s"]
    assert "sheet 'Data' read, the other 1 not" in grid.notes[-1]
