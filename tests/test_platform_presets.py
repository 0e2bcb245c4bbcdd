"""Platforms read by built-in profiles, and Asterisk's relatives: one morning of 54 calls in each dress.

The calls (`sample_data/stories/presets.py`): 54 wraps, 1,918 s of ACW, 8,365 s of talk, 310 s of hold.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from acwcli import pipeline
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

SAMPLES = Path(__file__).parent.parent / "sample_data"
REAL = Path(__file__).parent.parent.parent / "shared/real"
NEEDS = frozenset({*WRAP_FRAME, LEGS})


def read(*paths, gap_cap_ms=None, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(needs=NEEDS, **options))
    found = pipeline.wraps(loaded, pipeline.WrapOptions(gap_cap_ms=gap_cap_ms), NEEDS)
    total = loaded.total()
    assert total.read == total.used + total.ignored.total() + total.rejected.total()
    return found.frame, loaded, found


def figures(frame):
    return frame.height, frame["acw_ms"].sum(), Counter(frame["method"].to_list())


def rows_of(name):
    return list(csv.reader(io.StringIO((SAMPLES / name).read_text(encoding="utf-8"))))


def written(path, rows, delimiter=","):
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


@pytest.mark.parametrize(
    ("name", "format_name", "wraps", "acw_ms", "method", "ignored"),
    [
        ("zendesk_talk/calls.csv", "zendesk-talk", 54, 1_918_000, "duration", {"older version": 6, "no agent": 4}),
        ("nice_cxone_contacts/contacts.csv", "nice-cxone-contacts", 51, 1_866_000, "duration",
         {"no agent": 4, "ACW not stored yet": 3}),
        ("nice_cxone_contacts/call_detail.csv", "nice-cxone-contacts", 54, 1_918_000, "duration", {}),
        ("talkdesk/contacts_report.csv", "talkdesk", 54, 1_918_000, "anchored",
         {"marked as damaged": 4, "no agent": 3}),
        ("ringcx/agent_segments.csv", "ringcx", 54, 1_918_000, "anchored", {}),
        # Six wraps of 0 s take 7 ms there.
        ("twilio_reservations/callbacks.csv", "twilio-reservations", 54, 1_918_042, "state",
         {"not a reservation event": 10}),
        ("avaya_ech/ech.csv", "avaya-ech", 54, 1_918_000, "anchored", {"no agent": 5}),
        # Six rows of several users (139 s with their 250 ms), 250 ms more for each of the others.
        ("genesys_cloud_interactions/interactions.csv", "genesys-cloud-interactions", 48, 1_791_000, "duration",
         {"several users in one row": 6, "summary row": 1}),
        ("genesys_cloud_interactions/interactions_formatted.csv", "genesys-cloud-interactions", 48, 1_791_000,
         "duration", {"several users in one row": 6, "summary row": 1}),
        ("omnileads_activity/actividad.csv", "omnileads-activity", 48, 1_918_000, "state", {}),
        ("asterisk_queue_log_tables/wazo.csv", "asterisk-queue-log", 54, 810_000, "configured", {"no agent event": 54}),
    ],
)  # fmt: skip
def test_the_sample_gives_the_calls_behind_it(name, format_name, wraps, acw_ms, method, ignored):
    frame, loaded, _ = read(SAMPLES / name)
    assert loaded.recognised[0].format == format_name
    assert figures(frame) == (wraps, acw_ms, {method: wraps})
    assert loaded.total().ignored == ignored
    assert not loaded.total().rejected


@pytest.mark.parametrize("date", ["02.03.2026", "25/03/2026"])
def test_a_preset_that_is_month_first_reads_an_export_of_a_country_that_is_not(tmp_path, date):
    """The order of the profile is the usual one: dots are day first, and no month has the number 25."""
    sample = SAMPLES / "ringcx/agent_segments.csv"
    here = tmp_path / "segments.csv"
    here.write_text(sample.read_text(encoding="utf-8").replace("03/02/2026", date), encoding="utf-8")
    usual, other = read(sample)[0]["wrap_start"], read(here)[0]["wrap_start"]
    assert (other - usual).unique().dt.total_days().to_list() == [int(date[:2]) - 2]


def test_talk_and_hold_stand_beside_the_wrap():
    frame, _, _ = read(SAMPLES / "talkdesk/contacts_report.csv")
    assert (frame["talk_ms"].sum(), frame["hold_ms"].sum()) == (8_365_000, 310_000)
    frame, _, _ = read(SAMPLES / "ringcx/agent_segments.csv")
    assert (frame["talk_ms"].sum(), frame["hold_ms"].null_count()) == (8_675_000, 54)


def test_leading_apostrophe_of_an_id_is_taken_off():
    frame, _, _ = read(SAMPLES / "ringcx/agent_segments.csv")
    assert frame["contact_id"].str.starts_with("2026030208").sum() > 0
    assert not frame["contact_id"].str.contains("'").any()


def test_long_numeric_ids_stay_text():
    frame, _, _ = read(SAMPLES / "nice_cxone_contacts/contacts.csv")
    assert frame["contact_id"].str.contains(r"^900000000\d\d$").all()


def test_acw_that_arrives_later_is_no_zero(tmp_path):
    header, *rows = rows_of("nice_cxone_contacts/contacts.csv")
    stored = header.index("dateACWWarehoused")
    late = [row for row in rows if row[stored]]
    assert read(written(tmp_path / "a.csv", [header, *late]))[0].height == 51


def test_a_transfer_reuses_its_callid_and_both_segments_count():
    frame, _, _ = read(SAMPLES / "avaya_ech/ech.csv")
    assert frame["contact_id"].n_unique() < frame.height == 54


def test_the_wrap_of_a_reservation_outlives_other_events_of_the_worker():
    frame, _, _ = read(SAMPLES / "twilio_reservations/callbacks.csv")
    assert set(frame["ended_by"]) == {"ready"}
    assert frame["status"].to_list() == ["ok"] * 54


def test_cloud_events_hold_the_same_events_as_callbacks():
    frame, _, _ = read(SAMPLES / "twilio_reservations/events.ndjson")
    callbacks, _, _ = read(SAMPLES / "twilio_reservations/callbacks.csv")
    closed = frame.filter(pl.col("status") == "ok").select("contact_id", "wrap_start", "acw_ms", "queue")
    same = callbacks.select(closed.columns).join(closed, on=closed.columns, how="semi")
    assert closed.height == same.height > 20
    assert frame["agent_id"].cast(pl.String).str.starts_with("WK").all()


def test_a_wrap_the_timer_ended_is_timed_out():
    frame, _, _ = read(SAMPLES / "genesys_cloud_interactions/interactions.csv")
    timed_out = frame.filter(pl.col("ended_by") == "timeout")
    assert timed_out["acw_ms"].unique().to_list() == [15_250]
    assert timed_out["disposition"].unique().to_list() == ["ININ-WRAP-UP-TIMEOUT"]


def test_headers_in_another_language_are_mapped_onto_the_rules_too(tmp_path):
    german = {
        "Users - Interacted": "Benutzer – Interagiert", "Total ACW": "ACW gesamt", "Wrap-up": "Nachbearbeitung",
        "Conversation ID": "Konversations-ID", "Media Type": "Medientyp", "Date": "Datum", "Queue": "Warteschlange",
        "Total Talk": "Gespräch gesamt", "Total Hold": "Halten gesamt", "Direction": "Richtung",
    }  # fmt: skip
    names, *rows = rows_of("genesys_cloud_interactions/interactions.csv")
    path = written(tmp_path / "a.csv", [[german.get(name, name) for name in names], *rows], ";")
    meant = {
        "agent_id": "Users - Interacted", "acw_s": "Total ACW", "disposition": "Wrap-up", "queue": "Queue",
        "contact_id": "Conversation ID", "channel": "Media Type", "offered_at": "Date", "talk_s": "Total Talk",
        "hold_s": "Total Hold", "direction": "Direction",
    }  # fmt: skip
    columns = {name: german[header] for name, header in meant.items()}
    here, loaded, _ = read(path, columns=columns, input_format="genesys-cloud-interactions")
    told, plain, _ = read(SAMPLES / "genesys_cloud_interactions/interactions.csv")
    assert here.drop("source", strict=False).equals(told.drop("source", strict=False))
    assert loaded.total().ignored == plain.total().ignored


def test_an_export_cut_short_is_said():
    cut, whole = (
        read(SAMPLES / f"genesys_cloud_interactions/{name}.csv")[1].notes()
        for name in ("interactions_formatted", "interactions")
    )
    assert any("rows are missing" in note for note in cut)
    assert not any("rows are missing" in note for note in whole)


@pytest.mark.parametrize(
    ("unit", "header"), [(1000, "{}"), (1, "{}"), (1000, "{} (ms)"), (1, "{} (seconds)"), (1, "{} (s)")]
)
def test_units_are_read_from_the_header_or_the_dates(tmp_path, unit, header):
    names, *rows = rows_of("genesys_cloud_interactions/interactions.csv")
    lengths = [place for place, name in enumerate(names) if name == "Duration" or name.startswith("Total")]
    rows = [[str(int(cell) // 1000 * unit) if place in lengths and cell else cell for place, cell in enumerate(row)]
            for row in rows]  # fmt: skip
    names = [header.format(name) if place in lengths else name for place, name in enumerate(names)]
    frame, _, _ = read(written(tmp_path / "a.csv", [names, *rows], ";"))
    assert frame["acw_ms"].sum() == 1_779_000


def test_a_set_wrap_up_time_never_meets_an_observed_one(tmp_path):
    whole = (SAMPLES / "asterisk_queue_log_tables/wazo.csv").read_text(encoding="utf-8")
    observed = (
        "2026-03-02 12:00:00+00:00,NONE,billing,Agent/1001,PAUSE,Wrapup,,,,\n"
        "2026-03-02 12:00:40+00:00,NONE,billing,Agent/1001,UNPAUSE,Wrapup,,,,\n"
    )
    (tmp_path / "log.csv").write_text(whole + observed, encoding="utf-8")
    frame, loaded, _ = read(tmp_path / "log.csv")
    assert figures(frame) == (1, 40_000, {"state": 1})
    assert loaded.total().ignored["configured wrap-up time"] == 54


def test_a_set_wrap_up_time_is_said_and_ends_by_timeout():
    frame, loaded, _ = read(SAMPLES / "asterisk_queue_log_tables/wazo.csv")
    assert set(frame["ended_by"]) == {"timeout"}
    assert any("not what agents did" in note for note in loaded.notes())


def test_pbxware_gives_the_wraps_of_the_log_itself():
    table, _, _ = read(SAMPLES / "asterisk_queue_log_tables/pbxware.csv")
    log, _, _ = read(SAMPLES / "asterisk_queue_log")
    columns = ["agent_id", "contact_id", "queue", "wrap_start", "acw_ms", "ended_by"]
    assert sorted(table.select(columns).rows()) == sorted(log.select(columns).rows())


def test_omnileads_pause_00_is_no_wrap_and_a_second_pauseall_ends_the_first():
    frame, _, _ = read(SAMPLES / "omnileads_activity/actividad.csv")
    assert set(frame["status"]) == {"orphan"}
    assert Counter(frame["ended_by"].to_list())["not_ready"] == 6


def test_a_set_time_beyond_a_day_is_damage(tmp_path):
    header, *rows = rows_of("asterisk_queue_log_tables/wazo.csv")
    place = header.index("data1")
    first, second = [number for number, row in enumerate(rows) if row[4] == "WRAPUPSTART"][:2]
    rows[first][place], rows[second][place] = "9" * 25, "nan"
    assert figures(read(written(tmp_path / "wazo.csv", [header, *rows]))[0]) == (52, 780_000, {"configured": 52})


def test_issabel_breaks_take_the_calls_they_follow_and_one_never_closed_is_open():
    alone, loaded, _ = read(SAMPLES / "issabel_audit")
    assert figures(alone.filter(pl.col("status") != "open")) == (48, 1_918_000, {"state": 48})
    assert Counter(alone["status"].to_list()) == {"orphan": 48, "open": 1}
    assert loaded.total().ignored == {"login session": 6}
    both, _, _ = read(SAMPLES / "issabel_audit", SAMPLES / "issabel_calls")
    assert Counter(both["status"].to_list()) == {"ok": 48, "open": 1}
    calls = {row[11]: row for row in rows_of("issabel_calls/call_entry.csv")}
    for wrap in both.filter(pl.col("status") == "ok").to_dicts():
        call = calls[wrap["contact_id"]]
        assert (wrap["agent_id"], wrap["queue"]) == (call[1], call[2])
        assert wrap["wrap_start"].strftime("%Y-%m-%d %H:%M:%S") == call[5]


def test_issabel_table_alone_names_its_breaks_by_number(tmp_path):
    header, *rows = rows_of("issabel_audit/audit.csv")
    keep = [place for place, name in enumerate(header) if name not in ("name", "tipo")]
    table = written(tmp_path / "audit.csv", [[row[place] for place in keep] for row in (header, *rows)])
    assert read(table)[0].height == 0
    numbered, _, _ = read(table, wrap_reasons=("3",))
    assert figures(numbered.filter(pl.col("status") != "open")) == (48, 1_918_000, {"state": 48})


def test_issabel_calls_alone_have_only_gaps():
    assert read(SAMPLES / "issabel_calls")[0].height == 0
    assert figures(read(SAMPLES / "issabel_calls", gap_cap_ms=600_000)[0]) == (48, 5_677_000, {"gap": 48})


def test_wrap_reasons_of_the_user_replace_those_of_a_profile():
    breaks, _, _ = read(SAMPLES / "omnileads_activity/actividad.csv", wrap_reasons=("3",))
    assert Counter(breaks["ended_by"].to_list()) == {"not_ready": 6}


@pytest.mark.parametrize("columns", [16, 17, 18, 19, 20, 21])
def test_master_csv_has_as_many_columns_as_cdr_conf_says(tmp_path, columns):
    keep = {16: 16, 17: 17, 18: 18, 21: 21}
    rows = rows_of("asterisk_cdr/Master.csv")
    cut = [
        row[:16] + row[18:] if columns == 19 else row[:17] + row[18:] if columns == 20 else row[: keep[columns]]
        for row in rows
    ]
    frame, loaded, found = read(written(tmp_path / "Master.csv", cut), gap_cap_ms=600_000)
    assert loaded.recognised[0].format == "asterisk-cdr"
    assert figures(frame) == (48, 5_677_000, {"gap": 48})
    talks = pipeline.summarise(found, pipeline.Question("talk"))
    assert talks.frame["total_s"].item() == 8_675


def test_a_cdr_has_no_acw_by_itself():
    frame, loaded, _ = read(SAMPLES / "asterisk_cdr/Master.csv")
    assert frame.height == 0
    ignored = {"row of the agent's channel": 54, "no queue call": 54, "queue call no agent took": 6}
    assert loaded.files[0].ignored == ignored


def test_the_gap_of_a_cdr_is_that_of_fusionpbx():
    from_cdr, _, _ = read(SAMPLES / "asterisk_cdr/Master.csv", gap_cap_ms=600_000)
    fusion, loaded, _ = read(SAMPLES / "fusionpbx_cdr/xml_cdr.csv", gap_cap_ms=600_000)
    columns = ["agent_id", "wrap_start", "acw_ms"]
    assert from_cdr.sort(columns).select(columns).rows() == fusion.sort(columns).select(columns).rows()
    assert loaded.files[0].ignored["leg of an agent"] == 54


def test_freeswitch_calls_nobody_answered_are_no_contacts():
    _, loaded, found = read(SAMPLES / "freeswitch_cdr/cdr.csv")
    assert loaded.files[0].ignored == {"not answered": 7}
    assert pipeline.summarise(found, pipeline.Question("talk")).frame["contacts"].item() == 47


@pytest.mark.skipif(not (REAL / "asterisk22_sim/Master.csv").exists(), reason="the real CDR is not here")
def test_a_real_cdr_agrees_with_the_queue_log_of_the_same_day():
    _, _, cdr = read(REAL / "asterisk22_sim/Master.csv", tz="America/New_York")
    _, _, log = read(REAL / "asterisk22_sim/queue_log*")
    from_cdr, from_log = (pipeline.summarise(found, pipeline.Question("talk")).frame for found in (cdr, log))
    assert from_cdr["contacts"].item() == from_log["contacts"].item() == 845
    assert from_cdr["total_s"].item() == pytest.approx(from_log["total_s"].item(), abs=60)
