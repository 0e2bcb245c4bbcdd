"""Asterisk queue_log: what its rows say of an agent, one small log per quirk."""

from __future__ import annotations

import pytest

from acwcli.formats.queue_log import states
from tests.queue_logs import DAY, A, call, events, fan_out, ignored, log, row, seen, told

# --- calls


@pytest.mark.parametrize(
    "end", ["COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER", "completeagent"]
)
def test_every_kind_of_end(end):
    frame = states(events(log(call(10, 20)[0], row(20, end, callid="c1", queue="support"))))
    assert frame.select("agent_id", "state", "contact_id", "queue").rows() == [
        (A, "talking", "c1", "support"),
        (A, "ready", None, None),
    ]


def test_transfer_under_another_call_id_ends_the_call():
    assert told(call(10, 20)[0], row(20, "ATTENDEDTRANSFER", callid="other")) == [(10, "talking"), (20, "ready")]


def test_end_of_an_earlier_call_in_the_middle_of_the_next_is_late():
    first, first_end = call(10, 40, "c1")
    second, second_end = call(30, 50, "c2")
    assert told(first, second, first_end, second_end) == [(10, "talking"), (30, "talking"), (50, "ready")]
    assert ignored(first, second, first_end, second_end) == ["late end of an earlier call"]


def test_the_same_caller_twice():
    assert [state for _, state in told(*call(10, 20), *call(30, 40))] == ["talking", "ready"] * 2


def test_an_end_without_a_call_does_not_end_a_wrap():
    lines = [*call(10, 20), row(20, "PAUSEALL", "Wrapup"), call(10, 25)[1], row(30, "UNPAUSEALL")]
    assert told(*lines) == [(10, "talking"), (20, "ready"), (20, "acw"), (30, "ready")]
    assert ignored(*lines) == ["end without an open call"]


def test_a_log_may_begin_in_a_call():
    assert told(call(0, 9)[1], row(9, "PAUSEALL", "ACW")) == [(9, "ready"), (9, "acw")]


@pytest.mark.parametrize(
    ("callid", "kept"), [("NONE", None), ("REALTIME", None), ("pbx1-1706420300.0", "pbx1-1706420300.0")]
)
def test_call_ids(callid, kept):
    assert states(events(call(1, 2, callid)[0]))["contact_id"].to_list() == [kept]


# --- pauses


@pytest.mark.parametrize(
    "reason", ["Wrapup", "wrap-up", "WRAP_UP", "Wrap Up", "ACW", "After Call Work", "Nachbearbeitung"]
)
def test_wrap_reasons_are_compared_folded(reason):
    assert told(row(1, "PAUSEALL", reason)) == [(1, "acw")]


@pytest.mark.parametrize("reason", ["Lunch", "", "Auto-Pause", "Wrapped present", "-"])
def test_other_reasons_are_not_ready(reason):
    frame = states(events(row(1, "PAUSEALL", reason)))
    assert frame.select("state", "reason").rows() == [("not_ready", reason or None)]


def test_the_users_list_replaces_the_built_in_one():
    lines = [row(1, "PAUSEALL", "Wrapup"), row(2, "PAUSEALL", "nota  final")]
    assert told(*lines, wrap_reasons=("Nota_Final",)) == [(1, "not_ready"), (2, "acw")]


def test_pause_all_and_its_fan_out_count_once():
    lines = [*call(1, 9), *fan_out(9, "PAUSE", "ACW"), *fan_out(20, "UNPAUSE", "ACW")]
    assert told(*lines) == [(1, "talking"), (9, "ready"), (9, "acw"), (20, "ready")]
    assert ignored(*lines) == ["pause repeated"] * 3 + ["unpause without a pause"] * 3


def test_fan_out_ended_queue_by_queue():
    ends = [row(20 + place, "UNPAUSE", queue=queue) for place, queue in enumerate("abc")]
    assert told(*fan_out(9, "PAUSE", "ACW"), *ends) == [(9, "acw"), (22, "ready")]


def test_pauses_per_queue_are_counted_per_queue():
    lines = [
        row(1, "PAUSE", "ACW", queue="a"),
        row(2, "PAUSE", "ACW", queue="b"),
        row(5, "UNPAUSE", queue="b"),
        row(8, "UNPAUSE", queue="a"),
    ]
    assert told(*lines) == [(1, "acw"), (8, "ready")]
    assert ignored(*lines) == ["pause repeated", "still paused in another queue"]


