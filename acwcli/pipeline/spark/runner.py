"""Our tasks on a Spark session: files are read once, rows stay with the workers, and go by bucket to be rebuilt."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from acwcli.errors import InputError
from acwcli.formats.inputs import Input
from acwcli.pipeline.spark.blocks import COLUMNS, CONTROL, Block, as_batches, from_batches
from acwcli.pipeline.spark.session import Cluster, failures, start
from acwcli.pipeline.spark.tasks import Asked, Source, read

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

Task = Callable[[Iterable[Block]], Iterator[Block]]

_TASKS_AT_MOST = 10_000


class Runner(Protocol):
    """What the engine asks of whoever runs its tasks."""

    def cores(self) -> int:
        """How many tasks run at once, as far as that is known."""

    def listed(self, urls: Sequence[str]) -> list[tuple[Input, int]]:
        """The files behind URLs, and their sizes."""

    def read(self, sources: Sequence[Source], asked: Asked) -> list[Block]:
        """Read files, keep their rows, give back the blocks of control."""

    def forget(self, numbers: Collection[int]) -> None:
        """Drop the rows of files."""

    def each(self, kind: str, task: Task) -> list[Block]:
        """Run a task over all blocks of a kind."""

    def each_bucket(self, buckets: int, task: Task) -> list[Block]:
        """Run a task over the blocks of each bucket, brought together."""


@dataclass
class OnSpark:
    """Runs tasks on Spark.

    Attributes:
        cluster: where.
    """

    cluster: Cluster

    def __post_init__(self) -> None:
        """Start Spark."""
        self._session = start(self.cluster)
        self._kept: DataFrame | None = None

    def cores(self) -> int:
        """The cores Spark has now; on a server it does not tell, and a few are assumed."""
        try:
            return int(self._session.sparkContext.defaultParallelism)
        except Exception:  # Spark Connect has no context
            return 8

    def listed(self, urls: Sequence[str]) -> list[tuple[Input, int]]:
        """The files behind URLs, folders and globs among them.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        found: list[tuple[Input, int]] = []
        for url in urls:
            try:
                with failures():
                    rows = self._binary([url]).select("path", "length").toArrow().to_pylist()
            except Exception as error:
                raise InputError(f"{url}: Spark cannot read it ({error})") from error
            if not rows:
                raise InputError(f"{url}: Spark finds no file there; check the path")
            named = len(rows) == 1 and _same(rows[0]["path"], url)
            found += [
                (Input(row["path"], Path(row["path"]), named), row["length"])
                for row in sorted(rows, key=lambda row: str(row["path"]))
            ]
        return found

    def read(self, sources: Sequence[Source], asked: Asked) -> list[Block]:
        """Read files in tasks of their own."""
        here, away = [own for own in sources if not own.remote], [own for own in sources if own.remote]
        with failures():
            frames = [self._from_places(here, asked)] if here else []
            frames += [self._from_urls(away, asked)] if away else []
            new = functools.reduce(lambda one, other: one.union(other), frames)
            from pyspark.storagelevel import StorageLevel

            new = new.persist(StorageLevel.DISK_ONLY)
            control = self._collected(new.where(f"bucket = {CONTROL}"))
            self._kept = new if self._kept is None else self._kept.union(new)
        return control

    def forget(self, numbers: Collection[int]) -> None:
        """Leave out the rows of files that are read anew."""
        assert self._kept is not None
        self._kept = self._kept.where(f"file NOT IN ({', '.join(map(str, sorted(numbers)))})")

    def each(self, kind: str, task: Task) -> list[Block]:
        """Run a task over all blocks of a kind, where they are."""
        assert self._kept is not None
        with failures():
            rows = self._kept.where(f"kind = '{kind}' AND bucket >= 0")
            return self._collected(rows.mapInArrow(_on_batches(task), COLUMNS))

    def each_bucket(self, buckets: int, task: Task) -> list[Block]:
        """Bring the blocks of each bucket into one task."""
        assert self._kept is not None
        with failures():
            from pyspark.sql.functions import col

            rows = self._kept.where("bucket >= 0").repartitionById(buckets, col("bucket"))
            return self._collected(rows.mapInArrow(_on_batches(task), COLUMNS))

    def _from_places(self, sources: Sequence[Source], asked: Asked) -> DataFrame:
        """A task per file, up to many thousands: each picks its own from the list by its number."""
        count = min(len(sources), _TASKS_AT_MOST)

        def reading(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    for source in sources[number::count]:
                        yield from as_batches(read(source, asked))

        return self._session.range(0, count, 1, count).mapInArrow(reading, COLUMNS)

    def _from_urls(self, sources: Sequence[Source], asked: Asked) -> DataFrame:
        by_name = {source.input.name: source for source in sources}

        def reading(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for row in batch.to_pylist():
                    yield from as_batches(read(by_name[row["path"]], asked, row["content"]))

        return self._binary(list(by_name)).select("path", "content").mapInArrow(reading, COLUMNS)

    def _binary(self, urls: Sequence[str]) -> DataFrame:
        reader = self._session.read.format("binaryFile").option("recursiveFileLookup", "true")
        return reader.load(list(urls))

    def _collected(self, frame: DataFrame) -> list[Block]:
        return list(from_batches(frame.toArrow().to_batches()))


def _on_batches(task: Task) -> Callable[[Iterable[Any]], Iterator[Any]]:
    def run(batches: Iterable[Any]) -> Iterator[Any]:
        yield from as_batches(task(from_batches(batches)))

    return run


def _same(path: str, url: str) -> bool:
    """`file:///x` and `file:/x` are one."""
    return path.replace("///", "/") == url.replace("///", "/")
