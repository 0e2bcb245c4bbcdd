"""One file per export we know; a file's name is the format's name (`asterisk_queue_log.py` → `asterisk-queue-log`).

Every module here has `TITLE` (what a person calls it), `KIND` (`states`, `contacts` or `wraps`), `METHOD` (grade of
evidence it gives), `match(probe) -> Match` and `read(probes, options) -> list[FileFrame]`.
"""
