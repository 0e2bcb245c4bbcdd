"""A profile: an export described as data (TOML), so that it can be read without a line of code.

Nothing in a profile is executed: it names columns, words and simple conditions, and the readers of state logs and
contact records do the rest.
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, NoReturn

from acwcli.errors import UsageError, did_you_mean
from acwcli.formats.profile_text import line_of
from acwcli.model.columns import CONTACT_FRAME, METHODS, STATES, WRAP_COLUMNS

Kind = Literal["states", "contacts"]

UNITS_MS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
STATE_COLUMNS = (
    "agent_id", "event_time", "state", "contact_id", "queue", "channel", "reason", "ended_at", "duration",
)  # fmt: skip
CONTACT_COLUMNS = (
    *(name for name in CONTACT_FRAME if name != "row"), "acw_s", "talk_s", "hold_s",
)  # fmt: skip
_LENGTHS = ("acw_s", "talk_s", "hold_s", "duration")
_KEYS = (
    "title", "kind", "method", "tz", "time_format", "date_order", "wrap_reasons", "most_rows", "match", "columns",
    "constants", "units", "states", "empty", "strip", "ignore", "warn", "timed_out", "newest", "sample",
)  # fmt: skip
_CORE = (
    "agent_id", "event_time", "state", "acw_s", "acw_ms", "acw_start", "acw_end", "talk_s", "talk_ms",
)  # fmt: skip
"""Columns that must be there where [match] names none."""
_TESTS = ("is", "starts", "contains", "empty")


class Condition(NamedTuple):
    """What a cell must be; texts are compared without case, any of them will do.

    Attributes:
        column: header, a canonical name of the profile's, or a path into JSON (`data.payload.sid`).
        test: `is`, `starts`, `contains` or `empty`.
        texts: what it is compared with; none for `empty`.
        wanted: false turns the test around.
        say: the reason or the warning that hangs on it.
    """

    column: str
    test: str
    texts: tuple[str, ...] = ()
    wanted: bool = True
    say: str = ""


class Sample(NamedTuple):
    """Rows as the platform writes them, and the wraps they must give."""

    text: str = ""
    wraps: tuple[Mapping[str, Any], ...] = ()


class Profile(NamedTuple):
    """One export, described.

    Attributes:
        name: the name of its format: the file's name.
        source: where it was read, for messages.
        text: the TOML itself, for line numbers.
        kind: `states` or `contacts`.
        method: the grade of evidence it gives.
        needed: headers that must be there, each with its other spellings.
        values: header or canonical name → texts of which one must begin a cell of the sample.
        columns: canonical name → headers, the first that is there is taken.
        constants: canonical name → text for every row.
        units_ms: canonical name of a length → milliseconds in one of its unit.
        unit_check: a length, a start and an end that tell seconds from milliseconds; or none.
        states: canonical state → the platform's words.
        wrap_reasons: reasons that make a `not_ready` state a wrap-up.
        tz: zone of its times without offset; None: `--tz`.
        time_formats: strptime patterns; the first that reads the sample is taken, and none if none does.
        empty: header → words that mean nothing.
        strip: header → characters to take off both ends.
        ignore: rows that are no data, by reason.
        warn: what to say when a row is like this.
        timed_out: tells a wrap-up the timer ended.
        key: columns that name a record that may be delivered again.
        newest_by: the column that tells its latest version.
        most_rows: the platform cuts its export here.
    """

    name: str
    source: str
    text: str
    title: str
    kind: Kind
    method: str
    needed: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]]
    values: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    constants: Mapping[str, str] = MappingProxyType({})
    units_ms: Mapping[str, int] = MappingProxyType({})
    unit_check: tuple[str, ...] = ()
    states: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    wrap_reasons: tuple[str, ...] = ()
    tz: str | None = None
    time_formats: tuple[str, ...] = ()
    date_order: str | None = None
    empty: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    strip: Mapping[str, str] = MappingProxyType({})
    ignore: tuple[Condition, ...] = ()
    warn: tuple[Condition, ...] = ()
    timed_out: Condition | None = None
    key: tuple[str, ...] = ()
    newest_by: str | None = None
    most_rows: int | None = None
    sample: Sample = Sample()

    def wrong(self, path: Sequence[str | int], message: str) -> UsageError:
        """The error about one of its keys, with file and line."""
        return UsageError(f"{self.source}:{line_of(self.text, path)}: {message}")


@lru_cache(maxsize=1)
def built_in_profiles() -> Mapping[str, Path]:
    """The profiles that come with the package, by format name; none is read."""
    return {profile_name(str(path)): path for path in sorted(Path(__file__).with_name("profiles").glob("*.toml"))}


def profile_name(path: str) -> str:
    """The name of the format a profile describes: the file's name without its suffix."""
    return Path(path).stem.casefold().replace("_", "-").replace(" ", "-")


