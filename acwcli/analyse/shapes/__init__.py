"""Shapes of behaviour: what an agent's wraps look like beside those of everybody. Signals, never verdicts on a person.

Each detector is one module of this package with `NAME`, `signs`, `sentence` and `evidence`; docs/shapes.md says what
each looks for and how it can be wrong.
"""

from acwcli.analyse.shapes.around import (
    AROUND_NEEDS,
    CALLS,
    OF_RECORDS,
    calls_of,
    with_calls,
    with_calls_back,
    with_waiting,
)
from acwcli.analyse.shapes.detect import DETECTORS, Found, evidence_of, found_in, shapes_of
from acwcli.analyse.shapes.prepared import EVIDENCE, NEEDS, looked_at, prepare

__all__ = [
    "AROUND_NEEDS",
    "CALLS",
    "DETECTORS",
    "EVIDENCE",
    "NEEDS",
    "OF_RECORDS",
    "Found",
    "calls_of",
    "evidence_of",
    "found_in",
    "looked_at",
    "prepare",
    "shapes_of",
    "with_calls",
    "with_calls_back",
    "with_waiting",
]
