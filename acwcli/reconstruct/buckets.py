"""Wraps of an agent need nobody else's rows: whole agents are rebuilt bucket by bucket and put together again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import polars as pl

from acwcli.reconstruct.combine import Reconstructed

_SEED = 0xACC


def bucket_of(agent: pl.Expr, buckets: int) -> pl.Expr:
    """The bucket of an agent by id, 0 to `buckets` - 1, UInt32; null where there is no agent.

    Rows without agent are restarts of the platform, which belong into every bucket, or records that count for nobody.
    """
    text = agent.cast(pl.String)
    return pl.when(text.is_not_null()).then(text.hash(_SEED) % buckets).cast(pl.UInt32)


def together(parts: Iterable[Reconstructed]) -> Reconstructed:
    """Put together what `reconstruct` found in each bucket: the same as of all agents at once, in an order of its own.

    Args:
        parts: the buckets; `file` is the same index everywhere.
    """
    found = list(parts)
    ignored: dict[int, Counter[str]] = {}
    restarts: Counter[int] = Counter()
    for part in found:
        for file, reasons in part.ignored.items():
            ignored.setdefault(file, Counter()).update(reasons)
        restarts |= part.restarts  # each bucket met the same ones: the greatest count, not the sum
    wraps = _concat([part.wraps for part in found if part.wraps.width])
    return Reconstructed(
        pl.DataFrame() if wraps is None else wraps,
        _concat([part.legs for part in found if part.legs is not None]),
        ignored,
        _concat([part.records for part in found if part.records is not None]),
        restarts,
    )


def _concat(frames: list[pl.DataFrame]) -> pl.DataFrame | None:
    return pl.concat(frames, how="diagonal_relaxed") if frames else None
