"""One spelling per agent: Persian and Arabic letter and digit variants of one id are one person."""

from __future__ import annotations

import polars as pl

from acwcli.formats.words import is_total

_VARIANTS = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "\u200c": "", "\u200f": "", "\u200e": ""}
    | {chr(0x660 + digit): str(digit) for digit in range(10)}
    | {chr(0x6F0 + digit): str(digit) for digit in range(10)}
)


def one_spelling(agents: pl.Series) -> tuple[pl.Series, list[str]]:
    """Unite ids that differ in letter or digit variants only.

    Args:
        agents: ids as Categorical; compared by distinct value.

    Returns:
        The ids in one spelling each (the first in code order), and notes.
    """
    spellings: dict[str, list[str]] = {}
    known = agents.unique().drop_nulls().cast(pl.String).sort().to_list()
    for agent in known:
        if not agent.isascii():
            spellings.setdefault(agent.translate(_VARIANTS), []).append(agent)
    padded = {agent: agent.strip() for agent in known if agent != agent.strip()}
    variants = padded | {other: forms[0] for forms in spellings.values() for other in forms[1:]}
    plain = {key: forms[0] for key, forms in spellings.items() if key.isascii()}
    if plain:
        variants |= {form: key for key, form in plain.items() if key in set(known)}
    if not variants:
        return agents, []
    united = agents.cast(pl.String).replace(variants).cast(agents.dtype)
    return united, [f"{len(variants)} agent ids united with another spelling of the same letters or digits"]


def total_agents(agents: pl.Series) -> list[str]:
    """Return 'agents' whose name says they are a total of the rows above."""
    return [agent for agent in agents.unique().drop_nulls().cast(pl.String).to_list() if is_total(agent)]
