"""The look at a large file that begins before anything is imported: the same answer, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from acwcli.cli import ahead
from acwcli.formats import survey as looking
from acwcli.formats.survey import Survey, survey

pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or (os.cpu_count() or 1) < 2, reason="no second process here")

LARGE = b"agent_id,event_time,state\n" + b"Ann,2026-03-02 08:00:00,acw\n" * 100


@pytest.fixture(autouse=True)
def every_size(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ahead, "_WORTH_IT", range(1, 1 << 30))
    yield
    ahead._end()
    looking._expected.clear()


def _file(folder: Path, content: bytes = LARGE) -> Path:
    path = folder / "states.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        LARGE,
        LARGE + b'"Ann",2026-03-02 09:00:00,ready\n',
        LARGE + "Zoë,2026-03-02 09:00:00,ready\n".encode(),
        LARGE.replace(b"\n", b"\r"),
        b"x" * ((1 << 20) + 1),
    ],
    ids=["plain", "quotes", "not ASCII", "carriage returns", "a long line"],
)
def test_the_second_process_sees_what_this_one_would(tmp_path: Path, content: bytes) -> None:
    path = _file(tmp_path, content)
    ahead.begin(["summary", "--by", str(tmp_path), str(path)])
    [there] = looking._expected.values()
    assert there() == looking._look(path)


def test_a_file_that_changed_meanwhile_is_looked_at_again(tmp_path: Path) -> None:
    path = _file(tmp_path)
    ahead.begin([str(path)])
    path.write_bytes(LARGE + b'"a quote"\n')
    assert survey(path).quotes
    assert ahead._looks  # nobody asked the second process
    _end()


def test_only_text_is_looked_at(tmp_path: Path) -> None:
    ahead.begin([str(_file(tmp_path, b"\x1f\x8b\x08\x00" + LARGE)), str(tmp_path), "no such file", "\0", ""])
    assert not ahead._looks


def test_a_process_that_dies_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path)
    monkeypatch.setattr(ahead, "_look", lambda *_: None)
    ahead.begin([str(path)])
    assert survey(path) == looking._look(path)
    assert not ahead._looks


def test_no_process_is_left_when_nobody_asks(tmp_path: Path) -> None:
    ahead.begin([str(_file(tmp_path))])
    [(process, _)] = ahead._looks
    _end()
    with pytest.raises(ChildProcessError):
        os.waitpid(process, 0)


def test_no_second_process_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refused)
    ahead.begin([str(_file(tmp_path))])
    assert not ahead._looks


def test_the_end_does_not_wait_for_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_look", lambda *_: time.sleep(60))
    ahead.begin([str(_file(tmp_path))])
    began = time.monotonic()
    _end()
    assert time.monotonic() - began < 30


def test_the_second_process_holds_no_output_open(tmp_path: Path) -> None:
    """Who reads the command's output to its end waits for the command alone."""
    code = (
        "import time\nfrom acwcli.cli import ahead\nfrom acwcli.formats import survey\n"
        "ahead._WORTH_IT = range(1, 1 << 30)\n"
        "survey.survey = lambda path: time.sleep(60)\n"
        f"ahead.begin([{str(_file(tmp_path))!r}])\nassert ahead._looks\ntime.sleep(1)\n"
        "import os\nprint(ahead._looks[0][0], flush=True)\nos._exit(3)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=30, text=True)
    os.kill(int(done.stdout), signal.SIGKILL)
    assert done.returncode == 3, done.stderr


def _end() -> None:
    ahead._end()
    assert not ahead._looks


def test_a_survey_is_six_answers_of_yes_or_no() -> None:
    """The pipe carries them as bytes in this order."""
    assert list(Survey._fields) == ["ascii", "quotes", "nuls", "line_feeds", "returns", "long_lines"]
    assert set(get_type_hints(Survey).values()) == {bool}
