"""Every exit code of the command line, with stdout and stderr apart: on failure stdout is empty and stderr says why."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acwcli.errors import ExitCode
from tests.cli import CONTACT_HEADER, MORNING, ROOT, STATES, acw, acw_process, one_wrap, start, written

ANSWERS = ("reconstruct", "summary", "diagnose", "flag")


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def refused(ran, code: ExitCode, *said: str) -> None:
    """A failure: its code, nothing on stdout, one clear error on stderr, no traceback."""
    assert (ran.code, ran.out) == (code, b""), ran.err
    assert "acw: error: " in ran.err
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


def test_the_codes_are_those_of_the_contract():
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0, "UNEXPECTED": 1, "USAGE": 2, "INPUT": 3, "NO_WRAPS": 4, "OUTPUT": 5, "LOCKED": 6, "FINDINGS": 10,
        "INTERRUPTED": 130,
    }  # fmt: skip


# 0 and 10


def test_done_is_0_with_data_on_stdout_and_one_line_of_counts_on_stderr():
    ran = acw_process("summary", STATES)
    assert ran.code == ExitCode.OK
    assert ran.text.splitlines()[1].startswith("6875,90.05")
    assert ran.err == "acw: 30,873 rows read: 30,873 used, 0 ignored, 0 rejected; 6,875 wraps counted\n"


@pytest.mark.parametrize("command", ["summary", "diagnose", "flag", "inspect", "reconstruct"])
def test_quiet_says_nothing_but_the_answer(command):
    loud, quiet = acw(command, MORNING), acw(command, MORNING, "--quiet")
    assert (quiet.code, quiet.err, quiet.out) == (ExitCode.OK, "", loud.out)
    assert loud.err


def test_findings_are_10_only_when_asked_and_come_with_the_answer():
    asked = acw_process("flag", STATES, "--fail-on-flag", "--quiet")
    assert (asked.code, asked.err) == (ExitCode.FINDINGS, "")
    assert asked.out == acw("flag", STATES).out
    assert acw("flag", STATES).code == ExitCode.OK


def test_nobody_listed_is_0_even_with_fail_on_flag():
    ran = acw("flag", STATES, "--over", "9000s", "--fail-on-flag")
    assert ran.code == ExitCode.OK
    assert len(ran.text.splitlines()) == 1


def test_a_watch_is_no_finding():
    ran = acw("flag", MORNING, "--min-wraps", "1", "--fail-on-flag")
    assert ",watch," in ran.text
    assert ran.code == ExitCode.OK


def test_only_open_wraps_are_an_answer_of_reconstruct_and_nothing_to_compute(tmp_path):
    path = written(tmp_path, "open.csv", one_wrap()[:2])
    assert acw("reconstruct", path).code == ExitCode.OK
    assert ",open,open," in acw("reconstruct", path).text
    for command in ("summary", "diagnose", "flag"):
        refused(acw(command, path), ExitCode.NO_WRAPS, "1 open")


# 1


def test_an_unexpected_failure_is_1_without_a_traceback(monkeypatch):
    def broken(*args, **named):
        raise RuntimeError("wires crossed\nand more")

    monkeypatch.setattr("acwcli.pipeline.load", broken)
    refused(acw("summary", MORNING), ExitCode.UNEXPECTED, "unexpected RuntimeError: wires crossed", "--debug")
    with pytest.raises(RuntimeError, match="wires crossed"):
        acw("summary", MORNING, "--debug")


def test_a_panic_below_python_is_1_too(monkeypatch):
    import polars as pl

    def broken(*args, **named):
        raise pl.exceptions.PanicException("called unwrap on None")

    monkeypatch.setattr("acwcli.pipeline.load", broken)
    refused(acw("summary", MORNING), ExitCode.UNEXPECTED, "called unwrap on None")


# 2

USAGE = {
    "sumary x": "did you mean 'summary'?",
    "summary {} --lmit 60s": "--limit",
    "summary {} --limit 60x": "--limit: '60x' is no duration",
    "summary {} --limit ''": "--limit: '' is no duration",
    "diagnose {} --within soon": "--within: 'soon' is no duration",
    "summary {} --max-wrap 1y": "--max-wrap: '1y' is no duration",
    "summary {} --gap-cap x": "--gap-cap: 'x' is no duration",
    "summary {} --by agnt_id": "did you mean 'agent_id'?",
    "summary {} --by team": "--roster FILE brings more",
    "summary {} --by acw_s": "unknown column 'acw_s'",
    "flag {} --peers quue": "did you mean 'queue'?",
    "summary {} --format jsn": "did you mean 'json'?",
    "summary {} -o out.cvs": "did you mean 'csv'?",
    "summary {} -o out": "--format",
    "summary {} --of tlak": "did you mean 'talk'?",
    "summary {} --tz Europe/Berlni": "did you mean 'Europe/Berlin'?",
    "summary {} --tz ../../etc/passwd": "unknown zone",
    "summary {} --input-format generic-state": "did you mean 'generic-states'?",
    "summary {} --encoding utf9": "did you mean 'utf-8'?",
    "summary {} --map agnt_id=x": "did you mean 'agent_id'?",
    "summary {} --map agent_id=Agnte": "did you mean 'Agente'?",
    "summary {} --map agent_id": "NAME=VALUE",
    "summary {} --state awc=x": "did you mean 'acw'?",
    "summary {} --date-order dym": "known: dmy, mdy, ymd",
    "summary {} --max-bad 200%": "no share",
    "summary {} --max-bad nan": "no share",
    "summary {} --since yesterday": "--since 'yesterday' is no instant",
    "summary {} --until 2026-02-30": "--until '2026-02-30' is no instant",
    "summary {} --since ''": "no instant",
    "summary {} --since 0001-01-01 --tz Asia/Tehran": "no instant",
    "summary {} --where 'x; drop'": "not an SQL expression",
    "summary {} --where ''": "not an SQL expression",
    "summary {} --where \"queeu = 'a'\"": "did you mean 'queue'?",
    "summary {} --where acw_s": "not a condition",
    "summary {} --where \"wrap_start > '2026-03-02'\"": "DATE '2026-03-02'",
    "summary {} --rows 'x; drop'": "--rows is not an SQL expression",
    "summary {} --rows Coal=1": "did you mean 'Cola'?",
    "summary {} --rows Cola": "--rows is not a condition",
    "flag {} --over men": "did you mean 'mean'?",
    "flag {} --over p100": "no percentile",
    "flag {} --under 5x": "no threshold",
    "flag {} --measure mdian": "did you mean 'median'?",
    "flag {} --min-wraps 0": "--min-wraps",
    "flag {} --min-wraps some": "--min-wraps",
}  # fmt: skip


@pytest.mark.parametrize("line", USAGE)
def test_a_mistake_in_the_options_is_2_and_says_what_was_meant(line):
    refused(acw(*shlex.split(line.format(MORNING))), ExitCode.USAGE, USAGE[line])


@pytest.mark.parametrize("words", [[], ["summary"], ["flag"]])
def test_a_bare_command_shows_its_usage_on_stderr(words):
    ran = acw(*words)
    assert (ran.code, ran.out) == (ExitCode.USAGE, b"")
    assert ran.err.startswith("Usage: acw")


def test_options_are_checked_before_files_are_read():
    refused(acw("summary", "no/such/file", "--format", "jsn"), ExitCode.USAGE, "did you mean 'json'?")


def test_a_file_is_never_written_over_while_it_is_read(tmp_path):
    path = written(tmp_path, "night.csv", one_wrap())
    before = path.read_bytes()
    refused(acw("reconstruct", path, "-o", path), ExitCode.USAGE, "one of the files read")
    refused(acw("reconstruct", path, "--rejects", path), ExitCode.USAGE, "one of the files read")
    assert path.read_bytes() == before


def test_a_usage_error_of_a_process():
    refused(acw_process("summary", MORNING, "--format", "jsn"), ExitCode.USAGE, "did you mean 'json'?")


# 3


def test_a_path_that_does_not_exist_is_3(tmp_path):
    written(tmp_path, "states.csv", one_wrap())
    refused(acw_process("summary", tmp_path / "sates.csv"), ExitCode.INPUT, "did you mean 'states.csv'?")


def test_an_unknown_file_is_3_when_named_and_skipped_in_a_folder(tmp_path):
    unknown = written(tmp_path, "notes.csv", ["1,2"], header="colour,size")
    refused(acw("summary", unknown), ExitCode.INPUT, "nobody knows this format", "--map")
    refused(acw("summary", tmp_path), ExitCode.INPUT, "notes.csv")
    written(tmp_path, "states.csv", one_wrap())
    ran = acw("summary", tmp_path)
    assert ran.code == ExitCode.OK
    assert f"{unknown}: skipped (nobody knows" in ran.err


def test_more_bad_rows_than_allowed_are_3_and_their_rejects_can_be_looked_at(tmp_path):
    path = written(
        tmp_path, "bad.csv", [*one_wrap(), "a1,2026-03-02 09:00:00", 'a1,soon,"re\nady",c9,q', "=1+1,x,acw,,"]
    )
    rejects = tmp_path / "rejects.csv"
    refused(acw("summary", path, "--rejects", rejects), ExitCode.INPUT, "3 of 6 rows are bad", "--max-bad")
    assert rejects.read_text() == (
        "source,row,reason,raw\n"
        f'{path},5,no state,"a1,2026-03-02 09:00:00"\n'
        f'{path},6,unreadable time,"a1,soon,""re\\nady"",c9,q"\n'
        f'{path},8,unreadable time,"\'=1+1,x,acw,,"\n'
    )
    allowed = acw("summary", path, "--max-bad", "50%")
    assert allowed.code == ExitCode.OK
    assert "6 rows read: 3 used, 0 ignored, 3 rejected (2 unreadable time, 1 no state)" in allowed.err
    refused(acw("summary", path, "--max-bad", "49.9%"), ExitCode.INPUT)


def test_dates_that_cannot_be_decided_are_3(tmp_path):
    path = written(tmp_path, "dates.csv", one_wrap(day="03/04/2026"))
    refused(acw("summary", path), ExitCode.INPUT, "--date-order", "event_time")
    assert acw("summary", path, "--date-order", "dmy").code == ExitCode.OK
    decided = written(tmp_path, "decided.csv", [*one_wrap(day="03/04/2026"), "a1,25/04/2026 08:00:00,ready,,"])
    assert "2026-04-03T08:05:00" in acw("reconstruct", decided).text


@pytest.mark.parametrize("day", ["1404-12-11", "1404/12/11", "۱۴۰۴/۱۲/۱۱"])
def test_jalali_years_are_3(tmp_path, day):
    refused(acw("summary", written(tmp_path, "jalali.csv", one_wrap(day=day))), ExitCode.INPUT, "Jalali")


# 4


def test_nothing_to_compute_is_4(tmp_path):
    path = written(tmp_path, "header.csv", [])
    refused(acw_process("summary", path), ExitCode.NO_WRAPS, "no usable wraps")
    for command in ANSWERS:
        refused(acw(command, path), ExitCode.NO_WRAPS, "no usable wraps")
    assert acw("inspect", path).code == ExitCode.OK


@pytest.mark.parametrize("choice", [["--since", "2027-01-01"], ["--where", "queue = 'nowhere'"]])
def test_filters_that_leave_nothing_are_4_and_named(choice):
    refused(acw("summary", MORNING, *choice), ExitCode.NO_WRAPS, f"that {choice[0]} let through", "let through: none")


def test_records_without_acw_point_at_infer_gap(tmp_path):
    rows = [f"c{n},a1,2026-03-02 08:{n:02}:00,30," for n in range(0, 30, 2)]
    path = written(tmp_path, "calls.csv", rows, header=CONTACT_HEADER)
    refused(acw("summary", path), ExitCode.NO_WRAPS, "--infer-gap", "15 ignored (15 no ACW recorded)")
    refused(acw("reconstruct", path), ExitCode.NO_WRAPS, "15 ignored (15 no ACW recorded)")
    inferred = acw("summary", path, "--infer-gap")
    assert inferred.text.splitlines()[1].startswith("14,90.0,")
    assert inferred.text.splitlines()[1].endswith(",gap")


# 5


@pytest.mark.parametrize("option", ["-o", "--rejects"])
def test_a_target_that_cannot_be_written_is_5(tmp_path, option):
    target = tmp_path / "no" / "such" / "folder.csv"
    refused(acw("summary", MORNING, option, target), ExitCode.OUTPUT, str(target))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("format", ["csv", "table", "parquet"])
def test_a_full_disk_is_5(format):
    with Path("/dev/full").open("wb") as full:
        ran = acw_process("summary", MORNING, "--quiet", "--format", format, stdout=full)
    refused(ran, ExitCode.OUTPUT, "No space left on device")
    assert ran.err.count("\n") == 1
    refused(acw("summary", MORNING, "--format", format, "-o", "/dev/full"), ExitCode.OUTPUT, "No space left on device")


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    target = tmp_path / "wraps.csv"
    target.write_text("yesterday's\n")

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("acwcli.render.csv_text.write", full)
    refused(acw("summary", MORNING, "-o", target), ExitCode.OUTPUT, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["wraps.csv"]
    assert target.read_text() == "yesterday's\n"


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    assert acw("summary", MORNING, "-o", link).code == ExitCode.OK
    assert link.is_symlink()
    assert real.read_bytes() == acw("summary", MORNING).out
    assert real.stat().st_mode & 0o777 == 0o600


def test_binary_formats_are_not_for_a_terminal():
    refused(acw("summary", MORNING, "--format", "parquet", terminal=True), ExitCode.OUTPUT, "-o FILE.parquet")


# 130, pipes and closed streams


def test_interrupted_is_130_without_a_traceback(tmp_path):
    pipe = tmp_path / "never.csv"
    os.mkfifo(pipe)
    with start("summary", pipe) as process:
        # The process waits for the pipe's first byte: it is past its imports once it has opened it.
        writer = os.open(pipe, os.O_WRONLY)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
            os.close(writer)
    assert (process.returncode, out, err.decode()) == (ExitCode.INTERRUPTED, b"", "acw: error: interrupted\n")


def test_an_interrupt_during_the_first_import_is_130_too():
    code = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from acwcli.__main__ import run\n"
        "run()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (ExitCode.INTERRUPTED, b"", b"")


@pytest.mark.parametrize("format", ["csv", "json", "table"])
def test_a_closed_pipe_ends_quietly_with_0(format):
    with start("reconstruct", STATES, "--quiet", "--format", format) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (ExitCode.OK, b"")


def test_help_into_a_closed_pipe_ends_quietly_with_0():
    reader, writer = os.pipe()
    os.close(reader)
    ran = acw_process("flag", "--help", stdout=writer)
    os.close(writer)
    assert (ran.code, ran.err) == (ExitCode.OK, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_answer_survives_a_stderr_that_cannot_be_written():
    with Path("/dev/full").open("wb") as full:
        ran = acw_process("summary", MORNING, stderr=full)
        failed = acw_process("summary", "no/such/file", stderr=full)
    assert (ran.code, ran.out) == (ExitCode.OK, acw("summary", MORNING).out)
    assert (failed.code, failed.out) == (ExitCode.INPUT, b"")


def shell(line: str) -> subprocess.CompletedProcess[bytes]:
    command = f'"{sys.executable}" -m acwcli {line}'
    return subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, timeout=60)


def test_a_closed_stderr_never_sends_narration_to_stdout():
    ran = shell(f"summary {MORNING} 2>&-")
    assert (ran.returncode, ran.stdout) == (ExitCode.OK, acw("summary", MORNING).out)


def test_a_closed_stdout_is_5_unless_the_answer_goes_to_a_file(tmp_path):
    ran = shell(f"summary {MORNING} --quiet >&-")
    assert (ran.returncode, ran.stderr) == (
        ExitCode.OUTPUT,
        b"acw: error: stdout: it is closed; write to a file with -o FILE\n",
    )
    assert shell(f"summary {MORNING} --quiet -o {tmp_path}/out.csv >&-").returncode == ExitCode.OK
    assert (tmp_path / "out.csv").read_bytes() == acw("summary", MORNING).out


def test_a_closed_stdin_matters_only_where_it_is_read():
    assert shell(f"summary {MORNING} <&-").returncode == ExitCode.OK
    ran = shell("summary - <&-")
    assert (ran.returncode, ran.stdout) == (ExitCode.INPUT, b"")
    assert b"standard input" in ran.stderr


def test_an_empty_environment_changes_nothing():
    ran = acw_process("summary", MORNING, "--by", "queue", env={})
    assert (ran.code, ran.out) == (ExitCode.OK, acw("summary", MORNING, "--by", "queue").out)
