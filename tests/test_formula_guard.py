"""Formulas are made harmless, numbers and names are left alone, and nothing is lost."""

import doctest

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acwcli.model import formula_guard
from acwcli.model.formula_guard import guard_formula, guard_formula_expr, unguard_formula, unguard_formula_expr

DANGEROUS = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+cmd",
    "-cmd",
    "-",
    "-2+3+cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "\t=1",
    "\tplain",
    "\rplain",
    "\nplain",
    "  =1+1",
    "\u200e=1+1",
    "＝1+1",
    "＋cmd",
    "－cmd",
    "＠SUM(1)",
    "-1\n=cmd",
]
HARMLESS = [
    "",
    "Anna",
    "a=b",
    "+49 30 1234-56",
    "-5",
    "-5.25",
    "+1 (555) 010-9999",
    "-1e-7",
    "-12%",
    "+00:15",
    "O'Neil",
]

text = st.text(
    st.one_of(st.sampled_from("'=+-@ \t\r\n\x0019eE%.＝＋－＠\u200fA"), st.characters(exclude_categories=["Cs"])),
    max_size=8,
)


@pytest.mark.parametrize("value", DANGEROUS)
def test_a_formula_gets_one_apostrophe(value):
    assert guard_formula(value) == "'" + value
    assert guard_formula("'" + value) == "''" + value


@pytest.mark.parametrize("value", HARMLESS)
def test_numbers_and_names_are_left_alone(value):
    assert guard_formula(value) == value
    assert unguard_formula("'" + value) == "'" + value


@given(text)
@example("'=1")
@example("''+x")
@example("'-5")
def test_unguard_restores_every_text(value):
    assert unguard_formula(guard_formula(value)) == value


@given(st.lists(st.one_of(st.none(), text), max_size=20))
@example([*DANGEROUS, *HARMLESS, None])
def test_the_expressions_agree_with_the_functions(values):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    guarded = frame.select(guard_formula_expr(pl.col("x")))
    assert guarded["x"].to_list() == [None if v is None else guard_formula(v) for v in values]
    assert guarded.select(unguard_formula_expr(pl.col("x")))["x"].to_list() == values
    unguarded = frame.select(unguard_formula_expr(pl.col("x")))
    assert unguarded["x"].to_list() == [None if v is None else unguard_formula(v) for v in values]


def test_the_examples_in_the_docstring_hold():
    assert doctest.testmod(formula_guard).failed == 0
