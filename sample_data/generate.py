"""Write every file of sample_data/: seeded, so the same code gives the same files.

    python sample_data/generate.py [DIRECTORY]

Everything is invented: people, contacts, queues. Three stories, one module each:

* `stories.centre`: a week of 40 agents in 3 queues. The mean wrap takes 90 s, yet more than 80 % finish within 60 s,
  and six agents make the difference. → generic/states.csv, contacts.csv, roster.csv
* `stories.team`: one morning of four agents, the same events in each dress: Russian (windows-1251), Persian (Persian
  digits), Chinese (gb18030, newest first), Spanish (durations with a decimal comma, a title and a total line),
  intervals, NDJSON, Parquet. All of them must give the same wraps. → generic/states_*.csv, intervals.tsv, states.*
* `stories.phones`: two hours of an Asterisk queue_log, rotated once. → asterisk_queue_log/
* `stories.vicidial`: a morning of eight agents. → vicidial_agent_log/, vicidial_performance/
* `stories.five9`: a late shift that runs over midnight. → five9_agent_states/, five9_call_log/
* `stories.cisco`: a UCCX morning, states and connections. → cisco_uccx_states/, cisco_uccx_connections/
* `stories.connect_metrics`: sums of four agents per half hour. → amazon_connect_metrics/
* `stories.presets`: one morning of six agents in the dress of each platform that a built-in profile reads.
* `stories.amazon_connect`: a short morning of three agents. → amazon_connect_contacts/, amazon_connect_events/
* `stories.asterisk_kin`: the same calls as PBXware, Wazo, OMniLeads and the CDRs of Asterisk and FreeSWITCH write them.
* `stories.genesys_cloud`: half a morning of conversations. → genesys_cloud_conversations/
* `stories.webex`: a short shift of three agents. → webex_contact_center/, webex_contact_center_sessions/

Text files are the same byte for byte on every machine; gz and Parquet hold the same rows, but their bytes depend on
the versions of zlib and Polars.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

from stories import (
    amazon_connect,
    asterisk_kin,
    centre,
    cisco,
    connect_metrics,
    five9,
    genesys_cloud,
    phones,
    presets,
    team,
    vicidial,
    webex,
)


def text_files() -> dict[str, bytes]:
    """Return path → bytes of every file whose bytes never change."""
    generic = centre.files() | team.files()
    return (
        {f"generic/{name}": content for name, content in generic.items()}
        | {f"asterisk_queue_log/{name}": content for name, content in phones.files().items()}
        | vicidial.files()
        | five9.files()
        | cisco.files()
        | connect_metrics.files()
        | presets.files()
        | asterisk_kin.files()
        | amazon_connect.files()
        | genesys_cloud.files()
        | webex.files()
    )


def write_all(folder: Path) -> None:
    """Write every sample below a folder."""
    for name, content in text_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "generic/states.ndjson.gz").write_bytes(gzip.compress(team.ndjson().encode(), mtime=0))
    team.frame().write_parquet(folder / "generic/states.parquet")
    amazon_connect.table().write_parquet(folder / "amazon_connect_contacts/contact_record.parquet")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
