"""`--memory`: no pass over rows on disk keeps more of them in memory than the answer is made of."""

from __future__ import annotations

import polars as pl
import pytest

from acwcli.analyse.shapes import calls_of, with_calls, with_calls_back, with_waiting
from acwcli.model.replaced import replaced
from tests.cli import ROOT, STATES, acw, one_wrap, written
from tests.memory import CONTACTS, NONE_OF_IT, same
from tests.test_shapes_around import contact_file, frame, record, wrap

WAITS_FOR_ALL = ("columnar-function", "in-memory-map")
"""Nodes of a streaming plan that take all rows before they give the first one."""


@pytest.fixture(autouse=True)
def _in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def waiting_nodes(plan):
    shown = plan.show_graph(engine="streaming", plan_stage="physical", raw_output=True)
    return [line for line in shown.splitlines() if any(name in line for name in WAITS_FOR_ALL)]


@pytest.fixture
def streamed(monkeypatch):
    """Fail where rows on disk are not streamed, or by a plan with a node that keeps all of them."""
    collect, sink = pl.LazyFrame.collect, pl.LazyFrame.sink_ipc

    def watched(plan, *args, **kwargs):
        if kwargs.get("engine") == "streaming":
            assert not waiting_nodes(plan), waiting_nodes(plan)
        else:
            assert "IPC SCAN" not in plan.explain().upper()
        return collect(plan, *args, **kwargs)

    def watched_sink(plan, target, **kwargs):
        lazily = sink(plan, target, **{name: value for name, value in kwargs.items() if name != "engine"}, lazy=True)
        assert not waiting_nodes(lazily), waiting_nodes(lazily)
        return sink(plan, target, **kwargs)

    monkeypatch.setattr(pl.LazyFrame, "collect", watched)
    monkeypatch.setattr(pl.LazyFrame, "sink_ipc", watched_sink)


def test_what_keeps_all_rows_is_seen():
    rows = pl.LazyFrame({"a": [1, 2]})
    assert waiting_nodes(rows.select(pl.col("a").replace_strict([1], [3], default=None)))
    assert not waiting_nodes(rows.select(replaced(pl.col("a"), [1], [3], pl.Int64())))


@pytest.mark.parametrize(
    "question",
    [
        ("summary", "--by", "weekday,hour", "--queue-limit", "billing=30s"),
        ("summary", "--by", "source,agent_id"),
        ("summary", "--by", "agent_id,hour", "--attribute", "split"),
        ("diagnose", "--within", "60s", "--queue-limit", "billing=30s"),
        ("flag", "--all", "--queue-limit", "billing=30s"),
        ("explain", "a07"),
        ("explain", "a07", "--anonymize"),
        ("report",),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("streamed")
def test_rows_on_disk_stream_by(question, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "a secret of tests, long enough")
    command, *options = question
    assert acw(command, *options, STATES, CONTACTS, *NONE_OF_IT, "--format", "json").code == 0


@pytest.mark.usefixtures("streamed")
def test_rows_stream_to_the_disk(tmp_path):
    rows = [row for n in range(40) for agent in ("علي ۱", "علی 1", "b") for row in one_wrap(agent, minutes=20 * n)]
    assert "united" in acw("summary", written(tmp_path, "log.csv", rows), *NONE_OF_IT).err
    told = [f"c{n},a{n % 7},2026-03-02T08:{n % 60:02}:00Z,60,{n},{'yes' if n % 3 else 'no'}" for n in range(200)]
    path = written(tmp_path, "records.csv", told, "contact_id,agent_id,answered_at,talk_s,acw_s,timed_out")
    ran = acw("summary", path, "--by", "ended_by", *NONE_OF_IT, "--quiet")
    assert [line.split(",")[:2] for line in ran.text.splitlines()[1:]] == [["other", "67"], ["timeout", "133"]]


def test_explain_keeps_the_records_of_few_agents(tmp_path, monkeypatch):
    path = contact_file(tmp_path, "a03", "a07")
    lines = path.read_text().splitlines()
    answer = same(tmp_path, "explain", "a07", path)
    assert "calls-inside" in answer[1]
    monkeypatch.setattr("acwcli.analyse.shapes.prepared.MOST_AGENTS", 2)
    heights, collect = [], pl.LazyFrame.collect

    def watched(plan, *args, **kwargs):
        found = collect(plan, *args, **kwargs)
        heights.append(found.height if "contact_id" in found.columns else 0)
        return found

    monkeypatch.setattr(pl.LazyFrame, "collect", watched)
    monkeypatch.setattr("acwcli.pipeline.explaining._refuse_uncounted", lambda *_: heights.clear())  # all is read now
    assert acw("explain", "a07", path, *NONE_OF_IT).code == 0
    assert max(heights) < len(lines) / 2


def test_waiting_is_counted_some_records_at_a_time(monkeypatch):
    records = frame([record(n, n + 7, queue="qr"[n % 2]) for n in range(60)]).lazy()
    wraps = frame([wrap(place, queue=queue) for queue in "qrs" for place in (-1, 0, 7, 30, 30, 66, 99, None)])
    whole = with_waiting(wraps, records)
    assert whole["waiting"].max() == 4
    monkeypatch.setattr("acwcli.analyse.shapes.around._AT_A_TIME", 7)
    assert with_waiting(wraps, records).equals(whole)


def test_calls_of_others_say_only_that_calls_are_known():
    made = frame([record(5, 6, direction="outbound", agent=agent, contact=agent) for agent in "bcd"]).lazy()
    calls = calls_of(made, None, pl.Series(["a"]))
    assert calls.height == 1
    assert with_calls(frame([wrap(0, 10)]), calls)["calls"].to_list() == [0]
    assert calls_of(made, None, pl.Series(["c", "d"]))["_agent"].sort().to_list() == ["c", "d"]


def test_a_contact_is_of_the_customer_of_its_first_record():
    rows = [
        {**record(0, 1, contact="c"), "customer_id": 2, "file": 1, "row": 2},
        {**record(0, 1, contact="c"), "customer_id": 1, "file": 0, "row": 9},
        {**record(60, 61, contact="x"), "customer_id": 1, "file": 0, "row": 3},
        {**record(4000, 4001, contact="end"), "customer_id": 9, "file": 0, "row": 4},
    ]
    for order in (rows, rows[::-1]):  # rows on disk come in no order
        records = frame(order).lazy().with_columns(pl.col("customer_id").cast(pl.UInt64))
        assert with_calls_back(frame([wrap(10, contact="c")]), records)["called_back"].to_list() == [True]
