"""From paths to loaded files whose rows stay with the workers: list, read in tasks, account, and rebuild there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from acwcli.errors import DamagedError, InputError, UsageError
from acwcli.formats import detect
from acwcli.formats.frames import FileFrame, Kind, Probe
from acwcli.formats.inputs import Input, find_inputs
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import INSTANT
from acwcli.model.counts import RowCounts
from acwcli.pipeline.kept import ENGINE
from acwcli.pipeline.loading import FIRST_INSTANTS, Loaded
from acwcli.pipeline.spark.blocks import FOUND, Block, unpack
from acwcli.pipeline.spark.parts import in_parts, misled, whole
from acwcli.pipeline.spark.runner import OnSpark, Runner
from acwcli.pipeline.spark.session import Cluster
from acwcli.pipeline.spark.tasks import FORMATS, Account, Asked, Rebuild, Source, accounts_of, around, unpacked
from acwcli.reconstruct.combine import Reconstructed
from acwcli.reconstruct.merge import merged
from acwcli.store.root import store_at

_URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_BYTES_PER_BUCKET = 128 << 20
_PACKED = 4
"""Times that a row takes less room in Parquet than as text, about."""


@dataclass(frozen=True)
class Elsewhere:
    """Rows of loaded files that are with the workers.

    Attributes:
        runner: who has them.
        buckets: into how many buckets the agents went.
        accounts: the accounts of the files, in their order on the time line.
    """

    runner: Runner
    buckets: int
    accounts: Sequence[Account]

    def rebuilt(self, needs: frozenset[str], max_wrap_ms: int, gap_cap_ms: int | None) -> Reconstructed:
        """Rebuild the wraps of every bucket there; see `acwcli.reconstruct.combine.reconstruct`."""
        kinds = {account.file.kind for account in self.accounts if account.file is not None}
        # A bucket of agents without records would leave out what the others have.
        wanted = needs | {"contact_id"} if "contacts" in kinds else needs
        task = Rebuild(
            {account.source.number: place for place, account in enumerate(self.accounts)},
            frozenset(account.source.number for account in self.accounts if account.untold),
            wanted,
            max_wrap_ms,
            gap_cap_ms,
        )
        blocks = self.runner.each_bucket(self.buckets, task) if kinds & {"states", "contacts"} else []
        blocks.sort(key=lambda block: block.bucket)
        found = [unpacked(block.payload) for block in blocks if block.kind == FOUND]
        return merged(found, needs) if found else Reconstructed(pl.DataFrame())

    def of_kind(self, kind: Kind) -> pl.DataFrame | None:
        """What is asked of states and records beside the wraps: see `acwcli.pipeline.spark.tasks.around`."""
        if all(account.file is None or account.file.kind != kind for account in self.accounts):
            return None
        blocks = self.runner.each(kind, partial(around, kind=kind))
        blocks.sort(key=lambda block: (block.file, block.part, block.bucket, block.place))
        return pl.concat([unpack(block.payload) for block in blocks], how="diagonal_relaxed")


def load(
    paths: Sequence[str],
    options: ReadOptions,
    cluster: Cluster,
    *,
    with_text: bool = False,
    running: Callable[[Cluster], Runner] = OnSpark,
) -> Loaded:
    """Read files in the tasks of Spark; what follows is as for files read here.

    Args:
        paths: files, folders and globs that every worker sees, or URLs that Spark reads.
        options: how to read.
        cluster: where Spark runs.
        with_text: bring the raw text of rejected rows.
        running: starts what runs the tasks.

    Raises:
        InputError: a path that cannot be read, or a format that nobody knows.
        UsageError: Spark is not to be had, or what is asked for works here only.
    """
    _refuse_what_works_here_only(paths, options)
    options = replace(options, needs=options.needs | {"contact_id"})  # states may be joined to records by it
    places = find_inputs([path for path in paths if not _URL.match(path)]) if _has_places(paths) else []
    runner = running(cluster)
    sized = [(replace(item, path=item.path.resolve()), item.path.stat().st_size, False) for item in places]
    sized += [(*pair, True) for pair in runner.listed([path for path in paths if _URL.match(path)])]
    maps = _maps([item for item, _, _ in sized], options)
    sources = [Source(number, item, maps[number][0], remote=remote) for number, (item, _, remote) in enumerate(sized)]
    buckets = cluster.partitions or _buckets([(item, size) for item, size, _ in sized], runner.cores())
    accounts, given = _read(runner, sources, Asked(buckets, with_text))
    return _loaded(runner, buckets, accounts, given, [notes for _, notes in maps])


def _has_places(paths: Sequence[str]) -> bool:
    return any(not _URL.match(path) for path in paths)


def _refuse_what_works_here_only(paths: Sequence[str], options: ReadOptions) -> None:
    for path in paths:
        if path == "-":
            raise UsageError("--engine spark reads files that every worker sees, not standard input; write it to one")
        if not _URL.match(path) and store_at(path) is not None:
            raise UsageError(f"{path}: a store keeps its wraps, so there is nothing to spread; leave --engine out")
    if options.profiles:
        raise UsageError(f"--profile does not work with --engine spark, which reads {', '.join(FORMATS)}")
    if options.input_format is not None and options.input_format not in FORMATS:
        raise UsageError(
            f"--input-format {options.input_format}: --engine spark reads {', '.join(FORMATS)}; leave --engine out, or "
            "turn the files into wraps first: acw reconstruct PATH -o wraps.parquet"
        )


def _maps(inputs: Sequence[Input], options: ReadOptions) -> list[tuple[ReadOptions, tuple[str, ...]]]:
    """What of `--map` holds for each file; their headers are looked at here, where there is something to map."""
    if not options.columns or len(inputs) == 1:
        return [(options, ())] * len(inputs)
    if away := [item.name for item in inputs if not item.path.is_file()]:
        raise UsageError(f"--map with several files reads their headers here, and {away[0]} cannot be opened here")
    return detect.own_maps([Probe(item, options.encoding) for item in inputs], options)


def _buckets(sized: Sequence[tuple[Input, int]], cores: int) -> int:
    text = sum(
        size * (_PACKED if item.name.endswith((".parquet", ".gz", ".zst", ".xz")) else 1) for item, size in sized
    )
    return max(cores, -(-text // _BYTES_PER_BUCKET))


def _read(runner: Runner, sources: Sequence[Source], asked: Asked) -> tuple[list[Account], list[Block]]:
    """Read all files, and those again as a whole whose parts do not add up."""
    pieces = [piece for source in sources for piece in in_parts(source)]
    control = runner.read(pieces, asked)
    accounts = accounts_of(control)
    if again := misled(accounts):
        runner.forget(again)
        control = [block for block in control if block.file not in again]
        control += runner.read([source for source in sources if source.number in again], asked)
        accounts = accounts_of(control)
    whole_files = [
        whole([account for account in accounts if account.source.number == source.number]) for source in sources
    ]
    return whole_files, [block for block in control if block.kind == "wraps"]


def _loaded(
    runner: Runner,
    buckets: int,
    accounts: Sequence[Account],
    given: Sequence[Block],
    notes: Sequence[tuple[str, ...]],
) -> Loaded:
    _refuse_failed(accounts)
    recognised = [
        detect.Recognised(
            Probe(account.source.input, None),
            account.format,
            account.matches,
            problem=account.problem,
            notes=said,
        )
        for account, said in zip(accounts, notes, strict=True)
    ]
    detect.refuse_unknown(recognised)
    read = sorted((account for account in accounts if account.file is not None), key=_first_instant)
    files = [_file(account, given) for account in read]
    counts = [
        RowCounts(file.read, Counter(file.ignored), Counter(dict(file.rejects["reason"].value_counts().iter_rows())))
        for file in files
    ]
    return Loaded(files, recognised, counts, elsewhere=Elsewhere(runner, buckets, read))


def _refuse_failed(accounts: Sequence[Account]) -> None:
    for account in accounts:
        if isinstance(account.error, DamagedError) and not all(own.source.input.named for own in accounts):
            # Without it the figures would be from less data than the folder holds.
            raise DamagedError(f"{account.error}, or move it away, or name the files to read")
        if account.error is not None:
            raise account.error
        if account.engine != ENGINE:
            raise UsageError(
                f"the workers of Spark run {account.engine}, and here it is {ENGINE}; install the same there, or "
                "digits might differ"
            )


def _first_instant(account: Account) -> tuple[bool, object, str]:
    return (account.first is None, account.first or 0, account.source.input.name)


def _file(account: Account, given: Sequence[Block]) -> FileFrame:
    """A file without its rows: its agents, its first and last instant, and wraps, which are rebuilt already."""
    file = account.file
    if file is None:
        raise InputError(f"{account.source.input.name}: not read")
    own = sorted((block for block in given if block.file == account.source.number), key=lambda block: block.place)
    agents = pl.DataFrame({"agent_id": account.agents}, schema={"agent_id": pl.Categorical})
    span = pl.DataFrame({FIRST_INSTANTS[file.kind]: [account.first, account.last]}).cast(INSTANT)
    frame = pl.concat([agents, span], how="diagonal")
    frame = pl.concat([unpack(block.payload) for block in own]) if own else frame
    return replace(file, frame=frame, raw_text=lambda rows: {row: account.texts.get(row, "") for row in rows})
