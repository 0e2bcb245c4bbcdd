"""The look at the bytes of a large text file, begun by a second process while this one still imports.

For the quarter of a second in which Polars is imported all other cores are idle; a look at 600 MB takes half of that.
Nothing here may import anything large.
"""

from __future__ import annotations

import atexit
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acwcli.formats.survey import Survey

_WORTH_IT = range(64 << 20, 4 << 30)  # bytes: below, it gains nothing; above, a tenth of a second does not matter
_HEAD = 4096

_looks: list[tuple[int, int]] = []  # the process, and the pipe it will answer by


def begin(words: Iterable[str]) -> None:
    """Start to look at the first large text file that is named on a command line."""
    if not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
        return
    for word in words:
        try:
            if os.path.getsize(word) in _WORTH_IT and _is_text(word):
                _second_process(Path(word))
                return
        except (OSError, ValueError):  # no file, or no second process: the look is taken later, by this one
            continue


def _second_process(path: Path) -> None:
    answer, out = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(answer)
        os.close(out)
        raise
    if process == 0:
        try:
            _look(path, out)
        finally:
            os._exit(0)
    os.close(out)
    _looks.append((process, answer))
    from acwcli.formats.survey import expect

    expect(path, _seen)


def _look(path: Path, out: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # who reads the answer must not wait for this process
        os.dup2(silence, stream)
    from acwcli.formats.survey import survey

    os.write(out, bytes(survey(path)))


def _seen() -> Survey | None:
    from acwcli.formats.survey import Survey

    answer = _answer(*_looks.pop())
    return Survey(*map(bool, answer)) if answer else None


@atexit.register
def _end() -> None:
    while _looks:
        process, pipe = _looks.pop()
        os.kill(process, signal.SIGKILL)
        _answer(process, pipe)


def _answer(process: int, pipe: int) -> bytes:
    with os.fdopen(pipe, "rb") as stream:
        answer = stream.read()
    os.waitpid(process, 0)
    return answer


def _is_text(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb", buffering=0) as stream:
        return b"\0" not in stream.read(_HEAD)
