"""How a folder says that it is a store and not a folder of exports."""

STORE_FILE = "acw-store.json"
"""The manifest of a store; its presence makes a folder a store."""

NAMES_FILE = "names.json"
"""Agents and queues of a store, for completion, which has no time to open Parquet."""
NAMES_KEY = "acw_names"
"""The same in the metadata of a Parquet file."""
MOST_NAMES = 500
