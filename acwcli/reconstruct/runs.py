"""Events → runs: stretches of one state and contact on one track, with their end and what came next."""

from __future__ import annotations

import polars as pl

from acwcli.reconstruct.timeline import CLOSERS, REJECTED, STATE_CODE

OPEN_ENDS = (STATE_CODE["unknown"], REJECTED)
"""What comes next but does not tell when the run ended."""


def runs(line: pl.DataFrame) -> pl.DataFrame:
    """Fold a time line into runs.

    Args:
        line: `Timeline.line`.

    Returns:
        One row per run: the line's columns of its first event plus `end` (ms; null when nobody knows), `next_st`
        (state code of the next run on the track, null at the end of the data), `sure` (the end was in the record
        itself), `nth` (running number of the run) and `busy` (running number of runs that are not `not_ready`, rule 4).
    """
    line = line.with_columns(closer=pl.col("st").is_in(CLOSERS).cum_sum())
    if "voice" not in line.columns:
        return _fold(line.with_columns(lane=pl.lit(0, pl.UInt64)), ["agent"])
    closes_all = pl.col("st").is_in(CLOSERS)
    line = line.with_columns(lane=pl.when("voice").then(pl.lit(0, pl.UInt64)).otherwise(pl.col("track")))
    voice = _fold(line.filter(pl.col("voice") | closes_all), ["agent"])
    other = line.filter(~pl.col("voice") & ~closes_all).sort("agent", "track", "ord")
    return pl.concat([voice, _close_by_agent(_fold(other, ["agent", "track"]), line.filter(closes_all))])


def _fold(line: pl.DataFrame, track: list[str]) -> pl.DataFrame:
    same_track = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in track)
    goes_on = same_track & pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("st", "c", "closer"))
    if "e" in line.columns:
        goes_on &= pl.col("e").shift(1).is_null() | (pl.col("t") <= pl.col("e").shift(1))
        line = line.with_columns(run=(~goes_on.fill_null(False)).cum_sum())
        # A last row without an end goes on until the next event, whatever the rows before it said.
        ended = pl.col("e").last().over("run").is_not_null()
        line = line.with_columns(e=pl.when(ended).then(pl.col("e").max().over("run"))).filter(
            pl.col("run").is_first_distinct()
        )
    else:
        line = line.filter(~goes_on.fill_null(False))
    last = ~pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in track).fill_null(False)
    upcoming = pl.when(~last)
    line = line.with_columns(
        next_t=upcoming.then(pl.col("t").shift(-1)),
        next_st=upcoming.then(pl.col("st").shift(-1)),
        next_ord=upcoming.then(pl.col("ord").shift(-1)),
        busy=(pl.col("st") != STATE_CODE["not_ready"]).cum_sum(),
        nth=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    if "e" in line.columns:
        line = line.with_columns(next_st=_next_different(track))
    return _with_end(line)


def _next_different(track: list[str]) -> pl.Expr:
    """State of the next run with another state or contact: after a hole the same one may simply go on."""
    same_next = pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in (*track, "st", "c"))
    none_left = len(STATE_CODE) + 1  # a code that no state has, so that the fill stops at the end of a track
    upcoming = pl.when(~same_next.fill_null(False)).then(pl.col("next_st").fill_null(none_left)).backward_fill()
    return pl.when(upcoming != none_left).then(upcoming).cast(pl.UInt8)


def _with_end(line: pl.DataFrame) -> pl.DataFrame:
    """An interval export ends where it says; otherwise the next run ends this one, unless it tells nothing."""
    told = pl.when(~pl.col("next_st").is_in(OPEN_ENDS)).then(pl.col("next_t"))
    if "e" not in line.columns:
        return line.with_columns(end=told, sure=pl.lit(False))
    return line.with_columns(end=pl.coalesce("e", told), sure=pl.col("e").is_not_null())


def _close_by_agent(tracks: pl.DataFrame, closers: pl.DataFrame) -> pl.DataFrame:
    """On a contact's own track the agent's next log-off, restart or rejected row closes too, if it comes first."""
    nearest = closers.select(
        pl.col("ord").alias("close_ord"), close_agent="agent", close_t="t", close_st="st"
    ).with_columns(ord=pl.col("close_ord"))
    joined = tracks.sort("ord").join_asof(nearest.sort("ord"), on="ord", strategy="forward")
    first = (pl.col("close_agent") == pl.col("agent")) & (
        pl.col("next_ord").is_null() | (pl.col("close_ord") < pl.col("next_ord"))
    )
    closed = joined.with_columns(
        next_t=pl.when(first).then(pl.col("close_t")).otherwise(pl.col("next_t")),
        next_st=pl.when(first).then(pl.col("close_st")).otherwise(pl.col("next_st")),
    )
    return _with_end(closed).select(tracks.columns)


_CALLS = tuple(STATE_CODE[name] for name in ("talking", "hold", "ringing"))
_SALT = 0x9E37_79B9


def with_call_keys(found: pl.DataFrame) -> pl.DataFrame:
    """Add `key`: what tells the contacts of one agent apart in ringing, talking and hold runs.

    The key is the hash of the contact id; without ids, an unbroken chain of such runs is one nameless contact, and
    ringing after talk begins the next one.
    """
    nameless = pl.col("st").is_in(_CALLS) & (pl.col("c") == 0)
    no_hole = (pl.col("end").shift(1) >= pl.col("t")).fill_null(True)
    goes_on = nameless.shift(1) & (pl.col("agent") == pl.col("agent").shift(1)) & no_hole
    rings_anew = (pl.col("st") == STATE_CODE["ringing"]) & (pl.col("st").shift(1) != STATE_CODE["ringing"])
    chain = (nameless & (~goes_on | rings_anew).fill_null(True)).cum_sum()
    key = pl.when(nameless).then(chain.hash(_SALT)).when(pl.col("st").is_in(_CALLS)).then(pl.col("c"))
    return found.with_columns(key=key)
