"""What the command line writes: every format, the same bytes to a pipe, a file and `-o`, and golden files.

`ACW_GOLDEN=write pytest tests/test_cli_output.py` writes the golden files anew;
look at the difference before keeping it.
"""

from __future__ import annotations

import csv
import fcntl
import functools
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import polars as pl
import pytest

from acwcli.errors import ExitCode
from acwcli.render import FORMATS
from tests.cli import CONTACT_HEADER, GENERIC, MORNING, ROOT, STATES, acw, acw_process, one_wrap, written

GOLDEN = ROOT / "tests" / "golden"
ROSTER = f"{GENERIC}/roster.csv"
QUESTIONS = {
    "reconstruct": ["reconstruct", MORNING],
    "summary": ["summary", MORNING, "--by", "agent_id,queue", "--limit", "60s"],
    "diagnose": ["diagnose", MORNING, "--within", "60s"],
    "flag": ["flag", MORNING, "--over", "mean", "--over", "60s", "--all"],
    "inspect": ["inspect", MORNING],
    "formats": ["formats"],
}
SUFFIX = {"table": "txt", "markdown": "md"}
READ_BACK = ("csv", "tsv", "json", "ndjson", "parquet", "xlsx", "markdown")


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def answered(*args: object, **options: bool) -> bytes:
    ran = acw(*args, "--quiet", **options)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


# The same bytes


@pytest.mark.parametrize(
    ("question", "format"),
    [("reconstruct", form) for form in FORMATS]
    + [("diagnose", form) for form in FORMATS]
    + [(question, form) for question in ("summary", "flag", "inspect", "formats") for form in ("table", "json")],
)
def test_stdout_and_file_get_the_same_bytes(tmp_path, question, format):
    printed = answered(*QUESTIONS[question], "--format", format)
    target = tmp_path / f"answer.{SUFFIX.get(format, format)}"
    assert answered(*QUESTIONS[question], "-o", target) == b""
    assert target.read_bytes() == printed
    assert printed


@pytest.mark.parametrize("format", ["csv", "table"])
def test_a_pipe_and_a_redirect_of_a_process_get_the_same_bytes(tmp_path, format):
    words = [*QUESTIONS["summary"], "--quiet", "--format", format]
    with (tmp_path / "out").open("wb") as target:
        acw_process(*words, stdout=target)
    assert (tmp_path / "out").read_bytes() == answered(*words)
    if format == "csv":
        assert acw_process(*words).out == answered(*words)


def test_without_a_terminal_it_is_csv_whole_and_uncut():
    rows = list(csv.reader(io.StringIO(answered("reconstruct", STATES).decode())))
    assert len(rows) == 1 + 6_875
    assert {len(row) for row in rows} == {17}
    assert b"\r" not in answered("summary", MORNING)


def test_the_answer_is_the_same_with_any_locale_and_number_of_threads():
    words = ["summary", STATES, "--by", "agent_id,queue", "--quiet"]
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "POLARS_MAX_THREADS": "1", "TZ": "Asia/Tehran"}
    assert acw_process(*words, env=env).out == answered(*words)


# What is in them


def records(question: str, format: str, tmp_path: Path) -> list[dict[str, object]]:
    """An answer read back, as text where the format knows nothing else."""
    printed = answered(*QUESTIONS[question], "--format", format)
    match format:
        case "csv" | "tsv":
            rows = csv.DictReader(io.StringIO(printed.decode()), delimiter="\t" if format == "tsv" else ",")
            return [dict(row) for row in rows]
        case "json":
            found = json.loads(printed)
            return found if isinstance(found, list) else [found]
        case "ndjson":
            return [json.loads(line) for line in printed.splitlines()]
        case "parquet":
            return pl.read_parquet(io.BytesIO(printed)).to_dicts()
        case "xlsx":
            (tmp_path / "answer.xlsx").write_bytes(printed)
            return pl.read_excel(tmp_path / "answer.xlsx").to_dicts()
    lines = [line.strip("|").split(" | ") for line in printed.decode().splitlines() if line.startswith("|")]
    header, _, *cells = [[cell.strip() for cell in line] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in cells]


@pytest.mark.parametrize("question", ["reconstruct", "summary", "flag"])
def test_column_names_and_numbers_are_the_same_in_every_format(tmp_path, question):
    wanted = records(question, "ndjson", tmp_path)
    seconds = [name for name in wanted[0] if name.endswith("_s")]
    for format in READ_BACK:
        found = records(question, format, tmp_path)
        assert [list(row) for row in found] == [list(row) for row in wanted], format
        for name in seconds:
            digits = [row[name] for row in found]
            expected = [row[name] for row in wanted]
            # A workbook holds 16 digits, everything else all of them.
            same = pytest.approx(expected, rel=1e-15) if format == "xlsx" and None not in expected else expected
            assert [None if cell in ("", None) else float(cell) for cell in digits] == same, (format, name)


