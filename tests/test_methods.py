"""Definitions in the open: no figure without one, and the page says what the command says."""

from __future__ import annotations

import pytest

from acwcli import pipeline
from tests.cli import ROOT, acw
from tests.test_docs import answers

NO_FIGURES = ("row", "schema_version", "rows", "used", "ignored", "rejected")


def defined():
    return {row["name"]: row for row in pipeline.methods().frame.to_dicts()}


@pytest.mark.parametrize("command", ["summary", "diagnose", "flag", "explain"])
def test_every_figure_is_defined(command):
    known = defined()
    for column in answers()[command].columns:
        if column.kind in ("count", "seconds", "share", "number") and column.name not in NO_FIGURES:
            name = column.name.removeprefix("peers_") if command == "explain" else column.name
            name = name.removesuffix("_low").removesuffix("_high")
            assert name in known, column.name
            assert command in known[name]["commands"].split(), name


def test_every_definition_is_whole_and_of_a_figure():
    from acwcli.cli.app import COMMANDS

    for name, row in defined().items():
        assert row["formula"], name
        assert set(row["commands"].split()) <= set(COMMANDS), name


def test_the_page_is_made_of_the_same_text():
    page = (ROOT / "docs/methods.md").read_text(encoding="utf-8")
    assert page.endswith(acw("methods", "--format", "markdown").text)


def test_one_figure_and_a_misspelt_one():
    (line,) = acw("methods", "p80_s", "--format", "csv").text.splitlines()[1:]
    assert line.startswith("p80_s,")
    ran = acw("methods", "p80_z")
    assert ran.code == 2
    assert "did you mean 'p80_s'" in ran.err
