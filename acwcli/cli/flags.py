"""Flags that commands share: typed groups whose fields become options of every command that takes the group.

Groups are named tuples: a frozen data class takes seven times as long to define, at every start.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from acwcli.cli.configured import configure

_READ = "Reading"
_WRAP = "Wraps"
_OUT = "Output"

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...", help="Files, folders, globs, s3://… or https://…, - for stdin.", show_default=False
    ),
]

QueueLimits = Annotated[
    list[str] | None,
    typer.Option(
        "--queue-limit", metavar="QUEUE=DURATION", help="A limit of its own for a queue; repeat.", show_default=False
    ),
]

MinWraps = Annotated[int, typer.Option("--min-wraps", min=1, help="Fewer are not enough data, never a flag.")]

Within = Annotated[
    str | None,
    typer.Option("--within", metavar="DURATION", help="The limit people speak of, e.g. 60s (default: p80)."),
]

OverRules = Annotated[
    list[str] | None, typer.Option("--over", metavar="RULE", help="mean, pNN or a duration; repeat for more rules.")
]

UnderRules = Annotated[
    list[str] | None, typer.Option("--under", metavar="RULE", help="The same from below: too short to be true.")
]

Measured = Annotated[str, typer.Option("--of", help="What to measure: acw, talk, hold or handle.")]


def _opt(*names: str, help: str, panel: str, metavar: str | None = None) -> Any:  # noqa: ANN401
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar, show_default=False)


class ReadFlags(NamedTuple):
    """How files are read."""

    input_format: Annotated[
        str | None, _opt("--input-format", help="Force a format (see acw formats).", panel=_READ)
    ] = None
    map: Annotated[
        list[str] | None,
        _opt("--map", help="canonical=Column, or answered_at=date+time.", panel=_READ, metavar="NAME=COLUMN"),
    ] = None
    state: Annotated[
        list[str] | None,
        _opt("--state", help="The file's word for a state: acw=Documentation.", panel=_READ, metavar="STATE=WORD"),
    ] = None
    time_format: Annotated[str | None, _opt("--time-format", help="strptime pattern of its times.", panel=_READ)] = None
    date_order: Annotated[
        str | None, _opt("--date-order", help="dmy, mdy or ymd where the data cannot decide.", panel=_READ)
    ] = None
    rows: Annotated[
        str | None,
        _opt("--rows", help="SQL over the file's own columns that picks its rows.", panel=_READ, metavar="SQL"),
    ] = None
    encoding: Annotated[str | None, _opt("--encoding", help="Force a text encoding.", panel=_READ)] = None
    tz: Annotated[
        str | None,
        _opt(
            "--tz",
            help="Zone of times without offset, of days and hours, and of output (UTC).",
            panel=_READ,
            metavar="ZONE",
        ),
    ] = None
    wrap_reason: Annotated[
        list[str] | None,
        _opt(
            "--wrap-reason",
            help="Pause reasons that are wrap-up (replaces the built-in list).",
            panel=_READ,
            metavar="TEXT",
        ),
    ] = None
    wrap: Annotated[
        str,
        _opt("--wrap", help="VICIdial: dispo, or dispo+dead (default).", panel=_READ, metavar="PARTS"),
    ] = "dispo+dead"
    profile: Annotated[
        list[str] | None,
        _opt("--profile", help="TOML file that describes an export; repeat for several.", panel=_READ, metavar="FILE"),
    ] = None
    roster: Annotated[
        str | None,
        _opt(
            "--roster", help="File with agent_id and columns to join (name, team, site …).", panel=_READ, metavar="FILE"
        ),
    ] = None
    lookup: Annotated[
        list[str] | None,
        _opt(
            "--lookup",
            help="File of ids and names (users, queues, wrap-up codes); repeat for several.",
            panel=_READ,
            metavar="FILE",
        ),
    ] = None
    rejects: Annotated[
        str | None,
        _opt("--rejects", help="Write rejected rows here: source, row, reason, raw text.", panel=_READ, metavar="FILE"),
    ] = None
    max_bad: Annotated[
        str, _opt("--max-bad", help="Share of rejected rows a file may have (1%).", panel=_READ, metavar="SHARE")
    ] = "1%"

    @property
    def zone(self) -> str:
        """The zone to work in."""
        return self.tz or "UTC"


class WrapFlags(NamedTuple):
    """How wraps are rebuilt, and which of them the question is about."""

    max_wrap: Annotated[
        str, _opt("--max-wrap", help="A longer wrap is stuck (4h).", panel=_WRAP, metavar="DURATION")
    ] = "4h"
    infer_gap: Annotated[
        bool, _opt("--infer-gap", help="Take the gap to the agent's next contact as an upper bound.", panel=_WRAP)
    ] = False
    gap_cap: Annotated[
        str, _opt("--gap-cap", help="Longer gaps are no wraps (10m).", panel=_WRAP, metavar="DURATION")
    ] = "10m"
    since: Annotated[
        str | None, _opt("--since", help="Wraps that start at or after this instant.", panel=_WRAP, metavar="INSTANT")
    ] = None
    until: Annotated[
        str | None, _opt("--until", help="Wraps that start before this instant.", panel=_WRAP, metavar="INSTANT")
    ] = None
    where: Annotated[
        str | None, _opt("--where", help="SQL over wraps columns: \"queue = 'billing'\".", panel=_WRAP, metavar="SQL")
    ] = None
    memory: Annotated[
        str | None,
        _opt(
            "--memory",
            help="How much memory to take before rows go to disk (half of what is free).",
            panel=_WRAP,
            metavar="SIZE",
        ),
    ] = None


class HideFlags(NamedTuple):
    """Whether agents are shown by pseudonyms."""

    anonymize: Annotated[
        bool, _opt("--anonymize", help="Show agents by stable pseudonyms, names and raw text not at all.", panel=_OUT)
    ] = False
    anonymize_key_file: Annotated[
        str | None,
        _opt(
            "--anonymize-key-file",
            help="The key of the pseudonyms (default: ACW_ANONYMIZE_KEY, else one made once for this user).",
            panel=_OUT,
            metavar="FILE",
        ),
    ] = None


class OutFlags(NamedTuple):
    """Where the answer goes and in which shape."""

    format: Annotated[
        str | None, _opt("--format", "-f", help="table, csv, tsv, json, ndjson, parquet, markdown or xlsx.", panel=_OUT)
    ] = None
    output: Annotated[
        str | None, _opt("--output", "-o", help="Write here; the suffix names the format.", panel=_OUT, metavar="FILE")
    ] = None
    raw_text: Annotated[
        bool, _opt("--raw-text", help="Do not guard CSV text against being run as a formula.", panel=_OUT)
    ] = False
    quiet: Annotated[bool, _opt("--quiet", "-q", help="Say nothing but errors and findings.", panel=_OUT)] = False
    debug: Annotated[bool, _opt("--debug", help="Show where an unexpected failure happened.", panel=_OUT)] = False
    config: Annotated[
        str | None,
        typer.Option(
            "--config", metavar="FILE", help="This configuration file alone; none: without any.", show_default=False,
            rich_help_panel=_OUT, is_eager=True, callback=configure,
        ),
    ] = None  # fmt: skip


def with_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Spread parameters annotated with a flag group into one option per field, so that typer sees plain options."""
    hints = get_type_hints(command, include_extras=True)
    own = inspect.signature(command).parameters
    groups: dict[str, Any] = {
        name: kind for name, kind in hints.items() if isinstance(kind, type) and issubclass(kind, tuple)
    }
    spread = {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in own.items()
        if name not in groups
    }
    for group in groups.values():
        types = get_type_hints(group, include_extras=True)
        for name, default in group._field_defaults.items():
            spread[name] = inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[name]
            )

    @functools.wraps(command)
    def spread_out(**values: Any) -> Any:  # noqa: ANN401
        gathered = {name: kind(**{field: values.pop(field) for field in kind._fields}) for name, kind in groups.items()}
        return command(**values, **gathered)

    del spread_out.__wrapped__
    spread_out.__signature__ = inspect.Signature(list(spread.values()))  # type: ignore[attr-defined]
    spread_out.__annotations__ = {name: parameter.annotation for name, parameter in spread.items()}
    return spread_out
