"""The words of the field in several languages: headers, state values, totals, empty cells (data in words.json).

Every comparison is made on folded text: `fold` for one word, `fold_expr` for a column, both with the same result. So
one spelling of each word is enough; `zh` holds simplified and traditional forms. In words.json

- within a column the earlier word is the stronger one: 'agent id' wins over 'agent name' when a file has both;
- a header may stand under several columns; then the order of the columns is the order of preference;
- words that mean different things on different platforms ('Busy', 'Online') are left out on purpose;
- `totals` begin a line that sums up the rows above it, `channels` are calls, of which an agent's next event is the end;
- `no_value` stands for an empty cell; cells of punctuation only ('-', '--', '?') count as empty without being listed;
- `units` may stand in a header of lengths, 'ACW (s)'; by `long_units`, 'Clôture (min)', none is taken for a length.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from acwcli.model.columns import CONTACT_FRAME, INSTANT, STATE_FRAME, WRAP_COLUMNS

# NFKD has already split off marks and turned full-width forms into ASCII; what is left here carries no meaning in a
# word. '%', '+', '$' and '\' stay: 'ACW %' is not ACW, and '\N' is how MySQL writes an empty cell.
_IGNORED = (
    " \t\r\n\x0b\x0c_-./:;,'\"`()[]{}#?!¿¡|·•‐‑‒–—―−‘’‚“”„‹›«»、。「」『』《》〈〉【】〔〕،؛؟٫٬ـ"
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_LETTERS = {
    "ي": "ی",
    "ى": "ی",
    "ك": "ک",
    "ة": "ه",
    "ە": "ه",
    "ھ": "ه",
    "ہ": "ه",
    "ٱ": "ا",
    "ß": "ss",
    "ς": "σ",
    **{chr(0x660 + digit): str(digit) for digit in range(10)},
    **{chr(0x6F0 + digit): str(digit) for digit in range(10)},
}
_TRANSLATION = str.maketrans(_LETTERS)
_NOT_MEANT = r"[\p{M}" + re.escape(_IGNORED) + "]"
_UNMEANT_CHARACTERS = frozenset(_IGNORED)
_ASCII_UNMEANT = {ord(char): None for char in _IGNORED if char.isascii()}
_BETWEEN = "\ue000"  # a character that no word has, and that folding leaves alone
_LONGEST = 200  # characters of a header that are looked at; nothing longer is a word

Words = dict[str, list[str]]
"""Language code → words as people write them."""


def fold(text: str) -> str:
    """Return the form in which words are compared.

    Case, accents and vowel marks, spaces, joiners, quotes, brackets and light punctuation go; full-width forms, Persian
    and Arabic digits and letter variants become one. A cell of nothing but punctuation folds to an empty string.
    """
    return _fold_word(text) if len(text) <= _LONGEST else _fold_word.__wrapped__(text)


@lru_cache(maxsize=8192)  # every format asks about the same few headers
def _fold_word(text: str) -> str:
    if text.isascii():  # nothing to take apart, no marks, no letters of other scripts
        return text.translate(_ASCII_UNMEANT).lower()
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(char for char in apart if char not in _UNMEANT_CHARACTERS and unicodedata.category(char)[0] != "M")
    return kept.lower().translate(_TRANSLATION)


def fold_each(texts: Sequence[str]) -> list[str]:
    """Return `fold` of each text; to fold thousands together takes a fraction of the time."""
    if not texts:
        return []
    text = unicodedata.normalize("NFKD", _BETWEEN.join(texts))
    for char in set(text):
        if char in _UNMEANT_CHARACTERS or unicodedata.category(char)[0] == "M":
            text = text.replace(char, "")
    text = text.lower()
    for letter, meant in _LETTERS.items():
        text = text.replace(letter, meant)
    return text.split(_BETWEEN)


def fold_expr(expr: pl.Expr) -> pl.Expr:
    """Return `fold` as a Polars expression, String → String, null stays null."""
    kept = expr.str.normalize("NFKD").str.replace_all(_NOT_MEANT, "").str.to_lowercase()
    return kept.str.replace_many(list(_LETTERS), list(_LETTERS.values()))


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, Words]]:
    """Return words.json as it stands: `columns`, `states`, `channels`, `booleans`, units by name, then language."""
    loaded = json.loads(Path(__file__).with_suffix(".json").read_bytes())
    return {name: loaded[name] for name in ("columns", "states", "channels", "booleans", "units", "long_units")} | {
        name: {name: loaded[name]} for name in ("totals", "no_value")
    }


def _folded(languages: Words) -> frozenset[str]:
    return frozenset(fold_each([word for listed in languages.values() for word in listed]))


STATE_WORDS: Final[dict[str, str]] = {
    alias: state for state, languages in words()["states"].items() for alias in (*_folded(languages), fold(state))
}
"""Folded word → state; fit for `fold_expr(column).replace_strict(STATE_WORDS, default=None)`."""
TOTAL_WORDS: Final = _folded(words()["totals"]["totals"])
NO_VALUE_WORDS: Final = _folded(words()["no_value"]["no_value"]) | {""}
"""Folded words that stand for an empty cell; the empty string covers '-', '--', '?'."""
VOICE_WORDS: Final = _folded(words()["channels"]["voice"])
BOOLEAN_WORDS: Final[dict[str, bool]] = {
    alias: value == "true" for value, languages in words()["booleans"].items() for alias in _folded(languages)
}
"""Folded word → truth."""
CANONICAL: Final = frozenset({*STATE_FRAME, *CONTACT_FRAME, *WRAP_COLUMNS, *words()["columns"]})
"""Names of design section 2 and the helper names `date time duration name team site supervisor`."""

_IN_MS = {"acw_s": "acw_ms", "talk_s": "talk_ms", "hold_s": "hold_ms"}
_UNITS = {alias: unit for unit, languages in words()["units"].items() for alias in _folded(languages)}
_LONG_UNITS = {alias: unit for unit, languages in words()["long_units"].items() for alias in _folded(languages)}
# 'talkTimeMs' and '话后时长秒' carry the unit without a gap; a single glued letter does not count: 'Holds' is a number.
_GLUED_UNITS = sorted((alias for alias in _UNITS if alias not in ("s", "с")), key=len, reverse=True)
_INSTANTS = frozenset(name for name, kind in (STATE_FRAME | CONTACT_FRAME).items() if kind == INSTANT)
_HAVE_UNIT = frozenset({*_IN_MS, "duration", *_INSTANTS})
_GAP = re.compile(r"[\s_\-,./:;()\[\]{}（）【】]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BRACKETS = frozenset("([{（【")
_PICTURE = r"(?i)[(\[（]\s*[hmsdyftчмсдг时分秒 ]+[:/.\-][hmsdyftчмсдг时分秒 :/.\-]+\s*[)\]）]"
_DIGIT = re.compile(r"[0-9]")


@lru_cache(maxsize=1)
def _column_words() -> dict[str, dict[str, int]]:
    """Folded header → canonical name → strength (place in its list, 0 strongest), in order of preference."""
    listed = [
        (column, place, word)
        for column, languages in words()["columns"].items()
        for words_of_one in languages.values()
        for place, word in enumerate(words_of_one)
    ]
    found: dict[str, dict[str, int]] = {}
    for (column, place, _), word in zip(listed, fold_each([word for _, _, word in listed]), strict=True):
        places = found.setdefault(word, {})
        places[column] = min(place, places.get(column, place))
    return found


@lru_cache(maxsize=1)
def _longest_known() -> int:
    """Characters of the longest folded name with the longest unit behind it."""
    return max(map(len, _column_words())) + max(map(len, _UNITS))


def _split_unit(header: str) -> tuple[str, str | None]:
    """Return the folded header without its unit, and the unit; only where the rest is a known name that has one."""
    known = _column_words()

    def fits(base: str) -> bool:
        return not _HAVE_UNIT.isdisjoint(known.get(base, ()))

    header = _without_picture(header[:_LONGEST])
    whole = fold(header)
    if whole in known or len(whole) > _longest_known():  # a whole line, where another delimiter is tried
        return whole, None
    for gap in _GAP.finditer(header):
        unit = _UNITS.get(fold(header[gap.end() :]))
        if unit and fits(base := fold(header[: gap.start()])):
            return base, unit
    for glued in _GLUED_UNITS:
        if whole.endswith(glued) and fits(whole.removesuffix(glued)):
            return whole.removesuffix(glued), _UNITS[glued]
    return whole, None


def _without_picture(header: str) -> str:
    """A header without the picture of its lengths: '(hh:mm:ss)'."""
    return header if _BRACKETS.isdisjoint(header) else re.sub(_PICTURE, "", header)


def _canonical(header: str) -> str | None:
    name = re.sub(r"[\s_\-]+", "_", header.strip().lower())
    return name if name in CANONICAL else None


@lru_cache(maxsize=4096)
def _strengths(header: str) -> dict[str, int]:
    base, unit = _split_unit(header)
    found = _column_words().get(base, {})
    if unit == "ms":
        found = {_IN_MS.get(name, name): place for name, place in found.items()}
    if unit:
        found = {name: place for name, place in found.items() if name in _HAVE_UNIT or name in _IN_MS.values()}
    own = _canonical(header)
    if own is None or own in found:
        return found if own is None else found | {own: -1}
    # Outside wraps files 'status' is a state or an outcome; every other canonical name means itself first.
    return found | {own: -1} if own == "status" else {own: -1} | found


def column_name(header: str) -> list[str]:
    """Return the canonical columns a header may stand for, the likeliest first; empty when it is no known word.

    A canonical name stands for itself first, but `status` and `time` are far more often a state and an instant:
    they give `state`, `event_time` first. Callers keep the candidates that their shape has: `start time` is
    `event_time` in a state log and `answered_at` in a contact record (the start of the agent's leg), while `call
    start` is `offered_at` only, for it may lie before the queue. A header in minutes or hours is not known.
    """
    return list(_strengths(header))


def column_unit(header: str) -> str | None:
    """Return 's' or 'ms' when the header names a unit (`acw_seconds`, `Clôture (s)`, `talkTimeMs`), else None."""
    own = _canonical(header)
    if own and own.endswith(("_s", "_ms")):
        return own.rsplit("_", 1)[1]
    return _split_unit(header)[1] or _unit_at_end(header, _UNITS)


def unit_ms(header: str) -> int | None:
    """Milliseconds in one of the unit that a header names; minutes and hours, too."""
    unit = column_unit(header) or _unit_at_end(header, _LONG_UNITS)
    return {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}[unit] if unit else None


def _unit_at_end(header: str, units: Mapping[str, str]) -> str | None:
    """The unit of a header whose other words nobody knows; a single letter counts in brackets only."""
    header = _CAMEL.sub(" ", _without_picture(header[:_LONGEST]))
    for gap in _GAP.finditer(header, 1):
        word = fold(header[gap.end() :])
        if word in units and (len(word) > 1 or not _BRACKETS.isdisjoint(gap[0])):
            return units[word]
    return None


def choose_columns(headers: Sequence[str], wanted: Collection[str]) -> dict[str, str]:
    """Return canonical name → header, each used once; the surest pairs are made first.

    Args:
        headers: a file's header names.
        wanted: the canonical columns the shape has; others are not considered.
    """
    offers = []
    for place, header in enumerate(headers):
        fitting = [(name, strength) for name, strength in _strengths(header).items() if name in wanted]
        offers += [(rank, strength, place, name, header) for rank, (name, strength) in enumerate(fitting)]
    chosen: dict[str, str] = {}
    for _, _, _, name, header in sorted(offers):
        if name not in chosen and header not in chosen.values():
            chosen[name] = header
    return chosen


def state_of(value: str) -> str | None:
    """Return the state a value stands for, or None."""
    return STATE_WORDS.get(fold(value))


@lru_cache(maxsize=1)
def usual_state_spellings() -> dict[str, str]:
    """State words the way files usually write them, the listed form and its plainest variants → state."""
    joints = [str.maketrans(dict.fromkeys(" -_", mark)) for mark in ("_", "-", "", " ")]
    found = {}
    for state, languages in words()["states"].items():
        for word in (*languages["en"], state):
            for form in {word, word.lower(), word.upper(), word.title(), word.capitalize()}:
                found[form] = state
                found.update((form.translate(joint), state) for joint in joints)
    return found


def is_total(value: str) -> bool:
    """Tell whether a line's first cell marks a sum of the rows above; 'Total: 43' and 'Total (all)' count too."""
    return fold(re.split(r"[:：(（=]", value, maxsplit=1)[0]) in TOTAL_WORDS


def is_no_value(value: str) -> bool:
    """Tell whether a cell stands for nothing: empty, punctuation only, 'N/A', 'null', 'нет', '无' ..."""
    # No such word holds a digit, and almost every value does: a column of times need not be folded.
    return _DIGIT.search(value) is None and fold(value) in NO_VALUE_WORDS


def is_voice(channel: str) -> bool:
    """Tell whether a channel value means a spoken call."""
    return fold(channel) in VOICE_WORDS


def is_known_word(text: str) -> bool:
    """Tell whether a text is a known header or state value in any language (used to recognise encodings)."""
    return fold(text) in STATE_WORDS or bool(_strengths(text))
