"""Whether a file is a `queue_log`, told by its first lines or by its columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from acwcli.formats.queue_log_words import KNOWN_EVENTS, table_columns

_LINE = r"\d{1,10}(?:\.\d+)?\|[^|]*\|[^|]*\|[^|]*\|([^|]+)(?:\||$)"
_TOLD = ("epoch", "callid", "queue", "agent", "event")


def looks_like(lines: Sequence[str]) -> tuple[bool, str]:
    """Tell whether the first lines of a file are a queue_log, and why in a few words."""
    written = [line.strip("\ufeff\r\n") for line in lines if line.strip("\ufeff\r\n ")]
    matches = [match for line in written if (match := re.match(_LINE, line))]
    events = sorted({event for match in matches if (event := match[1].strip().upper()) in KNOWN_EVENTS})
    if not events or len(matches) * 2 < len(written):
        return False, "no lines of epoch|callid|queue|agent|EVENT"
    return True, f"{len(matches)} of {len(written)} lines read epoch|callid|queue|agent|EVENT, such as {events[0]}"


def looks_like_table(names: Sequence[str], events: Iterable[str | None] = ()) -> tuple[bool, str]:
    """Tell whether a table's headers are those of queue_log rows, and why.

    Args:
        names: the headers.
        events: values of the event column (`table_columns(names)["event"]`); without any, headers alone decide.
    """
    columns = table_columns(list(names))
    if not columns:
        return False, "no columns for time, callid, queue, agent, event and data"
    values = [value.strip().upper() for value in events if value]
    known = sum(value in KNOWN_EVENTS for value in values)
    if known * 2 < len(values):
        return False, f"column '{columns['event']}' holds no queue_log events"
    return True, f"columns of queue_log rows: {', '.join(columns[name] for name in _TOLD)}"
