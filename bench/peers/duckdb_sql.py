"""The shortest DuckDB SQL for `acw summary --by agent_id`: python duckdb_sql.py FILE OUT."""

import sys

import duckdb

path, out = sys.argv[1:]
source = f"read_csv('{path}')" if ".csv" in path else f"'{path}'"
duckdb.sql(f"""
COPY (
  SELECT agent_id, count(*) AS wraps, avg(s) AS mean_s, median(s) AS median_s, quantile_cont(s, 0.8) AS p80_s,
         quantile_cont(s, 0.9) AS p90_s, quantile_cont(s, 0.95) AS p95_s, max(s) AS max_s, sum(s) AS total_s,
         stddev_samp(s) AS sd_s
  FROM (SELECT agent_id, state, (epoch_ms(lead(event_time) OVER (PARTITION BY agent_id ORDER BY event_time))
               - epoch_ms(event_time)) / 1000 AS s FROM {source})
  WHERE state = 'acw' AND s IS NOT NULL GROUP BY agent_id ORDER BY agent_id
) TO '{out}' (HEADER)""")
