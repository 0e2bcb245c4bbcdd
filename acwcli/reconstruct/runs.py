"""Events → runs: stretches of one state and contact on one track, with their end and what came next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from acwcli.reconstruct.timeline import CLOSERS, REJECTED, STATE_CODE, instant_of, state_of

OPEN_ENDS = (STATE_CODE["unknown"], REJECTED)
"""What comes next but does not tell when the run ended."""


@dataclass(frozen=True)
class Runs:
    """All runs of all agents; columns that few questions look at are worked out when one does.

    Attributes:
        line: one row per run: `agent at st c pos` of its first event where an agent's runs follow each other without
            more ado, else the columns of `every`.
    """

    line: pl.DataFrame

    @cached_property
    def every(self) -> pl.DataFrame:
        """All runs.

        `agent`, `t` (ms), `st`, `c`, `pos` and `ord` (place on the line) of the first event, `end` (ms; null when
        nobody knows), `next_st` (state code of the next run on the track, null at the end of the data), `sure` (the end
        was in the record itself), and what `places` says.
        """
        if not self._is_plain:
            return self.line
        return _with_next(_spelt_out(self.line).with_columns(lane=pl.lit(0, pl.UInt64)), ["agent"])

    def acw(self) -> pl.DataFrame:
        """The runs of ACW, with `agent t st c pos ord end next_st sure`."""
        chosen = pl.col("st") == STATE_CODE["acw"]
        return self._chosen(chosen) if self._is_plain else self.line.filter(chosen)

    def calls(self) -> pl.DataFrame:
        """The runs of ringing, talking and hold: `agent ord t end st pos`, and `key` that tells contacts apart."""
        chosen = pl.col("st").is_in(_CALLS)
        if self._is_plain and self.line.filter(chosen, pl.col("c") == 0).is_empty():
            found = self._chosen(chosen).with_columns(key="c")
        else:
            found = with_call_keys(self.every).filter(chosen)
        return found.select("agent", "ord", "t", "end", "st", "pos", "key")

    def _chosen(self, chosen: pl.Expr) -> pl.DataFrame:
        """Some rows of a plain line, with what came next: only these are worked out."""
        ord = self.line.select(pl.arg_where(chosen)).to_series()
        after = (ord + 1).clip(upper_bound=max(self.line.height - 1, 0))  # the last row has none: told by its place
        found = self.line.select(
            pl.col("agent", "at", "st", "c", "pos").gather(ord),
            ord=ord,
            same=(pl.col("agent").gather(after) == pl.col("agent").gather(ord)) & (after != ord),
            next_at=pl.col("at").gather(after),
        )
        upcoming = pl.when("same")
        found = found.select(
            "agent", "st", "c", "pos", "ord",
            t=instant_of(pl.col("at")),
            next_st=upcoming.then(state_of(pl.col("next_at"))),
            next_t=upcoming.then(instant_of(pl.col("next_at"))),
        )  # fmt: skip
        return _with_end(found).drop("next_t")

    def places(self, found: pl.DataFrame) -> pl.DataFrame:
        """Add what tells whether runs of one contact follow each other.

        `nth` (running number of the run), `busy` (running number of runs that are not `not_ready`, rule 4), `lane` (the
        track) and `closer` (running number of closers).
        """
        if not self._is_plain:
            return found
        counts = self.line.select(busy=_busy(), closer=_closer())
        nth = found["ord"]
        return found.with_columns(
            counts["busy"].gather(nth), counts["closer"].gather(nth), nth=nth, lane=pl.lit(0, pl.UInt64)
        )

    def calls_of(self, keys: pl.Series, states: Sequence[int]) -> pl.DataFrame:
        """The runs of some contacts in some states: `ord agent key`, in order."""
        calls = self.line.lazy() if not self._is_plain else self.line.lazy().with_row_index("ord")
        chosen = pl.col("st").is_in(states) & pl.col("c").is_in(keys.unique().implode())
        return calls.filter(chosen).select("ord", "agent", key="c").sort("ord").collect()

    @property
    def _is_plain(self) -> bool:
        return "end" not in self.line.columns


def runs(line: pl.DataFrame) -> Runs:
    """Fold a time line into runs.

    Args:
        line: `Timeline.line`.
    """
    if "voice" not in line.columns and "e" not in line.columns:
        same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("agent", "st", "c"))
        goes_on = line.select(goes_on=(same & ~pl.col("st").is_in(CLOSERS)).fill_null(False))["goes_on"]
        return Runs(line.filter(~goes_on) if goes_on.any() else line)
    line = _spelt_out(line)
    if "voice" not in line.columns:
        return Runs(_fold(line.with_columns(lane=pl.lit(0, pl.UInt64)), ["agent"]))
    closes_all = pl.col("st").is_in(CLOSERS)
    line = line.with_columns(lane=pl.when("voice").then(pl.lit(0, pl.UInt64)).otherwise(pl.col("track")))
    voice = _fold(line.filter(pl.col("voice") | closes_all), ["agent"])
    other = line.filter(~pl.col("voice") & ~closes_all).sort("agent", "track", "ord")
    return Runs(pl.concat([voice, _close_by_agent(_fold(other, ["agent", "track"]), line.filter(closes_all))]))


def _spelt_out(line: pl.DataFrame) -> pl.DataFrame:
    """With the instant by itself, the place on the line, and the number of closers so far."""
    return line.with_row_index("ord").with_columns(t=instant_of(pl.col("at")), closer=_closer()).drop("at")


def _closer() -> pl.Expr:
    return pl.col("st").is_in(CLOSERS).cum_sum()


def _busy() -> pl.Expr:
    return (pl.col("st") != STATE_CODE["not_ready"]).cum_sum()


def _fold(line: pl.DataFrame, track: list[str]) -> pl.DataFrame:
    same_track = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in track)
    goes_on = same_track & pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in ("st", "c", "closer"))
    if "e" in line.columns:
        line = line.with_columns(goes_on=goes_on.fill_null(False))
        no_later = pl.col("t") <= _latest_end(line).shift(1)
        line = line.with_columns(run=(~(pl.col("goes_on") & (pl.col("e").shift(1).is_null() | no_later))).cum_sum())
        # A last row without an end goes on until the next event, whatever the rows before it said.
        ended = pl.col("e").last().over("run").is_not_null()
        line = line.with_columns(e=pl.when(ended).then(pl.col("e").max().over("run"))).filter(
            pl.col("run").is_first_distinct()
        )
    else:
        line = line.filter(~goes_on.fill_null(False))
    return _with_next(line, track)


def _latest_end(line: pl.DataFrame) -> pl.Series:
    """The latest end told so far where `goes_on`; mostly the row's own, but an interval may lie within another."""
    falls = line.select((pl.col("goes_on") & (pl.col("e") < pl.col("e").shift(1))).any()).item()
    latest = pl.col("e").cum_max().over((~pl.col("goes_on")).cum_sum()) if falls else pl.col("e")
    return line.select(latest)["e"]


