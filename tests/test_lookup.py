"""Names for ids (`--lookup`), and what is said of Genesys files in other languages."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from tests.cli import GENERIC, ROOT, STATES, acw, written

SAMPLES = "sample_data/genesys_cloud_conversations"
DORA, EMIL, FAY = (f"{number:08d}-aaaa-4bbb-8ccc-000000000000" for number in (1, 2, 3))
BILLING, ORDERS = (f"7c1e0000-0000-4000-8000-00000000000{letter}" for letter in "ab")
RESOLVED, SALE = (f"2f5a0000-0000-4000-8000-00000000000{digit}" for digit in "12")
USERS = {"entities": [{"id": DORA, "name": "Dora Diaz", "division": {"name": "Home"}}, {"id": EMIL, "name": "Emil"}]}
QUEUES = [f"{BILLING},Billing", f"{ORDERS},Orders"]
TYPED = [*(f"{row},queue" for row in QUEUES), f"{RESOLVED},Resolved,wrapUpCode", "g1,Group,GROUP"]


def rows(ran):
    assert ran.code == 0, ran.err
    return list(csv.DictReader(io.StringIO(ran.text)))


def wraps(*args):
    return rows(acw("reconstruct", SAMPLES, *args))


@pytest.fixture
def users(tmp_path):
    return written(tmp_path, "users.json", json.dumps(USERS).encode())


@pytest.fixture
def typed(tmp_path):
    return written(tmp_path, "names.csv", TYPED, header="id,name,type")


def test_queues_and_dispositions_get_names_and_nothing_else_changes(typed):
    names = {BILLING: "Billing", ORDERS: "Orders", RESOLVED: "Resolved"}
    expected = [wrap | {key: names.get(wrap[key], wrap[key]) for key in ("queue", "disposition")} for wrap in wraps()]
    named = wraps("--lookup", typed)
    assert named == expected
    assert {wrap["disposition"] for wrap in named} >= {"Resolved", SALE, "ININ-WRAP-UP-TIMEOUT"}


def test_agents_keep_their_ids_and_get_names_beside_them(users):
    ran = acw("summary", SAMPLES, "--by", "agent_id", "--lookup", users)
    assert [(row["agent_id"], row["name"]) for row in rows(ran)] == [(DORA, "Dora Diaz"), (EMIL, "Emil"), (FAY, "")]
    assert f"1 of 3 agents have no name in --lookup: '{FAY}'" in ran.err
    flagged = acw("flag", SAMPLES, "--all", "--min-wraps", "3", "--lookup", users)
    assert {row["name"] for row in rows(flagged)} == {"Dora Diaz", "Emil", ""}


def test_conditions_and_groups_know_the_names(users, typed):
    ran = acw("summary", SAMPLES, "--by", "queue", "--where", "queue = 'Billing'", "--lookup", typed, "--lookup", users)
    assert [(row["queue"], row["wraps"]) for row in rows(ran)] == [("Billing", "16")]
    where = f"queue = '{BILLING}'"
    assert rows(acw("summary", SAMPLES, "--where", where))[0]["total_s"] == rows(ran)[0]["total_s"]


def test_the_roster_s_own_name_comes_first(tmp_path, users):
    roster = written(tmp_path, "roster.csv", [f"{DORA},D.,north", f"{FAY},,south"], header="agent_id,name,team")
    ran = acw("summary", SAMPLES, "--by", "agent_id,team", "--roster", roster, "--lookup", users)
    told = [(row["agent_id"], row["name"], row["team"]) for row in rows(ran)]
    assert told == [(DORA, "D.", "north"), (EMIL, "Emil", ""), (FAY, "", "south")]


def test_a_type_confines_an_id_to_its_column(tmp_path):
    wrong = written(tmp_path, "names.csv", [f"{BILLING},Billing,wrap-up code"], header="id,name,type")
    ran = acw("summary", SAMPLES, "--by", "queue", "--lookup", wrong)
    assert {row["queue"] for row in rows(ran)} == {BILLING, ORDERS, ""}
    assert "none of the ids of --lookup is in the data" in ran.err


def test_what_is_left_out_is_said(tmp_path):
    names = written(tmp_path, "names.csv", [*TYPED, ",nobody,queue", f"{BILLING},Other,queue"], header="id,name,type")
    ran = acw("summary", SAMPLES, "--by", "queue", "--lookup", names)
    assert {row["queue"] for row in rows(ran)} == {"Billing", "Orders", ""}
    assert "1 row without an id or a name" in ran.err
    assert "left out: GROUP" in ran.err
    assert "1 ids have several names; the first counts" in ran.err


@pytest.mark.parametrize("question", [("summary",), ("summary", "--by", "queue"), ("check", "--alert", "p90=60s")])
def test_what_has_no_name_does_not_depend_on_the_question_nor_the_road(question, tmp_path):
    """Whether or not queues are asked for, and whether the export, its wraps or a store is."""
    names = written(tmp_path, "names.csv", ["billing,Bills"], header="id,name")
    for path in (STATES, f"{GENERIC}/contacts.csv"):
        wraps, store = tmp_path / f"wraps of {Path(path).name}", tmp_path / f"store of {Path(path).name}"
        assert acw("reconstruct", path, "-o", wraps).code == 0
        assert acw("ingest", "--store", store, path).code == 0
        for asked in ((path,), (path, "--memory", "1"), (wraps,), (store,), (store, "--memory", "1")):
            said = acw(*question, *asked, "--lookup", names).err
            assert "2 of 3 queues have no name in --lookup: 'orders' …" in said, (asked, said)


@pytest.mark.parametrize(
    ("header", "lacks"), [("id,label", "no name"), ("key,name", "no id"), ("a,b", "no id and name")]
)
def test_a_list_without_id_or_name(tmp_path, header, lacks):
    ran = acw("summary", SAMPLES, "--lookup", written(tmp_path, "names.csv", ["1,2"], header=header))
    assert (ran.code, ran.out) == (3, b"")
    assert f"--lookup needs columns id and name; {lacks} among" in ran.err


def test_a_list_that_is_not_there():
    ran = acw("summary", SAMPLES, "--lookup", "nowhere.csv")
    assert (ran.code, ran.out) == (3, b"")
    assert "nowhere.csv" in ran.err


def test_names_for_sums_too(tmp_path):
    sums = "sample_data/amazon_connect_metrics"
    first = rows(acw("summary", sums, "--by", "queue"))
    queue = next(row["queue"] for row in first if row["queue"])
    ran = acw("summary", sums, "--by", "queue", "--lookup", written(tmp_path, "n.csv", [f"{queue},Named"], "id,name"))
    assert [row | {"queue": "Named"} for row in first if row["queue"] == queue] == [
        row for row in rows(ran) if row["queue"] == "Named"
    ]


LOCALISED = (
    "Vollständiger Export;Benutzer;Datum;Medientyp;Konversations-ID;Warteschlange;Nachbereitung;ACW gesamt",
    "YES;Ana;02.03.26 08:00;voice;1b9c1c9e-3c1f-4f5c-9f62-000000000001;Billing;Resolved;42500",
    "YES;Bo;02.03.26 08:05;voice;1b9c1c9e-3c1f-4f5c-9f62-000000000002;Billing;ININ-WRAP-UP-TIMEOUT;15000",
)


def test_interactions_in_another_language_are_known_by_their_shape(tmp_path):
    ran = acw("summary", written(tmp_path, "de.csv", LOCALISED[1:], header=LOCALISED[0]))
    assert (ran.code, ran.out) == (3, b"")
    assert "looks like a Genesys Cloud Interactions export with headers in another language" in ran.err
    assert (
        "type `--input-format genesys-cloud-interactions --map contact_id=Konversations-ID --map channel=Medientyp "
        "--map disposition=Nachbereitung --map offered_at=Datum --map agent_id=Benutzer"
    ) in ran.err
    other = [row.replace("1b9c1c9e", "1b9c").replace("ININ", "X") for row in LOCALISED[1:]]
    ran = acw("summary", written(tmp_path, "other.csv", other, header=LOCALISED[0]))
    assert ran.code == 3
    assert "Genesys" not in ran.err


def test_what_the_error_says_is_typed_and_reads_the_export_as_in_english(tmp_path):
    """A header that happens to be known must not have it read as any table: its numbers are milliseconds."""
    sample = Path("sample_data/genesys_cloud_interactions/interactions.csv")
    header, _, rest = (ROOT / sample).read_text(encoding="utf-8").partition("\n")
    foreign = {
        "Users": "Benutzer", "Users - Interacted": "Benutzer – Interaktion", "Date": "Datum",
        "Wrap-up": "Nachbearbeitung", "Media Type": "Medientyp",
        "Conversation ID": "Konversations-ID", "Total ACW": "Nachbearbeitungszeit gesamt",
        "Total Talk": "Gesprächszeit", "Total Hold": "Haltezeit",
    }  # fmt: skip
    headers = ",".join(foreign.get(name, f"Spalte {place}") for place, name in enumerate(header.split(",")))
    export = written(tmp_path, "de.csv", [rest], header=headers)
    said = acw("summary", export)
    assert (said.code, said.out) == (3, b"")
    typed = shlex.split(said.err.split("`")[1])
    typed = [word.replace("<header of Total ACW>", "Nachbearbeitungszeit gesamt") for word in typed]
    assert "agent_id=Benutzer – Interaktion" in typed
    assert acw("summary", export, *typed).out == acw("summary", str(sample)).out


def test_they_are_read_with_a_copy_of_the_profile(tmp_path):

    text = Path("acwcli/formats/profiles/genesys_cloud_interactions.toml").read_text()
    headers = {
        "Users - Interacted": "Benutzer", "Media Type": "Medientyp", "Total ACW": "ACW gesamt", "Date": "Datum",
        "Conversation ID": "Konversations-ID", "Queue": "Warteschlange", "Wrap-up": "Nachbereitung",
    }  # fmt: skip
    text, _, _ = text.partition("[sample]")
    for english, german in headers.items():
        text = text.replace(f'"{english}"', f'"{german}"')
    profile = written(tmp_path, "german.toml", text.replace('"%m/%d/%y %H:%M"', '"%d.%m.%y %H:%M"').encode())
    export = written(tmp_path, "de.csv", LOCALISED[1:], header=LOCALISED[0])
    ran = acw("reconstruct", export, "--profile", profile)
    assert [(row["agent_id"], row["acw_s"], row["ended_by"]) for row in rows(ran)] == [
        ("Ana", "42.5", "other"), ("Bo", "15.0", "timeout"),
    ]  # fmt: skip
