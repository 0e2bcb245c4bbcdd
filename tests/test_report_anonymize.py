"""`--anonymize`: nobody's id or name in any output, reject or message; pseudonyms stable, keyed, and the key kept."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from tests.cli import GENERIC, HEADER, ROOT, STATES, acw, acw_process, written

KEY = "0123456789abcdef-secret-key"
AGENTS = {
    "maria.lopez": "María López",
    "4711": "Bo Lind",
    "Ann Lee": "Ann Lee-Smith",
    "7": "Zed Zulu",
    "بهمن": "بهمن کریمی",
}
NAMES = [*AGENTS.values(), "maria.lopez", "4711", "Ann Lee", "بهمن", "boss.person"]
EVERYTHING = [
    ["reconstruct"],
    ["summary", "--by", "agent_id,team"],
    ["summary", "--by", "supervisor"],
    ["summary", "--by", "mail"],
    ["diagnose", "--within", "20s"],
    ["flag", "--all", "--over", "mean", "--over", "p80", "--peers", "team", "--min-wraps", "2"],
    ["report", "--min-wraps", "2", "--within", "60s", "--where", "agent_id != 'nobody' AND name != 'Bo Lind'"],
]


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", KEY)
    monkeypatch.chdir(ROOT)


@pytest.fixture
def night(tmp_path) -> list[str]:
    rows = []
    for number, agent in enumerate(AGENTS):
        for wrap in range(4):
            start = wrap * 15 + number
            rows += [
                f"{agent},2026-03-02 08:{start:02}:00,talking,c{number}{wrap},q",
                f"{agent},2026-03-02 08:{start:02}:10,acw,c{number}{wrap},q",
                f"{agent},2026-03-02 08:{start:02}:{20 + 9 * number:02},ready,,",
            ]
    rows += ["maria.lopez,when?,acw,c1,q", "stranger.x,2026-03-02 09:30:00,talking,cx,q",
             "stranger.x,2026-03-02 09:30:30,acw,cx,q", "stranger.x,2026-03-02 09:31:00,ready,,"]  # fmt: skip
    path = written(tmp_path, "states.csv", rows, HEADER)
    people = [f"{agent},{name},t{n % 2},boss.person,{agent.replace(' ', '.')}@x.example"
              for n, (agent, name) in enumerate(AGENTS.items())]  # fmt: skip
    roster = written(tmp_path, "roster.csv", people, "agent_id,name,team,supervisor,mail")
    return [str(path), "--roster", str(roster), "--max-bad", "20%"]


def texts(content: bytes) -> str:
    """All text of an output, also inside a workbook."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(archive.read(name).decode() for name in archive.namelist())
    return content.decode()


def shown(words: list[str], night: list[str], rejects: Path, *more: str) -> str:
    ran = acw(words[0], *night, *words[1:], "--rejects", rejects, "--anonymize", *more)
    assert ran.code == 0, ran.err
    assert ran.out
    return texts(ran.out) + ran.err + rejects.read_text()


def test_inspect_names_nobody_where_two_sources_disagree(tmp_path):
    rows = [
        f"Ann Lee,2026-03-02 08:0{minute}:00,{state},c1" for minute, state in enumerate(("talking", "acw", "ready"))
    ]
    states = written(tmp_path, "states.csv", rows, "agent_id,event_time,state,contact_id")
    records = written(
        tmp_path, "records.csv", ["c1,Ann Lee,2026-03-02 08:00:00,60,5"], "contact_id,agent_id,answered_at,talk_s,acw_s"
    )
    words = ["inspect", states, records, "--verbose"]
    assert "reconciliation of Ann Lee" in acw(*words).text
    hidden = acw(*words, "--anonymize")
    assert "reconciliation of agent-" in hidden.text
    assert "Ann Lee" not in hidden.text + hidden.err


@pytest.mark.parametrize("words", EVERYTHING, ids=" ".join)
def test_no_output_names_anybody(night, tmp_path, words):
    forms = ["html", "markdown", "xlsx", "json"] if words[0] == "report" else ["csv", "json", "table", "xlsx"]
    for form in forms:
        found = shown(words, night, tmp_path / "rejects.csv", "--format", form)
        for name in [*NAMES, "stranger.x", "@x.example"]:
            assert name not in found, form
        assert KEY not in found
        assert form != "json" or '"7"' not in found
    plain = acw(words[0], *night, *words[1:], "--format", forms[0])
    assert any(name in plain.text + plain.err for name in [*NAMES, "@x.example"])  # so the test can fail