@pytest.mark.parametrize(
    ("tz", "start"), [("UTC", "2026-03-16T09:01:48.000+00:00"), ("Asia/Tehran", "2026-03-16T12:31:48.000+03:30")]
)
def test_instants_are_written_with_offset_in_the_zone_asked_for(tz, start):
    wraps = json.loads(answered("reconstruct", f"{GENERIC}/states.parquet", "--tz", tz, "--format", "json"))
    assert wraps[0]["wrap_start"] == start


def test_diagnose_is_one_object_and_one_row_in_flat_formats(tmp_path):
    whole = json.loads(answered(*QUESTIONS["diagnose"], "--format", "json"))
    flat = records("diagnose", "csv", tmp_path)
    assert len(flat) == 1
    assert json.loads(flat[0]["contributors"]) == whole["contributors"]
    for dimension in {item["dimension"] for item in whole["contributors"]}:
        shares = [item["share"] for item in whole["contributors"] if item["dimension"] == dimension]
        assert sum(shares) == pytest.approx(1)


# Wraps files are input


SAME_ANSWERS = (
    ("summary", "--by", "agent_id,hour", "--limit", "60s"),
    ("diagnose", "--within", "60s", "--format", "json"),
    ("flag", "--over", "mean", "--under", "p80", "--min-wraps", "5", "--all", "--mix", "queue"),
)


@functools.cache
def answers_of(source: str) -> list[bytes]:
    return [answered(command, source, *options) for command, *options in SAME_ANSWERS]


@pytest.mark.parametrize(
    ("source", "format"),
    [(MORNING, form) for form in READ_BACK] + [("sample_data/asterisk_queue_log", form) for form in ("csv", "xlsx")],
)
def test_a_wraps_file_of_any_format_gives_the_same_answers(tmp_path, source, format):
    wraps = tmp_path / f"wraps.{SUFFIX.get(format, format)}"
    answered("reconstruct", source, "-o", wraps)
    assert [answered(command, wraps, *options) for command, *options in SAME_ANSWERS] == answers_of(source)


def test_a_flag_at_the_default_mix_of_contacts_is_the_same_from_a_wraps_file(tmp_path):
    answered("reconstruct", MORNING, "-o", tmp_path / "wraps.csv")
    words = ("--min-wraps", "5", "--all")
    assert answered("flag", tmp_path / "wraps.csv", *words) == answered("flag", MORNING, *words)


def test_wraps_rebuilt_and_given_again_count_once(tmp_path):
    wraps = tmp_path / "wraps.parquet"
    answered("reconstruct", MORNING, "-o", wraps)
    ran = acw("summary", wraps, MORNING, wraps)
    assert ran.out == answered("summary", MORNING)
    assert "28 duplicate" in ran.err


def test_mixed_evidence_is_said_on_stderr_and_in_the_output(tmp_path):
    calls = written(tmp_path, "calls.csv", ["c9,a9,2026-03-02 08:00:00,30,40"], CONTACT_HEADER)
    ran = acw("summary", MORNING, calls)
    assert ran.text.splitlines()[1].endswith(",mixed")
    assert "wraps of mixed evidence: 1 anchored, 28 state" in ran.err
    assert "mixed" not in acw("summary", MORNING).err


# Several files


def test_files_with_and_without_bad_or_total_rows_do_not_disturb_each_other():
    both = acw("summary", STATES, MORNING, "--quiet")
    assert both.text.splitlines()[1].startswith("6903,")
    assert both.out == acw("summary", MORNING, STATES, "--quiet").out


def test_every_input_row_is_accounted_for(tmp_path):
    rows = [*one_wrap(), "", "a1,2026-03-02 08:20:00,acw,c2,q,x,y,z", "Total,,,,"]
    ran = acw("summary", written(tmp_path, "states.csv", rows), MORNING, "--max-bad", "50%")
    assert "145 rows read: 141 used, 3 ignored (2 total row, 1 blank line), 1 rejected (1 too many fields)" in ran.err


def test_agents_the_roster_does_not_know_are_said(tmp_path):
    roster = written(tmp_path, "roster.csv", ["B01,north", "b02,south"], header="agent_id,team")
    ran = acw("summary", MORNING, "--roster", roster, "--by", "team")
    assert "3 of 4 agents are not in the roster, such as 'b01'" in ran.err
    assert [line.split(",")[:2] for line in ran.text.splitlines()[1:]] == [["south", "7"], ["", "21"]]


@pytest.mark.parametrize("column", ["queue", "hour", "file", "_n", "value_ms", "sure_talk"])
def test_a_roster_s_columns_have_names_of_their_own(column, tmp_path):
    """A question would take a column of wraps for the roster's, or fail over two of one name."""
    roster = written(tmp_path, "roster.csv", ["b01,north"], header=f"agent_id,{column}")
    ran = acw("summary", MORNING, "--roster", roster)
    assert (ran.code, f"roster columns {column} are names of wraps columns" in ran.err) == (ExitCode.INPUT, True)


