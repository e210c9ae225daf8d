import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, connections


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_suite_runs_on_the_database_it_was_asked_to_run_on():
    asked_for_postgres = os.environ.get("DATABASE_URL", "").startswith("postgresql")

    assert connection.vendor == ("postgresql" if asked_for_postgres else "sqlite")


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
