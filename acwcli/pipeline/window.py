"""Which older files bear on new ones: the days around them, and each agent's nearest days before and after.

Wraps are rebuilt agent by agent in time order, so what is new reaches no further than the agent's events next to it.
Restarts of the platform, contacts that wait in a channel of their own, and ids that come back are looked up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import polars as pl

from acwcli.formats.frames import FileFrame
from acwcli.store.index import AGENT_OTHERS, AGENT_STATES, CONTACT, RESTART, SCHEMA, select
from acwcli.store.manifest import UNKNOWN_DAY, Manifest, day_number

_AGENTS = (AGENT_STATES, AGENT_OTHERS)


def entries_of(number: int, frames: Sequence[FileFrame]) -> pl.DataFrame:
    """The index entries of a file: agents and restarts by day, contact ids."""
    parts = [pl.DataFrame(schema=SCHEMA)]
    for frame in frames:
        parts += _by_day(frame) if frame.kind != "aggregates" else []
        if "contact_id" in frame.frame.columns:
            ids = frame.frame["contact_id"].drop_nulls().hash().unique()
            parts.append(pl.DataFrame({"what": CONTACT, "key": ids, "day": 0}, schema_overrides=SCHEMA))
    own = pl.concat(
        [
            part.with_columns(file=pl.lit(number, pl.UInt32)).select(pl.col(n).cast(k) for n, k in SCHEMA.items())
            for part in parts
        ]
    )
    return own.unique() if len(frames) > 1 else own


def days_in(entries: pl.DataFrame) -> list[int]:
    """The days on which a file has rows."""
    found: list[int] = entries.filter(pl.col("what") != CONTACT)["day"].unique().sort().to_list()
    return found


def _by_day(frame: FileFrame) -> list[pl.DataFrame]:
    """Agents by day, by every instant of their rows; a row without one stands on the first day of its file."""
    clocks = [name for name, kind in frame.frame.schema.items() if isinstance(kind, pl.Datetime)]
    states = frame.kind == "states"
    rows = [frame.frame.select("agent_id", day=pl.col(name).dt.date().cast(pl.Int32)).unique() for name in clocks] or [
        frame.frame.select("agent_id", day=pl.lit(None, pl.Int32)).unique()
    ]
    found = pl.concat(rows).unique().select("day", key=pl.col("agent_id").cast(pl.String).hash())
    dated = found.drop_nulls("day")
    undated = found.join(dated, on="key", how="anti", nulls_equal=True).with_columns(day=dated["day"].min())
    found = pl.concat([dated, undated.drop_nulls("day")])
    nobody = pl.col("key").is_null()
    what = pl.lit(AGENT_STATES if states else AGENT_OTHERS)
    return [
        found.filter(~nobody).with_columns(what=what),
        found.filter(nobody & states).with_columns(what=pl.lit(RESTART), key=pl.lit(0, pl.UInt64)),
    ]


def bearing_on(
    index: pl.LazyFrame, manifest: Manifest, changed: pl.DataFrame, leaving: Collection[int], *, by_contact: bool
) -> set[int] | None:
    """The files to read beside new or leaving ones.

    Args:
        index: the entries of the store.
        manifest: its manifest.
        changed: the entries of files that come or leave.
        leaving: numbers of the files that leave.
        by_contact: contact ids join rows however far apart.

    Returns:
        Their numbers; None when every file bears on them.
    """
    stays = [file for file in manifest.files if file.number not in leaving]
    newest = max((day for file in stays for day in file.days), default=0)
    if changed.select(((pl.col("what") == RESTART) & (pl.col("day") < newest)).any()).item():
        return None  # a restart in the past cuts what was whole, of whomever
    around = {day + step for day in changed.filter(pl.col("what") != CONTACT)["day"].unique() for step in (-1, 0, 1)}
    found = {file.number for file in stays if not around.isdisjoint(file.days)}
    spans = _spans(index, manifest, changed, leaving)
    rows = select(index, _AGENTS, spans["key"]).join(spans, on="key")
    found |= set(rows.filter(pl.col("day").is_between("low", "high"))["file"])
    found |= _restarts(index, spans)
    if by_contact:
        found |= set(select(index, (CONTACT,), changed.filter(pl.col("what") == CONTACT)["key"])["file"])
    return found & {file.number for file in stays}


def _spans(index: pl.LazyFrame, manifest: Manifest, changed: pl.DataFrame, leaving: Collection[int]) -> pl.DataFrame:
    """Per agent and changed day, from the day before the agent's last one to the day after the next one."""
    touched = changed.filter(pl.col("what").is_in(_AGENTS)).select("key", "day").unique().sort("day")
    seen = select(index, (AGENT_STATES,), touched["key"]).filter(~pl.col("file").is_in(list(leaving)))
    seen = seen.select("key", "day", at="day").unique().sort("day")
    prior, following = seen.rename({"at": "prior"}), seen.rename({"at": "next"})
    how: dict[str, Any] = {"on": "day", "by": "key", "allow_exact_matches": False, "check_sortedness": False}
    sides = touched.join_asof(prior, strategy="backward", **how).join_asof(following, strategy="forward", **how)
    spans = sides.select("key", low=pl.coalesce("prior", "day") - 1, high=pl.coalesce("next", "day") + 1)
    return pl.concat([spans, _waiting(manifest, touched)]).unique()


def _waiting(manifest: Manifest, touched: pl.DataFrame) -> pl.DataFrame:
    """The days of wraps that wait, in a channel of their own, for what these agents do next."""
    held = [
        (agent, day_number(day))
        for day, kept in manifest.days.items()
        if day != UNKNOWN_DAY
        for agent in kept.open_agents
    ]
    waits = pl.DataFrame(held, schema={"agent": pl.String, "day": pl.Int32}, orient="row")
    waits = waits.select(key=pl.col("agent").hash(), low=pl.col("day") - 1, high=pl.col("day") + 1)
    return waits.filter(pl.col("key").is_in(touched["key"].implode()))


def _restarts(index: pl.LazyFrame, spans: pl.DataFrame) -> set[int]:
    """Files with the restarts around the beginning of each span, and with the first one after."""
    restarts = select(index, (RESTART,)).select("day", "file").unique().sort("day")
    begins = spans.select(day=pl.col("low").unique().sort())
    found: set[int] = set()
    for step in range(3):
        at = begins.select(pl.col("day") + step)
        found |= set(restarts.join(at, on="day", how="semi")["file"])
    days = restarts.select("day", at="day").unique().sort("day")
    later = begins.select(pl.col("day") + 3).join_asof(days, on="day", strategy="forward", check_sortedness=False)
    return found | set(restarts.filter(pl.col("day").is_in(later["at"].drop_nulls().implode()))["file"])
