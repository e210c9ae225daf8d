"""A long file is sent while it is made, and has the bytes that it would have whole."""

import io
import json

import pytest
from django.utils import translation
from django.utils.translation import gettext
from openpyxl import load_workbook

from weighting.exports import LINES_OF_A_PIECE, Fact, Heading, Table, table_bytes
from weighting.views import files
from weighting.workbooks import ROWS_OF_A_PIECE

IN_PIECES = ["csv", "xlsx", "json"]

COLUMNS = [Heading("rank", "Rank"), Heading("name", "Name")]
FACTS = [Fact("data_sha256", "SHA-256 of the data", "ab" * 32)]


def rows(count, made=None):
    for number in range(count):
        if made is not None:
            made.append(number)
        yield [number, gettext("Rank")]


@pytest.mark.parametrize("format", IN_PIECES)
def test_the_bytes_are_those_of_the_whole_table(monkeypatch, format):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    streamed = files.table_answer(format, "long", COLUMNS, rows(5_000), FACTS)
    whole = table_bytes(format, Table(COLUMNS, list(rows(5_000)), FACTS))
    assert streamed.streaming
    assert b"".join(streamed) == whole
    assert streamed["Content-Disposition"] == f'attachment; filename="long.{format}"'


@pytest.mark.parametrize("format", IN_PIECES)
def test_the_first_rows_come_before_the_last_are_made(monkeypatch, format):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    made = []
    pieces = iter(files.table_answer(format, "long", COLUMNS, rows(5_000, made), FACTS))
    next(pieces)
    next(pieces)
    assert 0 < len(made) <= max(LINES_OF_A_PIECE, 2 * ROWS_OF_A_PIECE)
    list(pieces)
    assert len(made) == 5_000


def test_long_files_hold_every_row(monkeypatch):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    sent = {
        name: b"".join(files.table_answer(name, "long", COLUMNS, rows(5_000), FACTS)) for name in IN_PIECES
    }
    book = load_workbook(io.BytesIO(sent["xlsx"]), read_only=True)
    assert len(sent["csv"].splitlines()) == 5_001
    assert [row["rank"] for row in json.loads(sent["json"])["rows"]] == list(range(5_000))
    assert [row[0] for row in book["data"].iter_rows(min_row=2, values_only=True)] == list(range(5_000))
    assert list(book["provenance"].values) == [("SHA-256 of the data", "ab" * 32)]


def test_what_needs_all_rows_first_is_sent_whole(monkeypatch):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    assert not files.table_answer("parquet", "long", COLUMNS, rows(100), FACTS).streaming


def test_an_ordinary_table_is_sent_whole():
    answer = files.table_answer("csv", "short", COLUMNS, rows(100), FACTS)
    assert not answer.streaming
    assert len(answer.content.splitlines()) == 101


def test_lines_are_in_the_language_of_the_request(monkeypatch):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    with translation.override("zh-hans"):
        expected = table_bytes("csv", Table(COLUMNS, list(rows(3_000)), FACTS))
        streamed = files.table_answer("csv", "long", COLUMNS, rows(3_000), FACTS)
    with translation.override("en"):
        assert b"".join(streamed) == expected
