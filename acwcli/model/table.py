"""The neutral result between analysis and output: a frame whose columns carry kind and label.

A figure knows nothing of JSON; a renderer knows nothing of wrap-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import polars as pl

Kind = Literal["text", "count", "seconds", "share", "number", "instant", "flag", "json", "spark"]
"""text: str · count: int · seconds: float seconds · share: 0..1 · number: float without unit ·
instant: datetime[ms] with zone · flag: bool · json: list of dicts ·
spark: list of floats 0..1, drawn as a row of bars; in parts only."""


class Column(NamedTuple):
    """One column of a result.

    Attributes:
        name: the contract name, the same in every output format.
        kind: what the values are; decides how a terminal shows them.
        label: short heading for people (terminal, markdown, workbook); the name when empty.
    """

    name: str
    kind: Kind = "text"
    label: str = ""

    @property
    def heading(self) -> str:
        """What people read above the column."""
        return self.label or self.name


class Mark(NamedTuple):
    """A labelled value on the axis of a distribution, in seconds (`mean`, `median`, `p80`, `limit`)."""

    label: str
    value_s: float


class Distribution(NamedTuple):
    """A histogram to draw: bin edges in seconds (n+1), wraps per bin (n), and the marks on its axis.

    The last bin may collect everything beyond; then `open_ended` is true.
    """

    edges_s: tuple[float, ...]
    counts: tuple[int, ...]
    marks: tuple[Mark, ...]
    noun: str = "wraps"
    open_ended: bool = False


@dataclass(frozen=True)
class Table:
    """One answer.

    Attributes:
        name: what the rows are, e.g. `summary`.
        frame: the rows; its columns are exactly those of `columns`, in that order.
        columns: contract names and kinds.
        is_object: a single row that JSON writes as one object (diagnose, explain).
        total: a line for the whole, shown under the table on terminals only; column name → value.
        sentence: one plain sentence above the table on terminals.
        distribution: drawn under the sentence on terminals.
        parts: further tables shown below on terminals only (their data is in `frame` already, as json).
        parts_say_all: an object whose parts leave nothing to say: a terminal lists no keys below them.
        pieces: gives the rows some at a time, where they are too many for memory; then `frame` has none.
    """

    name: str
    frame: pl.DataFrame
    columns: tuple[Column, ...]
    is_object: bool = False
    total: Mapping[str, object] | None = None
    sentence: str = ""
    distribution: Distribution | None = None
    parts: tuple[Table, ...] = field(default=())
    parts_say_all: bool = False
    pieces: Callable[[], Iterator[pl.DataFrame]] | None = None

    def whole(self) -> Table:
        """The same answer with all rows in `frame`."""
        if self.pieces is None:
            return self
        return replace(self, frame=pl.concat([self.frame, *self.pieces()]), pieces=None)
