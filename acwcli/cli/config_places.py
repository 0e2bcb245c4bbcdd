"""Where configuration files are; most runs have none, and need to know no more."""

from __future__ import annotations

import os
from pathlib import Path

FILE_NAME = "acw.toml"
NONE = "none"
PREFIX = "ACW_"
NO_OPTIONS = frozenset(("ACW_CONFIG", "ACW_ANONYMIZE_KEY"))
"""Variables that are ours, but stand for no option."""


def forced_file(option: str | None) -> str | None:
    """The one file asked for: `--config`, then `ACW_CONFIG`; None where neither is given."""
    return option or os.environ.get("ACW_CONFIG") or None


def files_that_count(option: str | None) -> list[Path]:
    """The files to read, the strongest first.

    Args:
        option: `--config`: this file alone, `none` for no file; None takes `ACW_CONFIG`, then the usual places.
    """
    forced = forced_file(option)
    if forced == NONE:
        return []
    if forced:
        return [Path(forced).expanduser()]
    return [path for path in places() if os.path.isfile(path)]


def places() -> list[Path]:
    """Where a file is looked for: the project's (the nearest one upwards), the user's, the system's."""
    import platformdirs

    user = platformdirs.user_config_path("acw", appauthor=False) / FILE_NAME
    system = platformdirs.site_config_path("acw", appauthor=False) / FILE_NAME
    return list(dict.fromkeys((*_of_project(), user, system)))


def _of_project() -> list[Path]:
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return []
    upwards = [folder / FILE_NAME for folder in (here, *here.parents)]
    return [next((path for path in upwards if os.path.isfile(path)), upwards[0])]


def has_variables() -> bool:
    """Whether some variable may stand for an option."""
    return any(name.startswith(PREFIX) and name not in NO_OPTIONS for name in os.environ)
