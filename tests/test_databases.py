import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.models import Session
from django.core.signals import request_finished, request_started
from django.db import OperationalError, connection, connections
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn

from config.accounts import BEFORE, BY_ACCOUNT, AccountBackend
from config.postgresql import callers
from config.postgresql.base import DatabaseWrapper
from config.sessions import SessionStore
from tests.factories import make_account, sign_in_staff
from tests.processes import wait_until
from weighting.models import Account

# What libpq is told of how to reach a server.
ASKED = ("host", "port", "connect_timeout", "tcp_user_timeout", "keepalives_idle", "keepalives_interval")


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_suite_runs_on_the_database_it_was_asked_to_run_on():
    asked_for_postgres = os.environ.get("DATABASE_URL", "").startswith("postgresql")

    assert connection.vendor == ("postgresql" if asked_for_postgres else "sqlite")


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_session_is_found_for_as_long_as_it_lasts():
    made = SessionStore()
    made["said"] = "a word"
    made.create()
    found = SessionStore(made.session_key)

    assert found["said"] == "a word"
    assert found.session_key == made.session_key
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    ended, unknown = SessionStore(made.session_key), SessionStore("k" * 32)
    assert (ended.load(), ended.session_key) == ({}, None)
    assert (unknown.load(), unknown.session_key) == ({}, None)


@pytest.mark.postgres
@pytest.mark.django_db
def test_who_is_signed_in_is_whom_django_would_find():
    account = make_account()

    found, by_django = (backend().get_user(account.pk) for backend in (AccountBackend, ModelBackend))

    assert type(found) is Account
    assert model_to_dict(found) == model_to_dict(by_django)
    assert found.get_deferred_fields() == set()
    Account.objects.filter(pk=account.pk).update(is_active=False)
    assert AccountBackend().get_user(account.pk) is None
    assert AccountBackend().get_user(account.pk + 1) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("let_in_by", "stays"), [(BEFORE, True), (BY_ACCOUNT, True), ("somewhere.else.Backend", False)]
)
def test_who_was_signed_in_before_the_upgrade_is_so_afterwards(let_in_by, stays):
    client = sign_in_staff(Client(), make_account())
    session = client.session
    session[BACKEND_SESSION_KEY] = let_in_by
    session.save()

    answer = client.get(reverse("weighting:framework-list"))

    assert answer.wsgi_request.user.is_authenticated == stays


def link_after_a_request():
    """What a thread of the web server holds once it has asked the database and answered."""
    request_started.send(None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    request_finished.send(None)
    return connection.connection


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_connection_serves_one_request_after_the_other():
    with ThreadPoolExecutor(1) as thread:
        try:
            first = thread.submit(link_after_a_request).result()

            assert first is not None
            assert thread.submit(link_after_a_request).result() is first
        finally:
            thread.submit(connections.close_all).result()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_replaced_before_anything_is_asked():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    with ThreadPoolExecutor(1) as thread, connection.cursor() as cursor:
        try:
            first = thread.submit(link_after_a_request).result()
            # Given five seconds to be gone.
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first.info.backend_pid])
            assert cursor.fetchone() == (True,)
            second = thread.submit(link_after_a_request).result()

            assert first.closed
            assert not second.closed
        finally:
            thread.submit(connections.close_all).result()


@pytest.fixture
def elsewhere(tmp_path):
    """A connection of its own to the database of the test, by a folder that a test lets lead there."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    known = connection.settings_dict
    folder = known["HOST"] or known["OPTIONS"]["host"]
    options = {name: value for name, value in known["OPTIONS"].items() if name != "host"}
    link = DatabaseWrapper({**known, "HOST": str(tmp_path / "server"), "OPTIONS": options}, "elsewhere")
    yield link, lambda: (tmp_path / "server").symlink_to(folder)
    link.close()


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_server_that_is_started_anew_is_waited_for(elsewhere, monkeypatch):
    link, lead_there = elsewhere
    monkeypatch.setattr(callers, "PATIENCE_SECONDS", 60)

    def lead_there_once_it_is_missed():
        wait_until(lambda: link._callers and link._callers.missed_at, what="somebody who misses the server")
        lead_there()

    with ThreadPoolExecutor(1) as thread:
        led = thread.submit(lead_there_once_it_is_missed)
        link.ensure_connection()
        led.result()

    assert link.is_usable()
    assert link._callers.missed_at is None


@pytest.mark.postgres
@pytest.mark.django_db
def test_one_that_stays_away_is_waited_for_once(elsewhere, monkeypatch):
    link, lead_there = elsewhere
    connect, tries = DatabaseWrapper._connect, []
    monkeypatch.setattr(DatabaseWrapper, "_connect", lambda *given: tries.append(1) or connect(*given))
    with pytest.raises(OperationalError):
        link.ensure_connection()
    assert len(tries) > 1
    tries.clear()
    with pytest.raises(OperationalError):
        link.ensure_connection()
    assert len(tries) == 1
    lead_there()
    link.ensure_connection()
    assert link._callers.missed_at is None


@pytest.mark.postgres
@pytest.mark.django_db
def test_an_address_that_leads_nowhere_is_not_waited_for_by_the_driver(elsewhere, monkeypatch):
    """As that of a container between its end and its start: no word comes back, not even a refusal."""
    link, _lead_there = elsewhere
    monkeypatch.setattr(callers, "PATIENCE_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        # Nobody is let in, and the room before the door is taken: whoever comes is not heard.
        for _guest in range(2):
            guest = waiting.enter_context(socket.socket())
            guest.setblocking(False)
            guest.connect_ex(full.getsockname())
        link.settings_dict.update(HOST="127.0.0.1", PORT=str(full.getsockname()[1]))
        with pytest.raises(OperationalError, match="nobody answers at the database's address"):
            link.ensure_connection()


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_machine_that_falls_silent_is_given_up_by_the_kernel_in_a_second_or_two(elsewhere):
    """Sent or not: without the first of these it waits for minutes, without the others for two hours."""
    link, _lead_there = elsewhere
    with socket.create_server(("127.0.0.1", 0)) as server:
        link.settings_dict.update(HOST="127.0.0.1", PORT=str(server.getsockname()[1]))
        words = {key: value for key, value in link.get_connection_params().items() if key in ASKED}
        begun = PGconn.connect_start(make_conninfo(**words).encode())
        with socket.socket(fileno=os.dup(begun.socket)) as wire:
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1_000
            assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 1
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 1
        begun.finish()
