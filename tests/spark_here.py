"""Runs the tasks of the Spark engine in this process: everything but Spark itself, and quick."""

from __future__ import annotations

import pickle
import random
from functools import partial

from acwcli.formats.inputs import find_inputs
from acwcli.pipeline import spark
from acwcli.pipeline.spark.blocks import as_batches, from_batches
from acwcli.pipeline.spark.tasks import read


class Here:
    """Shuffles lists instead of files; what tasks are given is pickled on its way, as on Spark."""

    def __init__(self, cluster):
        self.kept = []
        self.dice = random.Random(7)
        self.tasks = []

    def cores(self):
        return 2

    def listed(self, urls):
        paths = [url.removeprefix("file://") for url in urls]
        return [(item, item.path.stat().st_size) for item in find_inputs(paths)] if paths else []

    def read(self, sources, asked):
        found = []
        for source in self.in_no_order(sources):
            source, own = pickle.loads(pickle.dumps((source, asked)))
            content = source.input.path.read_bytes() if source.remote else None
            found += from_batches(as_batches(read(source, own, content)))
        self.tasks.append(len(sources))
        self.kept += [block for block in found if block.bucket >= 0]
        return [block for block in found if block.bucket < 0]

    def forget(self, numbers):
        self.kept = [block for block in self.kept if block.file not in numbers]

    def each(self, kind, task):
        blocks = [block for block in self.kept if block.kind == kind]
        return list(pickle.loads(pickle.dumps(task))(self.in_no_order(blocks)))

    def each_bucket(self, buckets, task):
        task = pickle.loads(pickle.dumps(task))
        parts = [[block for block in self.kept if block.bucket == number] for number in range(buckets)]
        assert sum(map(len, parts)) == len(self.kept)
        return [found for part in self.in_no_order(parts) for found in task(self.in_no_order(part))]

    def in_no_order(self, items):
        return self.dice.sample(items, len(items))


def load_here(runners):
    """`spark.load`, with the runner put into a list."""

    def running(cluster):
        runners.append(Here(cluster))
        return runners[-1]

    return partial(spark.load, running=running)
