"""Webex Contact Center: activities by agent and by task, sums of sessions; figures by hand or plain Python here."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from acwcli import pipeline
from acwcli.errors import InputError, UsageError
from acwcli.formats import detect
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

ROOT = Path(__file__).parent.parent
AGENTS, TASKS = (
    ROOT / "sample_data/webex_contact_center" / name for name in ("agent_activities.json", "task_activities.json")
)
SESSIONS = ROOT / "sample_data/webex_contact_center_sessions/agent_sessions.json"
REAL = ROOT.parent / "shared/real/webex_cc"
NEEDS = frozenset((*WRAP_FRAME, LEGS))
T0 = 1_772_445_600_000  # 2026-03-02 10:00 UTC

real = pytest.mark.skipif(not REAL.exists(), reason="the vendor's samples are not here")


def found(*paths, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS)


def wraps(*paths):
    return found(*paths).frame.sort("agent_id", "wrap_start", "row").to_dicts()


def counts(*paths):
    total = found(*paths).loaded.total()
    assert total.read == total.used + total.ignored.total() + total.rejected.total()
    return total


def node(state, start, end, task="t1", **own):
    """An activity from second to second; None as its end is still open."""
    stop = -1 if end is None else T0 + 1000 * end
    duration = None if end is None else 1000 * (end - start)
    told = {"id": f"{state}-{start}", "state": state, "startTime": T0 + 1000 * start, "endTime": stop}
    return told | {"duration": duration, "taskId": task, "queue": {"id": "q", "name": "billing"}} | own


CALL = [node("ringing", 0, 5), node("connected", 5, 65), node("wrapup", 65, 95)]


def page(tmp_path, *sessions, name="page.json", more=False):
    """Write a page of sessions; each is a list of channels, each channel a list of nodes."""
    told = [
        {"agentId": f"a{number}", "channelInfo": [
            {"channelType": "telephony", "activities": {"totalCount": len(nodes), "nodes": nodes}} for nodes in channels
        ]}
        for number, channels in enumerate(sessions, 1)
    ]  # fmt: skip
    path = tmp_path / name
    info = {"hasNextPage": more}
    path.write_text(json.dumps({"data": {"agentSession": {"agentSessions": told, "pageInfo": info}}}))
    return path


def told():
    """Milliseconds of every finished wrap-up in the task sample."""
    tasks = json.loads(TASKS.read_text())["data"]["taskDetails"]["tasks"]
    nodes = [node for task in tasks for node in task["activities"]["nodes"]]
    return sorted(
        one["endedTime"] - one["createdTime"] for one in nodes if one["eventName"] == "WrapUp" and one["endedTime"] > 0
    )


@pytest.mark.parametrize("path", [AGENTS, TASKS], ids=lambda path: path.name)
def test_the_samples_give_the_same_wraps_by_agent_and_by_task(path):
    finished = [wrap for wrap in wraps(path) if wrap["status"] == "ok"]
    assert sorted(wrap["acw_ms"] for wrap in finished) == told()
    assert [wrap["status"] for wrap in wraps(path)].count("open") == 1
    assert counts(path).used == 18


def test_the_sums_of_the_sessions_agree_with_the_activities():
    result = found(SESSIONS)
    assert result.aggregates["contacts"].sum() == len(told()) == 17
    assert result.aggregates["acw_total_ms"].sum() == sum(told())


def test_a_contact(tmp_path):
    (wrap,) = wraps(page(tmp_path, [CALL]))
    assert (wrap["acw_ms"], wrap["talk_ms"], wrap["hold_ms"]) == (30_000, 60_000, 0)
    assert (wrap["agent_id"], wrap["contact_id"], wrap["queue"]) == ("a1", "t1", "billing")
    assert (wrap["channel"], wrap["method"], wrap["status"]) == ("telephony", "explicit", "ok")


def test_quirk_4_end_time_minus_1_is_open(tmp_path):
    (wrap,) = wraps(page(tmp_path, [[*CALL[:2], node("wrapup", 65, None)]]))
    assert (wrap["status"], wrap["acw_ms"], wrap["wrap_end"]) == ("open", None, None)


def test_quirk_2_an_activity_under_every_channel_counts_once(tmp_path):
    path = page(tmp_path, [CALL, CALL, CALL])
    assert [(wrap["acw_ms"], wrap["talk_ms"]) for wrap in wraps(path)] == [(30_000, 60_000)]
    assert any("4 activities listed again" in note for note in found(path).loaded.notes())  # ringing is of no contact


def test_quirk_2_hold_splits_are_one_leg(tmp_path):
    split = [
        node("connected", 5, 25), node("on-hold", 25, 35), node("hold-done", 35, 40), node("connected", 40, 65),
        node("wrapup", 65, 95),
    ]  # fmt: skip
    (wrap,) = wraps(page(tmp_path, [split]))
    assert (wrap["talk_ms"], wrap["hold_ms"], wrap["acw_ms"]) == (50_000, 10_000, 30_000)


def test_quirk_1_a_page_fetched_again_when_the_wrap_was_over(tmp_path):
    early = page(tmp_path, [[*CALL[:2], node("wrapup", 65, None)]], name="early.json")
    late = page(tmp_path, [CALL], name="late.json")
    for paths in ((early, late), (late, early)):
        assert [(wrap["status"], wrap["acw_ms"]) for wrap in wraps(*paths)] == [("ok", 30_000)]


def test_a_task_that_comes_back_to_the_agent_has_two_wraps(tmp_path):
    again = [node("connected", 200, 230), node("wrapup", 230, 240)]
    assert [(wrap["acw_ms"], wrap["talk_ms"]) for wrap in wraps(page(tmp_path, [[*CALL, *again]]))] == [
        (30_000, 60_000), (10_000, 30_000)
    ]  # fmt: skip


def test_a_session_that_goes_on_in_the_next_page(tmp_path):
    first, second = page(tmp_path, [CALL[:2]], name="1.json", more=True), page(tmp_path, [CALL[2:]], name="2.json")
    assert [(wrap["acw_ms"], wrap["talk_ms"]) for wrap in wraps(first, second)] == [(30_000, 60_000)]
    assert not any("more pages follow" in note for note in found(first, second).loaded.notes())


def test_the_page_behind_the_last_one_has_no_records(tmp_path):
    """All pages but the empty one say that others follow; it may say so itself, and then one is missing."""
    pages = [page(tmp_path, [CALL[:2]], name="1.json", more=True), page(tmp_path, [CALL[2:]], name="2.json", more=True)]
    empty = tmp_path / "3.json"
    for info, missing in (("", False), (', "pageInfo": {"hasNextPage": false}', False),
                          (', "pageInfo": {"hasNextPage": true, "endCursor": "2"}', True)):  # fmt: skip
        empty.write_text('{"data": {"agentSession": {"agentSessions": []' + info + "}}}")
        assert [wrap["acw_ms"] for wrap in wraps(*pages, empty)] == [30_000]
        assert any("more pages follow" in note for note in found(*pages, empty).loaded.notes()) is missing
    assert any("more pages follow" in note for note in found(*pages).loaded.notes())


def test_quirk_17_pages_one_after_the_other_in_one_file(tmp_path):
    first = page(tmp_path, [CALL], name="1.json", more=True).read_text()
    other = [one | {"taskId": "t2", "id": one["id"] + "x"} for one in CALL]
    second = page(tmp_path, [other], name="2.json").read_text()
    for number, separator in enumerate(("", "\n")):
        path = tmp_path / f"both{number}.json"
        path.write_text(first + separator + second)
        result = found(path)
        assert result.frame.height == 2
        assert not any("more pages follow" in note for note in result.loaded.notes())
    assert any("more pages follow" in note for note in found(tmp_path / "1.json").loaded.notes())


def test_quirk_18_nested_pages_that_lack_activities_are_said(tmp_path):
    path = page(tmp_path, [CALL])
    path.write_text(path.read_text().replace('"totalCount": 3', '"totalCount": 7'))
    assert any("more activities than the file holds" in note for note in found(path).loaded.notes())


def test_sessions_without_contacts_are_counted(tmp_path):
    path = page(tmp_path, [CALL], [[node("idle", 0, 50, task=None)]], [])
    assert counts(path).ignored == {"neither talk nor wrap-up": 2}


def test_a_wrap_up_that_ends_before_it_starts_is_rejected(tmp_path):
    assert counts(page(tmp_path, [CALL], [[node("wrapup", 50, 40)]])).rejected == {"wrap-up ends before it starts": 1}


def test_inbound_and_outdial_sums_are_added_and_a_session_counts_once(tmp_path):
    channel = {"channelId": "c", "channelType": "telephony", "idleDuration": 5}
    sums = {"wrapupCount": 2, "wrapupDuration": 30_000, "outdialWrapupCount": 1, "outdialWrapupDuration": 6_000}
    session = {"agentSessionId": "s", "agentId": "a", "startTime": T0, "endTime": -1, "channelInfo": [channel | sums]}
    grown = session | {"channelInfo": [channel | sums | {"wrapupCount": 3, "wrapupDuration": 40_000}]}
    path = tmp_path / "sessions.ndjson"
    path.write_text(json.dumps(session) + "\n" + json.dumps(grown) + "\n")
    result = found(path)
    assert result.aggregates.select("contacts", "acw_total_ms").rows() == [(4, 46_000)]
    assert counts(path).ignored == {"older version": 1}


def test_only_its_own_format_claims_a_sample():
    for path, name in ((AGENTS, ""), (TASKS, ""), (SESSIONS, "-sessions")):
        (item,) = detect.recognise(find_inputs([str(path)]), ReadOptions())
        assert item.format == f"webex-contact-center{name}"
        assert [match.score > 0 for match in item.matches.values()].count(True) == 1


@real
def test_real_task_activities():
    result = found(REAL / "car_taskDetails_activities.json")
    seconds = sorted(length / 1000 for length in result.frame["acw_ms"])
    assert len(seconds) == 53
    assert statistics.fmean(seconds) == pytest.approx(9.3, abs=0.05)
    assert statistics.median(seconds) == pytest.approx(7.2, abs=0.05)
    assert statistics.quantiles(seconds, n=5, method="inclusive")[3] == pytest.approx(11.7, abs=0.05)
    assert seconds.count(31.305) == 3  # one wait, three records: shown as they are
    notes = result.loaded.notes()
    assert any("no activity names its agent" in note for note in notes)
    assert any("4 documents have more activities" in note for note in notes)


@real
def test_real_agent_sessions():
    result = found(REAL / "asr_agentSession_channelInfo.json")
    sums = result.aggregates
    assert (sums["contacts"].sum(), sums["agent_id"].n_unique()) == (300, 15)
    assert sums["acw_total_ms"].sum() / 300_000 == pytest.approx(182, abs=0.5)
    assert sums["acw_total_ms"].max() == 39_591_012
    assert (sums["acw_total_ms"].sum() - 39_591_012) / 299_000 == pytest.approx(50.6, abs=0.1)
    with pytest.raises(UsageError, match="sums"):
        pipeline.diagnose(result)


@real
@pytest.mark.parametrize("name", ["aar_groupby_state.json", "clr_taskLegDetails.json"])
def test_real_answers_without_wraps_are_refused(name):
    with pytest.raises(InputError):
        found(REAL / name)
