"""Addresses as PATH: a real S3 server and a real web server on loopback, and what goes wrong between here and there."""

from __future__ import annotations

import functools
import http.server
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack

import pytest

from acwcli.errors import ExitCode, InputError
from acwcli.formats.cloud import _pattern, is_remote, shown
from acwcli.formats.inputs import find_inputs
from tests.cli import ROOT, STATES, acw, acw_process
from tests.cloud_servers import NDJSON, PARQUET, SECRET, SIGNED, Denying, objects, refused, served


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def _in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def s3():
    """The address of a server that speaks S3, with sample data in `exports`."""
    pytest.importorskip("moto.server")
    from pyarrow import fs

    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url)
            store = fs.S3FileSystem(
                access_key="AKIDTEST", secret_key=SECRET, endpoint_override=url, allow_bucket_creation=True
            )
            store.create_dir("exports")
            for key, content in objects().items():
                with store.open_output_stream(f"exports/{key}") as target:
                    target.write(content)
            yield url
        finally:
            server.terminate()


def wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def environment(url: str, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true"}
    return {**plain, **keys, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1", **more}


def asked(url, *paths, command="summary", **more):
    return acw_process(command, *paths, "--by", "agent_id", env=environment(url, **more))


# --- S3 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("s3://exports/day 1/states.csv", STATES),
        ("s3://exports/states.parquet", PARQUET),
        ("s3://exports/states.ndjson.gz", NDJSON),
        ("s3://exports/packed/**/*.csv.gz", STATES),
    ],
)
def test_s3_gives_what_the_file_gives(s3, address, local):
    ran = asked(s3, address)
    assert (ran.code, ran.text) == (ExitCode.OK, acw("summary", local, "--by", "agent_id").text)
    assert SECRET not in ran.err


def test_s3_prefix_is_a_folder(s3):
    ran = asked(s3, "s3://exports/packed/")
    assert (ran.code, ran.text) == (ExitCode.OK, acw("summary", STATES, "--by", "agent_id").text)
    assert "s3://exports/packed/2026/03/readme.txt: skipped" in ran.err
    assert "hidden" not in ran.err


def test_source_is_the_address(s3):
    ran = acw_process("reconstruct", "s3://exports/states.parquet", "--format", "json", env=environment(s3))
    assert '"source":"s3://exports/states.parquet"' in ran.text


