"""Amazon Connect: contact records, data lake table, agent events; figures by hand or by plain Python here."""

from __future__ import annotations

import csv
import gzip
import json
import warnings
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from acwcli import pipeline
from acwcli.errors import InputError, UsageError
from acwcli.formats import detect
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

ROOT = Path(__file__).parent.parent
RECORDS = ROOT / "sample_data/amazon_connect_contacts"
JSON, LOWER, TABLE = (
    RECORDS / name for name in ("contact_records.json", "contact_records_lower.ndjson", "contact_record.parquet")
)
EVENTS = ROOT / "sample_data/amazon_connect_events/agent_events.ndjson"
REAL = ROOT.parent / "shared/real/amazon_connect"
NEEDS = frozenset((*WRAP_FRAME, LEGS))


def found(*paths, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS)


def wraps(*paths, **options):
    return found(*paths, **options).frame.sort("agent_id", "wrap_start", "row").to_dicts()


def counts(*paths, **options):
    result = found(*paths, **options)
    total = result.loaded.total()
    assert total.read == total.used + total.ignored.total() + total.rejected.total()
    return total


def record(contact="c1", *, agent="anna", acw=30, updated="2026-03-02T09:00:00Z", method="INBOUND", **own):
    """A call answered at 08:00:10, 100 s of talk, 20 s of hold, wrap-up from 08:02:10."""
    return {
        "AWSAccountId": "1", "ContactId": contact, "InitiationMethod": method, "Channel": "VOICE",
        "InitiationTimestamp": "2026-03-02T08:00:00Z", "LastUpdateTimestamp": updated, "Queue": {"Name": "billing"},
        "Agent": {
            "ARN": "arn:x/agent/77", "Username": agent, "ConnectedToAgentTimestamp": "2026-03-02T08:00:10Z",
            "AgentInteractionDuration": 100, "CustomerHoldDuration": 20, "AfterContactWorkDuration": acw,
            "AfterContactWorkStartTimestamp": "2026-03-02T08:02:10Z",
            "AfterContactWorkEndTimestamp": f"2026-03-02T08:0{(130 + acw) // 60}:{(130 + acw) % 60:02d}Z",
        } | own,
    }  # fmt: skip


def write(tmp_path, *documents, name="records.json", separator="\n"):
    path = tmp_path / name
    path.write_text(separator.join(json.dumps(one) for one in documents))
    return path


def told():
    """Seconds of wrap-up per contact in the sample, latest version, agents only: plain Python over the lines."""
    latest = {}
    for line in LOWER.read_text().splitlines():
        one = json.loads(line)
        before = latest.get(one["contactid"])
        if before is None or before["lastupdatetimestamp"] <= one["lastupdatetimestamp"]:
            latest[one["contactid"]] = one
    return {
        (one["agent"]["username"], one["contactid"]): one["agent"]["aftercontactworkduration"]
        for one in latest.values()
        if one["agent"] and one["initiationmethod"] != "MONITOR"
    }


@pytest.mark.parametrize("path", [JSON, LOWER], ids=lambda path: path.name)
def test_the_sample_gives_the_recorded_wraps(path):
    assert {(wrap["agent_id"], wrap["contact_id"]): wrap["acw_ms"] / 1000 for wrap in wraps(path)} == told()
    total = counts(path)
    assert (total.read, total.used) == (24, 18)
    assert total.ignored == {
        "older version": 2, "delivered again": 1, "no agent": 2, "monitoring, no agent work": 1
    }  # fmt: skip


def test_the_data_lake_table_is_in_milliseconds_and_agrees_within_a_second():
    by_contact = {wrap["contact_id"]: wrap["acw_ms"] for wrap in wraps(TABLE)}
    assert len(by_contact) == 18
    assert all(abs(by_contact[contact] - 1000 * seconds) < 1000 for (_, contact), seconds in told().items())
    raw = pl.read_parquet(TABLE)
    assert sum(by_contact.values()) == raw["agent_after_contact_work_duration_ms"].sum()


def test_the_data_lake_is_utc_whatever_the_zone_of_its_reader(tmp_path):
    naive = pl.col(pl.Datetime).dt.replace_time_zone(None).dt.to_string("%F %T%.3f")
    unloaded = tmp_path / "unloaded.csv"
    pl.read_parquet(TABLE).with_columns(naive).write_csv(unloaded)
    here, told = wraps(unloaded, tz="Europe/Berlin"), wraps(TABLE)
    assert [wrap["wrap_start"] for wrap in here] == [wrap["wrap_start"] for wrap in told]


