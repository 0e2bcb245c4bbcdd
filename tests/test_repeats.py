"""What is given twice counts once and is told, whether or not the answer shows rows of origin."""

from __future__ import annotations

import polars as pl
import pytest

from acwcli.model.repeats import repeated
from tests.cli import acw, one_wrap, written


def test_values_that_occur_twice():
    assert repeated(pl.Series([3, 1, None, 3, 2, None], dtype=pl.UInt64)).to_list() == [
        True,
        False,
        False,
        True,
        *[False] * 2,
    ]
    assert repeated(pl.Series([], dtype=pl.UInt64)).to_list() == []


@pytest.mark.parametrize("command", [["summary"], ["reconstruct"]], ids=str)
def test_events_given_twice(tmp_path, command):
    rows = one_wrap()
    ran = acw(*command, written(tmp_path, "twice.csv", [row for row in rows for _ in (1, 2)]))
    assert f"{2 * len(rows)} rows read: {len(rows)} used, {len(rows)} ignored ({len(rows)} duplicate)" in ran.err
    assert "; 1 wrap counted" in ran.err


def test_wraps_given_twice(tmp_path):
    log = written(tmp_path, "log.csv", [*one_wrap("a1", "c1"), *one_wrap("a2", "c2")])
    wraps, again, other = (tmp_path / f"{name}.csv" for name in ("wraps", "again", "other"))
    acw("reconstruct", log, "-o", wraps)
    again.write_bytes(wraps.read_bytes())
    # Alike in agent, start and length, and yet another wrap, though nobody asks for what differs: concurrent chats.
    lines = wraps.read_text().splitlines()
    other.write_text("\n".join([lines[0], lines[1].replace(",c1,", ",c9,")]) + "\n")
    ran = acw("summary", wraps, again, other, "--format", "json")
    assert "5 rows read: 3 used, 2 ignored (2 duplicate), 0 rejected; 3 wraps counted" in ran.err


def test_a_wrap_given_again_within_one_file(tmp_path):
    wraps = tmp_path / "wraps.csv"
    acw("reconstruct", written(tmp_path, "log.csv", [*one_wrap("a1", "c1"), *one_wrap("a2", "c2")]), "-o", wraps)
    header, first, second = wraps.read_text().splitlines()
    for lines in ([first, second, first], [first, first, second], [first, second, second]):
        wraps.write_text("\n".join([header, *lines]) + "\n")
        ran = acw("summary", wraps)
        assert "3 rows read: 2 used, 1 ignored (1 duplicate), 0 rejected; 2 wraps counted" in ran.err
