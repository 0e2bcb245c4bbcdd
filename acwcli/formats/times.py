"""The instants of one file: a clock decided per column, two-column clocks, midnights passed, the repeated hour."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from acwcli.formats.clock import Clock, combine, decide_clock, instant, quick_instant
from acwcli.formats.columns import Chosen
from acwcli.formats.fold_hour import FoldHour, in_order, not_before, resolve_fold
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import INSTANT

READ_AS = "times without offset read as"
"""Stands in the note of every file that `--tz` reads otherwise."""
_DAY_MS = 86_400_000
_MAIN = ("event_time", "wrap_start", "offered_at", "answered_at", "ended_at", "acw_start", "acw_end")
"""The column whose order in the file tells the passes of a repeated hour apart: the first one there is."""


class Times:
    """Reads the instants of one file and remembers what was decided, for notes and `acw inspect`."""

    def __init__(self, grid: Grid, chosen: Chosen, options: ReadOptions) -> None:
        self._grid = grid
        self._chosen = chosen
        self._options = options
        self._fold: FoldHour | None = None
        self.quick = False  # only the likeliest spelling of each clock is tried; see `quick_instant`
        self.clocks: dict[str, Clock] = {}

    def text(self, name: str) -> pl.Expr:
        """The column's own value, date and time joined where they stand apart."""
        parts = self._chosen.parts[name]
        return pl.col(parts[0]) if len(parts) == 1 else combine(pl.col(parts[0]), pl.col(parts[1]))

    def instant(self, name: str) -> pl.Expr:
        """The column as UTC instants in ms; null where it cannot be read.

        Raises:
            InputError: nothing fits, or the data cannot decide between day first and month first.
        """
        if name not in self.clocks:
            value = self.text(name).alias("value")
            self.clocks[name] = decide_clock(
                self._grid.frame.select(value),
                self._grid.sample.select(value)["value"],
                name=" + ".join(self._chosen.parts[name]),
                source=self._grid.source,
                time_format=self._options.time_format,
                date_order=self._options.date_order,  # type: ignore[arg-type]  # checked by the command line
                usual_order=self._options.usual_order,  # type: ignore[arg-type]  # checked with its profile
            )
        first_pass = self._first_pass(name)
        if not self.clocks[name].is_local or self._options.tz == "UTC":
            return first_pass
        main = next(column for column in _MAIN if column in self._chosen)
        if name != main:
            return not_before(first_pass, self.instant(main), self._options.tz)
        return in_order(first_pass, pl.col("__row"), self._folded(first_pass))

    def settled(self, names: Sequence[str]) -> tuple[Clock, ...] | None:
        """The clocks of some columns; None where the order of the rows says how to read them, too."""
        for name in names:
            self.instant(name)
        if self._fold is not None and not self._fold.rows.is_empty():
            return None
        return tuple(self.clocks[name] for name in names)

    def _first_pass(self, name: str) -> pl.Expr:
        asked = self.text(name), self.clocks[name], self._options.tz
        quick = quick_instant(*asked) if self.quick else None
        return (instant(*asked) if quick is None else quick).cast(INSTANT)

    def _folded(self, first_pass: pl.Expr) -> FoldHour:
        """What the order of the file says about the hour that clocks repeat; looked at once."""
        if self._fold is None:
            columns = {"instant": first_pass, "row": pl.col("__row")}
            if "agent_id" in self._chosen:
                columns["agent"] = self._chosen.text("agent_id").cast(pl.String)
            self._fold = resolve_fold(self._grid.frame.select(**columns), self._options.tz)
        return self._fold

    def is_local(self) -> bool:
        """Whether some clock had no offset and was read in `--tz`; a file without a row says nothing of its clocks."""
        return bool(self._grid.sample.height) and any(not clock.has_offset for clock in self.clocks.values())

    def notes(self) -> list[str]:
        """What to say about the clocks."""
        said = []
        if self.is_local():
            said.append(f"{self._grid.source}: {READ_AS} {self._options.tz} ({self._options.tz_from})")
        if self._fold is not None and self._fold.undecided:
            said.append(
                f"{self._grid.source}: {self._fold.undecided} times of the repeated hour taken as its first pass"
            )
        return said

    def said(self) -> str:
        """The decided formats, for `acw inspect`."""
        return ", ".join(f"{name}: {clock.label}" for name, clock in self.clocks.items())


def roll_midnights(names: Sequence[str]) -> list[pl.Expr]:
    """Clocks of one record whose date is given once: one that runs backwards has passed midnight.

    Args:
        names: instants of the record in their order of time (offered, answered, ended).
    """
    rolled: list[pl.Expr] = []
    latest: pl.Expr | None = None
    for name in names:
        own = pl.col(name)
        if latest is not None:
            own = pl.when(own < latest).then(own + pl.duration(milliseconds=_DAY_MS, time_unit="ms")).otherwise(own)
        rolled.append(own.alias(name))
        latest = own if latest is None else pl.max_horizontal(latest, own)
    return rolled
