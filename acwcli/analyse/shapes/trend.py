"""How the length of an agent's wraps moves with time, beside how everybody's moves."""

from __future__ import annotations

import polars as pl

from acwcli.analyse.shapes.prepared import ASKED, RATIO, USUALLY

SURE = 3.0
"""Standard errors between the agent's slope and that of everybody."""
LEAST_RATIO = 0.02
"""Lengths enter as logarithms, so that one long wrap counts little; below 2 % of the usual length all count alike."""


def trends(wraps: pl.DataFrame, hours: pl.Expr, lanes: list[str]) -> pl.DataFrame:
    """Fit one straight line per agent through the logarithms of `ratio`, all lanes centred on themselves.

    Args:
        wraps: the frame of `prepare`; rows without an instant are passed over.
        hours: the time of each wrap, in hours.
        lanes: `agent_id`, and what is compared within itself only (the shift).

    Returns:
        Per agent: `wraps`, `lanes`, `slope` (of the logarithm per hour, beyond that of everybody), `sure` (the same
        in standard errors) and `span` (hours over which the wraps spread).
    """
    x, y, n = pl.col("x"), pl.col("y"), pl.col("wraps")
    timed = wraps.filter(pl.col("wrap_start").is_not_null()).select(
        *lanes,
        ASKED,
        USUALLY,
        (hours - hours.min()).alias("x"),
        pl.col(RATIO).clip(lower_bound=LEAST_RATIO).log().alias("y"),
    )
    products = {"xx": x * x, "xy": x * y, "yy": y * y}
    by_lane = timed.group_by(lanes).agg(
        pl.len().cast(pl.Int64).alias("wraps"),
        pl.col(ASKED, USUALLY).first(),
        x.sum(),
        y.sum(),
        *[product.sum().alias(name) for name, product in products.items()],
    )
    centred = [(pl.col(name) - product / n).alias(name) for name, product in products.items()]
    sums = (
        by_lane.sort(lanes)
        .group_by("agent_id", maintain_order=True)
        .agg(
            n.sum(),
            pl.len().cast(pl.Int64).alias("lanes"),
            pl.col(ASKED, USUALLY).first(),
            *[one.sum() for one in centred],
        )
    )
    sums = sums.filter(pl.col("xx") > 1e-6, n > pl.col("lanes") + 2)
    own = pl.col("xy") / pl.col("xx")
    rest = pl.max_horizontal(pl.col("yy") - own * pl.col("xy"), pl.lit(1e-9))
    error = (rest / (pl.col("wraps") - pl.col("lanes") - 1) / pl.col("xx")).sqrt()
    slope = own - pl.col("xy").filter(USUALLY).sum() / pl.col("xx").filter(USUALLY).sum()
    # Evenly spread over a span L, times have the variance L²/12.
    span = (12 * pl.col("xx") / pl.col("wraps")).sqrt()
    figures = (slope.alias("slope"), (slope / error).alias("sure"), span.alias("span"))
    return sums.with_columns(figures).filter(ASKED).select("agent_id", "wraps", "lanes", "slope", "sure", "span")
