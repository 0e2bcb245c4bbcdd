"""Nested JSON in every shape: the splitter finds each document, and Polars and Python read the same from it."""

from __future__ import annotations

import io
import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acwcli.errors import InputError
from acwcli.formats import json_documents, json_split
from acwcli.formats.inputs import find_inputs
from acwcli.formats.json_documents import read_documents, sample_documents
from acwcli.formats.json_split import Splitter
from acwcli.formats.plain import as_plain
from tests.cli import acw

SHAPE = {"Id": None, "Agent": {"Name": None, "Acw": None}, "Legs": [{"Kind": None}]}
DOCUMENTS = [
    {
        "Id": f"d{number}",
        "Agent": {"Name": 'ü "}{"Id": 1}\n', "Acw": number},
        "Legs": [{"Kind": "talk"}, {"Kind": None}],
        "x": [[{}]],
    }
    for number in range(5)
]


def split(text):
    splitter = Splitter(io.StringIO(text))
    return [document.value if document.bad is None else document.bad for document in splitter], splitter


def plain(tmp_path, text):
    path = tmp_path / "file.json"
    path.write_bytes(text.encode())
    return as_plain(find_inputs([str(path)])[0], None)


def read(tmp_path, text, shape=SHAPE):
    return read_documents(plain(tmp_path, text), shape, "Id", lambda rows: rows)


SHAPES = {
    "lines": lambda documents: "\n".join(map(json.dumps, documents)) + "\n",
    "no separator": lambda documents: "".join(map(json.dumps, documents)),
    "array": json.dumps,
    "pretty array": lambda documents: json.dumps(documents, indent=2),
    "pretty objects": lambda documents: "\n".join(json.dumps(one, indent=2) for one in documents),
    "wrapper": lambda documents: json.dumps({"total": 3, "info": {"a": [1]}, "conversations": documents, "next": None}),
    "deep wrapper": lambda documents: json.dumps({"data": {"task": {"tasks": documents, "pageInfo": {}}}}),
    "pages": lambda documents: "\n".join(json.dumps({"conversations": [one]}) for one in documents),
    "array of pages": lambda documents: json.dumps(
        [{"conversations": documents[:2]}, {"conversations": documents[2:]}]
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chunk", [7, 64, 1 << 20])
def test_every_shape_gives_every_document(shape, chunk, monkeypatch):
    monkeypatch.setattr(json_split, "_CHUNK", chunk if "wrapper" not in shape and "pages" not in shape else 1 << 20)
    found, splitter = split(SHAPES[shape](DOCUMENTS))
    assert found == DOCUMENTS
    assert not splitter.cut


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_alike(shape, tmp_path):
    documents = read(tmp_path, SHAPES[shape](DOCUMENTS))
    rows = documents.frame.select("__row", "Id", pl.col("Agent").struct.field("Acw")).rows()
    assert rows == [(number + 1, f"d{number}", str(number)) for number in range(5)]
    assert "reader" not in documents.details
    assert sample_documents(plain(tmp_path, SHAPES[shape](DOCUMENTS))) == DOCUMENTS


def test_python_reads_what_polars_reads(tmp_path, monkeypatch):
    quick = read(tmp_path, SHAPES["lines"](DOCUMENTS)).frame
    monkeypatch.setattr(json_documents, "_scanned", lambda *_: None)
    slow = read(tmp_path, SHAPES["lines"](DOCUMENTS))
    assert slow.details["reader"] == "one by one"
    assert slow.frame.select(quick.columns).rows() == quick.rows()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}\n{"a": 2\n{"a": 3}\n', [{"a": 1}, "bad JSON", {"a": 3}]),
        ('{"a": 1}\n{"a": "x\n{"a": 3}\n', [{"a": 1}, "bad JSON", {"a": 3}]),
        ('{"a": 1}\n\ngarbage\n{"a": 3}', [{"a": 1}, "bad JSON", {"a": 3}]),
        ('{"a": 1}{"a": "x}{"a": 3}', [{"a": 1}, "bad JSON", {"a": 3}]),
        ('[{"a": 1}, {"a": }, {"a": 3}]', [{"a": 1}, "bad JSON", {"a": 3}]),
        ('[{"a": 1}, 7, null, {"a": 3}]', [{"a": 1}, "not a JSON object", "not a JSON object", {"a": 3}]),
        ('{"a": 1}{"a": 2', [{"a": 1}, "bad JSON"]),
        ('{"a": 1} trailing', [{"a": 1}, "bad JSON"]),
        ("[]", []),
        ('{"conversations": [], "totalHits": 0}', []),
        ('{"a": 1}{"a": ' + "[" * 100_000 + "\n", [{"a": 1}, "bad JSON"]),
    ],
)
def test_a_bad_document_does_not_take_others_with_it(text, found):
    assert split(text)[0] == found