def test_talk_hold_and_instants_of_a_record(tmp_path):
    (wrap,) = wraps(write(tmp_path, record(), record("c2", agent="ben"), name="r.ndjson"))[:1]
    assert (wrap["acw_ms"], wrap["talk_ms"], wrap["hold_ms"]) == (30_000, 100_000, 20_000)
    assert (wrap["method"], wrap["status"], wrap["queue"], wrap["channel"]) == ("explicit", "ok", "billing", "voice")
    assert wrap["wrap_start"].isoformat() == "2026-03-02T08:02:10+00:00"


@pytest.mark.parametrize("separator", ["", "\n", "\n\n", " ", "\r\n"], ids=repr)
def test_quirk_17_concatenated_json(tmp_path, separator):
    path = write(tmp_path, *(record(f"c{number}", acw=number) for number in range(1, 6)), separator=separator)
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [1000, 2000, 3000, 4000, 5000]


def test_quirk_17_array_pretty_printed_and_gz(tmp_path):
    path = tmp_path / "records.json.gz"
    path.write_bytes(gzip.compress(json.dumps([record("c1"), record("c2", acw=3)], indent=2).encode()))
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000, 3_000]


def test_one_record_alone_is_known(tmp_path):
    assert [wrap["acw_ms"] for wrap in wraps(write(tmp_path, record(acw=7)))] == [7_000]


def test_keys_in_a_spelling_that_changes_within_the_file(tmp_path):
    lower = {key.lower(): value for key, value in record("c2", acw=4).items()}
    lower["agent"] = {key.lower(): value for key, value in lower["agent"].items()}
    path = write(tmp_path, record("c1"), lower)
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000, 4_000]


def test_quirk_1_redelivery_keeps_the_latest_update_whatever_the_order(tmp_path):
    new, old = record(acw=30, updated="2026-03-02T10:00:00Z"), record(acw=5, updated="2026-03-02T09:00:00Z")
    for number, pair in enumerate(((new, old), (old, new))):
        path = write(tmp_path, *pair, name=f"{number}.json")
        assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000]
        assert counts(path).ignored == {"older version": 1}


def test_quirk_1_redelivery_in_another_file(tmp_path):
    first = write(tmp_path, record(acw=5), record("c2"), name="monday.json")
    again = write(tmp_path, record(acw=30, updated="2026-03-03T01:00:00Z"), name="tuesday.json")
    assert [wrap["acw_ms"] for wrap in wraps(first, again)] == [30_000, 30_000]
    assert counts(first, again).ignored == {"older version": 1}


def test_quirk_6_zero_is_a_wrap_and_null_is_none(tmp_path):
    nothing = dict.fromkeys(
        ("AfterContactWorkDuration", "AfterContactWorkStartTimestamp", "AfterContactWorkEndTimestamp")
    )
    path = write(tmp_path, record("c1", acw=0), record("c2", **nothing))
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [0]
    assert counts(path, needs=frozenset({"acw_ms"})).ignored in ({}, {"no ACW recorded": 1})


def test_quirk_12_monitor_legs_are_no_agent_work(tmp_path):
    path = write(tmp_path, record("c1"), record("c2", method="MONITOR", agent="boss"))
    assert [wrap["agent_id"] for wrap in wraps(path)] == ["anna"]
    assert counts(path).ignored == {"monitoring, no agent work": 1}


def test_quirk_5_a_length_that_contradicts_its_instants_is_said(tmp_path):
    path = write(tmp_path, record("c1"), record("c2", AfterContactWorkDuration=900))
    result = found(path)
    assert sorted(result.frame["acw_ms"]) == [30_000, 30_000]
    assert any("differs from its start and end" in note for note in result.loaded.notes())


def test_removed_username_falls_back_to_the_arn(tmp_path):
    assert [wrap["agent_id"] for wrap in wraps(write(tmp_path, record(Username=None), record("c2")))] == ["77", "anna"]


def test_bad_json_is_rejected_with_its_text_and_the_rest_is_read(tmp_path):
    path = write(tmp_path, record("c1"), record("c2", acw=4), record("c3", acw=5))
    lines = path.read_text().split("\n")
    lines[1] = lines[1][:-40]
    path.write_text("\n".join(lines))
    result = found(path)
    assert sorted(result.frame["acw_ms"]) == [5_000, 30_000]
    (reject,) = result.loaded.rejects().to_dicts()
    assert (reject["row"], reject["reason"], reject["raw"]) == (2, "bad JSON", lines[1])
    assert counts(path).read == 3


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"AfterContactWorkDuration": "soon"}, "unreadable acw time"),
        ({"AfterContactWorkEndTimestamp": "yesterday"}, "unreadable time"),
        ({"AfterContactWorkEndTimestamp": "2026-03-02T08:00:00Z"}, "wrap-up ends before it starts"),
        ({"AgentInteractionDuration": -5}, "negative talk time"),
    ],
)
def test_a_bad_record_is_rejected_by_name(tmp_path, own, reason):
    path = write(tmp_path, record("c1"), record("c2", **own))
    assert counts(path).rejected == {reason: 1}
    assert found(path).loaded.rejects()["raw"][0].startswith('{"AWSAccountId"')


