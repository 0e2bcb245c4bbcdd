"""Talk and hold of a contact leg from state events: the sum of the leg's talking and hold runs."""

from __future__ import annotations

import polars as pl

from acwcli.reconstruct.runs import with_call_keys
from acwcli.reconstruct.timeline import STATE_CODE

_TALKING, _HOLD, _RINGING, _ACW = (STATE_CODE[name] for name in ("talking", "hold", "ringing", "acw"))


def legs(runs: pl.DataFrame, wraps: pl.DataFrame) -> pl.DataFrame:
    """Sum talk and hold per leg; a new ringing or talking of a contact after its ACW begins another leg.

    Args:
        runs: all runs of all agents.
        wraps: joined wraps with `agent`, `key`, `ord` (place of their first piece), `acw_ms` and `counted` (their
            length may enter statistics).

    Returns:
        One row per leg that talked: `agent key t over` (ms, first and last instant), `talk_ms hold_ms acw_ms` (sums),
        `sure_talk` and `sure_acw` (false when some part has no known end), `pos` (row of its first talk), `first_ord`
        (its place) and `wrap_ord` (`ord` of its first wrap, null for none).
    """
    talks = (
        with_call_keys(runs)
        .filter(pl.col("st").is_in((_TALKING, _HOLD, _RINGING)))
        .select("agent", "ord", "t", "end", "st", "pos", "key")
    )
    marks = wraps.filter(pl.col("key").is_not_null()).select(
        "agent",
        "ord",
        "t",
        pl.when("counted").then(pl.col("t") + pl.col("acw_ms")).alias("end"),
        pl.lit(_ACW, pl.UInt8).alias("st"),
        "pos",
        "key",
    )
    events = pl.concat([talks, marks], how="vertical_relaxed").sort("agent", "key", "ord")
    # A leg begins at the first ringing or talking after the ACW before it; hold and ACW stay in the leg they follow.
    behind = (pl.col("st") == _ACW).cum_sum().over("agent", "key")
    opens = pl.when(pl.col("st").is_in((_TALKING, _RINGING))).then(behind)
    events = events.with_columns(
        leg=opens.forward_fill().over("agent", "key").fill_null(0), length=pl.col("end") - pl.col("t")
    )
    talking, hold, acw = (pl.col("st") == code for code in (_TALKING, _HOLD, _ACW))
    summed = events.group_by("agent", "key", "leg", maintain_order=True).agg(
        pl.col("t").first(),
        first_ord=pl.col("ord").first(),
        talk_ms=pl.when(talking.any()).then(pl.col("length").filter(talking).sum()),
        hold_ms=pl.when(hold.any()).then(pl.col("length").filter(hold).sum()),
        acw_ms=pl.col("length").filter(acw).sum(),
        over=pl.col("end").max(),
        sure_talk=~(pl.col("end").is_null() & (talking | hold)).any(),
        sure_acw=~(pl.col("end").is_null() & acw).any(),
        pos=pl.col("pos").filter(talking | hold).first(),
        wrap_ord=pl.col("ord").filter(acw).first(),
    )
    return summed.filter(pl.col("pos").is_not_null())
