"""Completion: asked as the shells ask, by the shells themselves where they are installed, and without the engine."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys

import pytest

from acwcli import pipeline
from acwcli.cli import catalogue, complete, completion, peek
from acwcli.cli.app import COMMANDS
from acwcli.formats import detect
from acwcli.model.columns import WRAP_COLUMNS
from acwcli.pipeline.questions import _GROUPS
from acwcli.render import FORMATS
from tests.cli import ROOT, STATES, acw

ENV = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def ask(shell, *words, **env):
    ran = subprocess.run(
        [sys.executable, "-m", "acwcli", *map(str, words)],
        cwd=ROOT, env={**ENV, **env, "_ACW_COMPLETE": shell}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


def bash(text, cursor=None):
    """What bash is told for a line with the cursor at its end, or at `|`."""
    if cursor is None and "|" in text:
        text, cursor = text.replace("|", ""), text.index("|")
    line, typed = complete.of_text(text, len(text) if cursor is None else cursor)
    found = [word for word, _ in complete.complete(line) if word.startswith(line.current)]
    return [complete._for_bash(word, line.current, typed) for word in found]


@pytest.fixture(autouse=True)
def in_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_words_are_those_of_the_engine():
    assert set(complete.COLUMNS) == set(_GROUPS)
    assert set(complete.MEASURES) == set(pipeline.MEASURES)
    assert set(complete.DENOMINATORS) == set(pipeline.DENOMINATORS)
    assert set(complete.VERDICTS) == set(pipeline.FLAG_VERDICTS)
    assert complete._input_formats() == list(detect.names())
    derived = ("day", "hour", "week", "weekday")
    assert set(complete.WRAP_COLUMNS) == {*WRAP_COLUMNS, *derived} - {"source", "row"}


def test_commands_and_options():
    assert bash("acw ") == list(COMMANDS)
    assert bash("acw su") == ["summary"]
    assert bash("acw nothing ") == []
    for command in COMMANDS:
        assert bash(f"acw {command} --") == [f"--{name}" for name in catalogue.options(command)]
    assert "--tz" not in bash("acw summary x.csv --tz UTC --")
    assert "--by" in bash("acw summary x.csv --by queue --")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("acw summary x --format ", list(FORMATS)),
        ("acw summary x -f m", ["markdown"]),
        ("acw summary x --format=nd", ["ndjson"]),
        ("acw summary x --by ag", ["agent_id"]),
        ("acw summary x --by queue,w", ["queue,week", "queue,weekday"]),
        ("acw summary x --by=queue,da", ["queue,day"]),
        ("acw summary x --roster sample_data/generic/roster.csv --by t", ["team"]),
        ("acw summary x --input-format webex-contact-center-", ["webex-contact-center-sessions"]),
        ("acw summary x --tz Europe/Berl", ["Europe/Berlin"]),
        ("acw summary x --of h", ["hold", "handle"]),
        ("acw summary x --state ac", ["acw="]),
        ("acw summary x --map acw_", ["acw_s=", "acw_ms=", "acw_start=", "acw_end="]),
        ("acw summary x --where que", ["queue"]),
        ("acw flag x --only in", [r"in\ line"]),
        ("acw flag x --only 'in", ["in line"]),
        ("acw flag x --over me", ["mean"]),
        ("acw flag x --mix contact_l", ["contact_length"]),
        ("acw methods share_agents_w", ["share_agents_within"]),
        ("acw config show fl", ["flag"]),
        ("acw completion f", ["fish"]),
        (f"acw explain a3| {STATES}", [f"a3{digit}" for digit in range(10)]),
        (f"acw explain | {STATES} --within 60s", [f"a{number:02}" for number in range(1, 41)]),
        ("acw explain a31 ", []),
        ("acw summary sample_data/gen", []),
        ("acw summary --roster ", []),
        ("acw summary 'open quote", []),
    ],
)
def test_values(line, wanted):
    assert bash(line) == wanted


def test_names_of_every_kind_of_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    samples = ROOT / "sample_data"
    for name in ("states.ndjson.gz", "states.parquet", "intervals.tsv"):
        assert peek.names("agent_id", [str(samples / "generic" / name)]) == ["b01", "b02", "b03", "b04"], name
    assert peek.names("queue", [STATES]) == ["billing", "orders", "support"]
    (tmp_path / "queue_log").write_text("1|c|support|Anna Lee|CONNECT|1\n1|NONE|NONE|NONE|QUEUESTART|\n")
    (tmp_path / "odd.gz").write_bytes(gzip.compress(b"a,b\n")[:-6])
    (tmp_path / "odd.parquet").write_bytes(b"PAR1 no")
    assert peek.names("agent_id", [str(tmp_path)]) == ["Anna Lee"]
    assert bash(f"acw explain A| {tmp_path}") == [r"Anna\ Lee"]


def test_a_parquet_file_that_changed_is_read_again(tmp_path, monkeypatch):
    import polars as pl

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "night.parquet"
    for agents in (["x"], ["y", "zz"]):
        pl.DataFrame({"agent_id": agents}).write_parquet(path)
        assert peek.names("agent_id", [str(path)]) == agents
        assert peek.names("agent_id", [str(path)]) == agents
    assert (tmp_path / "cache/acw/names.json").stat().st_size > 0


def test_names_in_what_acw_writes_need_no_parquet_library(tmp_path):
    """It takes longer to load than a Tab may take."""
    assert acw("ingest", "--store", tmp_path / "wraps.store", ROOT / STATES).code == 0
    assert acw("reconstruct", ROOT / STATES, "-o", tmp_path / "wraps.parquet").code == 0
    for name in ("wraps.store", "wraps.parquet"):
        code = (
            "import sys; from acwcli.cli.complete import main; "
            f"main('fish', ['=', '2', 'acw', 'explain', {str(tmp_path / name)!r}]); "
            "sys.exit(bool({'pyarrow', 'polars'} & sys.modules.keys()))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.split()) == (0, peek.names("agent_id", [STATES])), name
        assert peek.names("queue", [str(tmp_path / name)]) == ["billing", "orders", "support"]


@pytest.mark.parametrize("agents", [["a1", "a2", "a1", None], [7, 12, 7, None]], ids=["text", "numbers"])
def test_names_in_a_parquet_file_of_others_load_little_of_its_library(tmp_path, agents):
    """`pyarrow.compute` and `numpy` take longer to load than the rest together."""
    import polars as pl

    path = tmp_path / "theirs.parquet"
    pl.DataFrame({"when": [1, 2, 3, 4], "User": agents}).write_parquet(path)
    code = (
        f"import sys; from acwcli.cli.complete import main; main('fish', ['=', '2', 'acw', 'explain', {str(path)!r}]); "
        "sys.stderr.write(str({'pyarrow', 'pyarrow.compute', 'polars', 'numpy', 'numpy.linalg'} & sys.modules.keys()))"
    )
    env = {**ENV, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == sorted({str(agent) for agent in agents if agent})
    assert done.stderr in ("{'pyarrow', 'numpy'}", "{'numpy', 'pyarrow'}")  # numpy only as a name: it is kept out


def test_shells_are_told_words_and_what_they_mean():
    assert ask("fish", "=summ", 1, "acw") == [f"summary\t{COMMANDS['summary']}"]
    assert ask("zsh", "=a3", 2, "acw", "explain", STATES)[0] == "a30\t"
    assert ask("powershell", "=", 3, "acw", "summary", "--of")[0] == "acw\t"
    assert ask("bash", "acw flag --only not", 19) == [r"not\ enough\ data"]


def test_a_wrong_question_is_answered_with_silence():
    for words in (["=x", 9, "acw"], ["=x", 3, "acw", "explain", "--roster"]):
        assert ask("fish", *words) == []


def test_a_shell_that_listens_no_longer_hears_no_failure():
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "acwcli", "acw ", "4"],
        cwd=ROOT, env={**ENV, "_ACW_COMPLETE": "bash"}, stdout=writing, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_asking_imports_no_engine():
    code = (
        "import sys; from acwcli.cli.complete import main\n"
        f"main('fish', ['=a', '2', 'acw', 'explain', '{STATES}'])\n"
        "sys.stderr.write(str({'polars', 'pyarrow', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=ENV, capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("a01\t")
    assert ran.stderr == "set()"


@pytest.fixture
def program(tmp_path):
    """A folder with `acw` and the scripts."""
    path = tmp_path / "acw"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m acwcli "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    for shell in complete.SHELLS:
        (tmp_path / f"acw.{shell}").write_bytes(acw("completion", shell).out)
    return tmp_path


def in_shell(program, *words):
    env = {**ENV, "PATH": f"{program}:{ENV['PATH']}", "HOME": str(program), "TERM": "dumb"}
    ran = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_bash_completes(program):
    script = (
        f'source "{program}/acw.bash"; t() {{ COMP_LINE=$1; COMP_POINT=${{2:-${{#1}}}}; COMPREPLY=(); _acw 2>/dev/null;'
        ' printf "%s;" "${COMPREPLY[@]}"; echo; }; complete -p acw;'
        f't "acw su"; t "acw flag --only n"; t "acw explain a31 {STATES}" 15; t "acw summary x"'
    )
    assert in_shell(program, "bash", "--norc", "-c", script) == [
        "complete -o bashdefault -o default -F _acw acw",
        "summary;",
        r"not\ enough\ data;",
        "a31;",
        ";",
    ]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(program):
    def fish(line):
        return in_shell(program, "fish", "--no-config", "-c", f'source {program}/acw.fish; complete -C "{line}"')

    assert fish("acw su") == [f"summary\t{COMMANDS['summary']}"]
    assert fish("acw summary --by q") == ["queue"]
    assert "sample_data/generic/states.csv" in fish("acw summary sample_data/generic/sta")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(program):
    """The script is loaded as zsh loads it, and its words are caught where it hands them to the shell."""
    script = (
        f'compdef() {{ :; }}; compadd() {{ print -r -- "${{(j:;:)found}}"; }}; _files() {{ print files; }};'
        f'source "{program}/acw.zsh";'
        't() { words=("${@[2,-1]}"); CURRENT=$1; PREFIX=${words[$1]}; _acw; };'
        f"t 2 acw su; t 3 acw explain a31 {STATES}; t 5 acw flag x --only not; t 3 acw summary sample"
    )
    assert in_shell(program, "zsh", "-f", "-c", script) == ["summary", "a31", "not enough data", "files"]


def test_powershell_gets_a_script_of_its_protocol():
    """PowerShell is not here to run it: what it passes and takes back must fit what `acw` understands."""
    script = acw("completion", "powershell").text
    assert "Register-ArgumentCompleter -Native -CommandName acw" in script
    assert re.search(r'& acw "=\$wordToComplete" \$before\.Count @words', script)
    assert "$Env:_ACW_COMPLETE = 'powershell'" in script
    assert script.count("{") == script.count("}")
    assert script.count("(") == script.count(")")


def test_the_shell_is_known_by_its_variable(monkeypatch):
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert acw("completion").out == acw("completion", "fish").out
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    monkeypatch.delenv("PSModulePath", raising=False)
    refused = acw("completion")
    assert (refused.code, refused.out) == (2, b"")
    assert "unknown 'tcsh'" in refused.err
    assert list(completion._SCRIPTS) == list(complete.SHELLS)
