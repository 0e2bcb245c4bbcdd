"""`acw reconstruct`: the wraps table."""

from __future__ import annotations

from acwcli.cli.engine import EngineFlags
from acwcli.cli.flags import HideFlags, OutFlags, Paths, ReadFlags, WrapFlags, with_flags


@with_flags
def command(paths: Paths, read: ReadFlags, wrap: WrapFlags, out: OutFlags, hide: HideFlags, at: EngineFlags) -> None:
    """Rebuild every wrap-up interval and write one row each.

    \b
    Examples:
        acw reconstruct sample_data/generic/states.csv
        acw reconstruct logs/*.gz contacts.csv -o wraps.parquet
    """
    from acwcli import pipeline
    from acwcli.cli import session
    from acwcli.model.columns import WRAP_FRAME

    rebuilt = session.rebuild(paths, read, wrap, out, WRAP_FRAME, hide, at, on_disk=True)
    session.emit(pipeline.wraps_table(rebuilt), out, read.zone)
