"""Runs commands one after the other in one process, so that they share one Spark: its start takes longer than all else.

python -m tests.spark_process ANSWERS < COMMANDS    # JSON lists of words; code, out and err of each go to ANSWERS
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

from tests.cli import acw


def main() -> None:
    answers = []
    for words in json.load(sys.stdin):
        run = acw(*words)
        answers.append({"code": run.code, "out": base64.b64encode(run.out).decode(), "err": run.err})
    Path(sys.argv[1]).write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
