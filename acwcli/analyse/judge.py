"""One rule, every agent: how far beyond, at what cost, how sure, and still so at the peers' mix of contacts?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from acwcli.analyse import evidence, figures
from acwcli.analyse.casemix import LIKE
from acwcli.analyse.exact import Fraction, difference, ratio
from acwcli.analyse.reasons import reason
from acwcli.analyse.rules import Measure, Rule
from acwcli.analyse.thresholds import with_threshold
from acwcli.model.seconds import in_seconds

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

FDR = 0.05
"""Share of false ones among the agents called `over` or `under` by one rule, by default."""

COMPARED = ("n", "mean", "exp", "exp_var", "exp_third", "res_var", "res_third", "peer_var")
"""What a test takes of an agent's wraps with peers of their own kind: `_like_…`, and of their logarithms `_log_…`."""

_ADDED = {
    **dict.fromkeys(
        ("low_s", "high_s", "_pooled", "_exp", "_ratio", "_ratio_low", "_ratio_high", "_middle"), pl.Float64
    ),
    **dict.fromkeys((f"{kind}_{name}" for kind in (LIKE, "_log") for name in COMPARED), pl.Float64),
    **dict.fromkeys(("_peers_short", "_day_times", "_log_day_times", "_hour_times", "_log_hours"), pl.Float64),
    "_fair": pl.Boolean,
    "_short": pl.Int64,
    "_hired": pl.Date,
}


def judge(
    agents: pl.DataFrame,
    rule: Rule,
    asked: Measure,
    keys: Sequence[str],
    min_wraps: int,
    noun: str,
    *,
    mixed: bool = False,
    fdr: float = FDR,
) -> pl.DataFrame:
    """Add threshold, distance, cost, comparison with the peers' mix, verdict and reason of one rule to every agent.

    Args:
        agents: one row per agent and peer group; what is not known of them (sums have no spread) may be absent.
        rule: what they are held against.
        asked: the figure of each agent.
        keys: the columns of a peer group.
        min_wraps: fewer are not enough data.
        noun: `wraps` or `contacts`.
        mixed: whether a verdict has to hold at the peers' mix of contacts.
        fdr: false discovery rate over all agents tested.
    """
    missing = {name: kind for name, kind in _ADDED.items() if name not in agents.columns}
    agents = agents.with_columns(pl.lit(None, kind).alias(name) for name, kind in missing.items())
    held = with_threshold(agents, rule, keys, min_wraps)
    value, threshold = Fraction(pl.col("_num"), pl.col("_den")), Fraction(pl.col("_t_num"), pl.col("_t_den"))
    apart = difference(value, threshold)
    # A mean times its own count is a sum again: leave the division out rather than undo it.
    lost = ratio(apart, threshold.den) if asked.permille is None else _times_count(apart, value, threshold)
    figured = held.with_columns(
        pl.col(figures.N).alias(noun),
        pl.lit(asked.name).alias("measure"),
        pl.lit(rule.text).alias("rule"),
        value.seconds().alias("value_s"),
        threshold.seconds().alias("threshold_s"),
        ratio(apart, value.den * threshold.den * 1000).alias("over_s"),
        in_seconds(lost).alias("lost_s"),
        (apart > 0 if rule.side == "over" else apart < 0).alias("_beyond"),
    )
    enough = (pl.col(figures.N) >= min_wraps) & pl.col("threshold_s").is_not_null() & pl.col("_hired").is_null()
    figured = figured.with_columns(enough.alias("_enough"), *_at_the_mix(rule, mixed or rule.against == "mix"))
    figured = figured.with_columns(*_clear(rule, asked), _skips_notes())
    tested = figured.hstack([_discoveries(figured, rule, asked, keys)])
    judged = tested.with_columns(_verdict(rule, fdr).alias("verdict"))
    return judged.with_columns(reason(rule, asked, keys, min_wraps, noun, fdr).alias("reason"))


