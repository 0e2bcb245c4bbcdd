"""Talk and hold of a contact leg from state events: the sum of the leg's talking and hold runs."""

from __future__ import annotations

import polars as pl

from acwcli.reconstruct.runs import Runs
from acwcli.reconstruct.timeline import STATE_CODE

_TALKING, _HOLD, _RINGING, _ACW = (STATE_CODE[name] for name in ("talking", "hold", "ringing", "acw"))
_NONE = -1
"""In place of null, which a forward fill would fill."""


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
    events = events.with_columns(new=_new_contact()).with_columns(new=_new_leg())
    # Rows of a leg stand side by side: a sum of the leg is what a running sum has grown by from its last row to the
    # last row of the next. Grouping by leg, of which there are a third as many as rows, takes twice as long.
    ends = events.select(_ends_leg(), **_running(), **_carried()).filter("ends").drop("ends")
    sums = [(pl.col(name) - pl.col(name).shift(1, fill_value=0)).alias(name) for name in _running()]
    whole = events.filter("new").select("agent", "key", "t", first_ord="ord").hstack(ends.with_columns(sums))
    return whole.with_columns(_over(events)).filter(pl.col("pos") != _NONE).select(
        "agent", "key", "t", "first_ord",
        pl.when(pl.col("talked") > 0).then("talk_ms"),
        pl.when(pl.col("held") > 0).then("hold_ms"),
        "acw_ms", "over",
        pl.col("pos").cast(pl.UInt32),
        pl.when(pl.col("wrap") != _NONE).then("wrap").cast(pl.UInt32),
        sure_talk=pl.col("open_talk") == 0,
        sure_acw=pl.col("open_acw") == 0,
    )  # fmt: skip


def _running() -> dict[str, pl.Expr]:
    """Running sums over all legs."""
    talking, hold, acw = (pl.col("st") == code for code in (_TALKING, _HOLD, _ACW))
    length, unknown = (pl.col("end") - pl.col("t")).fill_null(0), pl.col("end").is_null()
    parts = {"talk_ms": talking, "hold_ms": hold, "acw_ms": acw}
    counts = {"talked": talking, "held": hold, "open_talk": (talking | hold) & unknown, "open_acw": acw & unknown}
    return {
        **{name: pl.when(part).then(length).otherwise(0).cum_sum() for name, part in parts.items()},
        **{name: rows.cum_sum() for name, rows in counts.items()},
    }


def _carried() -> dict[str, pl.Expr]:
    """What a leg's last row knows of its first talk and its first wrap."""
    spoken, acw = pl.col("st").is_in((_TALKING, _HOLD)), pl.col("st") == _ACW
    return {"pos": _first_of_leg(spoken), "wrap": _first_of_leg(acw)}


def _first_of_leg(wanted: pl.Expr) -> pl.Expr:
    """`pos` at the first wanted row of the leg, from there to its last row; before, and without one, `_NONE`."""
    seen = pl.when(wanted).then(True).when("new").then(False).forward_fill()
    first = wanted & (pl.col("new") | ~seen.shift(1))
    return pl.when(first).then(pl.col("pos").cast(pl.Int64)).when("new").then(_NONE).forward_fill()


def _over(events: pl.DataFrame) -> pl.Series:
    """The last instant of each leg: mostly the last known end, but intervals may lie within others."""
    known = pl.when("new").then(pl.col("end").fill_null(_NONE)).otherwise("end").forward_fill()
    within = ~pl.col("new") & (pl.col("end") < known.shift(1))
    if events.select(within.any()).item():
        of_leg = events.group_by(leg=pl.col("new").cum_sum(), maintain_order=True)
        return of_leg.agg(over=pl.col("end").max())["over"]
    last = events.select(_ends_leg(), over=known).filter("ends")
    return last.select(over=pl.when(pl.col("over") != _NONE).then("over"))["over"]


def placed(values: pl.Series, places: pl.Series, height: int) -> pl.Series:
    """Put values at their places among so many rows, null elsewhere: a join by row number for little."""
    nothing = pl.Series(values.name, [None], dtype=values.dtype).new_from_index(0, height)
    return nothing.scatter(places, values)


def _ends_leg() -> pl.Expr:
    return pl.col("new").shift(-1, fill_value=True).alias("ends")


def _events(runs: Runs, wraps: pl.DataFrame) -> pl.DataFrame:
    """Ringing, talk and hold, and wraps as the ACW among them, in order; `pos` of a wrap is its own row."""
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
    return pl.concat([runs.calls(), marks], how="vertical_relaxed").sort("ord")


def _by_contact(events: pl.DataFrame) -> pl.DataFrame:
    """Put the events of a contact side by side, in order; mostly they are, and sorting by contact is dear."""
    starts = events.filter(_new_contact()).select(contact=pl.col("key") ^ pl.col("agent").hash())
    if starts["contact"].n_unique() < starts.height:  # two contacts of one hash: sorted for nothing
        return events.sort("agent", "key", "ord")
    return events


def _new_contact() -> pl.Expr:
    goes_on = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("agent", "key"))
    return ~goes_on | (pl.int_range(pl.len()) == 0)


def _new_leg() -> pl.Expr:
    """Mark the first row of each leg among events that stand contact by contact; `new` marks that of each contact.

    A leg begins at the first ringing or talking after the ACW before it; hold and ACW stay in the leg they follow.
    """
    begins = pl.col("st").is_in((_TALKING, _RINGING))
    wrapped = pl.when(pl.col("st") == _ACW).then(True).when(begins | pl.col("new")).then(False).forward_fill()
    return pl.col("new") | (begins & wrapped.shift(1))
