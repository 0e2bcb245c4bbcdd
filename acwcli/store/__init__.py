"""Wraps kept night after night: the files as they came, the wraps by day, an index, and a manifest that binds them."""
