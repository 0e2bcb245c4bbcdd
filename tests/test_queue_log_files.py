"""Asterisk queue_log: its lines and tables, who is who in it, and the real logs where they are present."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acwcli.errors import InputError
from acwcli.formats.frames import Probe
from acwcli.formats.grid import read_lines
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.formats.plain import Plain
from acwcli.formats.platforms import asterisk_queue_log
from acwcli.formats.queue_log import from_columns, states
from acwcli.formats.queue_log_agents import Activity, identities
from acwcli.formats.queue_log_fields import USED, parse_lines, read_log, seconds, stripped
from acwcli.formats.queue_log_looks import looks_like, looks_like_table
from acwcli.model.columns import STATE_FRAME
from tests.queue_logs import DAY, A, call, events, log, row, seen, told
from tests.test_properties import few

REAL = Path(__file__).parents[2] / "shared" / "real"


# --- lines


def test_ragged_lines_trailing_bars_and_crlf():
    parsed = events(
        "\ufeff1|NONE|NONE|NONE|QUEUESTART|\r\n"
        "2|c1|support|Agent/1001|CONNECT|3|x|3\r\n"
        "3|c1|support|Agent/1001|ATTENDEDTRANSFER|1|2|3|4|5|6|7|8|\r\n"
        "4|c1|support\r\n"
        "\r\n"
    ).collect()
    assert parsed["event"].to_list() == ["QUEUESTART", "CONNECT", "ATTENDEDTRANSFER", None, None]
    assert parsed["data6"].to_list() == [None, None, "6|7|8", None, None]
    assert parsed["data3"].to_list() == [None, "3", "3", None, None]
    assert parsed["epoch"][0] == "1"
    assert parsed["__bad"].to_list() == [None, None, None, "fewer than 5 fields", None]
    assert parsed["__row"].to_list() == [1, 2, 3, 4, 5]


def test_every_line_is_used_ignored_or_rejected():
    frame = states(
        events(
            log(
                row(1, "ADDMEMBER", queue="a"),
                "x|NONE|a|Agent/1001|PAUSE|Lunch",
                "2|c|a",
                "",
                row(3, "RINGNOANSWER", "1000", queue="a"),
                row(4, "ENTERQUEUE", agent="NONE"),
                row(5, "PENALTY", "2", queue="a"),
                row(6, "FROBNICATE", "2"),
                row(6, "rm -rf \x1b", "2"),
                row(7, "WRAPUPSTART", "15"),
            )
        )
    )
    assert frame.select("state", "ignored", "rejected").rows() == [
        ("login", None, None),
        (None, None, "bad epoch"),
        (None, None, "fewer than 5 fields"),
        (None, "blank line", None),
        (None, "ring without answer", None),
        (None, "no agent event", None),
        (None, "event PENALTY", None),
        (None, "unknown event FROBNICATE", None),
        (None, "unknown event", None),
        (None, "configured wrap-up time", None),
    ]
    assert frame["row"].to_list() == list(range(1, 11))


def test_columns_are_those_of_the_state_frame():
    frame = states(events(row(1, "ADDMEMBER", queue="a")))
    expected = {**STATE_FRAME, "file": pl.UInt16(), "ignored": pl.Categorical(), "rejected": pl.String()}
    expected["agent_id"] = pl.Categorical()
    assert dict(frame.schema) == expected
    empty = states(events(row(1, "ADDMEMBER", queue="a")).filter(pl.col("__row") > 1))
    assert empty.schema == frame.schema


@pytest.mark.parametrize("epoch", ["", "abc", "2026-03-10 08:30:00", "1773145817123", "-5", "1e9", "nan"])
def test_bad_epoch_is_rejected_and_names_its_agent(epoch):
    frame = states(events(f"{epoch}|NONE|NONE|{A}|PAUSEALL|Lunch"))
    assert frame.select("agent_id", "event_time", "state", "rejected").rows() == [(A, None, None, "bad epoch")]


def test_a_rejected_row_that_cannot_change_a_state_names_nobody():
    frame = states(events(log(f"x|c1|a|{A}|RINGNOANSWER|1000", f"x|c1|a|{A}|CALLSTATUS|N", "x|c1|a|NONE|ENTERQUEUE|")))
    assert frame["agent_id"].to_list() == [None, None, None]


def test_after_a_rejected_row_nothing_is_known_of_the_agent():
    lines = [*call(1, 9), row(9, "PAUSEALL", "ACW"), f"x|NONE|NONE|{A}|UNPAUSEALL|", row(30, "PAUSEALL", "ACW")]
    assert told(*lines) == [(1, "talking"), (9, "ready"), (9, "acw"), (30, "acw")]


def test_fractions_of_a_second_are_kept():
    frame = states(events(f"1717397243.5004|c1|a|{A}|CONNECT|1"))
    assert frame["event_time"].dt.epoch("ms").to_list() == [1717397243500]


# --- who is who


@pytest.mark.parametrize("interface", ["Local/1001@agents/n", "PJSIP/1001", "SIP/1001-0000abcd", "sip/1001", "1001"])
def test_interface_and_member_name_are_one_agent(interface):
    lines = [row(1, "ADDMEMBER", queue="a", agent=interface), *call(2, 9, queue="a"), row(9, "PAUSEALL", "ACW")]
    frame = states(events(log(*lines, row(20, "REMOVEMEMBER", queue="a", agent=interface))))
    assert set(frame["agent_id"]) == {A}
    assert seen(frame) == [(1, "login"), (2, "talking"), (9, "ready"), (9, "acw"), (20, "logout")]


def test_calls_of_an_interface_and_pauses_of_a_member_are_one_agent():
    frame = states(events(log(*call(2, 9, agent="PJSIP/1001-00000012"), row(9, "PAUSEALL", "ACW"))))
    assert set(frame["agent_id"]) == {A}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # Two names of one number that both take calls may be two people.
        ({"SIP/7": (True, True), "Agent/7": (True, True), "Local/7@q/n": (False, False)}, {}),
        ({"SIP/7": (True, True), "PJSIP/7": (False, False)}, {"PJSIP/7": "SIP/7"}),
        ({"SIP/7-0000abcd": (True, True), "SIP/7": (True, True)}, {"SIP/7-0000abcd": "SIP/7"}),
        ({"SIP/7": (False, False), "PJSIP/7": (False, False)}, {}),
        ({"Anna Schmidt": (True, True), "Local/7@q/n": (False, False)}, {}),
        ({"Sales/7": (True, True), "Agent/7": (True, True)}, {}),
    ],
)
def test_names_are_merged_only_when_that_is_sure(names, expected):
    found = identities({name: Activity(*use) for name, use in names.items()})
    assert found == {name: expected.get(name, name) for name in names}


# --- the table form


def test_table_with_vicidial_headers():
    table = pl.LazyFrame(
        {
            "time_id": ["1", "2", "9"],
            "call_id": ["NONE", "c1", "c1"],
            "queue": ["NONE", "a", "a"],
            "agent": [A, A, A],
            "verb": ["PAUSEALL", "CONNECT", "COMPLETEAGENT"],
            "data1": ["NULL", "\\N", None],
            "__row": pl.Series([2, 3, 4], dtype=pl.UInt32),
        }
    )
    frame = states(from_columns(table, table.collect_schema().names()))
    assert frame.select("state", "contact_id", "reason").rows() == [
        ("not_ready", None, None),
        ("talking", "c1", None),
        ("ready", None, None),
    ]
    assert frame["row"].to_list() == [2, 3, 4]


def test_table_of_pbxware_takes_the_event_clock_and_instants_are_welcome():
    names = ["uid", "date_time", "callid", "queue_name", "type", "event", "param1", "time"]
    table = pl.LazyFrame(
        [["1", "1000", "c1", "a", A, "PAUSE", "ACW", "2026-01-01 05:00:00"]], schema=names, orient="row"
    )
    parsed = from_columns(table.with_row_index("__row"), names)
    assert seen(states(parsed)) == [(1000, "acw")]
    instant = pl.from_epoch(pl.col("epoch").cast(pl.Int64)).dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    assert seen(states(parsed.with_columns(epoch=instant))) == [(1000, "acw")]


def test_old_table_with_all_data_in_one_column():
    names = ["time", "callid", "queuename", "agent", "event", "data"]
    table = pl.LazyFrame([["5", "c", "a", A, "PAUSE", "ACW|x"]], schema=names, orient="row").with_row_index("__row")
    assert from_columns(table, names).select("data1", "data2").collect().rows() == [("ACW", "x")]


def test_table_without_a_needed_column_says_what_is_missing():
    with pytest.raises(InputError, match="needs time, callid"):
        from_columns(pl.LazyFrame({"time": ["1"], "agent": ["x"]}), ["time", "agent"])


def test_recognised_by_content():
    assert looks_like(log(*DAY).split("\n"))[0]
    assert looks_like(["\ufeff1|NONE|NONE|NONE|QUEUESTART|"])[0]
    assert not looks_like(["a,b,c", "1,2,3"])[0]
    assert not looks_like(["1|a|b|c|d|e"] * 5)[0]
    assert not looks_like([])[0]
    headers = ["time", "callid", "queuename", "agent", "event", "data1"]
    assert looks_like_table(headers, ["CONNECT", None])[0]
    assert not looks_like_table(headers, ["Talking", "Ready"])[0]
    assert not looks_like_table(["agent", "time", "state"])[0]


# --- real logs


def wraps(frame: pl.DataFrame) -> list[tuple[str, str | None, float, float | None, str]]:
    """Build wraps in the plainest way: agent, contact of the last talk, start, end, what came next."""
    found, open_wraps, contact = [], {}, {}
    used = frame.filter(pl.col("state").is_not_null()).sort("event_time", "file", "row", maintain_order=True)
    clock = pl.col("event_time").dt.epoch("ms") / 1000
    for agent, at, state, call_id in used.select("agent_id", clock, "state", "contact_id").iter_rows():
        if state == "unknown":
            found += [(who, *begun, None, "open") for who, begun in open_wraps.items()]
            open_wraps = {}
        elif state == "acw":
            open_wraps.setdefault(agent, (contact.get(agent), at))
        elif agent in open_wraps:
            found.append((agent, *open_wraps.pop(agent), at, state))
        if state == "talking":
            contact[agent] = call_id
    return found + [(who, *begun, None, "open") for who, begun in open_wraps.items()]


def real(*names: str) -> pl.LazyFrame:
    paths = [REAL / name for name in names]
    if not all(path.exists() for path in paths):
        pytest.skip("real data is not here")
    return events(*(path.read_text(encoding="utf-8") for path in paths))


def test_a_day_of_a_real_asterisk():
    found = wraps(states(real("asterisk22_sim/queue_log.0", "asterisk22_sim/queue_log")))
    closed = pl.Series([end - start for _, _, start, end, _ in found if end is not None])
    assert (len(found), closed.len()) == (735, 733)
    assert closed.mean() == pytest.approx(71.2, abs=0.05)
    assert closed.quantile(0.8, "linear") == 67
    assert (closed <= 60).mean() == pytest.approx(0.76, abs=0.005)
    assert all(contact for _, contact, *_ in found)


def test_a_day_of_a_real_asterisk_against_the_truth():
    by_call = {wrap[:2]: wrap for wrap in wraps(states(real("asterisk22_sim/queue_log.0", "asterisk22_sim/queue_log")))}
    truth = [json.loads(line) for line in (REAL / "asterisk22_sim/truth.jsonl").read_text().splitlines()]
    known = [wrap for wrap in truth if wrap["callid"] and wrap["t_pause"]]
    # The scripted agents' clock runs up to 2.3 s after that of the log, at the start and at the end alike.
    apart = [
        (wrap["agent"], wrap["callid"])
        for wrap in known
        if not (found := by_call.get((wrap["agent"], wrap["callid"])))
        or found[3] is None
        or abs(found[3] - found[2] - wrap["t_end"] + wrap["t_pause"]) > 1.5
        or max(abs(found[2] - wrap["t_pause"]), abs(found[3] - wrap["t_end"])) > 2.3
    ]
    assert len(known) == 720
    assert apart == [
        ("Agent/1005", "1773169715.2802"),
        ("Agent/1002", "1773169647.2782"),
        ("Agent/1013", "1773169505.2770"),
        ("Agent/1011", "1773169701.2798"),
        ("Agent/1008", "1773169666.2794"),
        ("Agent/1007", "1773175482.636"),
    ]


def test_attended_transfer_of_issue_759():
    frame = states(real("asterisk_issue759/queue_log_excerpt.txt"))
    used = frame.filter(pl.col("state").is_not_null()).select("agent_id", "state", pl.col("event_time").dt.epoch("s"))
    assert used.rows() == [
        ("PJSIP/7009", "talking", 1717397271),
        ("PJSIP/7009", "ready", 1717397391),
        ("PJSIP/7051", "talking", 1717397397),
        ("PJSIP/7051", "ready", 1717397570),
    ]


def test_vicidial_sample_as_file_and_as_table():
    from_file = states(real("vicidial/queue_log_sample.txt"), [""])
    assert [(end - start, next_state) for _, _, start, end, next_state in wraps(from_file)] == [
        (2, "ready"),
        (290, "ready"),
        (87, "ready"),
        (15, "ready"),
        (7, "logout"),
    ]
    table = pl.scan_csv(REAL / "vicidial/queue_log_sample.csv", infer_schema=False)
    names = table.collect_schema().names()
    from_table = states(from_columns(table.with_row_index("__row", offset=2), names), [""])
    assert from_table.drop("row").equals(from_file.drop("row"))


ODD_LINES = (
    *(
        f"{epoch}|c|a|Ann|PAUSE|ACW"
        for epoch in (
            "1772438404", "1772438404.5", " 1772438404 ", "+1772438404", "01772438404", "5", "1e9", "-5", "abc", "#",
            "", "\ufeff1772438405",
        )
    ),
    *(
        f"1772438403|{rest}"
        for rest in (
            "c|a|Ann|CONNECT|3|x|2", "c|a|Ann|COMPLETEAGENT|1|2|3|4|5|6", "c|a|Ann|INFO|1|2|3|4|5|6|7|8",
            "c|a|Ann|INFO|1|2|3|4|5|6|7|9",
            "c|a|Ann|INFO||||||||", "c|a|Ann", "c|a|Ann|", "c|a|Ann| |x", '"c|a|Ann"|PAUSE|"', "\x00|a|Ann|PAUSE|\x00",
            " c |\ta|Ann\u2003|pause|x\r", "c|a|Än\u00adn|PAUSE|話後處理", "NONE|NONE|Ann|PAUSE|",
        )
    ),
    "", "  ", "||||||", "| |",
)  # fmt: skip


@few(80)
@given(st.lists(st.sampled_from(ODD_LINES), min_size=1, max_size=12), st.sampled_from(("\n", "\r\n")), st.booleans())
@example(list(ODD_LINES), "\n", True)
def test_the_csv_reader_cuts_a_log_as_it_is_cut_line_by_line(lines, end, whole):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "queue_log")
        path.write_text(end.join(lines) + end, encoding="utf-8", newline="")
        plain = Plain("queue_log", path, "text", "utf-8")
        cut = read_log(plain, whole=whole).collect()
        by_line = parse_lines(read_lines(plain).with_columns(file=pl.lit(0, pl.UInt16))).collect()
    fields = [stripped(pl.col(name).cast(pl.String)).alias(name) for name in USED[1:]]
    same = ["__row", "__bad", "blank", *USED[1:]]
    assert cut.with_columns(fields).select(same).equals(by_line.select(same))
    assert cut["epoch"].equals(by_line.select(epoch=seconds(pl.col("epoch"))).to_series())
    if whole:
        good = cut.with_columns(line=pl.Series([line.replace(" ", "") for line in lines])).filter(
            ~pl.col("blank") & pl.col("event").is_not_null()
        )
        assert good["content"].is_first_distinct().equals(good["line"].is_first_distinct())


def test_an_epoch_nobody_can_read_does_not_decide_which_file_comes_first(tmp_path):
    """A number can be made of the damage: the rows of that file still come after the earlier file's."""
    (tmp_path / "a").write_text(log("-5|NONE|NONE|x|INFO|", *call(3000, 3060), ""))
    (tmp_path / "b").write_text(log(*call(1000, 1060), ""))
    probes = [Probe(Input(name, tmp_path / name), None) for name in "ab"]
    assert [frame.source for frame in asterisk_queue_log.read(probes, ReadOptions())] == ["b", "a"]
