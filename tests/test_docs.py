"""The documentation is true: its examples run, and every command, option, format, column and exit code is in it."""

from __future__ import annotations

import gzip
import importlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from acwcli import pipeline
from acwcli.analyse.verdict import VERDICTS
from acwcli.cli import engine, flags, parse
from acwcli.cli.app import COMMANDS, app
from acwcli.errors import ExitCode
from acwcli.formats import detect
from acwcli.formats.inputs import find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.formats.queue_log import DEFAULT_WRAP_REASONS
from acwcli.model.columns import ENDED_BY, METHODS, STATES, STATUSES, WRAP_COLUMNS, WRAP_FRAME
from acwcli.render import FORMATS, SUFFIXES

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_data"
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").rglob("*.md")))
FORMAT_PAGES = ("docs/formats.md", *sorted((ROOT / "docs/platforms").glob("*.md")))

RUN_MARK = "<!-- run -->"
CUT = "…"
OTHER_TOOLS = {
    *("--kinds", "--kind", "--nights"),
    *("--runs", "--agents", "--data"),
    *("--batch", "--skip-column-names"),
}
"""Options of the scripts in bench/, and those of mysql."""


@dataclass(frozen=True)
class Fence:
    """A fenced block: where it stands, its info string and text, and the block of output that follows it."""

    page: Path
    line: int
    info: str
    text: str
    run: bool
    output: str = ""

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def text_of(page: Path | str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def fences(page: Path) -> list[Fence]:
    found: list[Fence] = []
    lines = text_of(page).splitlines()
    place, before = 0, ""
    while place < len(lines):
        if not lines[place].startswith("```"):
            before = lines[place] if lines[place].strip() else before
            place += 1
            continue
        end = lines.index("```", place + 1)
        info, text = lines[place].removeprefix("```").strip(), "\n".join(lines[place + 1 : end])
        if info == "text" and found and before == f"fence {len(found)}":
            found[-1] = Fence(**{**vars(found[-1]), "output": text})
        else:
            found.append(Fence(page, place + 1, info, text, before == RUN_MARK))
        before = f"fence {len(found)}" if found[-1].run else ""
        place = end + 1
    return found


EXAMPLES = [fence for page in PAGES for fence in fences(page) if fence.run]


def section(page: Path | str, heading: str) -> str:
    """The text below a heading of any level, down to the next one of that level."""
    found = re.search(rf"^(#+) {re.escape(heading)}[^\n]*\n(.*?)(?=^\1 |\Z)", text_of(page), re.M | re.S)
    assert found, f"{page} has no section '{heading}'"
    return found[2]


@pytest.fixture
def shell(tmp_path):
    """Run shell commands in an empty folder with `sample_data`, where `acw` is the program under test."""
    (tmp_path / "bin").mkdir()
    for name, words in (("acw", "-m acwcli"), ("python", "")):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    (tmp_path / "sample_data").symlink_to(SAMPLES)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    known = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": path}
    known |= {"ACW_CONFIG": "", "XDG_CONFIG_HOME": str(tmp_path / "user")}

    def run(script: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        return done.returncode, done.stdout.decode()

    return run


def matches(shown: str, line: str) -> bool:
    return line.startswith(shown.removesuffix(CUT)) if shown.endswith(CUT) else line == shown.rstrip()


def missing_lines(shown: str, output: str) -> list[str]:
    """Lines a page shows that the program did not print, in that order; a lone `…` stands for lines left out."""
    left = [line.rstrip() for line in output.splitlines()]
    missing = []
    for wanted in shown.splitlines():
        if wanted.strip() in ("", CUT):
            continue
        place = next((number for number, line in enumerate(left) if matches(wanted, line)), None)
        if place is None:
            missing.append(wanted)
        else:
            left = left[place + 1 :]
    return missing


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_examples_print_what_the_page_shows(example, shell):
    if "jq" in example.text and shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    code, output = shell(example.text)
    assert code == 0, output
    assert missing_lines(example.output, output) == [], output


def test_there_are_examples_of_every_command():
    shown = "\n".join(fence.text for fence in EXAMPLES if fence.page == README)
    assert [name for name in COMMANDS if f"acw {name}" not in shown] == []


def quick_start() -> list[str]:
    wanted = section(README, "Quick start")
    return [fence.text for fence in fences(README) if f"\n```{fence.info}\n{fence.text}\n```\n" in wanted]


def test_quick_start_is_two_commands_in_an_environment_of_their_own():
    assert section(README, "Quick start").count("```sh\n") == 2
    main_job, tests = quick_start()
    for command in (main_job, tests):
        assert len(command.replace("\\\n", " ").splitlines()) == 1
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert tests.endswith("-e '.[test]' && .venv/bin/pytest")
    assert not any(fence.run for fence in EXAMPLES if fence.text in (main_job, tests))


def test_quick_start_shows_the_case(shell):
    job = quick_start()[0].rsplit("&&", 1)[1].strip().removeprefix(".venv/bin/")
    code, output = shell(job)
    assert code == 0, output
    assert "The mean is 90.1 s, but 80 % of 6,875 wraps finish within 58 s" in output
    assert "limit 60" in output


def options_of(command: str) -> list[str]:
    group = typer.main.get_command(app)
    _, built, _ = group.resolve_command(None, [command])
    return [word for param in built.params for word in (*param.opts, *param.secondary_opts) if word.startswith("-")]


def shared_options() -> set[str]:
    groups = (flags.ReadFlags, flags.WrapFlags, flags.HideFlags, flags.OutFlags, engine.EngineFlags)
    return {f"--{name.replace('_', '-')}" for group in groups for name in group._fields}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described(command):
    own = section("docs/options.md", f"`acw {command}`")
    missing = [
        option
        for option in options_of(command)
        if f"`{option}" not in (text_of("docs/options.md") if option in shared_options() or len(option) == 2 else own)
    ]
    assert missing == []


def test_no_page_names_an_option_that_is_not_there():
    known = {option for command in COMMANDS for option in options_of(command)} | {"--help", "--version"} | OTHER_TOOLS
    for page in PAGES:
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*\b", text_of(page)))
        assert named <= known, page.name


@pytest.mark.parametrize("page", ["README.md", "docs/exit-codes.md"])
def test_every_exit_code_is_described(page):
    listed = re.findall(r"^\| (\d+) \|", text_of(page), re.M)
    assert listed == [str(int(code)) for code in ExitCode]


def test_every_command_has_its_place():
    readme, options = text_of(README), text_of("docs/options.md")
    for command, question in COMMANDS.items():
        assert f"### `acw {command}`: {question[0].lower()}{question[1:].rstrip('.')}" in readme
        assert f"## `acw {command}`" in options


def has_own_sample(name: str) -> bool:
    """A profile carries its sample in itself; the wraps table is written by `acw reconstruct`, see below."""
    profile = ROOT / f"acwcli/formats/profiles/{name.replace('-', '_')}.toml"
    return name == "wraps-table" or (profile.exists() and "[sample]" in profile.read_text(encoding="utf-8"))


def test_every_format_has_a_section_and_a_sample():
    headings = [name for page in FORMAT_PAGES for name in re.findall(r"^## `([a-z0-9-]+)`", text_of(page), re.M)]
    assert sorted(headings) == sorted(detect.names())
    shown = {expected_format(path) for path in samples()}
    assert [name for name in detect.names() if name not in shown and not has_own_sample(name)] == []


def test_every_output_format_is_described():
    described = section("docs/output.md", "Formats")
    assert [name for name in FORMATS if f"`{name}`" not in described] == []
    assert [suffix for suffix in SUFFIXES if f"`.{suffix}`" not in described] == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("docs/rules.md", (*STATES, *METHODS, *ENDED_BY, *STATUSES)),
        ("docs/figures.md", VERDICTS),
        ("docs/figures.md", ("over", "under", "watch", "in line", "not enough data")),
        ("docs/formats.md", parse.MAPPABLE),
        ("docs/options.md", (*pipeline.MEASURES, *parse.DATE_ORDERS)),
    ],
    ids=["words of a wrap", "verdicts of diagnose", "verdicts of flag", "names for --map", "values of options"],
)
def test_every_word_of_a_fixed_list_is_described(page, words):
    assert [word for word in words if f"`{word}`" not in text_of(page)] == []


