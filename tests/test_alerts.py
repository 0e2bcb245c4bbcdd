"""`acw check`: rules against the newest days, for cron."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from acwcli import pipeline
from acwcli.errors import ExitCode
from acwcli.formats.options import ReadOptions
from tests.cli import CONTACT_HEADER, ROOT, acw, written


@pytest.fixture
def week(tmp_path):
    """Mon 2 to Fri 6 March 2026, nothing on Wednesday; on day n 25 wraps of n, 2n … 25n seconds."""
    rows = [
        f"c{day}-{number},a{number % 5},2026-03-{day:02} 10:{number:02}:00,60,{number * day}"
        for day in (2, 3, 5, 6)
        for number in range(1, 26)
    ]
    return written(tmp_path, "week.csv", rows, CONTACT_HEADER)


def checked(path, *rules, days=1, today=date(2026, 3, 7), tz="UTC", min_wraps=20):
    options = ReadOptions(needs=pipeline.ALERT_NEEDS, tz=tz, max_bad=1)
    found = pipeline.wraps(pipeline.load([str(path)], options), pipeline.WrapOptions(tz=tz), options.needs)
    alerts = [pipeline.parse_alert(rule) for rule in rules]
    return pipeline.alerts(found, alerts, days=days, today=today, min_wraps=min_wraps)


def rows(answer):
    return answer.frame.select("rule", "day", "value", "verdict").rows()


@pytest.mark.parametrize(
    ("rule", "value"),
    [("mean=78s", 78.0), ("median=78s", 78.0), ("p90=135.6s", 135.6), ("max=150s", 150.0), ("over_60s=60%", 0.6)],
)
def test_figures_of_the_newest_day(week, rule, value):
    """6, 12 … 150 s on Friday: over is strictly greater."""
    assert rows(checked(week, rule)) == [(rule, "2026-03-06", value, "fine")]
    name, _, limit = rule.partition("=")
    lower = f"{name}={float(limit.rstrip('s%')) - 0.1:.1f}{'%' if '%' in limit else 's'}"
    assert rows(checked(week, lower)) == [(lower, "2026-03-06", value, "finding")]


def test_each_of_several_days(week):
    found = rows(checked(week, "mean=40s", days=3))
    assert [(day, value, verdict) for _, day, value, verdict in found] == [
        ("2026-03-03", 39.0, "fine"),
        ("2026-03-05", 65.0, "finding"),
        ("2026-03-06", 78.0, "finding"),
    ]


def test_a_thin_day_is_not_judged(week):
    assert rows(checked(week, "mean=1s", min_wraps=26))[0][-1] == "not enough data"


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        ("missing=5d", ["2026-03-04"]),
        ("missing=6d", ["2026-03-01", "2026-03-04"]),
        ("missing=6d Mon-Fri", ["2026-03-04"]),
        ("missing=6 Sun", ["2026-03-01"]),
        ("missing=6d Sat-Mon", ["2026-03-01"]),
        ("missing=2d", []),
    ],
)
def test_missing_days(week, rule, missing):
    found = rows(checked(week, rule))
    assert [day for _, day, _, verdict in found if verdict == "finding"] == missing
    assert len(found) == max(1, len(missing))


def test_rejected_rows_of_the_files_of_these_days(tmp_path, week):
    bad = written(
        tmp_path,
        "bad.csv",
        [f"d{n},a1,2026-03-06 1{n}:00:00,60,{'x' if n == 1 else 5}" for n in range(8)],
        CONTACT_HEADER,
    )
    old = written(
        tmp_path, "old.csv", ["e1,a1,2026-03-01 10:00:00,60,5", "e2,a1,2026-03-01 10:00:00,60,x"], CONTACT_HEADER
    )
    folder = tmp_path
    assert {bad.parent, old.parent, week.parent} == {folder}
    (found,) = checked(folder, "rejected=12%").frame.rows(named=True)
    assert (found["value"], found["verdict"]) == (0.125, "finding")
    assert found["reason"] == f"{bad}: 1 of 8 rows rejected"
    assert checked(folder, "rejected=12.5%").frame["verdict"].to_list() == ["fine"]


def test_days_are_those_of_the_zone(tmp_path):
    late = [f"c{n},a1,2026-03-02T23:30:00Z,60,9" for n in range(20)]
    path = written(tmp_path, "late.csv", late, CONTACT_HEADER)
    assert rows(checked(path, "mean=9s", tz="Asia/Tehran"))[0][1] == "2026-03-03"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("p9x=3s", "did you mean"), ("p90", "NAME=VALUE"), ("p90=soon", "no duration"), ("over_60s=2", "no share"),
        ("over_soon=2%", "no duration"), ("missing=week", "missing=7d"), ("missing=3d Foo", "missing=7d"),
        ("", "NAME=VALUE"),
    ],
)  # fmt: skip
def test_what_is_no_rule(week, rule, said):
    ran = acw("check", week, "--alert", rule)
    assert (ran.code, ran.text) == (ExitCode.USAGE, "")
    assert said in ran.err


def test_no_rule_at_all(week):
    assert acw("check", week).code == ExitCode.USAGE


def test_findings_are_lines_on_stderr_and_exit_10_on_request(week):
    words = ["check", week, "--alert", "mean=60s", "--alert", "p90=5m", "--quiet", "--format", "csv"]
    ran = acw(*words)
    assert (ran.code, ran.err) == (0, "acw: finding: mean=60s: mean is 78.0 s (limit 60s) on 2026-03-06, 25 wraps\n")
    assert acw(*words, "--fail-on-flag").code == ExitCode.FINDINGS
    fine = acw("check", week, "--alert", "p90=5m", "--quiet", "--fail-on-flag")
    assert (fine.code, fine.err) == (0, "")


def test_from_a_store_as_from_its_files(week, tmp_path):
    store = tmp_path / "wraps.store"
    assert acw("ingest", "--store", store, week).code == 0
    rules = ["--alert", "over_60s=1%", "--alert", "rejected=0", "--alert", "missing=9d", "--days", "4"]
    assert acw("check", store, *rules) == acw("check", week, *rules)


def test_under_cron(week):
    words = f"check {week} --alert mean=60s --fail-on-flag --quiet -o {week.parent}/checks.csv"
    command = f"cd / && exec env -i PYTHONPATH={ROOT} {sys.executable} -m acwcli {words}"
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (10, b"")
    assert done.stderr == b"acw: finding: mean=60s: mean is 78.0 s (limit 60s) on 2026-03-06, 25 wraps\n"
    assert (week.parent / "checks.csv").read_text().startswith("rule,day,wraps")
