"""Reading platform exports against the generic CSV of the same data: whole processes in turn.

    python bench/formats_speed.py [--contacts 500_000] [--agents 1000] [--runs 5] [--data bench/data]

The same contacts are written as generic contact records (CSV), as Amazon Connect contact records (NDJSON), as generic
state log (CSV) and as Asterisk queue_log. `acw summary --by agent_id` runs over each; the rate of a format is events
(contacts, state changes) per second of wall time. Prints a table on stderr and JSON on stdout, and exits 1 when a
format reads fewer than a quarter of the events per second of the generic CSV, or when figures differ.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import sys
from importlib.metadata import version
from pathlib import Path

import polars as pl
from measure import run

HERE = Path(__file__).parent
BOUND = 0.25
PAIRS = {"connect.ndjson": "contacts.csv", "queue_log": "states.csv"}
EVENTS = {"connect.ndjson": 1, "contacts.csv": 1, "queue_log": 4, "states.csv": 4}
"""Events per contact: a record is one; talk, end of talk or wrap-up, its end, and waiting are four."""

_ARN = "arn:aws:connect:eu-central-1:012345678901:instance/1111"
_RECORD = (
    '{{"AWSAccountId":"012345678901","AWSContactTraceRecordFormatVersion":"2017-03-10","Agent":{{"ARN":"' + _ARN
    + '/agent/{}","AfterContactWorkDuration":{},"AfterContactWorkEndTimestamp":"{}","AfterContactWorkStartTimestamp":'
    '"{}","AgentInteractionDuration":{},"ConnectedToAgentTimestamp":"{}","CustomerHoldDuration":0,"HierarchyGroups":'
    'null,"NumberOfHolds":0,"RoutingProfile":{{"ARN":"' + _ARN + '/routing-profile/basic","Name":"Basic"}},"Username":'
    '"{}"}},"Attributes":{{"language":"de"}},"Channel":"VOICE","ContactId":"{}","DisconnectTimestamp":"{}",'
    '"InitiationMethod":"INBOUND","InitiationTimestamp":"{}","LastUpdateTimestamp":"{}","Queue":{{"ARN":"' + _ARN
    + '/queue/{}","Name":"{}","Duration":4}}}}'
)  # fmt: skip


def contacts(number: int, agents: int) -> pl.DataFrame:
    """One contact after the other per agent, seeded by their number: instants in epoch seconds, lengths in seconds."""
    place = pl.int_range(number, dtype=pl.Int64)
    draw = (place * 2_654_435_761) % 4_294_967_296
    made = pl.select(place=place, talk=30 + draw % 571, acw=1 + (draw // 7) % 180)
    return made.with_columns(
        agent=pl.format("a{}", 1000 + pl.col("place") % agents),
        contact=pl.format("c{}-0000-4000-8000", pl.col("place")),
        queue=pl.format("q{}", pl.col("place") % 8),
        begun=1_772_438_400 + (pl.col("place") // agents) * 900 + pl.col("place") % agents % 60,
    ).with_columns(over=pl.col("begun") + pl.col("talk"), free=pl.col("begun") + pl.col("talk") + pl.col("acw"))


def _iso(name: str) -> pl.Expr:
    return pl.from_epoch(name, "s").dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(folder: Path, number: int, agents: int) -> None:
    """Write the four files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = contacts(number, agents)
    made.select(
        contact_id="contact", agent_id="agent", queue="queue", channel=pl.lit("voice"), direction=pl.lit("inbound"),
        answered_at=_iso("begun"), talk_s="talk", hold_s=pl.lit(0), acw_start=_iso("over"), acw_end=_iso("free"),
        acw_s="acw",
    ).write_csv(folder / "contacts.csv")  # fmt: skip
    begun, over, free = _iso("begun"), _iso("over"), _iso("free")
    record = pl.format(
        _RECORD, "agent", "acw", free, over, "talk", begun, "agent", "contact", over, begun, free, "queue", "queue"
    )
    made.select(record).write_csv(folder / "connect.ndjson", include_header=False, quote_style="never")
    _write_events(folder, made)


