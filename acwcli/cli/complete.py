"""What may come next on a command line: commands, options, their values, and names from the head of the files on it.

The shell asks while somebody waits for it, so nothing here imports the engine; docs/completion.md tells the protocol.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from acwcli.cli import catalogue, parse
from acwcli.cli.app import COMMANDS

SHELLS = ("bash", "zsh", "fish", "powershell")

COLUMNS = (
    "agent_id", "contact_id", "queue", "channel", "direction", "disposition", "day", "hour", "week", "weekday",
    "method", "ended_by", "source",
)  # fmt: skip
"""Columns to group by; the engine has its own list, and a test holds them together, as for the words below."""
WRAP_COLUMNS = (
    "agent_id", "contact_id", "queue", "channel", "direction", "disposition", "wrap_start", "wrap_end", "acw_s",
    "talk_s", "hold_s", "pieces", "method", "ended_by", "status", "day", "hour", "week", "weekday",
)  # fmt: skip
MEASURES = ("acw", "talk", "hold", "handle")
DENOMINATORS = ("wraps", "handled")
VERDICTS = ("over", "under", "watch", "in line", "not enough data")
_RULES = ("mean", "p80", "p90", "p95", "60s")

Found = list[tuple[str, str]]
"""Words and what they mean."""


@dataclass(frozen=True)
class Line:
    """A command line around the cursor.

    Attributes:
        before: the words before the current one, the program first.
        current: the word at the cursor, as far as it is typed.
        after: the words behind it.
    """

    before: Sequence[str]
    current: str = ""
    after: Sequence[str] = ()

    @property
    def others(self) -> list[str]:
        """Every word but the program and the current one."""
        return [*self.before[1:], *self.after]


def main(shell: str, words: Sequence[str]) -> None:
    """Answer a shell: one word per line, with a tab and its meaning where the shell shows it."""
    if shell == "bash":
        line, typed = of_text(words[0], int(words[1]))
    else:
        count = int(words[1])
        line, typed = Line(words[2 : 2 + count], words[0].removeprefix("="), words[2 + count :]), ""
    sys.modules.setdefault("numpy", None)  # type: ignore[arg-type]  # pyarrow does without: a tenth of a second
    try:
        found = [(word, help) for word, help in complete(line) if word.startswith(line.current)]
    except Exception:  # whatever it is, a Tab is no place to tell it
        return
    for word, meaning in found:
        sys.stdout.write(_for_bash(word, line.current, typed) if shell == "bash" else f"{word}\t{meaning}")
        sys.stdout.write("\n")


def of_text(text: str, cursor: int) -> tuple[Line, str]:
    """Split a line as bash has it, quotes undone; also returns the current word as it was typed."""
    head, tail = text[:cursor], text[cursor:]
    start = max(
        (found.end() for found in re.finditer(r"(?<!\\)\s", head) if _is_whole(head[: found.start()])), default=0
    )
    typed = head[start:]
    before, after = shlex.split(head[:start]), _split(tail.partition(" ")[2])
    return Line(before, " ".join(_split(typed)), after), typed


def complete(line: Line) -> Found:
    """The words that may stand at the cursor; none where a file belongs."""
    if len(line.before) < 2:
        general = [("--help", "Show what there is."), ("--version", "Print the version.")]
        return general if line.current.startswith("-") else list(COMMANDS.items())
    command = line.before[1]
    if command not in COMMANDS:
        return []
    options = {word: option for option in catalogue.options(command).values() for word in option.words}
    asked = options.get(line.before[-1])
    if asked is not None and asked.kind != "flag":
        return _values(asked, line.current, line)
    name, equals, value = line.current.partition("=")
    if equals and name in options:
        return [(f"{name}={word}", meaning) for word, meaning in _values(options[name], value, line)]
    if line.current.startswith("-"):
        given = {options[word].name for word in line.others if word in options and options[word].kind != "list"}
        listed = [(f"--{option.name}", option.help) for option in catalogue.options(command).values()]
        return [(word, meaning) for word, meaning in listed if word.removeprefix("--") not in given]
    return _argument(command, options, line)


def _argument(command: str, options: dict[str, catalogue.Option], line: Line) -> Found:
    words = _bare_words(line.before[2:], options)
    if command == "explain" and not words:
        return _named("agent_id", line)
    if command == "config":
        return _plain(["show"]) if not words else list(COMMANDS.items()) if words == ["show"] else []
    if command == "completion" and not words:
        return _plain(SHELLS)
    if command == "methods" and not words:
        return _figures()
    return []


def _bare_words(words: Iterable[str], options: dict[str, catalogue.Option]) -> list[str]:
    """Words that are neither options nor their values."""
    bare, takes_value = [], False
    for word in words:
        if not takes_value and not word.startswith("-"):
            bare.append(word)
        takes_value = not takes_value and word in options and options[word].kind != "flag"
    return bare


def _values(option: catalogue.Option, current: str, line: Line) -> Found:
    if option.metavar.startswith("COLUMN"):
        return _listed(
            [*COLUMNS, *(["contact_length", "none"] if option.name == "mix" else []), *_roster(line)], current
        )
    if option.name == "only":
        return _listed(VERDICTS, current)
    if option.name == "queue-limit":
        return [(f"{queue}=", "") for queue, _ in _named("queue", line)]
    kinds: dict[str, Callable[[], Iterable[str]]] = {
        "format": _output_formats,
        "input-format": _input_formats,
        "of": lambda: MEASURES,
        "per": lambda: DENOMINATORS,
        "measure": lambda: ("mean", "median", "p80", "p90", "p95"),
        "over": lambda: _RULES,
        "under": lambda: _RULES,
        "state": lambda: (f"{state}=" for state in parse.STATES),
        "map": lambda: (f"{name}=" for name in parse.MAPPABLE),
        "date-order": lambda: parse.DATE_ORDERS,
        "wrap": lambda: parse.WRAP_PARTS,
        "tz": _zones,
        "where": lambda: WRAP_COLUMNS,
    }
    return _plain(kinds[option.name]()) if option.name in kinds else []


def _listed(words: Iterable[str], current: str) -> Found:
    """Words of a list with commas: the last one is completed, those before it are not offered again."""
    done = current.rpartition(",")[0]
    given = set(done.split(","))
    return _plain(f"{done}," * bool(done) + word for word in words if word not in given)


def _plain(words: Iterable[str]) -> Found:
    return [(word, "") for word in words]


def _output_formats() -> Sequence[str]:
    from acwcli.render import FORMATS

    return FORMATS


def _input_formats() -> list[str]:
    """Names of modules and profiles, as the engine finds them, without importing it."""
    import pkgutil
    from pathlib import Path

    folder = Path(__file__).parent.parent / "formats"
    names = {module.name for module in pkgutil.iter_modules([str(folder / "platforms")])}
    names |= {path.stem for path in (folder / "profiles").glob("*.toml")}
    return sorted(name.replace("_", "-") for name in names)


def _zones() -> list[str]:
    import zoneinfo

    return sorted(zoneinfo.available_timezones())


def _figures() -> Found:
    import tomllib
    from pathlib import Path

    methods = tomllib.loads((Path(__file__).parent.parent / "analyse/methods.toml").read_text(encoding="utf-8"))
    return [(name, str(entry.get("formula", ""))) for name, entry in methods.items()]


def _roster(line: Line) -> list[str]:
    """The columns of the roster on the line."""
    from acwcli.cli import peek

    words = list(line.before)
    if "--roster" not in words[:-1]:
        return []
    return [name for name in peek.header(words[words.index("--roster") + 1]) if name not in COLUMNS]


def _named(column: str, line: Line) -> Found:
    from acwcli.cli import peek

    return _plain(peek.names(column, [word for word in line.others if os.path.exists(word)]))


def _split(text: str) -> list[str]:
    for closing in ("", "'", '"'):
        try:
            return shlex.split(text + closing)
        except ValueError:
            continue
    return text.split()


def _is_whole(text: str) -> bool:
    """Whether no quote is open at its end."""
    try:
        shlex.split(text)
    except ValueError:
        return False
    return True


def _for_bash(word: str, current: str, typed: str) -> str:
    """Only what follows the last `=` or `:`, where bash begins a new word; blanks escaped unless a quote is open."""
    begun = max(current.rfind("="), current.rfind(":")) + 1
    rest = word[begun:]
    return rest if typed[:1] in ("'", '"') else re.sub(r"([^\w.,:=/@%+\-])", r"\\\1", rest)
