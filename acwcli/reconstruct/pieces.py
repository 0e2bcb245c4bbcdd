"""ACW runs → wraps: whose contact a piece belongs to, and which pieces are one wrap (rules 3 and 4)."""

from __future__ import annotations

from typing import Literal

import polars as pl

from acwcli.model.repeats import repeated
from acwcli.reconstruct.runs import Runs, with_call_keys
from acwcli.reconstruct.timeline import REJECTED, STATE_CODE

INHERIT_MS = 10 * 60_000
"""How long after the end of the last talk a nameless ACW still belongs to it."""

_AFTER_MS = 5_000

_MIX = 0x9E37_79B9_7F4A_7C15  # spreads small numbers over 64 bits

_TALKS = (STATE_CODE["talking"], STATE_CODE["hold"])
_REOPENS = (STATE_CODE["talking"], STATE_CODE["ringing"])


def pieces(runs: Runs, records: pl.DataFrame | None) -> pl.DataFrame:
    """Pick the ACW runs and decide whose contact each one is.

    Args:
        runs: all runs.
        records: contact records of the same agents as `agent` (physical code), `record_end` (ms), `record` (index),
            `record_c` (hash of their contact id), sorted by `record_end`; or None.

    Returns:
        The ACW runs with `key` (what joins pieces; null for orphans), `inherited` (bool), `talk_pos` (row of the talk
        it was inherited from) and `record` (index of the record that named it).
    """
    found = runs.acw().with_columns(
        key=pl.when(pl.col("c") != 0).then(pl.col("c")),
        inherited=pl.col("c") == 0,
        talk_pos=pl.lit(None, pl.UInt32),
        record=pl.lit(None, pl.UInt32),
        unnamed=pl.lit(False),
    )
    if not found["inherited"].any():
        return found
    named = found.filter(~pl.col("inherited"))
    nameless = _inherit(found.filter(pl.col("inherited")), runs.every)
    if records is not None:
        nameless = _name_orphans(nameless, records)
    return pl.concat([named, nameless.select(named.columns)]).sort("ord")


