"""VICIdial: the agent log in its three dresses; figures worked out by hand or by plain Python here."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

import pytest

from acwcli import pipeline
from acwcli.cli.app import main
from acwcli.errors import InputError
from acwcli.formats import detect
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

SAMPLES = Path(__file__).parent.parent / "sample_data/vicidial_agent_log"
TABLE, ACTIVITY = SAMPLES / "vicidial_agent_log.csv", SAMPLES / "activity_export.txt"
HEADER = TABLE.read_text().splitlines()[0]
NEEDS = frozenset((*WRAP_FRAME, LEGS))
NINE = 1_772_442_000  # 2026-03-02 09:00 UTC


def found(*paths, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS)


def wraps(*paths, **options):
    return found(*paths, **options).frame.to_dicts()


def row(**given):
    """One row of the table: a call of 100 s, the last 10 dead, then 20 s of disposition."""
    values = dict.fromkeys(HEADER.split(","), "NULL") | {
        "agent_log_id": "1", "user": "6666", "event_time": "2026-03-02 04:00:00", "lead_id": "77",
        "campaign_id": "TEST", "status": "SALE", "uniqueid": "1772442020.5", "processed": "N",
        "pause_epoch": f"{NINE}", "pause_sec": "5", "wait_epoch": f"{NINE + 5}", "wait_sec": "15",
        "talk_epoch": f"{NINE + 20}", "talk_sec": "100", "dispo_epoch": f"{NINE + 120}", "dispo_sec": "20",
        "dead_epoch": f"{NINE + 110}", "dead_sec": "10",
    }  # fmt: skip
    return values | given


def table(tmp_path, *rows, name="log.csv", header=True, delimiter=","):
    lines = [delimiter.join(HEADER.split(","))] if header else []
    lines += [delimiter.join(one.values()) for one in rows]
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def told():
    """Seconds of dispo and dead of every finished call of the sample, read with the csv module alone."""
    rows = list(csv.DictReader(TABLE.read_text().splitlines()))
    latest = {one["agent_log_id"]: one for one in rows}  # the sample's earlier version stands first
    return [
        (one["user"], int(one["dispo_sec"]), int(one["dead_sec"]))
        for one in latest.values()
        if one["lead_id"] != "NULL" and one["dispo_epoch"] != "NULL" and 0 < int(one["dispo_sec"]) < 65_535
    ]


@pytest.mark.parametrize("wrap", ["dispo", "dispo+dead"])
def test_the_sample_gives_the_figures_of_plain_python(wrap):
    summary = pipeline.summarise(found(TABLE, wrap_parts=wrap)).frame.row(0, named=True)
    seconds = [dispo + (dead if wrap == "dispo+dead" else 0) for _, dispo, dead in told()]
    assert summary["wraps"] == len(seconds) == 204
    assert summary["mean_s"] == pytest.approx(statistics.fmean(seconds))
    assert summary["p80_s"] == pytest.approx(statistics.quantiles(seconds, n=5, method="inclusive")[3])
    assert summary["method"] == "anchored"


def test_every_row_of_the_sample_is_accounted_for():
    (counts,) = found(TABLE).loaded.counts
    assert counts.read == 225
    assert counts.used == 205  # 204 wraps and the one still on the screen
    assert dict(counts.ignored) == {"cycle without a call": 16, "older version": 1, "no ACW recorded": 1}
    assert dict(counts.rejected) == {
        "dispo_sec saturated at 65535": 1,
        "dispo_sec without dispo_epoch holds talk time": 1,
    }


def test_the_activity_export_gives_the_same_wraps_in_the_servers_zone():
    shared = ("agent_id", "wrap_start", "acw_ms", "talk_ms", "queue", "disposition")
    of_table = {tuple(one[name] for name in shared) for one in wraps(TABLE)}
    of_activity = {tuple(one[name] for name in shared) for one in wraps(ACTIVITY, tz="America/New_York")}
    assert len(of_activity) == 100
    assert of_activity <= of_table


def test_table_and_activity_export_together_count_each_call_once():
    both = found(TABLE, ACTIVITY, tz="America/New_York")
    assert pipeline.summarise(both).frame["wraps"].item() == 204
    assert sum(counts.ignored["older version"] for counts in both.loaded.counts) == 101


def test_dead_is_wrap_and_no_talk(tmp_path):
    (wrap,) = wraps(table(tmp_path, row()))
    assert (wrap["acw_ms"], wrap["talk_ms"]) == (30_000, 90_000)
    assert wrap["wrap_start"].timestamp() == NINE + 110
    assert wrap["wrap_end"].timestamp() == NINE + 140
    (wrap,) = wraps(table(tmp_path, row()), wrap_parts="dispo")
    assert (wrap["acw_ms"], wrap["talk_ms"]) == (20_000, 100_000)
    assert wrap["wrap_start"].timestamp() == NINE + 120


@pytest.mark.parametrize("wrap", ["dispo", "dispo+dead"])
def test_handle_time_counts_dead_once(tmp_path, wrap):
    handled = pipeline.summarise(found(table(tmp_path, row()), wrap_parts=wrap), pipeline.Question("handle"))
    assert handled.frame["mean_s"].item() == 120.0


def test_dead_is_never_more_than_talk(tmp_path):
    (wrap,) = wraps(table(tmp_path, row(talk_sec="8", dead_sec="10")))
    assert (wrap["acw_ms"], wrap["talk_ms"]) == (28_000, 0)


@pytest.mark.parametrize("column", ["dispo_sec", "dead_sec", "talk_sec"])
def test_vicidial_65535_saturation(tmp_path, column):
    read = found(table(tmp_path, row(**{column: "65535"})))
    assert dict(read.loaded.counts[0].rejected) == {f"{column} saturated at 65535": 1}


def test_a_saturated_pause_leaves_the_wrap_alone(tmp_path):
    (wrap,) = wraps(table(tmp_path, row(pause_sec="65535")))
    assert wrap["acw_ms"] == 30_000


def test_negative_lengths_are_rejected_and_43999_is_stuck(tmp_path):
    read = found(table(tmp_path, row(dispo_sec="-3"), row(agent_log_id="2", dispo_sec="43999")))
    assert dict(read.loaded.counts[0].rejected) == {"negative dispo_sec": 1}
    assert read.statuses() == {"stuck": 1}


@pytest.mark.parametrize("nothing", ["NULL", "\\N", "", "0"])
def test_null_epochs_and_null_as_text(tmp_path, nothing):
    dead = row(dead_epoch=nothing, dead_sec="0")
    (wrap,) = wraps(table(tmp_path, dead))
    assert wrap["acw_ms"] == 20_000
    read = found(table(tmp_path, row(lead_id=nothing)))
    assert read.frame.is_empty()
    assert read.loaded.counts[0].ignored["cycle without a call"] == 1


def test_lead_id_null_rows_are_cycles_without_a_call_whatever_their_lengths(tmp_path):
    read = found(table(tmp_path, row(lead_id="NULL", dispo_sec="65535")))
    assert dict(read.loaded.counts[0].ignored) == {"cycle without a call": 1}
    assert not read.loaded.counts[0].rejected


def test_an_open_disposition_is_unknown_not_zero(tmp_path):
    (wrap,) = wraps(table(tmp_path, row(dispo_sec="0", status="NULL")))
    assert (wrap["status"], wrap["acw_ms"], wrap["wrap_start"].timestamp()) == ("open", None, NINE + 110)


def test_dead_without_a_disposition_is_open_too(tmp_path):
    in_call = row(dispo_epoch="NULL", dispo_sec="0", talk_sec="0", dead_sec="0")
    (wrap,) = wraps(table(tmp_path, in_call))
    assert (wrap["status"], wrap["wrap_start"].timestamp()) == ("open", NINE + 110)
    assert found(table(tmp_path, in_call), wrap_parts="dispo").loaded.counts[0].ignored["no ACW recorded"] == 1
    assert wraps(table(tmp_path, in_call), wrap_parts="dispo") == []


def test_dispo_sec_containing_talk(tmp_path):
    read = found(table(tmp_path, row(dispo_epoch="NULL", dispo_sec="120")))
    assert dict(read.loaded.counts[0].rejected) == {"dispo_sec without dispo_epoch holds talk time": 1}


def test_duplicate_rows_and_out_of_order_updates(tmp_path):
    open_row, done = row(dispo_sec="0", status="NULL"), row()
    for rows in ((open_row, done), (done, open_row)):
        read = found(table(tmp_path, *rows, done))
        assert [wrap["acw_ms"] for wrap in read.frame.to_dicts()] == [30_000]
        assert dict(read.loaded.counts[0].ignored) == {"older version": 1, "duplicate": 1}


@pytest.mark.parametrize(("columns", "delimiter"), [(23, "\t"), (22, "\t"), (23, ",")])
def test_header_absent(tmp_path, columns, delimiter):
    cut = [dict(list(row(agent_log_id=str(number)).items())[:columns]) for number in range(1, 4)]
    path = table(tmp_path, *cut, header=False, delimiter=delimiter)
    (recognised,) = detect.recognise(find_inputs([str(path)]), ReadOptions())
    assert recognised.format == "vicidial-agent-log"
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000] * 3


def test_eleven_columns_of_something_else_are_not_taken_for_it(tmp_path):
    path = tmp_path / "numbers.csv"
    path.write_text("".join(f"{n},2026-03-02,{n},x,1,2,3,4,5,y,{n}\n" for n in range(9)))
    with pytest.raises(InputError, match="nobody knows this format"):
        detect.recognise(find_inputs([str(path)]), ReadOptions())


def test_the_activity_export_tells_zero_from_open_by_its_status(tmp_path):
    path = tmp_path / "activity.txt"
    path.write_text(
        "6666|2026-03-02 09:00:00|77|TEST|5|15|100|20|10|SALE|1\n"
        "6666|2026-03-02 09:05:00|78|TEST|5|15|100|0|0|SALE|2\n"
        "6666|2026-03-02 09:10:00|79|TEST|5|15|100|0|0||3\n"
        "6666|2026-03-02 09:15:00|80|TEST|65535|15|100|9|0|NI|4\n"
    )
    read = wraps(path)
    assert [(wrap["acw_ms"], wrap["status"]) for wrap in read] == [
        (30_000, "ok"), (0, "ok"), (None, "open"), (9_000, "ok"),
    ]  # fmt: skip
    assert [wrap["method"] for wrap in read if wrap["acw_ms"]] == ["anchored", "duration"]


def test_comments_name_the_kind_of_call(tmp_path):
    kinds = ["NULL", "INBOUND", "MANUAL", "CHAT"]
    rows = [row(agent_log_id=str(place), comments=kind) for place, kind in enumerate(kinds)]
    assert [(wrap["channel"], wrap["direction"]) for wrap in wraps(table(tmp_path, *rows))] == [
        ("voice", "outbound"), ("voice", "inbound"), ("voice", "outbound"), ("chat", "inbound"),
    ]  # fmt: skip


def test_a_misspelt_wrap_is_a_usage_error(capsys):
    assert main(["summary", str(TABLE), "--wrap", "dispo+ded"]) == 2
    assert "did you mean 'dispo+dead'?" in capsys.readouterr().err


def test_an_open_call_has_no_handle_time_yet(tmp_path):
    rows = (row(), row(agent_log_id="2", dispo_sec="0", status="NULL"))
    handled = pipeline.summarise(found(table(tmp_path, *rows)), pipeline.Question("handle")).frame
    assert handled.select("contacts", "mean_s").row(0) == (1, 120.0)
