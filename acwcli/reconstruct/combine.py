"""States and contact records together: states give the interval, records the attributes (rule 7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from acwcli.model.columns import HANDLED, LEGS, WORDS
from acwcli.reconstruct.contacts import end_of_talk, without_duplicates, wraps_from_contacts, wraps_from_gaps
from acwcli.reconstruct.legs import placed
from acwcli.reconstruct.states import FromStates, wraps_from_states

_KEYS = ["agent_id", "contact_id"]
REPEATED = "duplicate"
_TEXTS = ("queue", "channel", "direction", "disposition")
UNTOLD = "untold"
"""Column of contact records: no record of the file tells whether its contact was taken (see `untold`)."""


@dataclass
class Reconstructed:
    """All wraps of the input.

    Attributes:
        wraps: the engine's wraps with `file` (index) and `row` in place of `source`; nulls where nobody asked.
        legs: contact legs with `talk_ms hold_ms acw_ms sure_talk sure_acw` (for `--of talk|hold|handle`) and `unwrapped
            over` (a handled contact without any wrap, and when it was over), or None.
        ignored: per file index, why rows took no part.
        records: the contact records that stayed, with `talk_end`; None without records.
        restarts: `file row` of repeated restarts of the platform, ignored here; they happen to every agent.
    """

    wraps: pl.DataFrame
    legs: pl.DataFrame | None = None
    ignored: dict[int, Counter[str]] = field(default_factory=dict)
    records: pl.DataFrame | None = None
    restarts: pl.DataFrame | None = None

    def ignore(self, reason: str, rows: pl.DataFrame, times: int = 1) -> None:
        """Account rows (with a `file` column) as ignored; -1 times takes back what was accounted before."""
        for file, count in rows.group_by("file").len().iter_rows():
            self.ignored.setdefault(file, Counter())[reason] += times * count


def reconstruct(
    events: pl.DataFrame | None,
    contacts: pl.DataFrame | None,
    *,
    needs: frozenset[str],
    max_wrap_ms: int,
    gap_cap_ms: int | None = None,
) -> Reconstructed:
    """Rebuild every wrap from state events, contact records or both.

    Args:
        events: canonical state rows of all files in order (with `file`, `row`), or None.
        contacts: canonical contact records of all files (with `file`, `row`, `row_hash`, and `untold` where they are
            not all of them), or None.
        needs: wrap columns the question needs; others may be absent.
        max_wrap_ms: see `wraps_from_states`.
        gap_cap_ms: infer wraps from gaps up to this length; None: do not.

    Returns:
        Wraps of every status and the account of rows that took no part.
    """
    result = Reconstructed(pl.DataFrame())
    parts = []
    if contacts is not None and UNTOLD not in contacts.columns and LEGS in needs:
        contacts = contacts.with_columns(untold().over("file").alias(UNTOLD))
    records = _stay(contacts, result) if contacts is not None else None
    if events is not None:
        found = _from_states(events, records, needs, max_wrap_ms, result)
        parts.append(found)
    if records is not None:
        parts.extend(
            _from_records(records, events, parts[0] if parts else None, needs, max_wrap_ms, gap_cap_ms, result)
        )
    result.records = records
    if parts:  # none where the input is wraps files alone
        result.wraps = pl.concat(parts, how="diagonal_relaxed")
    return result


def _stay(contacts: pl.DataFrame, result: Reconstructed) -> pl.DataFrame:
    """Records that can be read: an agent, and not a repetition."""
    stay, repeated = without_duplicates(contacts)
    result.ignore(REPEATED, repeated)
    nobody = stay["agent_id"].is_null()
    result.ignore("no agent", stay.filter(nobody))
    return stay.filter(~nobody).with_columns(talk_end=end_of_talk())


def _from_states(
    events: pl.DataFrame, records: pl.DataFrame | None, needs: frozenset[str], max_wrap_ms: int, result: Reconstructed
) -> pl.DataFrame:
    named = records.select("agent_id", "contact_id", record_end="talk_end") if records is not None else None
    wanted = needs | {"contact_id"} if records is not None else needs
    origin = bool(_origin(events, needs))
    found = wraps_from_states(events, max_wrap_ms=max_wrap_ms, needs=wanted, records=named, origin=origin)
    repeated = events.select(pl.col("file", "row", "agent_id").gather(found.duplicates))
    everybody = pl.col("agent_id").is_null()
    result.ignore(REPEATED, repeated.filter(~everybody))
    restarts = repeated.filter(everybody).select("file", "row")
    result.ignore(REPEATED, restarts)
    result.restarts = restarts
    wraps = found.wraps.with_columns(method=pl.lit("state", WORDS))
    if found.legs is not None:
        wraps = _with_leg_times(wraps, found)
        if LEGS in needs:
            result.legs = _with_origin(found.legs.with_columns(method=pl.lit("state")), events, needs)
    wraps = _with_origin(wraps, events, needs)
    return _with_attributes(wraps, records, needs) if records is not None else wraps


def _with_origin(found: pl.DataFrame, events: pl.DataFrame, needs: frozenset[str]) -> pl.DataFrame:
    """Say which file and which row a wrap or leg came from, where the question shows it; else the file may be null."""
    file = pl.lit(events["file"][0] if _is_one_file(events) else None, pl.UInt32).alias("file")
    asked = [events[name].rechunk().gather(found["event"]) for name in _origin(events, needs)]
    return found.with_columns(file).with_columns(asked).drop("event")


def _origin(events: pl.DataFrame, needs: frozenset[str]) -> list[str]:
    """What is to be looked up of the row a wrap came from; of one file everybody knows which it is."""
    file = [] if _is_one_file(events) or needs.isdisjoint(("source", "row")) else ["file"]
    return [*file, *(["row"] if "row" in needs else [])]


def _is_one_file(events: pl.DataFrame) -> bool:
    return events.height > 0 and events["file"].min() == events["file"].max()


def _with_leg_times(wraps: pl.DataFrame, found: FromStates) -> pl.DataFrame:
    """Give the first wrap of a leg the leg's talk and hold."""
    assert found.legs is not None
    times = found.legs.filter(pl.col("wrap").is_not_null() & pl.col("sure_talk"))
    return wraps.with_columns(placed(times[name], times["wrap"], wraps.height) for name in ("talk_ms", "hold_ms"))


