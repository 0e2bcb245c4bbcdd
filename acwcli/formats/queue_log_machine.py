"""The state of every agent after each row of a queue_log, as column expressions (no Python per row).

Rows stand agent by agent, so what an agent's earlier rows say is found by moving along the column: `first` marks where
the next agent begins. Windows (`over`) would look every row up by its agent, a dozen times.

Three questions are answered in turn for every row of one agent: is the agent logged on (`on`), in a call (`in_call`),
paused and why (`wrapping`)? The state is what follows from them. A restart starts every agent anew (`boot`).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from acwcli.formats.queue_log_before import Connected, no_call
from acwcli.formats.queue_log_words import MEMBER_KINDS
from acwcli.model.columns import STATES

_SAME_ACTION_MS = 1000
# Queues become numbers; these two stand beside them.
_ALL_QUEUES, _LOGIN, _QUEUES_FROM = (pl.lit(number, pl.UInt32) for number in range(3))

KIND = pl.Enum(
    [
        "connect", "end", "pause", "pause all", "unpause", "unpause all", "auto unpause", "add", "remove", "login",
        "logoff", "ring", "lost",
    ]
)  # fmt: skip
"""What a row does to its agent: values of `KINDS`, `auto unpause`, and `lost` for a rejected row."""
_STATE = pl.Enum(STATES)
_KIND = pl.col("kind")
_PAUSES = _KIND.is_in(["pause", "pause all"])
_UNPAUSES = _KIND.is_in(["unpause", "unpause all"])
_YES, _NO, _UNKNOWN = 1, 0, -1


def _latest(value: pl.Expr, first: str = "first") -> pl.Expr:
    """The agent's last non-null value up to and including the row."""
    place = pl.when(value.is_not_null() | pl.col(first)).then(pl.int_range(pl.len(), dtype=pl.UInt32))
    return value.gather(place.forward_fill())


def _spell(starts: pl.Expr) -> pl.Expr:
    """A number for each stretch of one agent's rows that begins with such a row (cheaper to group by than a count)."""
    return pl.when(starts | pl.col("first")).then(pl.col("pos")).forward_fill()


def _before(column: str) -> pl.Expr:
    """The value in the agent's row before."""
    return pl.when(~pl.col("first")).then(pl.col(column).shift(1))


def _prior(value: pl.Expr) -> pl.Expr:
    """The value in the agent's last earlier row that acts."""
    return pl.when(~pl.col("first")).then(_latest(pl.when("acts").then(value)).shift(1))


def _within(stretch: str, key: str) -> pl.Expr:
    """One number for a key within a stretch of rows (both 32 bits): windows over one column take half the time."""
    return pl.col(stretch).cast(pl.UInt64) * 2**32 + pl.col(key)


def follow_agents(rows: pl.DataFrame, wrap_reasons: Collection[str], connected: Connected = no_call) -> pl.DataFrame:
    """Return what each row does to its agent.

    Args:
        rows: rows of agents in order of time: `pos`, `t` (Int64 ms), `agent` and `queue` (Categorical), `boot` (number
            of restarts before), `kind` (`KIND`), `callid`, `reason` (Categorical), `folded` (the reason folded, ''
            for none, Categorical), `paused` (added as paused). Rows that say nothing of an agent must not be there.
        wrap_reasons: folded pause reasons that are wrap-up; '' stands for a pause without reason right after a call.
        connected: tells which agents had which calls before these rows.

    Returns:
        `pos`, `state` (null when the row changes nothing), `reason`, `ignored`, and for those that read on: `left`
        (the row logs the agent off) and `may_end` (it may end the agent's call).
    """
    steps = _presence(_without_auto_unpause(_numbered(rows)))
    late = _late_ends(steps, rows, connected)
    return _outcome(_open_pauses(_pause_class(_calls(steps.lazy(), late), wrap_reasons))).collect()


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the rows agent by agent, and add marks and numbers: `who` is an agent between two restarts.

    `begins` marks the first row of an agent, `first` that of an agent between two restarts. Texts are left behind:
    numbers are moved and compared sooner.
    """
    numbered = rows.select(
        "pos", "t", "boot", "kind", "reason", "folded", "paused",
        person=pl.col("agent").to_physical(),
        # Numbers below are those of no queue.
        queue_no=pl.col("queue").to_physical() + _QUEUES_FROM,
        call=pl.col("callid").hash(),
    )  # fmt: skip
    begins = (pl.col("person") != pl.col("person").shift(1)).fill_null(True)
    first = begins | (pl.col("boot") != pl.col("boot").shift(1)).fill_null(True)
    return (
        numbered.sort("person", maintain_order=True)
        .with_columns(begins=begins, first=first, who=pl.when(first).then("pos").forward_fill())
        .drop("boot")
    )  # fmt: skip


def _without_auto_unpause(rows: pl.DataFrame) -> pl.DataFrame:
    """Take Asterisk's `UNPAUSE|Auto-Unpause` and the PAUSE of another reason after it for one change."""
    automatic = (_KIND == "unpause") & (pl.col("folded") == "autounpause")
    if not rows.select(automatic.any()).item():
        return rows
    of_queue = ["who", "queue_no", _KIND.is_in(["pause", "unpause"])]
    followed = (_KIND.shift(-1).over(of_queue) == "pause") & (
        pl.col("t").shift(-1).over(of_queue) - pl.col("t") <= _SAME_ACTION_MS
    )
    return rows.with_columns(
        kind=pl.when((automatic & followed).fill_null(False)).then(pl.lit("auto unpause", KIND)).otherwise(_KIND)
    )


