"""A store answers as if all its files had been given at once, whatever came when."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.cli import ROOT, acw
from tests.reference import strategies
from tests.reference.strategies import MINUTE, START
from tests.reference.writing import WRITERS
from tests.test_properties import few

Row = dict[str, Any]
HOUR = 60 * MINUTE
DAY = 24 * HOUR
GAPS = (*strategies.STEPS, 5 * MINUTE, HOUR, 5 * HOUR, 16 * HOUR, DAY, 3 * DAY)

QUESTIONS = (
    ("reconstruct",),
    ("summary", "--by", "day,queue", "--tz", "Asia/Tehran", "--limit", "60s"),
)


@st.composite
def shifts(draw: st.DrawFn, agent: str) -> list[Row]:
    """The events of one agent over some days."""
    tokens = [token for part in draw(st.lists(strategies.episodes(), min_size=1, max_size=6)) for token in part]
    now, rows = START + draw(st.sampled_from((0, 10 * HOUR, 15 * HOUR + 50 * MINUTE, 2 * DAY))), []
    for state, contact, channel in tokens:
        now += draw(st.sampled_from(GAPS))
        rows.append(strategies.row(agent, now, state, contact_id=contact, channel=channel, queue="q"))
    return rows


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """A state log of several days: restarts, repeated rows, bad rows, whose order in the file is that of time."""
    agents = draw(st.lists(st.sampled_from(strategies.AGENTS), min_size=1, max_size=3, unique=True))
    rows = sorted((one for agent in agents for one in draw(shifts(agent))), key=lambda one: one["event_time"])
    for place in draw(st.lists(st.integers(0, len(rows) - 1), max_size=1)):
        rows.insert(place, strategies.row(None, rows[place]["event_time"], "unknown"))
    for place in draw(st.lists(st.integers(0, len(rows) - 1), max_size=2)):
        rows = strategies.repeated(rows, place)
    for place in draw(st.lists(st.integers(1, len(rows)), max_size=1)):
        rows.insert(place, strategies.row(draw(st.sampled_from(agents)), 0, "ready", rejected=True))
    return rows


@st.composite
def cut(draw: st.DrawFn, rows: list[Row]) -> list[list[Row]]:
    """Cut rows into files, some of them holding rows that belong elsewhere."""
    edges = [0, *sorted(draw(st.sets(st.integers(1, max(1, len(rows) - 1)), max_size=5))), len(rows)]
    files = [list(rows[low:high]) for low, high in pairwise(edges)]
    if draw(st.booleans()):
        late = draw(st.lists(st.sampled_from(range(len(rows))), min_size=1, max_size=3, unique=True))
        files = [[one for one in part if not any(one is rows[place] for place in late)] for part in files]
        files.append([rows[place] for place in sorted(late)])
    # A file without one readable row is refused, from a store and without one.
    return [part for part in files if any(not one.get("rejected") for one in part)]


@st.composite
def nights(draw: st.DrawFn, count: int) -> list[list[int]]:
    """Which files come in which night: all of them, in any order, some twice."""
    order = draw(st.one_of(st.just(list(range(count))), st.permutations(range(count))))
    edges = [0, *sorted(draw(st.sets(st.integers(1, max(1, count - 1)), max_size=4))), count]
    parts = [list(order[low:high]) for low, high in pairwise(edges) if low < high]
    again = draw(st.lists(st.integers(0, count - 1), max_size=1))
    return [*parts[:-1], [*again, *parts[-1]]]


def ingest_nights(store: Path, paths: Sequence[Path], come: Sequence[Sequence[int]]) -> list[str]:
    said = []
    for night in come:
        ran = acw("ingest", "--store", store, *(paths[place] for place in night), "--max-bad", "1")
        assert ran.code == 0, ran.err
        said.append(ran.err)
    return said


def same_answers(store: Path, paths: Sequence[Path], questions: Sequence[Sequence[str]] = QUESTIONS) -> None:
    for question in questions:
        command, *options = question
        kept = acw(command, store, *options, "--format", "csv", "--max-bad", "1")
        direct = acw(command, *paths, *options, "--format", "csv", "--max-bad", "1")
        assert (kept.code, kept.text) == (direct.code, direct.text), question
        if kept.code == 0:
            assert sorted(kept.err.splitlines()) == sorted(direct.err.splitlines()), question


def check_history(files: Sequence[Sequence[Row]], come: Sequence[Sequence[int]], kinds: Sequence[str] = ()) -> None:
    """Rows as files, of the kinds in turn."""
    kinds = kinds or ("csv",)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for place, rows in enumerate(files):
            kind = kinds[place % len(kinds)]
            path = Path(folder) / f"f{place}.{kind}"
            WRITERS[kind][0](rows, path)
            paths.append(path)
        check_files(paths, come, Path(folder) / "store")


def content(path: Path) -> bytes:
    """What makes a file the same one: compressed or not."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def check_files(paths: Sequence[Path], come: Sequence[Sequence[int]], store: Path) -> None:
    texts = [content(path) for path in paths]
    firsts = [place for place, text in enumerate(texts) if text not in texts[:place]]
    said = ingest_nights(store, paths, come)
    if any("every wrap was rebuilt" in text for text in said):
        event("everything rebuilt")
    order = list(dict.fromkeys(place for night in come for place in night))
    firsts = [next(other for other in order if texts[other] == texts[place]) for place in firsts]
    same_answers(store, [paths[place] for place in order if place in firsts])