def test_rejects_keep_their_place_and_lose_their_text(night, tmp_path):
    acw("summary", *night, "--rejects", tmp_path / "plain.csv")
    assert "maria.lopez" in (tmp_path / "plain.csv").read_text()
    acw("summary", *night, "--rejects", tmp_path / "hidden.csv", "--anonymize")
    hidden = (tmp_path / "hidden.csv").read_text().splitlines()
    assert hidden[0] == "source,row,reason,raw"
    assert hidden[1].endswith(",")
    assert hidden[1].split(",")[1:3] == (tmp_path / "plain.csv").read_text().splitlines()[1].split(",")[1:3]


def test_messages_name_nobody(night):
    ran = acw("summary", *night, "--anonymize")
    assert "1 of 6 agents is not in the roster, such as 'agent-" in ran.err
    ran = acw("explain", "nobody", *night, "--anonymize")
    assert ran.code == 2
    assert not any(name in ran.err for name in NAMES)
    ran = acw("explain", "4711", *night, "--anonymize", "--where", "status = 'open'")
    assert ran.code == 4
    assert "4711" not in ran.err
    ran = acw("summary", *night, "--anonymize", "--by", "name")
    assert ran.code == 2
    assert not any(name in ran.err for name in NAMES)


BEFORE_AGENTS_ARE_KNOWN = {
    "a state that is a name": ["states.csv", "agent_id,event_time,state", "x,2026-03-02 08:00:00,maria.lopez"],
    "no header": ["--roster", "maria.lopez,Bo Lind", "4711,Ann Lee"],
    "a date that is a name": ["--since-hire", "agent_id,hired", "4711,maria.lopez"],
    "half a condition": ["--where", "agent_id = ' maria.lopez ' AND"],
    "half a choice of rows": ["--rows", "agent_id = ' maria.lopez ' AND"],
}


@pytest.mark.parametrize("case", BEFORE_AGENTS_ARE_KNOWN)
def test_a_message_from_before_agents_are_known_quotes_nothing(night, tmp_path, case):
    option, *lines = BEFORE_AGENTS_ARE_KNOWN[case]
    words = ["flag" if option == "--since-hire" else "summary", night[0], "--max-bad", "20%"]
    if option == "states.csv":
        words[1] = str(written(tmp_path, "odd.csv", lines[1:], lines[0]))
    else:
        words += [option, str(written(tmp_path, "odd.csv", lines[1:], lines[0])) if len(lines) > 1 else lines[0]]
    ran = acw(*words, "--anonymize")
    assert ran.code in (2, 3)
    assert not any(name in ran.err for name in [*NAMES, *AGENTS.values()])
    assert ran.code == acw(*words).code
    assert "…" in ran.err or option in ("--where", "--rows")


def test_a_traceback_names_nobody(night, monkeypatch):
    def broken(*args, **named):
        raise RuntimeError("wires of maria.lopez crossed")

    monkeypatch.setattr("acwcli.pipeline.summarise", broken)
    ran = acw("summary", *night, "--anonymize", "--debug")
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "wires of agent-" in ran.err
    assert "maria.lopez" not in ran.err


def test_an_agent_is_explained_by_id_or_by_pseudonym(night):
    by_id = acw("explain", "4711", *night, "--anonymize", "--format", "json", "--min-wraps", "2")
    pseudonym = json.loads(by_id.out)["agent_id"]
    assert pseudonym.startswith("agent-")
    assert acw("explain", pseudonym, *night, "--anonymize", "--format", "json", "--min-wraps", "2").out == by_id.out


def test_figures_stay(night):
    plain = json.loads(acw("flag", *night, "--all", "--min-wraps", "2", "--format", "json").out)
    hidden = json.loads(acw("flag", *night, "--all", "--min-wraps", "2", "--format", "json", "--anonymize").out)
    assert "name" in plain[0]
    for row, same in zip(hidden, plain, strict=True):
        assert row.pop("agent_id") != same.pop("agent_id")
        del same["name"]
        assert row == same


