"""The house rules that a machine can hold: layers, start-up, sizes, and an engine that never prints and never exits."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "acwcli"
MODULES = sorted(PACKAGE.rglob("*.py"))
ENGINE = [path for path in MODULES if PACKAGE / "cli" not in path.parents and path.name != "__main__.py"]

MOST_LINES = 400
MOST_FUNCTION_LINES = 60
HEAVY = ("polars", "pyarrow", "scipy", "numpy", "fastexcel", "xlsxwriter", "charset_normalizer")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=False)


@pytest.mark.skipif(importlib.util.find_spec("importlinter") is None, reason="import-linter is not installed")
def test_imports_point_down_only():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    linted = run(sys.executable, "-c", code)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["summary", "--help"], ["diagnose", "--help"]], ids=" ".join
)
def test_asking_for_help_imports_nothing_heavy(words):
    done = run(sys.executable, "-X", "importtime", "-m", "acwcli", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "acwcli" in imported
    assert imported.isdisjoint(HEAVY)


OF_OTHERS = ("numpy", "scipy", "pyarrow", "pydantic", "rich", "acwcli.cli.catalogue", "acwcli.formats.csv_repair",
             "acwcli.formats.json_documents", "acwcli.formats.look_alikes", "acwcli.formats.lookup",
             "acwcli.formats.queue_log", "acwcli.pipeline.overview", "acwcli.store.manifest")  # fmt: skip
"""What no question needs that is asked about a plain state log."""


@pytest.mark.parametrize(
    ("words", "of_other_questions"),
    [
        (["summary"], ("diagnose", "flag", "alerts", "shapes", "intervals")),
        (["check", "--alert", "p90=120s"], ("diagnose", "flag", "split", "shapes", "intervals")),
    ],
    ids=["summary", "check"],
)
def test_a_question_imports_nothing_that_only_others_need(words, of_other_questions):
    command, *options = words
    log = "sample_data/generic/states.csv"
    done = run(sys.executable, "-X", "importtime", "-m", "acwcli", command, log, *options, "--config", "none")
    assert done.returncode == 0, done.stderr
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "polars" in imported
    assert imported & {*OF_OTHERS, *(f"acwcli.analyse.{name}" for name in of_other_questions)} == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_stay_small(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_stay_short(path):
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    sizes = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: size for name, size in sizes.items() if size > MOST_FUNCTION_LINES} == {}


def spoken(tree: ast.Module) -> Iterator[str]:
    """What prints or leaves: `print(…)`, `exit(…)`, `SystemExit`, and `sys.exit`, `sys.stdout`, `sys.stderr`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "exit", "quit"):
            yield f"{node.func.id}() in line {node.lineno}"
        elif isinstance(node, ast.Name) and node.id == "SystemExit":
            yield f"SystemExit in line {node.lineno}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = f"{node.value.id}.{node.attr}"
            if whole in ("sys.exit", "os._exit", "sys.stdout", "sys.stderr"):
                yield f"{whole} in line {node.lineno}"


@pytest.mark.parametrize("path", ENGINE, ids=name_of)
def test_the_engine_never_prints_and_never_exits(path):
    assert list(spoken(tree_of(path))) == []


def test_only_the_command_line_knows_typer():
    found = {
        name_of(path)
        for path in ENGINE
        if re.search(r"^\s*(import|from) (typer|click)\b", path.read_text("utf-8"), re.M)
    }
    assert found == set()


def test_there_is_one_version():
    from acwcli import __version__

    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{__version__}"' in declared


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux names its threads here")
def test_importing_starts_none_of_the_threads_that_polars_computes_with():
    code = """
import os, pkgutil, importlib
import acwcli
for module in pkgutil.walk_packages(acwcli.__path__, "acwcli."):
    if "spark" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print({open(f"/proc/self/task/{task}/comm").read().strip() for task in os.listdir("/proc/self/task")})
"""
    ran = run(sys.executable, "-c", code)
    assert ran.returncode == 0, ran.stderr
    # A process that is forked off after the import has none of them, and would wait for them for ever.
    assert "polars-0" not in ran.stdout
