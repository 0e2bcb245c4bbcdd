"""Cisco UCCX: AgentStateDetail and AgentConnectionDetail; figures worked out by hand or by plain Python here."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from acwcli import pipeline
from acwcli.cli.app import main
from acwcli.errors import InputError
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

SAMPLES = Path(__file__).parent.parent / "sample_data"
STATES = SAMPLES / "cisco_uccx_states/AgentStateDetail.csv"
CONNECTIONS = SAMPLES / "cisco_uccx_connections/AgentConnectionDetail.csv"
NEEDS = frozenset((*WRAP_FRAME, LEGS))
STATE_HEADER = "agentID,eventDateTime,gmtOffset,eventType,reasonCode,contactID"
LEG_HEADER = "resourceID,sessionID,startDateTime,endDateTime,ringTime,talkTime,holdTime,workTime,rna"


def found(*paths, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS)


def written(tmp_path, header, *rows, name="dump.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def told(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_work_lasts_until_the_agents_next_event():
    by_agent, expected = defaultdict(set), []
    for row in told(STATES):
        by_agent[row["agentID"]].add((datetime.fromisoformat(row["eventDateTime"]), int(row["eventType"])))
    for events in by_agent.values():
        ordered = sorted(events)
        for (start, code), (end, _) in pairwise(ordered):
            if code == 6:
                expected.append(round((end - start).total_seconds() * 1000))
    wraps = found(STATES).frame
    assert sorted(wraps["acw_ms"].to_list()) == sorted(expected)
    assert len(expected) == 113
    assert wraps["status"].unique().to_list() == ["ok"]  # Work without a contact belongs to the talk before


def test_the_connections_give_the_figures_of_plain_python():
    work = [int(row["workTime"]) for row in told(CONNECTIONS) if row["rna"] == "f"]
    read = found(CONNECTIONS)
    summary = pipeline.summarise(read).frame.row(0, named=True)
    assert summary["wraps"] == len(work) == 121
    assert summary["total_s"] == sum(work)
    assert summary["method"] == "anchored"
    assert dict(read.loaded.counts[0].ignored) == {"rang without answer": 11}


def test_reconciliation_is_told_by_agent(tmp_path):
    """1003 and 1005 are 40 s apart in one call each; calls with 0 s of work are not in the states."""
    with CONNECTIONS.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for agent in ("1003", "1005"):
        row = next(row for row in rows if row["resourceID"] == agent and row["workTime"] not in ("", "0"))
        row["workTime"] = str(int(row["workTime"]) + 40)
    path = tmp_path / "connections.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    facts = {fact: said for _, fact, said in pipeline.inspect(found(STATES, path), verbose=True).frame.rows()}
    told = {fact.split()[-1]: said for fact, said in facts.items() if "reconciliation of" in fact}
    assert "113 wraps in states and records, 2 of them more than 1 s apart" in facts["reconciliation"]
    assert {agent for agent, said in told.items() if " 1 of them more than 1 s apart" in said} == {"1003", "1005"}
    nothing = Counter(row["resourceID"] for row in rows if row["workTime"] == "0" and row["rna"] == "f")
    only = {agent: int(said.split(", ")[-1].split()[0]) for agent, said in told.items()}
    assert only == {"1003": 0, "1005": 0} | nothing


def test_states_and_connections_agree_within_a_second():
    read = found(STATES, CONNECTIONS)
    assert (read.reconciliation["both"].sum(), read.reconciliation["differ"].sum()) == (113, 0)
    assert read.reconciliation["states_only"].sum() == 0
    assert read.frame.height == 113  # a workTime of 0 that the states know nothing of makes no wrap
    assert read.loaded.total().ignored["ACW not in the state log"] == 8
    assert read.frame["talk_ms"].null_count() == 0


def test_the_seven_event_codes(tmp_path):
    rows = [f"7,2026-03-02 09:00:0{code}.000,0,{code},0,9" for code in range(1, 8)]
    (wrap,) = found(written(tmp_path, STATE_HEADER, *rows)).frame.to_dicts()
    assert (wrap["acw_ms"], wrap["ended_by"], wrap["contact_id"], wrap["talk_ms"]) == (1_000, "logout", "9", 1_000)


def test_the_table_is_utc_whatever_the_zone(tmp_path):
    rows = ["7,2026-03-02 09:00:00.250,-480,6,0,9", "7,2026-03-02 09:00:30.750,-480,3,0,"]
    read = found(written(tmp_path, STATE_HEADER, *rows), tz="America/Los_Angeles")
    (wrap,) = read.frame.to_dicts()
    assert wrap["wrap_start"].isoformat() == "2026-03-02T09:00:00.250000+00:00"
    assert wrap["acw_ms"] == 30_500
    assert not any("--tz" in note for note in read.loaded.notes())


def test_same_ms_ties_are_put_in_the_order_of_a_call(tmp_path):
    rows = [
        "7,2026-03-02 09:00:00.000,0,6,0,9",
        "7,2026-03-02 09:00:00.000,0,5,0,9",
        "7,2026-03-02 09:00:00.000,0,4,0,9",
        "7,2026-03-02 09:00:30.000,0,3,0,",
    ]
    (wrap,) = found(written(tmp_path, STATE_HEADER, *rows)).frame.to_dicts()
    assert (wrap["acw_ms"], wrap["contact_id"], wrap["row"]) == (30_000, "9", 2)


def test_other_ties_keep_the_order_of_the_file(tmp_path):
    rows = [
        "7,2026-03-02 09:00:00.000,0,6,0,9",
        "7,2026-03-02 09:00:30.000,0,3,0,",
        "7,2026-03-02 09:00:30.000,0,4,0,10",
        "7,2026-03-02 09:00:31.000,0,5,0,10",
    ]
    (wrap,) = found(written(tmp_path, STATE_HEADER, *rows)).frame.to_dicts()
    assert (wrap["acw_ms"], wrap["ended_by"]) == (30_000, "ready")


def test_unknown_codes_are_rejected_and_spoil_an_open_wrap(tmp_path):
    rows = [
        "7,2026-03-02 09:00:00.000,0,6,0,9",
        "7,2026-03-02 09:00:10.000,0,8,0,9",
        "7,2026-03-02 09:00:30.000,0,3,0,",
    ]
    read = found(written(tmp_path, STATE_HEADER, *rows))
    assert dict(read.loaded.counts[0].rejected) == {"unknown event code": 1}
    assert read.statuses() == {"invalid": 1}


def test_not_ready_with_a_wrap_reason_code(tmp_path):
    rows = [
        "7,2026-03-02 09:00:00.000,0,5,0,9",
        "7,2026-03-02 09:00:10.000,0,2,32001,",
        "7,2026-03-02 09:00:30.000,0,3,0,",
    ]
    path = written(tmp_path, STATE_HEADER, *rows)
    assert found(path).frame.is_empty()
    assert found(path, wrap_reasons=("32001",)).frame["acw_ms"].to_list() == [20_000]


def test_the_report_is_read_in_the_viewers_zone(tmp_path):
    path = written(
        tmp_path,
        "Agent Name,Extension,State Transition Time,Agent State,Reason Code,Duration",
        "Ana Alder,4001,03/25/26 08:00:00 AM,Talk,0,0:01:00",
        "Ana Alder,4001,03/25/26 08:01:00 AM,Work,0,0:00:40",
        "Ana Alder,4001,03/25/26 08:01:40 AM,Ready,0,0:05:00",
    )
    read = found(path, tz="Europe/Berlin", time_format="%m/%d/%y %I:%M:%S %p")
    assert read.loaded.recognised[0].format == "cisco-uccx-states"
    (wrap,) = read.frame.to_dicts()
    assert wrap["wrap_start"].isoformat() == "2026-03-25T07:01:00+00:00"
    assert (wrap["acw_ms"], wrap["ended_by"]) == (40_000, "ready")


UCCE = "SkillTargetID,DateTime,AgentState,ReasonCode\n5001,2026-03-02 09:00:00,5,0\n5001,2026-03-02 09:00:20,3,0\n"


@pytest.mark.parametrize("forced", [None, "cisco-uccx-states"])
def test_ucce_numbers_are_refused_not_guessed(tmp_path, forced, capsys):
    path = tmp_path / "trace.csv"
    path.write_text(UCCE)
    with pytest.raises(InputError, match="5 is Work Not Ready there and Talking here"):
        found(path, input_format=forced)
    assert main(["summary", str(path)]) == 3
    assert "UCCE" in capsys.readouterr().err


def test_ucce_numbers_can_be_named(tmp_path):
    path = tmp_path / "trace.csv"
    path.write_text(UCCE)
    columns = {"agent_id": "SkillTargetID", "event_time": "DateTime", "state": "AgentState"}
    read = found(path, columns=columns, states={"acw": ("5", "6"), "ready": ("3",)})
    assert read.frame["acw_ms"].to_list() == [20_000]


def test_a_ring_without_answer_is_no_wrap_of_zero(tmp_path):
    rows = [
        "7,1,2026-03-02 09:00:00.000,2026-03-02 09:00:12.000,12,0,0,0,t",
        "7,2,2026-03-02 09:01:00.000,2026-03-02 09:02:05.000,5,50,10,0,f",
        "7,3,2026-03-02 09:03:00.000,2026-03-02 09:04:05.000,5,60,0,25,f",
    ]
    read = found(written(tmp_path, LEG_HEADER, *rows))
    assert read.frame["acw_ms"].to_list() == [0, 25_000]
    assert read.frame["wrap_start"].dt.strftime("%H:%M:%S").to_list() == ["09:02:05", "09:04:05"]
    assert any("1 of 2 connections have a workTime of 0" in note for note in read.loaded.notes())
    assert pipeline.summarise(read, pipeline.Question("handle")).frame["total_s"].item() == 60 + 85


def test_lengths_that_are_none_are_rejected(tmp_path):
    rows = [
        "7,1,2026-03-02 09:00:00.000,2026-03-02 09:00:12.000,2,10,0,-4,f",
        "7,2,2026-03-02 09:00:00.000,noon,2,10,0,4,f",
    ]
    read = found(written(tmp_path, LEG_HEADER, *rows))
    assert dict(read.loaded.counts[0].rejected) == {"negative workTime": 1, "unreadable time": 1}


def test_a_forced_format_on_another_file_is_an_input_error():
    with pytest.raises(InputError, match="no column resourceID"):
        found(STATES, input_format="cisco-uccx-connections")
