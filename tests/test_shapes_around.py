"""What goes on around wraps: waiting contacts and calls inside, counted by hand and found through the command line."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from acwcli.analyse.shapes import calls_of, with_calls, with_calls_back, with_waiting
from tests.cli import acw, written

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TIMES = ("offered_at", "answered_at", "ended_at", "wrap_start", "wrap_end", "event_time")


def at(minute):
    return None if minute is None else NOON + timedelta(minutes=minute)


def frame(rows):
    found = pl.DataFrame([{key: at(value) if key in TIMES else value for key, value in row.items()} for row in rows])
    return found.with_columns(pl.col(name).cast(pl.Datetime("ms", "UTC")) for name in TIMES if name in found.columns)


def wrap(start, end=None, agent="a", contact="c", queue="q", channel="voice"):
    return {
        "agent_id": agent, "contact_id": contact, "queue": queue, "channel": channel,
        "wrap_start": start, "wrap_end": end,
    }  # fmt: skip


def record(offered, answered, ended=None, queue="q", direction="inbound", agent="b", contact="x"):
    return {
        "agent_id": agent, "contact_id": contact, "queue": queue, "direction": direction,
        "offered_at": offered, "answered_at": answered, "ended_at": ended,
    }  # fmt: skip


def test_contacts_that_wait_as_the_wrap_begins():
    records = frame(
        [
            record(0, 10), record(5, None, 15, agent=None), record(5, 20, queue="other"),
            record(0, 30, direction="outbound"), record(None, 40), record(12, 12),
        ]
    ).lazy()  # fmt: skip
    places = [-1, 0, 7, 10, 12, 15, 60, None]
    wraps = with_waiting(frame([wrap(place) for place in places]), records)
    # Offered at the very instant it waits, answered or gone at the very instant it does not.
    assert wraps["waiting"].to_list() == [0, 1, 2, 1, 1, 0, 0, None]
    assert with_waiting(frame([wrap(7, queue=None)]), records)["waiting"].to_list() == [None]
    assert with_waiting(frame([wrap(7, queue="other")]), records)["waiting"].to_list() == [1]
    for nothing in (None, records.drop("offered_at"), records.clear()):
        assert with_waiting(frame([wrap(7)]), nothing)["waiting"].to_list() == [None]


def test_calls_inside_by_records():
    wraps = frame([wrap(0, 10, contact="c1"), wrap(20, 30, contact="c2"), wrap(0, 10, agent="z"), wrap(50, None)])
    made = [
        record(5, 6, direction="outbound", agent="a", contact="o1"),
        record(7, None, direction="Outbound", agent="a", contact="o2"),
        record(25, 26, direction="inbound", agent="a", contact="i1"),
        record(30, 31, direction="outbound", agent="a", contact="o3"),
        record(20, 21, direction="outbound", agent="a", contact="c2"),
        record(55, 56, direction="outbound", agent="a", contact="o4"),
    ]
    assert with_calls(wraps, calls_of(frame(made).lazy(), None))["calls"].to_list() == [2, 0, 0, 0]
    assert with_calls(wraps, calls_of(None, None))["calls"].to_list() == [None] * 4


def test_calls_inside_by_states():
    wraps = frame([wrap(0, 10, contact="c1"), wrap(20, 30, contact="c2", channel="chat")])
    events = frame(
        [
            {"agent_id": "a", "contact_id": contact, "state": state, "event_time": minute, "channel": channel}
            for contact, state, minute, channel in [
                ("o1", "talking", 5, None), ("o1", "talking", 7, None), ("c1", "talking", 6, None),
                ("o2", "ringing", 8, None), ("o3", "talking", 9, "chat"), ("o4", "talking", 25, None),
                (None, "talking", 4, None),
            ]
        ]
    )  # fmt: skip
    assert with_calls(wraps, calls_of(None, events.lazy()))["calls"].to_list() == [1, 0]
    told = frame([record(5, 5, contact="o1", agent="a")]).lazy()
    assert with_calls(wraps, calls_of(told, events.lazy()))["calls"].to_list() == [0, 0]


HEADER = "contact_id,agent_id,queue,direction,offered_at,answered_at,ended_at,acw_start,acw_end"


def contact_file(tmp_path, avoids, calls):
    """A day of 12 agents; waiting contacts come and go in the queue; one agent avoids them, one makes calls."""
    dice, rows = random.Random(5), []

    def line(contact, agent, direction, *minutes):
        instants = ["" if minute is None else f"{at(minute):%Y-%m-%dT%H:%M:%S}Z" for minute in minutes]
        rows.append(",".join([contact, agent, "q", direction, *instants]))

    waits = [(start, start + 3) for start in range(0, 480, 8)]
    for number, (start, end) in enumerate(waits):
        line(f"gone{number}", "", "inbound", start, None, end, None, None)
    for agent in range(12):
        clock, name = dice.random() * 3, f"a{agent:02}"
        for number in range(60):
            talk = clock + 2 + 2 * dice.random()
            waiting = any(start <= talk < end for start, end in waits)
            long = dice.lognormvariate(0, 0.4) * (2.5 if waiting and name == avoids else 1)
            line(f"{name}-{number}", name, "inbound", clock, clock + 0.1, talk, talk, talk + long)
            if name == calls and number % 4 == 0:
                line(f"{name}-{number}-out", name, "outbound", talk + long / 2, None, talk + long / 2 + 0.1, None, None)
            clock = talk + long + 0.5
    return written(tmp_path, "contacts.csv", rows, HEADER)


def shapes_in(path, agent):
    ran = acw("explain", agent, path, "--format", "json", "--quiet")
    assert ran.code == 0, ran.err
    told = json.loads(ran.text)
    return {one["shape"]: one["sentence"] for one in told["shapes"]}, told["evidence"]


def test_found_with_their_rows_and_not_in_others(tmp_path):
    path = contact_file(tmp_path, "a03", "a07")
    lines = path.read_text().splitlines()
    avoiding, rows = shapes_in(path, "a03")
    assert "longer-when-waiting" in avoiding
    assert "times as long when contacts wait" in avoiding["longer-when-waiting"]
    calling, called = shapes_in(path, "a07")
    assert calling == {"calls-inside": "in 15 of 60 wraps the agent makes a call (others: 0.0 %)"}
    for row in called:
        assert lines[row["row"] - 1].startswith("a07-")
        assert row["contact_id"] + "-out" in path.read_text()
    assert all(lines[row["row"] - 1].startswith("a03-") for row in rows)
    for agent in ("a00", "a05", "a11"):
        assert shapes_in(path, agent)[0] == {}


@pytest.mark.parametrize(("agent", "shape"), [("a03", "longer-when-waiting"), ("a07", "calls-inside")])
def test_a_wraps_file_alone_knows_neither(tmp_path, agent, shape):
    path, wraps = contact_file(tmp_path, "a03", "a07"), tmp_path / "wraps.parquet"
    assert acw("reconstruct", path, "-o", wraps, "-q").code == 0
    assert shape not in shapes_in(wraps, agent)[0]
    named = json.loads(acw("flag", path, "--all", "-f", "json", "-q").text)
    assert named == json.loads(acw("flag", wraps, "--all", "-f", "json", "-q").text)


def test_customers_who_call_back_within_a_day():
    day = 1440
    wraps = [wrap(10, contact="c1"), wrap(10, contact="c2"), wrap(10, contact="c3"), wrap(9 * day, contact="c4")]
    wraps += [wrap(10, contact="c5"), wrap(None, contact="c1"), wrap(10, contact="lost")]
    customers = {"c1": 1, "c2": 2, "c3": 3, "c4": 4, "c5": None, "x1": 1, "x2": 2, "x3": 3, "end": 9}
    begins = {"x1": 10 + day, "x2": 11 + day, "x3": 60, "c4": 9 * day, "end": 9 * day + 60}
    rows = [
        {**record(begins.get(name, 0), None, contact=name), "customer_id": customer}
        for name, customer in customers.items()
    ]
    rows[customers_place(rows, "x3")]["direction"] = "outbound"
    records = frame(rows).lazy().with_columns(pl.col("customer_id").cast(pl.UInt64))
    # At the last moment of the day; a minute later; called by an agent; in the last day; nobody known.
    expected = [True, False, False, None, None, None, None]
    assert with_calls_back(frame(wraps), records)["called_back"].to_list() == expected
    for nothing in (None, records.drop("customer_id"), records.clear()):
        assert with_calls_back(frame(wraps), nothing)["called_back"].to_list() == [None] * len(wraps)


def customers_place(rows, contact):
    return [row["contact_id"] for row in rows].index(contact)


@pytest.mark.parametrize("again", [True, False])
def test_short_wraps_weigh_more_where_customers_call_back(tmp_path, again):
    rows, dice = [], random.Random(5)
    for agent in range(12):
        for place in range(100):
            begin = NOON + timedelta(minutes=10 * place + agent)
            short = agent == 0 and place % 4 == 0
            acw_s = 1 if short else dice.randint(40, 80)
            customer = f"+44 20 7946 {agent:02}{place:02}"
            rows.append((f"a{agent:02}", f"c{agent}-{place}", begin, acw_s, customer))
            if short and again and place < 60:
                later = begin + timedelta(hours=3)
                rows.append(("a05", f"b{place}", later, 60, customer.replace(" ", "-")))
    rows.append(("a05", "last", NOON + timedelta(days=3), 60, "anonymous"))
    header = "agent_id,contact_id,answered_at,talk_s,acw_s,Caller ID"
    lines = [f"{agent},{contact},{at:%Y-%m-%dT%H:%M:%SZ},120,{acw_s},{who}" for agent, contact, at, acw_s, who in rows]
    path = written(tmp_path, "calls.csv", lines, header)
    told, evidence = shapes_in(path, "a00")
    assert "25 of 100 wraps are too short for notes" in told["too-short"]
    assert ("15 of 25 the customer calls back within a day (others' wraps: 0.0 %)" in told["too-short"]) is again
    assert "7946" not in str(evidence)
    assert "7946" not in acw("reconstruct", path, "-f", "csv", "-q").text
