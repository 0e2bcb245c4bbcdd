"""A profile proved by its own sample: the rows it brings must give the wraps it promises; and a first draft of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from acwcli.errors import AcwError, UsageError, did_you_mean
from acwcli.formats.frames import Probe
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.formats.profile import Profile, built_in_profiles, load_profile
from acwcli.formats.profile_draft import draft_profile, wrap_tables
from acwcli.formats.profile_grid import first_found
from acwcli.formats.scratch import scratch_file
from acwcli.model.columns import WRAP_FRAME
from acwcli.model.table import Column, Table
from acwcli.pipeline.loading import load
from acwcli.pipeline.questions import wraps_table
from acwcli.pipeline.rebuilding import WrapOptions, wraps


def prove_profiles(names: Sequence[str]) -> Table:
    """Prove profiles.

    Args:
        names: profile files, or names of built-in ones.

    Returns:
        One row per profile: `format kind method rows wraps verdict`.

    Raises:
        UsageError: a profile with a mistake in it, or whose sample does not give the expected wraps; the message
            names file and line.
    """
    known = built_in_profiles()
    rows = [_prove(str(known[name]) if name in known and not Path(name).exists() else name) for name in names]
    kinds = {"rows": "count", "wraps": "count"}
    columns = tuple(Column(name, kinds.get(name, "text")) for name in rows[0])  # type: ignore[arg-type]
    return Table("formats", pl.DataFrame(rows), columns)


def _prove(path: str) -> dict[str, object]:
    profile = load_profile(path)
    if not profile.sample.text:
        raise profile.wrong(("sample",), 'no sample to prove it: add [sample] with text = """…""" and [[sample.wraps]]')
    read, found = _wraps_of_sample(path, profile)
    _compare(profile, found)
    return {
        "format": profile.name,
        "kind": profile.kind,
        "method": profile.method,
        "rows": read,
        "wraps": found.height,
        "verdict": "ok",
    }


def _wraps_of_sample(path: str, profile: Profile) -> tuple[int, pl.DataFrame]:
    sample = scratch_file(f"{profile.name}-sample.txt")
    sample.write_text(profile.sample.text, encoding="utf-8")
    try:
        _look_for_columns(profile, Probe(find_inputs([str(sample)])[0], None).grid.columns)
        loaded = load([str(sample)], ReadOptions(profiles=(path,), needs=frozenset(WRAP_FRAME)))
        found = wraps(loaded, WrapOptions(), frozenset(WRAP_FRAME))
        if (bad := loaded.total().rejected.total()) and (rejects := loaded.rejects()).height:
            row, reason, raw = rejects.select("row", "reason", "raw").row(0)
            raise profile.wrong(("sample", "text"), f"{bad} sample rows are rejected; row {row}: {reason}: {raw}")
        frame = wraps_table(found).frame if found.frame.height else pl.DataFrame(schema={"agent_id": pl.String})
        return loaded.total().read, frame
    except UsageError as error:
        if str(error).startswith(profile.source):
            raise
        raise profile.wrong(("sample", "text"), str(error)) from error
    except AcwError as error:
        message = str(error).replace(str(sample), "the sample")
        raise profile.wrong(("sample", "text"), f"its own sample cannot be read: {message}") from error


def _look_for_columns(profile: Profile, headers: Sequence[str]) -> None:
    for spellings in profile.needed:
        if first_found(spellings, headers) is None:
            named = next((name for name, given in profile.columns.items() if given == spellings), None)
            wanted = " or ".join(f"'{text}'" for text in spellings)
            near = did_you_mean(spellings[0], headers)
            where = ("columns", named) if named else ("match", "columns")
            raise profile.wrong(where, f"its sample has no column {wanted}{near}; it has {', '.join(headers)}")


def _compare(profile: Profile, found: pl.DataFrame) -> None:
    """Every expected wrap is there, in the order of `acw reconstruct`, and no other."""
    expected = profile.sample.wraps
    for place, (wanted, wrap) in enumerate(zip(expected, found.iter_rows(named=True), strict=False)):
        for name, value in wanted.items():
            if not _same(value, wrap[name]):
                raise profile.wrong(
                    ("sample", "wraps", place, name),
                    f"expected {name} = {_shown(value)}, the sample gives {_shown(wrap[name])} ({_said(wrap)})",
                )
    if len(expected) > found.height:
        raise profile.wrong(
            ("sample", "wraps", found.height),
            f"{len(expected)} wraps expected, the sample gives {found.height}: this one is not there",
        )
    if len(expected) < found.height:
        extra = found.row(len(expected), named=True)
        raise profile.wrong(
            ("sample", "wraps"), f"{len(expected)} wraps expected, the sample gives {found.height}: also {_said(extra)}"
        )


def _same(wanted: object, value: object) -> bool:
    if isinstance(wanted, str) and isinstance(value, datetime):
        try:
            wanted = datetime.fromisoformat(wanted)
        except ValueError:
            return False
    if isinstance(wanted, datetime) and wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=UTC)
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return abs(wanted - value) < 0.0005
    return wanted == value or (wanted == "" and value is None)


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else repr(value) if isinstance(value, str) else str(value)


def _said(wrap: Mapping[str, object]) -> str:
    told = ("agent_id", "contact_id", "wrap_start", "acw_s", "row")
    return ", ".join(f"{name} {_shown(wrap[name])}" for name in told if wrap.get(name) is not None)


def emit_profile(paths: Sequence[str], options: ReadOptions) -> str:
    """Write a first profile for a file, with the wraps its own sample gives now.

    Raises:
        UsageError: more or less than one file.
        InputError: it cannot be read at all.
    """
    inputs = find_inputs(paths)
    if len(inputs) != 1:
        raise UsageError(f"--emit-profile writes a profile for one file; there are {len(inputs)}")
    text = draft_profile(Probe(inputs[0], options.encoding), options)
    draft = scratch_file("draft.toml")
    draft.write_text(text, encoding="utf-8")
    try:
        _, found = _wraps_of_sample(str(draft), load_profile(str(draft)))
    except AcwError as error:
        reason = " ".join(str(error).split())
        return f"{text}\n# TODO: its sample gives no wraps yet: {reason.replace(f'{draft}:', 'line ')}\n"
    if not found.height:
        return f"{text}\n# TODO: its sample gives no wraps yet.\n"
    shown = found.select("agent_id", "contact_id", _instant_text("wrap_start"), "acw_s", "method")
    return text + wrap_tables(shown.to_dicts())


def _instant_text(name: str) -> pl.Expr:
    return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00")