def test_every_wrap_reason_is_listed():
    listed = section("docs/formats.md", "`asterisk-queue-log`")
    assert [reason for reason in DEFAULT_WRAP_REASONS if reason not in listed] == []


def answers():
    options = pipeline.WrapOptions()
    loaded = pipeline.load([str(SAMPLES / "generic/states.parquet")], ReadOptions(needs=frozenset(WRAP_FRAME)))
    found = pipeline.wraps(loaded, options, frozenset(WRAP_FRAME))
    return {
        "inspect": pipeline.inspect(found),
        "reconstruct": pipeline.wraps_table(found),
        "summary": pipeline.summarise(found, limit_ms=60_000),
        "diagnose": pipeline.diagnose(found, within_ms=60_000),
        "flag": pipeline.flag(found, rules=pipeline.rules([], [])),
        "explain": pipeline.explain(found, "b01"),
        "formats": pipeline.formats(),
        "methods": pipeline.methods(),
    }


def test_every_column_is_described():
    for command, table in answers().items():
        described = section("docs/output.md", f"`acw {command}`")
        missing = [column.name for column in table.columns if f"`{column.name}`" not in described]
        assert missing == [], command
    assert all(f"`{name}`" in section("docs/output.md", "`acw reconstruct`") for name in WRAP_COLUMNS)


