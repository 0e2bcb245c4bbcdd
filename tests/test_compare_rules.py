"""`diagnose --compare-rules`: every rule worked out by hand on a handful of wraps."""

from __future__ import annotations

import json

import pytest

from acwcli.errors import ExitCode
from tests.cli import GENERIC, ROOT, STATES, acw, written

HEADER = "agent_id,contact_id,wrap_start,wrap_end,acw_s,method,ended_by,status"
WRAPS = [
    "a,c1,2026-03-02T09:50:00+00:00,2026-03-02T10:10:00+00:00,1200,explicit,ready,ok",
    "a,c2,2026-03-02T09:00:00+00:00,2026-03-02T09:01:00+00:00,60,explicit,ready,ok",
    "a,c3,2026-03-02T09:20:00+00:00,2026-03-02T09:20:00+00:00,0,explicit,ready,ok",
    "b,,2026-03-02T10:30:00+00:00,2026-03-02T10:30:40+00:00,40,explicit,ready,orphan",
    "b,c4,2026-03-02T11:00:00+00:00,2026-03-02T16:00:00+00:00,18000,explicit,logout,stuck",
    "b,c5,2026-03-03T00:00:00+00:00,2026-03-03T11:00:00+00:00,39600,explicit,logout,stuck",
    "b,c6,2026-03-03T12:00:00+00:00,,,explicit,open,open",
]


def told(*args):
    ran = acw("diagnose", *args, "--compare-rules", "--format", "json")
    assert ran.code == 0, ran.err
    return {row["rule"]: row for row in json.loads(ran.text)}


def test_each_rule_by_hand(tmp_path):
    rows = told(written(tmp_path, "wraps.csv", WRAPS, HEADER))
    values = {rule: (row["counted"], row["value_s"]) for rule, row in rows.items()}
    assert values == {
        "per wrap": (4, 325),
        "per handled contact": (None, None),
        "wraps of a contact only": (3, 420),
        "wraps of 0 s left out": (3, pytest.approx(1300 / 3)),
        "stuck wraps counted": (6, pytest.approx(58_900 / 6)),
        "36,000 s and more dropped": (5, 3860),
        "cut at 7,200 s": (6, pytest.approx((1300 + 2 * 7200) / 6)),
        "mean of agents' means": (2, 230),
        "starts in the hour": (3, 1260),
        "ends in the hour": (2, 60),
        "split over hours": (3, 660),
    }
    for row in rows.values():
        ours = 325 if row["figure"] == "mean_s" else 1260
        assert row["difference_s"] == (None if row["value_s"] is None else pytest.approx(row["value_s"] - ours))
    assert "does not tell the contacts" in rows["per handled contact"]["note"]
    assert "2026-03-02 09:00" in rows["ends in the hour"]["note"]


def test_hours_are_those_of_the_zone(tmp_path):
    rows = told(written(tmp_path, "wraps.csv", WRAPS, HEADER), "--tz", "Asia/Tehran")
    assert "2026-03-02 13:00" in rows["starts in the hour"]["note"]  # +03:30: from 09:30 to 10:30
    assert rows["starts in the hour"]["value_s"] == 1200


def test_handled_contacts_are_those_of_summary():
    contacts = f"{GENERIC}/contacts.csv"
    row = told(contacts)["per handled contact"]
    (asked,) = json.loads(acw("summary", contacts, "--per", "handled", "--format", "json").text)
    assert (row["counted"], row["value_s"]) == (asked["handled"], asked["mean_s"])


def test_ours_is_what_diagnose_says():
    assert told(STATES)["per wrap"]["value_s"] == json.loads(acw("diagnose", STATES, "-f", "json").text)["mean_s"]


def test_without_instants_hours_are_unknown(tmp_path):
    rows = told(written(tmp_path, "c.csv", ["c1,a1,60,30"], "contact_id,agent_id,talk_s,acw_s"))
    assert {rows[rule]["value_s"] for rule in ("starts in the hour", "ends in the hour", "split over hours")} == {None}
    assert rows["per wrap"]["value_s"] == 30


def test_what_cannot_be_compared_is_refused(tmp_path):
    sums = acw("diagnose", ROOT / "sample_data/amazon_connect_metrics", "--compare-rules")
    assert (sums.code, "--compare-rules" in sums.err) == (ExitCode.USAGE, True)
    talk = acw("diagnose", STATES, "--compare-rules", "--of", "talk")
    assert (talk.code, "--of talk" in talk.err) == (ExitCode.USAGE, True)
    opened = written(tmp_path, "open.csv", WRAPS[-1:], HEADER)
    assert acw("diagnose", opened, "--compare-rules").code == ExitCode.NO_WRAPS