def test_a_value_of_another_type_does_not_stop_the_file(tmp_path):
    path = write(tmp_path, record("c1"), record("c2") | {"Queue": "billing"}, record("c3") | {"Agent": []})
    assert [wrap["contact_id"] for wrap in wraps(path)] == ["c1", "c2"]
    assert counts(path).ignored == {"no agent": 1}


def test_only_broken_json_is_a_clear_error(tmp_path):
    path = tmp_path / "r.json"
    path.write_text('{"ContactId": \n{"ContactId": ')
    with pytest.raises(InputError):
        found(path)
    with pytest.raises(InputError, match="no whole document"):
        found(path, input_format="amazon-connect-contacts")


def test_rows_option_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--where"):
        found(write(tmp_path, record()), rows="x = '1'")


# The event stream


def snapshot(*contacts, status="Available", kind="ROUTABLE"):
    return {
        "AgentStatus": {"Name": status, "Type": kind}, "Configuration": {"Username": "anna"}, "Contacts": list(contacts)
    }  # fmt: skip


def contact(state, since, name="c1", channel="VOICE", method="INBOUND"):
    return {
        "ContactId": name, "State": state, "StateStartTimestamp": at(since), "Channel": channel,
        "InitiationMethod": method, "Queue": {"Name": "billing"},
    }  # fmt: skip


def at(second):
    return f"2026-03-02T08:{second // 60:02d}:{second % 60:02d}.250Z"


def stream(tmp_path, *steps, name="events.ndjson"):
    """Write events from (second, kind, snapshot); each carries the snapshot before it."""
    documents, before = [], None
    for number, (second, kind, now) in enumerate(steps):
        documents.append({
            "AgentARN": "arn:x/agent/7", "EventId": f"e{number}", "EventTimestamp": at(second), "EventType": kind,
            "CurrentAgentSnapshot": now, "PreviousAgentSnapshot": before,
        })  # fmt: skip
        before = now
    return write(tmp_path, *documents, name=name)


CALL = (
    (0, "LOGIN", snapshot()),
    (10, "STATE_CHANGE", snapshot(contact("CONNECTING", 10))),
    (15, "STATE_CHANGE", snapshot(contact("CONNECTED", 15))),
    (75, "STATE_CHANGE", snapshot(contact("ENDED", 75))),
    (105, "STATE_CHANGE", snapshot()),
)


def test_a_call_is_an_ended_contact_until_it_leaves(tmp_path):
    (wrap,) = wraps(stream(tmp_path, *CALL))
    assert (wrap["acw_ms"], wrap["talk_ms"], wrap["ended_by"], wrap["method"]) == (30_000, 60_000, "ready", "state")
    assert (wrap["queue"], wrap["channel"], wrap["contact_id"]) == ("billing", "voice", "c1")


def test_the_sample_agrees_with_the_data_lake():
    from_table = {wrap["contact_id"]: wrap["acw_ms"] for wrap in wraps(TABLE)}
    from_events = {wrap["contact_id"]: wrap["acw_ms"] for wrap in wraps(EVENTS)}
    assert len(from_events) == 11  # twelve contacts, one without wrap-up
    assert all(from_table[contact] == length for contact, length in from_events.items())
    total = counts(EVENTS)
    assert total.ignored == {"heartbeat": 10, "no change of state": 3, "delivered again": 1}


def test_quirk_19_heartbeats_and_configuration_changes_change_nothing(tmp_path):
    noise = (
        (20, "HEART_BEAT", snapshot(contact("CONNECTED", 15))),
        (80, "STATE_CHANGE", snapshot(contact("ENDED", 75))),
        (90, "HEART_BEAT", snapshot(contact("ENDED", 75))),
    )
    path = stream(tmp_path, *sorted((*CALL, *noise), key=lambda step: step[0]))
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000]
    assert counts(path).ignored == {"heartbeat": 2, "no change of state": 1}