def _write_events(folder: Path, made: pl.DataFrame) -> None:
    steps = {
        "begun": ("talking", "CONNECT|3|x|2"), "over": ("acw", "COMPLETEAGENT|3|60|1"),
        "free": ("ready", "UNPAUSEALL|Wrapup"),
    }  # fmt: skip
    rows, lines = [], []
    for order, (at, (state, event)) in enumerate(steps.items()):
        own = pl.lit(None, pl.String) if state == "ready" else pl.col("contact")
        rows.append(
            made.select(at=at, order=order, agent_id="agent", state=pl.lit(state), contact_id=own, queue="queue")
        )
        call = pl.lit("NONE") if state == "ready" else pl.col("contact")
        queue = pl.lit("NONE") if state == "ready" else pl.col("queue")
        text = pl.format("{}|{}|{}|{}|" + event, at, call, queue, "agent")
        lines.append(made.select("place", at=at, order=order, text=text))
    rows.append(
        made.select(
            at="begun", order=-1, agent_id="agent", state=pl.lit("ringing"), contact_id="contact", queue="queue"
        )
    )
    paused = pl.format("{}|NONE|NONE|{}|PAUSEALL|Wrapup", "over", "agent")
    lines.append(made.select("place", at="over", order=1.5, text=paused))
    states = pl.concat(rows, how="vertical_relaxed").sort("at", "order", maintain_order=True)
    states.select(
        "agent_id",
        pl.from_epoch("at", "s").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("event_time"),
        "state",
        "contact_id",
        "queue",
    ).write_csv(folder / "states.csv")
    log = pl.concat(lines, how="vertical_relaxed").sort("at", "place", "order")
    log.select("text").write_csv(folder / "queue_log", include_header=False, quote_style="never")


def command(path: Path, out: Path) -> list[str]:
    """The question asked of each file."""
    return [sys.executable, "-m", "acwcli", "summary", str(path), "--by", "agent_id", "--quiet", "-o", str(out)]


def figures(path: Path) -> list[tuple[str, ...]]:
    """Agent, wraps, mean and 80th percentile; the grade of evidence differs."""
    return [(row["agent_id"], row["wraps"], row["mean_s"], row["p80_s"]) for row in csv.DictReader(path.open())]


def compare(folder: Path, name: str, generic: str, asked: argparse.Namespace) -> dict[str, object]:
    """Time a format and the generic CSV in turn."""
    files = {part: folder / part for part in (name, generic)}
    outs = {part: folder / f"{part}.summary.csv" for part in files}
    for part in files:
        run(command(files[part], outs[part]))
    timed = [{part: run(command(files[part], outs[part])) for part in files} for _ in range(asked.runs)]
    shares = [turn[generic][0] / turn[name][0] * EVENTS[name] / EVENTS[generic] for turn in timed]
    seconds = {part: statistics.median(turn[part][0] for turn in timed) for part in files}
    return {
        "format": name,
        "generic": generic,
        "events": asked.contacts * EVENTS[name],
        "events_per_s": round(asked.contacts * EVENTS[name] / seconds[name]),
        "generic_events_per_s": round(asked.contacts * EVENTS[generic] / seconds[generic]),
        "share_median": round(statistics.median(shares), 3),
        "share_min": round(min(shares), 3),
        "share_max": round(max(shares), 3),
        "peak_mb": round(max(turn[name][1] for turn in timed)),
        "equal": figures(outs[name]) == figures(outs[generic]),
    }


def main() -> None:
    """Generate what is missing, compare, print."""
    parser = argparse.ArgumentParser()
    for option, default in {"--contacts": 500_000, "--agents": 1000, "--runs": 5}.items():
        parser.add_argument(option, type=lambda text: int(text.replace("_", "")), default=default)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    folder = asked.data / f"formats-{asked.contacts}"
    if not all((folder / name).exists() for pair in PAIRS.items() for name in pair):
        write(folder, asked.contacts, asked.agents)
    results = [compare(folder, name, generic, asked) for name, generic in PAIRS.items()]
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "polars": version("polars")}
    machine |= {"contacts": asked.contacts, "agents": asked.agents, "runs": asked.runs}
    for found in results:
        said = "{format:16} {events_per_s:>10,} events/s, {share_median} of {generic} ({share_min} to {share_max})"
        print(said.format(**found), file=sys.stderr)
    print(json.dumps({"machine": machine, "results": results}, indent=2))
    sys.exit(0 if all(found["share_median"] >= BOUND and found["equal"] for found in results) else 1)  # type: ignore[operator]


if __name__ == "__main__":
    main()
