"""Questions to ask twice: with enough memory, and with none, when everything goes to disk."""

from __future__ import annotations

from tests.cli import acw

ALL_OF_IT, NONE_OF_IT = ("--memory", "1TB"), ("--memory", "1")
QUESTIONS = (
    ("reconstruct",),
    ("inspect", "--verbose"),
    ("summary", "--of", "handle", "--by", "agent_id,queue"),
    ("summary", "--per", "handled"),
    ("summary", "--by", "agent_id,hour", "--where", "acw_s > 20"),
    ("summary", "--limit", "30s", "--roster", "sample_data/generic/roster.csv", "--by", "team"),
    ("diagnose", "--within", "60s"),
    ("flag", "--all"),
    ("flag", "--over", "p80", "--since", "2026-03-03"),
    ("explain", "a07"),
    ("explain", "a07", "--of", "talk", "--peers", "queue"),
    ("check", "--alert", "p90=60s", "--alert", "over_30s=1%", "--alert", "missing=7d", "--days", "3"),
    ("report", "--within", "60s"),
    ("summary", "--of", "talk", "--by", "day", "--since", "2026-03-03", "--where", "talk_s > 100"),
    ("summary", "--infer-gap", "--by", "method"),
    ("flag", "--per", "handled", "--all", "--where", "queue <> 'sales'"),
    ("summary", "--by", "weekday,hour", "--limit", "40s", "--queue-limit", "billing=30s"),
    ("summary", "--by", "agent_id,hour", "--attribute", "split"),
)
CONTACTS = "sample_data/generic/contacts.csv"


def same(tmp_path, *words):
    """A question with enough memory and with none: stdout, stderr, exit code and rejects."""
    answers = []
    for memory in (ALL_OF_IT, NONE_OF_IT):
        rejects = tmp_path / "rejects.csv"
        rejects.unlink(missing_ok=True)
        ran = acw(*words, *memory, "--format", "json", "--rejects", rejects)
        answers.append((ran.code, ran.text, ran.err, rejects.read_text() if rejects.exists() else None))
    assert answers[0] == answers[1]
    return answers[0]