@pytest.mark.parametrize("column", ["handled", "legs"])
@pytest.mark.parametrize("question", [("summary", "--by"), ("flag", "--all", "--peers"), ("explain", "a07", "--peers")])
def test_a_roster_may_name_its_columns_as_options_name_values(column, question, tmp_path):
    rosters = [
        written(tmp_path, f"{name}.csv", ["a07,north", "a08,south"], header=f"agent_id,{name}")
        for name in (column, "team")
    ]
    records = f"{GENERIC}/contacts.csv"
    found, expected = (acw(*question, roster.stem, records, "--roster", roster).text for roster in rosters)
    assert found == expected.replace("team", column) != ""


# Golden files

GOLDEN_RUNS = {
    "summary.csv": ["summary", STATES, "--by", "agent_id,queue", "--limit", "60s"],
    "summary_all.json": ["summary", STATES, "--format", "json"],
    "summary_roster.csv": ["summary", STATES, "--by", "team,weekday", "--roster", ROSTER, "--tz", "Europe/Berlin"],
    "summary_handle.csv": ["summary", STATES, "--by", "queue", "--of", "handle"],
    "diagnose.json": ["diagnose", STATES, "--within", "60s", "--format", "json"],
    "flag.csv": ["flag", STATES, "--over", "mean", "--over", "p80", "--over", "60s", "--under", "5s"],
    "flag_peers.csv": ["flag", STATES, "--roster", ROSTER, "--peers", "team", "--all", "--measure", "median"],
    "queue_log.csv": ["reconstruct", "sample_data/asterisk_queue_log"],
    **{f"wraps.{SUFFIX.get(form, form)}": ["reconstruct", MORNING, "--format", form] for form in FORMATS[:5]},
    "wraps.md": ["reconstruct", MORNING, "--format", "markdown"],
}
TABLES = {
    "summary": ["summary", STATES, "--by", "agent_id", "--roster", ROSTER, "--limit", "60s"],
    "diagnose": ["diagnose", STATES, "--within", "60s"],
    "flag": ["flag", STATES, "--over", "mean", "--over", "60s"],
}


def golden(name: str, found: bytes) -> None:
    path = GOLDEN / name
    if os.environ.get("ACW_GOLDEN") == "write":
        path.write_bytes(found)
    assert found.decode() == path.read_text(encoding="utf-8"), f"differs from {path.relative_to(ROOT)}"


@pytest.mark.parametrize("name", GOLDEN_RUNS)
def test_golden(name):
    golden(name, answered(*GOLDEN_RUNS[name]))


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", TABLES)
def test_golden_table(monkeypatch, name, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    found = answered(*TABLES[name], terminal=True)
    assert max(map(len, found.decode().splitlines())) <= width
    golden(f"{name}_{width}.txt", found)


def test_no_golden_file_is_left_over():
    wanted = {*GOLDEN_RUNS, *(f"{name}_{width}.txt" for name in TABLES for width in (80, 160))}
    assert {path.name for path in GOLDEN.iterdir()} == wanted


def on_a_terminal(columns: int, *args: str) -> tuple[int, str]:
    """Run a process whose stdout and stderr are a terminal so wide, and return what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "acwcli", *args], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
        env=env | {"TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # how Linux says that the other side has gone
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def test_a_real_terminal_gets_a_table_of_its_width_and_no_control_characters_of_the_data(tmp_path):
    path = written(tmp_path, "states.csv", one_wrap(agent="\x1b]0;owned\x07Eve"))
    code, shown = on_a_terminal(72, "summary", str(path), "--by", "agent_id")
    assert code == 0
    assert "]0;ownedEve" in shown
    assert "\x07" not in shown
    assert "\x1b[1m" in shown  # its own bold
    assert "whole centre" in shown
    assert "acw: 3 rows read" in shown


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_what_is_open_already_is_written_to_not_replaced(tmp_path):
    log = tmp_path / "log"
    data = written(tmp_path, "states.csv", [*one_wrap(), "a1,no time,ready,,"])
    usual = acw("reconstruct", data, "--max-bad", "1", "--rejects", tmp_path / "rejects.csv")
    with log.open("wb") as both:
        ran = acw_process(
            *("reconstruct", data, "--max-bad", "1", "--rejects", "/dev/stderr", "-o", "/dev/fd/1", "-f", "csv"),
            stderr=both,
        )
    assert (ran.code, ran.text) == (0, usual.text)  # stdout is a pipe, stderr a file
    assert log.read_text() == (tmp_path / "rejects.csv").read_text() + usual.err
    assert acw("reconstruct", data, "--max-bad", "1", "-o", "/dev/fd/977", "-f", "csv").code == 5