def _times_count(apart: pl.Expr, value: Fraction, threshold: Fraction) -> pl.Expr:
    return ratio(apart * pl.col(figures.N), value.den * threshold.den)


def _at_the_mix(rule: Rule, mixed: bool) -> list[pl.Expr]:
    """What the agent's figure would be, had its contacts been as hard as the peers' on average; null without a mix."""
    share = pl.col("_exp") / pl.col("_pooled") if mixed else pl.lit(None, pl.Float64)
    # Against a limit the raw figure decides where nobody else takes such contacts.
    known = pl.when(share.is_finite() & (share > 0) & (pl.lit(rule.against == "mix") | pl.col("_fair")))
    columns = [
        pl.when(mixed).then(expr).alias(name)
        for name, expr in {
            "expected_s": pl.col("_exp") / 1000,
            "ratio": pl.col("_ratio"),
            "ratio_low": pl.col("_ratio_low"),
            "ratio_high": pl.col("_ratio_high"),
        }.items()
    ]
    return [*columns, known.then(share).alias("_share"), pl.lit(mixed).alias("_mixed")]


def _clear(rule: Rule, asked: Measure) -> list[pl.Expr]:
    """Whether the 95 % interval is clear of the threshold: of the figure itself, and of that at the peers' mix."""
    pooled, share, threshold = pl.col("_pooled") / 1000, pl.col("_share"), pl.col("threshold_s")
    known = pl.when(share.is_not_null())
    if asked.permille is None:
        low, high = pl.col("_ratio_low") * pooled, pl.col("_ratio_high") * pooled
    else:
        low, high = pl.col("low_s") / share, pl.col("high_s") / share
    against = pooled * pl.col("_middle") if rule.against == "mix" else threshold
    over = rule.side == "over"
    raw = pl.col("low_s") > threshold if over else pl.col("high_s") < threshold
    fair = low > against if over else high < against
    return [
        raw.fill_null(False).alias("_clear"),
        known.then(fair.fill_null(False)).alias("adjusted"),
        known.then(pl.col("value_s") / share).alias("_at_mix_s"),
        known.then(low).alias("_mix_low_s"),
        known.then(high).alias("_mix_high_s"),
    ]


def _skips_notes() -> pl.Expr:
    """More wraps too short for notes than the peers have, beyond chance; null where nobody asked."""
    n, short, peers = (pl.col(name) for name in (figures.N, "_short", "_peers_short"))

    def improbable(columns: pl.Series) -> pl.Series:
        from scipy.special import bdtrc

        found, count, share = (columns.struct.field(name).to_numpy() for name in ("_short", figures.N, "_peers_short"))
        return pl.Series(bdtrc(found - 1, count, share) < FDR)

    more = (short > 0) & (short > n * peers)
    return (
        pl.when(short.is_null())
        .then(None)
        .when(~more)
        .then(False)
        .otherwise(pl.struct(pl.max_horizontal(short, 1).alias("_short"), n, peers).map_batches(improbable, pl.Boolean))
        .alias("_skips")
    )


def _discoveries(agents: pl.DataFrame, rule: Rule, asked: Measure, keys: Sequence[str]) -> pl.Series:
    """The false discovery rate at which each agent would still be called beyond, over all agents tested."""
    if "_sum_sq" not in agents.columns and figures.SORTED not in agents.columns:
        return pl.Series("_rate", [None] * agents.height, dtype=pl.Float64)
    own, noise = _honest_threshold(agents, rule, asked, keys)
    p = _chances(agents, own, noise, rule, asked, keys)
    return pl.Series("_rate", evidence.discovery_rates(p, agents["_enough"].to_numpy()), nan_to_null=True)


