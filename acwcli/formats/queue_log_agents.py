"""Who is who in a queue_log: one agent may appear as interface, channel and member name in the same file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

_DEVICE = re.compile(
    r"(?P<tech>local|sip|pjsip|iax2?|dahdi|zap|sccp|skinny|mgcp|h323|ooh323|unistim|ustm|console|webrtc|"
    r"misdn|capi|khomp|dongle|quectel|mobile|motif)/"
    r"(?P<number>[^@;]+?)(?P<context>@[^;/]*?)?(?P<channel>-[0-9a-f]{8})?(?P<leg>;[12])?(?P<options>/[a-z]+)?",
    re.IGNORECASE,
)
_AGENT = re.compile(r"agent/(?P<number>.+)", re.IGNORECASE)


class Activity(NamedTuple):
    """How one name of the log is used: by CONNECT rows, and by any row that is not log-on, log-off or membership."""

    connects: bool
    works: bool


def device_name(name: str) -> str:
    """Return a name without the suffix of a single channel: `SIP/1001-0000abcd` is the device `SIP/1001`."""
    device = _DEVICE.fullmatch(name)
    if device is None or not (device["channel"] or device["leg"]):
        return name
    return f"{device['tech']}/{device['number']}{device['context'] or ''}{device['options'] or ''}"


def device_number(channel: str) -> str:
    """Return who is behind a channel: `1001` for `Local/1001@agents-0000abcd;1` and `SIP/1001-0000abcd`."""
    found = _DEVICE.fullmatch(channel)
    return found["number"] if found else channel


def _number(name: str) -> str:
    """Return what interface and member name have in common: `1001` for `Local/1001@agents/n` and `Agent/1001`."""
    found = _DEVICE.fullmatch(name) or _AGENT.fullmatch(name)
    return (found["number"] if found else name).casefold()


def _shared_name(names: Mapping[str, Activity]) -> str | None:
    """Return the one name to show for names of one number, or None when they may be different people."""
    working = [name for name, activity in names.items() if activity.works]
    if len(working) < 2:
        return working[0] if working else None
    members = [name for name in working if not _DEVICE.fullmatch(name)]
    callers = [name for name in working if names[name].connects]
    return members[0] if len(members) == 1 and len(callers) < 2 else None


def identities(names: Mapping[str, Activity]) -> dict[str, str]:
    """Return the agent id of every name: interface and member name of one number become the member name.

    Log-on and log-off rows carry the interface, calls and pauses the member name. Names are merged only when that
    is sure: two names of one number that both take calls stay two agents.

    Args:
        names: every name in the log, with its use.
    """
    devices: dict[str, Activity] = {}
    for name, activity in names.items():
        before = devices.get(device_name(name), Activity(False, False))
        devices[device_name(name)] = Activity(before.connects or activity.connects, before.works or activity.works)
    groups: dict[str, dict[str, Activity]] = defaultdict(dict)
    for name, activity in devices.items():
        groups[_number(name)][name] = activity
    shown = {name: _shared_name(group) or name for group in groups.values() for name in group}
    return {name: shown[device_name(name)] for name in names}
