"""The command line that asks the same question again, written from what was understood, not from what was typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from acwcli.formats.cloud import shown

if TYPE_CHECKING:
    from acwcli.cli.fair import FairFlags
    from acwcli.cli.flags import HideFlags, ReadFlags, WrapFlags

_NOT_ASKED = ("rejects", "memory")
"""Options that change no figure."""
_DEFAULTS = {"min_wraps": 20, "lang": "en"}
_SUFFIX = {"markdown": "md"}


def command_line(
    command: str,
    paths: Sequence[str],
    groups: Iterable[ReadFlags | WrapFlags | HideFlags | FairFlags],
    own: Mapping[str, object],
    form: str,
) -> str:
    """Write the command with every option that is not at its default, ready for a shell.

    The output's name has no part in it: the same question gives the same bytes wherever they go.
    """
    asked: dict[str, object] = {}
    for group in groups:
        defaults = group._field_defaults
        asked |= {name: value for name, value in group._asdict().items() if value != defaults[name]}
    asked |= {name: value for name, value in own.items() if value != _DEFAULTS.get(name)}
    words = ["acw", command, *map(shown, paths)]
    for name, value in asked.items():
        if name in _NOT_ASKED or value in (None, False, []):
            continue
        option = f"--{name.replace('_', '-')}"
        for item in value if isinstance(value, list | tuple) else [value]:
            words += [option] if item is True else [option, str(item)]
    return shlex.join([*words, "-o", f"report.{_SUFFIX.get(form, form)}"])
