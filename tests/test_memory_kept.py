"""`--memory` on what holds wraps already: wraps files and stores give the very same answers from disk."""

from __future__ import annotations

import shutil

import polars as pl
import pytest

from acwcli.errors import ExitCode
from tests.cli import ROOT, STATES, acw, written
from tests.memory import ALL_OF_IT, CONTACTS, NONE_OF_IT, QUESTIONS, same


@pytest.fixture(autouse=True)
def _in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def wraps_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("wraps") / "wraps.csv"
    assert acw("reconstruct", ROOT / STATES, "--quiet", "-o", path).code == 0
    return path


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("beside", [(), (STATES, CONTACTS)], ids=("alone", "beside logs"))
def test_wraps_files_go_to_disk(question, beside, wraps_file, tmp_path, monkeypatch):
    command, *options = question
    code = same(tmp_path, command, *options, wraps_file, *beside)[0]
    assert code == 0 or "handled" in options  # wraps files do not know them
    if code == 0 and command != "inspect":
        monkeypatch.setattr("acwcli.pipeline.wraps", lambda *_: pytest.fail("wraps in memory"))
        assert acw(command, *options, wraps_file, *beside, *NONE_OF_IT).code == code


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "store"
    assert acw("ingest", ROOT / STATES, ROOT / CONTACTS, "--store", path).code == 0
    return path


@pytest.mark.parametrize("question", [words for words in QUESTIONS if words[0] != "inspect"], ids=" ".join)
def test_a_store_is_answered_from_disk(question, store, tmp_path, monkeypatch):
    command, *options = question
    asked = command, *options, store
    ran = acw(*asked, *ALL_OF_IT, "--format", "json")
    assert ran.code == 0
    monkeypatch.setattr("acwcli.pipeline.wraps", lambda *_: pytest.fail("wraps in memory"))
    monkeypatch.setattr("acwcli.pipeline.kept.read_days", lambda *_: pytest.fail("wraps in memory"))
    assert acw(*asked, *NONE_OF_IT, "--format", "json") == ran


def test_a_store_larger_than_memory_is_damaged_as_any(store, tmp_path):
    broken = shutil.copytree(store, tmp_path / "store")
    day = next(broken.glob("wraps/*/wraps.parquet"))
    pl.read_parquet(day).head(3).write_parquet(day)
    for memory in (ALL_OF_IT, NONE_OF_IT):
        ran = acw("summary", broken, *memory)
        assert (ran.code, "other wraps than its manifest says" in ran.err) == (ExitCode.INPUT, True), ran.err
    day.write_bytes(b"nothing")
    for memory in (ALL_OF_IT, NONE_OF_IT):
        ran = acw("summary", broken, *memory)
        assert (ran.code, "the store is damaged" in ran.err) == (ExitCode.INPUT, True), ran.err


def test_wraps_on_disk_are_accounted_as_those_in_memory(wraps_file, tmp_path):
    head, *rows = wraps_file.read_text().splitlines()
    names = head.split(",")

    def with_(row, **values):
        return ",".join(values.get(name, cell) for name, cell in zip(names, row.split(","), strict=True))

    bad = [
        with_(rows[0], status="unheard of"),
        with_(rows[1], acw_s="-1"),
        with_(rows[2], wrap_start="never"),
        with_(rows[3], agent_id=""),
    ]
    other = [with_(rows[4], contact_id="another"), rows[5], with_(rows[6], agent_id="a٠٧")]
    path = written(tmp_path, "again.csv", [*bad, *rows[:50], rows[7], *other], head)
    ran = same(tmp_path, "reconstruct", wraps_file, path, "--max-bad", "100%")
    assert ran[0] == 0
    for word in ("unknown status", "negative length", "unreadable time", "no agent", "duplicate"):
        assert word in ran[2], (word, ran[2])
    assert same(tmp_path, "summary", path, "--max-bad", "100%", "--rows", "agent_id <> 'a07'")[0] == 0