def load_profile(path: str) -> Profile:
    """Read a profile.

    Raises:
        UsageError: it is not there, or something in it is wrong; the message names file and line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise UsageError(f"profile {path}: cannot be read: {reason}") from error
    return parse_profile(text, path)


@lru_cache(maxsize=64)
def parse_profile(text: str, source: str) -> Profile:
    """Like `load_profile`, from a text."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", None) or _line_in(str(error))
        raise UsageError(f"{source}:{line}: not TOML: {error}") from None
    return _Reader(text, source).profile(tables)


def _line_in(message: str) -> str:
    return message.rsplit("line ", 1)[1].split(",")[0] if "line " in message else "1"


class _Reader:
    """Checks the tables of one text key by key; every complaint knows its line."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source

    def fail(self, path: Sequence[str | int], message: str) -> NoReturn:
        raise UsageError(f"{self._source}:{line_of(self._text, path)}: {message}")

    def profile(self, tables: Mapping[str, Any]) -> Profile:
        self._known(tables, _KEYS, ())
        kind = self._one_of(tables, "kind", ("states", "contacts"))
        canonical = STATE_COLUMNS if kind == "states" else CONTACT_COLUMNS
        columns = self._lists(tables, ("columns",), canonical)
        if "agent_id" not in columns:
            self.fail(("columns",), "[columns] needs agent_id")
        if kind == "states" and not {"event_time", "state"} <= columns.keys():
            self.fail(("columns",), "[columns] of a state log needs agent_id, event_time and state")
        match = self._table(tables, "match", ("columns", "values"))
        needed = self._needed(match) or tuple(columns[name] for name in columns if name in _CORE)
        units = self._table(tables, "units", (*_LENGTHS, "check"))
        newest = self._table(tables, "newest", ("key", "by"))
        return Profile(
            name=profile_name(self._source),
            source=self._source,
            text=self._text,
            title=self._text_at(tables, "title") or Path(self._source).stem,
            kind="states" if kind == "states" else "contacts",
            method=self._one_of(tables, "method", METHODS, default="state" if kind == "states" else "duration"),
            needed=needed,
            values=self._lists(match, ("match", "values"), None),
            columns=columns,
            constants=self._texts(tables, "constants", canonical),
            units_ms=self._units(units),
            unit_check=self._unit_check(units),
            states=self._lists(tables, ("states",), STATES),
            wrap_reasons=self._list(tables.get("wrap_reasons", []), ("wrap_reasons",)),
            tz=self._zone(tables),
            time_formats=self._list(tables.get("time_format", []), ("time_format",)),
            date_order=self._one_of(tables, "date_order", ("dmy", "mdy", "ymd"), default=None),
            empty=self._lists(tables, ("empty",), None),
            strip=self._texts(tables, "strip", None),
            ignore=self._conditions(tables, "ignore", "reason"),
            warn=self._conditions(tables, "warn", "say"),
            timed_out=self._timed_out(tables),
            key=self._list(newest.get("key", []), ("newest", "key")),
            newest_by=self._text_at(newest, "by", "newest"),
            most_rows=self._number(tables, "most_rows"),
            sample=self._sample(tables),
        )  # fmt: skip

    def _known(self, table: Mapping[str, Any], known: Sequence[str], path: tuple[str | int, ...]) -> None:
        for key in table:
            if key not in known:
                near = did_you_mean(key, known)
                self.fail((*path, key), f"unknown key '{key}'{near}; known: {', '.join(known)}")

    def _table(self, tables: Mapping[str, Any], name: str, known: Sequence[str] | None) -> Mapping[str, Any]:
        found = tables.get(name, {})
        if not isinstance(found, dict):
            self.fail((name,), f"{name} must be a table: [{name}]")
        if known is not None:
            self._known(found, known, (name,))
        return found

    def _text_at(self, table: Mapping[str, Any], key: str, *above: str) -> str | None:
        value = table.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            self.fail((*above, key), f"{key} must be a text")
        return value

    def _number(self, table: Mapping[str, Any], key: str) -> int | None:
        value = table.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            self.fail((key,), f"{key} must be a whole number above 0")
        return value

    def _one_of(self, table: Mapping[str, Any], key: str, known: Sequence[str], default: Any = ...) -> Any:  # noqa: ANN401
        value = table.get(key, default)
        if value is ...:
            self.fail((), f'{key} is missing; write {key} = "{known[0]}" (or {", ".join(known[1:])})')
        if value is not default and value not in known:
            near = did_you_mean(str(value), known)
            self.fail((key,), f"{key} '{value}' is not known{near}; known: {', '.join(known)}")
        return value

    def _list(self, value: object, path: tuple[str | int, ...]) -> tuple[str, ...]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            self.fail(path, f"{path[-1]} must be a text or a list of texts")
        return tuple(texts)

    def _lists(
        self, tables: Mapping[str, Any], path: tuple[str, ...], known: Sequence[str] | None
    ) -> dict[str, tuple[str, ...]]:
        found = self._table(tables, path[-1], None)
        if known is not None:
            self._known(found, known, path)
        return {key: self._list(value, (*path, key)) for key, value in found.items()}

    def _texts(self, tables: Mapping[str, Any], name: str, known: Sequence[str] | None) -> dict[str, str]:
        found = self._table(tables, name, known)
        return {key: self._text_at(found, key, name) or "" for key in found}

    def _needed(self, match: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
        columns = match.get("columns", [])
        if not isinstance(columns, list):
            self.fail(("match", "columns"), "columns must be a list of headers, or of lists of spellings of one")
        return tuple(self._list(item, ("match", "columns")) for item in columns)

    def _units(self, units: Mapping[str, Any]) -> dict[str, int]:
        found = {}
        for name, unit in units.items():
            if name == "check":
                continue
            if unit not in UNITS_MS:
                self.fail(("units", name), f"unknown unit '{unit}'; known: {', '.join(UNITS_MS)}")
            found[name] = UNITS_MS[unit]
        return found

    def _unit_check(self, units: Mapping[str, Any]) -> tuple[str, ...]:
        check = self._list(units.get("check", []), ("units", "check"))
        if check and len(check) != 3:
            self.fail(("units", "check"), "check names three columns: a length, its start and its end")
        return check

    def _zone(self, tables: Mapping[str, Any]) -> str | None:
        name = self._text_at(tables, "tz")
        if name is not None:
            try:
                zoneinfo.ZoneInfo(name)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                near = did_you_mean(name, zoneinfo.available_timezones())
                self.fail(("tz",), f"unknown zone '{name}'{near}; write an IANA name such as Europe/Berlin")
        return name

    def _conditions(self, tables: Mapping[str, Any], name: str, word: str) -> tuple[Condition, ...]:
        rules = tables.get(name, [])
        if not isinstance(rules, list):
            self.fail((name,), f"write each rule as [[{name}]]")
        return tuple(self._condition(rule, (name, place), word) for place, rule in enumerate(rules))

    def _timed_out(self, tables: Mapping[str, Any]) -> Condition | None:
        rule = self._table(tables, "timed_out", None)
        return self._condition(rule, ("timed_out",), None) if rule else None

    def _condition(self, rule: Mapping[str, Any], path: tuple[str | int, ...], word: str | None) -> Condition:
        self._known(rule, ("column", *_TESTS, "not", *([word] if word else [])), path)
        tests = [test for test in _TESTS if test in rule]
        if len(tests) != 1 or not isinstance(rule.get("column"), str):
            self.fail(path, f"a rule needs a column and one of {', '.join(_TESTS)}")
        if word and not isinstance(rule.get(word), str):
            self.fail(path, f'a rule needs {word} = "…"')
        test, say = tests[0], rule[word] if word else ""
        if test == "empty":
            if not isinstance(rule["empty"], bool):
                self.fail((*path, "empty"), "empty is true or false")
            return Condition(rule["column"], test, (), rule["empty"] is not rule.get("not", False), say)
        wanted = rule.get("not", False) is False
        return Condition(rule["column"], test, self._list(rule[test], (*path, test)), wanted, say)

    def _sample(self, tables: Mapping[str, Any]) -> Sample:
        sample = self._table(tables, "sample", ("text", "wraps"))
        wraps = sample.get("wraps", [])
        if not isinstance(wraps, list):
            self.fail(("sample", "wraps"), "write each expected wrap as [[sample.wraps]]")
        for place, wrap in enumerate(wraps):
            self._known(wrap, WRAP_COLUMNS, ("sample", "wraps", place))
        return Sample(self._text_at(sample, "text", "sample") or "", tuple(wraps))
