"""What it takes before anything is read: `acw --help` and small files, beside a bare typer program and bare imports.

    python bench/startup.py [--runs 15]

Whole processes in turn. Exits 1 when `acw --help` takes over 1.3 times as long as a typer program with one command.
"""

from __future__ import annotations

import argparse
import sys

from measure import HERE, acw, in_turn, keep, peak, ratio

BOUND = 1.3
BARE = """
import typer
app = typer.Typer()

@app.callback()
def main(): "A program."

@app.command()
def one(path: str): "Do one thing."

app()
"""
SAMPLE = HERE.parent / "sample_data/generic"


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    asked = parser.parse_args()
    python = sys.executable
    pairs = {
        "acw --help": (acw("--help"), "a bare typer program --help", [python, "-c", BARE, "--help"]),
        "acw --version": (acw("--version"), "python -c pass", [python, "-c", "pass"]),
        "acw summary, 700 rows": (
            acw("summary", SAMPLE / "states_es.csv"),
            "import polars",
            [python, "-c", "import polars"],
        ),
        "acw diagnose, 30,000 rows": (
            acw("diagnose", SAMPLE / "states.csv"),
            "import polars",
            [python, "-c", "import polars"],
        ),
        "acw flag, 30,000 rows": (acw("flag", SAMPLE / "states.csv"), "import polars", [python, "-c", "import polars"]),
    }
    results = []
    for name, (command, other, bare) in pairs.items():
        turns = in_turn({"acw": command, "bare": bare}, asked.runs)
        results.append(
            {"command": name, "beside": other, **ratio(turns, "acw", "bare"), "acw_peak_mb": peak(turns, "acw")}
        )
    keep("startup", results, runs=asked.runs)
    sys.exit(0 if results[0]["ratio"] <= BOUND else 1)


if __name__ == "__main__":
    main()