def _inherit(nameless: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Give each piece the contact of the agent's last talk, if that ended at most ten minutes before."""
    talks = with_call_keys(runs).filter(pl.col("st").is_in(_TALKS)).sort("ord")
    talks = talks.select(
        "ord", talk_agent="agent", talk_c="c", talk_key="key", talk_end=pl.coalesce("end", "next_t"), last_talk="pos"
    )
    joined = nameless.sort("ord").join_asof(talks, on="ord", strategy="backward")
    ended = pl.min_horizontal(pl.coalesce("talk_end", "t"), "t")
    belongs = (pl.col("talk_agent") == pl.col("agent")) & (pl.col("t") - ended <= INHERIT_MS)
    return joined.with_columns(
        key=pl.when(belongs).then(pl.col("talk_key")),
        talk_pos=pl.when(belongs).then(pl.col("last_talk")),
        unnamed=belongs.fill_null(False) & (pl.col("talk_c") == 0),
    )


def nearest_record(frame: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Find the agent's contact record that ended nearest to `t`, from 10 min before to 5 s after it.

    Returns:
        The frame, in order of `t`, with `found` (index of the record) and `found_c` (hash of its contact).
    """
    once = records.unique(["agent", "record_end"], keep="first", maintain_order=True)
    looking = frame.sort("t", maintain_order=True).with_columns(record_end=pl.col("t"))
    sides: tuple[tuple[str, Literal["backward", "forward"], int], ...] = (
        ("before", "backward", INHERIT_MS),
        ("after", "forward", _AFTER_MS),
    )
    for side, strategy, tolerance in sides:
        right = once.select(
            "agent", "record_end", pl.col("record_end").alias(side), pl.col("record").alias(f"{side}_record"),
            pl.col("record_c").alias(f"{side}_c"),
        )  # fmt: skip
        looking = looking.join_asof(
            right, on="record_end", by="agent", strategy=strategy, tolerance=tolerance, check_sortedness=False
        )  # fmt: skip
    later = (pl.col("after") - pl.col("t")) < (pl.col("t") - pl.col("before"))
    use_after = pl.col("before").is_null() | later.fill_null(False)
    return looking.with_columns(
        found=pl.when(use_after).then(pl.col("after_record")).otherwise(pl.col("before_record")),
        found_c=pl.when(use_after).then(pl.col("after_c")).otherwise(pl.col("before_c")),
    )


def _name_orphans(nameless: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Pieces that follow no talk belong to the nearest contact record, if there is one."""
    no_talk = pl.col("key").is_null()
    return nearest_record(nameless, records).with_columns(
        key=pl.when(no_talk).then(pl.col("found_c")).otherwise(pl.col("key")),
        record=pl.when(no_talk).then(pl.col("found")),
    )


def name_wraps(joined: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """A wrap whose talk has no contact id takes that of the nearest contact record; its leg stays its own."""
    if not joined["unnamed"].any():
        return joined
    named = nearest_record(joined.filter("unnamed"), records).with_columns(record=pl.col("found"))
    return pl.concat([joined.filter(~pl.col("unnamed")), named.select(joined.columns)])


def join_pieces(found: pl.DataFrame, runs: Runs, max_wrap_ms: int) -> pl.DataFrame:
    """Join the pieces of one wrap.

    Args:
        found: the result of `pieces`.
        runs: all runs, to see what lies between two pieces.
        max_wrap_ms: pieces this far apart are different wraps.

    Returns:
        One row per wrap: `agent t end acw_ms pieces next_st sure open invalid orphan pos talk_pos record key`.
    """
    found = found.with_columns(
        invalid=pl.col("end").is_null() & (pl.col("next_st") == REJECTED).fill_null(False),
        open=pl.col("end").is_null(),
        acw_ms=pl.col("end") - pl.col("t"),
        pieces=pl.lit(1, pl.Int64),
        orphan=pl.col("key").is_null(),
    )
    near = _near(found, max_wrap_ms)
    columns = [
        "agent", "t", "end", "acw_ms", "pieces", "next_st", "sure", "open", "invalid", "orphan", "pos", "talk_pos",
        "record", "unnamed", "key", "ord",
    ]  # fmt: skip
    if near.is_empty():
        return found.select(columns)
    joined = _merge(_link(near, runs, max_wrap_ms))
    alone = ~pl.col("ord").is_in(near["ord"].implode())
    return pl.concat([found.filter(alone).select(columns), joined.select(columns)])


def _several(found: pl.DataFrame) -> pl.Series:
    """Which pieces share agent and contact with another one; a clash of hashes only costs a closer look."""
    return repeated(found.select(pl.col("key") ^ (pl.col("agent").cast(pl.UInt64) * _MIX))["key"])


def _near(found: pl.DataFrame, max_wrap_ms: int) -> pl.DataFrame:
    """The pieces that may be one wrap with another one: contact ids that come back every day are no reason to look."""
    several = found.filter(_several(found)).sort("agent", "key", "ord")
    follows = _follows(max_wrap_ms)
    return several.filter(follows | follows.shift(-1, fill_value=False))


def _follows(max_wrap_ms: int) -> pl.Expr:
    """Whether a piece is of the same agent and contact as the one in the row before, and soon after it."""
    before = {name: pl.col(name).shift(1) for name in ("agent", "key", "t", "end")}
    same = (pl.col("agent") == before["agent"]) & (pl.col("key") == before["key"])
    soon = pl.col("t") - pl.coalesce(before["end"], before["t"]) < max_wrap_ms
    return (same & soon).fill_null(False)


def _link(near: pl.DataFrame, runs: Runs, max_wrap_ms: int) -> pl.DataFrame:
    """Number the wraps among pieces that share agent and contact."""
    near = _with_last_reopening(runs.places(near.sort("ord")), runs).sort("agent", "key", "ord")
    before = {name: pl.col(name).shift(1) for name in ("end", "inherited", "ord", "busy", "nth", "lane", "closer")}
    one_lane = (pl.col("lane") == before["lane"]) & (pl.col("closer") == before["closer"])
    only_not_ready = one_lane & (pl.col("busy") - before["busy"] == 1)
    reopened = (pl.col("reopened") > before["ord"]).fill_null(False)
    either_inherited = pl.col("inherited") | before["inherited"]
    one_wrap = pl.when(either_inherited).then(only_not_ready).otherwise(~reopened)
    joins = (_follows(max_wrap_ms) & one_wrap).fill_null(False)
    touching = joins & (pl.col("t") == before["end"]).fill_null(False) & one_lane & (pl.col("nth") - before["nth"] == 1)
    return near.with_columns(wrap=(~joins).cum_sum(), pieces=(~touching).cast(pl.Int64))


def _with_last_reopening(near: pl.DataFrame, runs: Runs) -> pl.DataFrame:
    """Add `reopened`: the place of the last ringing or talking of the same contact before the piece."""
    return near.join_asof(
        runs.calls_of(near["key"], _REOPENS).with_columns(reopened="ord"),
        on="ord",
        by=["agent", "key"],
        strategy="backward",
        check_sortedness=False,
    )


def _merge(linked: pl.DataFrame) -> pl.DataFrame:
    """Fold linked pieces: sum of lengths, outer instants, the end of the last one."""
    return linked.group_by("wrap", maintain_order=True).agg(
        pl.col("agent", "t", "pos", "talk_pos", "record", "unnamed", "key", "orphan", "ord").first(),
        pl.col("next_st", "sure").last(),
        pl.col("pieces").sum(),
        pl.when(~pl.col("open").any()).then(pl.col("end").max()).alias("end"),
        pl.when(~pl.col("open").any()).then(pl.col("acw_ms").sum()).alias("acw_ms"),
        pl.col("open", "invalid").any(),
    )  # fmt: skip
