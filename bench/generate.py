"""Write large generic state logs for the benchmarks: seeded, day by day, so memory holds one day only.

    python bench/generate.py states --rows 10_000_000 --agents 5000 --out DIR [--format csv|parquet] [--seed N]

Writes DIR/states.csv or DIR/states.parquet: `agent_id event_time state contact_id queue reason`, sorted by event_time
over all agents as a real log is. Every agent logs in each day, takes 45 to 75 contacts (ready, ringing, talking, now
and then hold, acw, now and then not_ready) and logs out. One agent in twenty has a long tail of wraps.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

MONDAY = datetime(2026, 3, 2)
QUEUES = ["billing", "orders", "support", "returns", "sales", "technical", "claims", "retention"]
REASONS = ["Break", "Lunch", "Coaching", "Meeting"]
MOST_CONTACTS = 75  # an agent's contacts of one day
DRAWS = 16  # independent draws per contact


def _draw(key: pl.Expr, number: int) -> pl.Expr:
    """Return a uniform Float64 in (0, 1), a function of the key alone (splitmix64)."""
    mixed = (key * DRAWS + number).cast(pl.UInt64) * pl.lit(0x9E3779B97F4A7C15, pl.UInt64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed // (1 << shift))) * pl.lit(factor, pl.UInt64)
    mixed = mixed ^ (mixed // (1 << 31))
    return ((mixed // (1 << 11)).cast(pl.Float64) + 0.5) / (1 << 53)


def _exponential_ms(draw: pl.Expr, least_s: float, mean_s: float) -> pl.Expr:
    return (1000 * (least_s - mean_s * draw.log())).cast(pl.Int64)


def _choice(draw: pl.Expr, items: list[str]) -> pl.Expr:
    index = (draw * len(items)).cast(pl.UInt32)
    return pl.lit(pl.Series(items, dtype=pl.Categorical)).gather(index)


def _contacts(agents: int, day: int, seed: int) -> pl.DataFrame:
    """Return the contacts of one day with the lengths of their parts and their start, in ms of the day."""
    people = pl.DataFrame({"agent": pl.int_range(agents, eager=True, dtype=pl.Int64)})
    key = pl.col("agent") + (day * agents + seed * 1_000_003) * 1_000
    people = people.with_columns(
        count=45 + (_draw(key, 14) * (MOST_CONTACTS - 44)).cast(pl.Int64),
        login=((6 + 6 * _draw(key, 15)) * 3_600_000).cast(pl.Int64),
    )
    frame = people.with_columns(turn=pl.int_ranges("count")).explode("turn")
    frame = frame.with_columns(number=(pl.col("agent") + day * agents) * MOST_CONTACTS + pl.col("turn"))
    frame = frame.with_columns(key=pl.col("number") + seed * 1_000_003 * 1_000)

    def draw(number: int) -> pl.Expr:
        return _draw(pl.col("key"), number)

    long_tail = (pl.col("agent") % 20 == 7) & (draw(7) < 0.6)
    frame = frame.with_columns(
        ready=_exponential_ms(draw(0), 1, 40),
        ringing=_exponential_ms(draw(1), 1, 5),
        talking=_exponential_ms(draw(2), 15, 90),
        hold=pl.when(draw(3) < 0.15).then(_exponential_ms(draw(4), 5, 40)).otherwise(0),
        again=_exponential_ms(draw(5), 10, 60),
        acw=_exponential_ms(draw(6), 8, pl.when(long_tail).then(400).otherwise(30)),
        away=pl.when(draw(8) < 0.06).then(_exponential_ms(draw(9), 60, 500)).otherwise(0),
        queue=_choice(draw(10), QUEUES),
        reason=_choice(draw(11), REASONS),
    )
    return frame.with_columns(
        length=pl.sum_horizontal("ready", "ringing", "talking", "again", "hold", "acw", "away")
    ).with_columns(start=pl.col("login") + 5_000 + pl.col("length").cum_sum().over("agent") - pl.col("length"))


def _events(contacts: pl.DataFrame) -> pl.DataFrame:
    """Return the day's events, one row each: instants in ms of the day, sorted."""
    contact, queue, reason = pl.col("number"), pl.col("queue"), pl.col("reason")
    parts: list[pl.DataFrame] = []

    def add(state: str, at: pl.Expr, *, rows: pl.Expr | None = None, of: bool = True, why: bool = False) -> None:
        chosen = contacts if rows is None else contacts.filter(rows)
        parts.append(
            chosen.select(
                "agent",
                at=at,
                state=pl.lit(state, pl.Categorical),
                number=contact if of else pl.lit(None, pl.Int64),
                queue=queue if of else pl.lit(None, pl.Categorical),
                reason=reason if why else pl.lit(None, pl.Categorical),
            )
        )

    at = pl.col("start")
    last = pl.col("turn") == pl.col("count") - 1
    add("login", pl.col("login"), rows=pl.col("turn") == 0, of=False)
    add("ready", at, of=False)
    add("ringing", at := at + pl.col("ready"))
    add("talking", at := at + pl.col("ringing"))
    add("hold", at := at + pl.col("talking"), rows=pl.col("hold") > 0)
    add("talking", at := at + pl.col("hold"), rows=pl.col("hold") > 0)
    add("acw", at := at + pl.col("again"))
    add("not_ready", at := at + pl.col("acw"), rows=pl.col("away") > 0, of=False, why=True)
    add("logout", at + pl.col("away"), rows=last, of=False)
    return pl.concat(parts).sort("at", "agent", maintain_order=True)


