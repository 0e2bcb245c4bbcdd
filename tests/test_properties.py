"""The engine against the slow reference, on files as people export them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from acwcli.model.columns import WRAP_FRAME
from tests.engine import engine_wraps
from tests.reference import figures, strategies
from tests.reference.contacts import WRAP_COLUMNS
from tests.reference.timeline import newest_first
from tests.reference.wraps import wraps as reference_wraps
from tests.reference.writing import WRITERS, csv_text

Row = dict[str, Any]

EVERYTHING_BUT_PLACE = [column for column in WRAP_COLUMNS if column not in ("source", "row")]


FUZZ = int(os.environ.get("ACW_FUZZ", "0"))
"""`ACW_FUZZ=20 pytest tests/test_properties.py` tries 20 times as many examples, others each time."""


def few(examples: int) -> Any:
    """Every example writes files and runs the engine, so there are few of them, and the same ones on every machine."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(
        max_examples=examples * max(1, FUZZ), derandomize=not FUZZ, deadline=None, suppress_health_check=slow
    )


def found(files: Sequence[tuple[Sequence[Row], str]], **options: Any) -> list[Row]:
    """The engine's wraps of some files given as rows and name; the suffix decides the shape."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for rows, name in files:
            path = Path(folder) / name
            WRITERS[name.partition(".")[2]][0](rows, path)
            paths.append(path)
        return engine_wraps(paths, **options)


def laid_out(files: Sequence[tuple[Sequence[Row], str]]) -> list[Row]:
    """The same files for the reference: rows that know their file and line."""
    return [row for rows, name in files for row in strategies.laid_out(rows, name, WRITERS[name.partition(".")[2]][1])]


def table(wraps: Sequence[Row], columns: Sequence[str] = WRAP_COLUMNS) -> list[dict[str, Any]]:
    """Wraps in an order that depends on nothing but them."""
    rows = [{column: wrap[column] for column in columns} for wrap in wraps]
    return sorted(rows, key=lambda row: [(value is None, str(value)) for value in row.values()])


def check(states: Sequence[Row], records: Sequence[Row] = (), **options: Any) -> None:
    """One state log and one contact record file, engine against reference, to the file and line."""
    files = [(rows, name) for rows, name in ((states, "states.csv"), (records, "contacts.csv")) if rows]
    told = reference_wraps(laid_out([(states, "states.csv")]), laid_out([(records, "contacts.csv")]), **options)
    for wrap in told:
        event(f"{wrap['method']} {wrap['status']}")
    assert table(found(files, **options)) == table(told)


# --- the rules ------------------------------------------------------------------------------------------------------


@few(60)
@given(strategies.state_logs(), st.sampled_from(strategies.MAX_WRAPS))
def test_state_logs(log: list[Row], max_wrap: int) -> None:
    check(log, max_wrap=max_wrap)


@few(30)
@given(strategies.contact_records())
def test_contact_records(records: list[Row]) -> None:
    check([], records)


@few(30)
@given(strategies.contact_records(), st.sampled_from((600_000, 60_000)))
def test_gaps_between_contact_records(records: list[Row], gap_cap: int) -> None:
    check([], records, infer_gap=True, gap_cap=gap_cap)


@few(40)
@given(st.data())
def test_states_and_contacts_together(data: st.DataObject) -> None:
    log = data.draw(strategies.state_logs(rejects=False))
    check(log, data.draw(strategies.records_beside(log)))


# --- the same log in other files ------------------------------------------------------------------------------------


def same_but_place(log: Sequence[Row], files: Sequence[tuple[Sequence[Row], str]], **options: Any) -> None:
    """The engine says the same of these files as the reference says of the log in time order."""
    told = reference_wraps(laid_out([(log, "states.csv")]))
    assert table(found(files, **options), EVERYTHING_BUT_PLACE) == table(told, EVERYTHING_BUT_PLACE)


@few(20)
@given(st.data())
def test_any_order_that_keeps_ties(data: st.DataObject) -> None:
    log = data.draw(strategies.state_logs(rejects=False))
    mixed = data.draw(strategies.shuffled(log))
    # A file whose clocks only fall by chance is read from its end, which would turn its ties round.
    assume(not newest_first([{**row, "source": "", "row": 0} for row in mixed]))
    same_but_place(log, [(mixed, "states.csv")])


@few(20)
@given(strategies.state_logs())
def test_newest_first(log: list[Row]) -> None:
    assume(len({row["event_time"] for row in log if not row["rejected"]}) > 1)
    same_but_place(log, [(log[::-1], "states.csv")])


@few(20)
@given(st.data())
def test_any_split_into_files(data: st.DataObject) -> None:
    log = data.draw(strategies.state_logs(rejects=False))
    parts = data.draw(strategies.split(log))
    named = [(part, f"part-{number}.csv") for number, part in enumerate(parts)]
    same_but_place(log, data.draw(st.permutations(named)))


@few(20)
@given(st.data())
def test_any_agent_in_any_file(data: st.DataObject) -> None:
    log = data.draw(strategies.state_logs(rejects=False, restarts=False))
    agents = sorted({row["agent_id"] for row in log})
    files = [([row for row in log if row["agent_id"] == agent], f"{number}.csv") for number, agent in enumerate(agents)]
    same_but_place(log, files[::-1])


@pytest.mark.parametrize("suffix", [suffix for suffix in WRITERS if suffix != "csv"])
@few(10)
@given(log=strategies.state_logs(rejects=False), records=strategies.contact_records())
def test_any_shape(suffix: str, log: list[Row], records: list[Row]) -> None:
    for states, contacts in ((log, []), ([], records)):
        files = [(states or contacts, f"rows.{suffix}")]
        told = reference_wraps(laid_out(files) if states else (), laid_out(files) if contacts else ())
        assert table(found(files)) == table(told)


ZONES = ("Asia/Kathmandu", "America/St_Johns", "Europe/Berlin", "Asia/Tehran")


@pytest.mark.parametrize("offset", [True, False], ids=["written offset", "--tz"])
@few(10)
@given(log=strategies.state_logs(rejects=False), zone=st.sampled_from(ZONES))
def test_any_zone(offset: bool, log: list[Row], zone: str) -> None:
    # Without offsets the log must stay clear of the night when clocks change.
    assume(offset or max(row["event_time"] for row in log) < strategies.START + 5 * 86_400_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states.csv"
        path.write_text(csv_text(log, ZoneInfo(zone), offset=offset), encoding="utf-8")
        wraps = engine_wraps([path], tz="UTC" if offset else zone)
    assert table(wraps) == table(reference_wraps(laid_out([(log, "states.csv")])))


# --- figures --------------------------------------------------------------------------------------------------------


@st.composite
def some_wraps(draw: st.DrawFn) -> list[Row]:
    """Counted wraps with many equal lengths, a few huge ones, and groups of every size."""
    lengths = st.sampled_from((0, 1, 333, 999, 59_999, 60_000, 60_001, 90_000, 14_400_000)) | st.integers(0, 10**9)
    empty: Row = dict.fromkeys(WRAP_FRAME)
    one = st.fixed_dictionaries(
        {
            "agent_id": st.sampled_from(("a", "b", "007")),
            "queue": st.sampled_from(("billing", "sales", None)),
            "acw_ms": lengths,
        }
    ).map(lambda given: {**empty, **given, "method": "state", "status": "ok", "pieces": 1, "wrap_start": 0})
    return draw(st.lists(one, min_size=1, max_size=40))


def observations(wraps: Sequence[Row]) -> pl.LazyFrame:
    """What the analyses take: counted wraps with the measured value."""
    return pl.DataFrame(list(wraps), schema=WRAP_FRAME, orient="row").lazy().with_columns(value_ms=pl.col("acw_ms"))


def floats(row: Row) -> Row:
    """Fractions as the nearest float; counts and texts as they are."""
    return {key: float(value) if isinstance(value, Fraction) else value for key, value in row.items()}


@few(60)
@given(some_wraps(), st.sampled_from(((), ("agent_id",), ("queue", "agent_id"))), st.sampled_from((None, 60_000, 1)))
def test_summary(wraps: list[Row], by: tuple[str, ...], limit_ms: int | None) -> None:
    from acwcli.analyse.summary import summary

    answer = summary(observations(wraps), by, limit_ms, "wraps").frame
    told = sorted(figures.summary(wraps, by, limit_ms), key=lambda row: [(row[c] is None, row[c]) for c in by])
    assert answer.height == len(told)
    for row, expected in zip(answer.to_dicts(), map(floats, told), strict=True):
        sd, expected_sd = row.pop("sd_s"), expected.pop("sd_s")
        assert {key: row[key] for key in expected} == expected
        assert sd == (None if expected_sd is None else pytest.approx(expected_sd, rel=1e-12, abs=1e-12))


RULES = (("over", "mean"), ("over", "p80"), ("over", "60s"), ("under", "5s"))


@few(30)
@given(some_wraps(), st.sampled_from(("mean", "median", "p80")), st.sampled_from(((), ("queue",))), st.integers(1, 8))
def test_flag(wraps: list[Row], measure: str, peers: tuple[str, ...], min_wraps: int) -> None:
    from acwcli.analyse.flag import flag
    from acwcli.analyse.rules import parse_rule

    rules = [parse_rule(direction, against) for direction, against in RULES]
    answer = flag(observations(wraps), rules, measure, peers, min_wraps, "wraps", False).frame
    told = figures.flag(wraps, RULES, measure=measure, peers=peers, min_wraps=min_wraps)
    keys = (*peers, "agent_id", "rule")
    numbers = ("wraps", "value_s", "threshold_s", "over_s", "lost_s")
    listed = {tuple(row[key] for key in keys): floats(row) for row in told if row["listed"]}
    rows = {tuple(row[key] for key in keys): row for row in answer.to_dicts()}
    assert rows.keys() == listed.keys()
    assert answer.height == len(listed)
    for key, row in rows.items():
        expected = [listed[key][number] for number in numbers]
        assert [row[number] for number in numbers] == pytest.approx(expected, rel=1e-12, abs=1e-12)


@few(30)
@given(some_wraps(), st.sampled_from((None, 60_000, 1)))
def test_diagnose(wraps: list[Row], within_ms: int | None) -> None:
    from acwcli.analyse.diagnose import diagnose, examine

    answer = diagnose(examine(observations(wraps), within_ms, 1, "wraps", {}, {}), 1, "wraps").frame.to_dicts()[0]
    told = figures.diagnose(wraps, within_ms)
    expected = floats(told)
    assert {key: answer[key] for key in expected} == expected
    for dimension in {row["dimension"] for row in answer["contributors"]} & {"agent_id", "queue"}:
        rows = [row for row in answer["contributors"] if row["dimension"] == dimension]
        expected_rows = [floats(row) for row in figures.contributors(wraps, dimension, told["within_s"] * 1000)]
        assert sum(row["share"] for row in rows) == pytest.approx(1)
        assert [row["excess_s"] for row in rows] == sorted((row["excess_s"] for row in rows), reverse=True)
        assert {row["value"]: row["excess_s"] for row in rows} == pytest.approx(
            {row["value"]: row["excess_s"] for row in expected_rows}, rel=1e-12
        )
