"""From a grid to a canonical frame: which rows count, which are rejected and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import polars as pl
from polars.expr.whenthen import ChainedThen, Then

from acwcli.errors import DamagedError, UsageError, did_you_mean, what_of_sql
from acwcli.formats.frames import FileFrame
from acwcli.formats.grid import Grid
from acwcli.formats.grid_data import as_texts
from acwcli.formats.parted import Parted, part_rows
from acwcli.formats.words import is_total
from acwcli.model.meter import metered
from acwcli.model.sql import of_one_row

_FILES_AT_A_TIME = 8
_LOOKED_AT = 100_000
"""How many rejected rows are looked at for totals; a file with more of them is refused anyway."""


def picked(grid: Grid, rows: str | None) -> pl.LazyFrame:
    """Add `picked`: whether `--rows` wants the row (bad rows are always looked at).

    Raises:
        UsageError: the condition cannot be read or names a column the file does not have.
    """
    if rows is None:
        return grid.frame.with_columns(picked=pl.lit(True))
    try:
        condition = pl.sql_expr(rows)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"--rows is not an SQL expression: {what_of_sql(error, rows)}") from None
    if not of_one_row(condition):
        raise UsageError("--rows looks at each row by itself: AVG, COUNT, OVER and the like do not work in it")
    for name in condition.meta.root_names():
        if name not in grid.columns:
            near = did_you_mean(name, grid.columns)
            raise UsageError(
                f"--rows names the column '{name}', which {grid.source} does not have{near}; "
                f"it has {', '.join(grid.columns)}"
            )
    try:
        kind = grid.sample.select(condition.alias("picked")).schema["picked"]
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"--rows cannot be computed: {str(error).splitlines()[0]}; all columns are text, "
            "write CAST(column AS INT) to compare numbers"
        ) from None
    if kind != pl.Boolean:
        raise UsageError("--rows is not a condition; write a comparison, for example --rows \"outcome = 'AGENT'\"")
    return grid.frame.with_columns(picked=condition.fill_null(False) | pl.col("__bad").is_not_null())


def reject_reason(checks: Sequence[tuple[pl.Expr, str]]) -> pl.Expr:
    """The first reason that applies, as an Enum (one byte a row); null for a good row.

    Args:
        checks: (condition, reason); a null condition does not apply.
    """
    names = list(dict.fromkeys(["unreadable row", *(reason for _, reason in checks)]))
    chain: Then | ChainedThen = pl.when(pl.col("__bad").is_not_null()).then(pl.lit(0, pl.UInt8))
    for condition, reason in checks:
        chain = chain.when(condition).then(pl.lit(names.index(reason), pl.UInt8))
    return chain.otherwise(None).cat.to(pl.Enum(names)).alias("reason")


def account(frame: pl.DataFrame, grid: Grid, loaded: FileFrame) -> pl.DataFrame:
    """Account the rows of a collected frame with `reason`, `picked` and `row`; take out what is no data.

    Returns:
        Good and rejected rows (`rejected` only where there are any), without totals and rows not picked.
    """
    _account_read(frame.height, grid, loaded)
    if not frame["picked"].all():
        unpicked = frame.filter(~pl.col("picked"))
        loaded.ignored["not picked by --rows"] += unpicked.height
        frame = frame.filter("picked")
    frame = frame.drop("picked")
    if frame["reason"].null_count() == frame.height:
        return frame.drop("reason")
    bad = frame.filter(pl.col("reason").is_not_null()).select("row", pl.col("reason").cast(pl.String))
    left_out = pl.col("row").is_in(_account_bad(bad, grid, loaded))
    frame = frame.filter(~(left_out & pl.col("reason").is_not_null()))
    return frame.with_columns(rejected=pl.col("reason").is_not_null()).drop("reason")


def account_parted(rows: Parted, grid: Grid, loaded: FileFrame) -> Parted:
    """Account rows on disk with `reason`, `picked` and `row`; like `account`, but nothing is rewritten."""
    said = {"unpicked": ~pl.col("picked"), "bad": pl.col("picked") & pl.col("reason").is_not_null()}
    counts = rows.rows().select(pl.len(), **{name: condition.sum() for name, condition in said.items()})
    read, unpicked, bad = counts.collect(engine="streaming").row(0)
    _account_read(read, grid, loaded)
    if unpicked:
        loaded.ignored["not picked by --rows"] += unpicked
        rows = rows.then(lambda found: found.filter("picked"))
    rows = rows.then(lambda found: found.drop("picked"))
    if not bad:
        return rows.then(lambda found: found.drop("reason"))
    rejected = pl.col("reason").is_not_null()
    listed = rows.rows().filter(rejected).select("row", pl.col("reason").cast(pl.String)).collect(engine="streaming")
    left_out = pl.col("row").is_in(_account_bad(listed.sort("row"), grid, loaded))
    return rows.then(lambda found: found.filter(~(left_out & rejected)).with_columns(rejected=rejected).drop("reason"))


def _account_read(rows: int, grid: Grid, loaded: FileFrame) -> None:
    loaded.read = rows + grid.ignored.total()
    loaded.ignored = Counter(grid.ignored)
    loaded.notes.extend(grid.notes)
    loaded.details.update(grid.details)
    loaded.raw_text = grid.raw


def _account_bad(bad: pl.DataFrame, grid: Grid, loaded: FileFrame) -> list[int]:
    """Keep the rejected rows of `row reason` in order; return those that are no data after all."""
    bad = _named_by_reader(bad, grid)
    no_data = _no_data(bad, grid)
    for reason, rows in no_data.items():
        loaded.ignored[reason] += len(rows)
    if totals := len(no_data.get("total row", [])):
        loaded.notes.append(f"{loaded.source}: {totals} total row{'s' * (totals > 1)} recognised and left out")
    left_out = [row for rows in no_data.values() for row in rows]
    loaded.rejects = bad.filter(~pl.col("row").is_in(left_out))
    return left_out


def _named_by_reader(bad: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Put the reader's own reason (`too many fields`, `bad JSON`, …) in place of the general one."""
    if not (bad["reason"] == "unreadable row").any():
        return bad
    named = (
        grid.frame.filter(pl.col("__bad").is_not_null()).select(row="__row", named="__bad").collect(engine="streaming")
    )
    joined = bad.join(named, on="row", how="left", maintain_order="left")
    return joined.select("row", reason=pl.coalesce("named", "reason"))


