"""How time and memory of `acw summary --by agent_id` grow with rows, agents and files.

    python bench/growth.py [--rows 8_000_000] [--runs 3] [--data bench/data]

Three series: rows (an eighth, a quarter, a half, all; Parquet, CSV), agents (50 to 50,000 in half of the rows), files
(the rows of one, cut into 10 and 100). Every figure is set beside the first of its series, run in turn with it, and
every answer beside that of `bench/peers/polars_script.py` on the same events in one Parquet file. Exits 1 where twice
the rows take more than 2.3 times the time, a hundred files more than twice the time of one, or answers differ.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import polars as pl
from measure import FIGURES, HERE, acw, equal, events, in_turn, keep, number, peak, ratio, run

PER_DOUBLING, PER_FILES = 2.3, 2.0


def series(name: str, inputs: Mapping[str, Path], data: Path, runs: int) -> list[dict[str, object]]:
    """One row per input, beside the first."""
    answers = {label: data / f"growth-{place}.csv" for place, label in enumerate(inputs)}
    commands = {
        label: acw("summary", path, "--by", "agent_id", "--quiet", "-o", answers[label])
        for label, path in inputs.items()
    }
    turns = in_turn(commands, runs)
    first = next(iter(inputs))
    return [
        {
            "series": name,
            "input": label,
            **ratio(turns, label, first),
            "peak_mb": peak(turns, label),
            "equal": equal(answers[label], usual(path), FIGURES),
        }
        for label, path in inputs.items()
    ]


def usual(path: Path) -> Path:
    """What the script says of the same events in one Parquet file."""
    whole = path.parent / "states.parquet"
    said = whole.with_name("polars_script.csv")
    if not said.exists():
        run([sys.executable, str(HERE / "peers/polars_script.py"), str(whole), str(said)])
    return said


def cut(path: Path, parts: int) -> Path:
    """The rows of one file as a folder of so many."""
    folder = path.parent / f"{parts}-files"
    if not folder.exists():
        folder.mkdir()
        frame = pl.read_parquet(path)
        size = -(-frame.height // parts)
        for part in range(parts):
            frame.slice(part * size, size).write_parquet(folder / f"states-{part:03}.parquet")
    return folder


def main() -> None:
    """Generate what is missing, measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=number, default=8_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", type=Path, default=HERE / "data")
    asked = parser.parse_args()
    half, data = asked.rows // 2, asked.data
    sizes = [asked.rows // part for part in (8, 4, 2, 1)]
    results = []
    for kind in ("parquet", "csv"):
        inputs = {f"{size:,} rows": events(size, kind, data) for size in sizes}
        results += series(f"rows, {kind}", inputs, data, asked.runs)
    people = {f"{count:,} agents": events(half, "parquet", data, count) for count in (50, 500, 5000, 50_000)}
    results += series("agents", people, data, asked.runs)
    whole = events(half, "parquet", data)
    files = {"1 file": whole} | {f"{parts} files": cut(whole, parts) for parts in (10, 100)}
    results += series("files", files, data, asked.runs)
    keep("growth", results, rows=asked.rows, runs=asked.runs)
    grown = [row["ratio"] for row in results if str(row["series"]).startswith("rows")]
    doublings = [later / sooner for sooner, later in pairwise(grown) if later > 1]
    grows = max(doublings) <= PER_DOUBLING and float(str(results[-1]["ratio"])) <= PER_FILES
    sys.exit(0 if grows and all(row["equal"] for row in results) else 1)


if __name__ == "__main__":
    main()
