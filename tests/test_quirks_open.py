"""The quirks of open-source platforms (Asterisk and relatives, VICIdial, CDRs), each a test with its name."""

from __future__ import annotations

import csv

import pytest

from acwcli.errors import InputError
from tests.cli import ROOT, acw
from tests.quirk_inputs import Folder, read

T = 1_772_438_400
"""2026-03-02 08:00 UTC."""
A = "Agent/1001"


@pytest.fixture
def files(tmp_path):
    return Folder(tmp_path)


def row(second, event, *data, queue="NONE", callid="NONE", agent=A):
    """A line of queue_log."""
    return "|".join([str(T + second), callid, queue, agent, event, *data])


def call(start, end, callid="c1", queue="a", agent=A):
    return [row(start, "CONNECT", "3", "x", "3", queue=queue, callid=callid, agent=agent),
            row(end, "COMPLETEAGENT", "3", str(end - start), "1", queue=queue, callid=callid, agent=agent)]  # fmt: skip


def log(files, *lines, end="\n", **options):
    return read(files.write(end.join([*lines, ""])), **options)


CALL = call(0, 60)
WRAP = [*CALL, row(60, "PAUSEALL", "ACW"), row(90, "UNPAUSEALL")]
WRAPPED = [(A, 30, "ok")]


# The lines


def test_quirk_ragged_pipe_rows(files):
    ragged = [line.split("|") for line in WRAP]
    assert log(files, *("|".join(cells + [""] * place) for place, cells in enumerate(ragged))).told == WRAPPED
    got = log(files, *WRAP, f"{T + 95}|c9|a")
    assert (got.told, got.rejected) == (WRAPPED, {"fewer than 5 fields": 1})


def test_quirk_trailing_pipe(files):
    assert log(files, *(f"{line}|" for line in WRAP)).told == WRAPPED


def test_quirk_crlf(files):
    assert log(files, *WRAP, end="\r\n").told == WRAPPED


def test_quirk_same_second_ties_keep_order(files):
    lines = [*CALL, row(60, "PAUSEALL", "ACW"), row(90, "UNPAUSEALL"), row(90, "PAUSEALL", "Lunch")]
    got = log(files, *lines)
    assert (got.told, got.wraps[0]["ended_by"]) == (WRAPPED, "ready")
    got = log(files, *lines[:3], lines[4], lines[3])
    assert (got.told, got.wraps[0]["ended_by"]) == (WRAPPED, "not_ready")


# Pauses


def fan(second, event, datum=""):
    return [row(second, f"{event}ALL", datum), *(row(second, event, datum, queue=queue) for queue in "abc")]


def test_quirk_pauseall_and_its_fan_out(files):
    got = log(files, *CALL, *fan(60, "PAUSE", "ACW"), *fan(90, "UNPAUSE"))
    assert got.told == WRAPPED
    assert got.ignored == {"pause repeated": 3, "unpause without a pause": 3}


def test_quirk_per_queue_pauses(files):
    pauses = [row(60, "PAUSE", "ACW", queue="a"), row(60, "PAUSE", "ACW", queue="b")]
    ends = [row(80, "UNPAUSE", queue="a"), row(90, "UNPAUSE", queue="b")]
    assert log(files, *CALL, *pauses, *ends).told == WRAPPED


def test_quirk_re_pause_with_another_reason(files):
    got = log(files, *CALL, row(60, "PAUSEALL", "ACW"), row(90, "PAUSEALL", "Lunch"), row(900, "UNPAUSEALL"))
    assert (got.told, got.wraps[0]["ended_by"]) == (WRAPPED, "not_ready")


def test_quirk_duplicate_pause_with_the_same_reason(files):
    got = log(files, *CALL, row(60, "PAUSEALL", "ACW"), row(75, "PAUSEALL", "ACW"), row(90, "UNPAUSEALL"))
    assert (got.told, got.ignored) == (WRAPPED, {"pause repeated": 1})