def _with_attributes(wraps: pl.DataFrame, records: pl.DataFrame, needs: frozenset[str]) -> pl.DataFrame:
    """Join what the records know of the same agent and contact; of reused ids the record nearest in time."""
    wanted = [name for name in (*_TEXTS, "talk_ms", "hold_ms") if name in needs]
    if not wanted:
        return wraps
    known = records.filter(pl.col("contact_id").is_not_null()).select(*_KEYS, "talk_end", *wanted)
    known = known.with_columns(pl.col("agent_id").cast(wraps.schema["agent_id"]))
    away = (pl.col("wrap_start") - pl.col("talk_end")).abs()
    joined = (
        wraps.with_row_index("wrap")
        .join(known, on=_KEYS, how="left", suffix="_record", maintain_order="left_right")
        .sort("wrap", away, maintain_order=True, nulls_last=True)
        .unique("wrap", keep="first", maintain_order=True)
    )
    for name in wanted:
        if f"{name}_record" in joined.columns:
            own_first = name in ("queue", "channel")
            pair = (name, f"{name}_record") if own_first else (f"{name}_record", name)
            joined = joined.with_columns(pl.coalesce(*pair).alias(name))
    return joined.select(*wraps.columns, *(name for name in wanted if name not in wraps.columns))


def _from_records(
    records: pl.DataFrame,
    events: pl.DataFrame | None,
    from_states: pl.DataFrame | None,
    needs: frozenset[str],
    max_wrap_ms: int,
    gap_cap_ms: int | None,
    result: Reconstructed,
) -> list[pl.DataFrame]:
    """Wraps that only the records know; account the records that give nothing."""
    served = records.with_columns(taken=_taken(records, events, from_states))
    free = served.filter(pl.col("taken").is_null())
    wraps = [wraps_from_contacts(free, max_wrap_ms=max_wrap_ms)]
    silent = free.filter(pl.col("acw_ms").is_null() & pl.col("acw_start").is_null())
    if gap_cap_ms is not None:
        inferred, others = wraps_from_gaps(served, gap_cap_ms=gap_cap_ms)
        wraps.append(inferred)
        for (reason,), rows in others.group_by("reason"):
            result.ignore(str(reason), rows)
        silent = silent.filter(pl.col("talk_end").is_null() | pl.col("answered_at").is_null())
    if LEGS in needs:
        free = free.with_columns(unwrapped=_unwrapped())
        _add_legs(free, result)
        silent = silent.filter(pl.col("talk_ms").is_null() & pl.col("hold_ms").is_null())
    if HANDLED in needs:
        counted = free.filter("unwrapped").select("file", "row")
        silent = silent.join(counted, on=["file", "row"], how="anti")
    result.ignore("no ACW recorded", silent)
    result.ignore("ACW not in the state log", served.filter(pl.col("taken") == "covered"))
    result.ignore("no ACW recorded", served.filter(pl.col("taken") == "silent"))
    return [found.drop("record") for found in wraps]


