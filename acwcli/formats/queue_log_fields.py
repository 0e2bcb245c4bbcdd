"""The fields of queue_log rows, cut from the lines of a file or taken from a table; no row is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import polars as pl

from acwcli.errors import InputError
from acwcli.formats.grid import read_lines
from acwcli.formats.grid_data import ROW
from acwcli.formats.plain import Plain
from acwcli.formats.queue_log_words import table_columns

FIELDS: Final = ("epoch", "callid", "queue", "agent", "event", "data1", "data2", "data3", "data4", "data5", "data6")
USED: Final = FIELDS[:6]
_FEW: Final = ("queue", "agent", "event", "data1")
_EPOCH: Final = r"^\d{1,10}(\.\d+)?$"


def read_log(plain: Plain, *, whole: bool) -> pl.LazyFrame:
    """Cut a file into fields by the CSV reader: the rows of `parse_lines` in a third of the time.

    Lines that it might cut otherwise are left to `parse_lines`: blank, short and damaged ones, and those with more
    fields than Asterisk writes.

    Args:
        plain: the file.
        whole: `content` is asked for.

    Returns:
        See `parse_lines`; only the first datum, `epoch` Float64 (null where it is none), other fields String or
        Categorical and not stripped, and no `file`.
    """
    lines = read_lines(plain).with_columns(file=pl.lit(0, pl.UInt16))
    if plain.long_lines:
        return _with_seconds(parse_lines(lines))
    read = _cut(plain, FIELDS if whole else USED).collect(engine="streaming")
    left = read.filter("strange")[ROW]
    read = read.filter(~pl.col("strange")).drop("strange")
    if left.is_empty():
        return read.lazy()
    others = _with_seconds(parse_lines(lines.filter(pl.col(ROW).is_in(left.implode())))).cast(read.schema)
    return pl.concat([read, others.collect()]).sort(ROW).lazy()


def _cut(plain: Plain, fields: Sequence[str]) -> pl.LazyFrame:
    """The file as the CSV reader cuts it; `strange` lines are to be looked at again.

    Read as categories, texts are moved and compared as numbers from the start; a hash of them needs the texts.
    """
    whole = len(fields) > len(USED)
    kinds = dict.fromkeys((*fields, "spare"), pl.String()) | ({} if whole else dict.fromkeys(_FEW, pl.Categorical()))
    cut = pl.scan_csv(
        plain.path, separator="|", quote_char=None, has_header=False, glob=False, schema=kinds,
        missing_columns="insert", extra_columns="ignore", truncate_ragged_lines=True,
        row_index_name=ROW, row_index_offset=1,
    )  # fmt: skip
    second = pl.col("epoch").cast(pl.Int64, strict=False)
    # Ten digits since 2001: nothing else has ten bytes and such a value.
    plain_epoch = (pl.col("epoch").str.len_bytes() == 10) & (second >= 1_000_000_000)
    strange = pl.col("event").is_null() | ~plain_epoch.fill_null(False)
    return cut.select(
        *USED[1:], pl.col(ROW).cast(pl.UInt32),
        epoch=second.cast(pl.Float64),
        __bad=no_text(),
        blank=pl.lit(False),
        content=pl.struct(fields).hash() if whole else pl.lit(0, pl.UInt64),
        strange=strange | pl.col("spare").is_not_null() if whole else strange,
    )  # fmt: skip


def _with_seconds(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The columns of `read_log`."""
    kept = (*USED[1:], ROW, "epoch", "__bad", "blank", "content")
    return rows.with_columns(epoch=seconds(pl.col("epoch"))).select(kept)


def seconds(epoch: pl.Expr) -> pl.Expr:
    """The number an epoch is written as, or null."""
    return pl.when(epoch.str.contains(_EPOCH)).then(epoch.cast(pl.Float64, strict=False))