def test_quirk_unpause_without_pause(files):
    """The first row of a log may end a pause that began before it; later ones end nothing."""
    got = log(files, row(-5, "UNPAUSEALL"), *WRAP, row(95, "UNPAUSEALL"), row(99, "UNPAUSE", queue="a"))
    assert (got.told, got.ignored) == (WRAPPED, {"unpause without a pause": 2})


def test_quirk_unpause_with_a_reason(files):
    assert log(files, *CALL, row(60, "PAUSEALL", "ACW"), row(90, "UNPAUSEALL", "ACW")).told == WRAPPED


def test_quirk_auto_unpause(files):
    """`log_unpause_on_reason_change` writes an end before the next reason: no moment of ready."""
    got = log(files, *CALL, row(60, "PAUSE", "ACW", queue="a"), row(90, "UNPAUSE", "Auto-Unpause", queue="a"),
              row(90, "PAUSE", "Lunch", queue="a"), row(900, "UNPAUSE", queue="a"))  # fmt: skip
    assert (got.told, got.wraps[0]["ended_by"]) == (WRAPPED, "not_ready")


def test_quirk_auto_pause(files):
    """Asterisk pauses who does not answer: no wrap-up."""
    got = log(files, *WRAP, row(200, "PAUSE", "Auto-Pause", queue="a"), row(260, "UNPAUSE", queue="a"))
    assert got.told == WRAPPED


def test_quirk_log_off_while_in_wrap(files):
    got = log(files, row(-9, "ADDMEMBER", queue="a"), *CALL, row(60, "PAUSEALL", "ACW"),
              row(90, "REMOVEMEMBER", queue="a"), row(99, "UNPAUSEALL"))  # fmt: skip
    assert (got.told, got.wraps[0]["ended_by"]) == (WRAPPED, "logout")


def test_quirk_open_at_the_end_of_the_file(files):
    assert log(files, *CALL, row(60, "PAUSEALL", "ACW")).told == [(A, None, "open")]


def test_quirk_interval_across_rotated_files(files):
    older = files.write("\n".join([*CALL, row(60, "PAUSEALL", "ACW"), ""]), "queue_log.1")
    newer = files.write("\n".join([row(90, "UNPAUSEALL"), ""]), "queue_log")
    assert read(newer, older).told == WRAPPED


def test_quirk_configreload_and_queuestart_mid_file(files):
    reload = row(70, "CONFIGRELOAD", "", agent="NONE")
    assert log(files, *CALL, row(60, "PAUSEALL", "ACW"), reload, row(90, "UNPAUSEALL")).told == WRAPPED
    restart = row(70, "QUEUESTART", "", agent="NONE")
    got = log(files, *CALL, row(60, "PAUSEALL", "ACW"), restart, row(90, "UNPAUSEALL"))
    assert got.told == [(A, None, "open")]


def test_quirk_persistent_members_after_a_restart(files):
    """With persistent members nobody logs on again: the next call shows that the agent is there."""
    later = [line.replace(str(T), str(T + 200)) for line in call(200, 260, "c2")]
    got = log(files, row(-9, "ADDMEMBER", queue="a"), *WRAP, row(150, "QUEUESTART", "", agent="NONE"), *later,
              row(260, "PAUSEALL", "ACW"), row(285, "UNPAUSEALL"))  # fmt: skip
    assert got.acw == [30, 25]


# Agents, calls, ids


def test_quirk_interface_against_member_name(files):
    lines = [*call(0, 60, agent="Local/1001@agents/n"), row(60, "PAUSEALL", "ACW", agent="Agent/1001"),
             row(90, "UNPAUSEALL", agent="Agent/1001")]  # fmt: skip
    got = log(files, *lines)
    assert [(acw, status) for _, acw, status in got.told] == [(30, "ok")]


def test_quirk_systemname_prefixed_uniqueid(files):
    got = log(files, *call(0, 60, "pbx-one-1772438400.7"), *WRAP[2:])
    assert (got.acw, got.wraps[0]["contact_id"]) == ([30], "pbx-one-1772438400.7")


