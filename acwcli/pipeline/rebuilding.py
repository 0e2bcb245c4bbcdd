"""From canonical frames to wraps: rebuild, complete, join the roster, filter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from acwcli.analyse import select
from acwcli.model import repeats
from acwcli.model.columns import COUNTED, LEGS, WRAP_FRAME
from acwcli.model.counts import counted
from acwcli.pipeline.loading import Loaded
from acwcli.reconstruct.combine import Reconstructed, reconstruct
from acwcli.reconstruct.merge import merged
from acwcli.reconstruct.reconcile import AGREEMENT, reconcile

if TYPE_CHECKING:
    from acwcli.formats.lookup import Lookup
    from acwcli.formats.roster import Roster
    from acwcli.pipeline.spilling import Spilled
    from acwcli.pipeline.veil import Pseudonyms

GROUP_TEXTS = ("agent_id", "contact_id", "queue", "channel", "direction", "disposition")


@dataclass(frozen=True)
class WrapOptions:
    """How wraps are rebuilt and which of them count.

    Attributes:
        max_wrap_ms: a longer wrap is stuck.
        gap_cap_ms: infer wraps from gaps between contacts up to this length; None: never.
        since: first instant (inclusive) of `wrap_start`, or None.
        until: last instant (exclusive) of `wrap_start`, or None.
        where: SQL expression over wraps columns, or None.
        tz: zone of derived days and hours, of bare dates and of instants in `where`.
    """

    max_wrap_ms: int = 4 * 3_600_000
    gap_cap_ms: int | None = None
    since: str | None = None
    until: str | None = None
    where: str | None = None
    tz: str = "UTC"


@dataclass
class Wraps:
    """Every wrap of the input, whatever its status, after filters.

    Attributes:
        frame: the engine's wraps (lengths in ms, `file` index and `row` of origin) with roster columns; their columns
            only when the rows are on disk.
        legs: contact legs for talk, hold and handle time, not filtered yet; None unless asked for.
        loaded: the files behind it.
        notes: what a reader of the figures should know.
        roster_columns: what the roster brought.
        reconciliation: how far states and contact records agree, an agent a row; without rows where one has no ACW.
        aggregates: sums where the input holds nothing else; there are no wraps then.
        pseudonyms: what agents are called, where they are hidden.
        spilled: the rows on disk, where memory is too small for them and the caller can do without them in it.
        spilled_legs: those legs on disk that are asked for, in place of `legs`.
    """

    frame: pl.DataFrame
    legs: pl.DataFrame | None
    loaded: Loaded
    options: WrapOptions
    notes: list[str] = field(default_factory=list)
    roster_columns: tuple[str, ...] = ()
    reconciliation: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=AGREEMENT))
    aggregates: pl.DataFrame | None = None
    pseudonyms: Pseudonyms | None = None
    spilled: Spilled | None = None
    spilled_legs: Spilled | None = None

    def rows(self) -> pl.LazyFrame:
        """The wraps, wherever they are."""
        return self.frame.lazy() if self.spilled is None else self.spilled.rows()

    def legs_asked_for(self, *, silent: bool = False) -> pl.LazyFrame | None:
        """The legs that `chosen_legs` picks, wherever they are; None where there are none."""
        if self.spilled_legs is not None:
            return self.spilled_legs.rows()  # picked as they were written
        return None if self.legs is None else chosen_legs(self.legs, self.options, silent=silent).lazy()

    def count(self) -> int:
        """How many wraps there are, of any status."""
        return int(self.rows().select(pl.len()).collect(engine="streaming").item())

    def statuses(self) -> dict[str, int]:
        """How many wraps have each status."""
        counted = self.rows().group_by("status").len().collect(engine="streaming")
        return dict(counted.sort("status").iter_rows())


def wraps(
    loaded: Loaded,
    options: WrapOptions,
    needs: frozenset[str],
    roster: Roster | None = None,
    lookup: Lookup | None = None,
) -> Wraps:
    """Rebuild and filter the wraps of loaded files.

    Args:
        loaded: the result of `load`.
        options: see `WrapOptions`.
        needs: wrap columns the question needs (internal names: `acw_ms`, not `acw_s`).
        roster: columns to join by agent, or None.
        lookup: names to put where ids stand, or None.

    Returns:
        Wraps of every status.
    """
    found = _rebuilt(loaded, options, needs)
    for file, reasons in found.ignored.items():
        loaded.counts[file].ignored.update(reasons)
    result = Wraps(complete(found.wraps), found.legs, loaded, options)
    if found.records is not None and {"contact_id", "acw_ms"} <= needs:
        result.reconciliation = reconcile(result.frame, found.records)
    if found.legs is not None:
        result.legs = complete_legs(found.legs)
    result.notes += silent_talk(loaded, needs)
    result.aggregates = _sums(result)
    return named_and_filtered(kept(result), roster, lookup)


def _rebuilt(loaded: Loaded, options: WrapOptions, needs: frozenset[str]) -> Reconstructed:
    """The wraps of all agents at once, or of one part of the agents after the other where rows are on disk."""
    if loaded.elsewhere is not None:
        found = loaded.elsewhere.rebuilt(needs, options.max_wrap_ms, options.gap_cap_ms)
        _add_given(found, loaded, None)
        return found
    if loaded.parts:
        return merged((of_agents(loaded, options, needs, part) for part in range(loaded.parts)), needs)
    return of_agents(loaded, options, needs, None)


def of_agents(loaded: Loaded, options: WrapOptions, needs: frozenset[str], part: int | None) -> Reconstructed:
    """The wraps of one part of the agents, rebuilt or as wraps files have them; of all for None."""
    found = reconstruct(
        loaded.of_kind("states", part),
        loaded.of_kind("contacts", part),
        needs=needs,
        max_wrap_ms=options.max_wrap_ms,
        gap_cap_ms=options.gap_cap_ms,
    )
    _add_given(found, loaded, part)
    return found


def silent_talk(loaded: Loaded, needs: frozenset[str]) -> list[str]:
    """Say what wraps files cannot tell of talk."""
    if LEGS not in needs or all(file.kind != "wraps" for file in loaded.files):
        return []
    return ["wraps files hold only contacts with a wrap; the talk of others is not in them"]


def named_and_filtered(result: Wraps, roster: Roster | None, lookup: Lookup | None) -> Wraps:
    """Put names where ids stand, join the roster, and keep the wraps that are asked for."""
    if roster is not None:
        result.notes.extend([*roster.notes, *roster.unknown(result.frame["agent_id"])])
    if lookup is not None:
        result.notes.extend(lookup.said(result.frame if result.aggregates is None else complete(result.aggregates)))
        result, roster = with_names(result, lookup), lookup.roster(roster)
    return filtered(result, roster)


def with_names(result: Wraps, lookup: Lookup) -> Wraps:
    """Put names where ids stand, before any filter looks."""
    legs, sums = result.legs, result.aggregates
    return replace(
        result,
        frame=lookup.named(result.frame),
        legs=None if legs is None else lookup.named(legs),
        aggregates=None if sums is None else lookup.named(sums),
    )


def _sums(result: Wraps) -> pl.DataFrame | None:
    """Rows of sums, which cannot share a figure with single wraps and give way to them."""
    loaded = result.loaded
    sums = loaded.of_kind("aggregates")
    if sums is None:
        return None
    from acwcli.analyse.aggregates import NOTE

    files = [place for place, file in enumerate(loaded.files) if file.kind == "aggregates"]
    if len(files) == len(loaded.files):
        result.notes.append(f"{', '.join(loaded.files[place].source for place in files)}: {NOTE}")
        again = (
            sums["wrap_start"].is_not_null()
            & ~sums.select(pl.struct(pl.exclude("file", "row")).is_first_distinct()).to_series()
        )
        for place, count in sums.filter(again).group_by("file").len().iter_rows():
            loaded.counts[place].ignored["duplicate"] += count
        return sums.filter(~again)
    for place in files:
        loaded.counts[place].ignored["sums beside single wraps"] += loaded.files[place].frame.height
    result.notes.append("sums are left out beside exports with single wraps; ask for them apart")
    return None


def _add_given(found: Reconstructed, loaded: Loaded, part: int | None) -> None:
    """Take wraps files as they are; the same wrap twice, or one rebuilt from the other files too, counts once."""
    given = loaded.of_kind("wraps", part)
    if given is None:
        return
    brought, given = given.columns, complete(given)
    repeated = _again(given, loaded)
    if not found.wraps.is_empty():
        same = ("agent_id", "wrap_start", "acw_ms")
        rebuilt = found.wraps.select(pl.col("agent_id").cast(given.schema["agent_id"]), *same[1:], again=True).unique()
        marked = given.join(rebuilt, on=same, how="left", maintain_order="left", nulls_equal=True)
        repeated |= marked["again"].fill_null(False)
    repeated &= given["wrap_start"].is_not_null()
    if repeated.any():
        found.ignore("duplicate", given.filter(repeated))
        given = given.filter(~repeated)
    own = given.select(brought)
    found.wraps = pl.concat([found.wraps, own], how="diagonal_relaxed") if found.wraps.width else own
    if found.legs is not None or given["talk_ms"].null_count() < given.height:
        talk = given.filter(pl.col("talk_ms").is_not_null()).with_columns(
            started_at="wrap_start",
            sure_talk=True,
            sure_acw=pl.col("status").is_in(COUNTED),
            # Of talk time, not of the wrap: what legs of states and of records say, too.
            method=pl.when(pl.col("method") == "state").then(pl.lit("state")).otherwise(pl.lit("duration")),
        )
        found.legs = talk if found.legs is None else pl.concat([found.legs, talk], how="diagonal_relaxed")


def _again(given: pl.DataFrame, loaded: Loaded) -> pl.Series:
    """Mark wraps equal to an earlier one in every column; only those alike in three are looked at in all."""
    if _in_strict_order(given):
        return pl.repeat(False, given.height, eager=True, dtype=pl.Boolean)
    alike = repeats.repeated(given.select(pl.struct("agent_id", "wrap_start", "acw_ms").hash()).to_series())
    if not alike.any():
        return alike
    places = alike.arg_true()
    several = loaded.whole(given.filter(alike))
    first = several.select(pl.struct(pl.exclude("file", "row", "timed_out")).is_first_distinct()).to_series()
    every = pl.int_range(given.height, dtype=pl.UInt32, eager=True)
    return every.is_in(places.filter(~first).implode())


def _in_strict_order(given: pl.DataFrame) -> bool:
    """Whether each agent's wraps stand together, each one later than the one before, as they are written."""
    agent, start = pl.col("agent_id").to_physical(), pl.col("wrap_start")
    goes_on = (agent == agent.shift(1)).fill_null(False)
    told = given.select(
        later=(~goes_on | (start > start.shift(1))).all(ignore_nulls=False),
        stretches=(~goes_on).sum(),
        agents=agent.n_unique(),
    )
    later, stretches, agents = told.row(0)
    return later is True and stretches == agents


def complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Make sure every wrap column exists, null where nobody asked for it or knows it."""
    every = {**WRAP_FRAME, "file": pl.UInt32()}
    missing = {name: kind for name, kind in every.items() if name not in frame.columns and name != "source"}
    return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in missing.items())


def complete_legs(legs: pl.DataFrame) -> pl.DataFrame:
    """Make sure legs have the columns that wraps are grouped by."""
    columns = (*GROUP_TEXTS, "method")
    legs = legs.with_columns(pl.lit(None, pl.String).alias(name) for name in columns if name not in legs.columns)
    return legs.with_columns(wrap_start="started_at")


def chosen_legs(legs: pl.DataFrame, options: WrapOptions, *, silent: bool) -> pl.DataFrame:
    """The legs that are asked for: all as they began, or handled contacts without a wrap as they were over."""
    if silent:
        legs = legs.filter(pl.col("unwrapped") & pl.col("sure_talk")).with_columns(wrap_start="over", wrap_end="over")
        legs = complete(legs)
    return asked_for(legs, options)[0]


def kept(result: Wraps) -> Wraps:
    """Leave out what a store no longer keeps."""
    since = result.loaded.since
    if since is None:
        return result
    stays = pl.col("wrap_start").is_null() | (pl.col("wrap_start") >= since)
    sums = result.aggregates
    return replace(
        result,
        frame=result.frame.filter(stays),
        legs=result.legs.filter(stays) if result.legs is not None else None,
        aggregates=sums.filter(stays) if sums is not None else None,
    )


def filtered(result: Wraps, roster: Roster | None) -> Wraps:
    """Join the roster, and keep the wraps that are asked for."""
    found, unplaced = picked(result, roster)
    found.notes += unplaced_notes(unplaced)
    if found.aggregates is not None:
        sums = roster.join(found.aggregates) if roster is not None else found.aggregates
        sums = _with_source(sums, found.loaded).with_columns(method=pl.lit("aggregate"))
        found.aggregates, unplaced = asked_for(sums, found.options)
        if unplaced:
            found.notes.append(f"{unplaced:,} sums without an instant are in no span of time (--since, --until)")
    found.notes += mixed_evidence(found)
    return found


def picked(result: Wraps, roster: Roster | None) -> tuple[Wraps, int]:
    """Join the roster, and keep the wraps that are asked for; also say how many have no instant to tell by."""
    frame, legs = result.frame, result.legs
    if roster is not None:
        frame = roster.join(frame)
        legs = roster.join(legs) if legs is not None else None
    frame, unplaced = asked_for(_with_source(frame, result.loaded), result.options)
    legs = _with_source(legs, result.loaded) if legs is not None else None
    columns = tuple(roster.columns) if roster is not None else ()
    return replace(result, frame=frame, legs=legs, roster_columns=columns), unplaced


def unplaced_notes(unplaced: int) -> list[str]:
    """Say how many wraps no span of time has."""
    said = counted(unplaced, "wrap without an instant is", "wraps without an instant are")
    return [f"{said} in no span of time (--since, --until)"] if unplaced else []


def asked_for(frame: pl.DataFrame, options: WrapOptions) -> tuple[pl.DataFrame, int]:
    """Keep the wraps or legs of the span and condition; also say how many have no instant to tell by."""
    return select.select_rows(frame, since=options.since, until=options.until, where=options.where, tz=options.tz)


def mixed_evidence(found: Wraps) -> list[str]:
    """Methods are never mixed silently; state logs alone have one."""
    if all(file.kind == "states" for file in found.loaded.files):
        return []
    counted = found.rows().filter(pl.col("status").is_in(COUNTED))
    methods = counted.group_by("method").len().collect(engine="streaming").sort("method")
    if methods.height < 2:
        return []
    listed = ", ".join(f"{count:,} {method}" for method, count in methods.iter_rows())
    first = methods["method"][0]
    return [
        f"wraps of mixed evidence: {listed}; --by method tells them apart, --where \"method = '{first}'\" picks one"
    ]


def _with_source(frame: pl.DataFrame, loaded: Loaded) -> pl.DataFrame:
    """Name the file of each row; one dictionary entry per file, not a string per row."""
    names = pl.Series([item.source for item in loaded.files], dtype=pl.Categorical)
    if names.len() == 1 or not frame.height:
        return frame.with_columns(source=pl.lit(names[0] if frame.height else None, pl.Categorical))
    return frame.with_columns(source=names.gather(frame["file"]))


def needs_of_where(where: str | None) -> frozenset[str]:
    """The wrap columns a condition needs, by their internal names."""
    names = select.columns_of(where) if where is not None else frozenset()
    return frozenset(
        name.removesuffix("_s") + "_ms" if f"{name.removesuffix('_s')}_ms" in WRAP_FRAME else name for name in names
    )
