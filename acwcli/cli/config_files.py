"""What each key of a configuration file means, and each variable; every mistake names file and line, or variable."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acwcli.cli import catalogue, parse
from acwcli.cli.app import COMMANDS
from acwcli.cli.config_places import NO_OPTIONS, PREFIX, files_that_count
from acwcli.cli.config_values import Setting, from_file, from_variable, texts_from_file
from acwcli.errors import UsageError, did_you_mean

SHARED = "defaults"
NAMED = {"limits": "queue-limit", "alerts": "alert", "states": "state", "columns": "map"}
"""Tables of names and values → the repeatable option `NAME=VALUE` that they spell out."""
_NAMES = {"states": parse.STATES, "columns": parse.MAPPABLE}


@dataclass(frozen=True)
class ConfigFile:
    """One file, checked: what it sets for all commands and for each."""

    path: Path
    shared: Mapping[str, Setting]
    of_command: Mapping[str, Mapping[str, Setting]]

    def setting(self, command: str, option: str) -> Setting | None:
        """What it sets for an option of a command; the command's own table comes before the shared one."""
        return self.of_command.get(command, {}).get(option) or self.shared.get(option)


def config_files(option: str | None) -> list[ConfigFile]:
    """Read the files that count, the strongest first.

    Args:
        option: `--config`: this file alone, `none` for no file; None takes `ACW_CONFIG`, then the usual places.

    Raises:
        UsageError: the file asked for is missing, or a file has a mistake in it.
    """
    return [_read(path) for path in files_that_count(option)]


def _read(path: Path) -> ConfigFile:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: the configuration cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: the configuration is not UTF-8 text; save it as UTF-8") from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is no TOML: {error}") from error
    reader = _Reader(path, text)
    shared = dict(reader.shared(tables)) | dict(reader.options(SHARED, tables.get(SHARED, {})))
    of_command = {name: dict(reader.options(name, tables[name])) for name in COMMANDS if name in tables}
    return ConfigFile(path, shared, of_command)


class _Reader:
    """Keys of one file → settings."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def shared(self, tables: Mapping[str, Any]) -> Iterator[tuple[str, Setting]]:
        """The keys above all tables, and the tables of names."""
        known = catalogue.all_options()
        for key, value in tables.items():
            if key in COMMANDS or key == SHARED:
                continue
            if key in NAMED and NAMED[key] in known:
                yield NAMED[key], self._spelt_out(key, value)
            else:
                yield self._setting((key,), key, value, known, self._names())

    def options(self, table: str, values: object) -> Iterator[tuple[str, Setting]]:
        """The keys of `[defaults]` or of a command's table."""
        if not isinstance(values, dict):
            raise UsageError(f"{self._at((table,))}: '{table}' is a table: write [{table}] and its options below")
        known = catalogue.all_options() if table == SHARED else catalogue.options(table)
        for key, value in values.items():
            yield self._setting((table, key), key, value, known, [name for name in known if known[name].configured])

    def _names(self) -> list[str]:
        known = catalogue.all_options()
        tables = [name for name, option in NAMED.items() if option in known]
        return [*(name for name in known if known[name].configured), *tables, SHARED, *COMMANDS]

    def _setting(
        self, path: tuple[str, ...], key: str, value: object, known: Mapping[str, catalogue.Option], names: list[str]
    ) -> tuple[str, Setting]:
        name = key.replace("_", "-")
        where = self._at(path)
        if name not in known or not known[name].configured:
            inside = f" in [{path[0]}]" if len(path) > 1 else ""
            raise UsageError(
                f"{where}: unknown key '{key}'{inside}{did_you_mean(name, names)}; acw config show lists all"
            )
        return name, Setting(from_file(known[name], value, f"{where}: {key}", self._path.parent), where)

    def _spelt_out(self, table: str, values: object) -> Setting:
        if not isinstance(values, dict):
            raise UsageError(f"{self._at((table,))}: '{table}' is a table: write [{table}] and NAME = VALUE below")
        option = catalogue.all_options()[NAMED[table]]
        texts: list[str] = []
        for name, value in values.items():
            where = f"{self._at((table, name))}: {name}"
            if table in _NAMES and name not in _NAMES[table]:
                raise UsageError(f"{where}: unknown name in [{table}]{did_you_mean(name, _NAMES[table])}")
            texts += [f"{name}={text}" for text in texts_from_file(option, value, where, name)]
        return Setting(texts, self._at((table,)))

    def _at(self, path: tuple[str, ...]) -> str:
        from acwcli.formats.profile_text import line_of

        return f"{self._path}:{line_of(self._text, path)}"


def stray_variables() -> list[str]:
    """Variables that look like a misspelt option; others may belong to somebody else."""
    known = {name.removeprefix(PREFIX) for name in NO_OPTIONS} | {
        name.replace("-", "_").upper() for name in catalogue.all_options()
    }
    known |= {
        f"{command}_{name}".upper().replace("-", "_") for command in COMMANDS for name in catalogue.options(command)
    }
    strays = [name for name in os.environ if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in known]
    found = ((name, did_you_mean(name.removeprefix(PREFIX), known)) for name in sorted(strays))
    return [f"{name}: no such option{near.replace(chr(39), chr(39) + 'ACW_', 1)}" for name, near in found if near]


def environment(command: str, option: catalogue.Option) -> Setting | None:
    """What a variable sets for an option: `ACW_FLAG_OVER`, then `ACW_OVER`; an empty one sets nothing.

    Raises:
        UsageError: its value is none for this option.
    """
    stem = option.name.replace("-", "_").upper()
    for variable in (f"ACW_{command.upper()}_{stem}", f"ACW_{stem}"):
        if text := os.environ.get(variable):
            return Setting(from_variable(option, text, variable), variable)
    return None