@pytest.mark.parametrize("callid", ["NONE", "MANAGER", "REALTIME", "CLI"])
def test_quirk_words_in_place_of_a_callid(files, callid):
    lines = [*CALL, row(60, "PAUSEALL", "ACW", callid=callid), row(90, "UNPAUSEALL", callid=callid)]
    (wrap,) = log(files, *lines).wraps
    assert (wrap["acw_ms"], wrap["contact_id"]) == (30_000, "c1")


def test_quirk_attended_transfer_under_another_callid(files):
    lines = [CALL[0], row(60, "ATTENDEDTRANSFER", "BRIDGE", "x", callid="other", queue="a"), *WRAP[2:]]
    assert log(files, *lines).told == WRAPPED


def test_quirk_missing_transfer_row(files):
    """FreePBX may write none: the pause itself is the end of the call."""
    got = log(files, CALL[0], row(60, "PAUSEALL", "ACW"), row(90, "UNPAUSEALL"), *call(100, 160, "c2"),
              row(160, "PAUSEALL", "ACW"), row(180, "UNPAUSEALL"))  # fmt: skip
    assert got.acw[-1] == 20


def test_quirk_connect_during_a_pause(files):
    got = log(files, *CALL, row(60, "PAUSEALL", "ACW"), *call(90, 150, "c2"), row(170, "UNPAUSEALL"))
    assert (got.told, got.wraps[0]["ended_by"]) == (WRAPPED, "contact")


def test_quirk_empty_numeric_data(files):
    lines = [row(0, "CONNECT", "", "x", "", queue="a", callid="c1"), row(60, "COMPLETEAGENT", "", "", "", queue="a",
             callid="c1"), *WRAP[2:]]  # fmt: skip
    assert log(files, *lines).told == WRAPPED


def test_quirk_unknown_vendor_events(files):
    got = log(files, *CALL, row(60, "PAUSEALL", "ACW"), row(70, "VENDORTHING", "9"), row(90, "UNPAUSEALL"))
    assert got.told == WRAPPED
    assert got.ignored.total() == 1


# Tables


TABLE = "time,callid,queuename,agent,event,data1,data2,data3,data4,data5"


def table(files, *rows, **options):
    return files.rows(TABLE, *rows, **options)


def test_quirk_table_in_local_time_with_the_repeated_hour(files):
    """Berlin, 2026-10-25: 02:59:50 in summer time, 02:00:20 in winter time."""
    got = table(
        files, f"2026-10-25 02:50:00,c1,a,{A},CONNECT,3,x,3,,", f"2026-10-25 02:59:50,c1,a,{A},COMPLETEAGENT,3,9,1,,",
        f"2026-10-25 02:59:50,NONE,NONE,{A},PAUSEALL,ACW,,,,", f"2026-10-25 02:00:20,NONE,NONE,{A},UNPAUSEALL,,,,,",
        f"2026-10-25 02:30:00,c2,a,{A},CONNECT,3,x,3,,", tz="Europe/Berlin",
    )  # fmt: skip
    assert got.told == WRAPPED
    assert got.wraps[0]["wrap_start"].isoformat() == "2026-10-25T00:59:50+00:00"


def test_quirk_pbxware_two_clocks(files):
    """`date_time` is the event's epoch, `time` the local moment of writing, some seconds later."""
    header = "uid,date_time,callid,queue_name,type,event,param1,param2,param3,entpos,expos,htime,ttime,time"
    lines = [line.split("|") for line in WRAP]
    rows = [f"{n},{at},{callid},{queue},{agent},{event},{data[0] if data else ''},,,,,,,2026-03-02 09:59:5{n}"
            for n, (at, callid, queue, agent, event, *data) in enumerate(lines)]  # fmt: skip
    got = files.rows(header, *rows, tz="Europe/Berlin")
    assert got.told == WRAPPED
    assert got.wraps[0]["wrap_start"].isoformat() == "2026-03-02T08:01:00+00:00"


# VICIdial


