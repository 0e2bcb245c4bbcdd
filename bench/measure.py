"""What every benchmark does alike: run whole processes in turn, name the machine, keep and print the results."""

from __future__ import annotations

import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("polars", "duckdb", "pandas", "pyarrow", "typer")
FIGURES = ("wraps", "mean_s", "median_s", "p80_s", "p90_s", "p95_s", "max_s", "total_s", "sd_s")
Run = tuple[float, float]
"""Wall seconds and peak memory in MB."""
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Modules are compiled once, in the warm-up, as they are where a package is installed."""


def run(command: Sequence[str]) -> Run:
    """Run a process to its end; one that fails ends the benchmark with what it said."""
    start = time.perf_counter()
    process = subprocess.Popen(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_ENVIRONMENT)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)[:200]} failed: {said}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def in_turn(commands: Mapping[str, Sequence[str]], runs: int) -> list[dict[str, Run]]:
    """Run all once to warm up, then A B C, A B C, …: a slow minute of the machine is slow for all of them."""
    for command in commands.values():
        run(command)
    return [{name: run(command) for name, command in commands.items()} for _ in range(runs)]


def ratio(turns: Sequence[Mapping[str, Run]], ours: str, theirs: str) -> dict[str, float]:
    """Wall time of one over the other, turn by turn: median, least, greatest."""
    ratios = [turn[ours][0] / turn[theirs][0] for turn in turns]
    return {
        "ratio": round(statistics.median(ratios), 3),
        "least": round(min(ratios), 3),
        "greatest": round(max(ratios), 3),
    }


def peak(turns: Sequence[Mapping[str, Run]], name: str) -> int:
    """Peak memory in MB over all turns."""
    return round(max(turn[name][1] for turn in turns))


def acw(*words: object) -> list[str]:
    """The command line of `acw`."""
    return [sys.executable, "-m", "acwcli", *map(str, words)]


def events(rows: int, kind: str, data: Path, agents: int = 5000) -> Path:
    """A state log of so many rows, generated if it is not there; `csv.gz` is packed from the CSV."""
    folder = data / (f"states-{rows}" if agents == 5000 else f"states-{rows}-{agents}")
    path = folder / f"states.{kind}"
    if path.exists():
        return path
    if kind == "csv.gz":
        plain = events(rows, "csv", data, agents)
        with path.open("wb") as packed:
            subprocess.run(["gzip", "-1", "-c", str(plain)], stdout=packed, check=True)
        return path
    generate = [sys.executable, str(HERE / "generate.py"), "states", "--rows", str(rows), "--agents", str(agents)]
    run([*generate, "--out", str(folder), "--format", kind])
    return path


def equal(first: Path, second: Path, names: Sequence[str]) -> bool:
    """Whether two tables of figures per agent are the same (floats to 1e-9)."""
    tables = [list(csv.DictReader(path.open())) for path in (first, second)]
    return len(tables[0]) == len(tables[1]) and all(
        ours["agent_id"] == theirs["agent_id"] and all(_alike(ours[name], theirs[name]) for name in names)
        for ours, theirs in zip(*tables, strict=True)
    )


def _alike(ours: str, theirs: str) -> bool:
    """An empty figure (the deviation of a single wrap) is only like an empty one."""
    if "" in (ours, theirs):
        return ours == theirs
    return abs(float(ours) - float(theirs)) <= 1e-9 * max(1.0, float(ours))


def machine() -> dict[str, object]:
    """What a figure depends on."""
    found: dict[str, object] = {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def keep(name: str, results: Sequence[Mapping[str, object]], **asked: object) -> None:
    """Write `bench/results/NAME.json` for `bench/page.py`, and print a table."""
    from rich.console import Console
    from rich.table import Table

    RESULTS.mkdir(exist_ok=True)
    kept = {"machine": machine(), "asked": {key: str(value) for key, value in asked.items()}, "results": list(results)}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    table = Table(*results[0])
    for row in results:
        table.add_row(*(str(value) for value in row.values()))
    Console(width=160).print(table)


def number(text: str) -> int:
    """`10_000_000` as an integer."""
    return int(text.replace("_", "").replace(",", ""))