def _with_next(line: pl.DataFrame, track: list[str]) -> pl.DataFrame:
    last = ~pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in track).fill_null(False)
    upcoming = pl.when(~last)
    line = line.with_columns(
        next_t=upcoming.then(pl.col("t").shift(-1)),
        next_st=upcoming.then(pl.col("st").shift(-1)),
        next_ord=upcoming.then(pl.col("ord").shift(-1)),
        busy=_busy(),
        nth=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    if "e" in line.columns:
        line = line.with_columns(next_st=_next_different("next_st", track).cast(pl.UInt8))
    return _with_end(line)


def _next_different(told: str, track: list[str]) -> pl.Expr:
    """What is told of the next run with another state or contact: after a hole the same one may simply go on."""
    same_next = pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in (*track, "st", "c"))
    none_left = -1  # what no run has, so that the fill stops at the end of a track
    known = pl.col(told).cast(pl.Int64).fill_null(none_left)
    upcoming = pl.when(~same_next.fill_null(False)).then(known).backward_fill()
    return pl.when(upcoming != none_left).then(upcoming)


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
    other_ord = _next_different("next_ord", ["agent", "track"]) if "e" in tracks.columns else pl.col("next_ord")
    ordered = tracks.with_columns(other_ord=other_ord).sort("ord")
    joined = ordered.join_asof(nearest.sort("ord"), on="ord", strategy="forward")

    def comes_before(ord: str) -> pl.Expr:
        earlier = pl.col(ord).is_null() | (pl.col("close_ord") < pl.col(ord))
        return (pl.col("close_agent") == pl.col("agent")) & earlier

    closed = joined.with_columns(
        next_t=pl.when(comes_before("next_ord")).then(pl.col("close_t")).otherwise(pl.col("next_t")),
        next_st=pl.when(comes_before("other_ord")).then(pl.col("close_st")).otherwise(pl.col("next_st")),
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
