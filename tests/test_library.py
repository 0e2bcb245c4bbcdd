"""`import acwcli`: light, silent, typed, and the same answers as the command line, from files and from frames."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta

import polars as pl
import pytest

import acwcli
from acwcli.errors import InputError, NoWrapsError, UsageError
from acwcli.model.columns import WRAP_COLUMNS
from tests.cli import ROOT, acw, one_wrap, written

STATES = str(ROOT / "sample_data/generic/states.csv")
CONTACTS = str(ROOT / "sample_data/generic/contacts.csv")
PAGE = ROOT / "docs/library.md"
NOTEBOOK = re.compile(r"<!-- notebook -->\n```python\n(.*?)```\n```text\n(.*?)```", re.S)


@pytest.fixture(scope="module")
def data():
    return acwcli.load(STATES)


def answered(*words):
    ran = acw(*words, "--format", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.text)


def test_the_page_is_a_session_that_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    cells = NOTEBOOK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(cells) == PAGE.read_text(encoding="utf-8").count("<!-- notebook -->") > 3
    names: dict[str, object] = {}
    for code, shown in cells:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code, names)
        assert said.getvalue() == shown, code


def test_importing_it_is_light_and_using_it_says_nothing(tmp_path):
    written(tmp_path, "night.csv", one_wrap())
    script = (
        "import sys,acwcli;print(sorted({'polars', 'pyarrow', 'typer'} & set(sys.modules)),'summarise' in dir(acwcli));"
        "acwcli.summarise('night.csv'); acwcli.flag('night.csv', every_agent=True); acwcli.load('night.csv').notes"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[] True\n", "")


def test_every_name_is_there_documented_and_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for name in acwcli.__all__:
        found = getattr(acwcli, name)
        assert name in dir(acwcli)
        if inspect.isfunction(found):
            assert f"`{name}(" in page
            assert inspect.getdoc(found)
            own = [word for word in inspect.signature(found).parameters if word not in ("sources", "reading", "agent")]
            row = next(line for line in page.splitlines() if line.startswith(f"| `{name}("))
            assert [word for word in own if f"{word}=" not in row] == []
    with pytest.raises(AttributeError, match="no attribute 'sumarise'"):
        _ = acwcli.sumarise


def test_reconstruct_stays_the_function_when_the_package_is_imported():
    import acwcli.reconstruct.runs  # would put the package in its place
    from acwcli import reconstruct
    from acwcli.reconstruct import runs

    assert inspect.isfunction(reconstruct)
    assert acwcli.reconstruct is reconstruct
    assert inspect.ismodule(runs)


SAME = {
    "summarise": (acwcli.summarise, {"by": ["queue", "day"], "limit": "1m30s"}, "summary --by queue,day --limit 90"),
    "talk": (acwcli.summarise, {"of": "talk"}, "summary --of talk"),
    "handled": (acwcli.summarise, {"per": "handled", "by": "agent_id"}, "summary --per handled --by agent_id"),
    "flag": (
        acwcli.flag,
        {"over": ["mean", "p80"], "under": "5s", "peers": "queue", "min_wraps": 50, "quick": True},
        "flag --over mean --over p80 --under 5s --peers queue --min-wraps 50 --quick",
    ),
    "only": (acwcli.flag, {"only": "over", "mix": []}, "flag --only over --mix none"),
    "diagnose": (acwcli.diagnose, {"within": timedelta(seconds=60)}, "diagnose --within 60s"),
    "explain": (acwcli.explain, {"agent": "a31", "within": 60}, "explain a31 --within 60s"),
    "where": (acwcli.summarise,
    {"where": "acw_s > 5", "since": "2026-03-03"}, "summary --where acw_s>5 --since 2026-03-03"),
    "wraps": (acwcli.reconstruct, {"max_wrap": 600}, "reconstruct --max-wrap 600"),
    "tz": (acwcli.summarise, {"by": "hour", "tz": "Asia/Tokyo"}, "summary --by hour --tz Asia/Tokyo"),
}  # fmt: skip


def written_out(value):
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)


def comparable(row):
    """JSON text as what it stands for, days as text."""
    return {
        name: json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
        for name, value in json.loads(json.dumps(row, default=written_out)).items()
        if not name.startswith("wrap_")
    }


@pytest.mark.parametrize("case", SAME)
def test_answers_are_those_of_the_command_line(case):
    function, options, line = SAME[case]
    frame = function(STATES, **options)
    assert isinstance(frame, pl.LazyFrame)
    wanted = answered(*line.split(), STATES)
    rows = [comparable(row) for row in frame.collect().to_dicts()]
    assert rows == [comparable(row) for row in (wanted if isinstance(wanted, list) else [wanted])]
    assert rows


def test_read_once_gives_what_reading_each_time_gives(data):
    before = (data.counts.used, dict(data.counts.ignored))
    for _ in range(2):
        for function, options in ((acwcli.summarise, {"by": "queue"}), (acwcli.flag, {"every_agent": True})):
            assert function(data, **options).collect().equals(function(STATES, **options).collect())
    assert (data.counts.used, dict(data.counts.ignored)) == before


def test_wraps_filtered_by_hand_are_wraps():
    wraps = acwcli.reconstruct(STATES)
    assert tuple(wraps.collect_schema()) == WRAP_COLUMNS
    mine = acwcli.summarise(wraps.filter(pl.col("queue") == "billing")).collect()
    assert mine.equals(acwcli.summarise(STATES, where="queue = 'billing'").collect())


@pytest.mark.parametrize("lazy", [True, False], ids=["lazy", "eager"])
def test_frames_are_read_like_files(lazy):
    texts = pl.read_csv(STATES, infer_schema=False)
    frame = texts.lazy() if lazy else texts
    assert acwcli.flag(frame).collect().equals(acwcli.flag(STATES).collect())
    assert set(acwcli.reconstruct(frame).collect()["source"]) == {"<frame 1>"}
    renamed = texts.rename({"agent_id": "Who"})
    with pytest.raises(InputError):
        acwcli.summarise(renamed)
    assert acwcli.summarise(renamed, columns={"agent_id": "Who"}).collect().equals(acwcli.summarise(STATES).collect())


def test_files_and_frames_mix():
    both = acwcli.load([pl.scan_csv(STATES, infer_schema=False), CONTACTS])
    assert both.frame("states") is not None
    assert both.frame("contacts") is not None
    assert both.frame("aggregates") is None
    assert acwcli.summarise(both).collect().equals(acwcli.summarise([STATES, CONTACTS]).collect())


def test_mistakes_are_errors_of_the_one_tree(data, tmp_path):
    with pytest.raises(UsageError, match="did you mean"):
        acwcli.summarise(data, by="quue")
    with pytest.raises(UsageError, match=r"tz: say this to load\(\)"):
        acwcli.summarise(data, tz="Asia/Tokyo")
    with pytest.raises(InputError):
        acwcli.load(tmp_path / "none.csv")
    with pytest.raises(NoWrapsError):
        acwcli.reconstruct(written(tmp_path, "short.csv", one_wrap()[:1]))
    rows = [*one_wrap(), "a1,never,acw,c2,q"]
    with pytest.raises(InputError, match="1 of 4 rows are bad"):
        acwcli.load(written(tmp_path, "bad.csv", rows))
    kept = acwcli.load(written(tmp_path, "bad.csv", rows), max_bad=0.5)
    assert kept.counts.rejected.total() == 1
    assert kept.rejects.collect()["row"].to_list() == [5]
