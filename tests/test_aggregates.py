"""Sums per agent: means are had from them, anything that needs single wraps is refused."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from acwcli import pipeline
from acwcli.cli.app import main
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import WRAP_FRAME

SAMPLES = Path(__file__).parent.parent / "sample_data"
REPORT = SAMPLES / "vicidial_performance/AGENT_PERFORMACE_DETAIL_20260302-120000.csv"
GOAUTODIAL = SAMPLES / "vicidial_performance/goautodial_agent_details.csv"
METRICS = SAMPLES / "amazon_connect_metrics/historical_metrics.csv"
LOG = SAMPLES / "vicidial_agent_log/vicidial_agent_log.csv"
REAL = Path(__file__).parent.parent.parent / "shared/real/vicidial/agent_stats_export_sample.txt"
NEEDS = frozenset(WRAP_FRAME)
HEADER = (
    '"USER NAME","ID","CURRENT USER GROUP","MOST RECENT USER GROUP","CALLS","TIME","DISPO","DISPAVG","DEAD","DEADAVG"'
)
UNKNOWN = ["median_s", "p80_s", "p90_s", "p95_s", "max_s", "sd_s"]


def found(*paths, since=None, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(since=since, tz=options.get("tz", "UTC")), NEEDS)


def by(read, *groups):
    return pipeline.summarise(read, pipeline.Question(groups=groups)).frame


def written(tmp_path, *lines, name="report.csv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return path


def seconds(text):
    hours, minutes, rest = map(int, text.split(":"))
    return 3600 * hours + 60 * minutes + rest


def rows_of_report():
    lines = REPORT.read_text().splitlines()
    return [row for row in csv.DictReader(lines[4:]) if row["ID"]]


@pytest.mark.parametrize(("wrap", "columns"), [("dispo+dead", ("DISPO", "DEAD")), ("dispo", ("DISPO",))])
def test_the_report_gives_the_figures_of_plain_python(wrap, columns):
    rows = {row["ID"]: row for row in rows_of_report()}
    means = by(found(REPORT, wrap_parts=wrap), "agent_id")
    assert means["agent_id"].to_list() == sorted(rows)
    for agent, wraps, mean, total in means.select("agent_id", "wraps", "mean_s", "total_s").iter_rows():
        expected = sum(seconds(rows[agent][column]) for column in columns)
        assert (wraps, total) == (int(rows[agent]["CALLS"]), expected)
        assert mean == pytest.approx(expected / wraps)


def test_means_are_pooled_over_calls_never_averaged():
    rows = rows_of_report()
    total = sum(seconds(row["DISPO"]) + seconds(row["DEAD"]) for row in rows)
    (row,) = by(found(REPORT)).to_dicts()
    assert row["mean_s"] == total / sum(int(row["CALLS"]) for row in rows)
    assert row["method"] == "aggregate"
    assert [row[name] for name in UNKNOWN] == [None] * 6


def test_goautodial_wrap_up_is_dead():
    assert by(found(GOAUTODIAL), "agent_id").equals(by(found(REPORT), "agent_id"))
    dispo = by(found(GOAUTODIAL, wrap_parts="dispo"), "agent_id")["total_s"].sum()
    assert dispo == sum(seconds(row["DISPO"]) for row in rows_of_report())


def test_preamble_and_totals_rows_are_no_agents():
    read = found(REPORT)
    assert dict(read.loaded.counts[0].ignored) == {"total row": 1}
    assert any("title lines above the header" in note for note in read.loaded.notes())


def test_h_mm_ss_over_24_h(tmp_path):
    path = written(tmp_path, HEADER, '"A","1","","","1000","99:00:00","27:46:40","0:01:40","0:00:00","0:00:00"')
    assert by(found(path))["mean_s"].item() == 100.0


def test_days_of_an_agent_are_in_its_own_row(tmp_path):
    path = written(
        tmp_path,
        HEADER + ',"CALL DATE"',
        '"A","1","","","4","9:00:00","0:02:00","0:00:30","0:00:00","0:00:00",""',
        '"","","","","3","5:00:00","0:01:00","0:00:20","0:00:00","0:00:00","2026-03-02"',
        '"","","","","1","4:00:00","0:01:00","0:01:00","0:00:00","0:00:00","2026-03-03"',
        '"","","TOTALS","AGENTS:1","4","9:00:00","0:02:00","0:00:30","0:00:00","0:00:00",""',
    )
    read = found(path)
    assert by(read)["wraps"].item() == 4
    assert dict(read.loaded.counts[0].ignored) == {"no agent": 2, "total row": 1}


def test_the_report_and_the_log_differ_only_where_the_report_is_wrong():
    of_log = by(found(LOG), "agent_id").select("agent_id", "wraps", "total_s")
    of_report = by(found(REPORT), "agent_id").select("agent_id", "wraps", "total_s")
    both = of_log.join(of_report, on="agent_id").filter(pl.col("total_s") != pl.col("total_s_right"))
    assert both["agent_id"].to_list() == ["1003"]  # the row whose dispo_sec holds its talk


def test_the_real_api_export_is_read():
    if not REAL.exists():
        pytest.skip("no real data here")
    figures = by(found(REAL), "agent_id").select("agent_id", "wraps", "mean_s").rows()
    assert figures == [("1029", 1, 82.0), ("6666", 16, 5.125)]


def test_the_metrics_give_the_figures_of_plain_python():
    sums = defaultdict(lambda: [0, 0])
    for row in csv.DictReader(METRICS.read_text().splitlines()):
        if row["Contacts handled"] != "0":
            one = sums[row["Agent"], row["StartInterval"][11:13]]
            one[0] += int(row["Contacts handled"])
            one[1] += int(row["After contact work time"])
    figures = by(found(METRICS), "agent_id", "hour")
    assert {row[:2]: list(row[2:]) for row in figures.select("agent_id", "hour", "wraps", "total_s").rows()} == {
        (agent, int(hour)): [count, float(total)] for (agent, hour), (count, total) in sums.items()
    }


def test_a_dash_is_no_data():
    (counts,) = found(METRICS).loaded.counts
    assert dict(counts.ignored) == {"no contacts handled": 5}


def test_averages_are_taken_where_there_is_no_sum_and_that_is_said(tmp_path):
    path = written(
        tmp_path,
        "Agent,Average after contact work time,Contacts handled",
        "alva,00:00:30,10",
        "bo,00:01:00,5",
    )
    read = found(path)
    assert by(read)["mean_s"].item() == 600 / 15
    assert any("rounded averages" in note for note in read.loaded.notes())


@pytest.mark.parametrize("count", ["9" * 26, "9" * 18, "-" + "9" * 26, "nan", "inf"])
def test_a_count_that_cannot_be_is_unreadable(tmp_path, count):
    path = written(tmp_path, "Agent,After contact work time,Contacts handled", "alva,300,10", f"bo,60,{count}")
    read = found(path, max_bad=1.0)
    assert (by(read)["mean_s"].item(), read.loaded.total().rejected) == (30, {"unreadable Contacts handled": 1})


@pytest.mark.parametrize("rows", [10_000, 9_999])
def test_a_download_of_80000_cells_is_cut(tmp_path, rows):
    header = "Agent,Queue,Channel,a,b,c,After contact work time,Contacts handled"
    path = written(tmp_path, header, *["alva,q,VOICE,1,2,3,60,2"] * rows)
    assert any("80,000 cells" in note for note in found(path).loaded.notes()) == (rows == 10_000)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["diagnose"], "a distribution of wraps"),
        (["flag", "--over", "p80"], "--over p80"),
        (["flag", "--measure", "median"], "--measure median"),
        (["flag", "--measure", "p90"], "--measure p90"),
        (["summary", "--limit", "60s"], "--limit"),
        (["summary", "--of", "handle"], "--of handle"),
        (["summary", "--by", "disposition"], "no column disposition"),
        (["summary", "--by", "hour"], "--by hour"),
    ],
    ids=" ".join,
)
def test_a_percentile_of_aggregates_is_2(words, said, capsys):
    assert main([words[0], str(REPORT), *words[1:]]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_flag_says_watch_at_most():
    read = found(REPORT)
    table = pipeline.flag(read, rules=pipeline.rules(["mean", "60s"], []), every_agent=True).frame
    listed = {(row["agent_id"], row["rule"]): row["verdict"] for row in table.to_dicts()}
    assert listed["1005", "over mean"] == listed["1005", "over 60s"] == "watch"
    assert set(table["verdict"]) == {"watch", "in line"}
    (reason,) = table.filter(agent_id="1005", rule="over mean")["reason"]
    assert reason.endswith("how widely its wraps spread is not in sums, so it may be chance")
    total = sum(seconds(row["DISPO"]) + seconds(row["DEAD"]) for row in rows_of_report())
    (threshold,) = table.filter(agent_id="1005", rule="over mean")["threshold_s"]
    assert threshold == pytest.approx(total / 205)


def test_fail_on_flag_is_not_triggered_by_watch(capsys):
    assert main(["flag", str(REPORT), "--over", "60s", "--fail-on-flag", "--quiet"]) == 0
    assert "1005,26" in capsys.readouterr().out


def test_few_calls_are_not_enough_data(tmp_path):
    path = written(tmp_path, HEADER, *(f'"A","{n}","","","{n}","1:00:00","0:10:00","","0:00:00",""' for n in (5, 30)))
    table = pipeline.flag(found(path), rules=pipeline.rules(["5s"], []), every_agent=True).frame
    assert dict(table.select("agent_id", "verdict").iter_rows()) == {"5": "not enough data", "30": "watch"}


def test_queues_are_no_agents(tmp_path, capsys):
    path = written(tmp_path, "Queue,After contact work time,Contacts handled", "Billing,100,4")
    assert by(found(path), "queue").rows()[0][:3] == ("Billing", 4, 25.0)
    assert main(["flag", str(path)]) == 2
    assert "do not say agent_id" in capsys.readouterr().err


def test_sums_give_way_to_single_wraps():
    read = found(REPORT, LOG)
    assert pipeline.summarise(read).frame["wraps"].item() == 204
    assert read.loaded.total().ignored["sums beside single wraps"] == 8
    assert any("left out beside" in note for note in read.notes)
    total = read.loaded.total()
    assert total.used + total.ignored.total() + total.rejected.total() == total.read


def test_the_same_report_twice_counts_once(tmp_path):
    copy = tmp_path / "copy.csv"
    copy.write_bytes(REPORT.read_bytes())
    read = found(REPORT, copy)
    assert by(read)["wraps"].item() == 205
    assert read.loaded.total().ignored["duplicate"] == 8


def test_sums_have_a_day_and_a_span(capsys):
    assert by(found(REPORT, tz="America/New_York"), "day").rows()[0][:2] == ("2026-03-02", 205)
    assert main(["summary", str(REPORT), "--since", "2026-03-03"]) == 4
    assert main(["summary", str(GOAUTODIAL), "--since", "2026-03-01"]) == 4
    assert "sums without an instant" in capsys.readouterr().err


def test_reconstruct_has_no_wraps_of_sums(capsys):
    assert main(["reconstruct", str(REPORT)]) == 4
    assert "the files hold sums" in capsys.readouterr().err


def test_inspect_and_the_line_of_counts_name_them(capsys):
    assert main(["inspect", str(REPORT), "--format", "csv"]) == 0
    out, err = capsys.readouterr()
    assert "vicidial-performance,aggregates,9,8,1" in out
    assert "sums of 205 wraps" in err


def test_a_roster_and_peers(tmp_path):
    roster = written(
        tmp_path, "agent_id,team", *(f"100{n},{'odd' if n % 2 else 'even'}" for n in range(1, 9)), name="r.csv"
    )
    from acwcli.formats.roster import read_roster

    loaded = pipeline.load([str(REPORT)], ReadOptions(needs=NEEDS))
    read = pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS, read_roster(str(roster), None))
    assert by(read, "team")["wraps"].sum() == 205
    question = pipeline.Question(groups=("agent_id", "team"))
    flagged = pipeline.flag(read, question, rules=pipeline.rules(["mean"], []), peers=["team"]).frame
    assert "1005" in flagged["agent_id"].to_list()
    assert set(flagged["verdict"]) == {"watch"}
