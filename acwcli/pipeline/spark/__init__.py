"""The same figures from more data than one machine holds: Spark reads and shuffles, our own functions do the work.

Each file is read in a task by the very reader that reads it here; its rows go by agent into buckets, and each bucket of
whole agents is rebuilt by the very function that rebuilds all of them here. Only wraps come back.
"""

from acwcli.pipeline.spark.loading import load
from acwcli.pipeline.spark.session import Cluster, check_master

__all__ = ["Cluster", "check_master", "load"]
