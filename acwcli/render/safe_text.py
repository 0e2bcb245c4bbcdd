r"""Text from a file made safe to show on a terminal.

>>> for_terminal("Anna\x1b[31m\u202e\tB")
'Anna[31m B'
"""

from __future__ import annotations

import re

import polars as pl

# Line ends and tabs, which would break a table.
_BLANK = r"[\t\n\x0B\x0C\r\x1C-\x1F\u0085\u2028\u2029]+"
# Control characters, bidi marks, embeddings, overrides and isolates, and characters of no width that make two names
# look alike. The zero-width non-joiner and joiner (U+200C, U+200D) stay: Persian and many emoji need them.
_HIDDEN = r"[\x00-\x08\x0E-\x1B\x7F-\x9F\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]"

_SURROGATE = "[\ud800-\udfff]"


def for_terminal(text: str) -> str:
    """Return the text without control characters, bidi controls and invisible marks, on one line."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_SURROGATE, "\ufffd", re.sub(_HIDDEN, "", re.sub(_BLANK, " ", text)))


def for_terminal_expr(expr: pl.Expr) -> pl.Expr:
    """`for_terminal` for a String column; null stays null."""
    return expr.str.replace_all(_BLANK, " ").str.replace_all(_HIDDEN, "")
