"""Progress: on a terminal only, after two seconds, wiped before anything else, and honest."""

from __future__ import annotations

import gzip
import io
import sys
import time

import pytest

from acwcli.cli import narrate, progress
from acwcli.model import meter
from tests.cli import ROOT, STATES, acw

SAMPLE = str(ROOT / STATES)
PARQUET = SAMPLE.replace(".csv", ".parquet")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def on_terminal(monkeypatch):
    """Called in a test, makes stderr a terminal (pytest puts its own in place between fixtures and test)."""

    def begin():
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        return stream

    monkeypatch.setattr(progress, "DELAY_S", 0.01)
    monkeypatch.setattr(progress, "_EVERY_S", 0.01)
    monkeypatch.delenv("TERM", raising=False)
    yield begin
    progress.stop()


def said(stream):
    time.sleep(0.15)
    return stream.getvalue()


def test_it_says_what_it_is_doing_and_leaves_nothing_behind(on_terminal):
    terminal = on_terminal()
    progress.reading([SAMPLE], quiet=False)
    assert "acw: looking at about 31,000 rows, 0 s so far\x1b[K" in said(terminal)
    meter.listener(10_000)
    assert "acw: 10,000 of about 31,000 rows read, " in said(terminal)
    progress.rebuilding(30_873)
    assert "acw: 30,873 rows read; rebuilding wraps, 0 s so far" in said(terminal)
    narrate.note("counts", quiet=False)
    assert "\r\x1b[Kacw: counts\n" in said(terminal)
    progress.answering(7)
    assert "acw: 7 wraps; computing" in said(terminal)
    progress.stop()
    assert terminal.getvalue().endswith("\r\x1b[K")
    length = len(terminal.getvalue())
    assert len(said(terminal)) == length
    assert meter.listener is None


def test_short_work_says_nothing(on_terminal, monkeypatch):
    terminal = on_terminal()
    monkeypatch.setattr(progress, "DELAY_S", 2.0)
    progress.reading([SAMPLE], quiet=False)
    progress.stop()
    assert said(terminal) == ""


@pytest.mark.parametrize("case", ["quiet", "dumb", "piped", "closed"])
def test_nobody_is_told_who_did_not_ask(on_terminal, monkeypatch, case):
    terminal = on_terminal()
    if case == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    elif case in ("piped", "closed"):
        monkeypatch.setattr(sys, "stderr", io.StringIO() if case == "piped" else None)
    progress.reading([SAMPLE], quiet=case == "quiet")
    assert meter.listener is None
    assert said(terminal) == ""


def test_the_line_fits_the_terminal(on_terminal, monkeypatch):
    terminal = on_terminal()
    monkeypatch.setenv("COLUMNS", "20")
    progress.reading([SAMPLE], quiet=False)
    assert {len(part.removesuffix("\x1b[K")) for part in said(terminal).split("\r")[1:]} == {19}


def test_a_whole_run_on_a_terminal_ends_as_one_on_a_pipe(on_terminal, monkeypatch):
    terminal = on_terminal()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    from acwcli.cli.app import main

    assert main(["summary", SAMPLE]) == 0
    lines = [line.rpartition("\x1b[K")[2] for line in terminal.getvalue().splitlines()]
    assert [line for line in lines if line] == acw("summary", SAMPLE).err.splitlines()
    assert sys.stdout.buffer.getvalue() == acw("summary", SAMPLE).out
    assert main(["summary", "no/such/file"]) == 3
    assert progress._watch is None


@pytest.mark.parametrize(("path", "rows"), [(SAMPLE, 30_873), (PARQUET, 138)], ids=["csv", "parquet"])
def test_every_row_is_heard_once(path, rows, monkeypatch):
    heard = []
    wanted = acw("flag", path, "--all").out
    monkeypatch.setattr(meter, "listener", heard.append)
    assert acw("flag", path, "--all").out == wanted
    assert sum(heard) == rows


def test_expectations(tmp_path):
    assert progress.expected_rows([SAMPLE]) == pytest.approx(30_874, rel=0.02)
    assert progress.expected_rows([PARQUET]) == 138
    assert progress.expected_rows([SAMPLE, PARQUET]) == pytest.approx(31_012, rel=0.02)
    (tmp_path / "x.csv").write_bytes(gzip.compress(b"a,b\n" * 100))
    assert progress.expected_rows([str(tmp_path)]) is None
    assert progress.expected_rows([SAMPLE, str(tmp_path)]) is None
    assert progress.expected_rows(["no/such/file", "-"]) is None


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ((0, None, 0.0, 3.2), "looking at files, 3 s so far"),
        ((0, 9_876_543, 0.0, 3.2), "looking at about 9,900,000 rows, 3 s so far"),
        ((2_000_000, 10_000_000, 4.0, 9.0), "2,000,000 of about 10,000,000 rows read, 500,000 rows/s, 16 s left"),
        ((2_000_000, None, 4.0, 9.0), "2,000,000 rows read, 500,000 rows/s"),
        ((2_000_000, 1_900_000, 4.0, 9.0), "2,000,000 rows read, 500,000 rows/s"),
    ],
)
def test_what_is_not_known_is_not_said(known, text):
    assert progress.reading_text(*known) == text
