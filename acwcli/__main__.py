"""`python -m acwcli` and the `acw` command."""

import sys


def run() -> None:
    """Run the command line and exit with its code."""
    from acwcli.cli.app import main

    sys.exit(main())


if __name__ == "__main__":
    run()
