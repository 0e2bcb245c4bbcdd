"""Runs of the command line as tests see them: exit code, stdout bytes and stderr text, kept apart.

`acw` runs in this process, which is fast; `acw_process` starts a real one, for what only a process has: pipes, closed
streams, signals, an environment.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acwcli.cli.app import main

ROOT = Path(__file__).parent.parent
GENERIC = "sample_data/generic"
STATES = f"{GENERIC}/states.csv"
MORNING = f"{GENERIC}/states_es.csv"
"""Four agents, 28 wraps; relative, so that `source` is the same on every machine (tests run it in `ROOT`)."""

HEADER = "agent_id,event_time,state,contact_id,queue"
CONTACT_HEADER = "contact_id,agent_id,answered_at,talk_s,acw_s"


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def acw(*args: object, stdin: bytes = b"", terminal: bool = False) -> Ran:
    """Run a command here; with `terminal`, stdout says it is one (COLUMNS sets its width)."""
    out, err = io.BytesIO(), io.BytesIO()
    before = sys.stdin, sys.stdout, sys.stderr
    kind = _Terminal if terminal else io.TextIOWrapper
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    sys.stdout = kind(out, encoding="utf-8")
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8")
    try:
        code = main([str(arg) for arg in args])
        sys.stdout.flush()
        sys.stderr.flush()
        return Ran(code, out.getvalue(), err.getvalue().decode())
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def start(*args: object, env: Mapping[str, str] | None = None, **streams: Any) -> subprocess.Popen[bytes]:
    """Start `python -m acwcli` in the root of the repository."""
    words = [sys.executable, "-m", "acwcli", *map(str, args)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.Popen(words, cwd=ROOT, env=dict(os.environ if env is None else env), **pipes)


def acw_process(*args: object, stdin: bytes | None = None, env: Mapping[str, str] | None = None, **streams: Any) -> Ran:
    """Run a command in a process of its own."""
    if stdin is not None:
        streams["stdin"] = subprocess.PIPE
    with start(*args, env=env, **streams) as process:
        out, err = process.communicate(stdin, timeout=60)
    return Ran(process.returncode, out or b"", (err or b"").decode())


def written(folder: Path, name: str, rows: Iterable[str] | bytes, header: str = HEADER) -> Path:
    """Write a small file: bytes as they are, rows under a header."""
    path = folder / name
    path.write_bytes(rows if isinstance(rows, bytes) else "\n".join([header, *rows, ""]).encode())
    return path


def one_wrap(agent: str = "a1", contact: str = "c1", day: str = "2026-03-02", minutes: int = 0) -> list[str]:
    """Rows of a talk of 5 min and a wrap of 60 s, so long after 08:00."""

    def at(later: int) -> str:
        hour, minute = divmod(8 * 60 + minutes + later, 60)
        return f"{day} {hour:02}:{minute:02}:00"

    return [
        f"{agent},{at(0)},talking,{contact},q",
        f"{agent},{at(5)},acw,{contact},q",
        f"{agent},{at(6)},ready,,",
    ]
