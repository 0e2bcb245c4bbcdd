"""Which format wrote a file: every known format looks at the content, the best fit reads it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType

from acwcli.errors import AcwError, InputError, UsageError, did_you_mean
from acwcli.formats import platforms
from acwcli.formats.columns import guess_kind_of_map
from acwcli.formats.frames import Match, Probe
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions


@dataclass(frozen=True)
class Recognised:
    """What one file was taken for.

    Attributes:
        probe: the file.
        format: the format's name; None when nobody knows it.
        matches: what each format said, best first.
        problem: why the file is left out, when it is.
    """

    probe: Probe
    format: str | None
    matches: dict[str, Match] = field(default_factory=dict)
    problem: str = ""


def names() -> tuple[str, ...]:
    """The known formats, without importing any."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(platforms.__path__)))


def platform(name: str) -> ModuleType:
    """Import the module of a format."""
    return importlib.import_module(f"{platforms.__name__}.{name.replace('-', '_')}")


def recognise(inputs: Sequence[Input], options: ReadOptions) -> list[Recognised]:
    """Recognise every file.

    Raises:
        InputError: a file the user named that nobody can read or knows; files found in folders are skipped instead.
        UsageError: a forced format that does not exist.
    """
    forced = options.input_format
    if forced is not None and forced not in names():
        raise UsageError(f"unknown input format '{forced}'{did_you_mean(forced, names())}; known: {', '.join(names())}")
    found = [_recognise(item, options, forced) for item in inputs]
    if all(item.format is None for item in found):
        reasons = "; ".join(f"{item.probe.input.name}: {item.problem}" for item in found[:3])
        raise InputError(f"no file that can be read ({reasons})")
    return found


def _recognise(item: Input, options: ReadOptions, forced: str | None) -> Recognised:
    probe = Probe(item, options.encoding)
    try:
        if forced is not None:
            return Recognised(probe, forced, {forced: Match(1, "named with --input-format")})
        matches = {name: platform(name).match(probe, options) for name in names()}
    except InputError as error:
        if item.named:
            raise
        return Recognised(probe, None, problem=str(error))
    matches = dict(sorted(matches.items(), key=lambda pair: -pair[1].score))
    try:
        return Recognised(probe, _best(item, matches, options), matches)
    except AcwError as error:
        if item.named:
            raise
        return Recognised(probe, None, matches, problem=str(error))


def _best(item: Input, matches: dict[str, Match], options: ReadOptions) -> str:
    wanted = guess_kind_of_map(options.columns)
    if wanted is not None and matches[wanted].score > 0:
        return wanted
    (first, best), (second, runner_up) = list(matches.items())[:2]
    if best.score == 0:
        asked = ("generic-states", "generic-contacts")
        missing = "; ".join(f"as {name}: {matches[name].missing}" for name in asked)
        raise InputError(
            f"{item.name}: nobody knows this format ({missing}). Name its columns with --map, for example "
            "--map agent_id=Operator --map event_time=When --map state=Status, or force one with --input-format"
        )
    if best.score == runner_up.score:
        raise InputError(f"{item.name}: fits {first} and {second} equally well; choose one with --input-format")
    return first
