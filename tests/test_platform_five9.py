"""Five9: Agent State Details and Call Log; figures worked out by hand or by plain Python here."""

from __future__ import annotations

import csv
import statistics
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from acwcli import pipeline
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

SAMPLES = Path(__file__).parent.parent / "sample_data"
STATES = SAMPLES / "five9_agent_states/agent_state_details.csv"
CALLS = SAMPLES / "five9_call_log/call_log.csv"
LOS_ANGELES = "America/Los_Angeles"
NEEDS = frozenset((*WRAP_FRAME, LEGS))
STATE_HEADER = "DATE,TIME,AGENT,STATE,REASON CODE,AGENT STATE TIME"
CALL_HEADER = "CALL ID,TIMESTAMP,CAMPAIGN,CALL TYPE,AGENT,TALK TIME,HOLD TIME,AFTER CALL WORK TIME"


def found(*paths, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS)


def written(tmp_path, header, *rows, name="report.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def seconds(text):
    hours, minutes, rest = map(int, text.split(":"))
    return 3600 * hours + 60 * minutes + rest


def told(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_state_report_gives_the_figures_of_plain_python():
    by_call = {}
    for row in told(STATES):
        if row["STATE"] == "After Call Work":
            key = row["AGENT"], row["CALL ID"]
            by_call[key] = by_call.get(key, 0) + seconds(row["AGENT STATE TIME"])
    summary = pipeline.summarise(found(STATES, tz=LOS_ANGELES)).frame.row(0, named=True)
    assert summary["wraps"] == len(by_call) == 107
    assert summary["mean_s"] == pytest.approx(statistics.fmean(by_call.values()))
    assert summary["p80_s"] == pytest.approx(statistics.quantiles(by_call.values(), n=5, method="inclusive")[3])
    assert summary["method"] == "state"


def test_the_call_log_gives_the_figures_of_plain_python():
    lengths = [seconds(row["AFTER CALL WORK TIME"]) for row in told(CALLS) if row["AGENT"] != "[None]"]
    read = found(CALLS, tz=LOS_ANGELES)
    summary = pipeline.summarise(read).frame.row(0, named=True)
    assert summary["wraps"] == len(lengths) == 140
    assert summary["total_s"] == sum(lengths)
    assert summary["method"] == "duration"
    assert dict(read.loaded.counts[0].ignored) == {"no agent": 6}


def test_both_reports_agree_wrap_by_wrap():
    read = found(STATES, CALLS, tz=LOS_ANGELES, wrap_reasons=("Wrap-Up",))
    assert read.reconciliation["both"].sum() == 140
    assert read.reconciliation["states_only"].sum() == read.reconciliation["records_only"].sum() == 0
    assert read.reconciliation["differ"].sum() == 33  # Eli's, who wraps up in Not Ready: the log knows nothing of it
    assert pipeline.summarise(read).frame["wraps"].item() == 140


def test_a_call_log_beside_a_state_report_without_call_ids_counts_nothing_twice(tmp_path):
    bare = written(
        tmp_path,
        STATE_HEADER,
        "2026/03/02,09:00:00,ana,On Call,,00:01:00",
        "2026/03/02,09:01:00,ana,After Call Work,,00:00:30",
        "2026/03/02,09:01:30,ana,Ready,,00:10:00",
    )
    log = written(
        tmp_path, CALL_HEADER, '7,"Mon, 02 Mar 2026 09:00:00",Main,Inbound,ana,00:01:00,,00:00:31', name="log.csv"
    )
    read = found(bare, log)
    assert [wrap["acw_ms"] for wrap in read.frame.to_dicts()] == [30_000]
    assert read.loaded.total().ignored["ACW not in the state log"] == 1


def test_midnight_carry_over_rows_rejoin(tmp_path):
    path = written(
        tmp_path,
        STATE_HEADER,
        "2026/03/02,23:57:00,ana,On Call,,00:02:15",
        "2026/03/02,23:59:15,ana,After Call Work,,00:00:45",
        "2026/03/03,00:00:00,ana,After Call Work,,00:01:10",
        "2026/03/03,00:01:10,ana,Ready,,00:05:00",
    )
    (wrap,) = found(path).frame.to_dicts()
    assert (wrap["acw_ms"], wrap["pieces"], wrap["ended_by"]) == (115_000, 1, "ready")


def test_the_sample_has_a_wrap_over_midnight():
    zone = {"tz": LOS_ANGELES}
    wraps = found(STATES, **zone).frame
    over = [
        wrap
        for wrap in wraps.to_dicts()
        if wrap["wrap_start"] - timedelta(hours=8) < datetime.fromisoformat("2026-03-03T00:00+00:00")
        and wrap["wrap_end"] - timedelta(hours=8) > datetime.fromisoformat("2026-03-03T00:00+00:00")
    ]
    assert [(wrap["agent_id"], wrap["acw_ms"], wrap["pieces"]) for wrap in over] == [("dee@example.com", 291_000, 1)]


def test_a_login_over_midnight_does_not_end_a_wrap(tmp_path):
    path = written(
        tmp_path,
        STATE_HEADER,
        "2026/03/02,23:59:00,ana,After Call Work,,00:01:00",
        "2026/03/03,00:00:00,ana,Not Ready,Lunch,00:30:00",
    )
    (wrap,) = found(path).frame.to_dicts()
    assert (wrap["acw_ms"], wrap["ended_by"]) == (60_000, "not_ready")


def test_wrap_up_hidden_in_not_ready_is_said_and_read_on_request():
    silent = found(STATES, tz=LOS_ANGELES)
    assert any("Not Ready with the reason 'Wrap-Up'" in note for note in silent.loaded.notes())
    asked = found(STATES, tz=LOS_ANGELES, wrap_reasons=("wrapup",))
    assert pipeline.summarise(asked).frame["wraps"].item() == 140
    assert not any("Not Ready" in note for note in asked.loaded.notes())


@pytest.mark.parametrize("nobody", ["[None]", "", "[none]"])
def test_none_in_brackets_is_nobody(tmp_path, nobody):
    row = f'7,"Thu, 27 Oct 2016 14:51:34",Main,Inbound,{nobody},00:01:00,,00:00:31'
    read = found(written(tmp_path, CALL_HEADER, row))
    assert read.frame.is_empty()
    assert dict(read.loaded.counts[0].ignored) == {"no agent": 1}


def test_repeated_call_id_is_one_leg_each(tmp_path):
    path = written(
        tmp_path,
        CALL_HEADER,
        '7,"Mon, 02 Mar 2026 09:00:00",Main,Inbound,ana,00:01:00,00:00:10,00:00:31',
        '7,"Mon, 02 Mar 2026 09:00:00",Main,Inbound,ben,00:03:00,,00:00:12',
        '7,"Mon, 02 Mar 2026 09:00:00",Main,Inbound,ben,00:03:00,,00:00:12',
    )
    read = found(path)
    assert sorted((wrap["agent_id"], wrap["acw_ms"]) for wrap in read.frame.to_dicts()) == [
        ("ana", 31_000), ("ben", 12_000),
    ]  # fmt: skip
    assert dict(read.loaded.counts[0].ignored) == {"duplicate": 1}


def test_hold_is_inside_talk(tmp_path):
    row = '7,"Mon, 02 Mar 2026 09:00:00",Main,Inbound,ana,00:01:00,00:00:10,00:00:31'
    read = found(written(tmp_path, CALL_HEADER, row))
    (wrap,) = read.frame.to_dicts()
    assert (wrap["talk_ms"], wrap["hold_ms"]) == (50_000, 10_000)
    assert pipeline.summarise(read, pipeline.Question("handle")).frame["mean_s"].item() == 91.0


def test_empty_and_dash_are_no_wrap_and_zero_is_one(tmp_path):
    rows = [
        f'{number},"Mon, 02 Mar 2026 09:0{number}:00",Main,Manual,ana,00:01:00,,{acw}'
        for number, acw in enumerate(["00:00:00", "", "-", "N/A", "00:00:20"])
    ]
    read = found(written(tmp_path, CALL_HEADER, *rows))
    assert pipeline.summarise(read).frame["wraps"].item() == 2
    found_direction = {wrap["direction"] for wrap in read.frame.to_dicts()}
    assert found_direction == {"outbound"}


def test_date_and_time_apart_in_any_order(tmp_path):
    header = "AFTER CALL WORK TIME,TIME,AGENT,DNIS,DATE,ANI,CALL ID,HALF HOUR"
    path = written(tmp_path, header, "00:00:20,09:30:00,ana,1,2026/03/02,2,7,09:30")
    read = found(path)
    assert read.loaded.recognised[0].format == "five9-call-log"
    assert read.frame["acw_ms"].to_list() == [20_000]


def test_the_data_centre_zone_is_asked_for():
    notes = found(STATES).loaded.notes()
    assert any("data centre" in note and "America/Los_Angeles" in note for note in notes)
    assert not any("data centre" in note for note in found(STATES, tz=LOS_ANGELES).loaded.notes())


def test_the_repeated_hour_is_resolved_by_order(tmp_path):
    path = written(
        tmp_path,
        STATE_HEADER,
        "2026/11/01,00:40:00,ana,Ready,,00:50:00",
        "2026/11/01,01:30:00,ana,Ready,,00:28:00",
        "2026/11/01,01:58:00,ana,On Call,,00:01:30",
        "2026/11/01,01:59:30,ana,After Call Work,,00:01:00",
        "2026/11/01,01:00:30,ana,Ready,,00:05:00",
    )
    (wrap,) = found(path, tz=LOS_ANGELES).frame.to_dicts()
    assert (wrap["acw_ms"], wrap["ended_by"]) == (60_000, "ready")


@pytest.mark.parametrize(("rows", "warned"), [(50_000, True), (49_999, False)])
def test_a_report_of_50000_rows_is_truncated(tmp_path, rows, warned):
    path = written(tmp_path, STATE_HEADER, *["2026/03/02,09:00:00,ana,Ready,,00:00:10"] * rows)
    assert any("exactly 50,000 rows" in note for note in found(path).loaded.notes()) == warned


def test_unreadable_rows_are_rejected_by_name(tmp_path):
    path = written(
        tmp_path,
        STATE_HEADER,
        "2026/03/02,09:00:00,ana,Ready,,00:00:10",
        "2026/03/02,09:00:10,ana,Ready,,ten",
        "2026/03/02,noon,ana,Ready,,00:00:10",
        "2026/03/02,09:00:30,ana,,,00:00:10",
    )
    assert dict(found(path).loaded.counts[0].rejected) == {
        "unreadable AGENT STATE TIME": 1, "unreadable time": 1, "no state": 1,
    }  # fmt: skip