def test_the_state_is_that_of_the_latest_pause_still_open():
    lines = [
        row(1, "PAUSE", "Lunch", queue="a"),
        row(2, "PAUSE", "ACW", queue="b"),
        row(5, "UNPAUSE", queue="b"),
        row(8, "UNPAUSE", queue="a"),
    ]
    frame = states(events(log(*lines)))
    assert seen(frame) == [(1, "not_ready"), (2, "acw"), (5, "not_ready"), (8, "ready")]
    assert frame["reason"].to_list() == ["Lunch", "ACW", "Lunch", None]


def test_another_reason_without_unpause_closes_the_wrap():
    lines = [*fan_out(1, "PAUSE", "Wrapup"), *fan_out(9, "PAUSE", "Lunch"), *fan_out(20, "UNPAUSE")]
    assert told(*lines) == [(1, "acw"), (9, "not_ready"), (20, "ready")]


def test_the_same_reason_again_goes_on():
    assert told(row(1, "PAUSEALL", "ACW"), row(5, "PAUSEALL", "ACW"), row(9, "UNPAUSEALL")) == [
        (1, "acw"),
        (9, "ready"),
    ]


def test_auto_unpause_before_another_reason_is_no_moment_of_ready():
    lines = [
        row(1, "PAUSE", "ACW", queue="a"),
        row(9, "UNPAUSE", "Auto-Unpause", queue="a"),
        row(9, "PAUSE", "Lunch", queue="a"),
        row(20, "UNPAUSE", "Auto-Unpause", queue="a"),
    ]
    assert told(*lines) == [(1, "acw"), (9, "not_ready"), (20, "ready")]


def test_unpause_of_somebody_not_paused_changes_nothing():
    lines = [*call(1, 9), row(10, "UNPAUSE", queue="a"), call(12, 15)[0], row(13, "UNPAUSEALL"), call(12, 15)[1]]
    assert told(*lines) == [(1, "talking"), (9, "ready"), (12, "talking"), (15, "ready")]
    assert ignored(*lines) == ["unpause without a pause", "unpause during a call"]


def test_a_pause_that_a_call_interrupts_does_not_come_back():
    lines = [row(1, "PAUSEALL", "ACW"), *call(5, 20), row(40, "UNPAUSEALL")]
    assert told(*lines) == [(1, "acw"), (5, "talking"), (20, "ready")]


def test_the_same_reason_after_a_call_is_a_new_pause():
    lines = [row(1, "PAUSEALL", "ACW"), *call(5, 20), row(22, "PAUSEALL", "ACW")]
    assert told(*lines) == [(1, "acw"), (5, "talking"), (20, "ready"), (22, "acw")]


@pytest.mark.parametrize(("reason", "state"), [("ACW", "acw"), ("Lunch", "not_ready")])
def test_a_pause_placed_in_a_call_begins_at_its_end(reason, state):
    start, end = call(5, 20)
    assert told(start, *fan_out(10, "PAUSE", reason), end, row(30, "UNPAUSEALL")) == [
        (5, "talking"),
        (20, state),
        (30, "ready"),
    ]
    assert told(start, row(10, "PAUSEALL", reason), row(12, "UNPAUSEALL"), end) == [(5, "talking"), (20, "ready")]


def test_empty_wrap_reason_right_after_a_call():
    lines = [
        row(1, "PAUSEALL"),
        row(3, "UNPAUSEALL"),
        *call(5, 20),
        row(20, "CALLSTATUS", "N"),
        *fan_out(20, "PAUSE"),
        *fan_out(30, "UNPAUSE"),
        row(40, "PAUSEALL"),
    ]
    told_states = [
        (1, "not_ready"),
        (3, "ready"),
        (5, "talking"),
        (20, "ready"),
        (20, "acw"),
        (30, "ready"),
        (40, "not_ready"),
    ]
    assert told(*lines, wrap_reasons=("",)) == told_states
    assert told(*call(5, 20), row(20, "PAUSEALL", "Lunch"), wrap_reasons=("",))[-1] == (20, "not_ready")
    assert told(*call(5, 20), row(21, "RINGNOANSWER", "1"), row(22, "PAUSEALL"), wrap_reasons=("",))[-1] == (
        22,
        "not_ready",
    )
    assert told(*call(5, 20), row(20, "PAUSEALL"))[-1] == (20, "not_ready")


