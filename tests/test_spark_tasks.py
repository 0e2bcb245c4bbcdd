"""The Spark engine without Spark: its tasks run here (`tests/spark_here.py`); answers equal those of one machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acwcli.analyse.shapes import calls_of, with_calls
from acwcli.pipeline import spark
from acwcli.pipeline.spark import parts
from acwcli.pipeline.spark.blocks import by_agent, unpack
from acwcli.pipeline.spark.tasks import around
from tests.cli import CONTACT_HEADER, GENERIC, MORNING, STATES, Ran, acw, one_wrap, written
from tests.reference import strategies
from tests.reference.writing import WRITERS
from tests.spark_here import Here, load_here
from tests.test_properties import few
from tests.test_shapes_around import contact_file, frame, wrap

CONTACTS = f"{GENERIC}/contacts.csv"
PARQUET = f"{GENERIC}/states.parquet"
QUESTIONS = (
    ["reconstruct"],
    ["summary", "--by", "agent_id,queue"],
    ["summary", "--of", "handle", "--by", "agent_id"],
    ["summary", "--per", "handled"],
    ["diagnose", "--within", "60s"],
    ["flag", "--over", "mean", "--over", "60s", "--all"],
    ["report", "--within", "60s"],
    ["inspect", "--verbose"],
    ["check", "--alert", "p90=10s"],
    ["explain", "a01"],
)


@pytest.fixture(autouse=True)
def ran(monkeypatch) -> list[Here]:
    runners: list[Here] = []
    monkeypatch.setattr(spark, "load", load_here(runners))
    return runners


def both(*words: object, buckets: int = 3) -> tuple[Ran, Ran]:
    return acw(*words), acw(*words, "--engine", "spark", "--partitions", buckets)


def same(*words: object, buckets: int = 3) -> Ran:
    here, there = both(*words, buckets=buckets)
    assert (there.code, there.err) == (here.code, here.err)
    assert there.out == here.out
    return there


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("paths", [[STATES], [CONTACTS], [MORNING, CONTACTS]], ids=["states", "contacts", "both"])
def test_every_question(words, paths, ran):
    command, *options = words
    first = [options.pop(0)] if command == "explain" else []
    if command == "explain" and MORNING in paths:
        first = [acw("summary", *paths, "--by", "agent_id").text.splitlines()[1].split(",")[0]]
    assert same(command, *first, *paths, *options).code == 0
    assert len(ran) == 1


@pytest.mark.parametrize("buckets", [1, 2, 50, 1000])
def test_any_number_of_buckets(buckets):
    assert same("reconstruct", MORNING, CONTACTS, buckets=buckets).code == 0


@pytest.mark.parametrize("turn", [1, -1])
def test_ties_keep_the_order_of_files_whatever_order_they_are_read_in(turn, tmp_path):
    states = ("talking", "acw", "hold", "acw", "ready", "acw", "not_ready")[::turn]
    for number, state in enumerate(states):
        rows = [f"{agent},2026-03-02 08:0{number}:00,ready,,q" for agent in "abcdefgh"]
        rows += [f"{agent},2026-03-02 09:00:00,{state},c{agent},q" for agent in "abcdefgh"]
        written(tmp_path, f"{9 - number}.csv", [*rows, f"a,2026-03-02 1{number}:00:00,ready,,q"])
    assert same("reconstruct", tmp_path, buckets=2).code == 0


def test_gaps():
    assert same("reconstruct", CONTACTS, "--infer-gap", "--gap-cap", "5m").code == 0


def in_files(rows, name: str, folder: str) -> Path:
    path = Path(folder) / name
    WRITERS[name.partition(".")[2]][0](rows, path)
    return path


@few(20)
@given(st.data())
def test_any_log_and_records_in_any_files(data: st.DataObject) -> None:
    log = data.draw(strategies.state_logs())
    records = data.draw(strategies.records_beside(log)) if data.draw(st.booleans()) else []
    with tempfile.TemporaryDirectory() as folder:
        logs = data.draw(strategies.split(log)) if data.draw(st.booleans()) else [log]
        paths = [in_files(part, f"part-{number}.csv", folder) for number, part in enumerate(logs) if part]
        paths += [in_files(records, "records.csv", folder)] if records else []
        words = [*data.draw(st.permutations(paths)), "--max-bad", "100%"]
        buckets = data.draw(st.integers(1, 4))
        rejects = [Path(folder) / "here.csv", Path(folder) / "there.csv"]
        runs = []
        for path, engine in zip(rejects, ([], ["--engine", "spark", "--partitions", buckets]), strict=True):
            runs.append(acw("reconstruct", *words, "--rejects", path, *engine))
        assert runs[0] == runs[1]
        if runs[0].code == 0:
            assert rejects[0].read_bytes() == rejects[1].read_bytes()
        same("summary", *words, "--per", "handled", "--by", "agent_id", buckets=buckets)


@few(10)
@given(records=strategies.contact_records())
def test_any_records(records):
    with tempfile.TemporaryDirectory() as folder:
        path = in_files(records, "records.csv", folder)
        same("reconstruct", path, "--max-bad", "100%")
        same("summary", path, "--max-bad", "100%", "--per", "handled", "--by", "agent_id")


def test_a_restart_given_twice_counts_once(tmp_path):
    rows = [row for agent in "abcdefgh" for row in one_wrap(agent, f"c{agent}")]
    restart = ",2026-03-02 08:05:30,unknown,,"
    path = written(tmp_path, "log.csv", [*rows, restart, restart])
    run = same("reconstruct", path, buckets=4)
    assert "1 ignored (1 duplicate)" in run.err


def test_records_that_tell_nothing_beside_records_that_do(tmp_path):
    told = written(tmp_path, "told.csv", ["c1,a,2026-03-02 08:00:00,60,30", "c2,b,,,"], CONTACT_HEADER)
    bare = written(tmp_path, "bare.csv", ["c3,a,30", "c4,b,"], "contact_id,agent_id,acw_s")
    assert same("summary", told, bare, "--per", "handled", "--by", "agent_id", buckets=7).code == 0


def test_wraps_files_and_the_log_they_come_from(tmp_path):
    wraps = tmp_path / "wraps.parquet"
    assert acw("reconstruct", STATES, "-o", wraps).code == 0
    assert same("summary", wraps, "--by", "agent_id").code == 0
    assert "duplicate" in same("summary", wraps, STATES, CONTACTS, "--by", "agent_id").err


def test_newest_first_and_spellings_of_one_agent(tmp_path):
    rows = [*one_wrap("علي", "c1"), *one_wrap("علی", "c2", minutes=30), *one_wrap("b", "c3", minutes=60)]
    log = written(tmp_path, "log.csv", rows[::-1])
    told = same("reconstruct", log).err
    assert "newest first" in told
    assert "united" in told


def test_a_folder_with_something_else_in_it(tmp_path):
    written(tmp_path, "log.csv", one_wrap())
    written(tmp_path, "notes.csv", ["1,2"], "what,ever")
    assert "notes.csv: skipped" in same("summary", tmp_path).err


def test_nothing_known_and_a_named_file_nobody_knows(tmp_path):
    other = written(tmp_path, "notes.csv", ["1,2"], "what,ever")
    assert same("summary", other).code == 3
    assert same("summary", tmp_path).code == 3
    assert same("summary", tmp_path / "none.csv").code == 3


def test_a_damaged_file_in_a_folder(tmp_path):
    written(tmp_path, "log.csv", one_wrap())
    written(tmp_path, "torn.parquet", b"PAR1 and then nothing that ends as it should")
    assert "or move it away" in same("summary", tmp_path).err


def test_maps_of_several_files(tmp_path):
    one = written(tmp_path, "one.csv", [row.replace(",", ";") for row in one_wrap()], "wer;wann;was;ruf;schlange")
    other = written(tmp_path, "two.csv", one_wrap("b", "c9"))
    maps = [
        f"--map={name}={column}" for name, column in (("agent_id", "wer"), ("event_time", "wann"), ("state", "was"))
    ]
    assert "so --map agent_id holds for other files only" in same("reconstruct", one, other, *maps).err


def test_rosters_filters_and_zones():
    words = ["--roster", f"{GENERIC}/roster.csv", "--where", "team <> ''", "--tz", "Europe/Berlin", "--by", "team,day"]
    assert same("summary", STATES, *words).code == 0


def test_too_many_bad_rows(tmp_path):
    path = written(tmp_path, "log.csv", [*one_wrap(), "a1,never,acw,c1,q"])
    assert "more than --max-bad allows" in same("summary", path).err


def test_pseudonyms(monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "0123456789abcdef0123456789abcdef")
    for words in (["flag", STATES, "--all"], ["explain", "a01", STATES, CONTACTS], ["report", STATES]):
        run = same(*words, "--anonymize")
        assert b"a01" not in run.out


@pytest.mark.parametrize("hiding", [[], ["--anonymize"]], ids=["ids", "pseudonyms"])
def test_what_goes_on_around_wraps(hiding, tmp_path, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "0123456789abcdef0123456789abcdef")
    path = contact_file(tmp_path, avoids="a03", calls="a07")
    assert b"calls-inside" in same("explain", "a07", path, "--format", "json", *hiding).out
    assert b"longer-when-waiting" in same("explain", "a03", path, "--format", "json", *hiding).out


def test_the_first_talk_of_a_contact_is_what_counts():
    talks = [("c2", 5, "voice"), ("c2", 30, "voice"), ("c3", 6, "chat"), (None, 7, "voice"), ("c4", 40, "voice")]
    rows = [
        {"agent_id": "a", "event_time": at, "state": "talking", "contact_id": c, "channel": on} for c, at, on in talks
    ]
    events = frame([*rows, {**rows[0], "event_time": 1, "state": "ringing"}])
    wraps = frame([wrap(0, 10), wrap(25, 35), wrap(38, 41)])
    blocks = around(by_agent(events, "states", 0, 0, 2), "states")
    reduced = pl.concat([unpack(block.payload) for block in blocks])
    assert reduced.height == 2
    assert with_calls(wraps, calls_of(None, events.lazy()))["calls"].to_list() == [1, 0, 1]
    assert with_calls(wraps, calls_of(None, reduced.lazy()))["calls"].to_list() == [1, 0, 1]


def test_urls_go_through_spark(tmp_path):
    path = written(tmp_path, "log.csv", [*one_wrap(), "a1,never,acw,c1,q"])
    words = ["--max-bad", "50%", "--rejects"]
    here = acw("reconstruct", path, *words, tmp_path / "here.csv")
    there = acw("reconstruct", f"file://{path}", *words, tmp_path / "there.csv", "--engine", "spark")
    assert (there.code, there.out) == (here.code, here.out)
    assert (tmp_path / "there.csv").read_text() == (tmp_path / "here.csv").read_text()


# --- parts of a Parquet file ----------------------------------------------------------------------------------------


@pytest.fixture
def small_parts(monkeypatch):
    real = parts.in_parts
    monkeypatch.setattr("acwcli.pipeline.spark.loading.in_parts", lambda source: real(source, 2_000))


def grouped(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_parquet(path, row_group_size=1_000)
    return path


def typed() -> pl.DataFrame:
    return pl.read_csv(STATES, try_parse_dates=True).with_columns(pl.col("event_time").cast(pl.Datetime("ms")))


def test_row_groups_are_read_apart(tmp_path, ran, small_parts):
    path = grouped(typed(), tmp_path / "log.parquet")
    assert same("reconstruct", path).code == 0
    assert len(ran[0].tasks) == 1
    assert ran[0].tasks[0] > 5


def test_contact_records_in_row_groups(tmp_path, ran, small_parts):
    frame = pl.read_csv(CONTACTS, try_parse_dates=True)
    path = grouped(frame, tmp_path / "records.parquet")
    assert same("summary", path, "--per", "handled", "--by", "agent_id").code == 0
    assert ran[0].tasks[0] > 1


def only(rows: pl.Expr, name: str, text: str) -> pl.Expr:
    return pl.when(rows).then(pl.lit(text)).otherwise(name).alias(name)


PLACE = pl.int_range(pl.len())
TWO_SPELLINGS = [
    only((pl.col("agent_id") == "a01") & (PLACE < 15_000), "agent_id", "علي"),
    only((pl.col("agent_id") == "a01") & (PLACE >= 15_000), "agent_id", "علی"),
]
ANOTHER_STORY = {
    "newest first": lambda log: log.sort("event_time", descending=True),
    "a strange state": lambda log: log.with_columns(only(PLACE == 25_000, "state", "odd")),
    "two spellings": lambda log: log.with_columns(TWO_SPELLINGS[0]).with_columns(TWO_SPELLINGS[1]),
}


@pytest.mark.parametrize("changed", ANOTHER_STORY.values(), ids=ANOTHER_STORY)
def test_parts_that_tell_another_story_are_read_again_whole(changed, tmp_path, ran, small_parts):
    path = grouped(changed(typed()), tmp_path / "log.parquet")
    assert same("reconstruct", path).code == 0
    assert ran[0].tasks[1:] == [1]


DAY, CLOCK = pl.col("event_time").dt.date(), pl.col("event_time").dt.time()
CLOCKS_OF_TEXT = {
    "texts": lambda log: log.with_columns(pl.col("event_time").dt.to_string("%d.%m.%Y %H:%M:%S")),
    "date and time": lambda log: log.with_columns(date=DAY, time=CLOCK).drop("event_time"),
}


@pytest.mark.parametrize("changed", CLOCKS_OF_TEXT.values(), ids=CLOCKS_OF_TEXT)
def test_clocks_to_be_decided_keep_a_file_whole(changed, tmp_path, ran, small_parts):
    path = grouped(changed(typed()), tmp_path / "log.parquet")
    same("reconstruct", path)
    assert ran[0].tasks == [1]


def test_a_zone_keeps_a_file_of_local_times_whole(tmp_path, ran, small_parts):
    path = grouped(typed(), tmp_path / "log.parquet")
    assert same("reconstruct", path, "--tz", "Europe/Berlin").code == 0
    assert ran[0].tasks == [1]


def test_rejected_rows_of_parts(tmp_path, ran, small_parts):
    path = grouped(
        typed().with_columns(event_time=pl.when(pl.int_range(pl.len()) % 5_000 != 4_999).then("event_time")),
        tmp_path / "log.parquet",
    )
    files = [tmp_path / "here.csv", tmp_path / "there.csv"]
    engines = ([], ["--engine", "spark"])
    runs = [acw("reconstruct", path, "--rejects", file, *words) for file, words in zip(files, engines, strict=True)]
    assert runs[0] == runs[1]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert ran[0].tasks[0] > 5


# --- what works on one machine only ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-"], "standard input"),
        ([STATES, "--profile", "mine.toml"], "--profile does not work"),
        ([STATES, "--input-format", "asterisk-queue-log"], "reads generic-states"),
        (["sample_data/asterisk_queue_log/queue_log"], "--engine spark does not read"),
    ],
)
def test_what_it_does_not_read(words, said):
    run = acw("summary", *words, "--engine", "spark")
    assert run.code == 2
    assert said in run.err


def test_a_store_needs_no_cluster(tmp_path):
    assert acw("ingest", "--store", tmp_path / "store", MORNING).code == 0
    run = acw("summary", tmp_path / "store", "--engine", "spark")
    assert (run.code, run.out) == (2, b"")
    assert "leave --engine out" in run.err