def _no_data(bad: pl.DataFrame, grid: Grid) -> dict[str, list[int]]:
    """Rejected rows that are no records at all: blank lines, and sums of the rows above by their first filled cell."""
    found: dict[str, list[int]] = {}
    if bad.height > _LOOKED_AT:
        return found
    first_filled = pl.coalesce(as_texts(grid.frame, grid.columns))
    rows = grid.frame.filter(pl.col("__row").is_in(bad["row"].implode())).select(
        "__row", first_filled.alias("first"), pl.col("__bad").is_null().alias("read")
    )
    for row, first, read in rows.collect(engine="streaming").iter_rows():
        # A line that could not be read (too long, bad JSON) has no cells either, but it is not blank.
        if first is None and read:
            found.setdefault("blank line", []).append(row)
        elif first is not None and is_total(first):
            found.setdefault("total row", []).append(row)
    return found


def collect(frame: pl.LazyFrame, source: str) -> pl.DataFrame:
    """Read a file at last; damage that shows only now (a broken Parquet page) is an input error.

    Raises:
        DamagedError: the file cannot be read to its end.
    """
    try:
        columns = frame.collect_schema().names()
        return (metered(frame, "row") if "row" in columns else frame).collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _damaged(source, error) from error


def collect_each(files: Iterable[tuple[pl.LazyFrame, str]]) -> Iterator[pl.DataFrame]:
    """Like `collect` for the rows of several files, a few at a time: small ones do not occupy all cores alone.

    Args:
        files: each with its source.

    Raises:
        DamagedError: one of them cannot be read to its end.
    """
    rest = iter(files)
    while some := list(islice(rest, _FILES_AT_A_TIME)):
        try:
            found = pl.collect_all([metered(frame, "row") for frame, _ in some], engine="streaming")
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            found = [collect(frame, source) for frame, source in some]  # which says what file it is
        yield from found


def streamed(frame: pl.LazyFrame, source: str, parts: int, *, everybody: bool) -> Parted:
    """Like `collect` for rows with `row`, but they go to disk; see `Parted` for `everybody`.

    Raises:
        DamagedError: the file cannot be read to its end.
        OutputError: the disk is full.
    """
    try:
        return part_rows(metered(frame, "row"), parts, order="row", everybody=everybody)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _damaged(source, error) from error


def _damaged(source: str, error: BaseException) -> DamagedError:
    first = str(error).splitlines()[0]
    return DamagedError(f"{source}: cannot be read to its end ({first}); export or copy it again")
