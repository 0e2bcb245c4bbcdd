"""Every format against damaged variants of its own samples: figures whose counts add up, or a clear error.

`pytest tests/test_fuzz_formats.py` tries a few variants per format. `pytest -m slow tests/test_fuzz_formats.py` tries
thousands; ACW_FUZZ_VARIANTS sets how many per format, ACW_FUZZ_SEED which ones, and `-k FORMAT` picks a format.
"""

from __future__ import annotations

import functools
import io
import os
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow
import pyarrow.parquet
import pytest
import xlsxwriter

from acwcli import pipeline
from acwcli.errors import AcwError, NoWrapsError
from acwcli.formats import detect
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import COUNTED, WRAP_FRAME
from tests.cli import ROOT, acw
from tests.damage import damaged, plain_lines, plain_rows, sound_documents

SEED = os.environ.get("ACW_FUZZ_SEED", "1")
VARIANTS = int(os.environ.get("ACW_FUZZ_VARIANTS", "2000"))
FEW = 12
SECONDS = 30
"""A variant that takes longer hangs: samples are read in a fraction of a second."""
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
NEEDS = frozenset(WRAP_FRAME)
_PREAMBLE = 6
"""Lines of a sample that may be titles and header."""
_BEGINNING = 40
"""Lines of a sample that most variants are made of."""


@functools.cache
def samples() -> dict[str, list[tuple[str, bytes]]]:
    """Format → names and contents of its sample files; of long ones the first lines."""
    found: dict[str, list[tuple[str, bytes]]] = {name: [] for name in detect.names()}
    for path in sorted((ROOT / "sample_data").glob("*/*")):
        folder = path.parent.name.removesuffix("_tables").replace("_", "-")
        if folder == "generic":
            folder = "generic-contacts" if path.stem == "contacts" else "generic-states"
        if path.is_file() and folder in found and path.stem != "roster":
            content = path.read_bytes()
            if len(content) > 100_000:
                content = b"".join(content.splitlines(keepends=True)[:300])
            found[folder].append((path.name, content))
    found["generic-states"].append(("states.xlsx", _workbook(ROOT / "sample_data/generic/intervals.tsv")))
    morning = ROOT / "sample_data/generic/states_es.csv"
    for form in ("csv", "ndjson", "parquet"):
        found["wraps-table"].append((f"wraps.{form}", acw("reconstruct", morning, "--format", form).out))
    return found


def _workbook(table: Path) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for place, line in enumerate(table.read_text(encoding="utf-8").splitlines()):
            sheet.write_row(place, 0, line.split("\t"))
    return target.getvalue()


@contextmanager
def no_longer_than(seconds: int, what: str) -> Iterator[None]:
    """End the whole run where a variant hangs: no exception reaches code that is not Python."""
    done = threading.Event()

    def watch() -> None:
        # Second by second: a machine that was asleep meanwhile is no hang.
        if any(done.wait(1) for _ in range(seconds)):
            return
        sys.__stderr__.write(f"\n{what}: hangs, no answer after {seconds} s\n")
        sys.__stderr__.flush()
        os._exit(99)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def answer(path: Path, whole: bytes = b"") -> None:
    """Read, rebuild and summarise one file, and hold what comes back against the file itself and the whole sample."""
    loaded = pipeline.load([str(path)], ReadOptions(max_bad=1.0, needs=NEEDS))
    only_gaps = detect.platform(loaded.recognised[0].format or "").METHOD == "gap"
    found = pipeline.wraps(loaded, pipeline.WrapOptions(gap_cap_ms=600_000 if only_gaps else None), NEEDS)
    rows_are_those_of_the_file(loaded, path)
    no_row_is_taken_for_a_title(loaded, path, whole)
    pipeline.inspect(found, verbose=True)
    total = loaded.total()
    assert total.read == total.used + total.ignored.total() + total.rejected.total()
    assert min(total.used, *total.ignored.values(), *total.rejected.values(), 0) >= 0
    rejects = loaded.rejects()
    assert rejects.height == total.rejected.total()
    assert rejects["row"].is_between(1, 10_000_000).all()
    if found.aggregates is None:
        wraps_are_sound(found, total.used)
        table = pipeline.summarise(found).frame
        counted = found.frame.filter(pl.col("status").is_in(COUNTED))
        assert table["wraps"].item() == counted.height
        assert round(table["total_s"].item() * 1000) == sum(counted["acw_ms"].to_list())
    else:
        table = pipeline.summarise(found).frame
        assert table["wraps"].item() == found.aggregates["contacts"].sum()
        assert found.aggregates.height == total.used


def wraps_are_sound(found: pipeline.Wraps, used: int) -> None:
    """No wrap without a row that counts as used, and none that lasts less than nothing or more than it may."""
    wraps, files = found.frame, found.loaded.files
    assert wraps.height <= used
    assert wraps["agent_id"].null_count() == 0
    counted = wraps.filter(pl.col("status").is_in(COUNTED))
    assert (counted["acw_ms"] >= 0).all()
    assert counted["acw_ms"].null_count() == 0
    rebuilt = counted.filter(~pl.col("file").is_in([at for at, file in enumerate(files) if file.kind == "wraps"]))
    assert (rebuilt["acw_ms"] <= found.options.max_wrap_ms).all()
    whole = counted.filter(pl.col("wrap_start").is_not_null() & pl.col("wrap_end").is_not_null())
    assert (whole["wrap_end"] >= whole["wrap_start"]).all()