def test_links_lead_somewhere():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", text_of(page)):
            goal = (page.parent / target).resolve() if target else page
            assert goal.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", goal.read_text(encoding="utf-8"), re.M)
                anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{page.name}: {target}#{anchor}"


def samples() -> list[Path]:
    """Every sample file that is an export; the roster, the generator and its README are none."""
    others = {".py", ".pyc", ".md"}
    return sorted(
        path
        for path in SAMPLES.rglob("*")
        if path.is_file() and path.suffix not in others and path.name != "roster.csv"
    )


def expected_format(path: Path) -> str:
    """A folder is named after its format; in `generic` the first word of the file tells."""
    if path.parent.name != "generic":
        return path.parent.name.replace("_", "-").removesuffix("-tables")
    return "generic-contacts" if path.name.startswith("contacts") else "generic-states"


def claims(path: Path) -> tuple[str | None, dict[str, float]]:
    (found,) = detect.recognise(find_inputs([str(path)]), ReadOptions())
    return found.format, {name: match.score for name, match in found.matches.items()}


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_every_sample_is_claimed_by_its_own_format_only(path):
    chosen, scores = claims(path)
    wanted = expected_format(path)
    assert chosen == wanted
    assert set(scores) == set(detect.names())
    assert [name for name, score in scores.items() if score >= scores[wanted]] == [wanted]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "ndjson", "parquet", "xlsx", "csv.gz"])
def test_written_wraps_are_claimed_as_wraps_only(suffix, tmp_path):
    from acwcli.cli.app import main

    written = tmp_path / f"wraps.{suffix.removesuffix('.gz')}"
    sample = SAMPLES / "generic/states.parquet"
    assert main(["reconstruct", str(sample), "--quiet", "-o", str(written)]) == 0
    if suffix.endswith("gz"):
        written.write_bytes(gzip.compress(written.read_bytes()))
    chosen, scores = claims(written)
    assert chosen == "wraps-table"
    assert [name for name, score in scores.items() if score >= scores["wraps-table"]] == ["wraps-table"]


def test_every_command_has_a_module():
    assert all(callable(importlib.import_module(f"acwcli.cli.{name}").command) for name in COMMANDS)