def _presence(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `left` (the row logs the agent off), `on` and `was_on`: yes, no or unknown.

    REMOVEMEMBER logs off from one queue; the agent has left when no queue is known in which they still are. Static
    and persistent members have no ADDMEMBER, so calls, rings and pauses of a queue show membership too.
    """
    queue_key = pl.when(_KIND.is_in(list(MEMBER_KINDS))).then(pl.col("queue_no"))
    member = pl.when(pl.col("key").is_not_null()).then((_KIND != "remove").cast(pl.Int32))
    logs_off = (_KIND == "logoff") | ((_KIND == "remove") & (pl.col("queues") <= 0))
    activity = _KIND.is_in(["add", "login", "connect", "pause", "pause all"])
    return (
        rows.with_columns(
            key=pl.when(_KIND == "login").then(_LOGIN).otherwise(queue_key),
            session=_spell(_KIND == "logoff"),
        )
        .with_columns(member=member)
        .with_columns(
            joins=(
                pl.col("member") - pl.col("member").shift(1, fill_value=0).over(_within("session", "key"))
            ).fill_null(0)
        )
        .with_columns(queues=_count_since("joins", "session"))
        .with_columns(left=logs_off)
        .with_columns(
            on=_latest(
                pl.when(pl.col("left")).then(_NO).when(activity).then(_YES).when(_KIND == "lost").then(_UNKNOWN)
            ).fill_null(_UNKNOWN)
        )
        .with_columns(was_on=_before("on").fill_null(_UNKNOWN))
    )


def _calls(rows: pl.LazyFrame, late: pl.Series) -> pl.LazyFrame:
    """Add `in_call`, `known` (is anything known of the agent), `late` and `ended` (the row ends the agent's call).

    An end belongs to the agent's current call whatever its call id (transfers carry others), unless the id is that of
    an earlier call of the agent: that row was written late and the agent is long in the next call.

    Args:
        rows: rows agent by agent.
        late: `pos` of the ends that are late.
    """
    connects, ends = _KIND == "connect", _KIND == "end"
    settles = _KIND.is_in(["connect", "pause", "pause all", "unpause", "unpause all", "add", "login"])
    lost = _KIND == "lost"
    return (
        rows.with_columns(late=pl.col("pos").is_in(late.implode()) if late.len() else pl.lit(False))
        .with_columns(may_end=ends & ~pl.col("late"))
        .with_columns(
            in_call=_latest(
                pl.when(connects).then(True).when(pl.col("may_end") | pl.col("left") | lost).then(False)
            ).fill_null(False),
            known=_latest(
                pl.when(lost).then(False).when(settles | pl.col("left") | pl.col("may_end")).then(True)
            ).fill_null(False),
        )
        .with_columns(was_in_call=_before("in_call").fill_null(False), was_known=_before("known").fill_null(False))
        # A log may begin, or go on after a restart, in the middle of a call.
        .with_columns(ended=pl.col("may_end") & (pl.col("was_in_call") | ~pl.col("was_known")))
    )


def _late_ends(steps: pl.DataFrame, rows: pl.DataFrame, connected: Connected) -> pl.Series:
    """The `pos` of ends of another call than the current one that the agent had before; few are worth looking up."""
    current = _latest(pl.when(_KIND == "connect").then(pl.col("call")), "begins")
    of_other = (_KIND == "end") & (pl.col("call") != current)
    odd = steps.lazy().select("pos", odd=of_other).filter("odd").collect()["pos"]
    if odd.is_empty():
        return odd
    asked = rows.filter(pl.col("pos").is_in(odd.implode()) & pl.col("callid").is_not_null())
    ends = asked.select("pos", "agent", "callid")
    calls = rows.lazy().filter(_KIND == "connect").group_by("agent", "callid").agg(begun=pl.col("pos").min())
    known = ends.lazy().join(calls, on=["agent", "callid"]).filter(pl.col("begun") < pl.col("pos")).collect()["pos"]
    others = ends.filter(~pl.col("pos").is_in(known.implode())).with_columns(pl.col("agent").cast(pl.String))
    before = others.join(connected(others.select("agent", "callid").unique()), on=["agent", "callid"], how="semi")
    return known.append(before["pos"])


def _pause_class(rows: pl.LazyFrame, wrap_reasons: Collection[str]) -> pl.LazyFrame:
    """Add `pauses` (the row opens a pause), `wrap` (it is a wrap-up pause) and `absorbs` (see `_open_pauses`)."""
    logs_on = _KIND.is_in(["add", "login"]) & (pl.col("was_on") != _YES)
    acts = pl.col("ended") | pl.col("left") | logs_on | _PAUSES | _UNPAUSES | _KIND.is_in(["connect", "ring", "lost"])
    repeats = (
        _PAUSES & pl.col("prior_kind").is_in(["pause", "pause all"]) & (pl.col("folded") == pl.col("prior_reason"))
    )
    after_call = _latest(pl.when(_PAUSES & ~pl.col("repeats")).then(pl.col("prior_kind") == "end"))
    named = pl.col("folded").is_in([reason for reason in wrap_reasons if reason])
    unnamed = (pl.col("folded") == "") & after_call if "" in wrap_reasons else pl.lit(False)
    same_action = pl.col("t") - pl.col("prior_t") <= _SAME_ACTION_MS
    return (
        rows.with_columns(acts=acts, logs_on=logs_on)
        .with_columns(
            prior_kind=_prior(_KIND),
            prior_reason=_prior(pl.col("folded")),
            prior_t=_prior(pl.col("t")),
        )
        .with_columns(repeats=repeats.fill_null(False))
        .with_columns(
            pauses=_PAUSES | (logs_on & pl.col("paused")),
            wrap=(_PAUSES & (named | unnamed)).fill_null(False),
            absorbs=((_KIND == "pause") & pl.col("repeats") & (pl.col("prior_kind") == "pause all") & same_action),
        )
    )


def _open_pauses(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add `wrapping`: true in a wrap-up pause, false in another, null in none; and `pause_reason`.

    Pauses are counted per queue and class, from deltas. A call, a log-off, PAUSEALL and UNPAUSEALL start from nothing:
    a pause that a call interrupts does not come back by itself. PAUSEALL counts as a queue of its own until the PAUSE
    rows it fans out into absorb it, so that unpausing queue by queue ends it.
    """
    resets = _KIND.is_in(["connect", "lost", "pause all", "unpause all"]) | pl.col("left")
    on_queue = _KIND.is_in(["pause", "unpause", "remove"]) | pl.col("pauses")
    code = pl.when("pauses").then(pl.when("wrap").then(1).otherwise(2)).otherwise(0).cast(pl.Int8)
    latest = pl.when(pl.col("pauses")).then(pl.col("wrap"))
    reason = pl.col("reason").fill_null(pl.lit("", pl.Categorical))

    def change(which: int) -> pl.Expr:
        opens = (pl.col("code") == which).cast(pl.Int32)
        replaces = ((pl.col("was_code") == which) & (pl.col("was_run") == pl.col("run"))).cast(pl.Int32)
        absorbed = (pl.col("absorbs") & (pl.col("code") == which)).cast(pl.Int32)
        return opens.fill_null(0) - replaces.fill_null(0) - absorbed.fill_null(0)

    return (
        rows.with_columns(
            run=_spell(resets),
            pause_key=pl.when(_KIND == "pause all")
            .then(_ALL_QUEUES)
            .when(on_queue)
            .then(pl.col("queue_no").fill_null(_ALL_QUEUES)),
        )
        .with_columns(code=pl.when(pl.col("pause_key").is_not_null()).then(code))
        .with_columns(
            was_code=pl.col("code").shift(1).over(_within("who", "pause_key")),
            was_run=pl.col("run").shift(1).over(_within("who", "pause_key")),
        )
        .with_columns(wraps=change(1), breaks=change(2))
        .with_columns(
            wraps=_count_since("wraps", "run") > 0,
            breaks=_count_since("breaks", "run") > 0,
            # An open pause is never older than its run, so the agent's latest of its class will do.
            latest=_latest(latest),
            wrap_reason=_latest(pl.when(pl.col("pauses") & pl.col("wrap")).then(reason)),
            break_reason=_latest(pl.when(pl.col("pauses") & ~pl.col("wrap")).then(reason)),
        )
        .with_columns(
            wrapping=pl.when(pl.col("wraps") & (pl.col("latest") | ~pl.col("breaks")))
            .then(True)
            .when(pl.col("breaks"))
            .then(False)
        )
        .with_columns(
            pause_reason=pl.when("wrapping").then("wrap_reason").when(~pl.col("wrapping")).then("break_reason")
        )
    )


def _count_since(change: str, stretch: str) -> pl.Expr:
    """The running sum of changes since the stretch began, which bears the `pos` of its first row (see `_spell`)."""
    total = pl.col(change).cum_sum()
    at_start = pl.when(pl.col(stretch) == pl.col("pos")).then(total - pl.col(change))
    return total - at_start.forward_fill()


def _outcome(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Turn the answers into a state per row, and name what rows without one are."""
    state = (
        pl.when(~pl.col("known"))
        .then(None)
        .when(pl.col("in_call"))
        .then(pl.lit("talking", _STATE))
        .when(pl.col("on") == _NO)
        .then(pl.lit("logout", _STATE))
        .when(pl.col("wrapping"))
        .then(pl.lit("acw", _STATE))
        .when(~pl.col("wrapping"))
        .then(pl.lit("not_ready", _STATE))
        .when("logs_on")
        .then(pl.lit("login", _STATE))
        .otherwise(pl.lit("ready", _STATE))
    )
    paused = pl.col("now").is_in(["acw", "not_ready"])
    changed = pl.col("now").ne_missing(pl.col("was")) | (
        paused & pl.col("pause_reason").ne_missing(pl.col("was_reason"))
    )
    membership_only = _KIND.is_in(["add", "remove"]) & (pl.col("was") == "login") & (pl.col("now") == "ready")
    may_change = _PAUSES | _UNPAUSES | _KIND.is_in(["add", "remove", "login", "logoff"])
    used = (_KIND == "connect") | pl.col("ended") | (may_change & changed & ~membership_only.fill_null(False))
    return (
        rows.with_columns(now=state)
        .with_columns(was=_before("now"), was_reason=_before("pause_reason"))
        .with_columns(used=used & pl.col("now").is_not_null())
        .select(
            "pos",
            state=pl.when("used").then("now"),
            reason=pl.when(pl.col("used") & paused & (pl.col("pause_reason") != "")).then("pause_reason"),
            ignored=pl.when(~pl.col("used") & (_KIND != "lost")).then(_why_ignored()),
            left="left",
            may_end="may_end",
        )
    )


def _why_ignored() -> pl.Expr:
    in_call, off = pl.col("in_call"), pl.col("now") == "logout"
    texts = [
        (_KIND == "ring", "ring without answer"),
        (_KIND == "auto unpause", "automatic unpause before another reason"),
        (pl.col("late"), "late end of an earlier call"),
        (_KIND == "end", "end without an open call"),
        (_KIND.is_in(["add", "login"]), "already logged on"),
        (_KIND.is_in(["remove", "logoff"]) & off, "already logged off"),
        (_KIND == "remove", "still member of another queue"),
        (_PAUSES & in_call, "pause during a call"),
        (_PAUSES, "pause repeated"),
        (_UNPAUSES & in_call, "unpause during a call"),
        (_UNPAUSES & off, "unpause after log-off"),
        (_UNPAUSES & pl.col("wrapping").is_not_null(), "still paused in another queue"),
    ]
    return pl.coalesce(
        *(pl.when(condition).then(pl.lit(text, pl.Categorical)) for condition, text in texts),
        pl.lit("unpause without a pause", pl.Categorical),
    )
