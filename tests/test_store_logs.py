"""A queue_log in a store: read on night by night, and still the answers of the whole log, however it was cut."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import polars as pl
from hypothesis import assume, event, given
from hypothesis import strategies as st

from acwcli.formats.queue_log import DEFAULT_WRAP_REASONS, as_states, followed
from acwcli.formats.queue_log_before import PLACE, Before, left_behind, names_in
from tests.cli import acw
from tests.queue_logs import call, events, fan_out, log, row
from tests.test_properties import few
from tests.test_store import ingest, wraps_of
from tests.test_store_answers import QUESTIONS, ingest_nights, nights, same_answers

START = 1_772_438_400
DAY = 86_400
AGENTS = ("Agent/1001", "SIP/1002", "Ann", "PJSIP/ann")
REASONS = ("ACW", "Wrapup", "Lunch", "", "Auto-Unpause")
GAPS = (0, 0, 0, 1, 1, 2, 5, 60, 3600, DAY)

Lines = list[tuple[int, str]]
"""Rows of a log and their second."""


@st.composite
def happenings(draw: st.DrawFn, second: int, agent: str) -> list[str]:
    """What one agent does at one instant: a row, or the rows that are written together."""
    queue, callid = draw(st.sampled_from("ab")), draw(st.sampled_from(("c1", "c2", "c3", "x9")))
    kind = draw(st.sampled_from(KINDS))
    if kind == "fan out":
        event_name, reason = draw(st.sampled_from(("PAUSE", "UNPAUSE"))), draw(st.sampled_from(REASONS))
        return [line.replace(AGENTS[0], agent) for line in fan_out(second, event_name, reason, "ab")]
    if kind in ("PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL"):
        reason, at = draw(st.sampled_from(REASONS)), draw(st.sampled_from((queue, "NONE")))
        return [row(second, kind, reason, queue="NONE" if kind.endswith("ALL") else at, agent=agent)]
    if kind == "ADDMEMBER":
        return [row(second, kind, draw(st.sampled_from(("", "paused"))), queue=queue, agent=agent)]
    if kind == "bad":
        return [f"99999999999|NONE|{queue}|{agent}|PAUSE|ACW"]
    if kind == "QUEUESTART":
        return [row(second, kind, agent="NONE")]
    named = kind in ("CONNECT", "COMPLETEAGENT", "COMPLETECALLER")
    return [row(second, kind, "3|9|1", queue=queue, callid=callid if named else "NONE", agent=agent)]


KINDS = (
    "CONNECT", "CONNECT", "COMPLETEAGENT", "COMPLETECALLER", "COMPLETECALLER", "fan out", "fan out", "PAUSE", "UNPAUSE",
    "PAUSEALL", "UNPAUSEALL", "ADDMEMBER", "REMOVEMEMBER", "RINGNOANSWER", "RINGNOANSWER", "AGENTLOGIN", "AGENTLOGOFF",
    "bad", "QUEUESTART",
)  # fmt: skip


@st.composite
def logs(draw: st.DrawFn, most: int = 25) -> Lines:
    """A log of some days and agents, with calls, pauses, restarts and rows nobody can read, in order of time."""
    agents = draw(st.lists(st.sampled_from(AGENTS), min_size=1, max_size=3, unique=True))
    second, lines = START + draw(st.sampled_from((0, 57_590))), [(START, row(START, "QUEUESTART", agent="NONE"))]
    for _ in range(draw(st.integers(4, most))):
        second += draw(st.sampled_from(GAPS))
        lines += [(second, line) for line in draw(happenings(second, draw(st.sampled_from(agents))))]
    return lines


def is_readable(line: str) -> bool:
    return not line.startswith("99999999999|")


@few(60)
@given(st.data())
def test_a_log_read_on_says_what_the_whole_says(data):
    """Cut where more than a second lies between rows: closer ones are read together."""
    lines = data.draw(logs(40))
    places = [
        place
        for place, ((one, _), (two, _)) in enumerate(pairwise(lines), 1)
        if two - one > 1 and is_readable(lines[place][1]) and is_readable(lines[place - 1][1])
    ]
    assume(places)
    edges = [0, *sorted(data.draw(st.sets(st.sampled_from(places), min_size=1, max_size=3))), len(lines)]
    parts = [log(*(line for _, line in lines[low:high])) for low, high in pairwise(edges)]
    reasons = (*DEFAULT_WRAP_REASONS, *data.draw(st.sampled_from(((), ("",)))))
    rows, changes = followed(events(*parts), reasons)
    whole = as_states(rows, changes)
    before, calls = Before(names=names_in(rows, {})), pl.DataFrame(schema={"agent": pl.String, "callid": pl.String})
    for place, part in enumerate(parts):
        known = calls
        rows, changes = followed(
            events(part), reasons, one_file=data.draw(st.booleans()), before=before,
            connected=lambda pairs, known=known: pairs.join(known, on=["agent", "callid"], how="semi"),
        )  # fmt: skip
        own = rows.filter(pl.col("file") != PLACE)
        assert as_states(rows, changes).drop("file").equals(whole.filter(pl.col("file") == place).drop("file"))
        calls = pl.concat(
            [calls, own.filter(pl.col("kind") == "connect").select(pl.col("agent").cast(pl.String), "callid")]
        )
        until = own["t"].max()
        on_the_way = data.draw(st.sampled_from(sorted({*own["t"], until})))
        before = left_behind(rows, changes, sorted({on_the_way, until}), before)[-1]


def given_at_once(folder: Path, files: Sequence[Sequence[str]]) -> list[Path]:
    paths = []
    for place, lines in enumerate(files):
        paths.append(folder / f"queue_log.{place}")
        paths[-1].write_text(log(*lines, ""))
    return paths


def check_nights(files: Sequence[Sequence[str]], come: Sequence[Sequence[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = given_at_once(Path(folder), files)
        store = Path(folder) / "store"
        said = ingest_nights(store, paths, come)
        event("everything rebuilt" if any("every wrap was rebuilt" in text for text in said[1:]) else "read on")
        order = list(dict.fromkeys(place for night in come for place in night))
        same_answers(store, [paths[place] for place in order], QUESTIONS[:1])
        assert acw("store", "check", store, "--thorough").code == 0


@few(12)
@given(st.data())
def test_any_split_of_a_queue_log_into_nights(data):
    """At any row, some rows late or in another file, files in any order, some of them twice."""
    lines = [line for _, line in data.draw(logs())]
    edges = [0, *sorted(data.draw(st.sets(st.integers(1, len(lines) - 1), min_size=1, max_size=5))), len(lines)]
    files = [lines[low:high] for low, high in pairwise(edges)]
    if data.draw(st.booleans()):
        late = data.draw(st.sampled_from([part for part in files if len(part) > 1] or [lines]))
        files.append([late.pop(data.draw(st.integers(0, len(late) - 1)))])
    # A file is known by its first lines, and without a readable row refused, from a store and without one.
    files = [part[next((n for n, line in enumerate(part) if is_readable(line)), len(part)) :] for part in files]
    files = [list(part) for part in dict.fromkeys(tuple(part) for part in files) if part]
    assume(all(sum(map(is_readable, part[:8])) * 2 > len(part[:8]) for part in files))
    check_nights(files, data.draw(nights(len(files))))


@few(8)
@given(st.data())
def test_a_queue_log_that_grows(data):
    """The same file every night, each time longer: it replaces its beginning."""
    lines = [line for _, line in data.draw(logs())]
    sizes = sorted({*data.draw(st.sets(st.integers(1, len(lines)), min_size=1, max_size=4)), len(lines)})
    with tempfile.TemporaryDirectory() as folder:
        path, store = Path(folder) / "queue_log", Path(folder) / "store"
        for size in sizes:
            path.write_text(log(*lines[:size], ""))
            ingest_nights(store, [path], [[0]])
        same_answers(store, [path], QUESTIONS[:1])
        assert acw("store", "check", store, "--thorough").code == 0


# --- a night's cost ---------------------------------------------------------------------------------------------------


def night(folder: Path, day: int) -> Path:
    """A member added in the first night only; a call, and a wrap-up pause that ends in the next night."""
    at = START + day * DAY
    lines = [row(at, "ADDMEMBER", queue="support")] if day == 0 else [row(at, "UNPAUSE", "")]
    lines += [*call(at + 60, at + 120, f"c{day}"), row(at + 121, "PAUSE", "ACW")]
    path = folder / f"queue_log.{day}"
    path.write_text(log(*lines, ""))
    return path


def test_a_night_reads_the_end_of_the_log_only(tmp_path):
    """The copies of older files may even be gone: nobody looks at them."""
    store = tmp_path / "store"
    paths = [night(tmp_path, day) for day in range(12)]
    for path in paths[:11]:
        ingest(store, path)
    manifest = json.loads((store / "acw-store.json").read_text())
    assert len(manifest["befores"]) == 8
    for file in manifest["files"][:8]:
        (store / "files" / f"{file['digest']}.zst").unlink()
    ran = ingest(store, paths[11])
    assert "rebuilt" not in ran.err
    assert [line.split(",")[0] for line in ran.text.splitlines()[1:]] == ["2026-03-12", "2026-03-13"]
    assert wraps_of(store) == acw("reconstruct", *paths, "--format", "csv", "--quiet").text


def test_rows_that_come_late(tmp_path):
    """Of last week, the log is read on from there; of earlier times, from its beginning. Answers are those of all."""
    store = tmp_path / "store"
    paths = [night(tmp_path, day) for day in range(14)]
    for path in (*paths[:2], *paths[3:9], *paths[10:], paths[9], paths[2]):
        ran = ingest(store, path)
        assert "rebuilt" not in ran.err
    assert wraps_of(store) == acw("reconstruct", *paths, "--format", "csv", "--quiet").text
    assert acw("store", "check", store, "--thorough").code == 0


def test_who_is_who_may_change_everything(tmp_path):
    """Interface and member name become one agent when the member name is first seen."""
    store = tmp_path / "store"
    first, second = tmp_path / "queue_log.1", tmp_path / "queue_log.2"
    first.write_text(
        log(*call(START, START + 60, "c1", agent="SIP/1001"), row(START + 60, "PAUSE", "ACW", agent="SIP/1001"), "")
    )
    second.write_text(log(*[line.replace("CONNECT", "RINGNOANSWER") for line in call(START + DAY, START + DAY + 9)[:1]],
                          row(START + DAY + 20, "PAUSE", "Lunch"), ""))  # fmt: skip
    ingest(store, first)
    assert "every wrap was rebuilt" in ingest(store, second).err
    assert wraps_of(store) == acw("reconstruct", first, second, "--format", "csv", "--quiet").text


def test_parts_of_a_log_are_checked_and_made_anew(tmp_path):
    store = tmp_path / "store"
    ingest(store, night(tmp_path, 0))
    part = next((store / "log").iterdir())
    part.write_bytes(b"")
    ran = acw("store", "check", store)
    assert part.name in ran.text
    assert "--rebuild" in ran.text
    ingest(store, "--rebuild")
    assert acw("store", "check", store, "--thorough").code == 0