VICIDIAL = (ROOT / "sample_data/vicidial_agent_log/vicidial_agent_log.csv").read_text().splitlines()[0]
REPORT = ("USER NAME,ID,CURRENT USER GROUP,MOST RECENT USER GROUP,CALLS,TIME,PAUSE,PAUSAVG,WAIT,WAITAVG,TALK,TALKAVG,"
          "DISPO,DISPAVG,DEAD,DEADAVG,CUSTOMER,CUSTAVG")  # fmt: skip


def dial(**given):
    """A call of 100 s, the last 10 dead, then 20 s of disposition: a wrap of 30 s."""
    return dict.fromkeys(VICIDIAL.split(","), "NULL") | {
        "agent_log_id": "1", "user": "6666", "event_time": "2026-03-02 08:00:00", "lead_id": "77",
        "campaign_id": "TEST", "status": "SALE", "uniqueid": "17.5", "pause_epoch": T, "pause_sec": 5,
        "wait_epoch": T + 5, "wait_sec": 15, "talk_epoch": T + 20, "talk_sec": 100, "dispo_epoch": T + 120,
        "dispo_sec": 20, "dead_epoch": T + 110, "dead_sec": 10,
    } | given  # fmt: skip


OTHER = dial(agent_log_id="2", lead_id="78", uniqueid="18.5", user="7777")
BOTH = [("6666", 30, "ok"), ("7777", 30, "ok")]


def test_quirk_vicidial_65535_saturation(files):
    got = files.table(dial(dispo_sec=65_535), OTHER)
    assert (got.told, got.rejected) == (BOTH[1:], {"dispo_sec saturated at 65535": 1})


def test_quirk_vicidial_negative_and_43999(files):
    got = files.table(dial(dispo_sec=-7), OTHER)
    assert (got.told, got.rejected.total()) == (BOTH[1:], 1)
    assert files.table(dial(dispo_sec=43_999), OTHER).told == [("6666", 44_009, "stuck"), BOTH[1]]


@pytest.mark.parametrize("nothing", ["NULL", "\\N", ""])
def test_quirk_vicidial_null_epochs_and_null_as_text(files, nothing):
    got = files.table(dial(dead_epoch=nothing, dead_sec=0, pause_epoch=nothing), OTHER)
    assert got.told == [("6666", 20, "ok"), BOTH[1]]


def test_quirk_vicidial_rows_without_a_lead(files):
    got = files.table(dial(lead_id="NULL", talk_sec=0, dispo_sec=0, dead_sec=0, dispo_epoch="NULL"), OTHER)
    assert (got.told, got.ignored) == (BOTH[1:], {"cycle without a call": 1})


def test_quirk_vicidial_dispo_sec_containing_talk(files):
    got = files.table(dial(dispo_epoch="NULL", dispo_sec=120), OTHER)
    assert (got.told, got.rejected) == (BOTH[1:], {"dispo_sec without dispo_epoch holds talk time": 1})


def test_quirk_vicidial_duplicate_rows_and_out_of_order_updates(files):
    got = files.table(OTHER, dial(), dial())
    assert (got.told, got.ignored.total()) == (BOTH, 1)


def test_quirk_report_preamble_and_totals_rows(files):
    preamble = '"Agent Performance Detail  2026-03-02 12:00:00"\n"Time range: 2026-03-02 00:00:00 to 23:59:59"\n""\n'
    cells = "10,10:00:00,0:00:10,0:01,0:00:10,0:01,0:20:00,2:00,{},0:30,0:00:00,0:00,0:20:00,2:00"
    rows = [REPORT, f"Ana,1001,G,G,{cells.format('0:05:00')}", f"Ben,1002,G,G,{cells.format('27:46:40')}",
            f",,TOTALS,AGENTS:2,{cells.format('27:51:40')}", ""]  # fmt: skip
    path = files.write(preamble + "\n".join(rows))
    ran = acw("summary", path, "--format", "csv", "--by", "agent_id")
    header, ana, ben = (line.split(",") for line in ran.text.splitlines())
    mean = header.index("mean_s")
    assert (float(ana[mean]), float(ben[mean])) == (30, 10_000)  # 27:46:40 are 100,000 s: over 24 h
    assert "1 total row" in ran.err


