"""`acw summary --by agent_id` against scripts that give the same table: whole processes in turn.

    python bench/compare.py [--rows 10_000_000] [--kinds csv,csv.gz,parquet] [--runs 5] [--data bench/data]
                            [--peers duckdb_sql,pandas_script,polars_script]

The scripts are those of `bench/peers/`. Prints, for each kind of file and each script, the ratio of wall time run by
run (median, least, greatest), peak memory of both, and whether the tables are equal; keeps them as
`bench/results/compare-ROWS.json`. Exits 1 when a bound of docs/speed.md is not kept or tables differ.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from measure import FIGURES, HERE, acw, equal, events, in_turn, keep, number, peak, ratio

BOUNDS = {
    "duckdb_sql": {"csv": 0.75, "csv.gz": 0.75, "parquet": 0.7},
    "pandas_script": dict.fromkeys(("csv", "csv.gz", "parquet"), 0.1),
    "polars_script": dict.fromkeys(("csv", "csv.gz", "parquet"), 1.0),
}
PEAK_MB = 2500


def compare(path: Path, peers: list[str], out: Path, runs: int) -> list[dict[str, object]]:
    """Time `acw` and every script on one file."""
    commands = {"acw": acw("summary", path, "--by", "agent_id", "--quiet", "-o", out / "acw.csv")}
    commands |= {
        name: [sys.executable, str(HERE / f"peers/{name}.py"), str(path), f"{out}/{name}.csv"] for name in peers
    }
    turns = in_turn(commands, runs)
    return [
        {
            "file": path.name,
            "peer": name,
            **ratio(turns, "acw", name),
            "acw_peak_mb": peak(turns, "acw"),
            "peer_peak_mb": peak(turns, name),
            "equal": equal(out / "acw.csv", out / f"{name}.csv", FIGURES),
        }
        for name in peers
    ]


def _bound(row: dict[str, object]) -> float:
    return BOUNDS[str(row["peer"])][str(row["file"]).removeprefix("states.")]


def main() -> None:
    """Generate what is missing, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=number, default=10_000_000)
    parser.add_argument("--kinds", default="csv,csv.gz,parquet")
    parser.add_argument("--peers", default=",".join(BOUNDS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    results = [
        row
        for kind in asked.kinds.split(",")
        for row in compare(events(asked.rows, kind, asked.data), asked.peers.split(","), asked.data, asked.runs)
    ]
    keep(f"compare-{asked.rows}", results, rows=asked.rows, runs=asked.runs)
    kept = all(row["equal"] and row["ratio"] <= _bound(row) and row["acw_peak_mb"] <= PEAK_MB for row in results)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
