"""Options keep what they are given without a validation library; what is more than text is still checked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli import ROOT, acw

SMALL = ROOT / "sample_data/generic/states_es.csv"


@pytest.mark.parametrize("command", [["summary"], ["flag", "--all"], ["diagnose"], ["reconstruct"], ["inspect"]])
def test_no_validation_library_is_imported(command, tmp_path):
    code = (
        "import sys, os; from acwcli.cli.app import main\n"
        f"code = main({[*command, str(SMALL), '--quiet', '-o', str(tmp_path / 'answer.json')]!r})\n"
        "print(code, 'pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.split() == ["0", "False"], ran.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--min-wraps", "0"], "'--min-wraps'"),
        (["--min-wraps", "many"], "'--min-wraps'"),
        (["--min-wraps", "2.5"], "'--min-wraps'"),
    ],
)
def test_numbers_are_checked(words, said):
    ran = acw("flag", SMALL, *words)
    assert (ran.code, ran.out) == (2, b"")
    assert said in ran.err


def test_numbers_are_numbers_and_lists_are_lists():
    few = acw("flag", SMALL, "--all", "--min-wraps", "1", "-q", "-f", "csv")
    many = acw("flag", SMALL, "--all", "--min-wraps", "100000", "-q", "-f", "csv")
    assert (few.code, many.code) == (0, 0)
    assert b"not enough data" in many.out
    assert b"not enough data" not in few.out
    both = acw("flag", SMALL, "--over", "mean", "--over", "p80", "--all", "-q", "-f", "csv")
    assert b"over mean" in both.out
    assert b"over p80" in both.out
