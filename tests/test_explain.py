"""`explain`: one agent beside the peers, in figures that equal those of the other questions."""

from __future__ import annotations

import json

import pytest

from acwcli.cli.app import COMMANDS
from tests.cli import CONTACT_HEADER, GENERIC, MORNING, ROOT, STATES, acw, written

CONTACTS = f"{GENERIC}/contacts.csv"
LISTS = ("rules", "mix", "shapes", "evidence", "distribution", "by_hour", "by_day", "longest", "typical")


@pytest.fixture(autouse=True)
def _in_root(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")


def explained(agent, *args):
    ran = acw("explain", agent, *args, "--format", "json", "--quiet")
    assert ran.code == 0, ran.err
    return json.loads(ran.text)


def rows_of(*args):
    return json.loads(acw(*args, "--format", "json", "--quiet").text)


def test_figures_are_those_of_summary_and_flag():
    told = explained("a31", STATES, "--within", "60s")
    (own,) = rows_of("summary", STATES, "--where", "agent_id = 'a31'", "--limit", "60s")
    (peers,) = rows_of("summary", STATES, "--where", "agent_id <> 'a31'", "--limit", "60s")
    for name in ("wraps", "mean_s", "median_s", "p80_s", "p90_s"):
        assert told[name] == own[name]
        assert told[f"peers_{name}"] == peers[name]
    assert (told["share_within"], told["peers_share_within"]) == (own["within_limit"], peers["within_limit"])
    assert told["excess_s"] == own["excess_s"]
    assert told["share_of_excess"] == pytest.approx(own["excess_s"] / (own["excess_s"] + peers["excess_s"]))
    assert (told["peers"], told["limit_s"], told["limit_rule"]) == (39, 60.0, "within")
    flagged = rows_of("flag", STATES, "--over", "mean", "--over", "p80", "--over", "60s", "--all")
    for rule in told["rules"]:
        (same,) = (row for row in flagged if row["agent_id"] == "a31" and row["rule"] == rule["rule"])
        assert {name: same[name] for name in rule} == rule
    assert told["verdict"] == "over"
    assert told["schema_version"] == 1


def test_lists_add_up_and_name_their_rows():
    told = explained("a31", STATES)
    assert sum(part["wraps"] for part in told["distribution"]) == told["wraps"]
    for name in ("share", "peers_share"):
        assert sum(part[name] for part in told["distribution"]) == pytest.approx(1)
    for name in ("by_hour", "by_day"):
        assert sum(part["wraps"] for part in told[name]) == told["wraps"]
        total = sum(part["wraps"] * (part["mean_s"] or 0) for part in told[name])
        assert total == pytest.approx(told["wraps"] * told["mean_s"])
    wraps = {row["row"]: row for row in rows_of("reconstruct", STATES) if row["agent_id"] == "a31"}
    lengths = sorted((row["acw_s"] for row in wraps.values()), reverse=True)
    assert [wrap["value_s"] for wrap in told["longest"]] == lengths[:3]
    assert told["typical"][0]["value_s"] == told["median_s"]
    for wrap in (*told["longest"], *told["typical"], *told["evidence"]):
        assert wrap["source"] == STATES
        assert wraps[wrap["row"]]["acw_s"] == wrap["value_s"]
        assert wraps[wrap["row"]]["wrap_start"] == wrap["wrap_start"]
    assert [shape["shape"] for shape in told["shapes"]] == ["uniformly-slow"]
    assert {row["shape"] for row in told["evidence"]} == {"uniformly-slow"}


def test_unknown_agent_gets_the_nearest_name():
    ran = acw("explain", "a311", STATES)
    assert ran.code == 2
    assert "no agent 'a311'" in ran.err
    assert "did you mean 'a31'" in ran.err
    assert ran.out == b""


def test_too_few_wraps_conclude_nothing():
    told = explained("b01", MORNING)
    assert told["wraps"] < 20
    assert told["verdict"] == "not enough data"
    assert told["shapes"] == told["evidence"] == []
    assert {rule["verdict"] for rule in told["rules"]} == {"not enough data"}
    shown = acw("explain", "b01", MORNING, "--format", "table").text
    assert "Not enough data" in " ".join(shown.split())


def test_an_agent_without_counted_wraps(tmp_path):
    rows = [
        "a1,2026-03-02 08:00:00,talking,c1,q", "a1,2026-03-02 08:05:00,acw,c1,q", "a1,2026-03-02 08:06:00,ready,,",
        "a2,2026-03-02 08:00:00,talking,c2,q", "a2,2026-03-02 08:05:00,acw,c2,q",
    ]  # fmt: skip
    ran = acw("explain", "a2", written(tmp_path, "states.csv", rows))
    assert ran.code == 4
    assert "agent a2 has no wraps that count (1 open)" in ran.err
    alone = explained("a1", tmp_path / "states.csv")
    assert (alone["peers"], alone["peers_wraps"], alone["peers_mean_s"]) == (0, 0, None)
    assert acw("explain", "a1", tmp_path / "states.csv", "--format", "table").code == 0


def test_one_screen():
    lines = acw("explain", "a31", STATES, "--within", "60s", "--format", "table", "--quiet").text.splitlines()
    assert len(lines) <= 50
    text = "\n".join(lines)
    for word in ("this agent", "peers", "over p80", "uniformly-slow", "mean by hour", "longest", "most typical"):
        assert word in text
    assert "▁" in text


def test_terminals_that_read_ascii_only(monkeypatch):
    from io import BytesIO

    from acwcli import pipeline
    from acwcli.formats.options import ReadOptions
    from acwcli.render import write

    needs = pipeline.explain_needs(pipeline.Question(groups=pipeline.EXPLAINED))
    found = pipeline.wraps(pipeline.load([STATES], ReadOptions(needs=needs)), pipeline.WrapOptions(), needs)
    stream = BytesIO()
    write(pipeline.explain(found, "a31"), "table", stream, encoding="ascii")
    assert b"?" not in stream.getvalue()
    assert b"lengths, agent" in stream.getvalue()


def test_flat_formats_have_one_row_with_lists_as_json_text():
    header, line = acw("explain", "a31", STATES, "--format", "csv", "--quiet").text.splitlines()
    assert header.startswith("agent_id,wraps,mean_s,")
    assert header.endswith("method,schema_version")
    assert '""source"":' in line
    (row,) = [json.loads(text) for text in acw("explain", "a31", STATES, "-f", "ndjson", "-q").text.splitlines()]
    assert all(row[name] for name in LISTS)


@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "md"])
def test_other_formats(suffix, tmp_path):
    assert acw("explain", "a31", STATES, "-o", tmp_path / f"a31.{suffix}", "--quiet").code == 0


