"""Which format wrote a file: every known format looks at the content, the best fit reads it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Protocol, cast

from acwcli.errors import AcwError, DamagedError, InputError, UsageError, did_you_mean
from acwcli.formats import platforms
from acwcli.formats.columns import guess_kind_of_map, has_column
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.heads import read_heads
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.formats.profile import built_in_profiles, profile_name
from acwcli.model.marker import STORE_FILE


class Format(Protocol):
    """What every format offers: a module in `platforms`, or a profile."""

    @property
    def TITLE(self) -> str:  # noqa: N802  # constants of a module
        """What a person calls it."""

    @property
    def KIND(self) -> str:  # noqa: N802
        """`states`, `contacts` or `wraps`."""

    @property
    def METHOD(self) -> str:  # noqa: N802
        """The grade of evidence it gives."""

    def match(self, probe: Probe, options: ReadOptions) -> Match:
        """How well a file fits."""

    def read(self, probes: Sequence[Probe], options: ReadOptions) -> Sequence[FileFrame]:
        """The canonical frames of files that fit."""


EMPTY_PAGE = "a page or list without records"
_NO_DATA = frozenset((".py", ".pyc", ".ipynb", ".js", ".sh", ".ps1", ".md", ".rst", ".toml", ".yaml", ".yml", ".ini"))
"""Suffixes of what lies beside exports in folders; examples of data may stand in it."""


@dataclass(frozen=True)
class Recognised:
    """What one file was taken for.

    Attributes:
        probe: the file.
        format: the format's name; None when nobody knows it.
        matches: what each format said, best first.
        problem: why the file is left out, when it is.
        options: how to read this file: without what `--map` names in other files only.
        notes: what to say about that.
    """

    probe: Probe
    format: str | None
    matches: dict[str, Match] = field(default_factory=dict)
    problem: str = ""
    options: ReadOptions = field(default_factory=ReadOptions)
    notes: tuple[str, ...] = ()


def names(profiles: Sequence[str] = ()) -> tuple[str, ...]:
    """The known formats, without importing any.

    Args:
        profiles: profile files of the user.
    """
    return tuple(sorted({*_modules(), *built_in_profiles(), *map(profile_name, profiles)}))


@cache
def _modules() -> tuple[str, ...]:
    return tuple(module.name.replace("_", "-") for module in pkgutil.iter_modules(platforms.__path__))


def platform(name: str, profiles: Sequence[str] = ()) -> Format:
    """The module or profile of a format; the user's own profiles come first.

    Raises:
        UsageError: a profile that cannot be read, or has a mistake in it.
    """
    own = {profile_name(path): path for path in profiles}
    if name in own:
        from acwcli.formats.profile_format import of_profile

        return of_profile(own[name], given=True)
    return _built_in(name)


@cache
def _built_in(name: str) -> Format:
    if name in built_in_profiles():
        from acwcli.formats.profile_format import of_profile

        return of_profile(str(built_in_profiles()[name]), given=False)
    return cast(Format, importlib.import_module(f"{platforms.__name__}.{name.replace('-', '_')}"))


def recognise(inputs: Sequence[Input], options: ReadOptions) -> list[Recognised]:
    """Recognise every file.

    Raises:
        InputError: a file the user named that nobody can read or knows (files found in folders are skipped instead),
            or a damaged file, or one that fits two formats equally well, wherever it was found.
        UsageError: a forced format that does not exist.
    """
    forced = options.input_format
    known = names(options.profiles)
    if forced is not None and forced not in known:
        raise UsageError(f"unknown input format '{forced}'{did_you_mean(forced, known)}; known: {', '.join(known)}")
    probes = [Probe(item, options.encoding) for item in inputs]
    read_heads(probes)
    found = [
        replace(recognise_one(probe, own), options=own, notes=notes)
        for probe, (own, notes) in zip(probes, own_maps(probes, options), strict=True)
    ]
    refuse_unknown(found)
    _refuse_idle_profiles(found, options)
    return found


def refuse_unknown(found: Sequence[Recognised]) -> None:
    """Stop where there is nothing to read.

    Raises:
        InputError: no file is known.
    """
    if all(item.format is None for item in found):
        reasons = "; ".join(f"{item.probe.input.name}: {item.problem}" for item in found[:3])
        raise InputError(f"no file that can be read ({reasons})")


def _refuse_idle_profiles(found: Sequence[Recognised], options: ReadOptions) -> None:
    """A profile the user gave that fits no file is a mistake, not a shrug."""
    for path in options.profiles:
        name = profile_name(path)
        if all(item.format != name for item in found) and options.input_format is None:
            first = next(item for item in found if item.format is not None)
            missing = first.matches[name].missing or f"{first.format} fits better"
            raise InputError(f"profile {path} fits none of the files; {first.probe.input.name}: {missing}")


def own_maps(probes: Sequence[Probe], options: ReadOptions) -> list[tuple[ReadOptions, tuple[str, ...]]]:
    """What of `--map` holds for each file: a column that other files have and this one lacks is left to its own words.

    A column that no file has stays, and is an error as soon as a file is looked at.
    """
    if not options.columns or len(probes) == 1:
        return [(options, ())] * len(probes)
    headers = [_headers(probe) for probe in probes]
    known = {name for name, at in options.columns.items() if any(has_column(own or (), at) for own in headers)}
    found = []
    for probe, own in zip(probes, headers, strict=True):
        lacks = [name for name in known if own is not None and not has_column(own, options.columns[name])]
        kept = {name: at for name, at in options.columns.items() if name not in lacks}
        notes = tuple(
            f"{probe.input.name}: no column '{options.columns[name]}', so --map {name} holds for other files only"
            for name in sorted(lacks)
        )
        found.append((replace(options, columns=kept), notes))
    return found


def _headers(probe: Probe) -> Sequence[str] | None:
    try:
        return probe.grid.columns
    except InputError:
        return None


def recognise_one(probe: Probe, options: ReadOptions) -> Recognised:
    """Recognise one file by itself; see `recognise`, which knows what several files have in common."""
    item, forced = probe.input, options.input_format
    if item.path.name == STORE_FILE and not item.named:
        return Recognised(probe, None, problem="a store; name its folder to read it")
    if not item.named and item.path.suffix.lower() in _NO_DATA:
        return Recognised(probe, None, problem="a program or a text; name the file itself to read it")
    try:
        if probe.is_empty_page:
            return Recognised(probe, None, problem=EMPTY_PAGE)
        if forced is not None:
            _refuse_misfit(probe, forced, options)
            return Recognised(probe, forced, {forced: Match(1, "named with --input-format")})
        matches = _ask(probe, options)
    except DamagedError:
        raise
    except InputError as error:
        if item.named:
            raise
        return Recognised(probe, None, problem=str(error))
    matches = dict(sorted(matches.items(), key=lambda pair: -pair[1].score))
    try:
        name = _best(probe, matches, options)
    except AcwError as error:
        if item.named:
            raise
        return Recognised(probe, None, matches, problem=str(error))
    _refuse_ties(item, name, matches, options)
    return Recognised(probe, name, matches)


def _refuse_misfit(probe: Probe, forced: str, options: ReadOptions) -> None:
    """A forced format is taken at its word, but not for a file that lacks what it is read by.

    Raises:
        InputError: something is missing, and `--map` does not name it.
    """
    module = platform(forced, options.profiles)
    if getattr(module, "DOCUMENTS", False) and probe.is_json and not probe.documents:
        return  # broken JSON: its reader says what is wrong with it
    found = module.match(probe, options)
    if not found.score:
        raise InputError(
            f"{probe.input.name}: --input-format {forced} does not fit, it lacks: {found.missing}. Leave "
            "--input-format out to have the file recognised, or name its columns with --map"
        )


def _ask(probe: Probe, options: ReadOptions) -> dict[str, Match]:
    """What each format says; readers of tables are not asked about nested documents that another format knows."""
    known = {name: platform(name, options.profiles) for name in names(options.profiles)}
    nested = {name for name, module in known.items() if getattr(module, "DOCUMENTS", False)}
    found = {name: known[name].match(probe, options) for name in known if name in nested}
    if probe.is_json and any(match.score for match in found.values()) and not (options.columns or options.profiles):
        no_table = Match(0, missing="a table (the file holds nested JSON documents)")
        return {name: found.get(name, no_table) for name in known}
    return {name: found[name] if name in found else module.match(probe, options) for name, module in known.items()}


def _best(probe: Probe, matches: dict[str, Match], options: ReadOptions) -> str:
    item = probe.input
    wanted = guess_kind_of_map(options.columns)
    given = {profile_name(path) for path in options.profiles}
    if wanted is not None and matches[wanted].score > 0 and next(iter(matches)) not in given:
        return wanted
    first = next(iter(matches))
    if matches[first].score == 0:
        from acwcli.formats.look_alikes import advice

        asked = (*sorted(given), "generic-states", "generic-contacts")
        missing = "; ".join(f"as {name}: {matches[name].missing}" for name in asked)
        raise InputError(
            f"{item.name}: nobody knows this format ({missing}). {advice(probe)}"
            "Name its columns with --map, for example "
            "--map agent_id=Operator --map event_time=When --map state=Status, force one with --input-format, or "
            "describe it in a profile (acw inspect FILE --emit-profile writes a first one)"
        )
    if first == "generic-contacts" and not options.columns:
        from acwcli.formats.look_alikes import no_generic_table

        if said := no_generic_table(probe):
            raise InputError(f"{item.name}: {said.strip()}")
    return first


def _refuse_ties(item: Input, name: str, matches: dict[str, Match], options: ReadOptions) -> None:
    """To take one of two formats that fit equally well would be a guess, unless `--map` decides."""
    rivals = [other for other, match in matches.items() if other != name and match.score == matches[name].score]
    if rivals and name != guess_kind_of_map(options.columns):
        raise InputError(f"{item.name}: fits {name} and {rivals[0]} equally well; choose one with --input-format")
