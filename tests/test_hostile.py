"""Input made to break things: a clear error or a counted reject, never a wrong number, a traceback or lost rows."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from tests.cli import GENERIC, HEADER, MORNING, ROOT, Ran, acw, acw_process, one_wrap, written

ACCOUNT = re.compile(r"acw: ([\d,]+) rows read: ([\d,]+) used, ([\d,]+) ignored.*?, ([\d,]+) rejected")


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def refused(ran: Ran, *said: str, code: int = 3) -> None:
    assert (ran.code, ran.out) == (code, b""), ran.err
    assert "acw: error: " in ran.err
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


def accounted(ran: Ran) -> tuple[int, int, int, int]:
    """Rows read, used, ignored and rejected, which must add up."""
    found = ACCOUNT.search(ran.err)
    assert found is not None, ran.err
    read, used, ignored, rejected = (int(number.replace(",", "")) for number in found.groups())
    assert read == used + ignored + rejected
    return read, used, ignored, rejected


# Files that are no tables

GZ = gzip.compress((ROOT / MORNING).read_bytes(), mtime=0)
PARQUET = (ROOT / GENERIC / "states.parquet").read_bytes()
JUNK = random.Random(7).randbytes(5_000)

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "the file is empty"),
    "blank.csv": (b"\n \n\r\n\n", "nothing but blank lines"),
    "junk.csv": (JUNK, "binary"),
    "nuls.csv": (bytes(10_000), "binary"),
    "page.pdf": (b"%PDF-1.4\nabc\n" * 20, "PDF"),
    "old.xls": (b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel"),
    "cut.csv.gz": (GZ[: len(GZ) // 2], "cut short or damaged"),
    "head.csv.gz": (GZ[:8], "cut short or damaged"),
    "sum.csv.gz": (GZ[:-8] + b"12345678", "cut short or damaged"),
    "hole.csv.gz": (GZ[:900] + bytes(100) + GZ[1000:], "cut short or damaged"),
    "cut.csv.bz2": (bz2.compress(b"a,b\n" * 9_000)[:40], "cut short or damaged"),
    "cut.csv.xz": (lzma.compress(JUNK)[:4_000], "cut short or damaged"),
    "twice.csv.gz": (gzip.compress(GZ), "compressed twice"),
    "cut.parquet": (PARQUET[: len(PARQUET) // 2], "cut short"),
    "ends.parquet": (PARQUET[:4] + PARQUET[-4:], "cut short"),
    "hole.parquet": (PARQUET[:100] + bytes(300) + PARQUET[400:], "damaged Parquet"),
    "footer.parquet": (PARQUET[:-300] + b"\xff" * 200 + PARQUET[-100:], "damaged Parquet"),
    "cut.xlsx": (b"PK\x03\x04" + JUNK, "cut short or damaged"),
    "empty.json": (b"{}", "a page or list without records"),
    "numbers.json": (b'[{"a": 1}, 2]', "nobody knows this format"),
    "deep.json": (b"[" * 100_000, "JSON"),
    "one_line.csv": (b"x" * 3_000_000, "longer than 1 MiB"),
    "wide.csv": (b"a," * 1_000_000 + b"\n", "longer than 1 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_table_is_refused_by_name(tmp_path, name):
    content, said = UNREADABLE[name]
    path = written(tmp_path, name, content)
    refused(acw("summary", path), str(path), said)


def test_a_zip_is_no_workbook(tmp_path):
    path = tmp_path / "export.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("states.csv", HEADER)
    refused(acw("summary", path), "unpack it")


def test_a_tar_is_no_table_however_long_its_text(tmp_path):
    packed = tmp_path / "logs.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for part in ("queue_log.1", "queue_log"):
            rows = (ROOT / "sample_data/asterisk_queue_log" / part).read_bytes()
            long = written(tmp_path, part, rows * 10)  # so that the odd bytes of the archive are few
            archive.add(long, part)
    ran = acw("summary", packed, "--max-bad", "5%")
    assert (ran.code, ran.out) == (3, b"")
    assert "a tar archive; unpack it" in ran.err


def test_damage_deep_inside_a_parquet_file_is_an_input_error(tmp_path):
    rows = 300_000
    frame = pl.select(
        agent_id=pl.format("a{}", pl.int_range(rows) % 50),
        event_time=pl.from_epoch(pl.int_range(1_772_438_400, 1_772_438_400 + rows)),
        state=pl.lit("ready"),
        contact_id=pl.int_range(rows).cast(pl.String),
    )
    frame.write_parquet(tmp_path / "states.parquet", row_group_size=50_000)
    content = bytearray((tmp_path / "states.parquet").read_bytes())
    begin, end = len(content) * 6 // 10, len(content) * 7 // 10
    content[begin:end] = random.Random(3).randbytes(end - begin)
    refused(acw("summary", written(tmp_path, "states.parquet", bytes(content))), "states.parquet: ", "copy it again")


def test_folders_globs_and_links_without_a_file(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    written(tmp_path, ".hidden.csv", one_wrap())
    refused(acw("summary", tmp_path), "holds no files")
    refused(acw("summary", f"{tmp_path}/*.csv"), "no file matches")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing")
    refused(acw("summary", tmp_path / "link.csv"), "a link to a file that is not there")


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 5_000, "~nobody_of_this_name/x", "[", "/proc/self/mem"])
def test_odd_paths(path):
    refused(acw("summary", path))


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("setpriv"), reason="needs setpriv")
def test_no_permission(tmp_path):
    # Root may read everything, unless it gives that power away first.
    powers = "-dac_override,-dac_read_search"
    drop = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.geteuid() == 0 else []
    secret = written(tmp_path, "secret.csv", one_wrap())
    secret.chmod(0)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    tries = [
        (["summary", secret], 3, f"{secret}: no permission"),
        (["summary", tmp_path], 3, f"{secret}: no permission"),
        (["summary", MORNING, "-o", locked / "out.csv"], 5, "Permission denied"),
    ]
    code = "import json, sys; from tests.cli import acw\n"
    code += "print(json.dumps([[r.code, r.text, r.err] for r in (acw(*words) for words in json.loads(sys.argv[1]))]))"
    words = json.dumps([list(map(str, words)) for words, _, _ in tries])
    process = subprocess.run([*drop, sys.executable, "-c", code, words], cwd=ROOT, capture_output=True, timeout=60)
    for (_, exit_code, said), (found, out, err) in zip(tries, json.loads(process.stdout), strict=True):
        refused(Ran(found, out.encode(), err), said, code=exit_code)


# Rows that are bad


def test_every_kind_of_bad_row_is_counted_and_kept(tmp_path):
    rows = [
        *one_wrap(),
        "a2,2026-03-02 08:00:00,acw,c2,q,x,y",
        "a2",
        "",
        "a2,2026-02-30 08:00:00,acw,c2,q",
        "a2,2026-03-02 08:00:00,ac\0w,c2,q",
        ",2026-03-02 08:00:00,acw,c2,q",
        f"a2,2026-03-02 08:00:00,acw,{'y' * 1_100_000},q",
        "a3,2026-03-02 08:10:00,ready,c3",
        '"a2,2026-03-02 08:00:00,acw,c2,q',
        "Total,8,,,",
    ]
    path, rejects = written(tmp_path, "states.csv", rows), tmp_path / "rejects.csv"
    ran = acw("reconstruct", path, "--max-bad", "100%", "--rejects", rejects)
    assert ran.code == 0
    assert accounted(ran) == (13, 4, 2, 7)
    csv.field_size_limit(1 << 24)
    found = list(csv.DictReader(rejects.read_text().replace("\0", "").splitlines()))
    assert [(int(row["row"]), row["reason"]) for row in found] == [
        (5, "too many fields"),
        (6, "no state"),
        (8, "unreadable time"),
        (9, "NUL byte"),
        (10, "no agent"),
        (11, "line too long"),
        (13, "unclosed quote"),
    ]
    assert found[0]["raw"] == rows[3]


def test_rows_above_their_header_are_no_titles(tmp_path):
    rows = [*one_wrap(), *one_wrap(contact="c2", minutes=30)]
    turned = written(tmp_path, "turned.csv", [*rows[::-1], HEADER], header=rows[0])
    refused(acw("summary", turned), f"{turned}: 7 rows of data stand above the header in line 8, first in line 1")
    swapped = written(tmp_path, "swapped.csv", [HEADER, *rows[1:]], header=rows[0])
    refused(acw("summary", swapped), f"{swapped}: 1 row of data stands above the header in line 2, first in line 1")
    unlike = ["Name, User Name, Calls, Talk, Wrap-Up", "Ash, 1[1, 26, 0:20, 0:06"]
    stray = written(tmp_path, "stray.csv", unlike, header="Fir Stone, 1006, 25, 0:28:59, 0:06:24")
    refused(acw("summary", stray), f"{stray}: 1 row of data stands above the header in line 2, first in line 1")
    titled = written(tmp_path, "titled.csv", [HEADER, *rows], header="States,,,,\nFrom,2026-03-01,to,2026-03-02,")
    assert acw("summary", titled).text.splitlines()[1].startswith("2,60.0,")


def test_a_table_of_another_delimiter_above_the_header_is_no_title(tmp_path):
    tabs = "\n".join(["agent\ttime\tstate", "a1\t2026-03-02 08:00:00\tacw", "a1\t2026-03-02 08:01:00\tready"])
    said = "are another table, whose columns a comma parts"
    known = written(tmp_path, "known.tsv", ["a1,25,0:06:23", tabs], header="agent,calls,acw")
    refused(acw("summary", known), f"{known}: the lines above the header in line 3 {said}")
    bare = written(tmp_path, "bare.tsv", ["a1,2026-03-02,60,7", "a2,2026-03-02,6,8", tabs], header="a1,2026-03-01,5,6")
    refused(acw("summary", bare), f"{bare}: the lines above the header in line 4 {said}")
    dated = "From Mon, March 2, 2026, 08:00\nto Tue, March 3, 2026, 09:00"
    titled = written(tmp_path, "titled.tsv", [tabs], header=dated)
    assert acw("summary", titled).text.splitlines()[1].startswith("1,60.0,")


def test_bad_json_lines_are_rejects(tmp_path):
    good = [json.dumps(dict(zip(HEADER.split(","), row.split(","), strict=True))) for row in one_wrap()]
    path = written(tmp_path, "states.ndjson", "\n".join([*good, "{bad", "[1]", '"text"', "", good[0]]).encode())
    ran = acw("summary", path, "--max-bad", "100%")
    assert ran.text.splitlines()[1].startswith("1,60.0,")
    assert accounted(ran) == (8, 3, 2, 3)
    assert "2 not a JSON object, 1 bad JSON" in ran.err


def test_doubled_headers_are_said(tmp_path):
    path = written(tmp_path, "states.csv", one_wrap(), header="agent_id,event_time,state,contact_id,state")
    ran = acw("summary", path)
    assert ran.code == 0
    assert "'state' occurs more than once" in ran.err


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends(tmp_path, delimiter, ending):
    text = ending.join([HEADER, *one_wrap()]).replace(",", delimiter)  # and no line end at the end
    ran = acw("summary", written(tmp_path, "states.txt", text.encode()))
    assert ran.text.splitlines()[1].startswith("1,60.0,")


def test_decimal_commas(tmp_path):
    rows = ["c1;a1;2026-03-02 08:00:00;1.030,5;12,25", "c2;a1;2026-03-02 09:00:00;30;0"]
    path = written(tmp_path, "calls.csv", rows, header="contact_id;agent_id;answered_at;talk_s;acw_s")
    wraps = [line.split(",")[8:10] for line in acw("reconstruct", path).text.splitlines()[1:]]
    assert wraps == [["12.25", "1030.5"], ["0.0", "30.0"]]


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
def test_epochs(tmp_path, unit):
    times = (1_772_438_400, 1_772_438_700, 1_772_438_760)
    rows = [f"a1,{time * unit},{state},c1,q" for time, state in zip(times, ("talking", "acw", "ready"), strict=True)]
    ran = acw("reconstruct", written(tmp_path, "states.csv", rows))
    assert "2026-03-02T08:05:00.000+00:00,2026-03-02T08:06:00.000+00:00,60.0,300.0" in ran.text


# The clock changes


def lengths(path: Path, tz: str) -> list[str]:
    return [line.split(",")[8] for line in acw("reconstruct", path, "--tz", tz).text.splitlines()[1:]]


def test_a_wrap_over_a_change_of_the_clock_keeps_its_length(tmp_path):
    spring = written(tmp_path, "spring.csv", ["a1,2026-03-29 01:55:00,acw,c1,", "a1,2026-03-29 03:05:00,ready,,"])
    assert lengths(spring, "Europe/Berlin") == ["600.0"]
    assert lengths(spring, "UTC") == ["4200.0"]
    rows = ["a1,2026-10-25 01:30:00,talking,c1,", "a1,2026-10-25 02:55:00,acw,c1,", "a1,2026-10-25 02:05:00,ready,,"]
    autumn = written(tmp_path, "autumn.csv", rows)
    assert lengths(autumn, "Europe/Berlin") == ["600.0"]


def test_an_instant_that_the_clock_skipped_is_a_reject(tmp_path):
    rows = [*one_wrap(), "a1,2026-03-29 02:30:00,acw,c2,", "a1,2026-03-29 03:05:00,ready,,"]
    ran = acw("summary", written(tmp_path, "states.csv", rows), "--tz", "Europe/Berlin", "--max-bad", "50%")
    assert accounted(ran) == (5, 4, 0, 1)


def test_days_and_bare_dates_are_those_of_the_zone():
    words = ["summary", f"{GENERIC}/states.csv", "--quiet", "--by", "day", "--tz", "Pacific/Auckland"]
    days = [line.split(",")[:2] for line in acw(*words).text.splitlines()[1:]]
    assert days[0][0] == "2026-03-02"
    chosen = acw(*words, "--since", days[1][0], "--until", days[2][0]).text.splitlines()[1:]
    assert [line.split(",")[:2] for line in chosen] == [days[1]]


# Text that wants to be more than text

NAMES = {
    "escape": "\x1b[31mred\x1b[0m",
    "bell": "\x07bell",
    "markup": "[bold red]x[/bold red]",
    "override": "\u202eevil",
    "mark": "\u200erl",
    "isolate": "\u2066iso\u2069",
    "joiner": "\u0645\u06cc\u200c\u0631\u0648\u062f",
    "formula": "=cmd|' /C calc'!A0",
    "at": "@SUM(A1)",
    "minus": "-cmd",
    "plus digits": "+49 30 123",
    "quoted": "'quoted",
    "quote": 'a"b',
    "comma": "a,b",
    "pipe": "|x|",
    "null": "null",
    "nan": "NaN",
    "long": "x" * 300,
    "cjk": "\u65e5\u672c\u8a9e",
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state log with one wrap of every such agent."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER.split(","))
    for number, name in enumerate(NAMES.values()):
        for row in one_wrap(contact=f"c{number}", minutes=6 * number):
            writer.writerow([name, *row.split(",")[1:]])
    return written(tmp_path_factory.mktemp("names"), "states.csv", text.getvalue().encode())


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "ndjson", "parquet", "xlsx"])
def test_names_survive_a_wraps_file_of_any_format(tmp_path, named, format):
    wraps = tmp_path / f"wraps.{format}"
    assert acw("reconstruct", named, "-o", wraps).code == 0
    agents = [row["agent_id"] for row in json.loads(acw("summary", wraps, "--by", "agent_id", "--format", "json").out)]
    assert agents == sorted(NAMES.values(), key=lambda name: name.encode())


def test_nothing_in_csv_runs_as_a_formula_unless_asked(named):
    def starts(*options: str) -> set[str]:
        rows = csv.DictReader(io.StringIO(acw("summary", named, "--by", "agent_id", *options).text))
        return {row["agent_id"][0] for row in rows if not re.match(r"[+-]\d", row["agent_id"])}

    assert not starts() & set("=+-@\t\r")
    assert {"=", "@", "-"} <= starts("--raw-text")


@pytest.mark.parametrize("format", ["table", "csv", "json", "markdown"])
def test_a_terminal_gets_no_control_characters_and_no_bidi_marks(monkeypatch, named, format):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    shown = acw("summary", named, "--by", "agent_id", "--format", format, terminal=True).text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)
    assert NAMES["joiner"] in shown
    assert "red" in shown
    assert "evil" in shown


def test_markup_is_text_in_a_table(named):
    assert NAMES["markup"] in acw("summary", named, "--by", "agent_id", "--format", "table").text


def test_hostile_text_in_messages_is_made_safe(tmp_path):
    path = tmp_path / "\x1b[31mx\u202e.csv"
    ran = acw("summary", path)
    refused(ran, "[31mx.csv")
    assert "\x1b" not in ran.err
    assert "\u202e" not in ran.err


# Encodings, compressions, containers: one morning, 28 wraps


def packed(content: bytes, how: str) -> bytes:
    if how == "zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(content)
        return sink.getvalue().to_pybytes()
    pack: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    return pack[how](content)


@pytest.mark.parametrize("how", ["gz", "bz2", "xz", "zst"])
def test_compressed_files_and_their_ends(tmp_path, how):
    content = packed((ROOT / MORNING).read_bytes(), how)
    whole = acw("summary", written(tmp_path, "no_matter.what", content))
    assert whole.out == acw("summary", MORNING).out
    assert acw("summary", "-", stdin=content).out == whole.out
    refused(acw("summary", written(tmp_path, "cut", content[: len(content) // 2])), "cut short or damaged")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1252"])
def test_encodings_are_told_apart(tmp_path, encoding):
    content = (ROOT / MORNING).read_text(encoding="utf-8").encode(encoding)
    assert acw("summary", written(tmp_path, "states.csv", content)).out == acw("summary", MORNING).out


@pytest.mark.parametrize("encoding", ["utf-16", "punycode", "idna"])
def test_an_encoding_that_does_not_fit_is_an_input_error(encoding):
    refused(acw("summary", f"{GENERIC}/states_ru.csv", "--encoding", encoding), "leave --encoding out")


def test_columns_of_other_types_in_parquet(tmp_path):
    path = tmp_path / "states.parquet"
    events = {"agent_id": [7, 7], "event_time": [1_772_438_400, 1_772_438_460], "state": ["acw", "ready"]}
    pl.DataFrame(events).write_parquet(path)
    assert acw("summary", path).text.splitlines()[1].startswith("1,60.0,")
    pl.DataFrame(events | {"event_time": [None, None]}).write_parquet(path)
    refused(acw("summary", path, "--max-bad", "100%"), "2 rejected (2 no time)", code=4)
    pl.DataFrame(events | {"event_time": [[1], [2]]}).write_parquet(path)
    refused(acw("summary", path), "List(Int64)")


# A year of nonsense in a few seconds

BITS = [b'"', b"\n", b"\r", b",", b";", b"|", b"\0", b"\xff", b"=1", b"9" * 20, b"1e400", b"nan", b"{", b"[", b"\\",
        b"0001-01-01", b"9999-12-31 23:59:59", b"24:00:00", b'""', b"\xf0\x9f\x98\x80", b"NULL", b"-"]  # fmt: skip
SOURCES = ("states_es.csv", "states_fa.csv", "states_ru.csv", "intervals.tsv", "states.ndjson.gz", "states.parquet")
COMMANDS = (["reconstruct"], ["summary", "--by", "agent_id,hour"], ["diagnose"], ["flag", "--all"], ["inspect"])


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Cut, doubled, overwritten or with something put in, at a few places."""
    found = bytearray(content)
    for _ in range(dice.choice([1, 2, 5, 20])):
        place = dice.randrange(len(found) + 1)
        match dice.randrange(4):
            case 0:
                found[place:place] = dice.choice(BITS)
            case 1:
                del found[place : place + dice.choice([1, 20, 200])]
            case 2:
                found[place : place + 1] = bytes([dice.randrange(256)])
            case _:
                found[place:place] = found[: dice.choice([5, 80, 300])]
    return bytes(found)


@pytest.mark.parametrize("name", SOURCES)
def test_damaged_files_end_with_an_answer_or_an_error_and_every_row_accounted_for(tmp_path, name):
    dice = random.Random(name)
    content = (ROOT / GENERIC / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    for _ in range(8):
        path = written(tmp_path, "damaged", damaged(content, dice))
        ran = acw(*dice.choice(COMMANDS), path, "--max-bad", dice.choice(["1%", "100%"]))
        assert ran.code in (0, 3, 4), ran.err
        if ran.code:
            refused(ran, code=ran.code)
        if ran.code != 3:
            accounted(ran)


def test_a_huge_line_in_a_real_process_is_one_reject(tmp_path):
    path = written(tmp_path, "states.csv", [*one_wrap(), "a1," + "y" * 30_000_000, *one_wrap(contact="c2", minutes=30)])
    ran = acw_process("summary", path, "--max-bad", "50%")
    assert ran.text.splitlines()[1].startswith("2,60.0,")
    assert "1 rejected (1 line too long)" in ran.err
