"""What the readers of vendor records share: instants and lengths as APIs write them, and the account of the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.errors import UsageError
from acwcli.formats.clock_formats import Pattern
from acwcli.formats.clock_text import clock_text
from acwcli.formats.frames import FileFrame, Kind
from acwcli.formats.options import ReadOptions
from acwcli.formats.plain import Plain
from acwcli.model.columns import CONTACT_FRAME, INSTANT

if TYPE_CHECKING:
    from acwcli.formats.json_documents import Documents

_SECONDS = Pattern("%Y-%m-%dT%H:%M:%SZ", 0)
_MILLISECONDS = Pattern("%Y-%m-%dT%H:%M:%S.%3fZ", 0)
_FIRST_MS, _LAST_MS = 86_400_000, 7_258_118_399_999
"""1970-01-02 to 2199: what lies outside (0, -1) stands for no instant."""


def utc_seconds(text: pl.Expr) -> pl.Expr:
    """ISO 8601 text in whole seconds, as a UTC instant; other precisions and offsets are read, too, but slower."""
    return clock_text(text, (_SECONDS, _MILLISECONDS), "ymd", "UTC").cast(INSTANT)


def utc_milliseconds(text: pl.Expr) -> pl.Expr:
    """ISO 8601 text in milliseconds, as a UTC instant; other precisions and offsets are read, too, but slower."""
    return clock_text(text, (_MILLISECONDS, _SECONDS), "ymd", "UTC").cast(INSTANT)


def epoch_milliseconds(text: pl.Expr) -> pl.Expr:
    """Epoch milliseconds as a UTC instant; null for 0 and -1, which stand for none yet."""
    number = text.cast(pl.Float64, strict=False).round().cast(pl.Int64, strict=False)
    return pl.when(number.is_between(_FIRST_MS, _LAST_MS)).then(number).cast(INSTANT)


def length_ms(text: pl.Expr, unit_ms: int) -> pl.Expr:
    """A number as Int64 milliseconds; null when it is none."""
    return (text.cast(pl.Float64, strict=False) * unit_ms).round().cast(pl.Int64, strict=False)


def unreadable(text: pl.Expr, read: pl.Expr) -> pl.Expr:
    """Whether a value is there that could not be read."""
    return text.is_not_null() & (text.str.strip_chars() != "") & read.is_null()


def first_reason(checks: Sequence[tuple[pl.Expr, str]]) -> pl.Expr:
    """The first reason whose condition holds; null when none does."""
    chain: Any = pl
    for condition, reason in checks:
        chain = chain.when(condition).then(pl.lit(reason))
    return chain.otherwise(pl.lit(None, pl.String)) if checks else pl.lit(None, pl.String)


def say_missing_pages(files: list[FileFrame], read: Sequence[Documents], options: ReadOptions) -> list[FileFrame]:
    """The files, with a word where they are not all pages of their answer."""
    from acwcli.formats.json_documents import missing_pages

    files[-1].notes += [f"{files[-1].source}: {said}" for said in missing_pages(read, pages_end=options.pages_end)]
    return files


def refuse_rows(options: ReadOptions, title: str) -> None:
    """Nested records have no columns to pick rows by.

    Raises:
        UsageError: `--rows` was given.
    """
    if options.rows is not None:
        raise UsageError(f"--rows picks rows of tables, {title} is none; pick wraps with --where")


def keys_of(document: Mapping[str, Any]) -> frozenset[str]:
    """The keys of a document, in lower case."""
    return frozenset(key.lower() for key in document)


def account_records(plain: Plain, kind: Kind, frame: pl.DataFrame, documents: Documents | None = None) -> FileFrame:
    """Account a frame of records with `row`, `rejected` and `ignored` (reason or null each); good ones stay.

    Args:
        plain: the file.
        kind: the canonical frame it becomes.
        frame: its records.
        documents: the documents behind them, for bad ones, notes and raw text; None for a table.
    """
    rejected = frame.filter(pl.col("rejected").is_not_null()).select(pl.col("row").cast(pl.UInt32), reason="rejected")
    dropped = frame.filter(pl.col("rejected").is_null() & pl.col("ignored").is_not_null())
    ignored = Counter(dict(dropped["ignored"].value_counts().iter_rows()))
    good = frame.filter(pl.col("rejected").is_null() & pl.col("ignored").is_null()).drop("rejected", "ignored")
    loaded = FileFrame(plain.name, kind, good, read=frame.height, ignored=ignored, rejects=rejected)
    if documents is not None:
        loaded.read += documents.rejects.height
        loaded.rejects = pl.concat([documents.rejects, rejected]).sort("row", maintain_order=True)
        loaded.notes, loaded.details, loaded.raw_text = list(documents.notes), documents.details, documents.raw_text
    if kind == "contacts":
        loaded.frame = complete_contacts(good)
    return loaded


def complete_contacts(frame: pl.DataFrame) -> pl.DataFrame:
    """Every contact column, null where the platform has none."""
    return frame.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in CONTACT_FRAME.items() if name not in frame.columns
    )


def superseded(frame: pl.DataFrame, key: Sequence[str], version: str) -> pl.Series:
    """Why a re-delivered record does not count: `older version`, or `delivered again` for the latest one itself.

    Args:
        frame: records in order of delivery; those without a key are never superseded.
        key: what names a record.
        version: column of its version; the latest counts, of several such the last delivered.
    """
    place = pl.int_range(pl.len(), dtype=pl.UInt32)
    known = frame.select(*key, pl.col(version).alias("version"), place=place).filter(
        pl.all_horizontal(pl.col(name).is_not_null() for name in key)
    )
    repeated = known.filter(pl.struct(key).is_duplicated()).sort("version", "place", nulls_last=False)
    last = repeated.group_by(key).agg(latest=pl.col("version").last(), kept=pl.col("place").last())
    reasons = (
        repeated.join(last, on=key, how="left", maintain_order="left")
        .filter(pl.col("place") != pl.col("kept"))
        .select("place", reason=_why_superseded())
    )
    marks = pl.Series("place", range(frame.height), pl.UInt32).to_frame()
    return marks.join(reasons, on="place", how="left", maintain_order="left")["reason"]


def _why_superseded() -> pl.Expr:
    same = pl.col("version").eq_missing(pl.col("latest"))
    return pl.when(same).then(pl.lit("delivered again")).otherwise(pl.lit("older version"))
