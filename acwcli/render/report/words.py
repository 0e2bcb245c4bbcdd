"""The report's own words and numbers in one language; the words are data, a TOML file per language."""

from __future__ import annotations

import functools
import math
import string
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from acwcli.errors import UsageError, did_you_mean
from acwcli.model.report import Column, Kind, Said, Value
from acwcli.render.safe_text import for_terminal

LANGUAGES = ("en", "zh", "fa", "ru", "es")
NUMBERS: tuple[Kind, ...] = ("count", "seconds", "long", "share", "ratio")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _one_few_many(count: int) -> int:
    ones, tens = count % 10, count % 100
    if ones == 1 and tens != 11:
        return 0
    return 1 if 2 <= ones <= 4 and not 12 <= tens <= 14 else 2


PLURALS: dict[str, Callable[[int], int]] = {"none": lambda _: 0, "two": lambda n: int(n != 1), "three": _one_few_many}
"""Which form of a noun goes with a count, by the plural rules of Unicode's CLDR for whole numbers: Chinese and Persian
leave the noun as it is, English and Spanish tell one from many, Russian one, few and many."""
_NAMED = 8
"""At most this many values are named in a sentence."""


@dataclass(frozen=True)
class Words:
    """One language.

    Attributes:
        lang: its code.
        parts: the tables of its file.
        tz: the zone in which instants are written.
        literal: what is done to our own words, e.g. escaping.
        name: what is done to text of the data, e.g. escaping and marking its direction.
    """

    lang: str
    parts: Mapping[str, Mapping[str, Any]]
    tz: str = "UTC"
    literal: Callable[[str], str] = str
    name: Callable[[str], str] = str

    def language(self, key: str) -> Any:  # noqa: ANN401  # texts and one number
        """A setting of the language."""
        return self.parts["language"][key]

    def page(self, key: str, **values: str) -> str:
        """A word of the page, with values that are already written."""
        return self._filled(self.parts["page"][key], values)

    def word(self, part: str, key: str, values: Mapping[str, Value] | None = None) -> str:
        """A heading, caption, column or term; a term that is not ours is shown as it is."""
        template = self.parts[part].get(key)
        if template is None:
            return self.name(for_terminal(key))
        return self._with_values(template, values or {})

    def say(self, sentence: Said) -> str:
        """A sentence, beginning with a capital letter."""
        text = self._part(sentence)
        return text[:1].upper() + text[1:]

    def _part(self, sentence: Said) -> str:
        return self._with_values(self.parts["said"][sentence.key], sentence.values)

    def _with_values(self, template: str, values: Mapping[str, Value]) -> str:
        """Fill in values; `{agents:agent|agents}` is the form of the noun that goes with that many."""
        counted = plural_forms(template)
        forms = {name: self._form(values[name.partition(":")[0]].value, name.partition(":")[2]) for name in counted}
        return self._filled(template, {name: self.value(value) for name, value in values.items()} | forms)

    def _form(self, counted: int | Sequence[Any], forms: str) -> str:
        rule = PLURALS[self.language("plural")]
        # A list is spoken without its number: of one, or of several.
        count = counted if isinstance(counted, int) else min(len(counted), 2)
        return self.literal(forms.split("|")[rule(count)])

    def _filled(self, template: str, values: Mapping[str, str]) -> str:
        parsed = string.Formatter().parse(template)
        return "".join(
            self.literal(text) + (values[f"{name}:{forms}" if forms else name] if name else "")
            for text, name, forms, _ in parsed
        )

    def value(self, value: Value) -> str:
        """A value inside a sentence, as people say it: `90.1 s`, `95 %`, `a, b and c`."""
        if isinstance(value.value, list):
            return self._listed([self.value(Value(value.kind, item)) for item in value.value])
        number = value.value
        match value.kind:
            case "said":
                return self._part(number)
            case "seconds":
                return self.seconds(number)
            case "share":
                return self._share_said(number)
            case "long":
                return str(self.language("hours").format(self.hours(number)))
            case "ratio" if number >= 10:
                return self.number(number, 1)
            case "instant" | "day" if self.language("direction") == "rtl":
                # Between letters that run from the right, the parts of a date would change places.
                return f"\u2066{self.cell(value.kind, number)}\u2069"
            case kind:
                return self.cell(kind, number)

    def _share_said(self, share: float) -> str:
        if 0 < share < 0.005:
            return self._filled(self.parts["said"]["under_one"], {"one": self.share(0.01, 0)})
        return self.share(share, 1 if 0.995 <= share < 1 else 0)

    def _listed(self, items: Sequence[str]) -> str:
        shown, more = list(items[:_NAMED]), len(items) - _NAMED
        comma = self.literal(self.language("list"))
        if more > 0:
            rest = self._filled(self.parts["said"]["more"], {"count": self.number(more)})
            return f"{comma.join(shown)} {rest}"
        last = shown.pop()
        return f"{comma.join(shown)}{self.literal(self.language('and'))}{last}" if shown else last

    def cell(self, kind: Kind, value: Any, digits: int | None = None) -> str:  # noqa: ANN401  # whatever a cell holds
        """A cell of a table; the unit is in the heading, but for shares."""
        if isinstance(value, Value):
            return self.seconds(value.value) if value.kind == "seconds" else self.cell(value.kind, value.value)
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return self.literal(self.parts["page"]["missing"])
        match kind:
            case "term":
                return self.word("terms" if value in self.parts["terms"] else "columns", str(value))
            case "said":
                return self.say(value)
            case "count" | "seconds" | "ratio":
                return self.number(value, {"count": 0, "seconds": 1, "ratio": 2}[kind] if digits is None else digits)
            case "long":
                return self.hours(value)
            case "share":
                return self.share(value, 1)
            case "hour":
                return self.digits(f"{value:02d}")
            case "day" | "instant":
                return self.digits(self.date(value))
            case _:
                return self.name(for_terminal(str(value)))

    def cells(self, column: Column, values: Sequence[Any]) -> list[str]:
        """A whole column, its decimals the same in every row."""
        known = [abs(v) for v in values if isinstance(v, int | float) and math.isfinite(v)]
        whole = column.kind == "seconds" and all(v == round(v) for v in known)
        return [self.cell(column.kind, v, 0 if whole else None) for v in values]

    def unit(self, column: Column) -> str:
        """The unit of a column, which stands in its heading; empty for shares, whose cells say it."""
        unit = {"seconds": self.language("seconds").format("").strip(), "long": "h:mm", "ratio": "×"}.get(column.kind)
        return unit or ""

    def heading(self, column: Column) -> str:
        """The heading of a column, with its unit in brackets."""
        unit = self.unit(column)
        return self.word("columns", column.name) + (f" ({self.literal(unit)})" if unit else "")

    def weekdays(self) -> list[str]:
        """The codes of the days, in the order of the language's week."""
        first = _DAYS.index(self.language("first_day"))
        return [*_DAYS[first:], *_DAYS[:first]]

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's digits, decimal sign and groups."""
        whole, _, part = f"{abs(value):.{digits}f}".partition(".")
        if len(whole) >= self.language("group_from"):
            whole = f"{int(whole):,}".replace(",", self.language("group"))
        text = whole + (self.language("decimal") + part if part else "")
        sign = "\u2212" if value < 0 and float(f"{value:.{digits}f}") else ""
        return sign + self.digits(text)

    def labelled(self, label: str, number: str) -> str:
        """A label and its number, kept in this order even where the label's letters run the other way."""
        mark = "\u200f" if self.language("direction") == "rtl" else ""
        return f"{label} {mark}{number}"

    def digits(self, text: str) -> str:
        """Text with the language's digits."""
        own = self.language("digits")
        return text if own == string.digits else text.translate(str.maketrans(string.digits, own))

    def seconds(self, seconds: float) -> str:
        """`58 s`, `58.2 s`."""
        return str(self.language("seconds").format(self.number(seconds, 0 if round(seconds, 1) % 1 == 0 else 1)))

    def share(self, share: float, digits: int) -> str:
        """`81.7 %`."""
        return str(self.language("percent").format(self.number(100 * share, digits)))

    def hours(self, seconds: float) -> str:
        """`12:05`, hours and minutes."""
        minutes = round(abs(seconds) / 60)
        sign = "\u2212" if seconds < 0 and minutes else ""
        return f"{sign}{self.number(minutes // 60)}:{self.digits(f'{minutes % 60:02d}')}"

    def date(self, value: date | datetime) -> str:
        """`2026-03-02`, `2026-03-02 08:00:15`."""
        if not isinstance(value, datetime):
            return value.isoformat()
        local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(self.tz))
        return local.strftime("%Y-%m-%d %H:%M:%S")


def plural_forms(template: str) -> list[str]:
    """The fields of a template that are forms of a noun: `agents:agent|agents`."""
    return [f"{name}:{forms}" for _, name, forms, _ in string.Formatter().parse(template) if forms]


@functools.cache
def _parts(lang: str) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(resources.files("acwcli.render.report").joinpath(f"lang/{lang}.toml").read_text("utf-8"))


def words(lang: str, tz: str = "UTC", literal: Callable[[str], str] = str, name: Callable[[str], str] = str) -> Words:
    """Load a language.

    Raises:
        UsageError: there is no such language.
    """
    if lang not in LANGUAGES:
        hint = did_you_mean(lang, LANGUAGES)
        raise UsageError(f"--lang: no language '{lang}'{hint}; known: {', '.join(LANGUAGES)}")
    return Words(lang, _parts(lang), tz, literal, name)
