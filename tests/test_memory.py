"""`--memory`: what goes to disk in parts gives the very same answers, and nothing stays on the disk."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acwcli import pipeline
from acwcli.errors import ExitCode
from acwcli.formats.options import ReadOptions
from acwcli.formats.scratch import sweep
from acwcli.model.columns import CUSTOMER, HANDLED, LEGS, WRAP_FRAME
from acwcli.model.marker import NAMES_KEY
from tests.cli import ROOT, STATES, acw, acw_process, one_wrap, start, written
from tests.memory import ALL_OF_IT, CONTACTS, NONE_OF_IT, QUESTIONS, same
from tests.reference import strategies
from tests.reference.writing import WRITERS

SAMPLES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "sample_data").glob("*/*")
    if path.is_file() and path.suffix not in (".py", ".md") and path.parent.name != "stories"
)


@pytest.fixture(autouse=True)
def _in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("path", SAMPLES)
def test_every_sample_gives_the_same_wraps(path, tmp_path):
    same(tmp_path, "reconstruct", path)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize(
    "paths",
    [(STATES,), (CONTACTS,), ("sample_data/generic/states_fa.csv", CONTACTS)],
    ids=("states", "records", "both"),
)
def test_every_question_has_the_same_answer(question, paths, tmp_path):
    command, *options = question
    assert same(tmp_path, command, *options, *paths)[0] == 0


@pytest.mark.parametrize("question", [words for words in QUESTIONS if words[0] != "inspect"], ids=" ".join)
@pytest.mark.parametrize("more", [(), ("--lookup", "names.csv", "--anonymize")], ids=("as they are", "renamed"))
def test_no_question_takes_all_wraps_into_memory(question, more, tmp_path, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "a secret of tests, long enough")
    names = written(tmp_path, "names.csv", ["a07,Ada", "billing,Bills"], "id,name")
    words = [*question, STATES, CONTACTS, *(names if word == "names.csv" else word for word in more)]
    assert same(tmp_path, *words)[0] == 0
    monkeypatch.setattr("acwcli.pipeline.wraps", lambda *_: pytest.fail("wraps in memory"))
    assert acw(*words, *NONE_OF_IT).code == 0


@pytest.mark.parametrize("by", [("--by", "agent_id,hour"), ()], ids=("groups", "everybody"))
def test_quantiles_of_many_groups_are_sorted_those_of_few_counted(by, tmp_path, monkeypatch):
    asked = ("summary", STATES, CONTACTS, *by, "--limit", "30s")
    counted = same(tmp_path, *asked)
    monkeypatch.setattr("acwcli.analyse.summary._MOST_SECONDS", 0)
    assert same(tmp_path, *asked) == counted


def test_ids_are_looked_up_and_hidden_as_wraps_are_written(tmp_path, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "a secret of tests, long enough")
    names = written(tmp_path, "names.csv", ["a07,Ada", "a08,Ben", "billing,Bills", "old,Gone"], "id,name")
    asked = (STATES, "--lookup", names)
    named = same(tmp_path, "reconstruct", *asked, "--where", "queue = 'Bills'")
    assert ('"queue":"Bills"' in named[1], '"queue":"billing"' in named[1]) == (True, False)
    assert "38 of 40 agents have no name in --lookup: 'a01' …" in named[2]
    hidden = same(tmp_path, "reconstruct", *asked, "--anonymize")
    assert ('"agent_id":"agent-' in hidden[1], '"a07"' in hidden[1]) == (True, False)
    monkeypatch.setattr("acwcli.pipeline.veil._LETTERS", 1)
    ran = acw("reconstruct", *asked, "--anonymize", *NONE_OF_IT)
    assert (ran.code, "two agents get one pseudonym" in ran.err) == (ExitCode.USAGE, True)


@pytest.mark.parametrize("hiding", [(), ("--anonymize",)], ids=("ids", "pseudonyms"))
def test_calls_inside_wraps_are_found_in_rows_on_disk(hiding, tmp_path, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "a secret of tests, long enough")
    rows = [row for agent in "bcdefgh" for n in range(40) for row in one_wrap(agent, f"{agent}{n}", minutes=20 * n)]
    for number in range(40):
        *begun, left = one_wrap("a", f"a{number}", minutes=20 * number)
        agent, _, _, _, queue = begun[-1].split(",")
        hour, minute = divmod(20 * number + 480, 60)
        inside = f"{agent},2026-03-02 {hour:02}:{minute + 5:02}"
        rows += [*begun, f"{inside}:10,talking,x{number},{queue}", f"{inside}:20,acw,a{number},{queue}", left]
    path = written(tmp_path, "log.csv", rows)
    assert "calls-inside" in same(tmp_path, "explain", "a", path, *hiding)[1]


def test_wraps_without_an_instant_are_counted_once(tmp_path):
    rows = [f"{agent},{seconds}" for agent in ("a", "b", "c", "d", "e") for seconds in range(5, 50)]
    path = written(tmp_path, "records.csv", rows, "agent_id,acw_s")
    ran = same(tmp_path, "summary", path, "--until", "2026-03-03")
    assert "225 wraps without an instant are in no span of time (--since, --until)" in ran[2]


def test_records_on_disk_are_accounted_as_those_in_memory(tmp_path):
    head = "contact_id,agent_id,date,answered_at,ended_at,acw_s"
    rows = [
        f"c{n},{agent},2026-03-02,23:5{n % 10}:00,00:0{n % 10}:30,{n}" for n in range(40) for agent in ("a", "b", "ك")
    ]
    rows += [
        "c1,ک,2026-03-02,08:00:00,08:01:00,7",
        "c2,a,2026-03-02,never,08:00:00,5",
        ",,,,,",
        "x,,2026-03-02,08:00:00,08:02:00,3",
    ]
    rows += [rows[0], "c9,Total,2026-03-02,08:00:00,08:02:00,99"]
    maps = [f"--map={name}=date+{name}" for name in ("answered_at", "ended_at")]
    asked = (written(tmp_path, "records.csv", rows, head), "--max-bad", "100%", *maps)
    found = same(tmp_path, "reconstruct", *asked)
    assert found[0] == 0
    for word in ("duplicate", "no agent", "total row", "unreadable time", "united with another spelling"):
        assert word in found[2], (word, found[2])
    assert same(tmp_path, "summary", *asked, "--by", "day", "--rows", "agent_id <> 'b'")[0] == 0


def test_nothing_left_is_said_as_ever(tmp_path):
    for words in (("flag", "--per", "handled"), ("flag",), ("summary", "--of", "talk"), ("check", "--alert", "p90=1s")):
        ran = same(tmp_path, *words, CONTACTS, "--where", "queue = 'nope'")
        assert (ran[0], "no " in ran[2]) == (ExitCode.NO_WRAPS, True), ran


def test_rows_really_go_to_disk():
    needs = frozenset(WRAP_FRAME)
    assert pipeline.load([STATES], ReadOptions(needs=needs), memory=10**12).parts == 0
    loaded = pipeline.load([STATES], ReadOptions(needs=needs), memory=1)
    assert loaded.parts > 1
    assert loaded.files[0].frame.is_empty()
    parts = [loaded.of_kind("states", part) for part in range(loaded.parts)]
    assert sum(part.height for part in parts) == loaded.counts[0].used
    owners = [set(part["agent_id"].unique().cast(str)) for part in parts]
    assert sum(map(len, owners)) == len(set().union(*owners))


def test_records_take_more_where_customers_are_told_apart():
    needs = frozenset(("agent_id", "acw_ms"))
    enough = 4 * 700 * len(Path(CONTACTS).read_text().splitlines())  # a quarter of it is for rows
    assert pipeline.load([CONTACTS], ReadOptions(needs=needs), memory=enough).parts == 0
    assert pipeline.load([CONTACTS], ReadOptions(needs=needs | {CUSTOMER}), memory=enough).parts > 0


@pytest.mark.parametrize("form", ["csv", "json", "ndjson", "parquet"])
def test_wraps_in_pieces_are_the_same_table(form, tmp_path, monkeypatch):
    monkeypatch.setattr("acwcli.pipeline.spilling._AT_A_TIME", 40)
    little, enough = tmp_path / f"little.{form}", tmp_path / f"enough.{form}"
    assert acw("reconstruct", STATES, *NONE_OF_IT, "-o", little).code == 0
    assert acw("reconstruct", STATES, *ALL_OF_IT, "-o", enough).code == 0
    if form != "parquet":
        assert little.read_bytes() == enough.read_bytes()
        return
    assert pl.read_parquet(little).equals(pl.read_parquet(enough))
    assert pl.read_parquet_schema(little) == pl.read_parquet_schema(enough)
    known = [pl.read_parquet_metadata(path)[NAMES_KEY] for path in (little, enough)]
    assert known[0] == known[1]


def test_wraps_stay_on_disk():
    needs = frozenset(WRAP_FRAME)
    loaded = pipeline.load([STATES], ReadOptions(needs=needs), memory=1)
    found = pipeline.wraps_on_disk(loaded, pipeline.WrapOptions(), needs)
    assert found.frame.is_empty()
    assert found.count() == sum(found.statuses().values()) > 1000
    enough = pipeline.load([STATES], ReadOptions(needs=needs), memory=10**12)
    assert pipeline.wraps_on_disk(enough, pipeline.WrapOptions(), needs) is None


# --- what made-up logs hold -----------------------------------------------------------------------------------------


def accounted(paths, memory):
    """Wraps, legs and the account of some files, as plain rows in an order of their own."""
    needs = frozenset(WRAP_FRAME) | {LEGS, HANDLED}
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(max_bad=1.0, needs=needs), memory=memory)
    assert bool(loaded.parts) is (memory == 1)
    found = pipeline.wraps(loaded, pipeline.WrapOptions(), needs)
    # What places of wraps a leg knows is of use while they are rebuilt, not after.
    legs = [] if found.legs is None else found.legs.drop("wrap", strict=False).rows(named=True)
    return (
        pipeline.wraps_table(found).frame.rows() if found.frame.height else [],
        sorted(repr(sorted(leg.items())) for leg in legs),
        loaded.counts,
        loaded.rejects().rows(),
        [*loaded.notes(), *found.notes],
        found.reconciliation.rows(),
    )


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_made_up_logs(data):
    log = data.draw(strategies.state_logs())
    beside = data.draw(st.sampled_from((None, "records", "newest first", "twice")))
    files = [(log[::-1] if beside == "newest first" else log, "states.csv")]
    if beside == "records":
        files.append((data.draw(strategies.records_beside(log)), "contacts.csv"))
    if beside == "twice":
        files.append((log, "again.csv"))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for rows, name in files:
            if rows:
                paths.append(Path(folder, name))
                WRITERS["csv"][0](rows, paths[-1])
        for little, enough in zip(accounted(paths, 1), accounted(paths, 10**12), strict=True):
            assert little == enough


HOSTILE = {
    "two spellings of one agent": [*one_wrap("علي ۱", "c1"), *one_wrap("علی 1", "c2", minutes=30), *one_wrap("b")],
    "restarts for everybody": [
        *one_wrap("a", "c1"), ",2026-03-02 08:05:30,unknown,,", *one_wrap("b", "c2"), ",2026-03-02 08:05:30,unknown,,",
    ],
    "states nobody knows": [*one_wrap("a"), "a,2026-03-02 09:00:00,levitating,,", *one_wrap("b"), *one_wrap("c")],
    "times of another spelling": [*one_wrap("a"), "a,2026-03-02T09:00:00.5,acw,c9,", "a,2026-03-02 09:01:00,ready,,"],
    "bad rows, blank lines, totals": [
        *one_wrap("a"), "", "b,nonsense,acw,c1,q", ",,,,", *one_wrap("b"), ",2026-03-02 08:00:00,acw,c,", "Total,,3,,",
    ],
    "no agents at all": [",2026-03-02 08:05:30,unknown,,", ",2026-03-02 08:06:30,unknown,,"],
    "ties": [
        *one_wrap("a"), "a,2026-03-02 08:06:00,acw,c2,", "a,2026-03-02 08:07:00,ready,,", *one_wrap("b", minutes=9),
    ],
    "nothing but a header": [],
}  # fmt: skip


@pytest.mark.parametrize("rows", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("turned", [False, True], ids=("oldest first", "newest first"))
def test_hostile_logs(rows, turned, tmp_path):
    path = written(tmp_path, "log.csv", rows[::-1] if turned else rows)
    same(tmp_path, "reconstruct", path, "--max-bad", "100%")
    same(tmp_path, "inspect", path, "--max-bad", "100%", "--rows", "agent_id <> 'a'")


def test_one_agent_with_most_of_the_rows(tmp_path):
    rows = [row for minute in range(0, 900, 7) for row in one_wrap("busy", f"c{minute}", minutes=minute)]
    for number in range(30):
        rows += one_wrap(f"a{number}", f"d{number}")
    same(tmp_path, "summary", written(tmp_path, "log.csv", rows), "--by", "agent_id")


def test_reasons_that_are_wrap_up(tmp_path):
    header = "agent_id,event_time,state,reason"
    rows = [f"{agent},2026-03-02 08:0{minute}:00,{word}" for agent in "abc" for minute, word in enumerate(
        ("talking,", "not ready,Typing", "ready,", "not ready,Lunch", "ready,"))]  # fmt: skip
    path = written(tmp_path, "log.csv", rows, header)
    assert '"wraps":3' in same(tmp_path, "summary", path, "--wrap-reason", "typing")[1]


def test_agents_are_hidden_just_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "a secret of tests, long enough")
    assert "agent-" in same(tmp_path, "summary", STATES, "--by", "agent_id", "--anonymize")[1]


# --- the option -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["500MB", "1.5 GB", "2GiB", "1000000"])
def test_sizes(size):
    assert acw("summary", STATES, "--memory", size).code == 0


@pytest.mark.parametrize("size", ["much", "0", "-1", "5XB", "MB"])
def test_no_sizes(size):
    ran = acw("summary", STATES, f"--memory={size}")
    assert (ran.code, ran.out) == (ExitCode.USAGE, b"")
    assert f"--memory '{size}' is no size; write 500MB, 1.5GB or 2GiB" in ran.err


def test_memory_from_the_environment(monkeypatch):
    monkeypatch.setenv("ACW_MEMORY", "much")
    ran = acw("summary", STATES)
    assert (ran.code, "ACW_MEMORY = much: expected a size" in ran.err) == (ExitCode.USAGE, True)


# --- the temporary folder -------------------------------------------------------------------------------------------


def run_in(folder, *words):
    return acw_process(*words, env={**os.environ, "TMPDIR": str(folder)})


def test_nothing_is_left(tmp_path):
    assert run_in(tmp_path, "summary", STATES, *NONE_OF_IT).code == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path):
    rows = [row for agent in range(400) for minute in range(0, 800, 8) for row in one_wrap(f"a{agent}", minutes=minute)]
    log, folder = written(tmp_path, "log.csv", rows), tmp_path / "temporary"
    folder.mkdir()
    process = start("summary", log, *NONE_OF_IT, env={**os.environ, "TMPDIR": str(folder)})
    try:
        until = time.monotonic() + 30
        while not list(folder.glob("acw-*/*parted*")) and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert list(folder.glob("acw-*/*parted*"))
    assert run_in(folder, "summary", STATES).code == 0
    assert list(folder.iterdir()) == []


def test_the_folder_of_a_living_process_stays(tmp_path, monkeypatch):
    hold = "import sys; from acwcli.formats import scratch; print(scratch.scratch_file('x').parent, flush=True)"
    hold += "; sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        folder = Path(process.stdout.readline().strip())
        stranger = tmp_path / "acw-of-somebody"
        stranger.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        sweep()
        assert folder.is_dir()
        assert stranger.is_dir()
        process.communicate("")
    assert not folder.exists()


def test_a_full_disk_is_an_output_failure(tmp_path):
    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ran = acw_process("summary", STATES, *NONE_OF_IT, env=environment, preexec_fn=no_room)
    assert (ran.code, ran.out) == (ExitCode.OUTPUT, b"")
    assert "no room for temporary files" in ran.err
    assert "--memory" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_what_keeps_all_wraps_in_memory_says_so_where_that_is_too_much(tmp_path, monkeypatch):
    said = "wraps in memory, some 0.2 GB, more than --memory gives"
    asked = ("diagnose", "--compare-rules", STATES)
    assert "in memory" not in acw(*asked, *NONE_OF_IT).err  # a gigabyte is not worth a word
    monkeypatch.setattr("acwcli.pipeline.memory._WORTH_SAYING", 0)
    assert said in acw(*asked, *NONE_OF_IT).err
    assert "in memory" not in acw(*asked, *ALL_OF_IT).err
    assert "in memory" not in acw("summary", STATES, *NONE_OF_IT).err
