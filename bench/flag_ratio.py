"""`acw flag` with mix, intervals and false discovery rate against `acw summary --by agent_id`: whole processes in turn.

    python bench/flag_ratio.py FILE [--runs 3]

FILE is what bench/compare.py generates (10 million events of 5,000 agents). Prints the ratio of wall time run by run,
its median and the peak memory of `flag`; exits 1 when the median is over 2.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile

from measure import run

BOUND = 2.0


def main() -> None:
    """Time both in turn, A B A B …, after one warm-up each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    acw = [sys.executable, "-m", "acwcli"]
    with tempfile.TemporaryDirectory() as folder:
        ends = [asked.file, "--quiet", "-o"]
        summary = [*acw, "summary", "--by", "agent_id", *ends, f"{folder}/summary.csv"]
        flag = [*acw, "flag", "--mix", "queue,channel,disposition", "--fdr", "5%", *ends, f"{folder}/flag.csv"]
        run(summary), run(flag)
        timed = [(run(summary), run(flag)) for _ in range(asked.runs)]
    ratios = [flagged[0] / summed[0] for summed, flagged in timed]
    median = statistics.median(ratios)
    peak = round(max(flagged[1] for _, flagged in timed))
    answer = {"ratios": [round(ratio, 3) for ratio in ratios], "median": round(median, 3), "flag_peak_mb": peak}
    print(json.dumps(answer))
    sys.exit(0 if median <= BOUND else 1)


if __name__ == "__main__":
    main()