def _honest_threshold(
    agents: pl.DataFrame, rule: Rule, asked: Measure, keys: Sequence[str]
) -> tuple[pl.Series, pl.Series]:
    """What is tested against (ms), and the variance of that.

    Most agents are over the 20th percentile of agents, however alike they are: beyond it counts only what is beyond the
    middle agent, too. The middle itself is known only as well as the agents' own means are.
    """
    threshold = agents.select(ratio(pl.col("_t_num"), pl.col("_t_den")).alias("_limit"))["_limit"]
    known = pl.zeros(agents.height, eager=True)
    if rule.against != "percentile":
        return threshold, known
    figure = ratio(pl.col("_num"), pl.col("_den")) / pl.col("_share").fill_null(1.0)
    middle = figure.filter(pl.col("_enough")).median().over([pl.col(key) for key in keys] or [pl.lit(0)])
    furthest = pl.max_horizontal if rule.side == "over" else pl.min_horizontal
    limit = agents.select(furthest(middle, threshold).alias("_limit"))["_limit"]
    if asked.permille is not None:
        return limit, known
    enough = agents["_enough"]
    noise = (agents["_own_var"] / agents[figures.N]).filter(enough).mean()
    share = 1.5708 / max(int(enough.sum()), 1)  # of the median of so many, as a part of the variance of one
    return limit, known + (float(noise) * share if isinstance(noise, float) else 0.0)


def _chances(
    agents: pl.DataFrame, limit: pl.Series, noise: pl.Series, rule: Rule, asked: Measure, keys: Sequence[str]
) -> Array:
    """One-sided p-value of each agent; of two comparisons that must both hold, the larger."""
    import numpy as np

    mixed = bool(agents["_mixed"].first())
    share = agents["_share"]
    if rule.against in ("mean", "mix") and asked.permille is None:
        fair = raw = _beside_peers(agents, rule, keys)
    elif asked.permille is None:
        fair = _of_means(agents, limit, rule, standard=True)
        raw = _of_means(agents, limit, rule, standard=False, noise=noise)
    else:
        raw = evidence.p_of_quantile(agents, limit, asked.permille, rule.side)
        fair = evidence.p_of_quantile(agents, limit * share, asked.permille, rule.side) if mixed else raw
    if rule.against == "percentile" or (rule.against == "mean" and asked.permille is not None):
        # Neither the middle agent nor what contacts take is known exactly; this test knows how exactly.
        slower = _beside_peers(agents, replace(rule, against="mean"), keys)
        raw, fair = np.maximum(raw, slower), np.maximum(fair, slower)
    if not mixed:
        return raw
    unknown = share.is_null() | ~agents["_fair"].fill_null(True)
    fair = np.where(unknown.to_numpy(), np.nan, fair)
    return np.fmax(raw, fair) if rule.against == "limit" else fair


def _beside_peers(agents: pl.DataFrame, rule: Rule, keys: Sequence[str]) -> Array:
    """p-values of being beyond the peers at the same contacts, by means or by logarithms."""
    means = _of_means(agents, None, rule, standard=True)
    return evidence.combined(means, _steady(agents, rule, keys), rule.side)


def _of_means(
    agents: pl.DataFrame,
    limit: pl.Series | None,
    rule: Rule,
    *,
    standard: bool,
    noise: pl.Series | None = None,
    floored: bool = True,
) -> Array:
    """p-values of means: against what is expected of the agent, scaled to a limit, or against the limit itself."""
    import numpy as np

    def numbers(name: str) -> Array:
        return agents[name].cast(pl.Float64).to_numpy()

    n, mean = numbers(figures.N), numbers(figures.SUM_MS) / numbers(figures.N)
    with np.errstate(all="ignore"):
        if limit is not None:
            scale = limit.to_numpy() / numbers("_pooled")
        else:  # leaves the agent out of what it is held against
            scale = np.ones(len(n)) if rule.against == "mean" else numbers("_middle")
        if standard or limit is None:
            n, mean, exp, exp_var, exp_third, res_var, res_third, peer_var = _known(agents, LIKE)
            times = agents["_day_times"].fill_null(1.0).to_numpy()
            hours = _excuse(agents, "_hour_times", 1.0, rule)
            apart, own = mean - scale * exp * hours, (res_var * times, res_third)
            other, usual = (scale**2 * exp_var, scale**3 * exp_third), scale**2 * peer_var * times
        else:
            apart, own = mean - limit.to_numpy(), (numbers("_own_var"), numbers("_own_third"))
            spread = np.zeros(len(n)) if noise is None else noise.to_numpy()
            other, usual = (spread, np.zeros(len(n))), scale**2 * numbers(f"{LIKE}_peer_var")
        apart = np.where(np.abs(apart) < 1e-9 * np.abs(mean), 0.0, apart)
        return evidence.p_of_mean(apart, n, own, other, usual if floored else None, rule.side)


