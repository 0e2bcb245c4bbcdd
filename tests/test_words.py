"""The words of the field: folding, and the promises of words.json."""

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acwcli.formats import words
from acwcli.formats.words import (
    CANONICAL,
    STATE_WORDS,
    choose_columns,
    column_name,
    column_unit,
    fold,
    fold_expr,
    is_known_word,
    is_no_value,
    is_total,
    is_voice,
    state_of,
    unit_ms,
)
from acwcli.model.columns import STATES

LANGUAGES = ("en", "zh", "fa", "ru", "es")
MAIN_COLUMNS = [
    "agent_id",
    "event_time",
    "state",
    "contact_id",
    "queue",
    "channel",
    "reason",
    "direction",
    "disposition",
    "offered_at",
    "answered_at",
    "ended_at",
    "acw_s",
    "talk_s",
    "hold_s",
    "acw_start",
    "acw_end",
    "timed_out",
    "duration",
    "date",
    "time",
    "name",
    "team",
    "site",
    "supervisor",
]
# Characters that Python's Unicode tables do not know yet may fold differently in Polars.
KNOWN_TEXT = st.text(st.characters(exclude_categories=("Cn", "Co", "Cs")))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  After-Call_Work. ", "aftercallwork"),
        ("ＡＣＷ", "acw"),
        ("Tipificación", "tipificacion"),
        ("آماده‌ نیست", "اماده نیست".replace(" ", "")),
        ("كارشناس", "کارشناس"),
        ("بيكار", "بیکار"),
        ("۱۲۳", "123"),
        ("٤٥٦", "456"),
        ("На удержании", "наудержании"),
        ("ещё", "еще"),
        ("\u202bخروج\u202c", "خروج"),
        ('"Call/ID"', "callid"),
        ("--", ""),
        ("ACW %", "acw%"),
        ("\\N", "\\n"),
    ],
)
def test_fold_examples(written, folded):
    assert fold(written) == folded


@given(KNOWN_TEXT)
def test_fold_is_the_same_in_polars_and_stable(text):
    assert pl.select(fold_expr(pl.lit(text))).item() == fold(text)
    assert fold(fold(text)) == fold(text)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Co"])) | st.sampled_from(["ΟΔΟΣ", "İ", "(ß)", ""])))
def test_texts_folded_together_are_as_folded_alone(texts):
    assert words.fold_each(texts) == [fold(text) for text in texts]


def test_fold_expr_keeps_nulls():
    frame = pl.DataFrame({"state": ["On Call", None, "Тайна"]}, schema={"state": pl.String})
    states = frame.select(fold_expr(pl.col("state")).replace_strict(STATE_WORDS, default=None))
    assert states["state"].to_list() == ["talking", None, None]


def test_every_listed_word_folds_to_something_that_stays():
    for table in words.words().values():
        for languages in table.values():
            for word in itertools.chain(*languages.values()):
                assert fold(word), word
                assert fold(fold(word)) == fold(word), word


def test_no_word_means_two_states():
    for first, second in itertools.combinations(STATES, 2):
        tables = words.words()["states"]
        shared = words._folded(tables[first]) & words._folded(tables[second])
        assert not shared, f"{shared} in {first} and {second}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_main_column_has_a_word(language):
    tables = words.words()
    assert set(tables["states"]) == set(STATES)
    assert [state for state in STATES if not tables["states"][state].get(language)] == []
    assert [name for name in MAIN_COLUMNS if not tables["columns"][name].get(language)] == []
    assert tables["totals"]["totals"][language]
    assert tables["no_value"]["no_value"][language]
    assert tables["channels"]["voice"][language]


def test_every_listed_word_is_found():
    tables = words.words()
    for column, languages in tables["columns"].items():
        for word in itertools.chain(*languages.values()):
            assert column in column_name(word), word
            assert is_known_word(word.upper()), word
    for state, languages in tables["states"].items():
        for word in itertools.chain(*languages.values()):
            assert state_of(word) == state_of(f" {word.upper()} ") == state, word


