"""Parquet columns of types that text files do not have: decimals, durations and lists."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest

import acwcli
from tests.cli import acw

TWO = {"agent_id": ["a1", "a2"], "contact_id": ["c1", "c2"], "talk_s": [60, 60]}


def _lengths(source):
    return acwcli.reconstruct(source).collect().sort("agent_id")["acw_s"].to_list()


@pytest.mark.parametrize(
    "stored",
    [[Decimal("30.50"), Decimal("2.25")], [timedelta(seconds=30.5), timedelta(seconds=2.25)]],
    ids=["decimal", "duration"],
)
def test_lengths_keep_their_fraction(tmp_path, stored):
    frame = pl.DataFrame({**TWO, "acw_s": stored})
    frame.write_parquet(tmp_path / "calls.parquet")
    assert _lengths(tmp_path / "calls.parquet") == [30.5, 2.25]
    assert _lengths(frame) == [30.5, 2.25]


def test_epochs_as_decimals():
    clocks = [Decimal("1772438400.250"), Decimal("1772438460.750")]
    frame = pl.DataFrame({"agent_id": ["a1", "a1"], "event_time": clocks, "state": ["acw", "ready"]})
    assert _lengths(frame) == [60.5]


def test_ids_as_decimals_stay_digits():
    ids = pl.Series([Decimal("12345678901234567890"), Decimal(7)], dtype=pl.Decimal(38, 0))
    wraps = acwcli.reconstruct(pl.DataFrame({**TWO, "contact_id": ids, "acw_s": [1, 2]})).collect()
    assert sorted(wraps["contact_id"]) == ["12345678901234567890", "7"]


@pytest.mark.parametrize("kind", [pl.List(pl.Int64), pl.Array(pl.Int64, 1)], ids=str)
def test_a_list_nobody_asks_for_is_shown_in_rejects_and_stops_nothing(tmp_path, kind):
    frame = pl.DataFrame({**TWO, "acw_s": [30, -4], "tags": pl.Series([[1], [2]], dtype=kind)})
    frame.write_parquet(tmp_path / "calls.parquet")
    rejects = tmp_path / "rejects.csv"
    ran = acw("summary", tmp_path / "calls.parquet", "--max-bad", "50%", "--rejects", rejects)
    assert (ran.code, "1 rejected (1 negative acw time)" in ran.err) == (0, True), ran.err
    assert '""tags"":[2]' in rejects.read_text()
