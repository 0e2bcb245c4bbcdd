"""A wraps file and a store against the state log they were made from: what a second question costs.

    python bench/kept.py [--rows 10_000_000] [--kind csv] [--runs 3] [--data bench/data]

Whole processes in turn, each answer beside that of the log. Prints the ratio of wall time (median, least, greatest)
and peak memory; exits 1 when answers differ. The bar, a tenth, is printed and not held: the start of a process alone is
about that much of ten million events.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measure import HERE, acw, events, in_turn, keep, number, peak, ratio, run

QUESTIONS = {
    "summary": ("summary",),
    "summary --by agent_id": ("summary", "--by", "agent_id"),
    "summary --by queue": ("summary", "--by", "queue"),
    "check": ("check", "--alert", "p90=10h"),
    "flag": ("flag",),
    "diagnose": ("diagnose",),
    "report": ("report",),
}


def made_from(log: Path, data: Path) -> dict[str, Path]:
    """The wraps file and the store of a log, made if they are not there."""
    wraps, store = data / f"wraps-{log.parent.name}.parquet", data / f"store-{log.parent.name}"
    if not wraps.exists():
        run(acw("reconstruct", log, "--quiet", "-o", wraps))
    if not store.exists():
        run(acw("ingest", log, "--store", store, "--quiet", "-o", data / "ingested.csv"))
    return {"wraps file": wraps, "store": store}


def main() -> None:
    """Ask every question of all three, in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=number, default=10_000_000)
    parser.add_argument("--kind", default="csv")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    log = events(asked.rows, asked.kind, asked.data)
    inputs = {"log": log, **made_from(log, asked.data)}
    results = []
    for question, (command, *words) in QUESTIONS.items():
        answers = {name: asked.data / f"kept-{name.replace(' ', '-')}.json" for name in inputs}
        commands = {
            name: acw(command, path, *words, "--quiet", "--format", "json", "-o", answers[name])
            for name, path in inputs.items()
        }
        turns = in_turn(commands, asked.runs)
        for name in inputs.keys() - {"log"}:
            same = _told(answers[name]) == _told(answers["log"])
            row = {"command": question, "of": name, **ratio(turns, name, "log"), "peak_mb": peak(turns, name)}
            results.append(row | {"equal": same})
    keep("kept", results, rows=asked.rows, kind=asked.kind, runs=asked.runs)
    sys.exit(0 if all(row["equal"] for row in results) else 1)


def _told(answer: Path) -> str:
    """An answer; of a report what is measured, which ends where it tells of the files."""
    return answer.read_text(encoding="utf-8").partition('"quality"')[0]


if __name__ == "__main__":
    main()
