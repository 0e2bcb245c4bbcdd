"""`acw summary --by agent_id` against the shortest DuckDB SQL for the same table: whole processes in turn.

    python bench/compare.py [--rows 10_000_000] [--runs 5] [--data bench/data]

Prints, for CSV and Parquet, the ratio of wall time run by run (median, min, max), peak memory of both, and whether the
results are equal. Exits 1 when a bound of docs/speed.md is not kept or results differ.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
BOUND = 0.85
PEAK_MB = 2500
HELP_BOUND = 1.3

DUCKDB = """
import duckdb, sys
source = "read_csv('{path}')" if "{path}".endswith("csv") else "'{path}'"
duckdb.sql(f'''
COPY (
  SELECT agent_id, count(*) AS wraps, avg(s) AS mean_s, median(s) AS median_s, quantile_cont(s, 0.8) AS p80_s,
         quantile_cont(s, 0.9) AS p90_s, quantile_cont(s, 0.95) AS p95_s, max(s) AS max_s, sum(s) AS total_s,
         stddev_samp(s) AS sd_s
  FROM (SELECT agent_id, state, (epoch_ms(lead(event_time) OVER (PARTITION BY agent_id ORDER BY event_time))
               - epoch_ms(event_time)) / 1000 AS s FROM {{source}})
  WHERE state = 'acw' AND s IS NOT NULL GROUP BY agent_id ORDER BY agent_id
) TO '{out}' (HEADER)''')
"""


def run(command: list[str]) -> tuple[float, float]:
    """Run a process; return wall seconds and peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)[:200]} failed: {said}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def commands(path: Path, out: Path) -> dict[str, list[str]]:
    """The two programs that answer the same question."""
    acw = [sys.executable, "-m", "acwcli", "summary", str(path), "--by", "agent_id", "--quiet", "-o", f"{out}/acw.csv"]
    duck = [sys.executable, "-c", DUCKDB.format(path=path, out=f"{out}/duckdb.csv")]
    return {"acw": acw, "duckdb": duck}


def equal(out: Path) -> bool:
    """Whether both tables hold the same figures (floats to 1e-9)."""
    tables = [list(csv.DictReader((out / name).open())) for name in ("acw.csv", "duckdb.csv")]
    if len(tables[0]) != len(tables[1]):
        return False
    names = ("wraps", "mean_s", "median_s", "p80_s", "p90_s", "p95_s", "max_s", "total_s", "sd_s")
    return all(
        ours["agent_id"] == theirs["agent_id"]
        and all(abs(float(ours[name]) - float(theirs[name])) <= 1e-9 * max(1.0, float(ours[name])) for name in names)
        for ours, theirs in zip(*tables, strict=True)
    )


def compare(path: Path, out: Path, runs: int) -> dict[str, object]:
    """Time both in turn, A B A B …, after one warm-up each."""
    pair = commands(path, out)
    for command in pair.values():
        run(command)
    timed = [{name: run(command) for name, command in pair.items()} for _ in range(runs)]
    ratios = [turn["acw"][0] / turn["duckdb"][0] for turn in timed]
    return {
        "file": path.name,
        "ratio_median": round(statistics.median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "acw_peak_mb": round(max(turn["acw"][1] for turn in timed)),
        "duckdb_peak_mb": round(max(turn["duckdb"][1] for turn in timed)),
        "equal": equal(out),
    }


BARE = """
import typer
app = typer.Typer()

@app.callback()
def main(): "A program."

@app.command()
def one(path: str): "Do one thing."

app()
"""


def help_ratio(pairs: int = 15) -> float:
    """Wall time of `acw --help` over that of a typer program with one command, median of pairs in turn."""
    ours, bare = [sys.executable, "-m", "acwcli", "--help"], [sys.executable, "-c", BARE, "--help"]
    run(ours), run(bare)
    return round(statistics.median(run(ours)[0] / run(bare)[0] for _ in range(pairs)), 3)


def main() -> None:
    """Generate what is missing, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=10_000_000)
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    folder = asked.data / f"states-{asked.rows}"
    results = []
    for kind in ("csv", "parquet"):
        if not list(folder.glob(f"*.{kind}")):
            generate = [sys.executable, str(HERE / "generate.py"), "states", "--rows", str(asked.rows)]
            run([*generate, "--agents", str(asked.agents), "--out", str(folder), "--format", kind])
        results.append(compare(next(folder.glob(f"*.{kind}")), asked.data, asked.runs))
    helped = help_ratio()
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "rows": asked.rows, "runs": asked.runs}
    machine |= {name: version(name) for name in ("polars", "duckdb")}
    print(json.dumps({"machine": machine, "results": results, "help_ratio": helped}, indent=2))
    kept = all(item["ratio_median"] <= BOUND and item["acw_peak_mb"] <= PEAK_MB and item["equal"] for item in results)
    sys.exit(0 if kept and helped <= HELP_BOUND else 1)


if __name__ == "__main__":
    main()
