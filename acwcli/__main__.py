"""`python -m acwcli` and the `acw` command."""

import atexit
import contextlib
import gc
import os
import sys

from acwcli.cli import ahead


def run() -> None:
    """Run the command line and exit with its code."""
    if shell := os.environ.get("_ACW_COMPLETE"):  # a shell asks what may come next: docs/completion.md
        from acwcli.cli.complete import main as complete

        with contextlib.suppress(OSError):  # the shell has heard enough
            complete(shell, sys.argv[1:])
            sys.stdout.flush()
        os._exit(0)
    gc.set_threshold(100_000)  # what modules make stays: to look through it again and again is a tenth of the start
    try:
        ahead.begin(sys.argv[1:])
        from acwcli.cli.app import main

        code = main()
    except KeyboardInterrupt:  # so early, or so late, that nobody else could take it
        code = 130
    _leave(code)


def _leave(code: int) -> None:
    """End the process at once: tearing the interpreter down frees gigabytes piece by piece, a quarter of a second."""
    atexit._run_exitfuncs()  # temporary files go here
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        sys.exit(code)  # the usual way knows what to say
    os._exit(code)


if __name__ == "__main__":
    run()
