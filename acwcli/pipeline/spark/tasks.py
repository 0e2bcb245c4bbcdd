"""What runs in the tasks: read one file and part its rows by agent; rebuild the wraps of one bucket of agents."""

from __future__ import annotations

import pickle
import socket
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from acwcli.errors import AcwError, InputError, UsageError
from acwcli.formats import detect
from acwcli.formats.frames import FileFrame, Match, Probe
from acwcli.formats.inputs import Input
from acwcli.formats.options import ReadOptions
from acwcli.formats.scratch import own_folder, scratch_file
from acwcli.pipeline.kept import ENGINE
from acwcli.pipeline.loading import FIRST_INSTANTS, read_recognised
from acwcli.pipeline.spark.blocks import ACCOUNT, CONTROL, FOUND, Block, by_agent, pack, rows_in_blocks, unpack
from acwcli.reconstruct.combine import UNTOLD, Reconstructed, reconstruct, untold

FORMATS = ("generic-states", "generic-contacts", "wraps-table")
"""Formats that a task may read: each file tells all about itself."""

_AROUND = ("agent_id", "contact_id", "queue", "direction", "offered_at", "answered_at", "ended_at")


@dataclass(frozen=True)
class Source:
    """A file, or a part of one.

    Attributes:
        number: its place in the order the files were found in.
        input: the file; its path is as every worker sees it.
        options: how to read it.
        part: number of the part.
        span: rows to leave out at the beginning, and how many to read; None reads all.
        remote: its bytes come through Spark.
    """

    number: int
    input: Input
    options: ReadOptions
    part: int = 0
    span: tuple[int, int] | None = None
    remote: bool = False


@dataclass(frozen=True)
class Asked:
    """What is asked of every task that reads.

    Attributes:
        buckets: how many buckets the agents go into.
        with_text: bring the raw text of rejected rows.
    """

    buckets: int
    with_text: bool = False


@dataclass
class Account:
    """What a task says about what it read.

    Attributes:
        source: what it was.
        format: what it was taken for; None when it was left out.
        matches: what each format said.
        file: the account of its rows, as the reader made it, without the rows.
        first: first instant.
        last: last instant.
        agents: the agents.
        untold: no record tells whether a contact was taken.
        texts: raw text of rejected rows.
        problem: why the file was left out.
        error: what failed, and its kind.
        engine: what it was read with.
    """

    source: Source
    format: str | None = None
    matches: dict[str, Match] = field(default_factory=dict)
    file: FileFrame | None = None
    first: object = None
    last: object = None
    agents: list[str] = field(default_factory=list)
    untold: bool = False
    texts: dict[int, str] = field(default_factory=dict)
    problem: str = ""
    error: AcwError | None = None
    engine: str = ENGINE


def accounts_of(blocks: Iterable[Block]) -> list[Account]:
    """The accounts among blocks, in the order of files and parts."""
    found = [pickle.loads(zlib.decompress(block.payload)) for block in blocks if block.kind == ACCOUNT]
    return sorted(found, key=lambda account: (account.source.number, account.source.part))


def read(source: Source, asked: Asked, content: bytes | None = None) -> Iterator[Block]:
    """Read a file or part, and part its rows by agent; the account comes last.

    Args:
        source: the file.
        asked: what to bring.
        content: its bytes, where the path is nothing that can be opened here.
    """
    account = Account(source)
    with own_folder():
        try:
            yield from _read(source, asked, content, account)
        except AcwError as error:
            account.error = error
    payload = zlib.compress(pickle.dumps(account), 1)
    yield Block(CONTROL, ACCOUNT, source.number, source.part, 0, payload)


def _read(source: Source, asked: Asked, content: bytes | None, account: Account) -> Iterator[Block]:
    probe = _probe(source, content)
    item = detect.recognise_one(probe, source.options)
    account.format, account.matches, account.problem = item.format, item.matches, item.problem
    if item.format is None:
        return
    if item.format not in FORMATS:
        raise UsageError(
            f"{source.input.name}: {item.format}, which --engine spark does not read; it reads {', '.join(FORMATS)}. "
            "Leave --engine out, or turn the file into wraps first: acw reconstruct PATH -o wraps.parquet"
        )
    if source.span is not None:
        probe.grid = replace(probe.grid, frame=probe.grid.frame.slice(*source.span))
    # Wraps that are alike may be read by other tasks: here they must come with all columns, see `FileFrame.whole`.
    options = replace(source.options, needs=frozenset()) if item.format == "wraps-table" else source.options
    for file in read_recognised([(item, options)]).files:
        yield from _blocks(file, source, asked)
        _tell(account, file, asked)


