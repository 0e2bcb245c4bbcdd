"""`--per handled`: a contact without ACW counts as 0 s in the mean; figures against plain Python."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from tests.cli import GENERIC, STATES, acw, written
from tests.plain_statistics import mean, quantile, seconds

CONTACTS = "contact_id,agent_id,queue,answered_at,talk_s,acw_s"
NOTHING = ("", "-", "N/A", "null")
START = datetime(2026, 3, 2, 8)


def rows(ran):
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.text)))


def records(number=400, seed=5):
    """Agent, queue, hour the contact was over, ACW in seconds or none."""
    chance = random.Random(seed)
    made = []
    for place in range(number):
        answered = START + timedelta(seconds=97 * place)
        talk = chance.randrange(30, 600)
        agent, queue = chance.choice(("a1", "a2", "a3")), chance.choice(("q1", "q2"))
        acw_s = None if agent == "a3" or chance.random() < 0.3 else chance.randrange(0, 200)
        made.append((agent, queue, answered, talk, acw_s))
    return made


def contact_lines(made, chance):
    return [
        f"c{place},{agent},{queue},{at:%Y-%m-%dT%H:%M:%S},{talk},{chance.choice(NOTHING) if acw_s is None else acw_s}"
        for place, (agent, queue, at, talk, acw_s) in enumerate(made)
    ]


def state_lines(made):
    """The same contacts as a state log: one after the other per agent, so each has an agent of its own."""
    lines = []
    for place, (agent, queue, at, talk, acw_s) in enumerate(made):
        over = at + timedelta(seconds=talk)
        lines.append(f"{agent}-{place},{at},talking,c{place},{queue}")
        if acw_s is None:
            lines.append(f"{agent}-{place},{over},ready,,")
        else:
            lines.append(f"{agent}-{place},{over},acw,c{place},{queue}")
            lines.append(f"{agent}-{place},{over + timedelta(seconds=acw_s)},ready,,")
    return lines


def groups_of(made, key):
    groups = defaultdict(list)
    for record in made:
        groups[key(*record)].append(record[4])
    return groups


def agrees(row, lengths):
    known = [length * 1000 for length in lengths if length is not None]
    assert int(row["wraps"]) == len(known)
    assert int(row["handled"]) == len(lengths)
    assert float(row["mean_s"]) == seconds(mean([(length or 0) * 1000 for length in lengths]))
    for name, permille in {"median_s": 500, "p80_s": 800, "p95_s": 950}.items():
        assert row[name] == ("" if not known else str(seconds(quantile(known, permille))))
    assert float(row["total_s"]) == sum(known) / 1000


@pytest.fixture(params=["contacts", "states"])
def made_file(request, tmp_path):
    made = records()
    if request.param == "states":
        return made, written(tmp_path, "states.csv", state_lines(made))
    return made, written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("queue", lambda agent, queue, at, talk, acw_s: queue),
        ("hour", lambda agent, queue, at, talk, acw_s: str((at + timedelta(seconds=talk)).hour)),
    ],
)
def test_every_group_equals_plain_python(made_file, by, key):
    made, path = made_file
    expected = groups_of(made, key)
    told = rows(acw("summary", path, "--by", by, "--per", "handled"))
    assert {row[by] for row in told} == expected.keys()
    for row in told:
        agrees(row, expected[row[by]])
    agrees(*rows(acw("summary", path, "--per", "handled")), [record[4] for record in made])


def test_an_agent_without_any_wrap_has_a_mean_of_0(tmp_path):
    made = records()
    path = written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS)
    told = rows(acw("summary", path, "--by", "agent_id", "--per", "handled", "--limit", "60s"))
    expected = groups_of(made, lambda agent, *_: agent)
    assert [row["agent_id"] for row in told] == ["a1", "a2", "a3"]
    for row in told:
        agrees(row, expected[row["agent_id"]])
    assert (told[2]["wraps"], told[2]["mean_s"], told[2]["p80_s"], told[2]["within_limit"]) == ("0", "0.0", "", "")
    assert "a3" not in acw("summary", path, "--by", "agent_id").text


def test_flag_divides_by_handled_contacts(tmp_path):
    made = records()
    path = written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS)
    expected = groups_of(made, lambda agent, *_: agent)
    pooled = mean([(record[4] or 0) * 1000 for record in made])
    told = rows(acw("flag", path, "--per", "handled", "--all", "--mix", "none"))
    assert {row["agent_id"] for row in told} == {"a1", "a2", "a3"}
    for row in told:
        lengths = [(length or 0) * 1000 for length in expected[row["agent_id"]]]
        assert (int(row["handled"]), row["measure"]) == (len(lengths), "mean")
        assert float(row["value_s"]) == seconds(mean(lengths))
        assert float(row["threshold_s"]) == seconds(pooled)
        assert float(row["lost_s"]) == pytest.approx(seconds((mean(lengths) - pooled) * len(lengths)), rel=1e-12)
        assert "handled contacts" in row["reason"]


FACTS = [
    "c1,a1,q,2026-03-02T08:00:00,60,0",
    "c2,a1,q,2026-03-02T08:10:00,60,",
    "c3,a1,q,2026-03-02T08:20:00,60,-",
    "c4,a1,q,2026-03-02T08:30:00,60,N/A",
    "c5,a1,q,2026-03-02T08:40:00,60,30",
    "c6,a1,q,,,",
    "c7,a1,q,2026-03-02T09:00:00,60,99999",
]


def test_zero_is_a_wrap_and_nothing_is_a_contact(tmp_path):
    """Zero, empty, '-' and 'N/A' ACW; a contact nobody took; a stuck wrap, whose contact has no known ACW."""
    path = written(tmp_path, "contacts.csv", FACTS, header=CONTACTS)
    per_wrap = rows(acw("summary", path))[0]
    ran = acw("summary", path, "--per", "handled")
    per_handled = rows(ran)[0]
    assert (per_wrap["wraps"], per_wrap["mean_s"]) == ("2", "15.0")
    assert (per_handled["wraps"], per_handled["handled"], per_handled["mean_s"]) == ("2", "5", "6.0")
    assert "7 rows read: 6 used, 1 ignored (1 no ACW recorded), 0 rejected; 2 wraps counted, 1 stuck" in ran.err


def test_records_that_do_not_say_who_took_them_are_all_handled(tmp_path):
    lines = ["c1,a1,30", "c2,a1,", "c3,a1,-"]
    path = written(tmp_path, "contacts.csv", lines, header="contact_id,agent_id,acw_s")
    ran = acw("summary", path, "--per", "handled")
    assert [(row["wraps"], row["handled"], row["mean_s"]) for row in rows(ran)] == [("1", "3", "10.0")]
    assert "3 used, 0 ignored" in ran.err


def test_orphans_and_open_wraps_are_of_no_handled_contact(tmp_path):
    lines = [
        "a1,2026-03-02 08:00:00,talking,c1,q", "a1,2026-03-02 08:05:00,acw,c1,q", "a1,2026-03-02 08:06:00,ready,,",
        "a1,2026-03-02 08:30:00,acw,,", "a1,2026-03-02 08:31:00,ready,,",  # an orphan
        "a1,2026-03-02 09:00:00,talking,c2,q", "a1,2026-03-02 09:05:00,ready,,",  # no wrap
        "a1,2026-03-02 10:00:00,talking,c3,q", "a1,2026-03-02 10:05:00,acw,c3,q",  # open
        "a2,2026-03-02 10:00:00,talking,c4,q",  # still talking
    ]  # fmt: skip
    told = rows(acw("summary", written(tmp_path, "states.csv", lines), "--per", "handled"))[0]
    assert (told["wraps"], told["handled"], told["mean_s"], told["total_s"]) == ("2", "2", "30.0", "120.0")


def test_by_what_came_next_contacts_without_a_wrap_have_a_row_of_their_own(tmp_path):
    made = records(60)
    logs = (
        written(tmp_path, "states.csv", state_lines(made)),
        written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS),
    )
    wraps = sum(record[4] is not None for record in made)
    for path, came_next in zip(logs, ("ready", "other"), strict=True):
        told = rows(acw("summary", path, "--by", "ended_by", "--per", "handled"))
        counts = [(row["ended_by"], row["wraps"], row["handled"]) for row in told]
        assert counts == [(came_next, str(wraps), str(wraps)), ("", "0", str(len(made) - wraps))]


def test_a_span_of_time_holds_for_contacts_without_a_wrap(tmp_path):
    made = records()
    path = written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS)
    noon = START.replace(hour=12)
    later = [record[4] for record in made if record[2] + timedelta(seconds=record[3]) >= noon]
    agrees(*rows(acw("summary", path, "--per", "handled", "--since", "2026-03-02T12:00")), later)


def test_a_contact_is_over_with_the_last_of_its_intervals_to_end(tmp_path):
    """A hold recorded within its talk ends before the talk does, which goes on past midnight."""
    intervals = [
        "ann,2026-03-02T23:50:00,2026-03-03T00:10:00,talking,c1",
        "ann,2026-03-02T23:55:00,2026-03-02T23:58:00,hold,c1",
        "ann,2026-03-03T00:20:00,2026-03-03T00:21:00,talking,c2",
        "ann,2026-03-03T00:21:00,2026-03-03T00:22:00,acw,c2",
    ]
    log = written(tmp_path, "held.csv", intervals, header="agent_id,event_time,ended_at,state,contact_id")
    ran = acw("summary", log, "--per", "handled", "--by", "day", "--format", "csv")
    assert [(row["day"], row["wraps"], row["handled"]) for row in rows(ran)] == [("2026-03-03", "1", "2")]


def test_names_and_teams_of_the_roster(tmp_path):
    made = records()
    path = written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS)
    roster = written(tmp_path, "roster.csv", ["a1,Ann,north", "a3,Cem,south"], header="agent_id,name,team")
    told = rows(acw("summary", path, "--by", "agent_id", "--per", "handled", "--roster", roster))
    assert [(row["agent_id"], row["name"]) for row in told] == [("a1", "Ann"), ("a2", ""), ("a3", "Cem")]
    teams = rows(acw("summary", path, "--by", "team", "--per", "handled", "--roster", roster))
    assert [row["team"] for row in teams] == ["north", "south", ""]


def test_the_line_for_the_whole_centre_is_pooled(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    made = records()
    path = written(tmp_path, "contacts.csv", contact_lines(made, random.Random(1)), header=CONTACTS)
    last = acw("summary", path, "--by", "queue", "--per", "handled", "--format", "table").text.splitlines()
    whole = next(line for line in last if "whole centre" in line).split()
    lengths = [(record[4] or 0) for record in made]
    assert whole[3] == f"{len(lengths):,}"
    assert whole[4] == str(round(float(Fraction(sum(lengths), len(lengths))), 1))


def test_per_wraps_is_the_default():
    assert acw("summary", STATES, "--by", "queue").out == acw("summary", STATES, "--by", "queue", "--per", "wraps").out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["summary", STATES, "--per", "handeld"], "did you mean 'handled'"),
        (["summary", STATES, "--per", "handled", "--of", "talk"], "--of talk counts contacts anyway"),
        (["flag", STATES, "--per", "handled", "--measure", "p80"], "is about means"),
        (["flag", STATES, "--per", "handled", "--quick"], "is about means"),
        (["summary", f"{GENERIC}/contacts.csv", "--per", "handled", "--infer-gap"], "choose one"),
        (["summary", "sample_data/amazon_connect_metrics", "--per", "handled"], "cannot be had from sums"),
        (["flag", "sample_data/amazon_connect_metrics", "--per", "handled"], "cannot be had from sums"),
        (["diagnose", STATES, "--per", "handled"], "All figures here are per wrap"),
        (["explain", "a01", STATES, "--per", "handled"], "All figures here are per wrap"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(args, said):
    ran = acw(*args)
    assert (ran.code, ran.out) == (2, b"")
    assert said in ran.err


def test_a_wraps_file_does_not_know_the_other_contacts(tmp_path):
    path = tmp_path / "wraps.csv"
    assert acw("reconstruct", STATES, "-o", path).code == 0
    ran = acw("summary", path, "--per", "handled")
    assert (ran.code, ran.out) == (2, b"")
    assert "holds wraps, not contacts without one" in ran.err