def test_an_endless_document_is_given_up(monkeypatch):
    monkeypatch.setattr(json_split, "_LONGEST", 1000)
    monkeypatch.setattr(json_split, "_CHUNK", 100)
    assert split('{"a": 1}{"a": "' + "x" * 5_000)[0] == [{"a": 1}, "bad JSON"]


def test_the_page_around_the_documents_is_told():
    more = split('{"data": {"task": {"tasks": [{"a": 1}], "pageInfo": {"hasNextPage": true}}}}')
    assert (more[0], more[1].more_pages, more[1].cut) == ([{"a": 1}], True, False)
    assert split('{"conversations": [{"a": 1}')[1].cut
    first, last = '{"conversations": [{"a": 1}], "cursor": "x", "totalHits": 2}', '{"conversations": [{"a": 2}]}'
    assert [split(text)[1].more_pages for text in (first, last, first + last)] == [True, None, False]
    assert split(first + last)[1].hits == 2


def test_lines_that_hold_two_documents_or_half_a_one_keep_their_rows_apart(tmp_path):
    lines = [json.dumps(one) for one in DOCUMENTS]
    text = "\n".join([lines[0], lines[1] + "," + lines[2], lines[3][:-8], lines[4]])
    documents = read(tmp_path, text)
    assert documents.frame["Id"].to_list() == ["d0", "d1", "d2", "d4"]
    assert set(documents.rejects["reason"]) == {"bad JSON"}


def test_blank_lines_keep_the_numbers_of_lines(tmp_path):
    text = "\n\n".join(json.dumps(one) for one in DOCUMENTS)
    documents = read(tmp_path, text)
    assert documents.frame["Id"].to_list() == [one["Id"] for one in DOCUMENTS]
    number = documents.frame["__row"][2]
    assert json.loads(documents.raw_text([number])[number]) == DOCUMENTS[2]


def test_keys_are_found_in_any_case(tmp_path):
    lower = {"id": "low", "agent": {"name": "a", "acw": 1.50}, "legs": []}
    upper = {"ID": "up", "AGENT": {"NAME": "b", "ACW": "2"}, "LEGS": None}
    for texts in ([lower], [lower, lower], [upper, lower], [DOCUMENTS[0], lower, upper]):
        frame = read(tmp_path, "\n".join(map(json.dumps, texts))).frame
        assert frame["Id"].null_count() == 0
        assert frame["Agent"].struct.field("Name").null_count() == 0


def test_nothing_but_damage_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no whole document"):
        read(tmp_path, '{"Id": "d1", ')


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["Id", "x"]), st.text(max_size=8), min_size=1), min_size=1, max_size=6),
    st.sampled_from(["lines", "no separator", "array", "pretty array", "wrapper"]),
)
def test_splitting_gives_back_what_was_joined(documents, shape):
    assert split(SHAPES[shape](documents))[0] == documents


def test_a_large_array_is_cut_into_records_and_reads_the_same(tmp_path, monkeypatch):
    records = [
        {"agent": f"a{n % 3}", "acw_s": n, "answered_at": f"2026-03-02T08:{n % 60:02d}:00Z", "note": 'a "b"\n, [c] {d}'}
        for n in range(200)
    ]
    path = tmp_path / "records.json"
    for text in (json.dumps(records), json.dumps({"total": 200, "results": records}, indent=2)):
        path.write_text(text)
        whole = acw("reconstruct", path)
        monkeypatch.setattr("acwcli.formats.json_rows._DOCUMENT_BYTES", 100)
        assert acw("reconstruct", path) == whole
        assert whole.code == 0
        monkeypatch.undo()


def test_a_large_array_keeps_its_bad_records_and_says_that_it_was_cut_short(tmp_path, monkeypatch):
    monkeypatch.setattr("acwcli.formats.json_rows._DOCUMENT_BYTES", 100)
    good = '{"agent": "a1", "acw_s": 5, "answered_at": "2026-03-02T08:00:00Z"}'
    path = tmp_path / "records.json"
    path.write_text("[" + ",\n".join([good, '{"agent": "a1", "acw_s": }', good.replace("08:00", "09:00"), "7"]))
    ran = acw("reconstruct", path, "--max-bad", "100%", "--rejects", tmp_path / "bad.csv")
    assert "4 rows read: 2 used, 0 ignored, 2 rejected" in ran.err
    assert "the file ends inside an array; it may be cut short" in ran.err
    assert '"{""agent"": ""a1"", ""acw_s"": }"' in (tmp_path / "bad.csv").read_text()
