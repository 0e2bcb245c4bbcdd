"""One file per command: parse, call, hand over. The only place that knows typer, the streams and the exit."""
