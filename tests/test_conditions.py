"""`--where` and `--rows`: SQL conditions, each of one row by itself."""

from __future__ import annotations

import pytest

from acwcli.errors import ExitCode
from tests.cli import MORNING, acw


@pytest.mark.parametrize(
    "condition",
    [
        "queue NOT IN ('sales', 'orders') OR hour IN (8, 9)",
        "ROUND(acw_s % 60, 1) = 2 AND NOT pieces > 1",
        "CASE WHEN talk_s > 5 THEN acw_s / talk_s > 1 ELSE TRUE END",
        "COALESCE(LEFT(queue, 2), channel, '') || 'x' = 'bix'",
        "wrap_end - wrap_start > INTERVAL '60s'",
        "wrap_start BETWEEN DATE '2026-03-16' AND TIMESTAMP '2026-03-17 08:00:00'",
        "SPLIT_PART(contact_id, '-', 1) ILIKE '%7'",
        "1 = 1",
        "queue IS DISTINCT FROM NULL",
    ],
)
def test_a_condition_on_one_wrap_is_carried_out(condition):
    assert acw("reconstruct", MORNING, "--where", condition).code in (ExitCode.OK, ExitCode.NO_WRAPS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--where", "acw_s > AVG(acw_s)"], "looks at each wrap by itself"),
        (["--where", "COUNT(*) > 5"], "looks at each wrap by itself"),
        (["--where", "RANK() OVER (ORDER BY acw_s) < 9"], "looks at each wrap by itself"),
        (["--rows", "Cola = FIRST(Cola)"], "looks at each row by itself"),
        (["--where", "call = 1"], "'call', which wraps do not have"),
        (["--of", "talk", "--where", "pieces = 1"], "'pieces', which the contacts that are measured do not have"),
    ],
)
def test_a_condition_that_cannot_be_told_of_one_row_is_a_mistake(words, said):
    ran = acw("summary", MORNING, *words)
    assert (ran.code, ran.out) == (ExitCode.USAGE, b"")
    assert said in ran.err
