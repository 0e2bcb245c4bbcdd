"""What the Spark engine costs beside one machine: processor seconds, wall time and memory of all its processes.

    python bench/spark_cost.py [--rows 100_000 1_000_000] [--files 8] [--master 'local[2]'] [--data DIR]

`bench/generate.py` writes the events; they are cut into as many files. The answers of both engines are compared byte by
byte; the command exits with 1 when they differ. The difference between two sizes is the cost of rows without the start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parent.parent
TICK = os.sysconf("SC_CLK_TCK")
_EVERY_S = 0.25


@dataclass
class Cost:
    """Of one run."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: bytes


def run(words: list[str]) -> Cost:
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "acwcli", *words], cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL,
            start_new_session=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        spent: dict[int, float] = {}
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, looked_at(process.pid, spent))
            time.sleep(_EVERY_S)
        if process.returncode:
            sys.exit(f"{' '.join(words)}: exit code {process.returncode}")
        wall = time.monotonic() - began
        out.seek(0)
        return Cost(wall, sum(spent.values()), peak, out.read())


def looked_at(session: int, spent: dict[int, float]) -> float:
    """Note the processor seconds of every process of a session; return their memory in MB, shared pages once."""
    memory = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(stat[3]) != session:
                continue
            spent[int(entry.name)] = (int(stat[11]) + int(stat[12])) / TICK
            pss = next(line for line in (entry / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
            memory += int(pss.split()[1]) / 1000
        except (OSError, StopIteration, IndexError):
            continue
    return memory


def written(rows: int, files: int, kind: str, folder: Path) -> Path:
    """The events in so many files that follow each other in time."""
    target = folder / f"{rows}-{files}-{kind}"
    if target.is_dir():
        return target
    source = folder / f"{rows}" / "states.parquet"
    if not source.exists():
        words = ["states", "--rows", str(rows), "--agents", "1000", "--out", str(source.parent), "--format", "parquet"]
        subprocess.run([sys.executable, ROOT / "bench/generate.py", *words], check=True, stdout=subprocess.DEVNULL)
    events = pl.read_parquet(source)
    target.mkdir(parents=True)
    for number, part in enumerate(events.iter_slices(-(-events.height // files))):
        path = target / f"{number:03}.{kind}"
        part.write_parquet(path) if kind == "parquet" else part.write_csv(path)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--data", type=Path, default=ROOT / "bench/data")
    asked = parser.parse_args()
    print("| rows | files | engine | wall, s | processor, s | peak, MB | equal |\n|---|---|---|---|---|---|---|")
    same = True
    for kind in ("csv", "parquet"):
        for rows in asked.rows:
            words = ["reconstruct", str(written(rows, asked.files, kind, asked.data))]
            here = run(words)
            there = run([*words, "--engine", "spark", "--master", asked.master])
            equal = here.output == there.output
            same &= equal
            for name, cost in (("local", here), (f"spark, {asked.master}", there)):
                print(
                    f"| {rows:,} | {asked.files} {kind} | {name} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} "
                    f"| {cost.peak_mb:,.0f} | {'yes' if equal else 'NO'} |",
                    flush=True,
                )
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
