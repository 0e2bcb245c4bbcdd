"""What every command does around its question: read, rebuild, account, and hand the answer to a renderer."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from acwcli.cli import engine, hiding, narrate, parse, progress
from acwcli.errors import OutputError, UsageError
from acwcli.model.counts import counted
from acwcli.render import BINARY_FORMATS, FORMATS, format_of_path, write

if TYPE_CHECKING:
    from acwcli.cli.engine import EngineFlags, PlaceFlags
    from acwcli.cli.flags import HideFlags, OutFlags, ReadFlags, WrapFlags
    from acwcli.formats.lookup import Lookup
    from acwcli.formats.roster import Roster
    from acwcli.model.counts import RowCounts
    from acwcli.model.table import Table
    from acwcli.pipeline import Loaded, Wraps


def rebuild(
    paths: list[str],
    read: ReadFlags,
    wrap: WrapFlags,
    out: OutFlags,
    needs: Iterable[str],
    hide: HideFlags | None = None,
    at: PlaceFlags | EngineFlags | None = None,
    *,
    files: bool = False,
    on_disk: bool = False,
) -> Wraps:
    """Read the files, rebuild their wraps, account the rows on stderr and write the rejects file.

    With `on_disk` the caller looks at rows and legs only through `Wraps`, which may have them there.

    A store that keeps just these wraps is not read again, unless it is asked about its `files`, or everybody in it has
    to be known because agents are to be hidden.
    """
    from acwcli import pipeline
    from acwcli.store.root import store_at

    answer_format(out)
    cluster = engine.cluster_of(at)
    secret = hiding.key(hide, quiet=out.quiet)
    roster, lookup = _named(read)
    options = parse.wrap_options(wrap, read.zone)
    wanted = frozenset(needs) | pipeline.needs_of_where(options.where)
    wanted |= lookup.columns() if lookup is not None else frozenset()
    reading = parse.read_options(read, wanted)
    memory = parse.size(wrap.memory, "--memory") if wrap.memory else None
    if cluster is None and store_at(paths[0]) is not None and not (files or read.rejects or secret):
        parts_of = partial(pipeline.parts_of_wraps, memory=memory, how=reading) if on_disk else None
        kept = pipeline.kept_wraps(paths, reading, options, wanted, roster, lookup, parts_of)
        if kept is not None:
            report_counts(kept.loaded, out, kept)
            return kept
    progress.reading(paths, quiet=out.quiet)
    if cluster is None:
        loaded = pipeline.load(paths, reading, look_again=files, memory=memory)
    else:
        from acwcli.pipeline import spark

        loaded = spark.load(paths, reading, cluster, with_text=bool(read.rejects))
    veil = None if secret is None else pipeline.pseudonyms(secret, loaded, roster, lookup)
    if veil is not None:
        narrate.hide_with(veil.hidden)
    progress.rebuilding(loaded.total().read)
    _spare_inputs(loaded, out.output, read.rejects)
    if read.rejects:
        write_rejects(loaded, read.rejects, with_text=veil is None)
    pipeline.refuse_bad_rows(loaded, reading.max_bad)
    streams = on_disk and loaded.parts
    spilled = pipeline.wraps_on_disk(loaded, options, wanted, roster, lookup, veil) if streams else None
    rebuilt = spilled or _noted(pipeline.wraps(loaded, options, wanted, roster, lookup), memory)
    rebuilt = pipeline.anonymise(rebuilt, veil) if veil is not None else rebuilt
    report_counts(rebuilt.loaded, out, rebuilt)
    progress.answering(rebuilt.count())
    return rebuilt


def _named(read: ReadFlags) -> tuple[Roster | None, Lookup | None]:
    """What `--roster` and `--lookup` say of agents, queues and dispositions."""
    if not (read.roster or read.lookup):
        return None, None
    from acwcli.formats.lookup import read_lookup
    from acwcli.formats.roster import read_roster

    roster = read_roster(read.roster, read.encoding) if read.roster else None
    return roster, read_lookup(read.lookup, read.encoding) if read.lookup else None


def _noted(found: Wraps, memory: int | None) -> Wraps:
    """Say where wraps that had to be in memory are more than fits."""
    from acwcli.pipeline import beyond

    found.notes += beyond((found.frame, found.legs), memory) if found.loaded.parts else []
    return found


def _spare_inputs(loaded: Loaded, *targets: str | None) -> None:
    """Refuse to write over a file that is being read."""
    for target in targets:
        if target is not None and Path(target).is_file():
            for item in loaded.recognised:
                path = item.probe.input.path
                if path.is_file() and Path(target).samefile(path):
                    raise UsageError(f"{target}: it is one of the files read; write to another")


def report_counts(loaded: Loaded, out: OutFlags, rebuilt: Wraps | None = None) -> None:
    """One line of counts, then the notes."""
    line = counts_line(loaded.total())
    if rebuilt is not None:
        line += f"; {_statuses(rebuilt)}"
    narrate.note(line, quiet=out.quiet)
    narrate.notes(loaded.notes(), quiet=out.quiet)
    if rebuilt is not None:
        narrate.notes(rebuilt.notes, quiet=out.quiet)


def counts_line(total: RowCounts) -> str:
    """The account of rows as one line."""
    parts = [
        f"{counted(total.read, 'row')} read: {total.used:,} used",
        _reasons("ignored", total.ignored),
        _reasons("rejected", total.rejected),
    ]
    return ", ".join(parts)


def _reasons(word: str, reasons: Counter[str]) -> str:
    listed = ", ".join(f"{count:,} {reason}" for reason, count in _often_first(reasons) if count)
    return f"{reasons.total():,} {word}" + (f" ({listed})" if listed else "")


def _often_first(reasons: Counter[str]) -> list[tuple[str, int]]:
    """By count and then by name: equal counts must not change places from run to run."""
    return sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))


def _statuses(rebuilt: Wraps) -> str:
    if rebuilt.aggregates is not None:
        return f"sums of {counted(int(rebuilt.aggregates['contacts'].sum()), 'wrap')}"
    statuses = rebuilt.statuses()
    used = statuses.get("ok", 0) + statuses.get("orphan", 0)
    others = {name: count for name, count in statuses.items() if name not in ("ok", "orphan")}
    orphans = f" ({statuses['orphan']:,} orphan)" if statuses.get("orphan") else ""
    shown = "".join(f", {count:,} {name}" for name, count in others.items())
    return f"{counted(used, 'wrap')} counted{orphans}{shown}"


def write_rejects(loaded: Loaded, path: str, *, with_text: bool = True) -> None:
    """Write every rejected row, one line each; `with_text` with its raw text, in which anybody may be named."""
    from acwcli.render.csv_text import write_frame

    with _target(path) as stream:
        rejects = loaded.rejects()
        write_frame(rejects if with_text else rejects.with_columns(raw=None), stream)


def answer_format(out: OutFlags) -> str:
    """The format asked for: named, by suffix, a table on a terminal, CSV otherwise."""
    if out.format is not None:
        return parse.one_of(out.format, FORMATS, "--format")
    if out.output is not None and out.output != "-":
        return format_of_path(out.output)
    return "table" if _on_terminal() else "csv"


def emit(table: Table, out: OutFlags, tz: str = "UTC") -> None:
    """Write the answer to stdout or `-o`.

    Raises:
        OutputError: the file cannot be written.
    """
    name = answer_format(out)
    progress.stop()
    if out.output is None or out.output == "-":
        _to_stdout(table, name, out, tz)
        return
    with _target(out.output) as stream:
        write(table, name, stream, guard=not out.raw_text, tz=tz)


def report_format(out: OutFlags) -> str:
    """The format of a report: named, by suffix, a page otherwise; never for a terminal."""
    from acwcli.render.report import REPORT_FORMATS, REPORT_SUFFIXES

    if out.format is not None:
        form = parse.one_of(out.format, REPORT_FORMATS, "--format")
    elif out.output is not None and out.output != "-":
        form = format_of_path(out.output, REPORT_SUFFIXES)
    else:
        form = "html"
    if out.output in (None, "-") and _on_terminal():
        raise OutputError(f"a report is not for a terminal; write it to a file with -o FILE.{form}")
    return form


def emit_with(write_to: Callable[[BinaryIO], None], out: OutFlags) -> None:
    """Let `write_to` write to stdout or `-o`.

    Raises:
        OutputError: it cannot be written.
    """
    buffer = io.BytesIO()
    write_to(buffer)
    _emit_bytes(buffer.getvalue(), out)


def emit_text(text: str, out: OutFlags) -> None:
    """Write text that is no table to stdout or `-o`.

    Raises:
        OutputError: it cannot be written.
    """
    _emit_bytes(text.encode(), out)


def _emit_bytes(content: bytes, out: OutFlags) -> None:
    if out.output is not None and out.output != "-":
        with _target(out.output) as stream:
            stream.write(content)
        return
    if sys.stdout is None:
        raise OutputError("stdout: it is closed; write to a file with -o FILE")
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        narrate.silence(sys.stdout)
        raise OutputError(f"stdout: cannot write: {error.strerror or error}") from error


def _to_stdout(table: Table, name: str, out: OutFlags, tz: str) -> None:
    if sys.stdout is None:
        raise OutputError("stdout: it is closed; write to a file with -o FILE")
    terminal = _on_terminal()
    if terminal and name in BINARY_FORMATS:
        raise OutputError(f"{name} is not for a terminal; write it to a file with -o FILE.{name}")
    width = _width() if terminal else None
    color = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    try:
        write(
            table, name, sys.stdout.buffer, width=width, guard=not out.raw_text, color=color, tz=tz,
            encoding=sys.stdout.encoding if name == "table" else "utf-8", terminal=terminal,
        )  # fmt: skip
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        narrate.silence(sys.stdout)
        raise OutputError(f"stdout: cannot write: {error.strerror or error}") from error


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


class _target:  # noqa: N801  # used as a context manager, like open()
    """A file that appears whole or not at all: written beside its place, then moved there."""

    def __init__(self, path: str) -> None:
        self._open = _descriptor(path)
        self._path = Path(path if self._open is not None else os.path.realpath(path))  # a link stays a link

    def __enter__(self) -> BinaryIO:
        try:
            special = self._path.exists() and not self._path.is_file()
            if self._open is not None:
                self._part, self._stream = None, os.fdopen(os.dup(self._open), "wb")
            elif special:
                self._part, self._stream = None, self._path.open("wb")
            else:
                self._mode = self._path.stat().st_mode & 0o777 if self._path.exists() else 0o666 & ~_umask()
                handle, part = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
                self._part, self._stream = Path(part), os.fdopen(handle, "wb")
        except OSError as error:
            raise OutputError(f"{self._path}: cannot write: {error.strerror or error}") from error
        return self._stream

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._stream.close()
            if self._part is not None and kind is None:
                self._part.chmod(self._mode)
                self._part.replace(self._path)
                self._part = None
        except OSError as problem:
            raise OutputError(f"{self._path}: cannot write: {problem.strerror or problem}") from problem
        finally:
            if self._part is not None:
                self._part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(f"{self._path}: cannot write: {error.strerror or error}") from error


def _descriptor(path: str) -> int | None:
    """What is open already behind `/dev/stderr` or a shell's `>(command)`; opened anew it would begin at its start."""
    found = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)", path)
    return int(found[1]) if found else {"/dev/stdout": 1, "/dev/stderr": 2}.get(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
