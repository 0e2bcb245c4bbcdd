"""The twenty quirks of commercial exports that every loader must survive, each a test with its number and name."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from acwcli.errors import InputError
from tests.cli import CONTACT_HEADER, HEADER, acw
from tests.quirk_inputs import (
    AVAYA,
    CALL,
    DAY,
    FIVE9_CALLS,
    FIVE9_STATES,
    GENESYS_VIEW,
    NICE,
    RINGCX,
    UCCX_LEGS,
    UCCX_STATES,
    ZENDESK,
    Folder,
    clock,
    connect_contact,
    connect_events,
    ctr,
    genesys,
    node,
    read,
    segment,
    webex,
)


@pytest.fixture
def files(tmp_path):
    return Folder(tmp_path)


def summary(*words):
    """The one row of `acw summary`."""
    ran = acw("summary", *words, "--format", "json")
    assert ran.code == 0, ran.err
    (row,) = json.loads(ran.out)
    return row


# 1


def test_quirk_01_a_record_delivered_again_counts_once_in_its_latest_version(files):
    old, new = ctr(acw=5), ctr(acw=30, LastUpdateTimestamp=f"{DAY}T11:00:00Z")
    for pair in ((old, new), (new, old)):
        got = files.json(*pair)
        assert (got.acw, got.ignored) == ([30], {"older version": 1})


def test_quirk_01_rows_returned_again_by_an_incremental_export_count_once(files):
    row = "7,9001,inbound,completed,2026-03-02T08:00:04Z,2026-03-02T08:{}:00Z,93,80,0,13,{}"
    monday = files.write("\n".join([ZENDESK, row.format("03", 10), ""]))
    tuesday = files.write("\n".join([ZENDESK, row.format("09", 114), ""]))
    got = read(monday, tuesday)
    assert (got.acw, got.ignored) == ([114], {"older version": 1})


# 2


def test_quirk_02_rows_repeated_per_leg_are_a_wrap_per_agent(files):
    log = "900,{0}-03-02 08:00:00,Main,Inbound,{1},x,Sold,00:01:00,00:00:00,00:00:{2}"
    got = files.rows(FIVE9_CALLS, log.format(2026, "ana", 20), log.format(2026, "ben", 35))
    assert got.told == [("ana", 20, "ok"), ("ben", 35, "ok")]
    split = "1,{acw},0,0,1,80,1772438404,1772438484,60,{agent},1,{segment},0000100000000000000{segment}"
    got = files.rows(AVAYA, split.format(acw=7, agent=5011, segment=1), split.format(acw=9, agent=5012, segment=2))
    assert got.told == [("5011", 7, "ok"), ("5012", 9, "ok")]
    leg = "{agent},1,2026-03-02 09:00:00.000,2026-03-02 09:01:05.000,5,60,0,{work},f"
    got = files.rows(UCCX_LEGS, leg.format(agent=1, work=11), leg.format(agent=2, work=13))
    assert got.told == [("1", 11, "ok"), ("2", 13, "ok")]


def test_quirk_02_measures_repeated_under_every_channel_count_once(files):
    talk = [node("ringing", 0, 5), node("connected", 5, 35), node("connected", 35, 65), node("wrapup", 65, 95)]
    got = files.json(webex(*talk, channels=3))
    assert got.acw == [30]
    assert got.wraps[0]["talk_ms"] == 60_000


# 3


def test_quirk_03_rows_split_at_midnight_rejoin(files):
    got = files.rows(
        FIVE9_STATES,
        "2026/03/01,23:59:00,1,ana,Ana,Late,On Call,,00:00:40,900",
        "2026/03/01,23:59:40,1,ana,Ana,Late,After Call Work,,00:00:20,900",
        "2026/03/02,00:00:00,1,ana,Ana,Late,After Call Work,,00:00:30,900",
        "2026/03/02,00:00:30,1,ana,Ana,Late,Ready,,00:01:00,",
    )
    assert got.told == [("ana", 50, "ok")]


def test_quirk_03_rows_split_at_every_half_hour_rejoin_where_the_ends_meet(files):
    got = files.rows(
        "agent,start time,end time,state,contact id",
        "a1,2026-03-02 08:20:00,2026-03-02 08:30:00,ACW,c1",
        "a1,2026-03-02 08:30:00,2026-03-02 09:00:00,ACW,c1",
        "a1,2026-03-02 09:00:00,2026-03-02 09:00:07,ACW,c1",
        "a1,2026-03-02 09:10:00,2026-03-02 09:20:00,Ready,",
    )
    assert got.told == [("a1", 2407, "ok")]


# 4


def test_quirk_04_open_intervals_are_counted_and_stay_out_of_figures(files):
    finished = genesys(("u1", CALL))
    still = genesys(("u2", (*CALL[:1], segment("wrapup", 65))), number="c2")
    path = files.write(json.dumps([finished, still]))
    assert read(path).told == [("u1", 30, "ok"), ("u2", None, "open")]
    assert (summary(path)["wraps"], summary(path)["mean_s"]) == (1, 30)
    assert "1 wrap counted, 1 open" in acw("summary", path).err


def test_quirk_04_end_time_minus_1_and_a_missing_logout_are_open(files):
    got = files.json(webex(node("connected", 5, 65), node("wrapup", 65, None)))
    assert got.told == [("a1", None, "open")]
    got = files.states(f"a1,{DAY} 08:00:00,talking,c1,", f"a1,{DAY} 08:05:00,acw,c1,")
    assert got.told == [("a1", None, "open")]
    got = files.json(*connect_events((5, "STATE_CHANGE", [connect_contact("CONNECTED", 5)]),
                                     (65, "STATE_CHANGE", [connect_contact("ENDED", 65)])))  # fmt: skip
    assert got.told == [("anna", None, "open")]


# 5


@pytest.mark.parametrize("gap", [-0.3, 0, 0.4, 1.0])
def test_quirk_05_small_gaps_between_talk_and_wrap_change_nothing(files, gap):
    got = files.json(genesys(("u1", (*CALL[:1], segment("wrapup", 65 + gap, 95)))))
    assert got.told == [("u1", 30 - gap, "ok")]


def test_quirk_05_a_second_between_length_and_instants_is_rounding_more_is_said(files):
    agent = ctr()["Agent"]
    got = files.json(ctr(), ctr("c2", Agent=agent | {"AfterContactWorkDuration": 31}))
    assert (got.acw, "differs" in got.notes) == ([30, 30], False)
    got = files.json(ctr(), ctr("c2", Agent=agent | {"AfterContactWorkDuration": 60}))
    assert got.acw == [30, 30]  # the instants are the finer of the two
    assert "1 record has a wrap-up length that differs from its start and end" in got.notes


# 6


def test_quirk_06_zero_null_empty_dash_and_na_are_different_facts(files):
    texts = ("0", "", "-", "N/A", "NULL", "45")
    rows = [f"c{n},a1,{DAY} 08:0{n}:00,60,{text}" for n, text in enumerate(texts)]
    got = files.contacts(*rows, needs=frozenset({"acw_ms"}))
    assert sorted(got.found.frame["acw_ms"]) == [0, 45_000]
    assert got.ignored == {"no ACW recorded": 4}
    assert files.json(ctr(acw=0), ctr("c2", acw=None)).acw == [0]


def test_quirk_06_a_skipped_preview_is_a_wrap_of_0_s_with_its_code(files):
    skipped = (segment("dialing", 0, 9), segment("wrapup", 9, 9, wrapUpCode="ININ-WRAP-UP-SKIPPED"))
    (wrap,) = files.json(genesys(("u1", skipped))).wraps
    assert (wrap["acw_ms"], wrap["disposition"], wrap["status"]) == (0, "ININ-WRAP-UP-SKIPPED", "ok")


# 7


def test_quirk_07_a_timeout_code_is_kept_and_marked(files):
    late = (*CALL[:1], segment("wrapup", 65, 80, wrapUpCode="ININ-WRAP-UP-TIMEOUT"))
    (wrap,) = files.json(genesys(("u1", late))).wraps
    assert (wrap["acw_ms"], wrap["ended_by"], wrap["disposition"]) == (15_000, "timeout", "ININ-WRAP-UP-TIMEOUT")
    row = "YES,Ana,03/02/26 08:00 AM,03/02/26 08:04 AM,240000,voice,7a1,Billing,ININ-WRAP-UP-TIMEOUT,180000,0,15000"
    (wrap,) = files.rows(GENESYS_VIEW, row).wraps
    assert (wrap["acw_ms"], wrap["ended_by"]) == (15_000, "timeout")


def test_quirk_07_timeout_spike_is_named(files):
    """97.9 % at 15,000 ms: a timer nobody wrote down."""
    rows = [f"c{n},a{n % 7},{DAY} {clock(n * 10)},60,{15 if n % 48 else 5 + n % 9}" for n in range(960)]
    path = files.write("\n".join([CONTACT_HEADER, *rows]))
    ran = acw("diagnose", path, "--within", "10s", "--format", "json")
    (told,) = [json.loads(ran.out)]
    assert told["verdict"] == "timer"
    assert "15" in told["advice"]
    assert "98" in told["advice"] or "97.9" in told["advice"], told["advice"]


# 8


def test_quirk_08_stuck_wraps_are_counted_apart_and_the_cap_is_explicit(files):
    rows = [f"c{n},a1,{DAY} 08:0{n}:00,60,{acw}" for n, acw in enumerate((20, 40, 2241, 18292, 39591))]
    path = files.write("\n".join([CONTACT_HEADER, *rows]))
    assert [status for _, _, status in read(path).told] == ["ok", "ok", "ok", "stuck", "stuck"]
    assert (summary(path)["wraps"], summary(path)["max_s"]) == (3, 2241)
    assert "3 wraps counted, 2 stuck" in acw("summary", path).err
    assert summary(path, "--max-wrap", "30m")["wraps"] == 2
    assert summary(path, "--max-wrap", "12h")["wraps"] == 5


# 9


UNITS = {
    ("acw_s", "90"): 90,
    ("ACW (ms)", "90250"): 90.25,
    ("ACW Time (seconds)", "90"): 90,
    ("After Call Work", "00:01:30"): 90,
    ("After Call Work", " 0:01:30.250"): 90.25,
    ("After Call Work", "25:00:00"): 90_000,
    ("After Call Work", "PT1M30S"): 90,
    ("After Call Work", "PT90.250S"): 90.25,
}


@pytest.mark.parametrize(("header", "text"), UNITS)
def test_quirk_09_units_are_read_from_header_and_form(files, header, text):
    got = files.rows(f"contact_id,agent_id,answered_at,talk_s,{header}", f"c1,a1,{DAY} 08:00:00,60,{text}",
                     max_wrap_ms=10**9)  # fmt: skip
    assert got.acw == [UNITS[header, text]]


def test_quirk_09_minutes_are_never_taken_for_seconds_and_a_profile_names_them(files):
    content = f"Contact,Who,Closed,Wrap min\nc1,a1,{DAY} 08:00:00,1.5\n"
    with pytest.raises(InputError, match="nobody knows this format"):
        read(files.write(content))
    profile = files.write('''
title = "desk"
kind = "contacts"
method = "anchored"
[columns]
contact_id = "Contact"
agent_id = "Who"
ended_at = "Closed"
acw_s = "Wrap min"
[units]
acw_s = "min"
''', "desk.toml")  # fmt: skip
    assert read(files.write(content), profiles=(str(profile),)).acw == [90]


def test_quirk_09_seconds_here_milliseconds_there(files):
    """The contact record in seconds, Genesys in milliseconds, which the instants of the row prove."""
    assert files.json(ctr(acw=30)).acw == [30]
    row = "YES,Ana,03/02/26 08:00 AM,03/02/26 08:04 AM,{},voice,7a1,Billing,Sold,{},0,{}"
    assert files.rows(GENESYS_VIEW, row.format(240_000, 180_000, 42_500)).acw == [42.5]
    assert files.rows(GENESYS_VIEW, row.format(240, 180, 42.5)).acw == [42.5]


# 10


CLOCKS = {
    "2026-03-02T08:00:00Z": 0,
    "2026-03-02T08:00:00.250Z": 250,
    "1772438400": 0,
    "1772438400250": 250,
    "2026/03/02 08:00:00": 0,
    "03/25/2026 08:00:00": 0,
    '"Mon, 02 Mar 2026 08:00:00"': 0,
    "2026-03-02 09:00:00+01:00": 0,
}


@pytest.mark.parametrize("text", CLOCKS)
def test_quirk_10_every_way_to_write_an_instant(files, text):
    got = files.rows("contact_id,agent_id,answered_at,acw_start,acw_s", f"c1,a1,{text},{text},30")
    start = got.wraps[0]["wrap_start"]
    assert (start.hour, start.minute, start.second, start.microsecond) == (8, 0, 0, 1000 * CLOCKS[text])


def test_quirk_10_a_year_of_two_digits_needs_a_pattern(files):
    rows = ("3/25/26 8:00 AM,a1,acw,c1", "3/25/26 8:01 AM,a1,ready,")
    with pytest.raises(InputError, match=r"two-digit years .* --time-format"):
        files.rows("time,agent,state,contact id", *rows)
    assert files.rows("time,agent,state,contact id", *rows, time_format="%m/%d/%y %I:%M %p").acw == [60]


def test_quirk_10_date_and_time_apart(files):
    row = "{},{},1,ana,Ana,Late,{},,00:00:30,900"
    got = files.rows(FIVE9_STATES, row.format("2026/03/02", "08:00:00", "On Call"),
                     row.format("2026/03/02", "08:00:30", "After Call Work"))  # fmt: skip
    assert got.wraps[0]["wrap_start"].isoformat() == "2026-03-02T08:00:30+00:00"
    got = files.rows("agent,date,time,state,contact id", "a1,20260302,0805,acw,c1", "a1,20260302,0806,ready,",
                     time_format="%Y%m%d %H%M", columns={"event_time": "date+time"})  # fmt: skip
    assert got.acw == [60]


# 11


def test_quirk_11_times_without_offset_ask_for_a_zone_and_z_keeps_its_own(files):
    rows = (f"a1,{DAY} 08:00:00,acw,c1,", f"a1,{DAY} 08:00:30,ready,,")
    got = files.states(*rows, tz="America/Los_Angeles")
    assert got.wraps[0]["wrap_start"].isoformat() == "2026-03-02T16:00:00+00:00"
    assert "--tz" in files.states(*rows).notes
    got = files.states(
        *(row.replace(":00,", ":00Z,").replace(":30,", ":30Z,") for row in rows), tz="America/Los_Angeles"
    )
    assert got.wraps[0]["wrap_start"].isoformat() == "2026-03-02T08:00:00+00:00"
    assert "--tz" not in got.notes


def test_quirk_11_uccx_is_utc_whatever_the_zone(files):
    rows = ("7,2026-03-02 09:00:00.000,-480,6,0,9", "7,2026-03-02 09:00:30.000,-480,3,0,")
    got = files.rows(UCCX_STATES, *rows, tz="America/Los_Angeles")
    assert got.wraps[0]["wrap_start"].isoformat() == "2026-03-02T09:00:00+00:00"


def test_quirk_11_the_repeated_hour_is_told_by_order(files):
    """2026-10-25 in Berlin: 02:59:50 in summer time, then 02:00:20 in winter time, 30 s later."""
    got = files.states(
        "a1,2026-10-25 02:50:00,talking,c1,", "a1,2026-10-25 02:59:50,acw,c1,", "a1,2026-10-25 02:00:20,ready,,",
        "a1,2026-10-25 02:30:00,talking,c2,", "a1,2026-10-25 02:31:00,acw,c2,", "a1,2026-10-25 02:31:45,ready,,",
        tz="Europe/Berlin",
    )  # fmt: skip
    assert got.acw == [30, 45]


# 12


def test_quirk_12_joined_agents_are_nobodys_wrap(files):
    row = "YES,{},03/02/26 08:00 AM,03/02/26 08:04 AM,240000,voice,{},Billing,Sold,180000,0,42500"
    got = files.rows(GENESYS_VIEW, row.format("Ana", 1), row.format("Ana; Ben", 2), row.format("Ben", 3))
    assert [agent for agent, _, _ in got.told] == ["Ana", "Ben"]
    assert got.ignored == {"several users in one row": 1}


@pytest.mark.parametrize("nobody", ["[None]", "[Deleted]", ""])
def test_quirk_12_nobody_is_no_agent(files, nobody):
    log = "{},2026-03-02 08:00:00,Main,Inbound,{},x,Sold,00:01:00,00:00:00,00:00:20"
    got = files.rows(FIVE9_CALLS, log.format(1, "ana"), log.format(2, nobody))
    assert (got.told, got.ignored) == ([("ana", 20, "ok")], {"no agent": 1})


def test_quirk_12_supervisors_do_no_agent_work(files):
    got = files.json(ctr(), ctr("c2", agent="boss", InitiationMethod="MONITOR"))
    assert (got.told, got.ignored) == ([("anna", 30, "ok")], {"monitoring, no agent work": 1})


def test_quirk_12_two_agents_of_one_name_are_told_apart_by_id(files):
    got = files.rows("agent id,agent name,timestamp,state,call id", f"1,Kim Lee,{DAY} 08:00:00,acw,c1",
                     f"2,Kim Lee,{DAY} 08:00:10,acw,c2", f"1,Kim Lee,{DAY} 08:00:30,ready,",
                     f"2,Kim Lee,{DAY} 08:01:00,ready,")  # fmt: skip
    assert got.told == [("1", 30, "ok"), ("2", 50, "ok")]


# 13


def test_quirk_13_chats_overlap_and_the_wall_clock_is_another_figure(files):
    one, two = ({state: connect_contact(state, at, name, "CHAT") for state, at in (("CONNECTED", talk), ("ENDED", end))}
                for name, talk, end in (("c1", 10, 60), ("c2", 20, 70)))  # fmt: skip
    path = files.write("\n".join(json.dumps(event) for event in connect_events(
        (10, "STATE_CHANGE", [one["CONNECTED"]]), (20, "STATE_CHANGE", [one["CONNECTED"], two["CONNECTED"]]),
        (60, "STATE_CHANGE", [one["ENDED"], two["CONNECTED"]]), (70, "STATE_CHANGE", [one["ENDED"], two["ENDED"]]),
        (90, "STATE_CHANGE", [two["ENDED"]]), (100, "STATE_CHANGE", []),
    )))  # fmt: skip
    assert read(path).acw == [30, 30]  # 60 to 90 and 70 to 100: 40 s on the wall
    facts = {row["fact"]: row["value"] for row in json.loads(acw("inspect", path, "--verbose", "--format", "json").out)}
    assert facts["wraps side by side"] == "60.0 s of ACW by contact are 40.0 s on the wall clock of 1 agent"


# 14


def test_quirk_14_acw_without_a_call_is_an_orphan(files):
    got = files.states(f"a1,{DAY} 08:00:00,ready,,", f"a1,{DAY} 08:05:00,acw,,", f"a1,{DAY} 08:05:40,ready,,")
    assert got.told == [("a1", 40, "orphan")]


def test_quirk_14_wrap_up_as_a_reason_of_not_ready(files):
    rows = ("2026/03/02,08:00:00,1,ana,Ana,Late,On Call,,00:01:00,900",
            "2026/03/02,08:01:00,1,ana,Ana,Late,Not Ready,Wrap-Up,00:00:25,",
            "2026/03/02,08:01:25,1,ana,Ana,Late,Ready,,00:01:00,")  # fmt: skip
    got = files.rows(FIVE9_STATES, *rows)
    assert (got.acw, "--wrap-reason 'Wrap-Up'" in got.notes) == ([], True)
    assert files.rows(FIVE9_STATES, *rows, wrap_reasons=("Wrap-Up",)).acw == [25]


def test_quirk_14_wrap_up_as_a_reason_of_not_ready_in_any_state_log(files):
    rows = [
        "a1,2026-03-02 08:00:00,Talking,",
        "a1,2026-03-02 08:01:00,Not Ready,After notes",
        "a1,2026-03-02 08:01:30,Mystery,",
        "a1,2026-03-02 08:02:00,Not Ready,Lunch",
        "a1,2026-03-02 08:30:00,Ready,after notes",
    ]
    assert files.rows("agent,time,state,reason", *rows).acw == []
    assert files.rows("agent,time,state,reason", *rows, wrap_reasons=("after-notes",)).acw == [30]


def test_quirk_14_the_status_stays_available_and_user_details_cannot_tell(files):
    events = connect_events((5, "STATE_CHANGE", [connect_contact("CONNECTED", 5)]),
                            (65, "STATE_CHANGE", [connect_contact("ENDED", 65)]), (95, "STATE_CHANGE", []))  # fmt: skip
    assert files.json(*events).told == [("anna", 30, "ok")]
    with pytest.raises(InputError, match="inside INTERACTING"):
        files.json({"userDetails": [{"userId": "u1", "routingStatus": [{"routingStatus": "INTERACTING"}]}]})


# 15


def test_quirk_15_the_same_number_means_something_else(files):
    got = files.rows(UCCX_STATES, *(f"7,2026-03-02 09:00:0{code}.000,0,{code},0,9" for code in (5, 6, 3)[::1][:2]),
                     "7,2026-03-02 09:00:09.000,0,3,0,")  # fmt: skip
    assert (got.acw, got.wraps[0]["talk_ms"]) == ([3], 1000)
    with pytest.raises(InputError, match="5 is Work Not Ready there and Talking here"):
        files.rows("SkillTargetID,DateTime,AgentState,ReasonCode", "5001,2026-03-02 09:00:00,5,0")


def test_quirk_15_hold_lies_inside_talk_here_and_beside_it_there(files):
    (wrap,) = files.rows(FIVE9_CALLS, "1,2026-03-02 08:00:00,Main,Inbound,ana,x,Sold,00:01:40,00:00:40,00:00:20").wraps
    assert (wrap["talk_ms"], wrap["hold_ms"]) == (60_000, 40_000)
    agent = ctr()["Agent"] | {"AgentInteractionDuration": 60, "CustomerHoldDuration": 40}
    (wrap,) = files.json(ctr(Agent=agent)).wraps
    assert (wrap["talk_ms"], wrap["hold_ms"]) == (60_000, 40_000)


# 16


def test_quirk_16_a_wrap_is_booked_where_it_starts_and_its_end_is_there_to_ask_for(files):
    path = files.write("\n".join([HEADER, "a1,2026-03-01 23:50:00,talking,c1,", "a1,2026-03-01 23:59:30,acw,c1,",
                                  "a1,2026-03-02 00:00:30,ready,,", ""]))  # fmt: skip
    assert summary(path, "--by", "day")["day"] == "2026-03-01"
    assert summary(path, "--until", "2026-03-02")["total_s"] == 60
    assert summary(path, "--where", "wrap_end >= DATE '2026-03-02'")["total_s"] == 60
    assert acw("summary", path, "--since", "2026-03-02").code == 4


# 17


BODY = [f"a1;{DAY} 08:00:00;acw;c1;q", f"a1;{DAY} 08:00:30;ready;;"]


@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_quirk_17_delimiters_and_encodings(files, mark, encoding):
    text = "\n".join([HEADER.replace(",", ";"), *BODY, f"José;{DAY} 08:00:00;acw;c2;q", f"José;{DAY} 08:00:40;ready;;"])
    got = read(files.write(text.replace(";", mark).encode(encoding)))
    assert got.told == [("José", 40, "ok"), ("a1", 30, "ok")]


def test_quirk_17_no_header_summary_row_localised_headers(files):
    rows = (f"6666\t{DAY} 04:00:00\t77\tTEST\t5\t15\t100\t20\t10\tSALE\t1",
            f"6666\t{DAY} 04:05:00\t78\tTEST\t5\t15\t100\t25\t0\tSALE\t2")  # fmt: skip
    assert files.rows(*rows).acw == [30, 25]
    total = "YES,,,,1020000,,,,,780000,30000,118500"
    row = "YES,Ana,03/02/26 08:00 AM,03/02/26 08:04 AM,240000,voice,7a1,Billing,Sold,180000,0,42500"
    got = files.rows(GENESYS_VIEW, row, total)
    assert (got.acw, got.ignored) == ([42.5], {"summary row": 1})
    got = files.rows("Agente;Fecha y hora;Estado", f"a1;{DAY} 08:00:00;Postllamada", f"a1;{DAY} 08:00:30;Disponible")
    assert got.acw == [30]


def test_quirk_17_ids_stay_text(files):
    got = files.rows(RINGCX, "'2026030208000401390000000001,1180950,007,INBOUND,Billing,03/02/2026 08:00:04,"
                     "03/02/2026 08:00:17,03/02/2026 08:01:37,00:01:20,00:01:54,resolved")  # fmt: skip
    assert (got.wraps[0]["contact_id"], got.wraps[0]["agent_id"]) == ("2026030208000401390000000001", "007")


@pytest.mark.parametrize("shape", ["lines", "concatenated", "array", "gz"])
def test_quirk_17_json_in_every_packing(files, shape):
    records = [ctr(f"c{n}", acw=n) for n in range(1, 4)]
    lines = "\n".join(map(json.dumps, records))
    content = {"lines": lines, "concatenated": lines.replace("\n", ""), "array": json.dumps(records),
               "gz": gzip.compress(lines.encode())}[shape]  # fmt: skip
    assert read(files.write(content)).acw == [1, 2, 3]


def test_quirk_17_more_pages_follow(files):
    got = files.json(webex(node("connected", 5, 65), node("wrapup", 65, 95), more=True))
    assert got.acw == [30]
    assert "more pages follow" in got.notes


def test_quirk_17_a_base64_wrapper_is_told_not_guessed(files):
    content = base64.b64encode("\n".join([HEADER, *BODY]).encode())
    with pytest.raises(InputError, match="another file as base64 text"):
        read(files.write(json.dumps({"fileName": "x.csv", "file": content.decode()})))


# 18


def _five9(rows: int) -> str:
    line = "{},2026-03-02 08:00:00,Main,Inbound,a{},x,Sold,00:01:00,00:00:00,00:00:20"
    return "\n".join([FIVE9_CALLS, *(line.format(number, number % 9) for number in range(rows))])


def test_quirk_18_a_file_at_exactly_a_known_limit_is_said(files):
    assert "50,000" in read(files.write(_five9(50_000))).notes
    assert "50,000" not in read(files.write(_five9(49_999))).notes


@pytest.mark.parametrize(("rows", "said"), [(3_000, True), (10_000, True), (2_999, False), (10_001, False)])
def test_quirk_18_amazon_connect_records_at_a_limit_of_its_search(files, rows, said):
    path = files.write("\n".join(json.dumps(ctr(f"c{number}")) for number in range(rows)))
    assert (f"exactly {rows:,} records" in read(path).notes) is said


@pytest.mark.parametrize(("rows", "said"), [(3_000, True), (10_000, True), (50_000, True), (3_001, False)])
def test_quirk_18_a_search_in_columns_of_its_user_may_end_at_a_limit(files, rows, said):
    lines = [f"c{number},a{number % 9},{DAY}T08:00:00Z,{number % 60}" for number in range(rows)]
    path = files.write("\n".join(["Contact ID,Agent,Initiation Timestamp,After contact work duration", *lines]))
    assert (f"exactly {rows:,} rows, as many as a" in read(path).notes) is said


def test_quirk_18_an_export_that_says_it_is_not_whole(files):
    row = "{},Ana,03/02/26 08:00 AM,03/02/26 08:04 AM,240000,voice,7a1,Billing,Sold,180000,0,42500"
    assert "Full Export Completed is NO" in files.rows(GENESYS_VIEW, row.format("NO")).notes
    assert "Full Export" not in files.rows(GENESYS_VIEW, row.format("YES")).notes


# 19


def test_quirk_19_heartbeats_and_configuration_changes_change_nothing(files):
    talk, ended = connect_contact("CONNECTED", 5), connect_contact("ENDED", 65)
    got = files.json(*connect_events(
        (5, "STATE_CHANGE", [talk]), (30, "HEART_BEAT", [talk]), (65, "STATE_CHANGE", [ended]),
        (70, "STATE_CHANGE", [ended]), (80, "HEART_BEAT", [ended]), (95, "STATE_CHANGE", []),
    ))  # fmt: skip
    assert got.told == [("anna", 30, "ok")]
    assert got.ignored == {"heartbeat": 2, "no change of state": 1}


def test_quirk_19_newest_first_and_ties_of_a_millisecond(files):
    rows = [f"a1,{DAY} 08:00:00,talking,c1,", f"a1,{DAY} 08:05:00,acw,c1,", f"a1,{DAY} 08:05:30,ready,,"]
    assert files.states(*reversed(rows)).told == files.states(*rows).told == [("a1", 30, "ok")]
    ties = ("6,0,9", "5,0,9", "4,0,9")
    got = files.rows(UCCX_STATES, *(f"7,2026-03-02 09:00:00.000,0,{tie}" for tie in ties),
                     "7,2026-03-02 09:00:30.000,0,3,0,")  # fmt: skip
    assert got.told == [("7", 30, "ok")]


def test_quirk_19_a_late_event_takes_its_place_in_time(files):
    rows = [f"a1,{DAY} 08:00:00,talking,c1,", f"a1,{DAY} 08:05:30,ready,,", f"a1,{DAY} 08:05:00,acw,c1,",
            f"a1,{DAY} 08:06:00,talking,c2,"]  # fmt: skip
    assert files.states(*rows).told == [("a1", 30, "ok")]


# 20


def test_quirk_20_acw_not_stored_yet_is_no_zero_and_the_later_export_replaces_it(files):
    row = "9,9,2026-03-02T08:00:04.000Z,4711,Billing,Call,{},80,0,93,2026-03-02T{}Z,2026-03-02T08:06:37Z,{}"
    early = files.write("\n".join([NICE, row.format(0, "08:02:37", "")]))
    late = files.write("\n".join([NICE, row.format(114, "09:02:37", "2026-03-02T08:18:31.000Z")]))
    assert (read(early).acw, read(early).ignored) == ([], {"ACW not stored yet": 1})
    both = read(early, late)
    assert both.acw == [114]
    assert both.ignored.total() == 1


def test_every_quirk_has_a_test():
    found = {name[:13] for name in globals() if name.startswith("test_quirk_")}
    assert found == {f"test_quirk_{number:02}" for number in range(1, 21)}
