"""Values of a configuration file or a variable → values of options, checked by what the option expects."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acwcli.cli import parse
from acwcli.cli.catalogue import Option
from acwcli.errors import UsageError
from acwcli.model.duration import duration_ms

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_EXPECTED = {
    "flag": "true or false",
    "number": "a whole number",
    "text": "a text",
    "list": "a text or a list of texts",
    "DURATION": "a duration such as 60s, 1m30s or 00:01:30",
    "SHARE": "a share such as '5%' or 0.05",
    "SIZE": "a size such as '500MB' or '2GiB'",
    "ZONE": "an IANA zone such as 'Europe/Berlin'",
}


@dataclass(frozen=True)
class Setting:
    """A value, and where it comes from: `acw.toml:3`, `ACW_TZ`."""

    value: object
    origin: str


def from_file(option: Option, value: object, where: str, folder: Path) -> object:
    """Check a TOML value.

    Args:
        option: what it is for.
        value: as TOML has it; times and dates are written out, numbers become text where the option takes text.
        where: file, line and key, for the message.
        folder: where relative paths begin.

    Raises:
        UsageError: it is not what the option expects.
    """
    if option.kind == "flag" and isinstance(value, bool):
        return value
    if option.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if option.kind == "list":
        return [_placed(option, text, folder) for text in texts_from_file(option, value, where)]
    text = _text(value) if option.kind == "text" else None
    if text is None:
        raise UsageError(f"{where} = {_shown(value)}: expected {_expected(option)}")
    return _placed(option, _checked(option, text, where), folder)


def texts_from_file(option: Option, value: object, where: str, name: str = "") -> list[str]:
    """Check a TOML value, or list of values, of an option that may be repeated.

    Args:
        option: what it is for.
        value: as TOML has it.
        where: file, line and key, for the message.
        name: the key of a `NAME=VALUE` option, whose value is looked at apart.

    Raises:
        UsageError: it is not what the option expects.
    """
    found = []
    for word in value if isinstance(value, list) else [value]:
        text = _text(word)
        if text is None:
            raise UsageError(f"{where} = {_shown(value)}: expected {_expected(option, name)}")
        found.append(_checked(option, text, where, name))
    return found


def from_variable(option: Option, text: str, where: str) -> object:
    """Check the text of a variable, named `where`; values of a list are parted by `;`.

    Raises:
        UsageError: it is not what the option expects.
    """
    if option.kind == "flag" and text.casefold() in (*_YES, *_NO):
        return text.casefold() in _YES
    if option.kind == "number" and text.strip().lstrip("-").isdigit():
        return int(text)
    if option.kind == "list":
        return [_checked(option, word.strip(), where) for word in text.split(";") if word.strip()]
    if option.kind in ("flag", "number"):
        raise UsageError(f"{where} = {text}: expected {_expected(option)}")
    return _checked(option, text, where)


def _text(value: object) -> str | None:
    """A TOML value as the command line would have it; None where it has no such form."""
    if isinstance(value, bool | dict | list):
        return None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _checked(option: Option, text: str, where: str, name: str = "") -> str:
    kind = _value_kind(option, name)
    checks: dict[str, Callable[[str], object]] = {
        "DURATION": duration_ms,
        "SHARE": lambda word: parse.share(word, ""),
        "SIZE": lambda word: parse.size(word, ""),
        "ZONE": parse.zone,
    }
    if kind in checks:
        try:
            checks[kind](text)
        except UsageError:
            raise UsageError(f"{where} = {text}: expected {_EXPECTED[kind]}") from None
    return text


def _placed(option: Option, text: str, folder: Path) -> str:
    """A path of a file begins where that file is, wherever the command runs."""
    return str(folder / Path(text).expanduser()) if option.metavar in ("FILE", "DIR") and text != "-" else text


def _value_kind(option: Option, name: str) -> str:
    """What a value is: by the metavar; of `QUEUE=DURATION` the part after the sign, where the name is apart."""
    return option.metavar.rpartition("=")[2] if name else option.metavar


def _expected(option: Option, name: str = "") -> str:
    return _EXPECTED.get(_value_kind(option, name)) or _EXPECTED[option.kind]


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
