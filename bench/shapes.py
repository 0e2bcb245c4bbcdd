"""How often shapes of behaviour are found where they are planted, and where nothing is planted.

`python -m bench.shapes [CENTRES]` measures the table of docs/shapes.md: in each centre of 40 agents one is changed, and
all others are clean.
"""

from __future__ import annotations

import sys
from collections import Counter

from acwcli.analyse.shapes import DETECTORS, prepare, shapes_of
from tests.synthetic import PLANTED, centre

AGENTS = 40


def clean(seeds: range) -> tuple[Counter[str], int]:
    """Count the clean agents who show each shape, and those who show any."""
    seen: Counter[str] = Counter()
    anybody = 0
    for seed in seeds:
        named = shapes_of(centre(seed, AGENTS).lazy())
        anybody += named.height
        seen.update(shape for names in named["shapes"] for shape in names.split("; "))
    return seen, anybody


def found(shape: str, seeds: range) -> int:
    """Count the centres in which the agent with the planted shape shows it."""
    (detector,) = (detector for detector in DETECTORS if shape == detector.NAME)
    hits = 0
    for seed in seeds:
        wraps = prepare(PLANTED[shape](centre(seed, AGENTS)).lazy(), agents=["a00"])
        hits += detector.signs(wraps, 20).height
    return hits


def main() -> None:
    """Print the rates as the table of the docs has them."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
    seen, anybody = clean(seeds)
    agents = len(seeds) * AGENTS
    print("| shape | clean agents who show it | planted agents found |\n|---|---|---|")
    for detector in DETECTORS:
        hits = found(detector.NAME, seeds)
        print(f"| `{detector.NAME}` | {100 * seen[detector.NAME] / agents:.1f} % | {100 * hits / len(seeds):.0f} % |")
    print(f"\n{len(seeds)} centres, {agents:,} clean agents; {100 * anybody / agents:.1f} % of them show any shape")


if __name__ == "__main__":
    main()
