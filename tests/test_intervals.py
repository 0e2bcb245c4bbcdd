"""Interval exports: rows that tell their own end, and what comes after them (rules 1, 2 and 5)."""

from __future__ import annotations

import json

import pytest

from tests.cli import acw, written

HEADER = "agent_id,event_time,state,contact_id,channel,ended_at"


def _wraps(tmp_path, *rows):
    """The wraps of rows such as `08:00:00 acw c1 chat 08:01:00`, `-` for an empty cell."""
    lines = []
    for row in rows:
        clock, state, contact, channel, end = ("" if word == "-" else word for word in row.split())
        lines.append(f"a1,2026-03-02 {clock},{state},{contact},{channel},{end and f'2026-03-02 {end}'}")
    ran = acw("reconstruct", written(tmp_path, "log.csv", lines, HEADER), "--format", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.text)


@pytest.mark.parametrize(
    ("within", "after", "seconds"),
    [("08:00:01", "08:00:30", 60), ("08:00:01", "08:01:40", 100), ("08:00:05", "08:01:00", 60)],
)
def test_an_interval_within_another_does_not_end_it(tmp_path, within, after, seconds):
    rows = [
        "08:00:00 acw c1 - 08:01:00", f"08:00:01 acw c1 - {within}",
        f"08:00:10 acw c1 - {after}", "08:02:00 ready - - 08:03:00",
    ]  # fmt: skip
    (wrap,) = _wraps(tmp_path, *rows)
    assert (wrap["acw_s"], wrap["pieces"], wrap["ended_by"]) == (seconds, 1, "ready")
    assert wrap["wrap_end"].startswith(f"2026-03-02T08:0{seconds // 60}:{seconds % 60:02}")


def test_after_the_latest_end_an_interval_is_another_piece(tmp_path):
    rows = ["08:00:00 acw c1 - 08:01:00", "08:00:10 acw c1 - 08:00:20", "08:01:01 acw c1 - 08:01:11"]
    (wrap,) = _wraps(tmp_path, *rows)
    assert (wrap["acw_s"], wrap["pieces"]) == (70, 2)


@pytest.mark.parametrize("channel", ["-", "chat"])
def test_what_the_agent_did_next_is_no_more_of_the_same(tmp_path, channel):
    rows = [
        f"08:00:00 acw - {channel} 08:00:10", f"08:01:00 acw - {channel} 08:01:10", "08:02:00 logout - - -",
        f"09:00:00 acw - {channel} 09:00:10", f"09:01:00 acw - {channel} 09:01:10", f"09:02:00 ready - {channel} -",
        "09:03:00 logout - - -",
    ]  # fmt: skip
    assert [wrap["ended_by"] for wrap in _wraps(tmp_path, *rows)] == ["logout", "logout", "ready", "ready"]
