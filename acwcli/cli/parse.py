"""Flag texts → typed options; every mistake is a usage error with the nearest right spelling."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acwcli.errors import UsageError, did_you_mean
from acwcli.model.duration import named_duration_ms
from acwcli.model.share import share_of

if TYPE_CHECKING:
    from acwcli.cli.flags import ReadFlags, WrapFlags
    from acwcli.formats.options import ReadOptions
    from acwcli.pipeline import WrapOptions

STATES = ("login", "logout", "ready", "not_ready", "ringing", "talking", "hold", "acw", "other", "unknown")
_STATE_COLUMNS = ("agent_id", "event_time", "state", "contact_id", "queue", "channel", "reason", "ended_at", "duration")
_CONTACT_COLUMNS = (
    "contact_id", "agent_id", "queue", "channel", "direction", "offered_at", "answered_at", "ended_at", "talk_s",
    "hold_s", "acw_s", "talk_ms", "hold_ms", "acw_ms", "acw_start", "acw_end", "disposition", "timed_out",
)  # fmt: skip
MAPPABLE = tuple(dict.fromkeys((*_STATE_COLUMNS, *_CONTACT_COLUMNS)))
DATE_ORDERS = ("dmy", "mdy", "ymd")
WRAP_PARTS = ("dispo", "dispo+dead")


def read_options(flags: ReadFlags, needs: Iterable[str]) -> ReadOptions:
    """Turn reading flags into options."""
    from acwcli.formats.options import ReadOptions

    zone(flags.zone)
    if flags.date_order is not None:
        one_of(flags.date_order, DATE_ORDERS, "--date-order")
    states = pairs(flags.state or [], "--state", STATES)
    words: dict[str, tuple[str, ...]] = {}
    for name, word in states:
        words[name] = (*words.get(name, ()), word)
    return ReadOptions(
        tz=flags.zone,
        tz_given=flags.tz is not None,
        encoding=flags.encoding,
        input_format=flags.input_format,
        columns=dict(pairs(flags.map or [], "--map", MAPPABLE)),
        states=words,
        time_format=flags.time_format,
        date_order=flags.date_order,
        rows=flags.rows,
        wrap_reasons=tuple(flags.wrap_reason) if flags.wrap_reason is not None else None,
        wrap_parts=one_of(flags.wrap, WRAP_PARTS, "--wrap"),
        profiles=tuple(flags.profile or ()),
        max_bad=share(flags.max_bad, "--max-bad"),
        needs=frozenset(needs),
    )


def wrap_options(flags: WrapFlags, tz: str) -> WrapOptions:
    """Turn wrap flags into options."""
    from acwcli.pipeline import WrapOptions

    gap_cap_ms = length(flags.gap_cap, "--gap-cap")
    return WrapOptions(
        max_wrap_ms=length(flags.max_wrap, "--max-wrap"),
        gap_cap_ms=gap_cap_ms if flags.infer_gap else None,
        since=flags.since,
        until=flags.until,
        where=flags.where,
        tz=tz,
    )


def pairs(texts: Sequence[str], flag: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Split `name=value` texts and check the names."""
    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value.strip():
            raise UsageError(f"{flag} '{text}' is not NAME=VALUE, for example {flag} {names[0]}=…")
        found.append((one_of(name.strip(), names, flag), value.strip()))
    return found


def queue_limits(texts: Sequence[str] | None) -> dict[str, int]:
    """Read `billing=60s` texts as limits in milliseconds; a queue named twice is a mistake."""
    limits: dict[str, int] = {}
    for text in texts or []:
        # The last one: a name may hold an equals sign, a duration cannot.
        queue, equals, limit = text.rpartition("=")
        if not equals or not queue.strip():
            raise UsageError(f"--queue-limit '{text}' is not QUEUE=DURATION, for example --queue-limit billing=60s")
        if queue.strip() in limits:
            raise UsageError(f"--queue-limit: queue '{queue.strip()}' has two limits")
        limits[queue.strip()] = length(limit, "--queue-limit")
    return limits


def one_of(word: str, known: Sequence[str], flag: str) -> str:
    """Check a word of a fixed list."""
    if word in known:
        return word
    raise UsageError(f"{flag}: unknown '{word}'{did_you_mean(word, known)}; known: {', '.join(known)}")


def names_in(texts: Sequence[str] | None) -> list[str]:
    """Split repeated and comma-separated names: `--by agent_id,queue --by day`."""
    return [name.strip() for text in texts or [] for name in text.split(",") if name.strip()]


def zone(name: str) -> str:
    """Check an IANA zone name."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        near = did_you_mean(name, zoneinfo.available_timezones())
        raise UsageError(f"--tz: unknown zone '{name}'{near}; write an IANA name such as Europe/Berlin") from None
    return name


def length(text: str, flag: str) -> int:
    """Read a duration as milliseconds, and say which option was wrong."""
    return named_duration_ms(text, flag)


def share(text: str, flag: str) -> float:
    """Read `1%` or `0.01`."""
    value = share_of(text)
    if value is None:
        raise UsageError(f"{flag} '{text}' is no share; write 1% or 0.01")
    return value


def size(text: str, flag: str) -> int:
    """Read `500MB`, `1.5 GB`, `2GiB` or a number of bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.strip().lower())
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"{flag} '{text}' is no size; write 500MB, 1.5GB or 2GiB")
    return max(int(float(found[1]) * (1024 if found[3] else 1000) ** (" kmgt".index(found[2] or " "))), 1)