def test_quirk_19_newest_first(tmp_path):
    path = stream(tmp_path, *CALL)
    path.write_text("\n".join(reversed(path.read_text().split("\n"))))
    assert [(wrap["acw_ms"], wrap["ended_by"]) for wrap in wraps(path)] == [(30_000, "ready")]


def test_quirk_4_still_in_the_list_is_open(tmp_path):
    assert [(wrap["status"], wrap["acw_ms"]) for wrap in wraps(stream(tmp_path, *CALL[:-1]))] == [("open", None)]


def test_quirk_14_the_status_stays_available_during_acw(tmp_path):
    lunch = (90, "STATE_CHANGE", snapshot(contact("ENDED", 75), status="Lunch", kind="CUSTOM"))
    path = stream(tmp_path, *CALL[:-1], lunch, (105, "STATE_CHANGE", snapshot(status="Lunch", kind="CUSTOM")))
    assert [(wrap["acw_ms"], wrap["ended_by"]) for wrap in wraps(path)] == [(30_000, "not_ready")]


def test_rule_8_a_rejected_event_leaves_the_open_wrap_invalid(tmp_path):
    """The event that shows the contact gone has no readable time: when it left nobody knows."""
    path = stream(tmp_path, *CALL, (130, "HEART_BEAT", snapshot()), (200, "STATE_CHANGE", snapshot(status="Break")))
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    documents[4]["EventTimestamp"] = "08:01 or so"
    with warnings.catch_warnings(record=True) as said:  # Polars swallows the error that pytest makes of a warning
        warnings.simplefilter("always")
        (wrap,) = wraps(write(tmp_path, *documents, name="damaged.ndjson"))
    assert not said
    assert (wrap["status"], wrap["acw_ms"], wrap["wrap_end"]) == ("invalid", None, None)
    assert (wrap["contact_id"], wrap["wrap_start"].timestamp() % 3600) == ("c1", 75.25)
    total = counts(tmp_path / "damaged.ndjson")
    assert (total.read, total.rejected) == (7, {"unreadable time": 1})


def test_rule_8_newest_first_and_in_another_file(tmp_path):
    path = stream(tmp_path, *CALL, (130, "HEART_BEAT", snapshot()))
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    documents[4]["EventTimestamp"] = None
    turned = write(tmp_path, *reversed(documents), name="turned.ndjson")
    assert [wrap["status"] for wrap in wraps(turned)] == ["invalid"]
    first, second = write(tmp_path, *documents[:4], name="1.json"), write(tmp_path, *documents[4:], name="2.json")
    assert [wrap["status"] for wrap in wraps(first, second)] == ["invalid"]


@pytest.mark.parametrize("place", [0, 1, 2, 3, 5])
def test_rule_8_a_rejected_event_beside_the_wrap_does_no_harm(tmp_path, place):
    path = stream(tmp_path, *CALL, (130, "HEART_BEAT", snapshot()), (200, "STATE_CHANGE", snapshot(status="Break")))
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    documents[place]["EventTimestamp"] = "nothing"
    (wrap,) = wraps(write(tmp_path, *documents, name="damaged.ndjson"))
    assert (wrap["status"], wrap["acw_ms"]) == ("ok", 30_000)


def test_rule_8_is_about_the_agent_s_own_events(tmp_path):
    path = stream(tmp_path, *CALL)
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    other = json.loads(json.dumps(documents[3]).replace("anna", "ben")) | {"EventTimestamp": "?", "EventId": "x"}
    (wrap,) = wraps(write(tmp_path, *documents[:4], other, documents[4], name="two.ndjson"))
    assert (wrap["status"], wrap["acw_ms"]) == ("ok", 30_000)


def test_rule_8_on_a_chat_s_own_track(tmp_path):
    steps = (
        (0, "STATE_CHANGE", snapshot(contact("CONNECTED", 0, "c1", "CHAT"), contact("CONNECTED", 0, "c2", "CHAT"))),
        (60, "STATE_CHANGE", snapshot(contact("ENDED", 60, "c1", "CHAT"), contact("CONNECTED", 0, "c2", "CHAT"))),
        (70, "HEART_BEAT", snapshot(contact("ENDED", 60, "c1", "CHAT"), contact("CONNECTED", 0, "c2", "CHAT"))),
        (80, "STATE_CHANGE", snapshot(contact("CONNECTED", 0, "c2", "CHAT"))),
        (90, "STATE_CHANGE", snapshot(contact("ENDED", 90, "c2", "CHAT"))),
        (99, "STATE_CHANGE", snapshot()),
    )
    documents = [json.loads(line) for line in stream(tmp_path, *steps).read_text().splitlines()]
    documents[2]["EventTimestamp"] = "?"
    told = wraps(write(tmp_path, *documents, name="chats.ndjson"))
    assert [(wrap["contact_id"], wrap["status"], wrap["acw_ms"]) for wrap in told] == [
        ("c1", "invalid", None), ("c2", "ok", 9_000),
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["MISSED", "REJECTED", "ERROR"])
def test_a_missed_contact_is_no_wrap(tmp_path, state):
    path = stream(tmp_path, *CALL[:2], (30, "STATE_CHANGE", snapshot(contact(state, 30))), *CALL[4:])
    assert wraps(path) == []