def test_quirk_goautodial_wrap_up_is_dead(files):
    text = "Full Name, User Name, Calls, Agent Time, WAIT, Talk, Dispo, Pause, Wrap-Up, Customer\n"
    text += "Ana, 1001, 10, 01:00:00, 00:10:00, 00:40:00, 00:05:00, 00:03:00, 00:02:00, 00:38:00\n"
    path = files.write("Agent Time Detail\n2026-03-02 00:00:00 to 2026-03-02 23:59:59\n" + text)
    for wrap, mean in (("dispo", 30), ("dispo+dead", 42)):
        line = acw("summary", path, "--wrap", wrap, "--format", "csv").text.splitlines()
        assert float(dict(zip(*(one.split(",") for one in line), strict=True))["mean_s"]) == mean


def test_quirk_header_in_another_language(files):
    got = files.rows(
        "Агент;Время;Состояние", "a1;02.03.2026 08:00:00;Поствызывная обработка", "a1;02.03.2026 08:00:30;Готов"
    )
    assert got.acw == [30]


# OMniLeads, Issabel, CDRs


def test_quirk_omnileads_hours_with_the_letter_o(files):
    """Its CSV reports are sums per agent (`8:00:00hs`, `Ohs`): refused, as no length stands for a wrap."""
    with pytest.raises(InputError, match="nobody knows this format"):
        files.rows("Agente,Tiempo de sesion,Tiempo de pausa", "Ana,8:00:00hs,Ohs")
    got = files.rows("agent,contact id,acw", "Ana,c1,0:00:10hs", "Ana,c2,Ohs")
    assert (got.told, got.rejected) == ([("Ana", 10, "ok")], {"unreadable acw time": 1})


def test_quirk_issabel_open_audit(files):
    """A break without an end is closed by nobody: open, never a length."""
    header = "agent,start time,end time,state,reason"
    got = files.rows(
        header, "7,2026-03-02 08:00:00,2026-03-02 08:00:40,ACW,Gestion", "7,2026-03-02 09:00:00,,ACW,Gestion"
    )
    assert [(acw, status) for _, acw, status in got.told] == [(40, "orphan"), (None, "open")]


def test_quirk_fusionpbx_unescaped_quotes(files):
    header = '"xml_cdr_uuid","direction","start_epoch","end_epoch","caller_id_name","cc_side","cc_queue","cc_agent",'
    header += '"cc_queue_joined_epoch","cc_queue_answered_epoch","cc_queue_terminated_epoch"'
    rows = [f'"m{n}","inbound","{T + n * 100}","{T + n * 100 + 60}",{name},"member","billing","1001","{T + n * 100}",'
            f'"{T + n * 100 + 5}","{T + n * 100 + 60}"'
            for n, name in enumerate(['"Ann"', '"Joe "the boss" Doe"', '"Ben"'])]  # fmt: skip
    got = files.rows(header, *rows, gap_cap_ms=600_000)
    assert got.acw == [45, 45]  # from 60 to the next answer at 105
    assert not got.rejected


def test_quirk_non_utf8_bytes(files):
    content = "\n".join(line.replace("ACW", "Nachbearbeitung").replace("|a|", "|Caf\xe9|") for line in WRAP)
    got = read(files.write(content.encode("cp1252")))
    assert (got.told, got.wraps[0]["queue"]) == (WRAPPED, "Café")


def test_quirk_malformed_quoting_of_a_cdr(files):
    """PBXware writes `""Name" <n>"` for a caller's name: one field too few or too many for any CSV reader."""
    lines = (ROOT / "sample_data/asterisk_cdr/Master.csv").read_text().splitlines()
    whole = read(files.write("\n".join([*lines, ""])), gap_cap_ms=600_000)
    sound = next(csv.reader(lines[:1]))[4]
    first = lines[0].replace('"' + sound.replace('"', '""') + '"', '""Name" <123>"')
    assert first != lines[0]
    broken = read(files.write("\n".join([first, *lines[1:], ""])), gap_cap_ms=600_000)
    assert broken.acw == whole.acw
    assert not broken.rejected