# --- log-on and log-off


@pytest.mark.parametrize("off", ["AGENTLOGOFF", "AGENTCALLBACKLOGOFF"])
def test_log_off_in_a_wrap_and_unpause_after_it(off):
    lines = [row(1, "AGENTCALLBACKLOGIN", "x"), row(2, "PAUSEALL", "ACW"), row(9, off), *fan_out(9, "UNPAUSE")]
    assert told(*lines) == [(1, "login"), (2, "acw"), (9, "logout")]
    assert ignored(*lines) == ["unpause after log-off"] * 4


def test_the_last_queue_left_is_the_log_off():
    lines = [
        row(1, "ADDMEMBER", queue="a"),
        row(1, "ADDMEMBER", queue="b"),
        row(5, "PAUSEALL", "ACW"),
        row(9, "REMOVEMEMBER", queue="a"),
        row(12, "REMOVEMEMBER", queue="b"),
        row(13, "REMOVEMEMBER", queue="c"),
        row(20, "ADDMEMBER", queue="a"),
    ]
    assert told(*lines) == [(1, "login"), (5, "acw"), (12, "logout"), (20, "login")]
    assert ignored(*lines) == ["already logged on", "still member of another queue", "already logged off"]


def test_membership_shows_in_calls_too():
    """Static and persistent members have no ADDMEMBER row."""
    lines = [*call(1, 5, queue="a"), row(6, "PAUSE", "ACW", queue="b"), row(9, "REMOVEMEMBER", queue="a")]
    assert told(*lines) == [(1, "talking"), (5, "ready"), (6, "acw")]
    assert told(*lines, row(12, "REMOVEMEMBER", queue="b"))[-1] == (12, "logout")


def test_leaving_the_paused_queue_ends_the_pause():
    lines = [row(1, "ADDMEMBER", queue="a"), row(1, "PAUSE", "ACW", queue="b"), row(9, "REMOVEMEMBER", queue="b")]
    assert told(*lines) == [(1, "login"), (1, "acw"), (9, "ready")]


def test_added_as_paused():
    assert told(row(1, "ADDMEMBER", "PAUSED", queue="a"), row(5, "UNPAUSEALL")) == [(1, "not_ready"), (5, "ready")]


# --- restarts, files, order


def test_restart_makes_everything_unknown():
    lines = [
        row(1, "PAUSEALL", "ACW"),
        row(5, "QUEUESTART", agent="NONE"),
        row(9, "PAUSEALL", "ACW"),
        row(12, "QUEUESTART", agent="NONE"),
        row(15, "UNPAUSEALL"),
    ]
    frame = states(events(log(*lines)))
    assert seen(frame) == [(1, "acw"), (5, "unknown"), (9, "acw"), (12, "unknown"), (15, "ready")]
    assert frame["agent_id"].to_list() == [A, None, A, None, A]


@pytest.mark.parametrize("cut", range(1, len(DAY)))
def test_rotated_files_are_one_log(cut):
    whole, cut_in_two = states(events(log(*DAY))), states(events(log(*DAY[:cut]), log(*DAY[cut:])))
    assert cut_in_two.drop("file", "row").equals(whole.drop("file", "row"))
    assert cut_in_two["file"].to_list() == [0] * cut + [1] * (len(DAY) - cut)


def test_newest_first_is_followed_from_its_end():
    assert seen(states(events(log(*reversed(DAY)))))[::-1] == told(*DAY)


def test_two_agents_do_not_mix():
    lines = [*call(1, 9), row(5, "PAUSEALL", "ACW", agent="Agent/2"), row(9, "UNPAUSEALL"), row(12, "PAUSEALL", "ACW")]
    assert told(*lines) == [(1, "talking"), (9, "ready"), (5, "acw"), (12, "acw")]


def test_a_row_that_an_earlier_file_holds_too_counts_once():
    twice = states(events(log(*DAY), log(*DAY[5:], row(99, "ADDMEMBER", queue="a"))))
    assert seen(twice) == [*told(*DAY), (99, "login")]
    assert twice["ignored"].to_list().count("row of an earlier file") == len(DAY) - 5


def test_a_row_twice_in_one_file_is_meant():
    lines = [row(5, "PAUSEALL", "ACW"), row(5, "UNPAUSEALL"), row(5, "PAUSEALL", "ACW")]
    assert told(*lines) == [(5, "acw"), (5, "ready"), (5, "acw")]
