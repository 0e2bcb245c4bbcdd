"""A folder of many files: read together where they are alike, each accounted by itself, the same as one by one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from acwcli import pipeline
from acwcli.errors import DamagedError
from acwcli.formats.options import ReadOptions
from acwcli.formats.platforms import generic_states
from acwcli.model.columns import WRAP_FRAME
from tests.cli import ROOT, acw

EVENTS = pl.read_parquet(ROOT / "sample_data/generic/states.parquet")
PARTS = [EVENTS.slice(start, 23) for start in range(0, EVENTS.height, 23)]
Change = Callable[[pl.DataFrame], pl.DataFrame]


def folder_of(folder: Path, **changes: Change) -> Path:
    """The events in six files, some of them changed: `f0` … `f5`."""
    folder.mkdir(exist_ok=True)
    for place, part in enumerate(PARTS):
        changes.get(f"f{place}", pl.DataFrame.clone)(part).write_parquet(folder / f"f{place}.parquet")
    return folder


def load(folder: Path, **options: object) -> pipeline.Loaded:
    return pipeline.load([str(folder)], ReadOptions(needs=frozenset(WRAP_FRAME), max_bad=1, **options))


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read no two files together from now on."""
    monkeypatch.setattr(generic_states, "groups", lambda _: [])


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of the files that were read by one plan."""
    seen: list[list[str]] = []
    as_one = generic_states.as_one

    def told(grids):
        seen.append([Path(grid.source).stem for grid in grids])
        return as_one(grids)

    monkeypatch.setattr(generic_states, "as_one", told)
    return seen


def clock(form: str) -> Change:
    return lambda part: part.with_columns(pl.col("event_time").dt.strftime(form))


def nth(row: int, **values: object) -> Change:
    """Other values in one row (from 0)."""
    here = pl.int_range(pl.len()) == row
    return lambda part: part.with_columns(
        pl.when(here).then(pl.lit(value)).otherwise(name).cast(part.schema[name]).alias(name)
        for name, value in values.items()
    )


ODD = {
    "f0": nth(4, event_time=None),
    "f1": nth(7, state="Mittagspause"),
    "f2": nth(2, agent_id=" b02 "),
    "f3": pl.DataFrame.reverse,
    "f4": nth(3, agent_id=None),
    "f5": lambda part: part.with_columns(state=pl.lit(" ") + pl.col("state").str.to_uppercase()),
}
MIXED = {
    "f1": clock("%d.%m.%Y %H:%M:%S"),
    "f2": clock("%d.%m.%Y %H:%M:%S"),
    "f3": clock("%Y-%m-%dT%H:%M:%S%z"),
    "f4": lambda part: part.with_columns(pl.col("event_time").dt.epoch("s")),
    "f5": lambda part: part.with_columns(pl.col("event_time").dt.replace_time_zone(None)),
}


def test_files_alike_are_read_by_one_plan(tmp_path, together):
    load(folder_of(tmp_path / "alike"))
    assert together == [["f0", "f1", "f2", "f3", "f4", "f5"]]


def test_files_with_clocks_of_their_own_are_not(tmp_path, together):
    loaded = load(folder_of(tmp_path / "mixed", **MIXED))
    assert together == [["f1", "f2"]]
    times = [file.frame["event_time"] for file in loaded.files]
    assert pl.concat(times).equals(EVENTS["event_time"])


@pytest.mark.parametrize("changes", [{}, ODD, MIXED], ids=["alike", "odd", "mixed"])
@pytest.mark.parametrize("tz", ["UTC", "America/New_York"])
def test_every_file_is_what_it_is_by_itself(tmp_path, monkeypatch, changes, tz):
    folder = folder_of(tmp_path / "files", **changes)
    both = load(folder, tz=tz)
    one_by_one(monkeypatch)
    apart = load(folder, tz=tz)
    assert [file.source for file in both.files] == [file.source for file in apart.files]
    for one, other, account in zip(both.files, apart.files, both.counts, strict=True):
        assert one.frame.equals(other.frame)
        assert one.rejects.equals(other.rejects)
        assert (one.notes, one.details) == (other.notes, other.details)
        assert one.read == 23 == account.used + account.ignored.total() + account.rejected.total()
    assert both.rejects().equals(apart.rejects())


@pytest.mark.parametrize("changes", [{}, ODD, MIXED], ids=["alike", "odd", "mixed"])
def test_answers_are_the_same(tmp_path, monkeypatch, changes):
    folder = folder_of(tmp_path / "files", **changes)
    commands = [("reconstruct", folder), ("summary", folder, "--by", "source"), ("inspect", folder, "--verbose")]
    commands = [(*command, "--max-bad", 1) for command in commands]
    both = [acw(*command) for command in commands]
    one_by_one(monkeypatch)
    assert both == [acw(*command) for command in commands]
    assert all(ran.code == 0 for ran in both)


def test_rows_of_the_repeated_hour_are_told_apart_by_the_order_of_their_own_file(tmp_path, together):
    hours = ["01:50", "02:10", "02:50", "02:20", "02:55", "03:30"]
    days = ["2026-10-25", "2026-10-25", "2026-10-26", "2026-10-26"]
    folder = tmp_path / "autumn"
    folder.mkdir()
    for place, day in enumerate(days):
        pl.DataFrame(
            {
                "agent_id": [f"a{place}"] * len(hours),
                "event_time": [f"{day} {hour}:00" for hour in hours],
                "state": ["ready", "talking", "acw"] * 2,
            }
        ).write_parquet(folder / f"f{place}.parquet")
    loaded = load(folder, tz="Europe/Berlin")
    assert together == [["f2", "f3"]]
    first = loaded.files[0].frame["event_time"].dt.strftime("%H:%M").to_list()
    assert first == ["23:50", "00:10", "00:50", "01:20", "01:55", "02:30"]


def test_the_damaged_one_of_many_is_named(tmp_path):
    folder = folder_of(tmp_path / "damaged")
    rows = 60_000
    whole = pl.select(
        agent_id=pl.format("a{}", pl.int_range(rows) % 50),
        event_time=pl.from_epoch(pl.int_range(1_772_438_400, 1_772_438_400 + rows)).dt.replace_time_zone("UTC"),
        state=pl.lit("ready"),
        contact_id=pl.int_range(rows).cast(pl.String),
        queue=pl.lit("sales"),
        reason=pl.lit(None, pl.String),
    ).cast({"event_time": EVENTS.schema["event_time"]})
    path = folder / "f3.parquet"
    whole.write_parquet(path, row_group_size=20_000)
    assert load(folder).total().read == rows + 5 * 23
    content = bytearray(path.read_bytes())
    begin, end = len(content) * 6 // 10, len(content) * 7 // 10
    content[begin:end] = random.Random(3).randbytes(end - begin)
    path.write_bytes(content)
    with pytest.raises(DamagedError) as raised:
        load(folder)
    assert str(raised.value).startswith(f"{path}: ")
    assert "f2.parquet" not in str(raised.value)


def test_one_broken_head_hides_no_other(tmp_path):
    folder = folder_of(tmp_path / "broken")
    (folder / "f9.parquet").write_bytes(b"PAR1" + bytes(50) + b"PAR1")
    with pytest.raises(DamagedError, match=r"f9\.parquet: damaged Parquet"):
        load(folder)


def test_strangers_among_many_are_skipped_and_named(tmp_path):
    folder = folder_of(tmp_path / "strangers")
    pl.DataFrame({"a": [1], "b": [2]}).write_parquet(folder / "f33.parquet")
    (folder / "f34.csv").write_bytes(PARTS[0].with_columns(agent_id=pl.lit("c07")).write_csv().encode())
    loaded = load(folder)
    assert loaded.total().read == EVENTS.height + 23
    (skipped,) = [item for item in loaded.recognised if item.format is None]
    assert skipped.probe.input.path.name == "f33.parquet"


@pytest.mark.parametrize(
    "needs", [pipeline.ALERT_NEEDS, pipeline.report_needs(), frozenset(("acw_ms", "row"))], ids=len
)
def test_the_file_of_each_wrap_is_known_where_it_is_asked_for(tmp_path, needs):
    loaded = load(folder_of(tmp_path / "alike"))
    found = pipeline.wraps(loaded, pipeline.WrapOptions(), needs)
    begun = dict(found.frame.group_by("file").len().iter_rows())
    named = pipeline.wraps(loaded, pipeline.WrapOptions(), frozenset(("acw_ms", "source")))
    sources = [file.source for file in loaded.files]
    assert {sources[file]: wraps for file, wraps in begun.items()} == dict(
        named.frame.group_by(pl.col("source").cast(pl.String)).len().iter_rows()
    )
    assert len(begun) == len(PARTS)
    assert pipeline.inspect(found).frame["wraps"].to_list() == [begun[place] for place in range(len(PARTS))]


def test_reasons_have_one_order(tmp_path):
    part = nth(4, event_time=None)(nth(5, state=None)(nth(6, agent_id=None)(PARTS[0])))
    folder = folder_of(tmp_path / "odd", f0=lambda _: part)
    for _ in range(4):
        assert list(load(folder).counts[0].rejected) == ["no agent", "no state", "no time"]


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_another(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "alike")
    as_one = generic_states.as_one

    def changed(grids):
        PARTS[0].head(3).write_parquet(folder / "f1.parquet")
        return as_one(grids)

    monkeypatch.setattr(generic_states, "as_one", changed)
    with pytest.raises(DamagedError, match=r"f1\.parquet: cannot be read"):
        load(folder)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (3, ["0.csv: times", "1.csv: times", "2.csv: 1 title line", "2.csv: times"]),
        (4, ["0.csv and 3 other files: times", "3.csv: 1 title line"]),
    ],
)
def test_what_many_files_say_alike_is_said_once(tmp_path, files, said):
    for number in range(files):
        rows = f"a{number},2026-03-02 08:00:00,acw\na{number},2026-03-02 08:00:30,ready\n"
        title = "a title\n" * (number == files - 1)
        (tmp_path / f"{number}.csv").write_text(f"{title}agent_id,event_time,state\n{rows}")
    told = [line.removeprefix(f"acw: {tmp_path}/") for line in acw("summary", tmp_path).err.splitlines()[1:]]
    assert [" ".join(note.split()[: len(start.split())]) for note, start in zip(told, said, strict=True)] == said


def test_a_file_without_rows_says_nothing_of_its_times(tmp_path):
    (tmp_path / "empty.csv").write_text("agent_id,event_time,state\n")
    ran = acw("summary", tmp_path / "empty.csv")
    assert (ran.code, "read as" in ran.err) == (4, False)
