"""What was read and what can be read: inspect and formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from acwcli.analyse.inspection import FileFacts, inspection
from acwcli.analyse.methods import methods as methods  # part of the library
from acwcli.analyse.side_by_side import side_by_side
from acwcli.formats import detect
from acwcli.formats.frames import Match
from acwcli.model.counts import counted
from acwcli.model.table import Column, Table
from acwcli.pipeline.loading import FIRST_INSTANTS
from acwcli.pipeline.rebuilding import Wraps


def formats() -> Table:
    """The known exports."""
    rows = []
    for name in detect.names():
        module = detect.platform(name)
        rows.append({"format": name, "title": module.TITLE, "kind": module.KIND, "method": module.METHOD})
    frame = pl.DataFrame(rows)
    return Table("formats", frame, tuple(Column(name) for name in frame.columns))


def inspect(found: Wraps, *, verbose: bool = False) -> Table:
    """What each file was taken for, and the account of its rows."""
    told = inspection(_file_facts(found, verbose=verbose), verbose=verbose)
    if found.pseudonyms is None:
        return told
    texts = [name for name, kind in told.frame.schema.items() if kind == pl.String]
    hidden = [told.frame[name].map_elements(found.pseudonyms.hidden, pl.String) for name in texts]
    return replace(told, frame=told.frame.with_columns(hidden))


def _file_facts(found: Wraps, *, verbose: bool) -> list[FileFacts]:
    matches = {item.probe.input.name: item for item in found.loaded.recognised}
    begun = dict(found.rows().group_by("file").len().collect(engine="streaming").iter_rows())
    if found.loaded.told:
        told = zip(found.loaded.told, found.loaded.counts, strict=True)
        return [replace(item, counts=counts, wraps=begun.get(index, 0)) for index, (item, counts) in enumerate(told)]
    facts = []
    for index, (loaded, counts) in enumerate(zip(found.loaded.files, found.loaded.counts, strict=True)):
        item = matches[loaded.source]
        clock = FIRST_INSTANTS[loaded.kind]
        agents, first, last = loaded.rows().select(*_facts(loaded.frame, clock)).collect(engine="streaming").row(0)
        best = item.matches[item.format] if item.format in item.matches else Match(0)
        facts.append(
            FileFacts(
                loaded.source, item.format, loaded.kind, counts, agents,
                begun.get(index, 0), first, last, best.why, _runner_up(item),
                _details(found, index, item) if verbose else {},
            )
        )  # fmt: skip
    skipped = [item for item in found.loaded.recognised if item.format is None]
    return facts + [FileFacts(item.probe.input.name, None, note=item.problem) for item in skipped]


def _details(found: Wraps, index: int, item: detect.Recognised) -> dict[str, str]:
    """What only `--verbose` tells."""
    file = found.loaded.files[index]
    return file.details | _others(item) | _overlapping(found, index) | _reconciled(found, file.kind)


def _runner_up(item: detect.Recognised) -> str | None:
    """The next best format and why it was not taken; None where the format was forced."""
    others = [(name, match) for name, match in item.matches.items() if name != item.format]
    if item.format is None or not others:
        return None
    name, match = max(others, key=lambda other: other[1].score)
    taken = item.matches[item.format].score
    return (
        f"{name} ({match.score:.2f} against {taken:.2f}: {match.why})" if match.score else "none: no other format fits"
    )


def _others(item: detect.Recognised) -> dict[str, str]:
    """What each other format said: how much less well it fits, or what is missing."""
    others = {name: match for name, match in item.matches.items() if name != item.format}
    return {
        f"not {name}": f"fits less well ({match.score:.2f}): {match.why}"
        if match.score
        else f"missing: {match.missing}"
        for name, match in others.items()
    }


def _overlapping(found: Wraps, file: int) -> dict[str, str]:
    """Wraps of concurrent contacts: by contact they take longer than on the wall clock."""
    both = side_by_side(found.frame.filter(pl.col("file") == file))
    if both is None:
        return {}
    return {
        "wraps side by side": f"{both.by_contact_ms / 1000:,.1f} s of ACW by contact are "
        f"{both.wall_clock_ms / 1000:,.1f} s on the wall clock of {counted(both.agents, 'agent')}"
    }


def _reconciled(found: Wraps, kind: str) -> dict[str, str]:
    """How far states and records agree: over all agents, and for each agent with whom they do not."""
    by_agent = found.reconciliation
    if kind != "contacts" or by_agent.is_empty():
        return {}
    counts = ("both", "differ", "states_only", "records_only")
    apart = by_agent.filter(pl.sum_horizontal(counts[1:]) > 0)
    told = {"reconciliation": f"{_agreement(by_agent.select(pl.exclude('agent_id').sum()).row(0, named=True))}; "
            f"{apart.height:,} of {counted(by_agent.height, 'agent')} differ"}  # fmt: skip
    return told | {
        f"reconciliation of {numbers['agent_id']}": _agreement(numbers) for numbers in apart.iter_rows(named=True)
    }


def _facts(frame: pl.DataFrame, clock: str) -> list[pl.Expr]:
    """How many agents there are, and the first and last instant, where there are any."""
    times = pl.col(clock) if clock in frame.columns else pl.lit(None, pl.Datetime("ms", "UTC"))
    return [pl.col("agent_id").drop_nulls().n_unique(), times.min().alias("first"), times.max().alias("last")]


def _agreement(known: Mapping[str, int]) -> str:
    return (
        f"{counted(known['both'], 'wrap')} in states and records, {known['differ']:,} of them more than 1 s apart "
        f"(totals {known['states_ms'] / 1000:.1f} s and {known['records_ms'] / 1000:.1f} s); "
        f"{known['states_only']:,} only in states, {known['records_only']:,} only in records"
    )
