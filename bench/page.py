"""Write docs/benchmarks.md from what the benchmarks left in bench/results/.

    python bench/page.py

A table per benchmark, under what it asks and what it was run on; figures come from a run or not at all.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from measure import HERE, RESULTS

PAGE = HERE.parent / "docs/benchmarks.md"
HEAD = """# Benchmarks

Made by `python bench/page.py` from the last runs on the machines named; [speed](speed.md) says what the bars are.
Ratios are wall times of whole processes with their start-up, run in turn on one machine: under 1 `acw` is the faster.
"""
ORDER = ("compare", "floor", "growth", "startup", "nights", "formats", "flag", "kept")
SCRIPTS = {"formats": "formats_speed.py", "flag": "flag_ratio.py"}


def main() -> None:
    """Write the page."""
    found = sorted(RESULTS.glob("*.json"), key=lambda path: (_place(path.stem), len(path.stem), path.stem))
    PAGE.write_text("\n".join([HEAD, *map(_section, found)]), encoding="utf-8")
    print(f"{PAGE}: {len(found)} benchmarks")


def _place(stem: str) -> int:
    kind = stem.split("-")[0]
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _section(path: Path) -> str:
    kept = json.loads(path.read_text(encoding="utf-8"))
    kind = path.stem.split("-")[0]
    script = SCRIPTS.get(kind, f"{kind}.py")
    asked = " ".join(f"--{name} {value}" for name, value in kept["asked"].items())
    summary = ast.get_docstring(ast.parse((HERE / script).read_text(encoding="utf-8")))
    title = (summary or script).splitlines()[0]
    rows = kept["results"]
    return "\n".join(
        [
            f"## {title}",
            "",
            f"`python bench/{script} {asked}`".replace(" `", "`"),
            "",
            _line(name.replace("_", " ") for name in rows[0]),
            "|" + "---|" * len(rows[0]),
            *(_line(row.values()) for row in rows),
            "",
            _machine(kept["machine"]),
            "",
        ]
    )


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(_text, cells)) + " |"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _machine(machine: Mapping[str, object]) -> str:
    about = ("date", "system", "cores", "memory_gb")
    versions = ", ".join(f"{name} {value}" for name, value in machine.items() if name not in about)
    size = f"{machine['cores']} cores, {machine['memory_gb']} GB of memory"
    return f"{machine['date']}, {machine['system']}, {size}; {versions}."


if __name__ == "__main__":
    main()
