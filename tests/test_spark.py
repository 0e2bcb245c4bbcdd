"""The Spark engine on Spark: `pytest -m spark -n 0`. On `local[2]`, through Connect, and on a cluster losing a worker.

Everything but Spark itself is tested in `test_spark_tasks.py`, which needs none of it.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli import GENERIC, ROOT, STATES, Ran, acw, acw_process, start

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java"),
]

CONTACTS = f"{GENERIC}/contacts.csv"
PARQUET = f"{GENERIC}/states.parquet"
QUESTIONS = (
    ("reconstruct", STATES, CONTACTS),
    ("summary", PARQUET, "--by", "agent_id"),
    ("summary", CONTACTS, "--per", "handled", "--by", "agent_id"),
    ("diagnose", STATES, "--within", "60s"),
    ("flag", STATES, "--over", "mean", "--over", "60s", "--all"),
    ("explain", "a01", STATES, CONTACTS),
    ("report", PARQUET, "--within", "60s"),
    ("inspect", STATES, CONTACTS),
    ("check", STATES, "--alert", "p90=10s"),
)
URL = ("reconstruct", f"file://{ROOT / STATES}")
MISSING = ("summary", "file:///nowhere/at/all.csv")
PATIENCE_S = float(os.environ.get("ACW_SPARK_PATIENCE_S", "1800"))


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable} | more


@pytest.fixture(scope="module", params=["local", "connect"])
def answers(request, tmp_path_factory) -> dict[tuple[str, ...], Ran]:
    folder = tmp_path_factory.mktemp("spark")
    if request.param == "local":
        return asked(folder, "local[2]", environment())
    with connect_server(folder / "server") as master:
        return asked(folder, master, environment(PATH=str(folder), JAVA_HOME=""))  # who joins needs no Java


def asked(folder: Path, master: str, env: dict[str, str]) -> dict[tuple[str, ...], Ran]:
    """What one process answers to every question."""
    questions = [*QUESTIONS, URL, MISSING]
    where = ("--engine", "spark", "--master", master, "--partitions", "3")
    path = folder / "answers.json"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.spark_process", path],
        cwd=ROOT, env=env, input=json.dumps([[*words, *where] for words in questions]).encode(),
        capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")  # nothing of Spark's on the real streams
    given = [Ran(one["code"], base64.b64decode(one["out"]), one["err"]) for one in json.loads(path.read_text())]
    return dict(zip(questions, given, strict=True))


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_the_same_answer(words, answers, monkeypatch):
    monkeypatch.chdir(ROOT)
    here = acw(*words)
    assert here.code == 0
    assert answers[words] == here


def test_a_url(answers, monkeypatch):
    monkeypatch.chdir(ROOT)
    here = acw("reconstruct", STATES)
    told = answers[URL]
    assert (told.code, told.err) == (0, here.err)
    assert told.out.replace(f"file:{ROOT}/".encode(), b"") == here.out


def test_a_url_that_leads_nowhere(answers):
    told = answers[MISSING]
    assert (told.code, told.out) == (3, b"")
    assert "file:///nowhere/at/all.csv" in told.err
    assert "Traceback" not in told.err


def test_a_wrong_port_is_an_error_at_once():
    master = f"sc://127.0.0.1:{free_port()}"
    began = time.monotonic()
    told = acw_process("summary", STATES, "--engine", "spark", "--master", master)
    assert (told.code, told.out) == (2, b"")
    assert f"--master {master}: nobody answers there" in told.err
    assert time.monotonic() - began < 30  # Spark itself would try for minutes


# --- servers and a cluster --------------------------------------------------------------------------------------------


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def daemon(folder: Path, tool: str, *words: object) -> Iterator[subprocess.Popen[bytes]]:
    home = Path(str(importlib.util.find_spec("pyspark").origin)).parent
    command = [home / "bin" / tool, *map(str, words)]
    folder.mkdir()
    own = environment(SPARK_LOCAL_IP="127.0.0.1", SPARK_LOCAL_DIRS=str(folder), SPARK_HOME=str(home))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=own, stdout=log, stderr=log, start_new_session=True)
        try:
            yield process
        finally:
            stop(process)


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """Spark Connect on loopback, two tasks at a time: the master to join it by."""
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": port,
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.ui.enabled": "false",
    }
    words = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    service = "org.apache.spark.sql.connect.service.SparkConnectServer"
    with daemon(folder, "spark-submit", "--class", service, "--master", "local[2]", *words) as server:
        until(lambda: listens(port) or server.poll() is not None, "no server")
        assert server.poll() is None, (folder / "log").read_text()
        yield f"sc://127.0.0.1:{port}"


def stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a daemon with the executors it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(holds, what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def registered(folder: Path) -> bool:
    return b"Successfully registered" in (folder / "log").read_bytes()


def written_blocks(folder: Path) -> int:
    return sum(1 for path in folder.rglob("rdd_*") if path.is_file())


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_nothing(tmp_path, monkeypatch):
    lines = (ROOT / STATES).read_text().splitlines(keepends=True)
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(12):
        (logs / f"{number:02}.csv").write_text("".join([lines[0], *lines[1 + number :: 12]]))
    monkeypatch.chdir(ROOT)
    here = acw("reconstruct", logs)
    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    here_only = ("--host", "127.0.0.1", "--webui-port", 0)
    words = ("spark-class", "org.apache.spark.deploy.worker.Worker", *here_only, "--cores", 1, "--memory", "1g")
    with (
        daemon(tmp_path / "master", "spark-class", "org.apache.spark.deploy.master.Master", *here_only, "--port", port),
        daemon(tmp_path / "one", *words, "-d", tmp_path / "work1", master) as one,
        daemon(tmp_path / "two", *words, "-d", tmp_path / "work2", master),
    ):
        until(lambda: listens(port), "no master")
        until(lambda: registered(tmp_path / "one") and registered(tmp_path / "two"), "no workers")
        own = environment(SPARK_LOCAL_IP="127.0.0.1")
        words = ("--engine", "spark", "--master", master, "--partitions", 6)
        with start("reconstruct", logs, *words, env=own) as run:
            until(lambda: written_blocks(tmp_path / "one") > 0 or run.poll() is not None, "no work")
            assert run.poll() is None
            stop(one)  # and what it has read is gone with it
            shutil.rmtree(tmp_path / "one")
            out, err = run.communicate(timeout=PATIENCE_S)
    assert (run.returncode, err.decode()) == (0, here.err)
    assert out == here.out
