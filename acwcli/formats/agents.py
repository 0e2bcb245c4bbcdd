"""One spelling per agent: Persian and Arabic letter and digit variants of one id are one person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from acwcli.formats.frames import FileFrame
from acwcli.formats.parted import Parted, part_rows
from acwcli.formats.words import is_total
from acwcli.model.replaced import replaced

_VARIANTS = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "\u200c": "", "\u200f": "", "\u200e": ""}
    | {chr(0x660 + digit): str(digit) for digit in range(10)}
    | {chr(0x6F0 + digit): str(digit) for digit in range(10)}
)

_MAY_VARY = r"[^\x00-\x7F]|^[\x00-\x20]|[\x00-\x20]$"
"""Ids of other letters, and those with a blank at an end."""


def plain_spelling(agent: str) -> str:
    """An id without the variants that `one_spelling` unites: the same for all spellings of one agent."""
    return agent.strip().translate(_VARIANTS)


def one_spelling(agents: pl.Series) -> tuple[pl.Series, list[str]]:
    """Unite ids that differ in letter or digit variants only.

    Args:
        agents: ids as Categorical; compared by distinct value.

    Returns:
        The ids in one spelling each (the first in code order), and notes.
    """
    if not _may_vary(agents.to_physical().max(), agents.dtype):
        return agents, []
    # The dictionary holds more than this column: look at its own ids.
    variants = _variants(agents.unique().drop_nulls().cast(pl.String).sort().to_list())
    if not variants:
        return agents, []
    united = agents.cast(pl.String).replace(variants).cast(agents.dtype)
    return united, [f"{len(variants)} agent ids united with another spelling of the same letters or digits"]


def with_one_spelling(files: Iterable[FileFrame]) -> list[FileFrame]:
    """Unite the ids within each file, and say so in its notes; nearly always one look at all files tells of nothing."""
    read = list(files)
    every = pl.concat(file.frame["agent_id"] for file in read)
    if _may_vary(every.to_physical().max(), every.dtype):
        for file in read:
            agents, notes = one_spelling(file.frame["agent_id"])
            file.frame = file.frame.with_columns(agents)
            file.notes += notes
    return read


def one_spelling_of_parts(rows: Parted) -> tuple[Parted, list[str]]:
    """Like `one_spelling`, for rows on disk; those of a united agent move to one part."""
    greatest = rows.rows().select(pl.col("agent_id").to_physical().max()).collect(engine="streaming").item()
    if not _may_vary(greatest, rows.schema["agent_id"]):
        return rows, []
    agents = rows.rows().select(pl.col("agent_id").unique()).collect(engine="streaming")["agent_id"]
    united, notes = one_spelling(agents)
    if not notes:
        return rows, []
    pairs = pl.DataFrame({"old": agents.cast(pl.String), "new": united.cast(pl.String)}).drop_nulls()
    variants = dict(pairs.filter(pl.col("old") != pl.col("new")).iter_rows())
    own = pl.col("agent_id").cast(pl.String)
    named = pl.coalesce(replaced(own, variants.keys(), variants.values(), pl.String()), own).cast(agents.dtype)
    moved = part_rows(rows.rows().with_columns(named), rows.count, order=rows.order, everybody=rows.everybody)
    rows.remove()
    return moved, notes


def _may_vary(greatest: object, kind: pl.DataType) -> bool:
    """Whether any text the categories of a column know is of letters or digits that have variants.

    Args:
        greatest: the greatest code of the column: to find it is quick, where to look for distinct values is not.
        kind: the type of the column.
    """
    codes = pl.int_range(greatest + 1 if isinstance(greatest, int) else 0, dtype=pl.UInt32, eager=True)
    return codes.cat.to(kind).cast(pl.String).str.contains(_MAY_VARY).any()


def _variants(known: Sequence[str]) -> dict[str, str]:
    """Spellings that stand for another one in the list."""
    spellings: dict[str, list[str]] = {}
    for agent in known:
        if not agent.isascii():
            spellings.setdefault(agent.translate(_VARIANTS), []).append(agent)
    found = {agent: agent.strip() for agent in known if agent != agent.strip()}
    found |= {other: forms[0] for forms in spellings.values() for other in forms[1:]}
    plain = set(known) & spellings.keys()
    return found | {form: key for key in plain for form in spellings[key] if form != key}


def total_agents(agents: pl.Series) -> list[str]:
    """Return 'agents' whose name says they are a total of the rows above."""
    return [agent for agent in agents.unique().drop_nulls().cast(pl.String).to_list() if is_total(agent)]
