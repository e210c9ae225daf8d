"""A long CSV is sent while it is made, and has the bytes that it would have whole."""

from django.utils import translation
from django.utils.translation import gettext

from weighting.exports import LINES_OF_A_PIECE, Fact, Heading, Table, table_bytes
from weighting.views import files

COLUMNS = [Heading("rank", "Rank"), Heading("name", "Name")]
FACTS = [Fact("data_sha256", "SHA-256 of the data", "ab" * 32)]


def rows(count, made=None):
    for number in range(count):
        if made is not None:
            made.append(number)
        yield [number, gettext("Rank")]


def test_the_bytes_are_those_of_the_whole_table(monkeypatch):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    streamed = files.table_answer("csv", "long", COLUMNS, rows(5_000), FACTS)
    whole = table_bytes("csv", Table(COLUMNS, list(rows(5_000)), FACTS))
    assert streamed.streaming
    assert b"".join(streamed) == whole
    assert streamed["Content-Disposition"] == 'attachment; filename="long.csv"'


def test_the_first_lines_come_before_the_last_are_made(monkeypatch):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 20)
    made = []
    pieces = iter(files.table_answer("csv", "long", COLUMNS, rows(5_000, made), FACTS))
    next(pieces)
    next(pieces)
    assert 0 < len(made) < 5_000
    assert len(b"".join(pieces).splitlines()) == 5_000 - LINES_OF_A_PIECE
    assert len(made) == 5_000


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