def test_a_profile_gives_the_credentials(s3, tmp_path):
    credentials = tmp_path / "credentials"
    credentials.write_text(f"[night]\naws_access_key_id = AKIDTEST\naws_secret_access_key = {SECRET}\n")
    profile = {"AWS_PROFILE": "night", "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    plain = {name: value for name, value in environment(s3, **profile).items() if "KEY" not in name}
    assert acw_process("summary", "s3://exports/states.parquet", env=plain).code == ExitCode.OK


def test_a_store_takes_them(s3, tmp_path):
    store = tmp_path / "wraps.store"
    for new in ("1 new file", "0 new files, 1 already"):
        ran = acw_process("ingest", "--store", store, "s3://exports/states.parquet", env=environment(s3))
        assert (ran.code, new in ran.err) == (ExitCode.OK, True)
    direct = acw("summary", PARQUET, "--by", "agent_id")
    assert acw("summary", store, "--by", "agent_id").text == direct.text


def test_with_little_memory(s3):
    assert (
        asked(s3, "s3://exports/states.parquet", "--memory", "1").text == asked(s3, "s3://exports/states.parquet").text
    )


@pytest.mark.parametrize("address", ["s3://exports/none.csv", "s3://exports/none/*.csv", "s3://no-such-bucket/x.csv"])
def test_what_is_not_there(s3, address):
    refused(asked(s3, address), f"{address}: no such object")


def test_a_bucket_is_named(s3):
    ran = asked(s3, "s3://")
    assert (ran.code, "which bucket?" in ran.err) == (ExitCode.USAGE, True)


@pytest.fixture
def serving():
    """Start web servers with a handler."""
    with ExitStack() as servers:
        yield lambda handler: f"http://{servers.enter_context(served(handler))}"


def test_refused_credentials(serving):
    ran = asked(serving(Denying), "s3://exports/states.csv")
    refused(ran, "s3://exports/states.csv: access refused; check AWS_ACCESS_KEY_ID")


def test_nobody_answers():
    began = time.monotonic()
    ran = asked(f"http://127.0.0.1:{free_port()}", "s3://exports/states.csv")
    refused(ran, "s3://exports/states.csv: nobody answers there")
    assert time.monotonic() - began < 45


def test_azure_wants_an_account():
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    ran = acw_process("summary", "az://exports/states.csv", env=plain)
    assert (ran.code, "AZURE_STORAGE_ACCOUNT_NAME" in ran.err) == (ExitCode.USAGE, True)


# --- the web --------------------------------------------------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


class Broken(Quiet):
    """Announces more than it sends."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"agent_id,event_time,state\n")


@pytest.fixture
def web(serving):
    return serving(functools.partial(Quiet, directory=str(ROOT)))


@pytest.mark.parametrize("path", [STATES, PARQUET, NDJSON])
def test_web_gives_what_the_file_gives(web, path):
    ran = acw("summary", f"{web}/{path}", "--by", "agent_id")
    assert (ran.code, ran.text) == (ExitCode.OK, acw("summary", path, "--by", "agent_id").text)


def test_what_is_signed_into_an_address_is_never_shown(web, tmp_path):
    address = f"{web}/{STATES}?{SIGNED}"
    page = tmp_path / "page.html"
    runs = [
        acw("inspect", address, "--verbose"),
        acw("reconstruct", address, "--format", "json"),
        acw("report", address, "-o", page),
        acw("summary", f"{web}/none.csv?{SIGNED}", "--debug"),
        acw("summary", address, "--map", "agent_id=nothing"),
    ]
    assert [ran.code for ran in runs] == [0, 0, 0, 3, 2]
    for text in (*(ran.err + ran.text for ran in runs), page.read_text()):
        assert "5ig0ature" not in text
        assert "AKIDSIGNED" not in text
    assert f"{web}/{STATES}" in page.read_text()


@pytest.mark.parametrize(
    ("handler", "words"),
    [(Denying, "access refused (HTTP 403)"), (Broken, "broke off after 26 of 1,000 bytes")],
)
def test_web_failures(serving, handler, words):
    refused(acw("summary", f"{serving(handler)}/states.csv?{SIGNED}"), words)


def test_web_without_anybody(web):
    refused(acw("summary", f"http://127.0.0.1:{free_port()}/states.csv?{SIGNED}"), "nobody answers there")
    refused(acw("summary", f"{web}/none.csv?{SIGNED}"), "no such file (HTTP 404)")


def test_a_password_in_an_address_is_refused_and_not_shown():
    ran = acw("summary", f"https://somebody:{SECRET}@127.0.0.1/states.csv")
    assert ran.code == ExitCode.USAGE
    assert SECRET not in ran.err


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"s3://AKIDSIGNED:{SECRET}@exports/states.csv", "s3://exports/states.csv"),
        (f"s3://AKIDSIGNED:a/{SECRET}@exports/states.csv", "s3://exports/states.csv"),
        (f"gs://{SECRET}@exports/states.csv", "gs://exports/states.csv"),
        (f"az://exports/states.csv?sv=2024&sig={SECRET}", "az://exports/states.csv"),
        (f"s3://exports/states.csv?{SIGNED}", "s3://exports/states.csv"),
    ],
)
def test_keys_in_addresses_of_clouds_are_refused_and_not_shown(address, said):
    ran = acw("summary", address, "--debug")
    assert (ran.code, ran.out) == (ExitCode.USAGE, b"")
    assert f"{said}: no keys" in ran.err
    assert not any(secret in ran.err for secret in (SECRET, "5ig0ature", "AKIDSIGNED", "Traceback"))
    assert shown("s3://b/a:b@c?d=e") == "s3://b/a:b@c?d=e"  # of a key all of it is shown


def test_addresses_are_told_from_paths(tmp_path):
    assert all(map(is_remote, ("s3://b/k", "gs://b/k", "az://c/k", "https://h/p", "HTTP://h/p")))
    assert not any(map(is_remote, ("s3:/b", "states.csv", "c:\\x", "ftp://h/p", "")))
    assert shown("s3://b/a?b") == "s3://b/a?b"
    with pytest.raises(InputError):
        find_inputs(["ftp://host/states.csv"])


def test_patterns_of_keys():
    assert _pattern("b/*.csv").fullmatch("b/x.csv")
    assert not _pattern("b/*.csv").fullmatch("b/c/x.csv")
    assert _pattern("b/**/*.csv").fullmatch("b/x.csv")
    assert _pattern("b/**/*.csv").fullmatch("b/c/d/x.csv")
    assert _pattern("b/0[1-3].csv").fullmatch("b/02.csv")
    assert not _pattern("b/0[!1-3].csv").fullmatch("b/02.csv")
