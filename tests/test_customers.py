"""Customers are told apart where records name them, only when asked, and never named."""

from __future__ import annotations

import json

import polars as pl
import pytest

from acwcli import pipeline
from acwcli.formats.customers import customer_key
from acwcli.formats.options import ReadOptions
from acwcli.model.columns import CONTACT_FRAME, CUSTOMER
from tests.cli import written

FIVE9 = "CALL ID,TIMESTAMP,CAMPAIGN,CALL TYPE,AGENT,DISPOSITION,ANI,DNIS,TALK TIME,AFTER CALL WORK TIME"


def customers(path, *, needed=True):
    loaded = pipeline.load([str(path)], ReadOptions(needs=frozenset({CUSTOMER} if needed else {"queue"})))
    return loaded.of_kind("contacts").sort("contact_id")[CUSTOMER].to_list()


def connect(number, address):
    return json.dumps(
        {
            "ContactId": f"c{number}", "Channel": "VOICE", "InitiationMethod": "INBOUND",
            "InitiationTimestamp": "2026-03-02T08:00:00Z", "LastUpdateTimestamp": "2026-03-02T08:10:00Z",
            "CustomerEndpoint": None if address is None else {"Type": "TELEPHONE_NUMBER", "Address": address},
            "Agent": {
                "Username": "ana", "ConnectedToAgentTimestamp": "2026-03-02T08:01:00Z",
                "AfterContactWorkDuration": 30, "AfterContactWorkStartTimestamp": "2026-03-02T08:05:00Z",
                "AfterContactWorkEndTimestamp": "2026-03-02T08:05:30Z",
            },
        }
    )  # fmt: skip


def test_one_customer_however_written_and_nobody_where_withheld():
    texts = [
        "+1 (555) 010-0999",
        "15550100999",
        "15550100998",
        "Anonymous",
        "",
        None,
        "ana@example.com",
        "ANA@example.com",
    ]
    keys = pl.DataFrame({"who": texts}).select(customer_key(pl.col("who"))).to_series().to_list()
    assert keys[0] == keys[1] is not None
    assert keys[2] not in (keys[0], None)
    assert keys[3:6] == [None] * 3
    assert keys[6] == keys[7] is not None
    assert CONTACT_FRAME[CUSTOMER] == pl.UInt64()


@pytest.mark.parametrize("header", ["Caller ID", "customer id", "ANI", "客户电话"])
def test_in_a_table_of_any_platform(tmp_path, header):
    rows = [f"a,{contact},2026-03-02T08:00:00Z,30,60,{who}" for contact, who in (("c1", 7), ("c2", 8), ("c3", 7))]
    path = written(tmp_path, "contacts.csv", rows, f"agent_id,contact_id,answered_at,acw_s,talk_s,{header}")
    first, other, again = customers(path)
    assert first == again != other
    assert customers(path, needed=False) == [None] * 3


def test_in_connect_records(tmp_path):
    records = [connect(1, "+15550100999"), connect(2, "+15550100111"), connect(3, None), connect(4, "+15550100999")]
    path = written(tmp_path, "records.json", "\n".join(records).encode())
    first, other, none, again = customers(path)
    assert (first == again != other, none) == (True, None)


def test_at_the_other_end_of_a_five9_call(tmp_path):
    rows = [
        f"{call},2026-03-02 08:00:00,Sales,{kind},ana,Done,{ani},{dnis},0:01:00,0:00:30"
        for call, kind, ani, dnis in (
            (1, "Inbound", 5550100, 800), (2, "Outbound", 800, 5550100), (3, "Inbound", 5550111, 800),
        )
    ]  # fmt: skip
    first, called, other = customers(written(tmp_path, "calls.csv", rows, FIVE9))
    assert first == called != other


def test_a_column_that_is_only_called_customer_may_be_a_client_company(tmp_path):
    rows = [f"a,{contact},2026-03-02T08:00:00Z,30,60,Acme" for contact in ("c1", "c2")]
    path = written(tmp_path, "contacts.csv", rows, "agent_id,contact_id,answered_at,acw_s,talk_s,Customer")
    assert customers(path) == [None] * 2
