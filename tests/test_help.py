"""Help begins with examples, which are true; the man page is made of the same words."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest

from acwcli.cli import catalogue
from acwcli.cli.app import BARE, COMMANDS, EXAMPLES, build
from acwcli.cli.manual import manual
from tests.cli import ROOT, acw

PAGE = ROOT / "docs/acw.1"


def examples(command):
    text = catalogue.documented(command).partition("Examples:\n")[2]
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_examples_come_first_and_fit_80_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ran = acw(*command.split(), "--help")
    assert ran.code == 0
    lines = ran.text.splitlines()
    assert lines.index("  Examples:") < lines.index("Options:")
    assert 2 <= lines.index("  Examples:") <= 6
    assert max(map(len, lines)) <= 80
    assert acw(*command.split(), "-h").text == ran.text


@pytest.mark.parametrize("line", [*EXAMPLES, *(line for command in COMMANDS for line in examples(command))])
def test_examples_are_understood(line):
    program, command, *words = shlex.split(line.partition(" | ")[0].partition(" >")[0])
    assert program == "acw"
    context = build(command).make_context(command, [*words, *([] if command in BARE else ["x"])])
    assert context.params


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command):
    assert examples(command)


def test_the_man_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == manual(), "run: python -m acwcli.cli.manual > docs/acw.1"


def test_the_man_page_has_every_command_and_option():
    plain = manual().replace("\\-", "-")
    for command in COMMANDS:
        assert f'.SS "acw {command}' in plain
        assert [name for name in catalogue.options(command) if f"--{name}" not in plain] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_nothing_to_say_about_it():
    ran = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", PAGE], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
