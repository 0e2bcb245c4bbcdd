"""`--input-format` on files that do not fit, `--map` over several files, and whose zone holds."""

from __future__ import annotations

import csv
import io

import pytest

from acwcli.formats import detect
from tests.cli import CONTACT_HEADER, acw, one_wrap, written

MISFITS = {
    "words.csv": "colour,shape,size\nred,round,3\nblue,square,4\n",
    "plain.txt": "hello\nworld\nthis is text\n",
    "document.json": '{"a": {"b": [1, 2, 3]}}\n',
    "list.json": '[{"x": 1}, {"x": 2}]\n',
    "numbers.json": "[1, 2, 3]\n",
    "pipes.txt": "1|2\n3|4\n",
}


def rows(ran):
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.text)))


@pytest.mark.parametrize("name", detect.names())
@pytest.mark.parametrize("misfit", MISFITS)
def test_a_file_that_does_not_fit_is_one_clear_error(tmp_path, name, misfit):
    path = written(tmp_path, misfit, MISFITS[misfit].encode())
    for more in ([], ["--map", "agent_id=colour"] if misfit == "words.csv" else []):
        ran = acw("summary", path, "--input-format", name, *more)
        assert (ran.code, ran.out) == (3, b""), ran.err
        (line,) = ran.err.splitlines()
        assert line.startswith(f"acw: error: {path}: ")
        assert "lack" in line or "no column" in line or "no JSON" in line or "no whole document" in line


@pytest.mark.parametrize("name", detect.names())
@pytest.mark.parametrize("own", ["states", "contacts"])
def test_another_s_file_is_no_traceback(tmp_path, name, own):
    lines = one_wrap() if own == "states" else ["c1,a1,2026-03-02T08:00:00Z,60,30"]
    path = written(tmp_path, f"{own}.csv", lines, **({} if own == "states" else {"header": CONTACT_HEADER}))
    ran = acw("summary", path, "--input-format", name)
    assert ran.code == (0 if name == f"generic-{own}" else 3), ran.err
    assert "unexpected" not in ran.err


def test_misfits_of_a_folder_are_skipped(tmp_path):
    written(tmp_path, "states.csv", one_wrap())
    written(tmp_path, "words.csv", MISFITS["words.csv"].encode())
    ran = acw("summary", tmp_path, "--input-format", "generic-states")
    assert rows(ran)[0]["wraps"] == "1"
    assert "words.csv: skipped" in ran.err


def test_a_forced_state_log_may_have_words_nobody_knows(tmp_path):
    path = written(tmp_path, "states.csv", ["a1,2026-03-02 08:00:00,Pondering", "a1,2026-03-02 08:01:00,Musing"])
    path.write_text("agent_id,event_time,state\n" + path.read_text().split("\n", 1)[1])
    ran = acw("inspect", path, "--input-format", "generic-states")
    assert ran.code == 0
    assert "states read as 'other': 'Musing', 'Pondering'" in ran.err


PROFILE = """
title = "Desk"
kind = "contacts"
tz = "Europe/Berlin"

[columns]
agent_id = "Who"
answered_at = "From"
talk_s = "Talk"
acw_s = "Wrap"
"""


@pytest.mark.parametrize(
    ("given", "hour", "said"),
    [
        ([], "07", "read as Europe/Berlin (profile desk)"),
        (["--tz", "UTC"], "08", "read as UTC (--tz, not Europe/Berlin as profile desk says)"),
        (["--tz", "America/New_York"], "08", "read as America/New_York (--tz, not Europe/Berlin as profile desk says)"),
        (["--tz", "Europe/Berlin"], "08", "read as Europe/Berlin (--tz)"),
    ],
)
def test_the_user_s_zone_comes_before_that_of_a_profile(tmp_path, given, hour, said):
    profile = written(tmp_path, "desk.toml", PROFILE.encode())
    path = written(tmp_path, "desk.csv", ["ann,2026-03-02 08:00:00,60,30"], header="Who,From,Talk,Wrap")
    ran = acw("reconstruct", path, "--profile", profile, *given)
    assert rows(ran)[0]["wrap_start"].startswith(f"2026-03-02T{hour}:01:00")
    assert said in ran.err


def test_a_map_may_hold_for_one_file_of_several(tmp_path):
    odd = written(
        tmp_path, "odd.csv", ["c1,ann,2026-03-02T08:00:00Z,60,30"], "contact_id,Whoever,answered_at,talk_s,acw_s"
    )
    plain = written(tmp_path, "plain.csv", ["c2,bob,2026-03-02T09:00:00Z,60,40"], header=CONTACT_HEADER)
    ran = acw("summary", odd, plain, "--by", "agent_id", "--map", "agent_id=Whoever")
    assert [(row["agent_id"], row["total_s"]) for row in rows(ran)] == [("ann", "30.0"), ("bob", "40.0")]
    assert "plain.csv: no column 'Whoever', so --map agent_id holds for other files only" in ran.err
    assert "odd.csv: no column" not in ran.err


def test_two_parts_of_a_map_belong_together(tmp_path):
    odd = written(tmp_path, "odd.csv", ["ann,2026-03-02,08:00:00,60,30"], "agent_id,Day,Clock,talk_s,acw_s")
    plain = written(tmp_path, "plain.csv", ["c2,bob,2026-03-02T09:00:00Z,60,40"], header=CONTACT_HEADER)
    ran = acw("reconstruct", odd, plain, "--map", "answered_at=Day+Clock")
    assert [row["wrap_start"][11:16] for row in rows(ran)] == ["08:01", "09:01"]


def test_a_map_that_no_file_has_is_an_error(tmp_path):
    one = written(tmp_path, "one.csv", ["c1,ann,2026-03-02T08:00:00Z,60,30"], header=CONTACT_HEADER)
    two = written(tmp_path, "two.csv", ["c2,bob,2026-03-02T09:00:00Z,60,40"], header=CONTACT_HEADER)
    ran = acw("summary", one, two, "--map", "queue=Skil")
    assert (ran.code, ran.out) == (2, b"")
    assert "--map queue=Skil" in ran.err
    assert "has no column 'Skil'" in ran.err


def test_a_file_that_needs_the_map_and_lacks_the_column_is_an_error(tmp_path):
    odd = written(
        tmp_path, "odd.csv", ["c1,ann,2026-03-02T08:00:00Z,60,30"], "contact_id,Whoever,answered_at,talk_s,acw_s"
    )
    other = written(
        tmp_path, "other.csv", ["c2,bob,2026-03-02T09:00:00Z,60,40"], "contact_id,Someone,answered_at,talk_s,acw_s"
    )
    ran = acw("summary", odd, other, "--map", "agent_id=Whoever")
    assert (ran.code, ran.out) == (3, b"")
    assert "other.csv: nobody knows this format" in ran.err
    assert "no column for agent_id" in ran.err
