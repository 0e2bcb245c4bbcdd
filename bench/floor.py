"""How far `acw summary --by agent_id` is from the bare scan of the columns it reads: whole processes in turn.

    python bench/floor.py [--rows 10_000_000] [--runs 5] [--data bench/data]

The bare scan reads the same columns with Polars' streaming engine, text as text, and counts what is not null: no clock,
no order, no figures, no account. Exits 1 over 2.5 times the scan of CSV, or 5 times that of Parquet.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measure import HERE, acw, events, in_turn, keep, number, peak, ratio

BOUNDS = {"csv": 2.5, "parquet": 5.0}
SCAN = """
import sys, polars as pl
path = sys.argv[1]
rows = pl.scan_csv(path, infer_schema=False) if path.endswith("csv") else pl.scan_parquet(path)
columns = ["agent_id", "event_time", "state", "contact_id"]
print(rows.select(pl.col(columns).count()).collect(engine="streaming"))
"""


def main() -> None:
    """Generate what is missing, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=number, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    results = []
    for kind in BOUNDS:
        path = events(asked.rows, kind, asked.data)
        commands = {
            "acw": acw("summary", path, "--by", "agent_id", "--quiet", "-o", asked.data / "acw.csv"),
            "scan": [sys.executable, "-c", SCAN, str(path)],
        }
        turns = in_turn(commands, asked.runs)
        results.append({"file": path.name, **ratio(turns, "acw", "scan"), "acw_peak_mb": peak(turns, "acw")})
    keep("floor", results, rows=asked.rows, runs=asked.runs)
    sys.exit(0 if all(row["ratio"] <= bound for row, bound in zip(results, BOUNDS.values(), strict=True)) else 1)


if __name__ == "__main__":
    main()