def _taken(records: pl.DataFrame, events: pl.DataFrame | None, from_states: pl.DataFrame | None) -> pl.Series:
    """Why a record makes no wrap of its own: `joined` to one, `covered` by the agent's states, `silent` there."""
    if events is None or from_states is None:
        return pl.Series("taken", [None] * records.height, dtype=pl.String)
    agent = from_states.schema["agent_id"]
    seen = events.lazy().group_by("agent_id").agg(first=pl.col("event_time").min(), last=pl.col("event_time").max())
    joined = from_states.lazy().select(*_KEYS).filter(pl.col("contact_id").is_not_null()).unique()
    marked = (
        records.lazy()
        .select(pl.col("agent_id").cast(agent), "contact_id", "acw_ms", at=_sometime())
        .join(joined.with_columns(joined=True), on=_KEYS, how="left", maintain_order="left")
        .join(seen, on="agent_id", how="left", maintain_order="left")
        # Collected whole: Polars 2.1 forgets the order when only columns of the right side are selected.
        .collect()
    )
    inside = pl.col("at").is_between("first", "last")
    has_acw = pl.col("acw_ms").is_not_null() | records["acw_start"].is_not_null()
    taken = (
        pl.when("joined").then(pl.lit("joined"))
        .when(inside & has_acw).then(pl.lit("covered"))
        .when(inside).then(pl.lit("silent"))
    )  # fmt: skip
    return marked.select(taken=taken)["taken"]


def _sometime() -> pl.Expr:
    """An instant of the record: the end of talk, else whatever it has."""
    return pl.coalesce("talk_end", "acw_start", "answered_at", "offered_at")


def untold() -> pl.Expr:
    """Whether no record of a file tells if its contact was taken: no time of answer, no talk, no hold anywhere."""
    told = ("answered_at", "talk_ms", "hold_ms")
    return pl.all_horizontal(pl.col(name).is_null() for name in told).all()


def _unwrapped() -> pl.Expr:
    """Whether a record is of a contact its agent took, without any ACW recorded.

    A time of answer, or talk or hold over 0, say that it was taken; in a file without any of these every record is.
    """
    taken = pl.col("answered_at").is_not_null() | (pl.col("talk_ms") > 0) | (pl.col("hold_ms") > 0)
    nothing = pl.all_horizontal(pl.col(name).is_null() for name in ("acw_ms", "acw_start", "acw_end"))
    return nothing & (taken.fill_null(False) | pl.col(UNTOLD))


def _add_legs(records: pl.DataFrame, result: Reconstructed) -> None:
    """Records are legs of their own: talk and hold as recorded, no ACW recorded is none, an open one is not known."""
    interval = (pl.col("acw_end") - pl.col("acw_start")).dt.total_milliseconds()
    own = records.select(
        "agent_id", "contact_id", *_TEXTS, "talk_ms", "hold_ms", "unwrapped", "file", "row",
        acw_ms=pl.coalesce(interval, "acw_ms", 0),
        sure_talk=pl.lit(True),
        sure_acw=pl.col("acw_start").is_null() | interval.is_not_null() | pl.col("acw_ms").is_not_null(),
        started_at=pl.coalesce("talk_end", "answered_at", "offered_at"),
        over=pl.coalesce("talk_end", "answered_at", "offered_at"),
        method=pl.lit("duration"),
    )  # fmt: skip
    result.legs = own if result.legs is None else pl.concat([result.legs, own], how="diagonal_relaxed")