def test_canonical_names_stand_for_themselves():
    for name in CANONICAL - {"status", "time"}:
        assert column_name(name)[0] == name
        assert column_name(name.upper().replace("_", " "))[0] == name
    for state in STATES:
        assert state_of(state) == state
    assert column_name("status")[0] == "state"
    assert "status" in column_name("status")
    assert column_name("time")[:2] == ["event_time", "time"]


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("Agent", "agent_id"),
        ("agentId", "agent_id"),
        ("User Name", "agent_id"),
        ("Timestamp", "event_time"),
        ("date time", "event_time"),
        ("Status", "state"),
        ("Agent State", "state"),
        ("Reason Code", "reason"),
        ("Interaction ID", "contact_id"),
        ("Skill", "queue"),
        ("Campaign", "queue"),
        ("Duration", "duration"),
        ("End Time", "ended_at"),
        ("Talk Time (hh:mm:ss)", "talk_s"),
        ("Wrap-Up Time", "acw_s"),
        ("Wrap-Up Code", "disposition"),
        ("坐席工号", "agent_id"),
        ("狀態", "state"),
        ("شناسه کارشناس", "agent_id"),
        ("تاریخ و ساعت", "event_time"),
        ("Причина паузы", "reason"),
        ("Очередь", "queue"),
        ("Tipificación", "disposition"),
        ("Hora de inicio", "event_time"),
    ],
)
def test_headers(header, first):
    assert column_name(header)[0] == first


def test_start_time_belongs_to_both_shapes():
    assert column_name("Start Time") == ["event_time", "answered_at"]
    assert column_name("Call Start Time") == ["offered_at"]


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("acw_s", "acw_s", "s"),
        ("ACW (s)", "acw_s", "s"),
        ("acw_seconds", "acw_s", "s"),
        ("acw ms", "acw_ms", "ms"),
        ("acw_ms", "acw_ms", "ms"),
        ("talkTimeMs", "talk_ms", "ms"),
        ("Hold Time in Seconds", "hold_s", "s"),
        ("Wrap Up Time", "acw_s", None),
        ("Duration [ms]", "duration", "ms"),
        ("timestamp_ms", "event_time", "ms"),
        ("话后处理时长（秒）", "acw_s", "s"),
        ("通话时长毫秒", "talk_ms", "ms"),
        ("Время разговора, с", "talk_s", "s"),
        ("مدت مکالمه (ثانیه)", "talk_s", "s"),
        ("Tiempo de retención (seg)", "hold_s", "s"),
    ],
)
def test_units_in_headers(header, name, unit):
    assert column_name(header)[0] == name
    assert column_unit(header) == unit


@pytest.mark.parametrize("header", ["Holds", "ACW %", "ACW (min)", "acw_hours", "Avg ACW", "calls", "", "42"])
def test_headers_that_are_something_else(header):
    assert column_name(header) == []
    assert column_unit(header) is None


@pytest.mark.parametrize(
    ("header", "milliseconds"),
    [
        ("Clôture (s)", 1000), ("Clôture (ms)", 1), ("Gestion_ms", 1), ("clotureMs", 1), ("Cierre (seg)", 1000),
        ("Clôture [sec]", 1000), ("Clôture en minutes", 60_000), ("ACW (min)", 60_000), ("Schluss (Std)", 3_600_000),
        ("处理（毫秒）", 1), ("处理（分钟）", 60_000), ("Clôture", None), ("Notes_s", None), ("Agents S", None),
        ("Ms", None), ("Zeit (hh:mm:ss)", None), ("Orders", None), ("", None), ("(ms)", None),
    ],
)  # fmt: skip
def test_the_unit_of_a_header_nobody_knows(header, milliseconds):
    """A column that the user names as a length is read in the unit printed in its header."""
    assert unit_ms(header) == milliseconds


def test_the_stronger_word_gets_the_column():
    headers = ["Agent Name", "Agent ID", "Status", "State", "Time", "Mystery"]
    wanted = {"agent_id", "name", "state", "event_time"}
    assert choose_columns(headers, wanted) == {
        "agent_id": "Agent ID",
        "name": "Agent Name",
        "state": "State",
        "event_time": "Time",
    }


def test_totals_and_empty_cells():
    assert all(map(is_total, ["Total", "TOTALS:", "Total: 43 agents", "Итого", "合计", "جمع کل", "Total general"]))
    assert not any(map(is_total, ["a01", "Total Wine", "", "-"]))
    assert all(map(is_no_value, ["", " ", "-", "--", "—", "N/A", "#N/A", "NULL", "\\N", "н/д", "无", "ندارد", "S/D"]))
    assert not any(map(is_no_value, ["0", "00:00", "a01", "0.0"]))


def test_no_word_for_nothing_holds_a_digit():
    """So that a value with a digit need not be folded to know that it is one."""
    assert not [word for word in words.NO_VALUE_WORDS if any(map(str.isdigit, word))]


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_ascii_folds_as_any_text_does(text):
    assert fold(text + "ّ") == fold(text)  # a vowel mark more: the long way


def test_voice():
    assert all(map(is_voice, ["Voice", "phone call", "电话", "تلفن", "Звонок", "llamada"]))
    assert not any(map(is_voice, ["chat", "e-mail", "sms", "WhatsApp"]))
