"""Long wraps, and whether something goes with them more often than it usually does."""

from __future__ import annotations

import polars as pl

from acwcli.analyse import figures
from acwcli.analyse.shapes.others import STATISTIC, of_others
from acwcli.analyse.shapes.prepared import ASKED, RATIO

LONG, LONG_MS = 3.0, 120_000
"""A long wrap takes this many times the usual length of its queue, and at least two minutes."""
LEAST_SHARE = 0.5
"""At least this share of the cases is marked …"""
SURE = 3.0
"""… beyond the share among the agent's other wraps, and that among others' cases, by this many standard errors."""
FLOOR = 0.05


def is_long() -> pl.Expr:
    """Whether a wrap is a long one."""
    return (pl.col(RATIO) >= LONG) & (pl.col(figures.VALUE) >= LONG_MS)


def oftener_than_usual(agents: pl.DataFrame, cases: str, marks: str, least: int, min_wraps: int) -> pl.DataFrame:
    """Find agents whose cases are marked more often than their other wraps, and than others' cases.

    Args:
        agents: a row per agent with `wraps`, `marked` (cases that carry the mark) and the columns of `ROLES`.
        cases: the column that counts the cases.
        marks: the column that counts all wraps with the mark, cases or not.
        least: at least so many marked cases.
        min_wraps: agents with fewer wraps are passed over.

    Returns:
        The agents with `share`, `usual_share` (the greater of the two, at least `FLOOR`) and `statistic`: the least of
        marked cases beside `least`, `share` beside `LEAST_SHARE`, and standard errors beyond it beside `SURE`.
    """
    n, k = pl.col(cases), pl.col("marked")
    own = (pl.col(marks) - k) / (pl.col("wraps") - n)
    others = of_others("marked") / of_others(cases)
    usual = pl.max_horizontal(own.fill_nan(None), others.fill_nan(None), pl.lit(FLOOR)).clip(upper_bound=0.99)
    agents = agents.with_columns((k / n).alias("share"), usual.alias("usual_share"))
    error = (n * pl.col("usual_share") * (1 - pl.col("usual_share"))).sqrt()
    sure = (k - n * pl.col("usual_share")) / error
    beyond = pl.min_horizontal(k / least, pl.col("share") / LEAST_SHARE, sure / SURE)
    signs = agents.filter(n > 0).with_columns(beyond.alias(STATISTIC))
    return signs.filter(ASKED, pl.col("wraps") >= min_wraps, pl.col(STATISTIC) >= 1)
