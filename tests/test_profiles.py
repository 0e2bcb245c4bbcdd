"""Profiles: exports described as data, proved by their own sample, with every mistake named by file and line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acwcli import pipeline
from acwcli.errors import InputError, UsageError
from acwcli.formats import detect
from acwcli.formats.options import ReadOptions
from acwcli.formats.profile import built_in_profiles, load_profile
from acwcli.formats.profile_text import line_of
from acwcli.model.columns import WRAP_FRAME
from tests.cli import acw

SAMPLES = Path(__file__).parent.parent / "sample_data"

DESK = '''\
title = "Desk"
kind = "states"
tz = "Europe/Berlin"
wrap_reasons = ["notes"]

[columns]
agent_id = "Who"
event_time = "Day+Clock"
state = "What"
reason = "Why"

[states]
ready = ["Free"]
talking = ["Speaking"]
not_ready = ["Away"]

[sample]
text = """
Who;Day;Clock;What;Why
anna;02.03.2026;08:03:00;Away;notes
anna;02.03.2026;08:04:10;Free;
"""

[[sample.wraps]]
agent_id = "anna"
wrap_start = "2026-03-02T07:03:00Z"
acw_s = 70
'''
CALLS = """\
kind = "contacts"

[columns]
agent_id = ["Login", "Who"]
contact_id = "Ref"
ended_at = "Over"
acw_s = "Notes"

[units]
acw_s = "min"
"""


@pytest.fixture
def write(tmp_path):
    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def wraps_of(path, *profiles, **more):
    options = ReadOptions(needs=frozenset(WRAP_FRAME), profiles=tuple(profiles), **more)
    loaded = pipeline.load([str(path)], options)
    found = pipeline.wraps(loaded, pipeline.WrapOptions(), frozenset(WRAP_FRAME))
    return found.frame.sort("agent_id", "row"), loaded


def problem(write, text: str) -> str:
    path = write("my.toml", text)
    with pytest.raises(UsageError) as caught:
        pipeline.prove_profiles([path])
    return str(caught.value).replace(path, "my.toml")


@pytest.mark.parametrize("name", sorted(built_in_profiles()))
def test_every_built_in_profile_proves_itself(name):
    (row,) = pipeline.prove_profiles([name]).frame.to_dicts()
    assert (row["format"], row["verdict"]) == (name, "ok")


def test_a_profile_is_a_format_of_its_own(write):
    profile = write("my desk.toml", DESK)
    export = write("a.csv", load_profile(profile).sample.text)
    frame, loaded = wraps_of(export, profile)
    assert loaded.recognised[0].format == "my-desk"
    assert frame["acw_ms"].to_list() == [70_000]


def test_the_zone_of_a_profile_is_that_of_its_file(write):
    profile = write("desk.toml", DESK)
    frame, _ = wraps_of(write("a.csv", load_profile(profile).sample.text), profile, tz="Asia/Tokyo")
    assert frame["wrap_start"].dt.strftime("%H:%M").to_list() == ["07:03"]


def test_a_reason_makes_a_pause_a_wrap_but_not_the_row_that_ends_it(write):
    text = "Who;Day;Clock;What;Why\na;02.03.2026;08:00:00;Away;Notes\na;02.03.2026;08:01:00;Free;notes\n"
    frame, _ = wraps_of(write("a.csv", text), write("desk.toml", DESK))
    assert frame["acw_ms"].to_list() == [60_000]


def test_units_and_other_spellings(write):
    export = write("a.csv", "WHO,ref,Over,Notes,More\nu1,7,2026-03-02 08:00:00,1.5,\n")
    frame, _ = wraps_of(export, write("calls.toml", CALLS))
    assert frame["acw_ms"].to_list() == [90_000]
    assert frame["method"].to_list() == ["anchored"]


def test_the_users_map_comes_before_the_profile(write):
    export = write("a.csv", "Who,Team,Ref,Over,Notes\nu1,t1,7,2026-03-02 08:00:00,1\n")
    frame, _ = wraps_of(export, write("calls.toml", CALLS), columns={"agent_id": "Team"})
    assert frame["agent_id"].to_list() == ["t1"]


def test_rules_strip_empty_ignore_warn_constants_and_timers(write):
    rules = """
