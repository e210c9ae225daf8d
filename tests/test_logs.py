import logging

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.logs import HideLinks
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


def test_other_lines_stay_as_they_are(lines):
    logging.getLogger("indexer").info("run %s of %s", 7, "/indexer/")

    assert lines() == ["run 7 of /indexer/"]


def test_every_handler_filters():
    assert [name for name, handler in settings.LOGGING["handlers"].items() if "filters" not in handler] == []


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
