"""`python -m acwcli` and the `acw` command."""

import sys


def run() -> None:
    """Run the command line and exit with its code."""
    try:
        from acwcli.cli.app import main

        code = main()
    except KeyboardInterrupt:  # so early, or so late, that nobody else could take it
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    run()