def _probe(source: Source, content: bytes | None) -> Probe:
    given = source.input
    if content is not None:
        path = scratch_file(Path(given.name).name)
        path.write_bytes(content)
        given = replace(given, path=path)
    elif not given.path.is_file():
        raise InputError(
            f"{given.name}: not found on the worker {socket.gethostname()}; put it where every worker sees it under "
            "this very path, or name it by a URL that Spark reads (s3a://, hdfs://, abfss://, file:// …)"
        )
    return Probe(given, source.options.encoding)


def _blocks(file: FileFrame, source: Source, asked: Asked) -> Iterator[Block]:
    if file.kind == "wraps":
        yield from rows_in_blocks(file.frame, file.kind, source.number, source.part)
    else:
        yield from by_agent(file.frame, file.kind, source.number, source.part, asked.buckets)


def _tell(account: Account, file: FileFrame, asked: Asked) -> None:
    """Put all that a driver has to know into the account."""
    frame, clock = file.frame, FIRST_INSTANTS[file.kind]
    if clock in frame.columns:
        account.first, account.last = frame[clock].min(), frame[clock].max()
    account.agents = frame["agent_id"].unique().drop_nulls().cast(pl.String).sort().to_list()
    if file.kind == "contacts":
        account.untold = frame.select(untold()).item()
    if asked.with_text:
        account.texts = file.raw(file.rejects["row"].to_list())
    account.file = replace(file, frame=pl.DataFrame(), raw_text=None, whole=None)


@dataclass(frozen=True)
class Rebuild:
    """Rebuild the wraps of each bucket.

    Attributes:
        places: number of a file → its place on the time line.
        untold: numbers of the files of records that do not tell whether a contact was taken.
        needs: see `reconstruct`, as the others.
        max_wrap_ms: a longer wrap is stuck.
        gap_cap_ms: infer wraps from gaps up to this length.
    """

    places: Mapping[int, int]
    untold: frozenset[int]
    needs: frozenset[str]
    max_wrap_ms: int
    gap_cap_ms: int | None

    def __call__(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """All blocks of some buckets → what was found in each of them."""
        buckets: dict[int, list[Block]] = {}
        for block in blocks:
            buckets.setdefault(block.bucket, []).append(block)
        while buckets:
            number, own = buckets.popitem()
            found = reconstruct(
                self._rows(own, "states"), self._rows(own, "contacts"), needs=self.needs,
                max_wrap_ms=self.max_wrap_ms, gap_cap_ms=self.gap_cap_ms,
            )  # fmt: skip
            yield Block(number, FOUND, 0, 0, 0, packed(found))

    def _rows(self, blocks: Sequence[Block], kind: str) -> pl.DataFrame | None:
        """The rows of one kind in the order they would have here: by file, then by place in the file."""
        own = [block for block in blocks if block.kind == kind]
        own.sort(key=lambda block: (self.places[block.file], block.part, block.place))
        frames = []
        for block in own:
            file = pl.lit(self.places[block.file], pl.UInt32).alias("file")
            told = [pl.lit(block.file in self.untold).alias(UNTOLD)] if kind == "contacts" else []
            frames.append(unpack(block.payload).with_columns(file, *told))
        return pl.concat(frames, how="diagonal_relaxed") if frames else None


_FRAMES = ("wraps", "legs", "records", "restarts")


def packed(found: Reconstructed) -> bytes:
    """What was rebuilt, as bytes; of records only what is compared with the wraps of state logs."""
    records = None if found.records is None else found.records.select("agent_id", "contact_id", "acw_ms")
    slim = replace(found, records=records)
    frames = {name: getattr(slim, name) for name in _FRAMES}
    told = {name: None if frame is None else pack(frame) for name, frame in frames.items()}
    return pickle.dumps((told, found.ignored))


def unpacked(payload: bytes) -> Reconstructed:
    """What was rebuilt, from bytes."""
    told, ignored = pickle.loads(payload)
    wraps, legs, records, restarts = (None if told[name] is None else unpack(told[name]) for name in _FRAMES)
    return Reconstructed(pl.DataFrame() if wraps is None else wraps, legs, ignored, records, restarts)


def around(blocks: Iterable[Block], kind: str) -> Iterator[Block]:
    """What goes on around wraps: talks from state events, and who waits or is called from contact records."""
    for block in blocks:
        if block.kind == kind:
            rows = unpack(block.payload)
            yield replace(block, payload=pack(_talks(rows) if kind == "states" else rows.select(_AROUND)))


def _talks(events: pl.DataFrame) -> pl.DataFrame:
    """The first talk of each agent's contacts on the phone: all that is asked of state events later."""
    spoken = (pl.col("channel").is_null() | (pl.col("channel") == "voice")) if "channel" in events.columns else True
    talks = events.filter(pl.col("state") == "talking", pl.col("contact_id").is_not_null(), spoken)
    first = talks.group_by("agent_id", "contact_id").agg(pl.col("event_time").min(), pl.col("state").first())
    return first.sort("event_time")