[strip]
Ref = "'"
[empty]
Who = ["[None]"]
[constants]
channel = "chat"
[timed_out]
column = "End"
contains = "timer"
[[ignore]]
reason = "training"
column = "Kind"
starts = "train"
[[warn]]
say = "cut"
column = "End"
is = "cut"
"""
    export = write(
        "a.csv",
        "Who,Ref,Over,Notes,Kind,End\nu1,'7,2026-03-02 08:00:00,1,call,by timer\n"
        "[None],'8,2026-03-02 08:00:00,1,call,\n"
        "u1,'9,2026-03-02 09:00:00,1,Training,cut\n",
    )
    frame, loaded = wraps_of(export, write("calls.toml", CALLS + rules))
    assert frame.select("contact_id", "channel", "ended_by").rows() == [("7", "chat", "timeout")]
    assert loaded.total().ignored == {"training": 1, "no agent": 1}
    assert any("cut (1 row)" in note for note in loaded.notes())
    total = loaded.total()
    assert total.read == 3 == total.used + total.ignored.total() + total.rejected.total()


def test_bare_numbers_are_the_unit_that_fits_the_two_instants(write):
    rules = 'acw_s = "Notes"\n\n[units]\ncheck = ["Length", "Start", "Over"]\n'
    profile = write("calls.toml", CALLS.split("acw_s =")[0] + rules)
    for length, notes, wanted in ((60, 5, 5_000), (60_000, 5_000, 5_000)):
        text = f"Who,Ref,Start,Over,Length,Notes\nu1,7,2026-03-02 08:00:00,2026-03-02 08:01:00,{length},{notes}\n"
        frame, _ = wraps_of(write("a.csv", text), profile)
        assert frame["acw_ms"].to_list() == [wanted]


def test_the_latest_version_of_a_record_counts_over_all_files(write, tmp_path):
    rules = '\n[newest]\nkey = ["Ref"]\nby = "Seen"\n'
    profile = write("calls.toml", CALLS.replace('"min"', '"s"') + rules)
    head = "Who,Ref,Over,Notes,Seen\n"
    write(
        "one.csv",
        head + "u1,7,2026-03-02 08:00:00,9,2026-03-02 09:00:00\nu1,8,2026-03-02 08:10:00,5,2026-03-02 09:00:00\n",
    )
    write(
        "two.csv",
        head + "u1,7,2026-03-02 08:00:00,3,2026-03-02 08:30:00\nu1,8,2026-03-02 08:10:00,6,2026-03-02 09:30:00\n",
    )
    frame, loaded = wraps_of(tmp_path / "*.csv", profile)
    assert sorted(frame["acw_ms"].to_list()) == [6_000, 9_000]
    assert loaded.total().ignored == {"older version": 2}


def test_a_file_at_the_known_limit_is_said(write):
    export = write("a.csv", "Who,Ref,Over,Notes\nu1,7,2026-03-02 08:00:00,1\nu1,8,2026-03-02 08:10:00,1\n")
    _, loaded = wraps_of(export, write("calls.toml", "most_rows = 2\n" + CALLS))
    assert any("exactly 2 rows" in note for note in loaded.notes())


def test_paths_lead_into_json(write):
    profile = write("calls.toml", CALLS.replace('"Ref"', '"data.ref"'))
    export = write("a.ndjson", '{"Who": "u1", "Over": "2026-03-02T08:00:00Z", "Notes": 2, "data": {"ref": "x7"}}\n' * 2)
    frame, _ = wraps_of(export, profile)
    assert frame["contact_id"].to_list() == ["x7"]  # the second line repeats the first


def test_a_profile_that_fits_no_file_is_an_error(write):
    with pytest.raises(InputError, match=r"desk\.toml fits none of the files; .*contacts\.csv: no column Who"):
        wraps_of(SAMPLES / "generic/contacts.csv", write("desk.toml", DESK))


def test_two_profiles_that_fit_equally_are_both_named(write):
    export = write("a.csv", "Who,Ref,Over,Notes\nu1,7,2026-03-02 08:00:00,1\n")
    with pytest.raises(InputError, match="one and two equally well"):
        wraps_of(export, write("one.toml", CALLS), write("two.toml", CALLS))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("acw_s = 70", "acw_s = 71", "my.toml:27: expected acw_s = 71, the sample gives 70.0 (agent_id 'anna'"),
        ("kind =", "knd =", "my.toml:2: unknown key 'knd' (did you mean 'kind'?)"),
        ('"states"', '"state"', "my.toml:2: kind 'state' is not known (did you mean 'states'?)"),
        ('kind = "states"', 'kind = "states', "my.toml:2: not TOML:"),
        ("Europe/Berlin", "Europe/Berlim", "my.toml:3: unknown zone 'Europe/Berlim' (did you mean 'Europe/Berlin'?)"),
        ("agent_id = \"Who\"", "agent = \"Who\"", "my.toml:7: unknown key 'agent' (did you mean 'agent_id'?)"),
        ("ready =", "redy =", "my.toml:13: unknown key 'redy' (did you mean 'ready'?)"),
        ('"Day+Clock"', '"Day+Clok"', "my.toml:8: its sample has no column 'Day+Clok' (did you mean"),
        ("08:04:10", "08:99:10", "my.toml:18: 1 sample rows are rejected; row 3: unreadable time:"),
        ("acw_s = 70", 'acw_s = 70\n[[sample.wraps]]\nagent_id = "bo"', "my.toml:28: 2 wraps expected"),
        ('["Free"]', "[1]", "my.toml:13: ready must be a text or a list of texts"),
    ],
)  # fmt: skip
def test_every_mistake_names_its_line(write, old, new, message):
    found = problem(write, DESK.replace(old, new))
    assert found.startswith(message.rstrip(":")) or message in found


def test_too_many_wraps_are_told(write):
    text = DESK.split("[[sample.wraps]]")[0]
    assert "0 wraps expected, the sample gives 1: also agent_id 'anna'" in problem(write, text)


def test_a_profile_without_a_sample_proves_nothing(write):
    assert "no sample to prove it" in problem(write, CALLS)


@pytest.mark.parametrize("rule", ['column = "x"', 'column = "x"\nis = "a"\nempty = true', 'is = "a"'])
def test_a_rule_needs_a_column_and_one_test(write, rule):
    found = problem(write, CALLS + f'\n[[ignore]]\nreason = "r"\n{rule}\n')
    assert "a rule needs a column and one of" in found
    assert found.startswith("my.toml:12:")


def test_lines_are_found_below_long_texts_and_in_arrays_of_tables():
    text = 'a = """\nb = 1\n[c]\n"""\n[[d]]\nx = 1\n[[d]]\nx = 2\n[e."f g"]\ny = 1\n'
    places = {("a",): 1, ("d", 0, "x"): 6, ("d", 1, "x"): 8, ("e", "f g", "y"): 10, ("e", "f g", "z"): 9, ("q",): 1}
    assert {path: line_of(text, path) for path in places} == places


class TestCommandLine:
    def test_proof_is_a_table_and_exit_0(self, write):
        done = acw("formats", "test", write("desk.toml", DESK), "--format", "csv")
        assert (done.code, done.text) == (0, "format,kind,method,rows,wraps,verdict\ndesk,states,state,2,1,ok\n")

    def test_a_failed_proof_is_exit_2_and_says_where(self, write):
        path = write("desk.toml", DESK.replace("acw_s = 70", "acw_s = 7"))
        done = acw("formats", "test", path)
        assert done.code == 2
        assert done.text == ""
        assert f"{path}:27: expected acw_s = 7" in done.err

    @pytest.mark.parametrize("words", [["tset", "a"], ["test"]])
    def test_other_words_are_usage_errors(self, words):
        assert acw("formats", *words).code == 2

    def test_formats_lists_the_built_in_ones(self):
        listed = acw("formats", "--format", "csv").text.splitlines()
        assert {line.split(",")[0] for line in listed[1:]} == set(detect.names())

    @pytest.mark.parametrize(
        "name", ["contacts.csv", "states.csv", "intervals.tsv", "states_fa.csv", "states_ru.csv", "states_zh.csv",
                 "states_es.csv", "states.parquet", "states.ndjson.gz"],
    )  # fmt: skip
    def test_an_emitted_profile_proves_itself_and_reads_its_file(self, name, tmp_path):
        made = tmp_path / "made.toml"
        sample = str(SAMPLES / "generic" / name)
        assert acw("inspect", sample, "--emit-profile", "-o", str(made)).code == 0
        assert acw("formats", "test", str(made)).code == 0
        plain, own = wraps_of(sample), wraps_of(sample, str(made))
        assert own[1].recognised[0].format == "made"
        assert own[0]["acw_ms"].sort().equals(plain[0]["acw_ms"].sort())

    def test_a_file_without_a_known_word_gives_a_profile_full_of_todos(self, write):
        done = acw("inspect", write("u.csv", "Abc,Def\nx,y\n"), "--emit-profile")
        assert done.code == 0
        assert 'agent_id = "TODO"' in done.text
        assert load_profile(write("u.toml", done.text)).kind == "contacts"

    def test_a_column_that_may_be_the_one_is_named(self, write):
        text = "Agent,Début,Ouverture,Parole (min),Clôture (s)\nDupont,2026-03-02 08:00,lundi,2,45\n"
        done = acw("inspect", write("u.csv", text), "--emit-profile", "--map", "answered_at=Début")
        assert 'acw_s = "TODO"   # TODO: one of these lengths: Parole (min), Clôture (s)?' in done.text
        mapped = ("--map", "answered_at=Début", "--map", "acw_s=Clôture (s)", "--map", "talk_s=Parole (min)")
        made = acw("inspect", write("u.csv", text), "--emit-profile", *mapped).text
        assert [line for line in made.splitlines() if line.startswith(("acw_s", "talk_s"))][:2] == [
            'acw_s = "Clôture (s)"   # number', 'talk_s = "Parole (min)"   # number',
        ]  # fmt: skip
        wrap = wraps_of(write("u.csv", text), write("made.toml", made))[0].row(0, named=True)
        assert (wrap["acw_ms"], wrap["talk_ms"]) == (45_000, 120_000)

    def test_emitting_is_for_one_file(self):
        assert acw("inspect", str(SAMPLES / "generic"), "--emit-profile").code == 2


def test_nothing_in_a_profile_is_executed(write):
    """Conditions are words and tests: an expression is only text."""
    rules = '\n[[ignore]]\nreason = "r"\ncolumn = "Who"\nis = "1=1 OR Who"\n'
    export = write("a.csv", "Who,Ref,Over,Notes\nu1,7,2026-03-02 08:00:00,1\n")
    frame, loaded = wraps_of(export, write("calls.toml", CALLS + rules))
    assert frame.height == 1
    assert not loaded.total().ignored
    assert isinstance(frame, pl.DataFrame)