def test_shapes_of_behaviour_stay():
    words = ["explain", "a31", STATES, f"{GENERIC}/contacts.csv", "--format", "json", "--quiet"]
    plain, hidden = json.loads(acw(*words).out), json.loads(acw(*words, "--anonymize").out)
    assert plain.pop("agent_id") == "a31"
    assert hidden.pop("agent_id") != "a31"
    assert plain["shapes"]
    assert hidden == plain


def agents_of(night: list[str], *more: str) -> list[str]:
    ran = acw("summary", *night, "--by", "agent_id", "--anonymize", "--format", "json", *more)
    return [row["agent_id"] for row in json.loads(ran.out)]


def test_pseudonyms_are_the_same_every_night_and_differ_by_key(night, tmp_path, monkeypatch):
    first = agents_of(night)
    assert len(set(first)) == 6
    other = written(tmp_path, "next.csv", [
        "4711,2026-03-03 08:00:00,talking,c,q", "4711,2026-03-03 08:01:00,acw,c,q", "4711,2026-03-03 08:02:00,ready,,",
    ])  # fmt: skip
    assert set(agents_of([str(other)])) < set(first)
    (tmp_path / "key").write_text(KEY + "\n")
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "another key, long enough")
    assert set(agents_of(night)).isdisjoint(first)
    assert agents_of(night, "--anonymize-key-file", str(tmp_path / "key")) == first


def test_spellings_of_one_agent_are_one_pseudonym(tmp_path):
    def alone(agent: str) -> str:
        rows = [f"{agent},2026-03-02 08:0{m}:00,{state},c,q" for m, state in enumerate(("talking", "acw", "ready"))]
        [found] = agents_of([str(written(tmp_path, "one.csv", rows))])
        return found

    assert alone("علی۱") == alone("علي١")
    assert alone("a1") != alone("A1")


def test_newcomers_are_still_known(night, tmp_path):
    hired = written(tmp_path, "hired.csv", ["4711,2026-03-01", "maria.lopez,2020-01-01"], "agent_id,hired")
    words = ["--since-hire", hired, "--all", "--min-wraps", "2", "--format", "json"]
    plain = json.loads(acw("flag", *night, *words).out)
    hidden = json.loads(acw("flag", *night, *words, "--anonymize").out)
    assert [row["verdict"] for row in hidden] == [row["verdict"] for row in plain]
    assert "newcomer" in json.dumps(hidden)


def test_a_weak_or_missing_key_is_refused(night, tmp_path, monkeypatch):
    monkeypatch.setenv("ACW_ANONYMIZE_KEY", "short")
    ran = acw("summary", *night, "--anonymize")
    assert ran.code == 2
    assert "'short'" not in ran.err
    assert acw("summary", *night, "--anonymize-key-file", tmp_path / "no.key").code == 3


def test_a_key_is_made_once_and_only_for_this_user(night, tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "ACW_ANONYMIZE_KEY"}
    env |= {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    words = ["summary", *night, "--by", "agent_id", "--anonymize"]
    first, second = (acw_process(*words, env=env) for _ in range(2))
    assert first.code == second.code == 0
    assert first.out == second.out
    path = tmp_path / "config" / "acw" / "anonymize.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["anonymize.key"]
    key = path.read_text().strip()
    assert len(key) == 64
    assert key not in first.text + first.err + second.err
    assert "a key was made in" in first.err
    assert "a key was made in" not in second.err


def test_the_variable_is_no_misspelt_option(night):
    assert "no such option" not in acw("summary", *night, "--anonymize").err


def test_inspect_and_check_name_nobody():
    both = [ROOT / "sample_data/five9_agent_states", ROOT / "sample_data/five9_call_log"]
    assert "eli@example.com" in acw("inspect", *both, "--verbose").text
    hidden = acw("inspect", *both, "--verbose", "--anonymize", "-f", "json")
    assert hidden.code == 0, hidden.err
    assert "reconciliation of agent-" in hidden.text
    assert "eli@" not in hidden.text + hidden.err
    checked = acw("check", *both, "--alert", "p90=1s", "--where", "agent_id = 'ana@example.com'", "--anonymize")
    assert checked.code == 0, checked.err
    assert "ana@" not in checked.text + checked.err
