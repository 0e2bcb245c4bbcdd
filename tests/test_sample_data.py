"""The sample files are what their generators write, and they show what their README promises."""

import csv
import gzip
import importlib.util
import itertools
import json
import statistics
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from acwcli.formats.words import column_name, state_of

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_data"
LONG_TAIL = {"a07", "a13", "a18", "a24", "a31", "a36"}


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stories():
    """The generator's modules: `centre`, `team`, `phones` and `write_all`."""
    sys.path.insert(0, str(SAMPLES))
    try:
        yield load(SAMPLES / "generate.py", "sample_data_generate")
    finally:
        sys.path.remove(str(SAMPLES))


def rows(name, encoding="utf-8", delimiter=","):
    with (SAMPLES / "generic" / name).open(encoding=encoding, newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


@pytest.fixture(scope="module")
def wraps():
    """agent → seconds of its wraps in states.csv: an acw event up to the agent's next event."""
    header, *events = rows("states.csv")
    assert header[:3] == ["agent_id", "event_time", "state"]
    found, opened = defaultdict(list), {}
    for agent, at, state, *_ in events:
        now = datetime.fromisoformat(at)
        if agent in opened:
            found[agent].append((now - opened.pop(agent)).total_seconds())
        if state == "acw":
            opened[agent] = now
    assert not opened
    return found


def test_generating_again_gives_the_same_files(stories, tmp_path):
    stories.write_all(tmp_path)
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    kept = [path.relative_to(SAMPLES) for path in SAMPLES.rglob("*") if path.suffix not in (".py", ".pyc", ".md")]
    assert written == sorted(path for path in kept if (SAMPLES / path).is_file())
    for name in written:
        new, old = tmp_path / name, SAMPLES / name
        if name.suffix == ".parquet":
            assert_frame_equal(pl.read_parquet(new), pl.read_parquet(old))
        elif name.suffix == ".gz":
            assert gzip.decompress(new.read_bytes()) == gzip.decompress(old.read_bytes())
        else:
            assert new.read_bytes() == old.read_bytes(), name


def test_they_are_small_and_described():
    files = [path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert sum(path.stat().st_size for path in files) < 3_000_000
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(path.name in readme for path in files if path.name != "README.md")


def test_the_mean_is_90_s_and_80_percent_finish_within_60_s(wraps):
    seconds = sorted(itertools.chain(*wraps.values()))
    assert 6_000 <= len(seconds) <= 8_000
    assert statistics.fmean(seconds) == pytest.approx(90, abs=1)
    assert sum(value <= 60 for value in seconds) / len(seconds) >= 0.80
    assert statistics.quantiles(seconds, n=5, method="inclusive")[3] <= 60


def test_six_agents_make_the_difference(wraps):
    means = {agent: statistics.fmean(seconds) for agent, seconds in wraps.items()}
    over = {agent: sum(max(0, value - 60) for value in seconds) for agent, seconds in wraps.items()}
    assert len(means) == 40
    assert sum(over[agent] for agent in LONG_TAIL) / sum(over.values()) > 0.85
    assert sorted(over, key=over.get)[-6:] == sorted(LONG_TAIL, key=over.get)
    assert all(30 <= means[agent] <= 52 for agent in means.keys() - LONG_TAIL)
    assert all(means[agent] > 200 for agent in LONG_TAIL)


def test_contacts_and_roster_match_the_states(wraps):
    header, *contacts = rows("contacts.csv")
    agent, acw = header.index("agent_id"), header.index("acw_s")
    by_agent = defaultdict(list)
    for row in contacts:
        by_agent[row[agent]].append(float(row[acw]))
    assert {name: sorted(seconds) for name, seconds in by_agent.items()} == {
        name: sorted(seconds) for name, seconds in wraps.items()
    }
    assert {row[0] for row in rows("roster.csv")[1:]} == set(wraps)


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "titles"),
    [
        ("states_ru.csv", "windows-1251", ";", 0),
        ("states_fa.csv", "utf-8", ",", 0),
        ("states_zh.csv", "gb18030", ",", 0),
        ("states_es.csv", "utf-8", ";", 2),
        ("intervals.tsv", "utf-8", "\t", 0),
    ],
)
def test_every_dress_uses_known_words_for_the_same_events(stories, name, encoding, delimiter, titles):
    header, *events = rows(name, encoding, delimiter)[titles:]
    events = [row for row in events if row[0] != "Total"]
    assert all(column_name(word) for word in header)
    agent, state = (
        next(i for i, word in enumerate(header) if want in column_name(word)) for want in ("agent_id", "state")
    )
    told = sorted((event.agent, event.state) for event in stories.team.team())
    assert sorted((row[agent], state_of(row[state])) for row in events) == told


def test_native_dresses_hold_the_same_events(stories):
    told = [(event.agent, event.state) for event in stories.team.team()]
    with gzip.open(SAMPLES / "generic/states.ndjson.gz", "rt") as stream:
        assert [(row["agent_id"], row["state"]) for row in map(json.loads, stream)] == told
    frame = pl.read_parquet(SAMPLES / "generic/states.parquet")
    assert frame.select("agent_id", "state").rows() == told
    assert frame["event_time"].is_sorted()


def test_the_team_has_the_promised_wraps(stories):
    wraps = stories.team.team_wraps()
    assert len(wraps) == 28
    assert [pieces for *_, pieces in wraps].count(2) == 1


def test_queue_log_is_rotated_inside_a_wrap_and_in_order(stories):
    older, newer, wraps = stories.phones.phones()
    epochs = [int(line.split("|")[0]) for line in older + newer]
    cut = int(newer[0].split("|")[0])
    events = [line.split("|")[4] for line in older + newer]
    assert epochs == sorted(epochs)
    assert newer[0].endswith("CONFIGRELOAD|\n")
    assert any(wrap.start < cut < wrap.end for wrap in wraps)
    assert 400 <= len(epochs) <= 600
    assert {"BLINDTRANSFER", "ATTENDEDTRANSFER", "RINGNOANSWER", "ABANDON", "PAUSEALL", "REMOVEMEMBER"} <= set(events)
    assert {wrap.ended for wrap in wraps} == {"ready", "not_ready", "logout"}


def test_the_benchmark_log_is_seeded_sorted_and_exact(tmp_path):
    bench = load(ROOT / "bench/generate.py", "bench_generate")
    frame = pl.concat(bench.state_days(20_000, 30))
    assert frame.height == 20_000
    assert frame["event_time"].is_sorted()
    assert_frame_equal(frame, pl.concat(bench.state_days(20_000, 30)))
    assert not frame.equals(pl.concat(bench.state_days(20_000, 30, seed=2)))
    written = pl.read_parquet(bench.write_states(tmp_path, 20_000, 30, "parquet"))
    assert_frame_equal(frame, written)
    lines = bench.write_states(tmp_path, 20_000, 30, "csv").read_text().splitlines()
    assert len(lines) == 20_001
    assert lines[1].split(",")[1] == frame["event_time"][0].strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
