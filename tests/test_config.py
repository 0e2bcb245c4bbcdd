"""Configuration: files, variables and flags, in that order of strength, and every mistake with its file and line."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys

import pytest

from acwcli.cli import catalogue
from acwcli.cli.app import COMMANDS
from tests.cli import MORNING, ROOT, acw, acw_process

SAMPLE = str(ROOT / MORNING)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project below an empty home, and no configuration from outside."""
    for name in [name for name in os.environ if name.startswith("ACW_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    folder = tmp_path / "project/deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder.parent


def configured(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acw.toml").write_text(text, encoding="utf-8")


def shown(*words):
    """`(command, option)` → value and origin, of `acw config show`."""
    ran = acw("config", "show", *words, "--origin", "--format", "csv")
    assert ran.code == 0, ran.err
    return {
        (row["command"], row["option"]): (row["value"], row["origin"]) for row in csv.DictReader(io.StringIO(ran.text))
    }


def test_the_nearest_project_file_counts_and_is_named(project):
    configured(project, 'limit = "60s"\n')
    ran = acw("summary", SAMPLE)
    assert ran.code == 0
    assert "within_limit" in ran.text
    assert f"acw: settings: limit from {project / 'acw.toml'}" in ran.err
    configured(project / "deep", "")
    assert "within_limit" not in acw("summary", SAMPLE).text


def test_a_setting_gives_the_same_bytes_as_the_flag(project):
    flags = ("--over", "mean", "--over", "60s", "--min-wraps", "5", "--max-wrap", "90s", "--all")
    wanted = acw("flag", SAMPLE, *flags)
    configured(project, 'max-wrap = 00:01:30\n[flag]\nover = ["mean", 60]\nmin_wraps = 5\nall = true\n')
    assert acw("flag", SAMPLE).out.replace(b"over 60s", b"over 60") == wanted.out.replace(b"over 60s", b"over 60")
    assert wanted.text.count("\n") > 1


def test_project_before_user_before_system_and_key_by_key(project, tmp_path):
    configured(tmp_path / "system/acw", 'tz = "Asia/Tokyo"\nof = "talk"\nmax-bad = "3%"\n')
    configured(tmp_path / "user/acw", 'tz = "Europe/Paris"\nof = "hold"\n')
    configured(project, '\ntz = "Europe/Berlin"\n')
    found = shown()
    assert found["", "tz"] == ("Europe/Berlin", f"{project / 'acw.toml'}:2")
    assert found["", "of"] == ("hold", f"{tmp_path / 'user/acw/acw.toml'}:2")
    assert found["", "max-bad"] == ("3%", f"{tmp_path / 'system/acw/acw.toml'}:3")
    assert found["", "max-wrap"] == ("4h", "default")


def test_command_line_before_variable_before_file(project, monkeypatch):
    configured(project, 'min-wraps = 7\n[flag]\nmin-wraps = 8\nunder = "5s"\nmeasure = "median"\n')
    monkeypatch.setenv("ACW_MEASURE", "p90")
    monkeypatch.setenv("ACW_OVER", "p50")
    monkeypatch.setenv("ACW_FLAG_OVER", "mean; 60s")
    monkeypatch.setenv("ACW_ALL", "yes")
    monkeypatch.setenv("ACW_UNDER", "")
    found = shown("flag", SAMPLE, "--measure", "mean")
    assert found["flag", "measure"] == ("mean", "command line")
    assert found["flag", "over"] == ("mean; 60s", "ACW_FLAG_OVER")
    assert found["flag", "all"] == ("true", "ACW_ALL")
    assert found["flag", "min-wraps"] == ("8", f"{project / 'acw.toml'}:3")
    assert found["flag", "under"][0] == "5s"
    assert shown()["diagnose", "min-wraps"] == ("7", f"{project / 'acw.toml'}:1")


def test_one_file_alone_or_none(project, monkeypatch, tmp_path):
    configured(project, 'limit = "60s"\n')
    (tmp_path / "other.toml").write_text('by = "queue"\n', encoding="utf-8")
    assert shown("summary", "--config", tmp_path / "other.toml")["summary", "limit"] == ("", "default")
    monkeypatch.setenv("ACW_CONFIG", str(tmp_path / "other.toml"))
    assert acw("summary", SAMPLE).text.startswith("queue,wraps,")
    assert acw("summary", SAMPLE, "--config", "none").text.startswith("wraps,")
    missing = acw("summary", SAMPLE, "--config", tmp_path / "no.toml")
    assert (missing.code, missing.out) == (2, b"")
    assert "no.toml: the configuration cannot be read" in missing.err


def test_names_and_values_have_tables(project):
    shutil.copy(ROOT / MORNING, "renamed.csv")
    text = (ROOT / MORNING).read_text(encoding="utf-8-sig")
    word, column = "Trabajo posterior a la llamada", "Agente"
    assert word in text
    assert column in text
    with open("renamed.csv", "w", encoding="utf-8") as stream:
        stream.write(text.replace(word, "Papeleo").replace(column, "Quien"))
    assert acw("summary", "renamed.csv").code != 0
    configured(project, '[states]\nacw = ["Papeleo"]\n[columns]\nagent_id = "Quien"\n')
    assert acw("summary", "renamed.csv").out == acw("summary", SAMPLE, "--config", "none").out


def test_alerts_of_a_file_are_those_of_acw_check(project):
    configured(project, '[alerts]\np90 = "1s"\nover_60s = "100%"\n')
    asked = ("--alert", "p90=1s", "--alert", "over_60s=100%", "--config", "none")
    night = acw("check", SAMPLE, "--fail-on-flag", "--min-wraps", "1")
    assert night.code == 10
    assert night.out == acw("check", SAMPLE, "--min-wraps", "1", *asked).out


def test_paths_of_a_file_begin_beside_it(project):
    (project / "teams.csv").write_text("agent_id,team\nana,x\n", encoding="utf-8")
    configured(project, 'roster = "teams.csv"\n')
    assert shown("summary")["summary", "roster"][0] == str(project / "teams.csv")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('tzz = "UTC"', 1, "unknown key 'tzz' (did you mean 'tz'?)"),
        ("\n[flag]\n# note\nmin_warps = 3", 4, "unknown key 'min_warps' in [flag] (did you mean 'min-wraps'?)"),
        ("[summary]\nover = 'mean'", 2, "unknown key 'over' in [summary]"),
        ("[sumary]\nby = 'x'", 1, "unknown key 'sumary' (did you mean 'summary'?)"),
        ("debug = true", 1, "unknown key 'debug'"),
        ("flag = 3", 1, "'flag' is a table"),
        ("states = 3", 1, "'states' is a table"),
        ("[states]\nacx = 'x'", 2, "acx: unknown name in [states] (did you mean 'acw'?)"),
        ("tz = 'Berlin'", 1, "tz = Berlin: expected an IANA zone"),
        ("\nmax-wrap = 'long'", 2, "max-wrap = long: expected a duration such as 60s"),
        ("max-wrap = true", 1, "max-wrap = true: expected a duration"),
        ("max-bad = 3", 1, "max-bad = 3: expected a share"),
        ("quiet = 'yes'", 1, "quiet = 'yes': expected true or false"),
        ("[explain]\nmin-wraps = '3'", 2, "min-wraps = '3': expected a whole number"),
        ("[flag]\nover = [1, [2]]", 2, "over = [1, [2]]: expected a text or a list of texts"),
        ("min-wraps = 0", 1, "Invalid value for '--min-wraps'"),
        ("of = 'acv'", 1, "--of: unknown 'acv' (did you mean 'acw'?)"),
        ("peers = 'teem'", 1, "unknown column 'teem'"),
    ],
)
def test_a_mistake_names_file_line_and_what_is_expected(project, text, line, said):
    configured(project, text)
    ran = acw("flag", SAMPLE, "--quiet")
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.startswith(f"acw: error: {project / 'acw.toml'}:{line}: "), ran.err
    assert said in ran.err
    assert ran.err.count("\n") <= 2


@pytest.mark.parametrize("text", [b"a = ", b'tz = "\xff"', b"a = 1\na = 2"], ids=["unfinished", "not UTF-8", "twice"])
def test_a_damaged_file_is_a_usage_error(project, text):
    (project / "acw.toml").write_bytes(text)
    ran = acw("summary", SAMPLE)
    assert (ran.code, ran.out) == (2, b"")
    assert str(project / "acw.toml") in ran.err


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("ACW_MAX_WRAP", "long", "ACW_MAX_WRAP = long: expected a duration"),
        ("ACW_FLAG_MIN_WRAPS", "few", "ACW_FLAG_MIN_WRAPS = few: expected a whole number"),
        ("ACW_QUIET", "perhaps", "ACW_QUIET = perhaps: expected true or false"),
        ("ACW_OF", "acv", "ACW_OF: --of: unknown 'acv'"),
    ],
)
def test_a_wrong_variable_is_named(project, monkeypatch, variable, text, said):
    monkeypatch.setenv(variable, text)
    ran = acw("flag", SAMPLE)
    assert (ran.code, ran.out) == (2, b"")
    assert said in ran.err


