"""The same table as a plain lazy Polars script, without any account of the rows: python polars_script.py FILE OUT."""

import sys

import polars as pl

path, out = sys.argv[1:]
events = pl.scan_csv(path, try_parse_dates=True) if ".csv" in path else pl.scan_parquet(path)
until = (pl.col("event_time").shift(-1).over("agent_id") - pl.col("event_time")).dt.total_milliseconds() / 1000
s = pl.col("s")
(
    events.select("agent_id", "event_time", "state")
    .sort("event_time")
    .select("agent_id", "state", s=until)
    .filter(pl.col("state") == "acw", s.is_not_null())
    .group_by("agent_id")
    .agg(
        s.count().alias("wraps"),
        s.mean().alias("mean_s"),
        s.median().alias("median_s"),
        *(s.quantile(share / 100, "linear").alias(f"p{share}_s") for share in (80, 90, 95)),
        s.max().alias("max_s"),
        s.sum().alias("total_s"),
        s.std().alias("sd_s"),
    )
    .sort("agent_id")
    .collect(engine="streaming")
    .write_csv(out)
)
