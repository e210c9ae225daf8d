import json
import logging
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.logs import LONGEST, HideLinks, JsonLines, Lines
from tests.factories import make_account

TOKEN = "k7Yp-0_Zr1kq8c7Yp0Zr1kq8c7Yp0Zr1kq8c7Yp0Zr1"


@pytest.fixture
def lines(caplog):
    """What came through the handlers of the settings, which stand before pytest's own."""
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


def ask_for_what_django_logs(client):
    client.put(f"/in/{TOKEN}/")
    client.get(f"/in/{TOKEN}/no-such-page/")


@pytest.mark.django_db
def test_a_personal_link_reaches_no_log(client, lines):
    ask_for_what_django_logs(client)

    assert sum("/in/[hidden]" in line for line in lines()) == 2
    assert not any(TOKEN in line for line in lines())


@pytest.mark.django_db
def test_without_the_filter_it_would(client, lines, monkeypatch):
    monkeypatch.setattr(HideLinks, "filter", lambda self, record: True)
    ask_for_what_django_logs(client)

    assert any(TOKEN in line for line in lines())


@pytest.mark.django_db
def test_what_is_asked_for_wrongly_is_one_short_line(client, caplog, monkeypatch):
    """Hosts that are not ours, too many fields, addresses of four thousand letters: none fills a log."""
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    monkeypatch.setattr(settings, "DATA_UPLOAD_MAX_NUMBER_FIELDS", 3)
    asked = [
        lambda: client.get("/", headers={"host": f"{'a' * 4000}.example"}),
        lambda: client.get("/", headers={"host": "two words"}),
        lambda: client.get(f"/{'no-such-page' * 300}/"),
        lambda: client.post("/sign-in/", {"username": ["x"] * 9}),
    ]
    statuses = [ask().status_code for ask in asked]

    said = [Lines().format(record) for record in caplog.records]
    assert statuses == [400, 400, 404, 400]
    assert len(said) >= len(asked)
    assert all("\n" not in line and len(line) <= LONGEST + 100 for line in said)


def test_other_lines_stay_as_they_are(lines):
    logging.getLogger("indexer").info("run %s of %s", 7, "/indexer/")

    assert lines() == ["run 7 of /indexer/"]


def test_every_handler_filters():
    assert [name for name, handler in settings.LOGGING["handlers"].items() if "filters" not in handler] == []


ODD = [
    "two\nlines",
    "权衡 “é”",
    "a\x00\x1b[31m\u2028",
    "lone \udce9",
    'a "quote" \\',
    b"bytes",
    None,
    {"key": {1}},
]


@pytest.mark.parametrize("said", ODD, ids=repr)
def test_a_line_of_json_is_one_line_in_any_encoding(said):
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it says %s", (said,), None)
    line = JsonLines().format(record)

    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == f"it says {said}"


@pytest.mark.parametrize("formatter", [Lines(), JsonLines()], ids=["line", "json"])
def test_no_key_stands_in_what_was_raised(formatter):
    try:
        raise ValueError(f"no room for /in/{TOKEN}/")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    written = formatter.format(record)

    assert "no room for /in/[hidden]" in written
    assert TOKEN not in written


def test_the_handlers_of_the_settings_hide_in_what_was_raised_too():
    formatters = settings.LOGGING["formatters"]

    assert {one["()"] for one in formatters.values()} == {"config.logs.Lines", "config.logs.JsonLines"}


@pytest.mark.parametrize(
    "given", [("three",), (1, 2), ({"a": f"/in/{TOKEN}/"},)], ids=["kind", "number", "name"]
)
def test_what_a_library_fills_in_wrongly_breaks_no_request(lines, given):
    logging.getLogger("x").warning("%d things", *given)

    assert lines() == ["%d things (TypeError where it was filled in)"]


@pytest.mark.django_db
def test_no_statement_is_logged_with_what_it_stores(caplog):
    """Not even by a server that was left in debug mode, which keeps statements, at the finest level."""
    caplog.set_level(logging.DEBUG)
    with CaptureQueriesContext(connection):
        make_account(first_name="Score of five")
        assert "Score of five" not in caplog.text

        caplog.set_level(logging.DEBUG, logger="django.db.backends")
        make_account(first_name="Score of five")
        assert "Score of five" in caplog.text
