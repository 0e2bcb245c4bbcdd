"""Genesys Cloud conversation details; figures worked out by hand or by plain Python here."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from acwcli import pipeline
from acwcli.errors import InputError
from acwcli.formats import detect
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import LEGS, WRAP_FRAME

SAMPLES = Path(__file__).parent.parent / "sample_data/genesys_cloud_conversations"
PAGE, JOB = SAMPLES / "page.json", SAMPLES / "job.json"
NEEDS = frozenset((*WRAP_FRAME, LEGS))


def found(*paths, **options):
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(**{"needs": NEEDS, "max_bad": 1.0, **options}))
    return pipeline.wraps(loaded, pipeline.WrapOptions(), NEEDS)


def wraps(*paths, **options):
    return found(*paths, **options).frame.sort("agent_id", "wrap_start", "row").to_dicts()


def counts(*paths):
    total = found(*paths).loaded.total()
    assert total.read == total.used + total.ignored.total() + total.rejected.total()
    return total


def at(second):
    return f"2026-03-02T08:{int(second) // 60:02d}:{second % 60:06.3f}Z"


def segment(kind, start, end=None, **own):
    told = {"segmentType": kind, "segmentStart": at(start), **own}
    return told if end is None else told | {"segmentEnd": at(end)}


CALL = [segment("alert", 0, 5), segment("interact", 5, 65, queueId="q1"), segment("wrapup", 65, 95, wrapUpCode="sale")]


def participant(segments, user="u1", purpose="agent", name="p1"):
    sessions = [{"sessionId": f"s-{name}", "mediaType": "voice", "direction": "inbound", "segments": segments}]
    return {"participantId": name, "userId": user, "purpose": purpose, "sessions": sessions}


def conversation(*participants, number="c1"):
    return {"conversationId": number, "conversationStart": at(0), "participants": list(participants)}


def write(tmp_path, content, name="page.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def one(tmp_path, *participants):
    return wraps(write(tmp_path, [conversation(*participants)]))


def told():
    """Seconds of every finished wrap-up segment of an agent, the later file first, counted once per session."""
    seconds = {}
    for path in (JOB, PAGE):
        document = json.loads(path.read_text())
        for conversation in document if isinstance(document, list) else document["conversations"]:
            for who in conversation["participants"]:
                for session in who["sessions"] if who["purpose"] == "agent" else ():
                    for part in session["segments"]:
                        if part["segmentType"] == "wrapup" and "segmentEnd" in part:
                            ends = (datetime.fromisoformat(part[f"segment{end}"]) for end in ("End", "Start"))
                            seconds.setdefault(session["sessionId"], next(ends) - next(ends))
    return sorted(round(length.total_seconds() * 1000) for length in seconds.values())


def test_the_sample_gives_every_wrapup_segment():
    finished = sorted(wrap["acw_ms"] for wrap in wraps(PAGE, JOB) if wrap["status"] == "ok")
    assert finished == told()
    assert len(finished) == 34
    total = counts(PAGE, JOB)
    assert (total.read, total.used) == (38, 35)
    assert total.ignored == {"no agent in the conversation": 1, "neither talk nor wrap-up": 1, "older version": 1}


def test_the_sample_alone_has_the_wrap_still_open():
    assert [(wrap["contact_id"], wrap["acw_ms"]) for wrap in wraps(PAGE) if wrap["status"] == "open"] == [
        ("conv-0904", None)
    ]


def test_a_leg(tmp_path):
    (wrap,) = one(tmp_path, participant(CALL), participant(CALL[1:2], purpose="customer", name="p2"))
    assert (wrap["acw_ms"], wrap["talk_ms"], wrap["hold_ms"]) == (30_000, 60_000, 0)
    assert (wrap["agent_id"], wrap["contact_id"], wrap["queue"], wrap["disposition"]) == ("u1", "c1", "q1", "sale")
    assert (wrap["channel"], wrap["direction"], wrap["method"]) == ("voice", "inbound", "explicit")


@pytest.mark.parametrize("shape", ["page", "pages", "array", "lines", "one", "job", "pretty"])
def test_quirk_17_pages_arrays_and_lines(tmp_path, shape):
    first, second = conversation(participant(CALL)), conversation(participant(CALL), number="c2")
    text = {
        "page": json.dumps({"totalHits": 2, "conversations": [first, second], "aggregations": []}),
        "pages": json.dumps({"conversations": [first]}) + "\n" + json.dumps({"conversations": [second]}),
        "array": json.dumps([first, second]),
        "lines": json.dumps(first) + "\n" + json.dumps(second) + "\n",
        "one": json.dumps(first),
        "job": json.dumps({"conversations": [first, second], "cursor": "abc", "dataAvailabilityDate": at(0)}),
        "pretty": json.dumps({"conversations": [first, second]}, indent=4),
    }[shape]
    assert [wrap["acw_ms"] for wrap in wraps(write(tmp_path, text))] == [30_000] * (1 if shape == "one" else 2)


def test_quirk_18_pages_that_are_not_here_are_said(tmp_path):
    def said(*pages):
        paths = [write(tmp_path, json.dumps(page), f"{place}.json") for place, page in enumerate(pages)]
        return [note for note in found(*paths).loaded.notes() if "page" in note.partition(": ")[2]]

    talk = participant([segment("interact", 0, 60), segment("wrapup", 60, 90)])
    first, second = conversation(talk), conversation(talk, number="c2")
    assert len(said({"conversations": [first], "cursor": "abc"})) == 1
    assert not said({"conversations": [first], "cursor": "abc"}, {"conversations": [second]})
    assert "2 records on all its pages, 1 are here" in said({"conversations": [first], "totalHits": 2})[0]
    page = {"conversations": [first], "totalHits": 2}
    assert not said(page, page | {"conversations": [second]})
    assert said(page | {"totalHits": 1}, {"totalHits": 1, "conversations": []})[0].endswith(
        "(a page or list without records)"
    )


def test_quirk_2_a_transfer_has_a_wrap_per_agent(tmp_path):
    later = [segment("interact", 100, 160), segment("wrapup", 160, 170)]
    legs = one(tmp_path, participant(CALL), participant(later, user="u2", name="p2"))
    assert [(wrap["agent_id"], wrap["acw_ms"]) for wrap in legs] == [("u1", 30_000), ("u2", 10_000)]


def test_quirk_4_a_wrapup_without_end_is_open(tmp_path):
    (wrap,) = one(tmp_path, participant([*CALL[:2], segment("wrapup", 65)]))
    assert (wrap["status"], wrap["acw_ms"], wrap["ended_by"]) == ("open", None, "open")


@pytest.mark.parametrize("gap", [-0.3, 0, 1.0])
def test_quirk_5_small_gaps_between_talk_and_wrap(tmp_path, gap):
    (wrap,) = one(tmp_path, participant([*CALL[:2], segment("wrapup", 65 + gap, 95)]))
    assert (wrap["status"], wrap["acw_ms"]) == ("ok", round(1000 * (30 - gap)))


def test_quirk_6_a_skipped_preview_is_a_wrap_of_0_s(tmp_path):
    skipped = [segment("dialing", 0, 9), segment("wrapup", 9, 9, wrapUpCode="ININ-WRAP-UP-SKIPPED")]
    (wrap,) = one(tmp_path, participant(skipped))
    assert (wrap["acw_ms"], wrap["disposition"], wrap["ended_by"]) == (0, "ININ-WRAP-UP-SKIPPED", "other")


def test_quirk_7_a_timed_out_wrap_is_marked_and_kept(tmp_path):
    (wrap,) = one(tmp_path, participant([*CALL[:2], segment("wrapup", 65, 80, wrapUpCode="ININ-WRAP-UP-TIMEOUT")]))
    assert (wrap["acw_ms"], wrap["ended_by"], wrap["disposition"]) == (15_000, "timeout", "ININ-WRAP-UP-TIMEOUT")
    timed_out = [wrap for wrap in wraps(PAGE, JOB) if wrap["ended_by"] == "timeout"]
    assert [wrap["acw_ms"] for wrap in timed_out] == [15_000] * 6


def test_two_wrapup_segments_of_one_leg_are_one_wrap(tmp_path):
    (wrap,) = one(tmp_path, participant([*CALL[:2], segment("wrapup", 65, 75), segment("wrapup", 75.4, 95)]))
    assert (wrap["acw_ms"], wrap["method"]) == (30_000, "explicit")
    (wrap,) = one(tmp_path, participant([*CALL[:2], segment("wrapup", 65, 75), segment("wrapup", 95, 100)]))
    assert (wrap["acw_ms"], wrap["method"]) == (15_000, "anchored")


def test_the_code_may_stand_on_another_segment(tmp_path):
    talk = segment("interact", 5, 65, wrapUpCode="sale")
    assert [wrap["disposition"] for wrap in one(tmp_path, participant([talk, segment("wrapup", 65, 70)]))] == ["sale"]


def test_quirk_1_a_conversation_that_went_on_comes_again(tmp_path):
    early = conversation(participant([*CALL[:2], segment("wrapup", 65)]))
    for number, pair in enumerate(((early, conversation(participant(CALL))), (conversation(participant(CALL)), early))):
        path = write(tmp_path, list(pair), name=f"{number}.json")
        assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000]
        assert counts(path).ignored == {"older version": 1}


def test_bad_times_are_rejected_by_name(tmp_path):
    backwards = participant([*CALL[:2], segment("wrapup", 65, 60)])
    odd = participant([*CALL[:2], {"segmentType": "wrapup", "segmentStart": "noon"}])
    path = write(tmp_path, [conversation(backwards), conversation(odd, number="c2"), {"participants": []}])
    rejected = counts(path).rejected
    assert rejected == {"wrap-up ends before it starts": 1, "unreadable time": 1, "no conversation id": 1}


def test_a_page_cut_short_says_so(tmp_path):
    text = json.dumps(
        {"conversations": [conversation(participant(CALL)), conversation(participant(CALL), number="c2")]}
    )
    path = write(tmp_path, text[:-60])
    assert [wrap["acw_ms"] for wrap in wraps(path)] == [30_000]
    assert counts(path).rejected == {"bad JSON": 1}
    notes = found(write(tmp_path, text[:-2], name="b.json")).loaded.notes()
    assert any("cut short" in note for note in notes)


def test_quirk_14_user_details_are_refused_with_the_reason(tmp_path):
    status = {"routingStatus": "INTERACTING", "startTime": at(0), "endTime": at(9)}
    details = {"userDetails": [{"userId": "u1", "primaryPresence": [], "routingStatus": [status]}]}
    path = write(tmp_path, details)
    with pytest.raises(InputError, match="inside INTERACTING"):
        found(path)


def test_only_its_own_format_claims_the_samples():
    for path in (PAGE, JOB):
        (item,) = detect.recognise(find_inputs([str(path)]), ReadOptions())
        assert item.format == "genesys-cloud-conversations"
        assert [match.score > 0 for match in item.matches.values()].count(True) == 1
