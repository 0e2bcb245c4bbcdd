"""A first profile for a file nobody knows: what its headers and values let one guess, and TODO where they do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from acwcli.errors import AcwError
from acwcli.formats.columns import Chosen, choose
from acwcli.formats.duration_text import decide_duration
from acwcli.formats.frames import Probe
from acwcli.formats.grid import Grid
from acwcli.formats.options import ReadOptions
from acwcli.formats.profile import CONTACT_COLUMNS, STATE_COLUMNS
from acwcli.formats.times import Times
from acwcli.formats.words import state_of, unit_ms
from acwcli.model.columns import CONTACT_FRAME, INSTANT, STATE_FRAME

_INSTANTS = {name for name, kind in (STATE_FRAME | CONTACT_FRAME).items() if kind == INSTANT}
_LENGTHS = ("acw_s", "talk_s", "hold_s", "acw_ms", "talk_ms", "hold_ms", "duration")
_NEEDED = {"states": ("agent_id", "event_time", "state"), "contacts": ("agent_id", "acw_s")}
_ROWS = {"states": 20, "contacts": 5}
_LONGEST = 20_000  # characters of sample rows


def draft_profile(probe: Probe, options: ReadOptions) -> str:
    """Write a first profile for a file.

    Args:
        probe: the file.
        options: what the user already knows of it (`columns`, `states`, `time_format`, `date_order`).

    Returns:
        TOML, valid by itself; the expected wraps are not in it.
    """
    grid = probe.grid
    kind, chosen = _kind(grid, options)
    lines = [
        f"# Drafted from {Path(probe.input.name).name}. Look at every TODO, then: acw formats test THIS_FILE",
        f"title = {_quoted(Path(probe.input.name).stem)}",
        f'kind = "{kind}"',
        *_clocks(grid, chosen, options),
        "",
        *_columns(grid, kind, chosen),
        *(_states(grid, chosen, options) if kind == "states" else []),
        *_sample(probe, kind),
    ]
    return "\n".join(lines) + "\n"


def _kind(grid: Grid, options: ReadOptions) -> tuple[str, Chosen]:
    """A state log where an agent, a time and a state stand, and no length of wrap-up; else contact records."""
    mapped = options.columns
    states = choose(grid, (*STATE_COLUMNS, "date", "time"), {n: c for n, c in mapped.items() if n in STATE_COLUMNS})
    contacts = choose(
        grid, (*CONTACT_COLUMNS, "date", "time"), {n: c for n, c in mapped.items() if n in CONTACT_COLUMNS}
    )
    looks = all(name in states for name in _NEEDED["states"]) and not {"acw_s", "acw_ms", "talk_s"} & set(
        contacts.parts
    )
    return ("states", states) if looks or "state" in mapped else ("contacts", contacts)


def _clocks(grid: Grid, chosen: Chosen, options: ReadOptions) -> list[str]:
    times = Times(grid, chosen, options)
    lines = []
    for name in chosen.parts:
        if name in _INSTANTS:
            try:
                times.instant(name)
            except AcwError as error:
                lines.append(f"# TODO {name}: {_one_line(error)}")
                lines.append('# time_format = "%d.%m.%y %H:%M:%S"   # or date_order = "dmy"')
    if options.time_format:
        lines.append(f"time_format = {_quoted(options.time_format)}")
    if options.date_order:
        lines.append(f'date_order = "{options.date_order}"')
    if said := times.said():
        lines.append(f"# clocks: {said}")
    if times.is_local():
        lines.append('# tz = "Europe/Berlin"   # TODO: the zone of these times; without it --tz holds')
    return lines


def _columns(grid: Grid, kind: str, chosen: Chosen) -> list[str]:
    lines = ["[columns]"]
    known = STATE_COLUMNS if kind == "states" else CONTACT_COLUMNS
    for name in (name for name in known if name in chosen):
        lines.append(f"{name} = {_quoted('+'.join(chosen.parts[name]))}{_remark(grid, chosen, name)}")
    if kind == "contacts" and "acw_ms" in chosen:
        known = tuple(name for name in known if name != "acw_s")
    used = {header for parts in chosen.parts.values() for header in parts}
    unused = [header for header in grid.columns if header not in used]
    lengths = [header for header in unused if _reads_as_length(grid, header)]
    for name in _NEEDED[kind]:
        if name not in chosen and name in known:
            asked = (
                f"one of these lengths: {_one_line(', '.join(lengths))}?"
                if lengths and name in _LENGTHS
                else "which column?"
            )
            lines.append(f'{name} = "TODO"   # TODO: {asked}')
    if unused:
        lines.append(f"# not used: {_one_line(', '.join(unused))}")
    return lines


def _reads_as_length(grid: Grid, header: str) -> bool:
    if unit_ms(header) is None and grid.sample[header].drop_nulls().is_empty():
        return False
    try:
        decide_duration(grid.frame.select(header), grid.sample[header], name=header, source=grid.source)
    except AcwError:
        return False
    return True


def _remark(grid: Grid, chosen: Chosen, name: str) -> str:
    if name not in _LENGTHS:
        return ""
    header = chosen.parts[name][0]
    try:
        form = decide_duration(grid.frame.select(header), grid.sample[header], name=header, source=grid.source)
    except AcwError as error:
        return f"   # TODO {_one_line(error)}"
    if form.kind == "number" and unit_ms(header) is None and not name.endswith("_ms"):
        return f'   # TODO bare numbers are taken for seconds; else [units] {name} = "ms" or "min"'
    return f"   # {form.kind}"


def _states(grid: Grid, chosen: Chosen, options: ReadOptions) -> list[str]:
    if "state" not in chosen:
        return []
    words = grid.frame.select(chosen.text("state").cast(pl.String).alias("state")).unique().head(200).collect()
    found: dict[str, list[str]] = {state: list(given) for state, given in options.states.items()}
    own = {word for given in found.values() for word in given}
    unknown = []
    for word in sorted(words["state"].drop_nulls().to_list()):
        if word in own:
            continue
        if (state := state_of(word)) is None:
            unknown.append(word)
        else:
            found.setdefault(state, []).append(word)
    lines = ["", "[states]"]
    lines += [f"{state} = [{', '.join(map(_quoted, given))}]" for state, given in found.items()]
    if unknown:
        lines.append(f"other = [{', '.join(map(_quoted, unknown))}]   # TODO: what are these?")
    if "acw" not in found:
        lines.append('# TODO acw = ["…"]   # which word is wrap-up? If it is a reason: wrap_reasons = ["…"] above')
    return lines


def _sample(probe: Probe, kind: str) -> list[str]:
    text = _first_rows(probe, _ROWS[kind])
    literal = "'''" not in text and text.replace("\n", "").replace("\t", "").isprintable()
    return [
        "",
        "# TODO: real rows; put other names and ids in their place before you hand this on.",
        "[sample]",
        f"text = '''\n{text}'''" if literal else f"text = {_quoted(text)}",
    ]


def _first_rows(probe: Probe, rows: int) -> str:
    """The first rows as the file has them; of a workbook or Parquet as CSV."""
    grid = probe.grid
    if probe.plain.kind != "text" or grid.shape not in ("csv", "ndjson") or "records" in grid.details.get("rows", ""):
        shown = [name for name in grid.columns if name in grid.sample.columns]
        return grid.sample.select(pl.col(shown).cast(pl.String)).head(rows).write_csv()
    header = grid.details.get("header", "")
    first = int(header.removeprefix("line ")) if header.startswith("line ") else 0
    kept: list[str] = []
    for line in probe.head[: first + rows]:
        if sum(map(len, kept)) + len(line) > _LONGEST:
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def wrap_tables(wraps: Sequence[dict[str, object]]) -> str:
    """Write what a sample gives as the wraps it is expected to give."""
    lines = ["", "# TODO: this is what the sample gives now; check it by hand."]
    for wrap in wraps:
        lines.append("[[sample.wraps]]")
        for name, value in wrap.items():
            if value is not None:
                lines.append(f"{name} = {_quoted(value) if isinstance(value, str) else value}")
        lines.append("")
    return "\n".join(lines)