def test_hold_keeps_the_start_of_talk(tmp_path):
    held = (35, "STATE_CHANGE", snapshot(contact("CONNECTED_ONHOLD", 15)))
    back = (45, "STATE_CHANGE", snapshot(contact("CONNECTED", 15)))
    (wrap,) = wraps(stream(tmp_path, *CALL[:3], held, back, *CALL[3:]))
    assert (wrap["talk_ms"], wrap["hold_ms"], wrap["acw_ms"]) == (50_000, 10_000, 30_000)


def test_quirk_13_two_chats_wrap_side_by_side(tmp_path):
    one, two = (
        {state: contact(state, since, name, "CHAT") for state, since in times.items()}
        for name, times in (("c1", {"CONNECTED": 10, "ENDED": 60}), ("c2", {"CONNECTED": 20, "ENDED": 70}))
    )
    path = stream(
        tmp_path,
        (10, "STATE_CHANGE", snapshot(one["CONNECTED"])),
        (20, "STATE_CHANGE", snapshot(one["CONNECTED"], two["CONNECTED"])),
        (60, "STATE_CHANGE", snapshot(one["ENDED"], two["CONNECTED"])),
        (70, "STATE_CHANGE", snapshot(one["ENDED"], two["ENDED"])),
        (90, "STATE_CHANGE", snapshot(two["ENDED"])),
        (100, "STATE_CHANGE", snapshot()),
    )
    assert [(wrap["contact_id"], wrap["acw_ms"]) for wrap in wraps(path)] == [("c1", 30_000), ("c2", 30_000)]


def test_a_monitored_contact_is_not_the_supervisors(tmp_path):
    steps = [
        (second, kind, snapshot(*(one | {"InitiationMethod": "MONITOR"} for one in now["Contacts"])))
        for second, kind, now in CALL
    ]
    assert wraps(stream(tmp_path, *steps)) == []


def test_a_stream_cut_in_two_files_gives_the_same_wraps(tmp_path):
    lines = EVENTS.read_text().splitlines()
    first, second = tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    first.write_text("\n".join(lines[:31]))
    second.write_text("\n".join(lines[31:]))
    whole = [(wrap["agent_id"], wrap["contact_id"], wrap["acw_ms"]) for wrap in wraps(EVENTS)]
    assert [(wrap["agent_id"], wrap["contact_id"], wrap["acw_ms"]) for wrap in wraps(first, second)] == whole
    assert counts(first, second).read == len(lines)


def test_events_and_records_together_make_one_wrap_each():
    result = found(EVENTS, JSON)
    per_contact = result.frame.group_by("agent_id", "contact_id").len()
    assert per_contact["len"].max() == 1
    assert result.reconciliation["differ"].sum() == 0


def test_only_its_own_format_claims_a_sample():
    for path, name in ((JSON, "contacts"), (LOWER, "contacts"), (TABLE, "contacts"), (EVENTS, "events")):
        (item,) = detect.recognise(find_inputs([str(path)]), ReadOptions())
        assert item.format == f"amazon-connect-{name}"
        assert [match.score > 0 for match in item.matches.values()].count(True) == 1


@pytest.mark.skipif(not REAL.exists(), reason="the documentation's example is not here")
def test_the_example_of_the_documentation_is_5_005_s():
    (wrap,) = wraps(REAL / "agent_events_acw_start_end.jsonl")
    (expected,) = csv.DictReader((REAL / "expected_wrapups.csv").read_text().splitlines())
    assert wrap["acw_ms"] == 5005 == round(float(expected["acw_s"]) * 1000)
    assert wrap["wrap_start"] == datetime.fromisoformat(expected["acw_start"])
    assert wrap["wrap_end"] == datetime.fromisoformat(expected["acw_end"])
    assert (wrap["agent_id"], wrap["contact_id"]) == (expected["agent_arn_tail"], expected["contact_id"])
