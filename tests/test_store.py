"""The store: what may come, who may write, and what is left when a run is killed or the disk is full."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from acwcli.errors import ExitCode, InputError
from acwcli.formats.platforms import generic_states
from acwcli.model.columns import WRAP_COLUMNS
from acwcli.pipeline import ingesting
from tests.cli import CONTACT_HEADER, ROOT, Ran, acw, acw_process, one_wrap, written

DAYS = [f"2026-03-{day:02}" for day in range(2, 8)]


def night(folder: Path, day: str, agents: int = 3) -> Path:
    rows = [line for number in range(agents) for line in one_wrap(f"a{number}", f"c{number}", day, minutes=number)]
    return written(folder, f"{day}.csv", rows)


def ingest(store: Path, *paths: object) -> Ran:
    ran = acw("ingest", "--store", store, *paths)
    assert ran.code == ExitCode.OK, ran.err
    return ran


def wraps_of(store: Path) -> str:
    return acw("reconstruct", store, "--format", "csv", "--quiet").text


def rows_of(ran: Ran) -> list[list[str]]:
    return [line.split(",") for line in ran.text.splitlines()[1:]]


@pytest.fixture
def store(tmp_path):
    return tmp_path / "wraps.store"


# --- what may come ----------------------------------------------------------------------------------------------------


def test_one_row_per_day_touched(store, tmp_path):
    assert rows_of(ingest(store, night(tmp_path, DAYS[0]))) == [["2026-03-02", "3", "3", "0", "0"]]
    two = ingest(store, night(tmp_path, DAYS[1]), night(tmp_path, DAYS[2]))
    assert two.text.splitlines()[0] == "day,wraps,added,changed,removed"
    assert [row[0] for row in rows_of(two)] == ["2026-03-03", "2026-03-04"]


def test_a_new_state_log_is_read_once(store, tmp_path, monkeypatch):
    """Its times have no offset, so that `--tz` bears on them needs no second look."""
    read, read_file = [], generic_states._read_file
    monkeypatch.setattr(generic_states, "_read_file", lambda *given: read.append(given[1].source) or read_file(*given))
    path = night(tmp_path, DAYS[0])
    ingest(store, path)
    assert read == [str(path)]
    assert json.loads((store / "acw-store.json").read_text())["files"][0]["zoned"]


def test_what_was_copied_goes_where_nothing_comes_of_it(store, tmp_path, monkeypatch):
    ingest(store, night(tmp_path, DAYS[0]))
    files = sorted((store / "files").iterdir())

    def fails(*_, **__):
        raise InputError("no")

    monkeypatch.setattr(ingesting, "update", fails)
    assert acw("ingest", "--store", store, night(tmp_path, DAYS[1])).code == ExitCode.INPUT
    assert sorted((store / "files").iterdir()) == files


def test_the_same_file_twice_changes_nothing(store, tmp_path):
    path = night(tmp_path, DAYS[0])
    ingest(store, path)
    before = (store / "acw-store.json").read_bytes()
    packed = tmp_path / "rotated.1.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    again = ingest(store, path, packed)
    assert rows_of(again) == []
    assert "0 new files, 2 already in the store" in again.err
    assert (store / "acw-store.json").read_bytes() == before


def test_a_wrap_over_midnight_and_rotation_is_whole(store, tmp_path):
    first = written(tmp_path, "a.csv", ["a1,2026-03-02 23:50:00,talking,c1,q", "a1,2026-03-02 23:59:00,acw,c1,q"])
    second = written(tmp_path, "b.csv", ["a1,2026-03-03 00:01:30,ready,,"])
    assert rows_of(ingest(store, first)) == [["2026-03-02", "1", "1", "0", "0"]]
    assert ",open,open," in wraps_of(store)
    days = {row[0]: row[1:] for row in rows_of(ingest(store, second))}
    assert days["2026-03-02"] == ["1", "0", "1", "0"]
    assert ",150.0,0.0,1,state,ready,ok," in wraps_of(store).replace(",,", ",0.0,") or "150.0" in wraps_of(store)


def test_late_rows_reopen_their_day_and_only_that(store, tmp_path):
    for day in DAYS:
        ingest(store, night(tmp_path, day))
    stamps = {path: path.stat().st_mtime_ns for path in (store / "wraps").rglob("*.parquet")}
    late = written(tmp_path, "late.csv", one_wrap("late", "c9", DAYS[1]))
    assert rows_of(ingest(store, late)) == [["2026-03-03", "4", "1", "0", "0"]]
    changed = [path.parent.name for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert changed == ["day=2026-03-03"]


def test_a_night_reads_only_the_files_around_it(store, tmp_path):
    """The copies of other nights may even be gone: nobody looks at them."""
    for day in DAYS:
        ingest(store, night(tmp_path, day))
    manifest = json.loads((store / "acw-store.json").read_text())
    for file in manifest["files"][:3]:
        (store / "files" / f"{file['digest']}.zst").unlink()
    newest = night(tmp_path, "2026-03-08")
    assert rows_of(ingest(store, newest)) == [["2026-03-08", "3", "3", "0", "0"]]
    # The sweep after it does not mind either; a question about wraps needs none of them.
    assert wraps_of(store).count("\n") == 1 + 3 * 7


def test_a_log_that_has_grown_replaces_its_beginning(store, tmp_path):
    rows = one_wrap("a1", "c1")
    path = written(tmp_path, "log.csv", rows[:2])
    ingest(store, path)
    written(tmp_path, "log.csv", [*rows, *one_wrap("a2", "c2")])
    grown = ingest(store, path)
    assert "1 replaced by what they have grown to" in grown.err
    assert wraps_of(store) == acw("reconstruct", path, "--format", "csv", "--quiet").text
    assert acw("summary", store).err == acw("summary", path).err


def test_another_export_of_the_same_name_is_another_file(store, tmp_path):
    path = written(tmp_path, "export.csv", one_wrap("a1", "c1", DAYS[0]))
    ingest(store, path)
    written(tmp_path, "export.csv", one_wrap("a1", "c1", DAYS[1]))
    ingest(store, path)
    sources = {line.split(",")[-2] for line in wraps_of(store).splitlines()[1:]}
    assert sources == {str(path), f"{path}#2"}


def test_a_corrected_record_replaces_where_the_platform_says_so(store, tmp_path):
    record = {
        "ContactId": "c1", "Channel": "VOICE", "InitiationMethod": "INBOUND",
        "InitiationTimestamp": "2026-03-02T08:00:00Z", "LastUpdateTimestamp": "2026-03-02T09:00:00Z",
        "Agent": {"Username": "ann", "ConnectedToAgentTimestamp": "2026-03-02T08:00:10Z",
                  "AgentInteractionDuration": 60, "AfterContactWorkDuration": 30,
                  "AfterContactWorkStartTimestamp": "2026-03-02T08:01:10Z",
                  "AfterContactWorkEndTimestamp": "2026-03-02T08:01:40Z"},
    }  # fmt: skip
    first = written(tmp_path, "first.json", json.dumps(record).encode())
    agent = record["Agent"] | {"AfterContactWorkDuration": 50, "AfterContactWorkEndTimestamp": "2026-03-02T08:02:00Z"}
    later = record | {"LastUpdateTimestamp": "2026-03-20T09:00:00Z", "Agent": agent}
    second = written(tmp_path, "second.json", json.dumps(later).encode())
    ingest(store, first)
    assert "30.0" in wraps_of(store)
    ingest(store, second)
    assert wraps_of(store) == acw("reconstruct", first, second, "--format", "csv", "--quiet").text
    assert "50.0" in wraps_of(store)
    assert "30.0" not in wraps_of(store)


def test_unknown_files_in_a_folder_are_skipped_and_named(store, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    night(folder, DAYS[0])
    written(folder, "notes.txt", b"nothing to see\n")
    assert "notes.txt: skipped" in ingest(store, folder).err
    assert len(json.loads((store / "acw-store.json").read_text())["files"]) == 1


def test_bad_rows_leave_the_store_as_it_was(store, tmp_path):
    ingest(store, night(tmp_path, DAYS[0]))
    before = (store / "acw-store.json").read_bytes()
    bad = written(tmp_path, "bad.csv", [*one_wrap("a1", "c1", DAYS[1]), "a1,no time,ready,,"])
    refused = acw("ingest", "--store", store, bad, "--rejects", tmp_path / "rejects.csv")
    assert refused.code == ExitCode.INPUT
    assert "no time" in (tmp_path / "rejects.csv").read_text()
    assert (store / "acw-store.json").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "which files"),
        (["{store}"], "a store is no export"),
        (["--roster", "r.csv", "{night}"], "give it with the question"),
    ],
)
def test_what_cannot_be_ingested(store, tmp_path, words, said):
    path = night(tmp_path, DAYS[0])
    ingest(store, path)
    ran = acw("ingest", "--store", store, *(word.format(store=store, night=path) for word in words))
    assert (ran.code, ran.text) == (ExitCode.USAGE, "")
    assert said in ran.err


def test_a_folder_that_is_no_store_is_not_made_one(tmp_path):
    path = night(tmp_path, DAYS[0])
    ran = acw("ingest", "--store", tmp_path, path)
    assert ran.code == ExitCode.USAGE
    assert "not empty" in ran.err
    assert not (tmp_path / "acw-store.json").exists()


# --- what it answers --------------------------------------------------------------------------------------------------


def questions(path: Path) -> list[list[object]]:
    return [
        ["summary", path, "--of", "talk"], ["summary", path, "--max-wrap", "30s"],
        ["summary", path, "--where", "queue = 'q'", "--by", "weekday,agent_id"], ["diagnose", path, "--min-wraps", "1"],
        ["flag", path, "--min-wraps", "1", "--all"], ["explain", "a1", path, "--min-wraps", "1"],
        ["inspect", path], ["inspect", path, "--verbose"], ["reconstruct", path, "--since", "2026-03-04"],
        ["summary", path, "--tz", "Asia/Tehran", "--by", "day"], ["summary", path, "--infer-gap"],
        ["summary", path, "--by", "nothing"], ["summary", path, "--state", "acw=talking"],
        ["summary", path, "--where", "queue = 'none'"], ["reconstruct", path, "--max-bad", "0"],
    ]  # fmt: skip


def test_every_command_and_option_answers_as_from_the_files(store, tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    for day in DAYS:
        night(folder, day)
    rejected = written(folder, "x.csv", [*one_wrap("a1", "c5", DAYS[2], 90) * 40, "a1,no time,ready,,"])
    contacts = written(
        folder, "y.csv", [f"c1,a1,{DAYS[3]} 08:01:00,300,40", f"z1,b1,{DAYS[3]} 10:00:00,60,"], CONTACT_HEADER
    )
    paths = sorted(folder.iterdir())
    assert {rejected, contacts} <= set(paths)
    for path in paths:
        ingest(store, path)
    for question in questions(store):
        words = [str(word) for word in question]
        kept, direct = acw(*words), acw(*(word for part in words for word in ([part] if part != str(store) else paths)))
        assert (kept.code, kept.text) == (direct.code, direct.text), question
        if kept.code == 0:
            assert sorted(kept.err.splitlines()) == sorted(direct.err.splitlines()), question
    rejects = [tmp_path / "kept.csv", tmp_path / "direct.csv"]
    acw("summary", store, "--rejects", rejects[0])
    acw("summary", *paths, "--rejects", rejects[1])
    assert rejects[0].read_bytes() == rejects[1].read_bytes()
    assert b"no time" in rejects[0].read_bytes()


def test_a_report_of_a_store_is_that_of_its_files(store, tmp_path):
    """All but the command that makes it once more."""
    paths = [night(tmp_path, day, agents=5) for day in DAYS[:3]]
    paths.append(written(tmp_path, "y.csv", [f"z1,b1,{DAYS[3]} 10:00:00,60,30"], CONTACT_HEADER))
    for path in paths:
        ingest(store, path)
    kept, direct = (acw("report", *given, "--format", "json", "--min-wraps", "1") for given in ([store], paths))
    assert (kept.code, direct.code) == (0, 0), kept.err
    reports = [json.loads(ran.text) for ran in (kept, direct)]
    assert reports[0].pop("command") != reports[1].pop("command")
    assert reports[0] == reports[1]


def test_a_store_beside_files(store, tmp_path):
    first, second = night(tmp_path, DAYS[0]), night(tmp_path, DAYS[1])
    ingest(store, first)
    assert acw("reconstruct", store, second).text == acw("reconstruct", first, second).text


def test_a_store_in_a_folder_is_left_out_and_named(tmp_path):
    path = night(tmp_path, DAYS[0])
    ingest(tmp_path / "deep" / "wraps.store", path)
    for paths in ([tmp_path], [f"{tmp_path}/**/*"]):
        ran = acw("summary", *paths)
        assert (ran.code, ran.text) == (0, acw("summary", path).text), ran.err


def test_options_of_reading_stay_with_the_files(store, tmp_path):
    path = written(tmp_path, "own.csv", [line.replace("acw", "Documentation") for line in one_wrap()])
    said = ["--state", "acw=Documentation", "--tz", "Asia/Tehran"]
    assert acw("ingest", "--store", store, path, *said).code == 0
    assert acw("reconstruct", store, "--tz", "Asia/Tehran").text == acw("reconstruct", path, *said).text
    assert "04:35:00" in wraps_of(store)


def test_a_column_named_for_some_files_only_stays_theirs(store, tmp_path):
    own = [line.replace("a1,", "a7,") for line in one_wrap("a1", "c2", DAYS[1])]
    first = written(tmp_path, "a.csv", own, "Operator,event_time,state,contact_id,queue")
    second = night(tmp_path, DAYS[0])
    words = ["--map", "agent_id=Operator"]
    assert acw("ingest", "--store", store, first, second, *words).code == 0
    assert wraps_of(store) == acw("reconstruct", first, second, *words, "--format", "csv", "--quiet").text
    assert acw("summary", store, "--max-wrap", "5h").text == acw("summary", first, second, *words).text


def test_the_zone_of_the_question_holds_where_none_was_said(store, tmp_path):
    ingest(store, night(tmp_path, DAYS[0]))
    for words in (["--tz", "Asia/Tehran"], ["--tz", "UTC"], []):
        kept, direct = acw("reconstruct", store, *words), acw("reconstruct", tmp_path / f"{DAYS[0]}.csv", *words)
        assert (kept.text, kept.err) == (direct.text, direct.err)


def test_an_empty_store_has_no_wraps(store, tmp_path):
    bad = written(tmp_path, "bad.csv", ["a1,no time,acw,,"])
    assert acw("ingest", "--store", store, bad).code == ExitCode.INPUT
    ran = acw("summary", store)
    assert ran.code == ExitCode.NO_WRAPS
    assert "holds no files yet" in ran.err


def test_retention_drops_whole_days(store, tmp_path):
    for day in DAYS:
        ingest(store, night(tmp_path, day))
    ran = ingest(store, "--retention", "2d")
    assert "3 days dropped" in ran.err
    direct = acw("reconstruct", *(tmp_path / f"{day}.csv" for day in DAYS), "--since", "2026-03-05", "--format", "csv")
    assert wraps_of(store) == direct.text
    assert acw("reconstruct", store, "--max-wrap", "5h", "--format", "csv").text == direct.text
    assert sorted(path.name for path in (store / "wraps").iterdir()) == [f"day={day}" for day in DAYS[3:]]
    assert len(list((store / "files").iterdir())) == 5
    assert acw("store", "check", store).code == 0


def test_a_clock_that_runs_ahead_drops_nothing(store, tmp_path):
    ingest(store, night(tmp_path, DAYS[0]), night(tmp_path, "2199-01-01"))
    assert "dropped" not in ingest(store, "--retention", "10d").err


# --- one writer, no half states ---------------------------------------------------------------------------------------


def test_a_second_writer_is_told_who_holds_the_store(store, tmp_path):
    ingest(store, night(tmp_path, DAYS[0]))
    hold = (
        "import sys, pathlib; from acwcli.store.lock import locked\n"
        f"with locked(pathlib.Path({str(store)!r})): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        ran = acw("ingest", "--store", store, night(tmp_path, DAYS[1]))
        assert (ran.code, ran.text) == (ExitCode.LOCKED, "")
        assert f"locked by process {holder.pid} on " in ran.err
        assert " since 20" in ran.err
        assert acw("summary", store).code == 0
        holder.communicate(b"")
    assert ingest(store, night(tmp_path, DAYS[1])).code == 0


def states_of(store: Path) -> tuple[str, str]:
    """What a reader sees: the wraps and the counts."""
    return wraps_of(store), acw("summary", store).err


FORKING = """
import json, os, sys
import pyarrow
import acwcli.pipeline.ingesting
from acwcli.cli.app import main
from acwcli.formats import detect
known = [detect.platform(name) for name in detect.names()]
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        os._exit(main(json.loads(line)))
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Runs commands, each in a process of its own that has its modules loaded: kills then fall into the work itself."""


class Runner:
    """A process that forks for every command, which can then be killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", FORKING], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()

    def run(self, *words: object, kill_after: float | None = None) -> int:
        """Run a command; return its wait status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(word) for word in words]), file=self._process.stdin, flush=True)
        child = int(self._process.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):  # done already
                os.kill(child, signal.SIGKILL)
        return int(self._process.stdout.readline())


def log_night(folder: Path, day: int) -> Path:
    """A night of a log that runs on: one wrap-up pause, which ends in the next night."""
    at = 1_772_409_600 + day * 86_400
    call = f"c{day}|q|Agent/7"
    lines = [
        "0|NONE|NONE|Agent/7|UNPAUSE|",
        f"60|{call}|CONNECT|1|x|1",
        f"90|{call}|COMPLETECALLER|1",
        "90|NONE|NONE|Agent/7|PAUSE|ACW",
    ]
    moved = [f"{at + int(line.partition('|')[0])}|{line.partition('|')[2]}" for line in lines]
    return written(folder, f"queue_log.{day}", "\n".join([*moved, ""]).encode())


def kill_often(tmp_path: Path, times: int, seed: int, *options: str) -> int:
    """Kill ingestions at random moments; after each the store is the one before or the one after."""
    dice = random.Random(seed)
    base, work = tmp_path / "base.store", tmp_path / "work.store"
    for day in range(3):
        ingest(base, night(tmp_path, DAYS[day]), log_night(tmp_path, day))
    late = written(tmp_path, "late.csv", one_wrap("late", "c9", DAYS[1]))
    more = [night(tmp_path, DAYS[3]), late, log_night(tmp_path, 3), *options]
    done = tmp_path / "done.store"
    unfinished = 0
    with Runner() as runner:
        takes = []
        for _ in range(3):
            shutil.rmtree(done, ignore_errors=True)
            shutil.copytree(base, done)
            began = time.monotonic()
            assert runner.run("ingest", "--store", done, *more) == 0
            takes.append(time.monotonic() - began)
        before, after = states_of(base), states_of(done)
        assert before != after
        for _ in range(times):
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(base, work)
            runner.run("ingest", "--store", work, *more, kill_after=dice.uniform(0, 1.2) * sorted(takes)[1])
            left = states_of(work)
            assert left in (before, after)
            unfinished += left == before
            assert acw("store", "check", work).code == 0
            ingest(work, *more)
            assert states_of(work) == after
            assert not (work / "pending").exists()
            assert [path for path in work.rglob("*") if path.name.endswith(".part")] == []
    return unfinished


def test_kill_9_leaves_the_last_good_state(tmp_path):
    kill_often(tmp_path, 12, seed=1)


@pytest.mark.parametrize("options", [["--retention", "2d"], ["--rebuild"]], ids=["retention", "rebuild"])
def test_kill_9_while_days_go_or_are_rebuilt(tmp_path, options):
    kill_often(tmp_path, 4, 3, *options)


def test_half_written_files_of_a_killed_run_go_with_the_next(tmp_path):
    store = tmp_path / "own.store"
    ingest(store, night(tmp_path, DAYS[0]))
    left = [store / f".{name}.part" for name in ("acw-store.json", "names.json")]
    for part in left:
        part.write_text("{")
    ingest(store, night(tmp_path, DAYS[0]))
    assert not any(part.exists() for part in left)


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--retention", "2d"], ["--rebuild"]], ids=["new", "retention", "rebuild"])
def test_kill_9_hundreds_of_times(tmp_path, options):
    """`pytest -m slow -k kill_9`: some minutes."""
    assert 0 < kill_often(tmp_path, 300, 2, *options) < 300


STEPS = ["keep", "add_segment", "write_day", "write_manifest", "settle"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_every_step_of_a_change(tmp_path, step, when):
    """The same, at the moments that matter, for sure."""
    base = tmp_path / "base.store"
    ingest(base, night(tmp_path, DAYS[0]))
    before = states_of(base)
    path = night(tmp_path, DAYS[1])
    homes = {"keep": "acwcli.pipeline.ingesting", "add_segment": "acwcli.store.index", "write_day": "acwcli.store.days"}
    dying = (
        f"import importlib, os, sys, acwcli.pipeline\n"
        f"home = importlib.import_module({homes.get(step, 'acwcli.store.change')!r})\n"
        f"real = home.{step}; calls = []\n"
        f"def fatal(*given, **named):\n"
        f"    calls.append(1)\n"
        f"    if {when == 'before'} and len(calls) == {2 if step == 'settle' else 1}: os._exit(9)\n"
        f"    done = real(*given, **named)\n"
        f"    if {when == 'after'} and len(calls) == {2 if step == 'settle' else 1}: os._exit(9)\n"
        f"    return done\n"
        f"home.{step} = fatal\n"
        f"from acwcli.cli.app import main\n"
        f"sys.exit(main(['ingest', '--store', {str(base)!r}, {str(path)!r}]))"
    )
    died = subprocess.run([sys.executable, "-c", dying], cwd=ROOT, capture_output=True, check=False)
    assert died.returncode == 9, died.stderr.decode()
    left = states_of(base)
    made = (step, when) in {("write_manifest", "after"), ("settle", "before"), ("settle", "after")}
    assert (left == before) is not made
    ingest(base, path)
    assert wraps_of(base) == acw("reconstruct", tmp_path / f"{DAYS[0]}.csv", path, "--format", "csv", "--quiet").text
    assert acw("store", "check", base).code == 0


@pytest.mark.parametrize("room", [200, 700, 1500, 2500, 4000])
def test_a_full_disk_leaves_the_store_as_it_was(store, tmp_path, room):
    """No file may grow beyond so many bytes: writing fails somewhere in the middle."""
    ingest(store, night(tmp_path, DAYS[0]))
    before = states_of(store)
    path = night(tmp_path, DAYS[1], agents=40)

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    ran = acw_process("ingest", "--store", store, path, preexec_fn=no_room)
    assert ran.code == ExitCode.OUTPUT, ran.err
    assert "stays as it was" in ran.err
    assert states_of(store) == before
    assert acw("store", "check", store).code == 0
    ingest(store, path)
    assert wraps_of(store).count("\n") == 1 + 3 + 40


# --- checking and healing ---------------------------------------------------------------------------------------------


def parts_of(store: Path) -> tuple[Path, Path, Path]:
    return next(store.glob("files/*")), next(store.glob("wraps/*/*.parquet")), next(store.glob("index/*"))


@pytest.mark.parametrize("place", [0, 1, 2], ids=["file", "day", "index"])
@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_check_says_what_is_wrong_and_the_advice_helps(store, tmp_path, place, harm):
    path = night(tmp_path, DAYS[0])
    ingest(store, path)
    whole = wraps_of(store)
    part = parts_of(store)[place]
    if harm == "missing":
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[:-20])
    ran = acw("store", "check", store, "--format", "json")
    assert ran.code == ExitCode.INPUT
    (found,) = json.loads(ran.text)
    assert found["part"] == str(part.relative_to(store))
    if place == 0:
        part.unlink(missing_ok=True)
        ingest(store, path)
    else:
        assert f"acw ingest --store {store} --rebuild" in found["advice"]
        ingest(store, "--rebuild")
    assert acw("store", "check", store, "--thorough").code == 0
    assert wraps_of(store) == whole


def test_a_thorough_check_finds_wraps_that_the_files_do_not_give(store, tmp_path):
    from acwcli.store import days
    from acwcli.store.manifest import read_manifest, write_manifest

    ingest(store, night(tmp_path, DAYS[0]))
    manifest = read_manifest(store)
    held = days.read_days(store, manifest, [DAYS[0]], list(days.KEPT))
    manifest.days[DAYS[0]] = days.write_day(days.place(store, DAYS[0]), held.with_columns(acw_ms=pl.col("acw_ms") + 1))
    write_manifest(store, manifest)
    assert acw("store", "check", store).code == 0
    ran = acw("store", "check", store, "--thorough")
    assert ran.code == ExitCode.INPUT
    assert "0 wraps missing, 3 other, 0 too many" in ran.text


def test_a_damaged_day_is_no_answer(store, tmp_path):
    ingest(store, night(tmp_path, DAYS[0]))
    part = parts_of(store)[1]
    part.write_bytes(part.read_bytes()[:-20])
    ran = acw("summary", store)
    assert (ran.code, ran.text) == (ExitCode.INPUT, "")
    assert f"acw store check {store}" in ran.err


def test_wraps_of_another_engine_are_rebuilt(store, tmp_path):
    path = night(tmp_path, DAYS[0])
    ingest(store, path)
    manifest = store / "acw-store.json"
    known = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(known | {"engine": "acw 0"}))
    part = parts_of(store)[1]
    part.unlink()  # nobody relies on it
    assert acw("summary", store).text == acw("summary", path).text
    ingest(store, path)
    assert part.exists()


def test_other_words_for_store(store):
    assert acw("store", "chek", store).code == ExitCode.USAGE
    assert "did you mean 'check'" in acw("store", "chek", store).err
    assert acw("store", "check", store).code == ExitCode.USAGE


# --- for others -------------------------------------------------------------------------------------------------------


def test_plain_parquet_for_duckdb(store, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    for day in DAYS[:3]:
        ingest(store, night(tmp_path, day))
    found = duckdb.sql(
        f"SELECT day, count(*), sum(acw_s) FROM read_parquet('{store}/wraps/*/*.parquet', hive_partitioning = true) "
        "WHERE status IN ('ok', 'orphan') GROUP BY day ORDER BY day"
    ).fetchall()
    assert [(str(day), wraps, total) for day, wraps, total in found] == [(day, 3, 180.0) for day in DAYS[:3]]
    names = [name for name, *_ in duckdb.sql(f"DESCRIBE FROM '{store}/wraps/*/*.parquet'").fetchall()]
    assert tuple(names) == (*WRAP_COLUMNS, "file", "day")


def test_ingest_under_cron(store, tmp_path):
    """No environment, no terminal, another working directory; a good night says nothing."""
    path = night(tmp_path, DAYS[0])
    words = f"ingest --store {store} {path} --quiet -o {tmp_path}/days.csv"
    command = f"cd / && env -i PYTHONPATH={ROOT} {sys.executable} -m acwcli {words}"
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "days.csv").read_text().splitlines()[1].startswith("2026-03-02,3,3")
    assert os.listdir(store / "wraps") == ["day=2026-03-02"]


PROFILE = """title = "Desk"
kind = "contacts"
[columns]
contact_id = ["Ticket"]
agent_id = ["Clerk"]
answered_at = ["Taken"]
talk_s = ["Spoken"]
acw_s = ["Notes"]
"""


def test_a_profile_stays_with_the_files_it_reads(store, tmp_path):
    """The user's own may move, the store as well."""
    profile = written(tmp_path, "desk.toml", PROFILE.encode())
    header = "Ticket,Clerk,Taken,Spoken,Notes"
    first = written(tmp_path, "1.csv", [f"t1,ann,{DAYS[0]} 08:00:00,60,30"], header)
    second = written(tmp_path, "2.csv", [f"t2,ann,{DAYS[1]} 08:00:00,60,40"], header)
    ingest(store, first, "--profile", profile)
    direct = acw("reconstruct", first, second, "--profile", profile, "--format", "csv", "--quiet").text
    again = written(tmp_path, "desk.toml", PROFILE.encode())
    ingest(store, second, "--profile", again)
    assert len(list((store / "profiles").iterdir())) == 1
    again.unlink()
    moved = store.rename(tmp_path / "moved.store")
    for question in ([], ["--max-wrap", "5h"]):
        assert acw("reconstruct", moved, "--format", "csv", "--quiet", *question).text == direct
    ingest(moved, "--rebuild")
    assert wraps_of(moved) == direct
    assert acw("store", "check", moved, "--thorough").code == 0
    next(moved.glob("profiles/*/desk.toml")).unlink()
    assert "put the profile desk.toml back" in acw("store", "check", moved).text
