"""VICIdial `vicidial_agent_log`: a row per pause → wait → talk → disposition cycle of an agent (also GOautodial's)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from acwcli.formats.canonical import canonical, cell, headers, sure
from acwcli.formats.columns import Chosen
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.times import Times
from acwcli.model.columns import INSTANT

TITLE = "VICIdial vicidial_agent_log (dump or activity export)"
KIND = "contacts"
METHOD = "anchored"

_DUMP = (
    "agent_log_id", "user", "server_ip", "event_time", "lead_id", "campaign_id", "pause_epoch", "pause_sec",
    "wait_epoch", "wait_sec", "talk_epoch", "talk_sec", "dispo_epoch", "dispo_sec", "status", "user_group", "comments",
    "sub_status", "dead_epoch", "dead_sec", "processed", "uniqueid", "pause_type",
)  # fmt: skip
_ACTIVITY = (
    "user", "event_time", "lead_id", "campaign_id", "pause_sec", "wait_sec", "talk_sec", "dispo_sec", "dead_sec",
    "status", "agent_log_id",
)  # fmt: skip
_NEEDED = ("user", "lead_id", "campaign_id", "talk_sec", "dispo_sec")
_PHASES = ("pause_sec", "wait_sec", "talk_sec")
_SATURATED = 65_535
"""What a `smallint unsigned` holds at most: the true length is this or anything above."""
_NO_EPOCH = 1_000
"""VICIdial's own bound: smaller epochs mean a phase that was never reached."""


def match(probe: Probe, options: ReadOptions) -> Match:  # noqa: ARG001  # every format is asked the same way
    """The table's own column names, or rows without a header in the order of a dump or of the activity export."""
    if not probe.grid.columns:
        return Match(0, missing="a header")
    named = _named(probe.grid)
    missing = [name for name in _NEEDED if name not in named]
    if "dispo_epoch" not in named and "event_time" not in named:
        missing.append("dispo_epoch or event_time")
    if missing:
        return Match(0, missing="no column " + ", ".join(missing))
    if _has_header(probe.grid):
        return Match(0.9, "the columns of vicidial_agent_log: " + ", ".join(_NEEDED))
    return Match(0.85, f"{len(probe.grid.columns)} columns without a header, as vicidial_agent_log is written out")


def read(probes: Sequence[Probe], options: ReadOptions) -> list[FileFrame]:
    """Read all files; a row that is there again in a later state counts in its latest state only."""
    return _latest_versions([_read(sure(probe, match(probe, options)), options) for probe in probes])


def _has_header(grid: Grid) -> bool:
    return grid.details.get("header") != "none"


def _named(grid: Grid) -> Mapping[str, str]:
    """Column of the table → header in the file; by position where there is no header."""
    if _has_header(grid):
        return headers(grid.columns, _DUMP)
    for names in (_ACTIVITY, _DUMP, _DUMP[:-1]):
        if len(names) == len(grid.columns):
            named = dict(zip(names, grid.columns, strict=True))
            return named if _fits(grid, named) else {}
    return {}


