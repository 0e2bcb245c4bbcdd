"""A Spark session, and what goes wrong before there is one; a run here leaves nothing of Spark's on the streams."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acwcli.errors import AcwError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INSTALL = "pip install 'acwcli[spark]'"
_MASTER = re.compile(r"local(\[(\d+|\*)(,\s*\d+)?\])?|spark://.+|sc://.+|k8s://.+|yarn")
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Cluster:
    """Where Spark runs.

    Attributes:
        master: `local[N]`, `spark://…`, `sc://…`, `yarn`, `k8s://…`; None takes what Spark is configured for.
        partitions: buckets of agents; None takes one per 128 MB of text, and at least one per core.
        verbose: let Spark's own log through to stderr.
    """

    master: str | None = None
    partitions: int | None = None
    verbose: bool = False


def check_master(master: str) -> str:
    """Return a master that Spark could know.

    Raises:
        UsageError: it is none.
    """
    if _MASTER.fullmatch(master):
        return master
    raise UsageError(
        f"--master '{master}' is none that Spark knows; write local[4], spark://HOST:7077, sc://HOST:15002, yarn or "
        "k8s://…"
    )


def start(cluster: Cluster) -> SparkSession:
    """Start or join Spark.

    Raises:
        UsageError: pyspark or Java is missing, or nobody answers at the master.
        AcwError: Spark could not be started.
    """
    master = cluster.master or os.environ.get("SPARK_REMOTE", "")
    _refuse_incomplete(master)
    _refuse_silent(master)
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with failures(master), _streams_kept(cluster.verbose):
        if master.startswith("sc://"):
            _refuse_other_tongues(master)
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.appName("acw")
        if master.startswith("sc://"):
            builder = builder.remote(master)
        else:
            builder = builder.master(master) if master else builder
            for name, value in _settings(master).items():
                builder = builder.config(name, value)
        session = builder.getOrCreate()
        # A block is some MB already; Spark counts rows where it should count bytes.
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1")
    return session


def _settings(master: str) -> dict[str, str]:
    """What a session of our own needs; what the user configures elsewhere stays."""
    ours = {
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.maxResultSize": "0",  # the wraps are the result, and they are wanted whole
        "spark.executorEnv.POLARS_MAX_THREADS": "1",  # a task has one core
    }
    if master.startswith("local"):
        ours |= {
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    return ours


def _refuse_incomplete(master: str) -> None:
    # Spark asks for pandas, though no row goes through it.
    for name in ("pyspark", "pandas", "pyarrow", *(["grpc"] if master.startswith("sc://") else [])):
        if importlib.util.find_spec(name) is None:
            raise UsageError(f"--engine spark needs {name}, which is not installed: {INSTALL}")
    if master.startswith("sc://"):
        return
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and Path(home, "bin/java").is_file()):
        raise UsageError(
            "--engine spark needs Java 17 or newer, and there is no java in PATH or JAVA_HOME; install it, or join a "
            "Spark Connect server, which needs none here: --master sc://HOST:15002"
        )


def _refuse_silent(master: str) -> None:
    """Spark itself would try for a minute before it gives up, and say so nowhere."""
    kind, _, places = master.partition("://")
    if kind not in ("spark", "sc"):
        return
    usual = {"spark": 7077, "sc": 15002}[kind]
    problem: object = ""
    named = _named(places)
    for place in named.split(","):
        host, _, port = place.partition(":")
        try:
            socket.create_connection((host, int(port or usual)), timeout=_PATIENCE_S).close()
            return
        except (OSError, ValueError) as error:
            problem = error
    raise UsageError(
        f"--master {kind}://{named}: nobody answers there ({problem}); check host and port, and that it runs"
    )


def _refuse_other_tongues(master: str) -> None:
    """A server that takes connections and speaks no Spark Connect, or no TLS, keeps Spark trying for many minutes."""
    import grpc
    from pyspark.sql.connect.client import DefaultChannelBuilder

    channel = DefaultChannelBuilder(master).toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=_PATIENCE_S)
    except grpc.FutureTimeoutError:
        named = _named(master.partition("://")[2])
        raise UsageError(
            f"--master sc://{named}: somebody answers there, but not as Spark Connect does; check the port, and TLS: "
            "with a token or use_ssl=true it is spoken, else not"
        ) from None
    finally:
        channel.close()


def _named(places: str) -> str:
    """Host and port: what follows may be a token."""
    return re.split("[/;]", places)[0]


@contextlib.contextmanager
def _streams_kept(verbose: bool) -> Iterator[None]:
    """Keep Java off our streams: it inherits them at its start and would write its log there, and keeps them open."""
    kept = [os.dup(number) for number in (1, 2)]
    hole = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(kept[1] if verbose else hole, 1)
        os.dup2(kept[1] if verbose else hole, 2)
        yield
    finally:
        for number, own in zip((1, 2), kept, strict=True):
            os.dup2(own, number)
            os.close(own)
        os.close(hole)


@contextlib.contextmanager
def failures(master: str = "") -> Iterator[None]:
    """What Spark raises, as an error of ours.

    Args:
        master: what it may quote; nothing after the host, where a token may be, is ever shown.

    Raises:
        UsageError: the workers lack something.
        AcwError: anything else.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that Spark would like better
            yield
    except AcwError:
        raise
    except Exception as error:
        text = _without_secrets(str(error), master)
        missing = re.search(r"No module named '(acwcli|polars|pyarrow)[\w.]*'", text)
        if missing:
            raise UsageError(
                f"the workers of Spark cannot import {missing[1]}; install acwcli there, in the very version used here "
                "(docs/scale.md)"
            ) from error
        if "ImportError" in type(error).__name__:
            raise UsageError(f"--engine spark: {text.splitlines()[0]}; {INSTALL} brings all of it") from error
        raise AcwError(f"Spark: {_first_said(text)}; --verbose shows its log") from error


def _without_secrets(text: str, master: str) -> str:
    for word in re.split("[;=]", master)[1:]:
        text = text.replace(word, "…") if word else text
    return text


def _first_said(text: str) -> str:
    """The line that names what happened: the last of a Python traceback, else the first there is."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Panic\w*): ", line)]
    return (python or lines or ["it failed without a word"])[0][:300]
