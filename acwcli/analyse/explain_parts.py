"""The words and small tables of `acw explain` on a terminal: one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import polars as pl

from acwcli.analyse.portrait import OWN
from acwcli.analyse.wording import seconds_text
from acwcli.model.table import Column, Table

_SHARES = ("share", "peers_share")
_MOST_RULES, _MOST_KINDS = 6, 3
"""Rules and kinds of contact that a screen has room for."""
_MOST_POINTS = 60
"""A sparkline has no more places; of a longer time it shows the end."""


def sentence(row: Mapping[str, Any], noun: str, min_wraps: int) -> str:
    """Say what is known of the agent, in plain sentences."""
    who = f"{row['agent_id']} {row.get('name') or ''}".strip()
    count = f"{row[noun]:,} {noun if row[noun] != 1 else noun[:-1]}"
    mean = (
        f"{who}: {count} with a mean of {seconds_text(row['mean_s'])} and a median of {seconds_text(row['median_s'])}"
    )
    if row["peers"]:
        theirs = f"{seconds_text(row['peers_mean_s'])} and {seconds_text(row['peers_median_s'])}"
        mean += f"; the {row['peers']:,} peer{'s have' if row['peers'] != 1 else ' has'} {theirs}"
    if row[noun] < min_wraps:
        return f"{mean}. Not enough data: fewer than {min_wraps} {noun} say nothing for sure, so nothing is concluded."
    if noun != "wraps":
        return f"{mean}."
    seen = ", ".join(shape["shape"] for shape in row["shapes"])
    return f"{mean}. " + (f"Signals, no verdict on a person: {seen}." if seen else "No shape of behaviour stands out.")


def parts(
    sides: pl.DataFrame, lists: Mapping[str, pl.DataFrame], peers: Sequence[str], mix: Sequence[str], noun: str
) -> tuple[Table, ...]:
    """Set the figures, rules, mix, shapes, profiles and single wraps as tables for people."""
    built = [
        _sides(sides, noun),
        _rules(lists["rules"], peers),
        _mix(lists["mix"], mix, noun),
        _shapes(lists["shapes"], lists["evidence"]),
        _profiles(lists),
        _single(lists["longest"], lists["typical"], noun),
    ]
    return tuple(part for part in built if part is not None)


def _sides(sides: pl.DataFrame, noun: str) -> Table:
    who = pl.when(OWN).then(pl.lit("this agent")).otherwise(pl.lit("peers")).alias("who")
    names = ("mean_s", "median_s", "p80_s", "p90_s", "max_s")
    columns = (
        Column("who", label=" "),
        Column(noun, "count"),
        *(Column(name, "seconds", name.removesuffix("_s")) for name in names),
        Column("share_within", "share", "within"),
        Column("excess_s", "seconds", "over"),
    )
    return _part("figures", sides.with_columns(who), columns)


def _rules(rules: pl.DataFrame, peers: Sequence[str]) -> Table | None:
    columns = (
        Column("rule"),
        *(Column(name) for name in peers),
        Column("value_s", "seconds", "value"),
        Column("threshold_s", "seconds", "threshold"),
        Column("over_s", "seconds", "over"),
        Column("lost_s", "seconds", "lost"),
        Column("expected_s", "seconds", "expected"),
        Column("ratio", "number"),
        Column("verdict"),
    )
    known = tuple(column for column in columns if rules[column.name].null_count() < rules.height)
    return _some("rules", rules, _MOST_RULES, known)


def _mix(kinds: pl.DataFrame, mix: Sequence[str], noun: str) -> Table | None:
    columns = (
        *(Column(name) for name in mix),
        Column(noun, "count"),
        Column("share", "share"),
        Column("peers_share", "share", "of the peers'"),
        Column("mean_s", "seconds", "mean"),
        Column("peers_mean_s", "seconds", "peers' mean"),
    )
    return _some("mix of contacts", kinds, _MOST_KINDS, columns)


def _some(name: str, frame: pl.DataFrame, most: int, columns: tuple[Column, ...]) -> Table | None:
    """The first rows of a table; its name says when there are more."""
    if frame.is_empty():
        return None
    cut = f", {most} of {frame.height}; all with --format json" if frame.height > most else ""
    return _part(name + cut, frame.head(most), columns)


def _shapes(shapes: pl.DataFrame, evidence: pl.DataFrame) -> Table | None:
    """A row per shape, and where in the data to look."""
    if shapes.is_empty():
        return None
    named = evidence.with_columns(_file_name(evidence["source"])).group_by("shape", "source", maintain_order=True)
    rows = named.agg(pl.col("row").cast(pl.String).fill_null("?").str.join(", "))
    where = pl.format("{}:{}", pl.col("source").fill_null("?"), "row").str.join(" ").alias("where")
    files = rows.group_by("shape").agg(where)
    frame = shapes.join(files, on="shape", how="left", maintain_order="left")
    told = frame.select("shape", "strength", (pl.col("sentence") + "; see " + pl.col("where")).alias("what shows it"))
    return _part("shapes", told, (Column("shape"), Column("strength", "number"), Column("what shows it")))


def _profiles(lists: Mapping[str, pl.DataFrame]) -> Table:
    """Lengths, hours and days as sparklines, the agent's and the peers' on one scale."""
    lengths = lists["distribution"]
    top = lengths["from_s"][-1]
    rows = []
    for who, key in (("agent", "share"), ("peers", "peers_share")):
        shares = lengths.select(pl.when(pl.col(key) > 0).then(pl.col(key) / pl.max_horizontal(_SHARES).max()))
        rows.append(_profile(f"lengths, {who}", shares.to_series(), "0 s", f"{top:.0f} s"))
    for name, column in (("by_hour", "hour"), ("by_day", "day")):
        frame = lists[name].tail(_MOST_POINTS)
        if frame.height > 1:
            first, last = str(frame[column][0]), str(frame[column][-1])
            highest = frame.select(pl.max_horizontal("mean_s", "peers_mean_s").max()).item() or 1.0
            for who, key in (("agent", "mean_s"), ("peers", "peers_mean_s")):
                rows.append(_profile(f"mean by {column}, {who}", frame[key] / highest, first, last))
    frame = pl.DataFrame(rows, schema_overrides={"profile": pl.List(pl.Float64)})
    return _part("profile", frame, (Column("of"), Column("from"), Column("profile", "spark"), Column("to")))


def _profile(of: str, values: pl.Series, first: str, last: str) -> dict[str, object]:
    return {"of": of, "from": first, "profile": values.to_list(), "to": last}


def _single(longest: pl.DataFrame, typical: pl.DataFrame, noun: str) -> Table:
    kinds = [longest.with_columns(kind=pl.lit("longest")), typical.with_columns(kind=pl.lit("most typical"))]
    frame = pl.concat(kinds)
    sources = _file_name(frame["source"])
    # One file is named once: a terminal has no room for more.
    name, where = (noun, sources + ":" + frame["row"].cast(pl.String))
    if sources.n_unique() == 1 and sources[0] is not None:
        name, where = f"{noun} of {sources[0]}", frame["row"].cast(pl.String)
    frame = frame.with_columns(where=where)
    columns = (
        Column("kind", label=noun),
        Column("wrap_start", "instant", "began"),
        Column("value_s", "seconds", "length"),
        Column("queue"),
        Column("ended_by", label="ended by"),
        Column("where", label="line" if name != noun else ""),
    )
    known = tuple(column for column in columns if frame[column.name].null_count() < frame.height)
    return _part(name, frame, known)


def _file_name(sources: pl.Series) -> pl.Series:
    """The files without their folders, where the names alone tell them apart."""
    paths = sources.drop_nulls().unique().to_list()
    names = {path: PurePath(path).name for path in paths}
    return sources.replace(names) if len(set(names.values())) == len(paths) else sources


def _part(name: str, frame: pl.DataFrame, columns: tuple[Column, ...]) -> Table:
    return Table(name, frame.select(column.name for column in columns), columns)
