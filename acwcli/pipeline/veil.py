"""Pseudonyms in place of agents: the one step between wraps and everything that is shown.

Filters, rosters and lookups see the real ids, so they work as ever; answers, notes and messages see pseudonyms only.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from acwcli.errors import UsageError
from acwcli.formats.agents import plain_spelling
from acwcli.formats.frames import Kind
from acwcli.formats.lookup import Lookup
from acwcli.formats.roster import Roster
from acwcli.model.replaced import replaced
from acwcli.pipeline.loading import Elsewhere, Loaded
from acwcli.pipeline.rebuilding import Wraps
from acwcli.reconstruct.combine import Reconstructed

SHORTEST_KEY = 16
"""Letters: ids are easily guessed, so the key must not be."""
_LETTERS = 10
_PLAIN_NUMBER = re.compile(r"[\W\d_]*")
_SHORT = 3


class Pseudonyms:
    """A pseudonym per agent: HMAC-SHA256 of the id, so it is the same every night and nobody can compute it unkeyed."""

    def __init__(self, key: bytes, known: Mapping[str, str], personal: Sequence[str] = ()) -> None:
        """Make pseudonyms.

        Args:
            key: the secret.
            known: what texts may name, and the id of the agent behind it.
            personal: roster columns that name people.
        """
        self._key = key
        self._known = {text: self.of(agent) for text, agent in known.items() if text}
        self.personal = tuple(personal)

    def of(self, text: str) -> str:
        """The pseudonym of an agent; spellings that are one agent are one pseudonym."""
        digest = hmac.digest(self._key, plain_spelling(text).encode(), "sha256")
        return f"agent-{base64.b32encode(digest).decode()[:_LETTERS].lower()}"

    def agent(self, asked: str) -> str:
        """What an agent somebody asked for is called here; a pseudonym stays."""
        return self._known.get(asked, asked)

    def series(self, values: pl.Series) -> pl.Series:
        """Pseudonyms of a whole column, in its own type.

        Raises:
            UsageError: two agents get the same one.
        """
        known = values.unique().drop_nulls()
        texts = known.cast(pl.String).to_list()
        named = [self.of(text) for text in texts]
        if len(set(named)) < len({plain_spelling(text) for text in texts}):
            raise UsageError("--anonymize: two agents get one pseudonym with this key; take another key")
        shown = pl.Series(named, dtype=pl.String).cast(values.dtype)
        return values.replace_strict(known, shown, default=None, return_dtype=values.dtype).alias(values.name)

    def hide(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows with pseudonyms where agents and other people stand, and without their names."""
        columns = [name for name in ("agent_id", *self.personal) if name != "name" and name in frame.columns]
        return frame.with_columns(self.series(frame[name]) for name in columns).drop("name", strict=False)

    def hide_rows(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows of a file that are not in memory, with pseudonyms where agents stand."""
        kind = rows.collect_schema()["agent_id"]
        known, shown = (
            pl.Series(list(texts), dtype=pl.String).cast(kind) for texts in (self._known, self._known.values())
        )
        return rows.with_columns(replaced(pl.col("agent_id"), known, shown, kind))

    def hidden(self, text: str) -> str:
        """A text without the ids (and names) of agents; short ones and numbers only where they are quoted as one."""
        found = sorted((known for known in self._known if known in text), key=len, reverse=True)
        if not found:
            return text
        loose = "|".join(re.escape(known) for known in found if not _is_common(known))
        every = "|".join(map(re.escape, found))
        # An id inside a longer word is no id; after quotes or the word agent anything is.
        pattern = (
            rf"(?<=['\"“‘«])(?:{every})(?=['\"”’»])|(?<=\bagent )(?:{every})(?!\w)|(?<=agent_id=)(?:{every})(?!\w)"
        )
        if loose:
            pattern += rf"|(?<!\w)(?:{loose})(?!\w)"
        return re.sub(pattern, lambda match: self._known[match[0]], text)


def _is_common(known: str) -> bool:
    return len(known) < _SHORT or _PLAIN_NUMBER.fullmatch(known) is not None


def pseudonyms(key: bytes, loaded: Loaded, roster: Roster | None = None, lookup: Lookup | None = None) -> Pseudonyms:
    """Pseudonyms for the agents of loaded files, which know what else names them.

    Raises:
        UsageError: the key is too short to be a secret.
    """
    if len(key) < SHORTEST_KEY:
        raise UsageError(f"--anonymize: the key is shorter than {SHORTEST_KEY} letters, so pseudonyms could be guessed")
    ids = [file.rows().select(pl.col("agent_id").unique()) for file in loaded.files if "agent_id" in file.frame.columns]
    agents = {
        agent: agent
        for own in ids
        for agent in own.collect(engine="streaming").to_series().drop_nulls().cast(pl.String)
    }
    known = {name: agent for agent, name in lookup.of("agent_id").items()} if lookup is not None else {}
    personal = [name for name in roster.columns if _names_people(roster.frame, name)] if roster is not None else []
    if roster is not None:
        listed = roster.frame.select("agent_id", *personal).sort("agent_id")
        for name in personal:
            values = listed.select(name, "agent_id").drop_nulls().iter_rows()
            known |= {value: value if name == _SHARED else agent for value, agent in values}
        agents |= {agent: agent for agent in listed["agent_id"]}
    return Pseudonyms(key, known | agents, personal)


_SHARED = "supervisor"
"""A roster column that names somebody who stands behind several agents."""


def _names_people(roster: pl.DataFrame, name: str) -> bool:
    """Whether a roster column names people: it says so, or it is different for every agent, as e-mail addresses are."""
    values = roster[name].drop_nulls()
    return name in ("name", _SHARED) or (len(values) > 1 and values.n_unique() == len(values))


@dataclass(frozen=True)
class _Hidden:
    """Rows that are not in this process, with pseudonyms where agents stand."""

    rows: Elsewhere
    hide: Callable[[pl.DataFrame], pl.DataFrame]

    def rebuilt(self, needs: frozenset[str], max_wrap_ms: int, gap_cap_ms: int | None) -> Reconstructed:
        return self.rows.rebuilt(needs, max_wrap_ms, gap_cap_ms)

    def of_kind(self, kind: Kind) -> pl.DataFrame | None:
        found = self.rows.of_kind(kind)
        return None if found is None else self.hide(found)


def anonymise(found: Wraps, hiding: Pseudonyms) -> Wraps:
    """Put pseudonyms where agents stand: in wraps, legs, sums and notes, and in roster columns that name people.

    Args:
        found: filtered wraps; those on disk were hidden as they were written.
        hiding: the pseudonyms of their agents.
    """
    hide = hiding.hide
    files = [
        replace(
            file,
            frame=hide(file.frame),
            parted=None if file.parted is None else file.parted.then(hiding.hide_rows),
            notes=[hiding.hidden(note) for note in file.notes],
        )
        for file in found.loaded.files
    ]
    elsewhere = None if found.loaded.elsewhere is None else _Hidden(found.loaded.elsewhere, hide)
    return replace(
        found,
        frame=hide(found.frame),
        legs=None if found.legs is None else hide(found.legs),
        aggregates=None if found.aggregates is None else hide(found.aggregates),
        reconciliation=hide(found.reconciliation),
        loaded=replace(found.loaded, files=files, elsewhere=elsewhere),
        notes=[hiding.hidden(note) for note in found.notes],
        roster_columns=tuple(name for name in found.roster_columns if name != "name"),
        pseudonyms=hiding,
    )
