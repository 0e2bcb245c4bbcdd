"""What goes wrong before Spark does any work: each is a line that says what to do, and exit code 2."""

from __future__ import annotations

import importlib.util
import socket
from contextlib import closing
from types import SimpleNamespace

import pytest

from acwcli.errors import AcwError, UsageError
from acwcli.pipeline.spark import check_master, session
from acwcli.pipeline.spark.session import failures
from tests.cli import MORNING, acw

SPARK = ("--engine", "spark")


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """As if Spark and Java were there, whether they are or not."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/java").touch()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda name: SimpleNamespace(name=name))


def silent_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refused(*words: str) -> str:
    run = acw("summary", MORNING, *words)
    assert (run.code, run.out) == (2, b"")
    assert run.err.count("\n") == 1
    return run.err


@pytest.mark.parametrize("name", ["pyspark", "pandas"])
def test_what_is_not_installed(name, installed, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda own: None if own == name else real("polars"))
    assert f"needs {name}, which is not installed: pip install 'acwcli[spark]'" in refused(*SPARK)


def test_no_java(installed, monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs Java 17 or newer" in refused(*SPARK, "--master", "local[2]")


@pytest.mark.parametrize("kind", ["spark", "sc"])
def test_nobody_answers(kind, installed):
    said = refused(*SPARK, "--master", f"{kind}://127.0.0.1:{silent_port()}")
    assert "nobody answers there" in said
    assert "check host and port" in said


def test_a_master_that_is_none(installed):
    assert "write local[4], spark://HOST:7077" in refused(*SPARK, "--master", "cluster.example:7077")


@pytest.mark.parametrize(
    "master", ["local", "local[*]", "local[4]", "local[4,2]", "spark://a:1,b:2", "yarn", "k8s://https://h"]
)
def test_masters(master):
    assert check_master(master) == master


def test_engines_and_their_options():
    assert "did you mean 'spark'" in refused("--engine", "sparc")
    assert "add --engine spark" in refused("--master", "local[2]")
    assert "add --engine spark" in refused("--partitions", "3")


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (
            "…\nModuleNotFoundError: No module named 'acwcli'\n…",
            UsageError,
            "the workers of Spark cannot import acwcli",
        ),
        ("Traceback\n  File x\nValueError: of ours\nmore", AcwError, "Spark: ValueError: of ours; --verbose shows"),
        ("", AcwError, "without a word"),
    ],
)
def test_what_spark_says(text, kind, said):
    with pytest.raises(kind, match=said), failures():
        raise RuntimeError(text)


def test_errors_of_ours_pass_through():
    with pytest.raises(UsageError, match=r"^ours$"), failures():
        raise UsageError("ours")


def test_somebody_else_answers(monkeypatch):
    pytest.importorskip("pyspark")
    pytest.importorskip("grpc")
    monkeypatch.setattr(session, "_PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as other:
        place = f"sc://127.0.0.1:{other.getsockname()[1]}"
        for more in ("", "/;token=secret"):
            said = refused(*SPARK, "--master", place + more)
            assert f"--master {place}: somebody answers there, but not as Spark Connect does" in said
            assert "secret" not in said


def test_what_spark_quotes_of_a_master_holds_no_token():
    with pytest.raises(AcwError, match="Spark: Parameter '…'") as caught, failures("sc://h:1/;token secret"):
        raise RuntimeError("Parameter 'token secret' should be a pair")
    assert "secret" not in str(caught.value)


def test_a_token_is_never_shown(installed, monkeypatch):
    place = f"sc://127.0.0.1:{silent_port()}"
    assert "secret" not in refused(*SPARK, "--master", f"{place}/;token=secret")
    monkeypatch.setenv("SPARK_REMOTE", f"{place};token=secret")
    assert f"--master {place}: nobody answers there" in refused(*SPARK)
