"""How a folder says that it is a store and not a folder of exports."""

STORE_FILE = "acw-store.json"
"""The manifest of a store; its presence makes a folder a store."""
