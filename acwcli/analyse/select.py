"""Which wraps a question is about: a span of time and an SQL condition over the wraps columns."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from acwcli.errors import UsageError, did_you_mean, what_of_sql
from acwcli.model.derived import DERIVED, derived_columns
from acwcli.model.seconds import in_seconds
from acwcli.model.sql import of_one_row


def select_rows(
    frame: pl.DataFrame, *, since: str | None, until: str | None, where: str | None, tz: str
) -> tuple[pl.DataFrame, int]:
    """Keep the rows of a span and condition.

    Args:
        frame: wraps or legs with `wrap_start` and lengths in ms.
        since: first instant, inclusive: ISO text, a bare date is midnight in `tz`.
        until: last instant, exclusive, written the same way.
        where: SQL expression over the public columns (`acw_s`, `queue`, `day`, …); instants compare in `tz`.
        tz: zone of `since`, `until` and `where`.

    Returns:
        The rows, and how many could not be placed in the span because they have no instant.

    Raises:
        UsageError: an instant or expression that cannot be read.
    """
    unplaced = 0
    if since is not None or until is not None:
        unplaced = frame["wrap_start"].null_count()
    if since is not None:
        frame = frame.filter(pl.col("wrap_start") >= instant(since, tz, "--since"))
    if until is not None:
        frame = frame.filter(pl.col("wrap_start") < instant(until, tz, "--until"))
    if where is not None:
        frame = _satisfying(frame, where, tz)
    return frame, unplaced


def instant(text: str, tz: str, flag: str) -> datetime:
    """Read an instant as people type it; without offset it is local to `tz`.

    Raises:
        UsageError: the text is no ISO date or instant.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(tz))
        return aware.astimezone(UTC)  # Polars compares instants of one zone only
    except (ValueError, OverflowError):
        raise UsageError(f"{flag} '{text}' is no instant; write 2026-03-02 or 2026-03-02T08:00+01:00") from None


def columns_of(where: str) -> frozenset[str]:
    """Return the public columns an SQL condition names.

    Raises:
        UsageError: the text is not one SQL expression, or one that looks at other wraps.
    """
    return frozenset(_parsed(where).meta.root_names())


def _parsed(where: str) -> pl.Expr:
    try:
        condition = pl.sql_expr(where)
    except pl.exceptions.PolarsError as error:
        what = what_of_sql(error, where)
        raise UsageError(
            f"--where is not an SQL expression: {what}; write for example --where \"queue = 'billing'\""
        ) from None
    if not of_one_row(condition):
        raise UsageError(
            "--where looks at each wrap by itself: AVG, COUNT, OVER and the like do not work in it; "
            'write a number, for example --where "acw_s > 60"'
        )
    return condition


def _satisfying(frame: pl.DataFrame, where: str, tz: str) -> pl.DataFrame:
    condition = _parsed(where)
    public = _public(frame, tz)
    for name in condition.meta.root_names():
        if name not in public.columns:
            measured = "wraps" if "status" in frame.columns else "the contacts that are measured"
            near = did_you_mean(name, public.columns)
            raise UsageError(f"--where names the column '{name}', which {measured} do not have{near}")
    try:
        mask = public.select(condition.alias("keep"))["keep"]
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"--where cannot be computed: {str(error).splitlines()[0]}; lengths are numbers (acw_s > 60), "
            "instants compare with DATE '2026-03-02' or TIMESTAMP '2026-03-02 08:00:00', all else is text"
        ) from None
    if mask.dtype != pl.Boolean or len(mask) not in (1, frame.height):
        raise UsageError('--where is not a condition; write a comparison, for example --where "acw_s > 60"')
    return frame.filter(mask.fill_null(False)) if len(mask) == frame.height else (frame if mask[0] else frame.clear())


def _public(frame: pl.DataFrame, tz: str) -> pl.DataFrame:
    """The columns as a user knows them: seconds, and instants on the wall clock of `tz`."""
    seconds = [
        in_seconds(pl.col(name)).alias(re.sub("_ms$", "_s", name)) for name in frame.columns if name.endswith("_ms")
    ]
    local = [
        pl.col(name).dt.convert_time_zone(tz).dt.replace_time_zone(None, ambiguous="earliest")
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime)
    ]
    derived = derived_columns([name for name in DERIVED if name not in frame.columns], tz)
    texts = [pl.col(name).cast(pl.String) for name, kind in frame.schema.items() if isinstance(kind, pl.Categorical)]
    return frame.lazy().with_columns(*seconds, *derived, *texts).with_columns(local).collect()
