"""`acw methods`: the definition of every figure, in one place (methods.toml)."""

from __future__ import annotations

import tomllib
from importlib import resources

import polars as pl

from acwcli.errors import UsageError, did_you_mean
from acwcli.model.table import Column, Table

KEYS = ("formula", "denominator", "source")


def methods(name: str | None = None) -> Table:
    """List the definitions.

    Args:
        name: one figure; None lists all.

    Returns:
        `name`, `commands` (where it appears), `formula`, `denominator` (what it is divided by) and `source` (where the
        definition comes from, or how others define it).

    Raises:
        UsageError: no figure of that name.
    """
    known = tomllib.loads(resources.files("acwcli.analyse").joinpath("methods.toml").read_text(encoding="utf-8"))
    if name is not None and name not in known:
        raise UsageError(f"acw methods: no figure '{name}'{did_you_mean(name, known)}; acw methods lists all")
    rows = [
        {"name": figure, "commands": said["in"], **{key: said[key] or None for key in KEYS}}
        for figure, said in known.items()
        if name in (None, figure)
    ]
    names = ("name", "commands", *KEYS)
    return Table(
        "methods", pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String)), tuple(Column(name) for name in names)
    )