def state_days(rows: int, agents: int, seed: int = 1) -> Iterator[pl.DataFrame]:
    """Yield state logs, one per day, `rows` rows in all; event_time is Datetime(ms, UTC), ids are text."""
    left, day = rows, 0
    while left > 0:
        events = _events(_contacts(agents, day, seed)).head(left)
        midnight = pl.lit(MONDAY + timedelta(days=day), pl.Datetime("ms"))
        yield events.select(
            agent_id=pl.format("agent{}", pl.col("agent").cast(pl.String).str.zfill(5)),
            event_time=(midnight + pl.col("at").cast(pl.Duration("ms"))).dt.replace_time_zone("UTC"),
            state=pl.col("state").cast(pl.String),
            contact_id=pl.format("c{}", "number"),
            queue=pl.col("queue").cast(pl.String),
            reason=pl.col("reason").cast(pl.String),
        )
        left, day = left - events.height, day + 1


def write_states(folder: Path, rows: int, agents: int, kind: str, seed: int = 1) -> Path:
    """Write the log as `states.csv` or `states.parquet` into the folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"states.{kind}"
    with ExitStack() as stack:
        write = _csv_writer(path, stack) if kind == "csv" else _parquet_writer(path, stack)
        for frame in state_days(rows, agents, seed):
            write(frame)
    return path


def _csv_writer(path: Path, stack: ExitStack) -> Callable[[pl.DataFrame], None]:
    stream = stack.enter_context(path.open("wb"))

    def write(frame: pl.DataFrame) -> None:
        clock = pl.col("event_time").dt.replace_time_zone(None)
        frame.with_columns(clock).write_csv(
            stream, include_header=stream.tell() == 0, datetime_format="%Y-%m-%d %H:%M:%S%.3f"
        )

    return write


def _parquet_writer(path: Path, stack: ExitStack) -> Callable[[pl.DataFrame], None]:
    import pyarrow.parquet as pq

    writer: pq.ParquetWriter | None = None

    def write(frame: pl.DataFrame) -> None:
        nonlocal writer
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if writer is None:
            writer = stack.enter_context(pq.ParquetWriter(path, table.schema, compression="zstd"))
        writer.write_table(table, row_group_size=500_000)

    return write


def main() -> None:
    """Read the command line and write one file."""
    parser = argparse.ArgumentParser(description="Write a large generic state log.")
    parser.add_argument("what", choices=["states"])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--agents", type=int, default=5_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv", dest="kind")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(write_states(asked.out, asked.rows, asked.agents, asked.kind, asked.seed))


if __name__ == "__main__":
    main()
