"""Talk and hold of a contact leg from state events: the sum of the leg's talking and hold runs."""

from __future__ import annotations

import polars as pl

from acwcli.model.repeats import repeated
from acwcli.reconstruct.runs import Runs, with_call_keys
from acwcli.reconstruct.timeline import STATE_CODE

_TALKING, _HOLD, _RINGING, _ACW = (STATE_CODE[name] for name in ("talking", "hold", "ringing", "acw"))


def legs(runs: Runs, wraps: pl.DataFrame) -> pl.DataFrame:
    """Sum talk and hold per leg; a new ringing or talking of a contact after its ACW begins another leg.

    Args:
        runs: all runs of all agents.
        wraps: joined wraps with `agent`, `key`, `ord` (place of their first piece), `acw_ms` and `counted` (their
            length may enter statistics).

    Returns:
        One row per leg that talked: `agent key t over` (ms, first and last instant), `talk_ms hold_ms acw_ms` (sums),
        `sure_talk` and `sure_acw` (false when some part has no known end), `pos` (row of its first talk), `first_ord`
        (its place) and `wrap` (row of its first wrap, null for none).
    """
    events = _by_contact(_events(runs, wraps))
    talking, hold, acw = (pl.col("st") == code for code in (_TALKING, _HOLD, _ACW))
    spoken, length = talking | hold, pl.col("end") - pl.col("t")
    known = pl.when(length.is_not_null())
    numbered = events.with_columns(leg=_leg_numbers())
    # Plain sums of columns: conditions inside the aggregation take twenty times as long.
    parts = numbered.select(
        "leg", "agent", "key", "t", "ord", "end",
        talked=talking, held=hold,
        talk_ms=known.then(pl.when(talking).then(length).otherwise(0)),
        hold_ms=known.then(pl.when(hold).then(length).otherwise(0)),
        acw_ms=known.then(pl.when(acw).then(length).otherwise(0)),
        open_talk=pl.col("end").is_null() & spoken,
        open_acw=pl.col("end").is_null() & acw,
    )  # fmt: skip
    summed = parts.group_by("leg", maintain_order=True).agg(
        pl.col("agent", "key", "t").first(),
        first_ord=pl.col("ord").first(),
        over=pl.col("end").max(),
        **{name: pl.col(name).sum() for name in ("talk_ms", "hold_ms", "acw_ms")},
        **{name: pl.col(name).any() for name in ("talked", "held", "open_talk", "open_acw")},
    )
    first = (pl.col("leg") != pl.col("leg").shift(1)).fill_null(True)  # legs are numbered in their order, from 1
    talk, wrap = (numbered.filter(which).filter(first).select("leg", "pos") for which in (spoken, acw))
    summed = summed.with_columns(
        placed(talk["pos"], talk["leg"] - 1, summed.height),
        placed(wrap["pos"], wrap["leg"] - 1, summed.height).alias("wrap"),
    ).with_columns(
        talk_ms=pl.when("talked").then("talk_ms"),
        hold_ms=pl.when("held").then("hold_ms"),
        sure_talk=~pl.col("open_talk"),
        sure_acw=~pl.col("open_acw"),
    )
    columns = ("agent", "key", "t", "first_ord", "talk_ms", "hold_ms", "acw_ms", "over", "sure_talk", "sure_acw")
    return summed.select(*columns, "pos", "wrap").filter(pl.col("pos").is_not_null())


def placed(values: pl.Series, places: pl.Series, height: int) -> pl.Series:
    """Put values at their places among so many rows, null elsewhere: a join by row number for little."""
    nothing = pl.Series(values.name, [None], dtype=values.dtype).new_from_index(0, height)
    return nothing.scatter(places, values)


def _events(runs: Runs, wraps: pl.DataFrame) -> pl.DataFrame:
    """Ringing, talk and hold, and wraps as the ACW among them, in order; `pos` of a wrap is its own row."""
    talks = (
        with_call_keys(runs.every)
        .filter(pl.col("st").is_in((_TALKING, _HOLD, _RINGING)))
        .select("agent", "ord", "t", "end", "st", "pos", "key")
    )
    marks = (
        wraps.with_row_index("wrap")
        .filter(pl.col("key").is_not_null())
        .select(
            "agent",
            "ord",
            "t",
            pl.when("counted").then(pl.col("t") + pl.col("acw_ms")).alias("end"),
            pl.lit(_ACW, pl.UInt8).alias("st"),
            pl.col("wrap").alias("pos"),
            "key",
        )
    )
    return pl.concat([talks, marks], how="vertical_relaxed").sort("ord")


def _by_contact(events: pl.DataFrame) -> pl.DataFrame:
    """Put the events of a contact side by side, in order; mostly they are, and sorting by contact is dear."""
    goes_on = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("agent", "key"))
    begins = events.filter(~goes_on).select(pl.struct("agent", "key").hash()).to_series()
    if repeated(begins).any():
        return events.sort("agent", "key", "ord")
    return events


def _leg_numbers() -> pl.Expr:
    """Number the legs of events that stand contact by contact.

    A leg begins at the first ringing or talking after the ACW before it; hold and ACW stay in the leg they follow.
    Shifts in place of windows over contacts, of which there are nearly as many as rows.
    """
    acw = (pl.col("st") == _ACW).cast(pl.Int64)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("agent", "key"))
    new = ~same | (pl.int_range(pl.len()) == 0)
    before = pl.when(new).then(acw.cum_sum() - acw).forward_fill()
    behind = acw.cum_sum() - before
    opens = pl.when(pl.col("st").is_in((_TALKING, _RINGING))).then(behind)
    leg = pl.when(new).then(opens.fill_null(0)).otherwise(opens).forward_fill()
    return (new | (leg != leg.shift(1))).cum_sum()
