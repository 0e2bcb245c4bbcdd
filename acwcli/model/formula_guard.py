"""Text that a spreadsheet would run as a formula, made harmless and restored.

A guarded text gets one leading apostrophe. So that nothing is lost, a text that already starts with apostrophes
followed by a formula gets one more: `unguard_formula` is the exact inverse for every text. The guard belongs to CSV
and TSV only; the other formats mark text as text.

>>> guard_formula("=cmd|' /C calc'!A0")
"'=cmd|' /C calc'!A0"
>>> guard_formula("+49 30 1234-56")
'+49 30 1234-56'
>>> unguard_formula(guard_formula("'=1+1"))
"'=1+1"
"""

from __future__ import annotations

import re

import polars as pl

# Both patterns are read by Python's `re` and by Polars (Rust `regex`): no look-around, no \s, \d or $, which differ.
# Blanks and invisible characters before the sign are skipped, as spreadsheets trim them.
_BLANKS = r"[\x00-\x20\u00A0\u3000\uFEFF\u200B-\u200F]*"
_FORMULA = r"(?:[\t\r\n]|" + _BLANKS + r"[=+\-@＝＋－＠])"
_NUMBER = r"'*[+\-][0-9][0-9 ().,:/\-]*(?:[eE][+\-]?[0-9]+)?%?"

_TO_GUARD = r"^'*" + _FORMULA
_GUARDED = r"^'+" + _FORMULA
_HARMLESS = r"^(?:" + _NUMBER + r")$"


def guard_formula(text: str) -> str:
    """Return the text with an apostrophe in front if a spreadsheet would run it."""
    if text[:1].isalnum():  # as names of columns are
        return text
    return f"'{text}" if re.match(_TO_GUARD, text) and not re.fullmatch(_NUMBER, text) else text


def unguard_formula(text: str) -> str:
    """Return the text that `guard_formula` was given."""
    return text[1:] if re.match(_GUARDED, text) and not re.fullmatch(_NUMBER, text) else text


def guard_formula_expr(expr: pl.Expr) -> pl.Expr:
    """`guard_formula` for a String column; null stays null."""
    return pl.when(~_matches(expr, _TO_GUARD)).then(expr).otherwise("'" + expr)


def unguard_formula_expr(expr: pl.Expr) -> pl.Expr:
    """`unguard_formula` for a String column; null stays null."""
    return pl.when(_matches(expr, _GUARDED)).then(expr.str.strip_prefix("'")).otherwise(expr)


def _matches(expr: pl.Expr, pattern: str) -> pl.Expr:
    return expr.str.contains(pattern) & ~expr.str.contains(_HARMLESS)
