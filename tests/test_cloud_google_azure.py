"""`gs://` and `az://` as PATH: pyarrow's own clients, and servers on loopback that speak what these ask of either."""

from __future__ import annotations

import functools
import json
import os
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from pyarrow import fs

from acwcli.errors import ExitCode
from acwcli.formats import cloud
from tests.cli import ROOT, STATES, Ran, acw
from tests.cloud_servers import ACCOUNT, KEY, NDJSON, PARQUET, SECRET, Azure, Denying, Google, objects, refused, served

LONG = b"0123456789abcdef" * (3 << 16) + b"end"
VARIABLES = ("GOOGLE_", "STORAGE_EMULATOR_HOST", "AZURE_")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in [name for name in os.environ if name.startswith(VARIABLES)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)
    cloud._file_system.cache_clear()
    yield
    cloud._file_system.cache_clear()


@pytest.fixture
def told(capfd):
    """Ask with nothing said past `acw`, as the clients' own libraries could."""

    def ask(*words: object) -> Ran:
        ran = acw(*words)
        assert capfd.readouterr() == ("", "")
        return ran

    return ask


@pytest.fixture
def google(monkeypatch):
    with served(Google, objects={**objects(), "long.bin": LONG}) as place:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{place}")
        yield "gs"


@pytest.fixture
def azure_by(monkeypatch):
    """Azure by another handler: nothing but its place is not Azure's own."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    with ExitStack() as servers:

        def begin(handler: type[Azure], **facts: object) -> str:
            place = servers.enter_context(served(handler, objects={**objects(), "long.bin": LONG}, **facts))
            here = {f"{kind}_storage_authority": place for kind in ("blob", "dfs")}
            here |= {f"{kind}_storage_scheme": "http" for kind in ("blob", "dfs")}
            monkeypatch.setattr(fs, "AzureFileSystem", functools.partial(fs.AzureFileSystem, **here))
            return "az"

        yield begin


@pytest.fixture
def azure(azure_by):
    return azure_by(Azure)


@pytest.fixture(params=["google", "azure"])
def scheme(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    ("key", "local"),
    [
        ("day 1/states.csv", STATES),
        ("states.parquet", PARQUET),
        ("states.ndjson.gz", NDJSON),
        ("packed/**/*.csv.gz", STATES),
        ("p*/2026/0[1-3]/s?ates.csv.gz", STATES),
    ],
)
def test_an_object_gives_what_the_file_gives(scheme, told, key, local):
    ran = told("summary", f"{scheme}://exports/{key}", "--by", "agent_id")
    assert (ran.code, ran.text) == (ExitCode.OK, acw("summary", local, "--by", "agent_id").text)


@pytest.mark.parametrize("end", ["", "/"])
def test_a_prefix_is_a_folder(scheme, told, end):
    ran = told("summary", f"{scheme}://exports/packed{end}", "--by", "agent_id")
    assert (ran.code, ran.text) == (ExitCode.OK, acw("summary", STATES, "--by", "agent_id").text)
    assert f"{scheme}://exports/packed/2026/03/readme.txt: skipped" in ran.err
    assert "hidden" not in ran.err


def test_a_bucket_is_a_folder(scheme):
    names = {name for name, _, _ in cloud.fetch(f"{scheme}://exports")}
    assert names == {f"{scheme}://exports/{key}" for key in (*objects(), "long.bin") if "hidden" not in key}


def test_a_source_is_the_address(scheme, told):
    ran = told("reconstruct", f"{scheme}://exports/states.parquet", "--format", "json")
    assert f'"source":"{scheme}://exports/states.parquet"' in ran.text


def test_an_object_is_copied_whole(scheme):
    ((_, copy, named),) = cloud.fetch(f"{scheme}://exports/long.bin")
    assert named
    assert copy.read_bytes() == LONG


def test_azure_resumes_what_breaks_off(azure_by):
    azure_by(Azure, most=150_000)
    ((_, copy, _),) = cloud.fetch("az://exports/long.bin")
    assert copy.read_bytes() == LONG


def test_what_breaks_off_for_good_is_no_file(told, monkeypatch):
    monkeypatch.setattr(cloud, "_WAIT_S", 1)
    with served(Google, objects=objects(), most=2_000) as place:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", place)
        refused(told("summary", "gs://exports/states.parquet"), "gs://exports/states.parquet: nobody answers")


@pytest.mark.parametrize("key", ["exports/none.csv", "exports/none/*.csv", "exports/state", "no-such-bucket/x.csv"])
def test_what_is_not_there(scheme, told, key):
    refused(told("summary", f"{scheme}://{key}"), f"{scheme}://{key}: no such object")


def test_google_refuses(told, monkeypatch, tmp_path):
    login = tmp_path / "login.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login))
    with served(Denying) as place:
        secrets = {"client_id": "me", "client_secret": SECRET, "refresh_token": SECRET}
        login.write_text(json.dumps({"type": "authorized_user", "token_uri": f"http://{place}/", **secrets}))
        refused(told("summary", "gs://exports/states.csv", "--debug"), "access refused; check GOOGLE_APPLICATION")


@pytest.mark.parametrize("mark", ["", "?"])  # as Azure's command line gives it, and as its web pages do
def test_azure_takes_a_signature(azure, told, monkeypatch, mark):
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", f"{mark}sv=2026-06-06&sp=rl&sig={quote(KEY)}")
    ran = told("summary", "az://exports/states.parquet", "--verbose")
    assert (ran.code, ran.out) == (ExitCode.OK, acw("summary", PARQUET).out)
    assert quote(KEY) not in ran.err


@pytest.mark.parametrize("key", ["states.parquet", "packed/", "p*/*.csv"])
@pytest.mark.parametrize(
    "secret", [("ACCOUNT_KEY", f"{SECRET}AAAA"), ("SAS_TOKEN", f"sv=2026-06-06&sig={quote(KEY)}AAAA")]
)
def test_azure_refuses(azure, told, monkeypatch, secret, key):
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY")
    monkeypatch.setenv(f"AZURE_STORAGE_{secret[0]}", secret[1])
    refused(told("summary", f"az://exports/{key}", "--debug"), "access refused; check AZURE_STORAGE_ACCOUNT_NAME")


class Garbled(Azure):
    """Announces XML and sends none, as what stands between may do."""

    def fail(self, code: int, name: str, said: str = "") -> None:
        self.send("", code, Content_Type="application/xml")


def test_what_nobody_understands_is_an_error_of_ours(azure_by):
    azure_by(Garbled)
    refused(acw("summary", "az://exports/states.parquet"), "az://exports/states.parquet: cannot be read from there")