def _excuse(agents: pl.DataFrame, name: str, usual: float, rule: Rule) -> Array:
    """What the hours an agent works speak for it; hours that speak against an agent make no verdict."""
    import numpy as np

    found: Array = agents[name].fill_null(usual).to_numpy()
    speaks: Array = np.maximum(found, usual) if rule.side == "over" else np.minimum(found, usual)
    return speaks


def _known(agents: pl.DataFrame, kind: str) -> list[Array]:
    """What `COMPARED` names, of lengths (`_like`) or their logarithms (`_log`)."""
    return [agents[f"{kind}_{name}"].cast(pl.Float64).to_numpy() for name in COMPARED]


def _steady(agents: pl.DataFrame, rule: Rule, keys: Sequence[str]) -> Array:
    """p-values of a steady difference, in logarithms; it makes nobody quick whose mean does not say so itself."""
    import numpy as np

    p = _of_logs(agents, rule, keys)
    return p if rule.side == "over" else np.fmax(p, _of_means(agents, None, rule, standard=True, floored=False))


def _of_logs(agents: pl.DataFrame, rule: Rule, keys: Sequence[str]) -> Array:
    """p-values of the means of logarithms, which a few very long wraps do not drown.

    The spread that counts at least is the middle agent's: that of all peers together is as wide as they differ.
    """
    group = [pl.col(key) for key in keys] or [pl.lit(0)]
    apart = (pl.col("_log_mean") - pl.col("_log_exp")).alias("_log_apart")
    middle = [
        value.filter(pl.col("_enough")).median().over(group).cast(pl.Float64).name.prefix("middle")
        for value in (apart, pl.col("_log_res_var"))
    ]
    usual = agents.select(middle)
    n, mean, exp, exp_var, exp_third, res_var, res_third, _ = _known(agents, "_log")
    beyond = mean - exp - _excuse(agents, "_log_hours", 0.0, rule)
    if rule.against == "mix":
        beyond = beyond - usual["middle_log_apart"].to_numpy()
    floor = usual["middle_log_res_var"].to_numpy()
    times = agents["_log_day_times"].fill_null(1.0).to_numpy()
    return evidence.p_of_mean(beyond, n, (res_var * times, res_third), (exp_var, exp_third), floor * times, rule.side)


def _verdict(rule: Rule, fdr: float) -> pl.Expr:
    clear, adjusted, mixed = pl.col("_clear"), pl.col("adjusted"), pl.col("_mixed")
    if rule.against == "limit":
        # Whether others would do better with such contacts is unknown where nobody takes them; the limit stays.
        sure = clear & adjusted.fill_null(True)
    else:
        sure = pl.when(mixed).then(adjusted.fill_null(False)).otherwise(clear)
    sure &= (pl.col("_rate") <= fdr).fill_null(False) & ~pl.col("_skips").fill_null(False)
    return (
        pl.when(~pl.col("_enough"))
        .then(pl.lit("not enough data"))
        .when(~pl.col("_beyond"))
        .then(pl.lit("in line"))
        .when(sure)
        .then(pl.lit(rule.side))
        .otherwise(pl.lit("watch"))
    )
