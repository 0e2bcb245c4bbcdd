"""`acw flag` with mix, intervals and false discovery rate, and `acw diagnose`, against `acw summary --by agent_id`.

    python bench/flag_ratio.py [--rows 10_000_000] [--kinds csv,parquet] [--runs 3] [--data bench/data]

Whole processes in turn. Prints the ratio of wall time (median, least, greatest) and peak memory; exits 1 when `flag`
takes more than twice as long as `summary`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measure import HERE, acw, events, in_turn, keep, number, peak, ratio

BOUND = 2.0


def main() -> None:
    """Time both in turn, A B A B …, after one warm-up each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=number, default=10_000_000)
    parser.add_argument("--kinds", default="csv,parquet")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    results = []
    for kind in asked.kinds.split(","):
        path = events(asked.rows, kind, asked.data)
        commands = {
            "summary": acw("summary", path, "--by", "agent_id", "--quiet", "-o", asked.data / "summary.csv"),
            "flag": acw(
                "flag", path, "--mix", "queue,channel,disposition", "--fdr", "5%", "--quiet",
                "-o", asked.data / "flag.csv",
            ),
            "diagnose": acw("diagnose", path, "--within", "60s", "--quiet", "-o", asked.data / "diagnose.csv"),
        }  # fmt: skip
        turns = in_turn(commands, asked.runs)
        for name in ("flag", "diagnose"):
            row = {"file": path.name, "command": name, **ratio(turns, name, "summary"), "peak_mb": peak(turns, name)}
            results.append(row)
    keep("flag", results, rows=asked.rows, runs=asked.runs)
    sys.exit(0 if all(row["ratio"] <= BOUND for row in results if row["command"] == "flag") else 1)


if __name__ == "__main__":
    main()
