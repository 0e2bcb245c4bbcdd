"""The slow reference by hand: one small case per rule, expected numbers worked out on paper."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.reference import figures
from tests.reference.contacts import RECORD_COLUMNS
from tests.reference.strategies import laid_out
from tests.reference.timeline import newest_first
from tests.reference.wraps import wraps

Row = dict[str, Any]

MINUTE = 60


def log(text: str, agent: str = "A", channel: str | None = None) -> list[Row]:
    """Rows from lines such as `0 talking c1` or `60-90 acw`: seconds, state, contact; `! ready` is a rejected row."""
    rows = []
    for line in text.strip().splitlines():
        when, state, *contact = line.split()
        start, _, end = when.partition("-")
        rows.append(
            {
                "agent_id": None if state == "restart" else agent,
                "event_time": 0 if when == "!" else int(float(start) * 1000),
                "state": "unknown" if state == "restart" else state,
                "contact_id": contact[0] if contact else None,
                "queue": None,
                "channel": channel,
                "reason": None,
                "ended_at": int(float(end) * 1000) if end else None,
                "rejected": when == "!",
            }
        )
    return rows


def record(contact: str | None = "c1", agent: str = "A", **seconds: Any) -> Row:
    """A contact record; times and lengths in seconds, the rest as it is."""
    row: Row = dict.fromkeys(RECORD_COLUMNS)
    for name, value in seconds.items():
        row[name] = value * 1000 if isinstance(value, int) and not isinstance(value, bool) else value
    return {**row, "contact_id": contact, "agent_id": agent}


def short(found: list[Row]) -> list[tuple[Any, ...]]:
    """contact, start, end, acw (s), pieces, ended_by, status."""

    def seconds(value: int | None) -> float | None:
        return None if value is None else value / 1000

    return [
        (
            w["contact_id"], seconds(w["wrap_start"]), seconds(w["wrap_end"]), seconds(w["acw_ms"]),
            w["pieces"], w["ended_by"], w["status"],
        )
        for w in found
    ]  # fmt: skip


def of_states(text: str, **options: Any) -> list[tuple[Any, ...]]:
    return short(wraps(laid_out(log(text)), **options))


def of_records(*records: Row, **options: Any) -> list[Row]:
    return wraps((), laid_out(records, "contacts.csv"), **options)


# --- rule 1: duplicates, heartbeats, intervals ----------------------------------------------------------------------


def test_exact_duplicates_count_once_even_with_a_tie_between() -> None:
    # Without rule 1 the second `acw c1` of second 60 would open another piece after `not_ready`.
    assert of_states("""
        0 talking c1
        60 acw c1
        60 not_ready
        60 acw c1
        90 ready
    """) == [("c1", 60, 60, 0, 1, "not_ready", "ok")]


def test_heartbeats_continue_the_interval() -> None:
    assert of_states("60 acw c1\n75 acw c1\n90 acw c1\n100 ready") == [("c1", 60, 100, 40, 1, "ready", "ok")]


def test_an_interval_ends_where_it_says_whether_the_next_event_is_later_or_earlier() -> None:
    assert of_states("60-90 acw c1\n200 ready") == [("c1", 60, 90, 30, 1, "ready", "ok")]
    assert of_states("60-90 acw c1\n80 ready") == [("c1", 60, 90, 30, 1, "ready", "ok")]


def test_touching_pieces_rejoin_and_holes_do_not() -> None:
    assert of_states("60-90 acw c1\n90-95 acw c1\n95 ready") == [("c1", 60, 95, 35, 1, "ready", "ok")]
    assert of_states("60-90 acw c1\n91-95 acw c1\n95 ready") == [("c1", 60, 95, 34, 2, "ready", "ok")]


def test_the_last_interval_of_the_file_has_an_end_but_no_next_event() -> None:
    assert of_states("60-90 acw c1") == [("c1", 60, 90, 30, 1, "other", "ok")]


# --- rule 2: pieces and tracks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "ended_by"),
    [
        ("ready", "ready"), ("not_ready", "not_ready"), ("ringing c2", "contact"), ("talking c2", "contact"),
        ("hold c2", "contact"), ("logout", "logout"), ("login", "other"), ("other", "other"),
    ],
)  # fmt: skip
def test_the_next_event_with_another_state_closes_the_piece(state: str, ended_by: str) -> None:
    assert of_states(f"60 acw c1\n90 {state}\n95 ready") == [("c1", 60, 90, 30, 1, ended_by, "ok")]


def test_acw_of_another_contact_closes_the_piece() -> None:
    assert of_states("60 acw c1\n90 acw c2\n100 ready") == [
        ("c1", 60, 90, 30, 1, "contact", "ok"),
        ("c2", 90, 100, 10, 1, "ready", "ok"),
    ]


def test_each_chat_is_its_own_track_and_wraps_may_overlap() -> None:
    chats = log("60 acw m1\n70 acw m2\n80 other m1\n100 other m2", channel="chat")
    assert short(wraps(laid_out(chats))) == [
        ("m1", 60, 80, 20, 1, "other", "ok"),
        ("m2", 70, 100, 30, 1, "other", "ok"),
    ]


def test_ready_on_the_voice_track_does_not_close_a_chat_but_logout_does() -> None:
    rows = log("60 acw m1", channel="chat") + log("70 ready\n90 logout")
    assert short(wraps(laid_out(rows))) == [("m1", 60, 90, 30, 1, "logout", "ok")]


def test_agents_do_not_close_each_other() -> None:
    rows = log("60 acw c1") + log("70 ready", agent="B") + log("80 ready")
    assert short(wraps(laid_out(rows))) == [("c1", 60, 80, 20, 1, "ready", "ok")]


# --- rule 3: joining pieces -----------------------------------------------------------------------------------------


def test_pieces_of_one_contact_are_one_wrap_whatever_else_lies_between() -> None:
    assert of_states("60 acw c1\n70 talking c2\n100 ready\n110 acw c1\n115 not_ready") == [
        ("c1", 60, 115, 15, 2, "not_ready", "ok")
    ]


@pytest.mark.parametrize("state", ["ringing", "talking"])
def test_a_new_talk_of_the_contact_starts_a_new_wrap(state: str) -> None:
    assert of_states(f"60 acw c1\n70 {state} c1\n100 acw c1\n115 ready") == [
        ("c1", 60, 70, 10, 1, "contact", "ok"),
        ("c1", 100, 115, 15, 1, "ready", "ok"),
    ]


def test_pieces_join_only_when_less_than_max_wrap_has_passed() -> None:
    text = "0 acw c1\n10 ready\n{} acw c1\n{} ready"
    assert of_states(text.format(69, 70), max_wrap=60_000) == [("c1", 0, 70, 11, 2, "ready", "ok")]
    assert len(of_states(text.format(70, 71), max_wrap=60_000)) == 2


def test_after_an_unknown_end_the_time_passed_counts_from_the_start() -> None:
    text = "0 acw c1\n50 unknown\n{} acw c1\n90 ready"
    assert of_states(text.format(59), max_wrap=60_000) == [("c1", 0, None, None, 2, "open", "open")]
    assert [wrap[-1] for wrap in of_states(text.format(60), max_wrap=60_000)] == ["open", "ok"]


# --- rule 4: whose wrap is it? --------------------------------------------------------------------------------------


def test_acw_without_id_belongs_to_the_last_talk_ended_at_most_ten_minutes_before() -> None:
    assert of_states("0 talking c1\n60 ready\n660 acw\n700 ready") == [("c1", 660, 700, 40, 1, "ready", "ok")]
    assert of_states("0 talking c1\n60 ready\n661 acw\n700 ready") == [(None, 661, 700, 39, 1, "ready", "orphan")]


def test_hold_counts_as_talk_and_a_talk_still_running_ends_at_the_wrap() -> None:
    assert of_states("0 talking c1\n900 hold c2\n2000 acw\n2010 ready") == [("c2", 2000, 2010, 10, 1, "ready", "ok")]


def test_inherited_pieces_join_over_not_ready_only() -> None:
    assert of_states("0 talking c1\n60 acw\n70 not_ready\n80 acw\n90 ready") == [("c1", 60, 90, 20, 2, "ready", "ok")]
    assert of_states("0 talking c1\n60 acw\n70 ready\n80 acw\n90 ready") == [
        ("c1", 60, 70, 10, 1, "ready", "ok"),
        ("c1", 80, 90, 10, 1, "ready", "ok"),
    ]


def test_an_inherited_piece_that_touches_an_explicit_one_is_the_same_piece() -> None:
    assert of_states("0 talking c1\n60 acw c1\n70 acw\n90 ready") == [("c1", 60, 90, 30, 1, "ready", "ok")]


def test_a_talk_without_id_is_a_nameless_contact() -> None:
    assert of_states("0 talking\n60 acw\n70 not_ready\n80 acw\n90 ready") == [(None, 60, 90, 20, 2, "ready", "ok")]


def test_each_orphan_piece_is_a_wrap_of_its_own() -> None:
    assert of_states("0 acw\n10 not_ready\n20 acw\n30 ready") == [
        (None, 0, 10, 10, 1, "not_ready", "orphan"),
        (None, 20, 30, 10, 1, "ready", "orphan"),
    ]


@pytest.mark.parametrize(("ended", "contact"), [(665, "c1"), (666, None), (60, "c1"), (59, None)])
def test_an_orphan_belongs_to_the_record_that_ended_around_its_start(ended: int, contact: str | None) -> None:
    rows, records = laid_out(log("660 acw\n700 ready")), laid_out([record("c1", ended_at=ended)], "contacts.csv")
    (wrap,) = wraps(rows, records)
    assert (wrap["contact_id"], wrap["status"]) == (contact, "ok" if contact else "orphan")


def test_the_nearest_record_wins_then_the_earlier_end_then_the_upper_row() -> None:
    rows = laid_out(log("660 acw\n700 ready"))
    records = [record("far", ended_at=650), record("late", ended_at=663), record("early", ended_at=657),
               record("early too", ended_at=657)]  # fmt: skip
    assert wraps(rows, laid_out(records, "contacts.csv"))[0]["contact_id"] == "early"


def test_a_record_names_a_nameless_contact() -> None:
    rows = laid_out(log("0 talking\n60 acw\n90 ready"))
    assert wraps(rows, laid_out([record("c1", ended_at=61)], "contacts.csv"))[0]["contact_id"] == "c1"


# --- rule 5: open ends ----------------------------------------------------------------------------------------------


def test_the_end_of_the_data_leaves_a_wrap_open() -> None:
    assert of_states("0 talking c1\n60 acw c1") == [("c1", 60, None, None, 1, "open", "open")]


def test_a_restart_leaves_the_wraps_of_every_agent_open() -> None:
    rows = log("60 acw c1") + log("61 acw c2", agent="B") + log("70 restart\n80 ready") + log("81 ready", agent="B")
    assert short(wraps(laid_out(rows))) == [
        ("c1", 60, None, None, 1, "open", "open"),
        ("c2", 61, None, None, 1, "open", "open"),
    ]


def test_unknown_of_one_agent_leaves_only_that_agents_wraps_open() -> None:
    rows = log("60 acw c1") + log("61 acw c2", agent="B") + log("70 unknown\n80 ready") + log("81 ready", agent="B")
    assert [wrap["status"] for wrap in wraps(laid_out(rows))] == ["open", "ok"]


def test_a_known_end_survives_a_restart() -> None:
    assert of_states("60-90 acw c1\n100 unknown") == [("c1", 60, 90, 30, 1, "other", "ok")]


def test_one_open_piece_opens_the_whole_wrap() -> None:
    assert of_states("60 acw c1\n70 unknown\n80 acw c1\n90 ready") == [("c1", 60, None, None, 2, "open", "open")]


# --- rule 8 and statuses --------------------------------------------------------------------------------------------


def test_a_rejected_row_leaves_the_open_piece_invalid() -> None:
    assert of_states("60 acw c1\n! ready\n90 ready") == [("c1", 60, None, None, 1, "open", "invalid")]


def test_a_rejected_row_outside_of_any_piece_changes_nothing_but_joins() -> None:
    assert of_states("! ready\n60 acw c1\n90 ready\n! ready") == [("c1", 60, 90, 30, 1, "ready", "ok")]
    assert len(of_states("0 talking c1\n60 acw\n70 not_ready\n! ready\n80 acw\n90 ready")) == 2


def test_stuck_is_strictly_longer_than_max_wrap() -> None:
    assert of_states("0 acw c1\n60 ready", max_wrap=60_000)[0][-1] == "ok"
    assert of_states("0 acw c1\n60.001 ready", max_wrap=60_000) == [("c1", 0, 60.001, 60.001, 1, "ready", "stuck")]


def test_stuck_says_more_than_orphan_and_invalid_more_than_open() -> None:
    assert of_states("0 acw\n90 ready", max_wrap=60_000)[0][-1] == "stuck"
    assert of_states("0 acw c1\n! ready\n5 acw c1")[0][-1] == "invalid"


# --- order of rows and files ----------------------------------------------------------------------------------------


def test_ties_keep_file_order() -> None:
    assert of_states("60 acw c1\n60 ready\n70 logout") == [("c1", 60, 60, 0, 1, "ready", "ok")]
    assert of_states("60 ready\n60 acw c1\n70 logout") == [("c1", 60, 70, 10, 1, "logout", "ok")]


def test_a_file_whose_clocks_only_fall_is_read_from_its_end() -> None:
    rows = laid_out(log("70 logout\n60 acw c1\n60 ready"))
    assert newest_first(rows)
    assert short(wraps(rows)) == [("c1", 60, 70, 10, 1, "logout", "ok")]
    assert not newest_first(laid_out(log("60 acw c1\n60 ready")))


def test_files_follow_each_other_by_their_first_instant_then_by_name() -> None:
    early = laid_out(log("0 login\n60 acw c1"), "z.csv")
    late = laid_out(log("60 ready\n70 logout"), "a.csv")
    assert short(wraps(late + early)) == [("c1", 60, 60, 0, 1, "ready", "ok")]
    one, two = laid_out(log("60 acw c1"), "1.csv"), laid_out(log("60 ready"), "2.csv")
    assert short(wraps(two + one)) == [("c1", 60, 60, 0, 1, "ready", "ok")]


# --- attributes of a wrap -------------------------------------------------------------------------------------------


def test_talk_and_hold_are_summed_since_the_contacts_last_wrap() -> None:
    rows = log("""
        0 talking c1
        40 hold c1
        50 talking c1
        60 acw c1
        70 talking c1
        75 acw c1
        90 ready
    """)
    assert [(w["talk_ms"], w["hold_ms"]) for w in wraps(laid_out(rows))] == [(50_000, 10_000), (5_000, None)]
    (alone,) = wraps(laid_out(log("60 acw c1\n70 ready")))
    assert (alone["talk_ms"], alone["hold_ms"]) == (None, None)


def test_nameless_talk_is_only_the_unbroken_talk_before_the_wrap() -> None:
    rows = log("0 talking\n30 ready\n100 talking\n140 hold\n145 talking\n150 acw\n160 ready")
    (wrap,) = wraps(laid_out(rows))
    assert (wrap["talk_ms"], wrap["hold_ms"]) == (45_000, 5_000)


def test_queue_and_channel_come_from_the_wrap_else_from_the_talk() -> None:
    talk, acw, ready = log("0 talking c1\n60 acw c1\n90 ready")
    talk |= {"queue": "billing", "channel": "voice"}
    (wrap,) = wraps(laid_out([talk, acw, ready]))
    assert (wrap["queue"], wrap["channel"], wrap["source"], wrap["row"]) == ("billing", "voice", "states.csv", 3)
    (wrap,) = wraps(laid_out([talk, {**acw, "queue": "sales"}, ready]))
    assert (wrap["queue"], wrap["channel"]) == ("sales", "voice")


# --- contact records ------------------------------------------------------------------------------------------------


def test_methods_of_contact_records() -> None:
    found = of_records(
        record("explicit", ended_at=100, acw_start=101, acw_end=131, acw_ms=99, timed_out=True),
        record("anchored", ended_at=100, acw_ms=20),
        record("derived", answered_at=100, talk_ms=60, acw_ms=20),
        record("held", answered_at=200, talk_ms=60, hold_ms=5, acw_ms=20),
        record("bare", answered_at=100, acw_ms=20),
        record("none", ended_at=100),
    )
    assert [
        (w["contact_id"], w["method"], w["wrap_start"], w["wrap_end"], w["acw_ms"], w["ended_by"]) for w in found
    ] == [
        ("anchored", "anchored", 100_000, 120_000, 20_000, "other"),
        ("explicit", "explicit", 101_000, 131_000, 30_000, "timeout"),
        ("derived", "anchored", 160_000, 180_000, 20_000, "other"),
        ("held", "anchored", 265_000, 285_000, 20_000, "other"),
        ("bare", "duration", None, None, 20_000, "other"),
    ]


def test_half_of_an_interval() -> None:
    found = of_records(
        record("start", ended_at=100, acw_start=105, acw_ms=20),
        record("end", ended_at=100, acw_end=130, acw_ms=20),
        record("open", ended_at=100, acw_start=120),
        record("lost", ended_at=100, acw_end=120),
    )
    assert [(w["contact_id"], w["method"], w["wrap_start"], w["wrap_end"], w["status"]) for w in found] == [
        ("start", "anchored", 105_000, 125_000, "ok"),
        ("end", "anchored", 110_000, 130_000, "ok"),
        ("open", "explicit", 120_000, None, "open"),
    ]


def test_talk_of_unknown_length_is_unknown() -> None:
    (wrap,) = wraps(laid_out(log("0 talking c1\n30 unknown\n60 acw c1\n70 ready")))
    assert (wrap["talk_ms"], wrap["status"]) == (None, "ok")


def test_a_record_without_id_is_a_contact_too() -> None:
    (wrap,) = wraps(laid_out(log("660 acw\n700 ready")), laid_out([record(None, ended_at=660)], "contacts.csv"))
    assert (wrap["contact_id"], wrap["status"]) == (None, "ok")


def test_zero_acw_is_a_wrap_and_missing_acw_is_none() -> None:
    assert [(w["acw_ms"], w["status"]) for w in of_records(record("c1", ended_at=1, acw_ms=0), record("c2"))] == [
        (0, "ok")
    ]
    assert of_records(record(ended_at=1, acw_ms=61), max_wrap=60_000)[0]["status"] == "stuck"


def test_only_rows_equal_in_every_column_are_duplicates() -> None:
    same, other = record("c1", ended_at=1, acw_ms=5), record("c1", ended_at=1, acw_ms=5, queue="x")
    assert len(of_records(same, dict(same), other)) == 2
    assert len(of_records(record(None, acw_ms=5), record(None, acw_ms=5))) == 2


def test_gaps_run_to_the_agents_next_answer_and_zero_and_the_cap_are_gaps() -> None:
    found = of_records(
        record("a", answered_at=0, talk_ms=10),
        record("b", answered_at=10, talk_ms=10),
        record("c", answered_at=620, talk_ms=10),
        record("d", answered_at=1231, talk_ms=10),
        record("e", answered_at=1240, talk_ms=10),
        infer_gap=True,
    )
    # a to b: 0 s; b to c: 600 s, the cap; c to d: 601 s, too long; d to e: overlap; e has no next.
    assert [(w["contact_id"], w["acw_ms"], w["ended_by"], w["method"]) for w in found] == [
        ("a", 0, "contact", "gap"),
        ("b", 600_000, "contact", "gap"),
    ]


def test_recorded_acw_is_no_gap_but_its_answer_ends_one() -> None:
    found = of_records(
        record("a", answered_at=0, talk_ms=10),
        record("b", answered_at=30, talk_ms=10, acw_ms=5),
        record("c", answered_at=60, talk_ms=10),
        infer_gap=True,
    )
    assert [(w["contact_id"], w["method"], w["acw_ms"]) for w in found] == [
        ("a", "gap", 20_000),
        ("b", "anchored", 5_000),
    ]


# --- rule 7: both ---------------------------------------------------------------------------------------------------


def test_states_give_the_interval_and_the_record_the_attributes() -> None:
    rows = laid_out(log("0 talking c1\n60 acw c1\n90 ready"))
    told = record(ended_at=60, acw_ms=25, talk_ms=58, queue="billing", disposition="sale", direction="inbound")
    (wrap,) = wraps(rows, laid_out([told], "contacts.csv"))
    assert (wrap["acw_ms"], wrap["talk_ms"], wrap["hold_ms"]) == (30_000, 58_000, None)
    assert (wrap["queue"], wrap["disposition"], wrap["direction"]) == ("billing", "sale", "inbound")
    assert (wrap["method"], wrap["ended_by"], wrap["source"]) == ("state", "ready", "states.csv")


@pytest.mark.parametrize(("ended", "own"), [(0, False), (90, False), (91, True), (-1, True)])
def test_a_record_makes_its_own_wrap_only_outside_of_the_agents_states(ended: int, own: bool) -> None:
    rows = laid_out(log("0 login\n60 acw c1\n90 ready"))
    found = wraps(rows, laid_out([record("c9", ended_at=ended, acw_ms=5)], "contacts.csv"))
    assert ("c9" in [wrap["contact_id"] for wrap in found]) is own


def test_a_record_of_an_agent_without_states_makes_its_own_wrap() -> None:
    rows = laid_out(log("0 login\n60 acw c1\n90 ready"))
    found = wraps(rows, laid_out([record("c1", agent="B", ended_at=60, acw_ms=5)], "contacts.csv"))
    assert [(wrap["agent_id"], wrap["method"]) for wrap in found] == [("A", "state"), ("B", "anchored")]


# --- figures --------------------------------------------------------------------------------------------------------


def some(agent: str, *seconds: float, queue: str = "q") -> list[Row]:
    return [{"agent_id": agent, "queue": queue, "acw_ms": int(s * 1000), "status": "ok"} for s in seconds]


def test_mean_quantile_and_sd() -> None:
    values = [1000, 2000, 4000, 9000]
    assert figures.mean(values) == 4
    assert figures.quantile(values, Fraction(80, 100)) == 6000  # position 2.4: 4000 + 0.4 * 5000
    assert figures.percentile_s(values, 50) == 3
    assert figures.sd(values) == pytest.approx((38 / 3) ** 0.5, rel=1e-15)
    assert figures.sd([5]) is None


def test_over_is_strictly_greater() -> None:
    assert figures.within([59_000, 60_000, 60_001], 60_000) == Fraction(2, 3)
    assert figures.excess([59_000, 60_000, 61_500], 60_000) == Fraction(3, 2)


def test_only_ok_and_orphan_wraps_enter_figures() -> None:
    rows = some("A", 10, 20)
    rows[1]["status"] = "stuck"
    assert figures.summary(rows)[0]["wraps"] == 1


def test_the_mean_rule_is_pooled_over_wraps_and_the_percentile_rule_over_agents() -> None:
    rows = some("A", 10, 10, 10) + some("B", 50) + some("C", 20, 30)
    # Pooled mean 130 / 6; the mean of the agents' means would be 85 / 3.
    told = {row["agent_id"]: row for row in figures.flag(rows, [("over", "mean")], min_wraps=2)}
    assert [told[agent]["listed"] for agent in "ABC"] == [False, False, True]
    assert told["C"]["lost_s"] == 2 * (25 - Fraction(130, 6))
    assert told["B"]["beyond"]
    # The 80th percentile of 10 and 25 (B has too few wraps) is 22.
    (limit,) = {row["threshold_s"] for row in figures.flag(rows, [("over", "p80")], min_wraps=2)}
    assert limit == 22


def test_peers_are_compared_among_themselves() -> None:
    rows = some("A", 10) + some("B", 20) + some("A", 100, queue="x") + some("C", 100, queue="x")
    told = figures.flag(rows, [("over", "mean")], peers=["queue"], min_wraps=1)
    assert [(row["agent_id"], row["queue"]) for row in told if row["listed"]] == [("B", "q")]


def test_diagnose_tells_shares_of_wraps_from_shares_of_agents() -> None:
    rows = some("A", 10, 10, 10, 10) + some("B", 10, 410)
    told = figures.diagnose(rows, 60_000)
    assert told["mean_s"] == Fraction(460, 6)
    assert (told["share_wraps_within"], told["share_agents_within"]) == (Fraction(5, 6), Fraction(1, 2))
    assert told["share_wraps_at_or_under_mean"] == Fraction(5, 6)


def test_shares_of_contributors_add_up_to_one() -> None:
    rows = some("A", 70, 10) + some("B", 90) + some("C", 5)
    told = figures.contributors(rows, "agent_id", 60_000)
    assert [(row["value"], row["share"]) for row in told] == [("B", Fraction(3, 4)), ("A", Fraction(1, 4)), ("C", 0)]
    assert figures.contributors(rows, "agent_id", 90_000) == []
