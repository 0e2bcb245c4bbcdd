"""Which format takes a file, what is said of the others, and which files of a folder may be passed over."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import json
import lzma
import re
import zipfile
from pathlib import Path

import pytest

from acwcli.errors import ExitCode
from acwcli.formats import detect
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from tests.cli import CONTACT_HEADER, ROOT, acw, one_wrap, written
from tests.test_fuzz_formats import samples

SAMPLES = [(form, name, content) for form, files in samples().items() for name, content in files]
CSV = "\n".join(["agent_id,event_time,state,contact_id,queue", *one_wrap(), ""]).encode()


@functools.cache
def _parquet() -> bytes:
    return (ROOT / "sample_data/generic/states.parquet").read_bytes()


def _cut_workbook() -> bytes:
    whole = dict(samples()["generic-states"])["states.xlsx"]
    return whole[: len(whole) // 2]


def _empty_workbook() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("xl/workbook.xml", "<nonsense")
    return target.getvalue()


DAMAGED = {
    "cut.csv.gz": lambda: gzip.compress(CSV)[:-20],
    "hole.csv.gz": lambda: gzip.compress(CSV)[:40] + b"\0" * 9 + gzip.compress(CSV)[49:],
    "cut.csv.bz2": lambda: bz2.compress(CSV)[:-20],
    "cut.csv.xz": lambda: lzma.compress(CSV)[:-20],
    "cut.parquet": lambda: _parquet()[:1000],
    "hole.parquet": lambda: _parquet()[:100] + bytes(300) + _parquet()[400:],
    "cut.parquet.gz": lambda: gzip.compress(_parquet()[:1000]),
    "cut.xlsx": _cut_workbook,
    "nonsense.xlsx": _empty_workbook,
    "cut.zip": lambda: b"PK\3\4" + bytes(100),
}  # fmt: skip
PASSED_OVER = {
    "notes.txt": b"call Anna back\nand Ben\n",
    "colours.csv": b"colour,size\nred,3\n",
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "page.pdf": b"%PDF-1.4\n",
    "empty.csv": b"",
    "settings.json": b'{"theme": "dark"}',
    "binary.dat": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("place", ["folder", "glob", "forced"])
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_in_a_folder_ends_the_run_and_is_named(tmp_path, name, place):
    written(tmp_path, "sound.csv", CSV)
    damaged = written(tmp_path, name, DAMAGED[name]())
    path = f"{tmp_path}/*" if place == "glob" else tmp_path
    ran = acw("summary", path, *(["--input-format", "generic-states"] if place == "forced" else []))
    assert (ran.code, ran.out) == (ExitCode.INPUT, b"")
    assert f"acw: error: {damaged}: " in ran.err
    assert "move it away, or name the files to read" in ran.err


@pytest.mark.parametrize("name", DAMAGED)
def test_named_by_itself_there_is_nothing_to_move_away(tmp_path, name):
    damaged = written(tmp_path, name, DAMAGED[name]())
    ran = acw("summary", damaged)
    assert (ran.code, ran.out) == (ExitCode.INPUT, b"")
    assert f"acw: error: {damaged}: " in ran.err
    assert "move it away" not in ran.err


@pytest.mark.parametrize("name", PASSED_OVER)
def test_an_unrecognisable_file_in_a_folder_is_passed_over_and_named(tmp_path, name):
    written(tmp_path, "sound.csv", CSV)
    unknown = written(tmp_path, name, PASSED_OVER[name])
    ran = acw("summary", tmp_path)
    assert (ran.code, ran.text.splitlines()[1].split(",")[0]) == (0, "1")
    assert f"{unknown}: skipped (" in ran.err
    assert acw("summary", unknown).code == ExitCode.INPUT


# The matrix


def _probe(folder: Path, name: str, content: bytes) -> detect.Recognised:
    path = written(folder, name, content)
    (found,) = detect.recognise([Input(str(path), path)], ReadOptions())
    return found


@pytest.mark.parametrize(("form", "name", "content"), SAMPLES, ids=[f"{form}-{name}" for form, name, _ in SAMPLES])
def test_every_sample_is_claimed_by_its_own_format_only(tmp_path, form, name, content):
    found = _probe(tmp_path, name, content)
    assert found.format == form
    assert set(found.matches) == set(detect.names())
    own = found.matches[form]
    assert 0.3 <= own.score <= 1
    assert own.why
    for other, match in found.matches.items():
        if other != form:
            assert match.score < own.score - 0.01, other
            # The readers of any table know the words of many exports; nobody else does.
            assert match.score == 0 or other.startswith("generic-") or form.startswith("generic-"), other
            assert match.missing if match.score == 0 else match.why, other


def test_two_formats_that_fit_equally_well_are_an_error_that_names_both(tmp_path):
    path = written(tmp_path, "legs.csv", ["c1,a1,2026-03-02 08:00:00,60,5"], header=CONTACT_HEADER)
    for profile in ("one", "two"):
        text = (
            'title = "x"\nkind = "contacts"\nmethod = "duration"\n[columns]\nagent_id = "agent_id"\nacw_s = "acw_s"\n'
        )
        (tmp_path / f"{profile}.toml").write_text(text)
    profiles = [word for name in ("one", "two") for word in ("--profile", tmp_path / f"{name}.toml")]
    for place in (path, f"{tmp_path}/*.csv"):  # known, though not which: never passed over
        ran = acw("summary", place, *profiles)
        assert (ran.code, ran.out) == (ExitCode.INPUT, b"")
        assert f"{path}: fits one and two equally well; choose one with --input-format" in ran.err
    assert acw("summary", path, *profiles, "--input-format", "two").code == 0


# What inspect says


def _inspected(*words: object) -> list[dict[str, str]]:
    ran = acw("inspect", *words, "--format", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_inspect_names_the_format_why_and_the_runner_up(monkeypatch):
    monkeypatch.chdir(ROOT)
    (row,) = _inspected("sample_data/five9_call_log/call_log.csv")
    assert row["format"] == "five9-call-log"
    assert row["note"].startswith("the columns of the Call Log: CALL ID, AFTER CALL WORK TIME, CAMPAIGN")
    assert row["runner_up"].startswith("generic-contacts (0.50 against 0.88: columns ")
    assert "contact_id = CALL ID" in row["runner_up"]
    (row,) = _inspected("sample_data/asterisk_queue_log/queue_log")
    assert row["note"] == "200 of 200 lines read epoch|callid|queue|agent|EVENT, such as ABANDON"
    assert row["runner_up"] == "none: no other format fits"
    (row,) = _inspected("sample_data/asterisk_queue_log/queue_log", "--input-format", "asterisk-queue-log")
    assert (row["note"], row["runner_up"]) == ("named with --input-format", None)


@pytest.mark.parametrize("place", range(0, len(SAMPLES), 3))
def test_verbose_says_of_every_other_format_what_is_missing(tmp_path, place):
    form, name, content = SAMPLES[place]
    facts = {row["fact"]: row["value"] for row in _inspected(written(tmp_path, name, content), "--verbose")}
    assert facts["format"] == form
    others = {fact.removeprefix("not "): said for fact, said in facts.items() if fact.startswith("not ")}
    assert others.keys() == set(detect.names()) - {form}
    assert all(re.match(r"(missing: |fits less well \(0\.\d\d\): )\S", said) for said in others.values()), others


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("Agent_Session_ID,Agent_No,StateIndex,Start_Date,Working,Available,Outstate,Log_State,Duration",
         "1,501,1,03/02/2026,0,1,,0,60", "--map agent_id=Agent_No"),
        ('"","#","DATE/TIME","PAUSE","WAIT","TALK","DISPO","DEAD","CUSTOMER","STATUS","LEAD","CAMPAIGN","PAUSE CODE"',
         '"","1","2026-03-02 09:00:00","5","10","60","12","3","57","SALE","77","CAMP",""', "AST_activity_log_export"),
        ("Agente,Tiempo de sesion,Tiempo de hold,Tiempo de pausa", "Ana,8:00:00hs,Ohs,0:20:00hs", "OMniLeads"),
    ],
)  # fmt: skip
def test_reports_that_cannot_be_read_are_told_what_to_do_about(tmp_path, header, row, said):
    path = tmp_path / "report.csv"
    path.write_text(f"{header}\n{row}\n")
    ran = acw("summary", path)
    assert (ran.code, ran.out) == (3, b"")
    assert said in ran.err
