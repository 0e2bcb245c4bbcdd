"""The one place where the properties touch the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acwcli import pipeline
from acwcli.formats.options import ReadOptions
from tests.reference.contacts import GAP_CAP, MAX_WRAP, WRAP_COLUMNS

NEEDS = frozenset(WRAP_COLUMNS)


def engine_wraps(
    paths: Sequence[Path],
    *,
    max_wrap: int = MAX_WRAP,
    infer_gap: bool = False,
    gap_cap: int = GAP_CAP,
    tz: str = "UTC",
) -> list[dict[str, Any]]:
    """The engine's wraps of some files, in the reference's terms: instants and lengths in integer ms, file names."""
    loaded = pipeline.load([str(path) for path in paths], ReadOptions(tz=tz, max_bad=1.0, needs=NEEDS))
    options = pipeline.WrapOptions(max_wrap_ms=max_wrap, gap_cap_ms=gap_cap if infer_gap else None, tz=tz)
    frame = pipeline.wraps(loaded, options, NEEDS).frame
    names = [Path(file.source).name for file in loaded.files]
    return [_as_reference(row, names) for row in frame.iter_rows(named=True)]


def _as_reference(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    wrap = {column: row[column] for column in WRAP_COLUMNS if column != "source"}
    for column in ("wrap_start", "wrap_end"):
        wrap[column] = None if wrap[column] is None else round(wrap[column].timestamp() * 1000)
    return {**wrap, "source": names[row["file"]]}
