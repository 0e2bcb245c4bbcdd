"""From files to canonical frames: how any file is read, and one module per platform export."""
