"""The wraps a store keeps, where they are sure to be those that reading all its files would give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acwcli import __version__
from acwcli.analyse.inspection import FileFacts
from acwcli.formats.frames import FileFrame
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import INSTANT, LEGS, WRAP_FRAME
from acwcli.pipeline.loading import Loaded
from acwcli.pipeline.rebuilding import WrapOptions, Wraps, complete, named_and_filtered
from acwcli.pipeline.stored import USUAL, as_ingested, same_reading, zone_of
from acwcli.reconstruct.combine import Reconstructed
from acwcli.store.days import at_one_moment, check_number, read_days, scan_days, sound
from acwcli.store.manifest import VERSION, KeptFile, KeptFrame, Manifest, read_manifest
from acwcli.store.root import store_at

if TYPE_CHECKING:
    from acwcli.formats.lookup import Lookup
    from acwcli.formats.parted import Parted
    from acwcli.formats.roster import Roster

ENGINE = f"acw {__version__}, polars {pl.__version__}, store {VERSION}"
"""What wraps were rebuilt with: kept wraps of another engine are not relied on."""

_PLACE = "__place"
_ALWAYS = frozenset(("agent_id", "wrap_start", "acw_ms", "method", "status", "file"))


def kept_wraps(
    paths: Sequence[str],
    asked: ReadOptions,
    options: WrapOptions,
    needs: Iterable[str],
    roster: Roster | None = None,
    lookup: Lookup | None = None,
    parts_of: Callable[[int], int] | None = None,
) -> Wraps | None:
    """The answer from the wraps a store keeps.

    Args:
        paths: what is asked about.
        asked: how to read it.
        options: see `WrapOptions`.
        needs: wrap columns the question needs.
        roster: columns to join by agent, or None.
        lookup: names to put where ids stand, or None.
        parts_of: into how many parts, by agent, so many wraps go on disk, 0 for none; None keeps them in memory.

    Returns:
        The wraps after filters, as `wraps` would rebuild them from the files; None where that is not sure: several
        paths or no store, other options than wraps are kept with, or talk and hold of contacts without a wrap.
    """
    if len(paths) != 1 or (root := store_at(paths[0])) is None:
        return None
    wanted = frozenset(needs)
    usual = WrapOptions()
    if LEGS in wanted or (options.max_wrap_ms, options.gap_cap_ms) != (usual.max_wrap_ms, usual.gap_cap_ms):
        return None
    manifest = read_manifest(root)
    if not _is_kept(manifest, asked):
        return None
    columns = [name for name in (*WRAP_FRAME, "file") if name in wanted | _ALWAYS and name != "source"]
    parts = parts_of(sum(day.rows for day in manifest.days.values())) if parts_of is not None else 0

    def read(known: Manifest) -> Parted | pl.DataFrame:
        return _on_disk(root, columns, parts, known) if parts else read_days(root, known, list(known.days), columns)

    manifest, found = at_one_moment(root, read)
    if not _is_kept(manifest, asked):
        return None
    loaded, places = _accounts(manifest)
    place = pl.col("file").replace_strict(places, return_dtype=pl.UInt32)
    if isinstance(found, pl.DataFrame):
        frame = complete(found.with_columns(pl.col("agent_id").cast(pl.Categorical), place))
        return named_and_filtered(Wraps(frame, None, loaded, options), roster, lookup)

    from acwcli.pipeline.spilling import spilled

    def of_part(part: int) -> Reconstructed:
        return Reconstructed(found.part(part).drop(_PLACE).with_columns(place))

    whole = Wraps(pl.DataFrame(), None, replace(loaded, parts=parts), options)
    return spilled(whole, of_part, wanted, roster, lookup)


def _on_disk(root: Path, columns: Sequence[str], parts: int, manifest: Manifest) -> Parted:
    """All wraps, parted by agent."""
    from acwcli.formats.parted import part_rows

    days = list(manifest.days)
    with sound(root):
        wraps = scan_days(root, manifest, days, columns).with_columns(pl.col("agent_id").cast(pl.Categorical))
        rows = part_rows(wraps.with_row_index(_PLACE), parts, order=_PLACE, everybody=False)
        number = rows.rows().select(pl.len()).collect(engine="streaming").item()
    check_number(root, manifest, days, number)
    return rows


def _is_kept(manifest: Manifest, asked: ReadOptions) -> bool:
    """Whether the kept wraps are those that reading the files would give now."""
    if manifest.engine != ENGINE or not manifest.files:
        return False
    for file in manifest.files:
        kept = manifest.options[file.options]
        options = as_ingested(kept, asked)
        if not same_reading(kept, options) or (file.zoned and zone_of(options) != zone_of(as_ingested(kept, USUAL))):
            return False
        for frame in file.frames:
            if frame.kind == "aggregates" or sum(frame.rejected.values()) > asked.max_bad * frame.read:
                return False
    return True


def _accounts(manifest: Manifest) -> tuple[Loaded, dict[int, int]]:
    """The files as the engine knows them, without their rows; and the place of each."""
    listed = [(file, frame) for file in manifest.files for frame in file.frames]
    listed.sort(key=lambda pair: (pair[1].first_ms is None, pair[1].first_ms or 0, pair[0].name))
    files, places = [], {}
    for place, (file, frame) in enumerate(listed):
        places[file.number] = place
        empty = pl.DataFrame(schema={"agent_id": pl.String, "wrap_start": INSTANT})
        files.append(FileFrame(file.name, frame.kind, empty, frame.read, notes=list(frame.notes)))  # type: ignore[arg-type]
    told = [_facts(file, frame) for file, frame in listed]
    return Loaded(files, [], [frame.counts() for _, frame in listed], told=told), places


def _facts(file: KeptFile, frame: KeptFrame) -> FileFacts:
    first, last = (
        None if ms is None else datetime.fromtimestamp(ms / 1000, UTC) for ms in (frame.first_ms, frame.last_ms)
    )
    return FileFacts(file.name, file.format, frame.kind, agents=frame.agents, first=first, last=last)
