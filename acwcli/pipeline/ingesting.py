"""New files into a store: what they are, which older files they bear on, which wraps change.

Wraps are rebuilt from the older files that bear on the new ones, once without and once with these; the difference is
what the new files change. Where that cannot be sure, everything is rebuilt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from acwcli.errors import UsageError
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.counts import RowCounts
from acwcli.model.table import Column, Table
from acwcli.pipeline.arrivals import Arrivals, arrivals
from acwcli.pipeline.kept import ENGINE
from acwcli.pipeline.loading import Loaded, read_recognised, refuse_bad_rows
from acwcli.pipeline.stored import said
from acwcli.pipeline.updating import Update, update
from acwcli.store import change, index
from acwcli.store.archive import keep, keep_profile
from acwcli.store.durable import writing
from acwcli.store.lock import locked
from acwcli.store.manifest import KeptFile, Manifest, write_manifest
from acwcli.store.parts import write_part
from acwcli.store.root import store_at

_OWN = {"lock", "lock-holder.json", ".acw-store.json.part"}
_DAY_MS = 86_400_000


@dataclass
class Ingested:
    """What an ingestion did.

    Attributes:
        days: one row per day touched: `day wraps added changed removed`.
        counts: the account of the new files' rows.
        known: files whose content was in the store already.
        grown: files that replaced their own shorter beginning.
        notes: what to say about reading and about the store.
        dropped: days that retention dropped.
    """

    days: Table
    counts: RowCounts
    new: int = 0
    known: int = 0
    grown: int = 0
    notes: list[str] = field(default_factory=list)
    dropped: int = 0


def ingest(
    store: str,
    paths: Sequence[str],
    options: ReadOptions,
    *,
    retention_ms: int | None = None,
    rebuild: bool = False,
    on_read: Callable[[Loaded], None] = lambda _: None,
) -> Ingested:
    """Bring files into a store.

    Args:
        store: its folder; made when it is not there.
        paths: files, folders, globs or `-`.
        options: how to read them; kept with them.
        retention_ms: drop whole days that lie further than this before the newest one.
        rebuild: rebuild every wrap from the files in the store.
        on_read: looks at the new files before bad ones are refused.

    Raises:
        UsageError: the folder is something else, or a path is a store.
        InputError: a file that cannot be read, or too many bad rows; the store stays as it was.
        LockedError: another process is writing.
        OutputError: the store cannot be written; it stays as it was.
    """
    root = Path(store).expanduser()
    for path in paths:
        if store_at(path) is not None:
            raise UsageError(f"{path}: a store is no export; name the files to bring into {store}")
    _open(root)
    with locked(root):
        with writing(root):
            if store_at(str(root)) is None:
                write_manifest(root, Manifest())
            manifest = change.settle(root)
        found = arrivals(find_inputs(paths) if paths else [], manifest, options)
        loaded = _read(found, on_read, options.max_bad)
        return _carry_out(root, manifest, found, loaded, retention_ms, rebuild)


def _open(root: Path) -> None:
    """Make the folder; refuse one that holds something else."""
    if store_at(str(root)) is not None:
        return
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root}: a file; name a folder for the store")
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        others = [path.name for path in root.iterdir() if path.name not in _OWN]
    if others:
        raise UsageError(f"{root}: no store, and not empty ({others[0]} …); name a new folder for the store")


def _read(found: Arrivals, on_read: Callable[[Loaded], None], max_bad: float) -> Loaded:
    loaded = read_recognised([(item, item.options) for item in found.recognised])
    on_read(loaded)
    refuse_bad_rows(loaded, max_bad)
    return loaded


def _carry_out(
    root: Path, manifest: Manifest, found: Arrivals, loaded: Loaded, retention_ms: int | None, rebuild: bool
) -> Ingested:
    with writing(root):
        for file in manifest.files:
            if file.number in found.again:
                keep(root, file, found.again[file.number])
        new, ways = _with_options(root, found, manifest)
    manifest = replace(manifest, options=ways, next_file=manifest.next_file + len(new))
    days = retention_ms // _DAY_MS if retention_ms is not None else None
    rebuild = rebuild or (manifest.engine != ENGINE and bool(manifest.files))
    with _tidied(root), ThreadPoolExecutor(1) as copying:  # while wraps are rebuilt
        copies = [copying.submit(keep, root, file, found.paths[file.number]) for file in new]
        work = update(root, manifest, new, found, loaded, days, rebuild=rebuild)
    done = Ingested(
        _table(work), sum(loaded.counts, RowCounts()), len(new), found.known, len(found.grown),
        [*loaded.notes(), *work.notes], work.dropped,
    )  # fmt: skip
    if work.manifest is None:
        return done
    with writing(root):
        for copy in copies:
            copy.result()
        fresh = replace(work.manifest, segments={}) if work.entries_are_all else work.manifest
        segments = index.add_segment(root, fresh, work.entries)
        parts = work.manifest.parts | {name: write_part(root, name, part) for name, part in work.parts.items()}
    change.commit(root, replace(work.manifest, engine=ENGINE, segments=segments, parts=parts), work.partitions)
    return done


@contextlib.contextmanager
def _tidied(root: Path) -> Iterator[None]:
    """Sweep away what was copied where it comes to nothing."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            change.settle(root)
        raise


def _with_options(root: Path, found: Arrivals, manifest: Manifest) -> tuple[list[KeptFile], list[dict[str, object]]]:
    """The new files, each with its place in the list of ways to read; profiles are read from the store from now on."""
    ways = list(manifest.options)
    new = []
    for file, item in zip(found.files, (item for item in found.recognised if item.format is not None), strict=True):
        profiles = tuple(keep_profile(root, path) for path in item.options.profiles)
        how = said(replace(item.options, profiles=profiles))
        ways += [how] if how not in ways else []
        new.append(replace(file, options=ways.index(how)))
    return new, ways


def _table(work: Update) -> Table:
    counts = [Column(name, "count") for name in ("wraps", "added", "changed", "removed")]
    return Table("ingest", work.days, (Column("day"), *counts))
