"""The key of the pseudonyms: from a file, the environment, or made once for this user. It is never shown."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from acwcli.cli import narrate
from acwcli.errors import InputError, OutputError

if TYPE_CHECKING:
    from acwcli.cli.flags import HideFlags

VARIABLE = "ACW_ANONYMIZE_KEY"
FILE_NAME = "anonymize.key"


def key(hide: HideFlags | None, *, quiet: bool) -> bytes | None:
    """The key to hide agents with; None where they are not to be hidden.

    Raises:
        InputError: the key's file cannot be read.
        OutputError: a key cannot be kept.
    """
    if hide is None or not (hide.anonymize or hide.anonymize_key_file):
        return None
    if hide.anonymize_key_file is not None:
        return _read(Path(hide.anonymize_key_file))
    if text := os.environ.get(VARIABLE):
        return text.strip().encode()
    return _of_this_user(quiet=quiet)


_QUOTED = r"""(?<!\w)'[^']*'(?!\w)|"[^"]*"|(?<=; it has ).*"""


def unknown_yet(text: str) -> str:
    """A message from before the agents are known: what it quotes of files may be anybody."""
    hidden = re.sub(_QUOTED, "'…'", text)
    return text if hidden == text else f"{hidden} (--anonymize hides what is quoted)"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise InputError(f"{path}: cannot read the key: {error.strerror or error}") from error


def _of_this_user(*, quiet: bool) -> bytes:
    import secrets

    import platformdirs

    path = platformdirs.user_config_path("acw", appauthor=False) / FILE_NAME
    if path.exists():
        return _read(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32) + "\n")
        # A link fails where another run was first: then its key counts, and both runs have the same.
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    except OSError as error:
        raise OutputError(
            f"{path}: cannot keep a key for --anonymize: {error.strerror or error}; give one with {VARIABLE}"
        ) from error
    narrate.note(f"pseudonyms: a key was made in {path}; keep it, another key gives other pseudonyms", quiet=quiet)
    return _read(path)
