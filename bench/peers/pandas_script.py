"""The same table as an analyst writes it in pandas: python pandas_script.py FILE OUT."""

import sys

import pandas as pd

path, out = sys.argv[1:]
columns = ["agent_id", "event_time", "state"]
if ".csv" in path:
    events = pd.read_csv(path, usecols=columns, parse_dates=["event_time"])
else:
    events = pd.read_parquet(path, columns=columns)
events = events.sort_values(["agent_id", "event_time"], kind="stable")
# Whole milliseconds first: sums of fractions of seconds depend on their order.
until = events.groupby("agent_id")["event_time"].shift(-1) - events["event_time"]
events["s"] = until // pd.Timedelta(milliseconds=1) / 1000
wraps = events[(events["state"] == "acw") & events["s"].notna()].groupby("agent_id")["s"]
table = pd.DataFrame(
    {
        "wraps": wraps.count(),
        "mean_s": wraps.mean(),
        "median_s": wraps.median(),
        **{f"p{share}_s": wraps.quantile(share / 100) for share in (80, 90, 95)},
        "max_s": wraps.max(),
        "total_s": wraps.sum(),
        "sd_s": wraps.std(),
    }
)
table.sort_index().to_csv(out)