def test_a_variable_that_is_nearly_an_option_is_told_and_others_are_not(project, monkeypatch):
    monkeypatch.setenv("ACW_MAX_WARP", "1h")
    monkeypatch.setenv("ACW_ZEBRA", "1")
    ran = acw("summary", SAMPLE)
    assert ran.code == 0
    assert "acw: ACW_MAX_WARP: no such option (did you mean 'ACW_MAX_WRAP'?)" in ran.err
    assert "ZEBRA" not in ran.err
    quiet = acw("summary", SAMPLE, "--quiet")
    assert (quiet.code, quiet.err) == (0, "")  # a note, neither an error nor a finding
    assert quiet.out == ran.out


def test_quiet_may_be_a_setting(project):
    configured(project, "quiet = true")
    assert acw("summary", SAMPLE).err == ""


def test_unknown_command_or_action_is_a_usage_error(project):
    for words in (["shw"], ["show", "sumary"]):
        ran = acw("config", *words)
        assert (ran.code, ran.out) == (2, b"")
        assert "did you mean" in ran.err


def test_every_option_of_every_command_is_shown(project):
    found = shown()
    for command in COMMANDS:
        for option in catalogue.options(command).values():
            if option.configured:
                assert ("", option.name) in found or (command, option.name) in found


def test_in_a_bare_environment_and_a_folder_that_is_gone(tmp_path):
    bare = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "ACW_CONFIG": ""}
    ran = acw_process("summary", SAMPLE, env=bare)
    assert ran.code == 0, ran.err
    script = f'mkdir "{tmp_path}/gone"; cd "{tmp_path}/gone"; rmdir "{tmp_path}/gone"; exec "$@"'
    words = [sys.executable, "-P", "-m", "acwcli", "summary", SAMPLE]
    gone = subprocess.run(["sh", "-c", script, "sh", *words], env=bare, capture_output=True, check=False)
    assert (gone.returncode, gone.stdout) == (0, ran.out), gone.stderr


def test_the_catalogue_is_what_typer_builds():
    from acwcli.cli.app import build

    for command in COMMANDS:
        built = {word for param in build(command).params for word in param.opts if word.startswith("-")} - {"--help"}
        assert built == {word for option in catalogue.options(command).values() for word in option.words}, command