def test_peers_are_those_of_equal_values():
    roster = ROOT / "sample_data/generic/roster.csv"
    told = explained("a31", STATES, "--roster", roster, "--peers", "team")
    assert told["peers"] == 9 or told["peers"] < 39
    assert told["name"]
    by_queue = explained("a31", STATES, "--peers", "queue")
    assert {rule["rule"] for rule in by_queue["rules"]} == {"over mean", "over p80"}


def test_other_measures_have_no_shapes():
    told = explained("a31", STATES, "--of", "talk")
    assert told["shapes"] == []
    assert told["contacts"] > 0


def test_lengths_without_instants(tmp_path):
    rows = [f"c{n},a{n % 2},,60,{20 + n % 7}" for n in range(60)]
    path = written(tmp_path, "contacts.csv", rows, CONTACT_HEADER)
    told = explained("a1", path)
    assert told["by_hour"] == told["by_day"] == []
    assert told["longest"][0]["wrap_start"] is None
    assert acw("explain", "a1", path, "--format", "table").code == 0


def test_explain_stands_after_flag():
    assert list(COMMANDS).index("explain") == list(COMMANDS).index("flag") + 1


def test_verdicts_are_those_of_flag_with_the_same_options(tmp_path):
    hires = written(tmp_path, "hired.csv", ["a13,2026-02-20", "a31,2026-02-20"], "agent_id,hired")
    wraps = tmp_path / "wraps.parquet"
    assert acw("reconstruct", CONTACTS, STATES, "-o", wraps, "-q").code == 0
    for words in (
        ["--mix", "queue,contact_length"], ["--since-hire", hires], ["--fdr", "0.001%"],
        ["--peers", "queue", "--mix", "none", "--min-wraps", "10"],
    ):  # fmt: skip
        flagged = rows_of("flag", wraps, "--over", "mean", "--over", "p80", "--over", "60s", "--all", *words)
        for agent in ("a31", "a02"):
            told = explained(agent, wraps, "--within", "60s", *words)
            own = [row for row in flagged if row["agent_id"] == agent]
            assert [{name: row[name] for name in told["rules"][0]} for row in own] == told["rules"]
            assert "; ".join(shape["shape"] for shape in told["shapes"]) == (own[0]["shapes"] or "")


def test_rules_name_their_peer_group():
    told = explained("a31", STATES, "--peers", "queue")
    assert {rule["queue"] for rule in told["rules"]} == {"orders", "support"}
    shown = acw("explain", "a31", STATES, "--peers", "queue", "--format", "table", "--quiet").text
    (heading,) = (line for line in shown.splitlines() if line.startswith("rule "))
    assert heading.split()[:2] == ["rule", "queue"]


def test_the_mix_is_what_the_agent_gets():
    told = explained("a31", CONTACTS)
    assert sum(kind["wraps"] for kind in told["mix"]) == told["wraps"]
    assert sum(kind["wraps"] * kind["mean_s"] for kind in told["mix"]) == pytest.approx(told["wraps"] * told["mean_s"])
    assert sum(kind["share"] for kind in told["mix"]) == pytest.approx(1)
    first = told["mix"][0]
    assert set(first) == {"queue", "disposition", "wraps", "share", "peers_share", "mean_s", "peers_mean_s"}
    where = f"queue = '{first['queue']}' AND disposition = '{first['disposition']}' AND agent_id <> 'a31'"
    (peers,) = rows_of("summary", CONTACTS, "--where", where)
    assert (first["peers_mean_s"], first["peers_share"]) == (peers["mean_s"], peers["wraps"] / told["peers_wraps"])
    assert explained("a31", CONTACTS, "--mix", "none")["mix"] == []
    assert "the data has no disposition" in acw("explain", "a31", STATES, "--mix", "queue,disposition").err


def test_no_table_is_cut_without_a_word():
    ran = acw("explain", "a31", CONTACTS, "--peers", "queue", "--within", "60s", "--format", "table", "--quiet")
    assert "mix of contacts, 3 of 8; all with --format json" in ran.text
    assert len(ran.text.splitlines()) <= 50