def parse_lines(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Cut lines into fields; nothing is interpreted and no line is lost.

    Args:
        lines: `text` String, `__row` UInt32, `file` UInt16 (place of the file in order).

    Returns:
        `epoch callid queue agent event data1..data6` String (null when absent or empty; what follows the sixth datum
        stays glued to it), `__row`, `file`, `blank`, `content` (a hash of the fields), and `__bad`: the reason a line
        cannot be read, or null.
    """
    text = pl.col("text").str.strip_prefix("\ufeff").str.strip_chars_end("\r\n")
    # There is no quoting in this format: a '|' is always a separator.
    fields = text.str.splitn("|", len(FIELDS)).struct.rename_fields(list(FIELDS))
    too_short = pl.col("event").is_null() & (pl.col("__text").str.strip_chars() != "")
    return (
        lines.select(fields.alias("fields"), text.alias("__text"), "__row", "file")
        .unnest("fields")
        .with_columns(pl.col("data6").str.strip_chars_end("|"))
        .with_columns(
            __bad=pl.when(too_short).then(pl.lit("fewer than 5 fields")),
            # Not from the fields: the unused ones need not be cut out at all then.
            blank=~pl.col("__text").str.contains(r"[^|\s]"),
        )
        .with_columns(stripped(pl.col(name)).alias(name) for name in FIELDS)
        .with_columns(content=pl.struct(FIELDS).hash())
        .drop("__text")
    )


def from_columns(frame: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Return a table of queue_log rows (realtime table, VICIdial or PBXware export) in the form of `parse_lines`.

    `epoch` keeps the table's own clock, whatever it is; a caller whose column holds local times replaces it with
    instants (Datetime) before `states`.

    Args:
        frame: String columns with any of the usual headers, `__row`, and `__bad` and `file` where known.
        names: the headers to consider.

    Raises:
        InputError: a needed column is missing.
    """
    columns = table_columns(list(names))
    if not columns:
        raise InputError(
            f"no queue_log rows in columns {', '.join(names)}: needs time, callid, queue, agent, event and data1; "
            "name them with --map"
        )
    present = frame.collect_schema()
    if "data" in columns and "data1" not in columns:
        pieces = pl.col(columns["data"]).cast(pl.String).str.splitn("|", 6).struct.rename_fields(list(FIELDS[5:]))
        frame = frame.with_columns(pieces.alias("__data")).unnest("__data")
        columns |= {name: name for name in FIELDS[5:]}
    return (
        frame.select(
            pl.col(columns["epoch"]).alias("epoch"),
            *(
                pl.col(columns[name]).cast(pl.String).alias(name) if name in columns else no_text().alias(name)
                for name in FIELDS[1:]
            ),
            "__row",
            pl.col("file") if "file" in present else pl.lit(0, pl.UInt16).alias("file"),
            pl.col("__bad") if "__bad" in present else no_text().alias("__bad"),
        )
        .with_columns(stripped(pl.col(name), ("NULL", "\\N")).alias(name) for name in FIELDS[1:])
        .with_columns(blank=pl.all_horizontal(pl.col(*FIELDS).is_null()), content=pl.struct(FIELDS).hash())
    )


def no_text() -> pl.Expr:
    """Nothing in every row."""
    return pl.lit(None, pl.String)


def stripped(text: pl.Expr, nothing: Iterable[str] = ()) -> pl.Expr:
    """The text without blanks around it, with null for words that stand for nothing."""
    bare = text.str.strip_chars()
    return pl.when(~bare.is_in(["", *nothing])).then(bare)


def by_value(values: pl.Series, told: Callable[[pl.Expr], pl.Expr], kind: pl.DataType | None = None) -> pl.Series:
    """What is told of each text of a column with few different ones: each is looked at once.

    Args:
        values: String or Categorical.
        told: what is asked of the different texts (String).
        kind: the type of the answer, by default Categorical.
    """
    kind = kind or pl.Categorical()
    column = values.cast(pl.Categorical)
    different = column.unique().drop_nulls()
    answers = different.cast(pl.String).to_frame("text").select(told(pl.col("text")).cast(kind)).to_series()
    codes = different.to_physical()
    size = int(codes.max() or 0) + 1  # type: ignore[arg-type]
    by_code = pl.repeat(None, size, dtype=kind, eager=True)
    return by_code.scatter(codes, answers).gather(column.to_physical()).alias(values.name)