def details_of(loaded: pipeline.Loaded) -> dict[str, str]:
    """What was said about the file; a queue_log with set wrap-up times is two frames, and one of them says nothing."""
    return {fact: said for file in loaded.files for fact, said in file.details.items()}


def rows_are_those_of_the_file(loaded: pipeline.Loaded, path: Path) -> None:
    """The rows read are the rows that a plain reader finds."""
    read, bad = loaded.total().read, loaded.total().rejected["bad JSON"]
    content, details = path.read_bytes(), details_of(loaded)
    plain = loaded.recognised[0].probe.plain
    if plain.kind == "parquet":
        assert read == _parquet_rows(path, read)
    if plain.kind != "text" or plain.compression or plain.encoding not in ("utf-8", "utf-8-sig"):
        return
    if loaded.recognised[0].probe.is_json:
        assert read - bad >= sound_documents(content.decode(errors="replace"))
        return
    header = details.get("header", "none").removeprefix("line ")
    lines = plain_lines(content, 0 if header == "none" else int(header))
    if lines is None and "delimiter" in details:
        text = content.decode(errors="replace").removeprefix("\ufeff")
        lines = plain_rows(text, DELIMITERS[details["delimiter"]], 0 if header == "none" else int(header))
    assert lines in (None, read)


def no_row_is_taken_for_a_title(loaded: pipeline.Loaded, path: Path, whole: bytes) -> None:
    """Sound rows of the sample above what is taken for the header would be in no count."""
    header = int(details_of(loaded).get("header", "none").split()[-1].replace("none", "0"))
    rows = {line for line in whole.split(b"\n")[_PREAMBLE:] if line.count(b",") > 1 and b"TOTAL" not in line}
    assert not rows.intersection(path.read_bytes().split(b"\n")[: max(header - 1, 0)])


def _parquet_rows(path: Path, otherwise: int) -> int:
    """Rows as another reader counts them, where it can read the file at all."""
    try:
        return int(pyarrow.parquet.read_metadata(path).num_rows)
    except (OSError, pyarrow.ArrowException):
        return otherwise


def try_variants(form: str, number: int, folder: Path) -> None:
    """Damage the samples of a format again and again; variant `n` of a seed is always the same."""
    for variant in range(number):
        try_variant(form, variant, folder)


def try_variant(form: str, variant: int, folder: Path) -> None:
    """One damaged file: figures that hold, or an error that names it."""
    own, dice = samples()[form], random.Random(f"{SEED} {form} {variant}")
    name, whole = own[variant % len(own)]
    whole = beginning(whole) if dice.randrange(3) else whole
    kind, content = damaged(whole, others_than(form), dice)
    path = folder / f"damaged.{name.rpartition('.')[2]}"
    path.write_bytes(content)
    what = f"{form}, {name}, variant {variant} of seed {SEED} ({kind})"
    with no_longer_than(SECONDS, what):
        error = refusal(path, whole, what)
    named = error is None or isinstance(error, NoWrapsError) or str(path) in str(error)
    assert named, f"{what}: the error names no file: {error}"


@functools.cache
def others_than(form: str) -> list[bytes]:
    """Contents of the samples of all other formats."""
    return [content for name, found in samples().items() if name != form for _, content in found]


def beginning(content: bytes) -> bytes:
    """The first lines of a text whose rows are lines: most variants need no more, and take half the time."""
    text = content[:4] not in (b"PAR1", b"PK\3\4") and content[:2] != b"\x1f\x8b"
    lines = content.splitlines(keepends=True)[:_BEGINNING] if text else [content]
    one_document = content.lstrip()[:1] in (b"{", b"[") and not sound_documents(lines[0].decode(errors="replace"))
    return content if one_document else b"".join(lines)


def refusal(path: Path, whole: bytes, what: str) -> AcwError | None:
    """The error that a file ends in, None when it gives figures; anything else is a fault."""
    try:
        answer(path, whole)
    except AcwError as error:
        return error
    except BaseException as error:  # a panic inside Polars is no Exception
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    return None


@pytest.mark.parametrize("form", detect.names())
def test_a_few_damaged_variants_of_every_sample(form, tmp_path):
    assert samples()[form], "a format without a sample"
    try_variants(form, FEW, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("form", detect.names())
def test_thousands_of_damaged_variants_of_every_sample(form, tmp_path):
    try_variants(form, VARIANTS, tmp_path)


@pytest.mark.parametrize("form", detect.names())
def test_a_damaged_sample_on_the_command_line(form, tmp_path):
    dice = random.Random(f"{SEED} {form} command line")
    name, content = dice.choice(samples()[form])
    path = tmp_path / name
    path.write_bytes(damaged(content, [b""], dice)[1])
    command = dice.choice((["summary"], ["reconstruct"], ["inspect", "--verbose"], ["flag", "--all"]))
    ran = acw(*command, path, "--max-bad", "100%", "--rejects", tmp_path / "rejects.csv")
    assert ran.code in (0, 2, 3, 4), ran.err
    assert "Traceback" not in ran.err
    if ran.code:
        assert (ran.out, str(path) in ran.err or ran.code == 4) == (b"", True), ran.err