@few(10)
@given(st.data())
def test_any_split_of_a_state_log_into_nights(data):
    files = data.draw(cut(data.draw(histories())))
    check_history(files, data.draw(nights(len(files))))


@few(10)
@given(st.data())
def test_any_split_of_contact_records_into_nights(data):
    first = data.draw(strategies.contact_records(start=START + 10 * HOUR))
    second = data.draw(strategies.contact_records(start=START + 2 * DAY))
    files = data.draw(cut([*first, *second]))
    check_history(files, data.draw(nights(len(files))))


@few(10)
@given(st.data())
def test_any_split_of_states_and_records_into_nights(data):
    rows = data.draw(histories())
    records = data.draw(strategies.records_beside(rows))
    files = [*data.draw(cut(rows)), *data.draw(cut(records))]
    check_history(files, data.draw(nights(len(files))))


KINDS = st.lists(st.sampled_from(list(WRITERS)), min_size=1, max_size=3)


@few(6)
@given(st.data())
def test_any_split_of_a_history_into_files_of_any_kind(data):
    """JSON lines, Parquet and compressed text beside each other."""
    rows = data.draw(histories())
    files = [*data.draw(cut(rows)), *data.draw(cut(data.draw(strategies.records_beside(rows))))]
    check_history(files, data.draw(nights(len(files))), data.draw(KINDS))


@few(6)
@given(st.data())
def test_any_split_of_wraps_files_into_nights(data):
    """What `acw reconstruct` wrote, a state log of some agents beside it or not."""
    rows = data.draw(histories())
    suffix = data.draw(st.sampled_from(("csv", "ndjson", "parquet")))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for place, part in enumerate(data.draw(cut(rows))):
            raw, path = Path(folder) / f"raw{place}.csv", Path(folder) / f"f{place}.{suffix}"
            WRITERS["csv"][0](part, raw)
            made = acw("reconstruct", raw, "-o", path, "--max-bad", "1")
            paths += [raw if data.draw(st.integers(0, 3)) == 0 or made.code else path]
        check_files(paths, data.draw(nights(len(paths))), Path(folder) / "store")


SAMPLES = [path for path in sorted((ROOT / "sample_data").glob("*/*")) if path.is_file() and path.suffix != ".py"]


@pytest.mark.parametrize(
    "sample", [path for path in SAMPLES if path.suffix in (".csv", ".ndjson", "")], ids=lambda path: path.name
)
def test_every_sample_split_into_nights(sample, tmp_path):
    """Text exports cut by lines into five nights; a header, where there is one, is repeated."""
    lines = sample.read_bytes().splitlines(keepends=True)
    header = [] if sample.suffix in (".ndjson", "") else lines[:1]
    rows = lines[len(header) :]
    size = -(-len(rows) // 5)
    paths = []
    for place in range(0, len(rows), size):
        path = tmp_path / f"night{place:06}{sample.suffix}"
        path.write_bytes(b"".join([*header, *rows[place : place + size]]))
        paths.append(path)
    direct = acw("reconstruct", *paths, "--max-bad", "1")
    if direct.code in (2, 3, 4):
        pytest.skip(direct.err)
    for path in paths:
        ran = acw("ingest", "--store", tmp_path / "store", path, "--max-bad", "1")
        assert ran.code == 0, ran.err
    same_answers(tmp_path / "store", paths)


def records_in(document: Any, place: tuple[str, ...] = ()) -> tuple[tuple[str, ...], list[Any]]:
    """Where a document of an API keeps its records, and those."""
    if isinstance(document, list):
        return place, document
    inner = [records_in(value, (*place, key)) for key, value in document.items() if isinstance(value, dict | list)]
    return max(inner, key=lambda found: len(found[1]), default=(place, []))


def with_records(document: Any, place: tuple[str, ...], records: list[Any]) -> Any:
    if not place:
        return records
    return {**document, place[0]: with_records(document[place[0]], place[1:], records)}


def is_one_document(path: Path) -> bool:
    """Others hold one document behind the other."""
    text = path.read_text().rstrip()
    return json.JSONDecoder().raw_decode(text)[1] == len(text)


DOCUMENTS = [path for path in SAMPLES if path.suffix == ".json" and is_one_document(path)]


@pytest.mark.parametrize("sample", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_split_into_nights(sample, tmp_path):
    """JSON of an API: the records of one document as some, each with what stands around them."""
    document = json.loads(sample.read_bytes())
    place, records = records_in(document)
    assert len(records) > 2
    size = -(-len(records) // 4)
    paths = []
    for low in range(0, len(records), size):
        paths.append(tmp_path / f"night{low:06}.json")
        paths[-1].write_text(json.dumps(with_records(document, place, records[low : low + size])))
    for path in reversed(paths):
        ran = acw("ingest", "--store", tmp_path / "store", path, "--max-bad", "1")
        assert ran.code == 0, ran.err
    same_answers(tmp_path / "store", paths[::-1])