def _fits(grid: Grid, named: Mapping[str, str]) -> bool:
    """Whether most of the first rows have a time, and whole seconds, where they should be."""
    patterns = {"event_time": r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"} | dict.fromkeys((*_PHASES, "dispo_sec"), r"-?\d+")
    texts = {name: grid.sample[named[name]].cast(pl.String).head(50).to_list() for name in patterns}
    fitting = [
        all(re.match(patterns[name] + "$", text or "") for name, text in zip(patterns, row, strict=True))
        for row in zip(*texts.values(), strict=True)
    ]
    return 2 * sum(fitting) > len(fitting)


def _read(grid: Grid, options: ReadOptions) -> FileFrame:
    named = _named(grid)
    row = _Row(grid, named, options)
    lead = cell(named["lead_id"])
    loaded = canonical(
        grid, "contacts", row.columns(), options,
        checks=row.checks(), ignored=[(lead.is_null() | (lead == "0"), "cycle without a call")],
    )  # fmt: skip
    loaded.notes += row.times.notes() if "event_time" in row.times.clocks else []
    loaded.details |= {"columns": ", ".join(named), "wrap-up": " + ".join(row.parts), "clock": row.clock}
    return loaded


class _Row:
    """The phases of one cycle as expressions: when each began and how long it took."""

    def __init__(self, grid: Grid, named: Mapping[str, str], options: ReadOptions) -> None:
        self._named = named
        self.parts = ("dispo_sec", "dead_sec") if options.wrap_parts == "dispo+dead" else ("dispo_sec",)
        self.has_epochs = "dispo_epoch" in named
        self.clock = "epochs" if self.has_epochs else "event_time and the seconds since"
        self.times = Times(
            grid, Chosen({"event_time": (named["event_time"],)} if "event_time" in named else {}), options
        )

    def columns(self) -> dict[str, pl.Expr]:
        """The canonical columns, with what tells the versions of a row apart."""
        ended, acw = self._ended_at(), self._acw()
        open_wrap = acw.is_null() & self._wrap_began()
        return {
            "agent_id": self._text("user"),
            "contact_id": pl.coalesce(self._text("uniqueid"), self._text("lead_id")),
            "queue": self._text("campaign_id"),
            "disposition": self._text("status"),
            **self._kind_of_call(),
            "answered_at": self._answered_at(),
            "ended_at": ended,
            "acw_start": pl.when(open_wrap).then(ended),
            "acw_ms": acw * 1000,
            "talk_ms": self._talk() * 1000,
            "log_id": self._text("agent_log_id"),
            "progress": pl.sum_horizontal(self._seconds(name) for name in (*_PHASES, "dispo_sec")),
            "has_epochs": pl.lit(self.has_epochs),
        }

    def checks(self) -> list[tuple[pl.Expr, str]]:
        """Lengths that are no lengths."""
        found = []
        for name in ("dispo_sec", "dead_sec", "talk_sec"):
            if name in self._named:
                value = self._seconds(name)
                found += [
                    (self._text(name).is_not_null() & value.is_null(), f"unreadable {name}"),
                    (value >= _SATURATED, f"{name} saturated at {_SATURATED}"),
                    (value < 0, f"negative {name}"),
                ]
        if self.has_epochs:
            never = self._epoch("dispo_epoch").is_null()
            found.append((never & (self._seconds("dispo_sec") > 0), "dispo_sec without dispo_epoch holds talk time"))
        else:
            given = self._text("event_time").is_not_null()
            found.append((given & self.times.instant("event_time").is_null(), "unreadable time"))
        return found

    def _text(self, name: str) -> pl.Expr:
        return cell(self._named[name]) if name in self._named else pl.lit(None, pl.String)

    def _seconds(self, name: str) -> pl.Expr:
        return self._text(name).cast(pl.Int64, strict=False)

    def _epoch(self, name: str) -> pl.Expr:
        seconds = self._seconds(name)
        return pl.when(seconds >= _NO_EPOCH).then(seconds * 1000).cast(INSTANT)

    def _dead(self) -> pl.Expr:
        """Seconds on the line after the customer left; they are part of talk, so never more than it."""
        return pl.min_horizontal(self._seconds("dead_sec").fill_null(0), self._seconds("talk_sec"))

    def _dead_in_wrap(self) -> pl.Expr:
        return self._dead() if "dead_sec" in self.parts else pl.lit(0, pl.Int64)

    def _reckoned(self, phases: Sequence[str]) -> pl.Expr:
        """Start of the row plus the phases before: null when one of them is not known."""
        past = pl.lit(0, pl.Int64)
        for name in phases:
            value = self._seconds(name)
            past = past + pl.when(value.is_between(0, _SATURATED - 1)).then(value)
        return self.times.instant("event_time") + pl.duration(milliseconds=past * 1000, time_unit="ms")

    def _dispo_at(self) -> pl.Expr:
        return self._epoch("dispo_epoch") if self.has_epochs else self._reckoned(_PHASES)

    def _answered_at(self) -> pl.Expr:
        return self._epoch("talk_epoch") if self.has_epochs else self._reckoned(_PHASES[:2])

    def _ended_at(self) -> pl.Expr:
        """When the wrap begins: the disposition screen, or with dead seconds the moment the customer left."""
        begun = self._dispo_at() - pl.duration(milliseconds=self._dead_in_wrap() * 1000, time_unit="ms")
        if self.has_epochs and "dead_sec" in self.parts:
            return pl.coalesce(begun, self._epoch("dead_epoch"))
        return begun

    def _acw(self) -> pl.Expr:
        """Seconds of wrap-up; null while they are not known."""
        dispo = self._seconds("dispo_sec")
        known = dispo > 0 if self.has_epochs else (dispo > 0) | self._text("status").is_not_null()
        return pl.when(known).then(dispo + self._dead_in_wrap())

    def _wrap_began(self) -> pl.Expr:
        if not self.has_epochs:
            return self._seconds("talk_sec") > 0
        return self._ended_at().is_not_null()

    def _talk(self) -> pl.Expr:
        """Seconds with the customer; null while the call runs."""
        talk = self._seconds("talk_sec") - self._dead_in_wrap()
        return pl.when(self._epoch("dispo_epoch").is_not_null() | (talk > 0)).then(talk) if self.has_epochs else talk

    def _kind_of_call(self) -> dict[str, pl.Expr]:
        """`comments` names the kind of call; without a word it was dialled automatically."""
        if "comments" not in self._named:
            return {}
        kind = self._text("comments").str.to_uppercase()
        written = kind.is_in(["EMAIL", "CHAT"]).fill_null(False)
        came_in = written | (kind == "INBOUND").fill_null(False)
        return {
            "channel": pl.when(written).then(kind.str.to_lowercase()).otherwise(pl.lit("voice")),
            "direction": pl.when(came_in).then(pl.lit("inbound")).otherwise(pl.lit("outbound")),
        }


def _latest_versions(files: list[FileFrame]) -> list[FileFrame]:
    """The table's rows are updated in place: of rows with one id, the one that got furthest is the latest.

    Where two exports tell the same, the one with epochs does.
    """
    rows = [loaded.frame.with_columns(file=pl.lit(place)) for place, loaded in enumerate(files)]
    every = pl.concat(row.select("file", "agent_id", "log_id", "progress", "has_epochs", "row_hash") for row in rows)
    newest = pl.col("row_hash").sort_by("progress", "has_epochs").last().over("agent_id", "log_id")
    older = every.with_columns(older=pl.col("log_id").is_not_null() & (pl.col("row_hash") != newest))
    for place, loaded in enumerate(files):
        marks = older.filter(pl.col("file") == place)["older"]
        if marks.any():
            loaded.ignored["older version"] += int(marks.sum())
        loaded.frame = loaded.frame.filter(~marks).drop("log_id", "progress", "has_epochs")
    return files
