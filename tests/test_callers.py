"""Threads that need a connection to PostgreSQL: few call on the server, others take what is handed on."""

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, connections, transaction

from config.postgresql import callers as module
from config.postgresql.callers import Callers
from tests.processes import wait_until

CROWD = 12
LONG = 600.0


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(CROWD) as threads:
        yield threads


@pytest.fixture
def callers(monkeypatch):
    """Whom nothing but an event lets call: no test waits until so much time has gone by."""
    monkeypatch.setattr(module, "LATELY_SECONDS", LONG)
    monkeypatch.setattr(module, "AGAIN_SECONDS", LONG)
    return Callers()


def wait_for_a_line(callers, length):
    wait_until(lambda: len(callers._waiting) == length, what=f"{length} who wait")


class Server:
    """Lets nobody in until it is open; counts who came."""

    def __init__(self):
        self.is_open, self.calls = threading.Event(), []

    def call(self):
        link = object()
        self.calls.append(link)
        self.is_open.wait()
        return link


def use_once(callers, server, used):
    """As a thread does that serves one request."""
    link = callers.connect(server.call)
    used.append(link)
    callers.hand_on(link)


def test_a_crowd_before_a_server_that_is_back_makes_few_connections(callers, crowd):
    server, used = Server(), []
    asked = [crowd.submit(use_once, callers, server, used) for _ in range(CROWD)]
    wait_for_a_line(callers, CROWD - module.MOST_CALLING)

    server.is_open.set()
    for one in asked:
        one.result()

    assert len(used) == CROWD
    assert set(used) == set(server.calls)
    assert len(server.calls) == module.MOST_CALLING


def test_where_nothing_is_handed_on_each_makes_its_own(callers, crowd):
    """Control; and threads that keep their connections for long keep nobody waiting."""
    server = Server()
    server.is_open.set()

    links = list(crowd.map(lambda _: callers.connect(server.call), range(CROWD)))

    assert set(links) == set(server.calls)
    assert len(server.calls) == CROWD


def test_whoever_waits_longest_is_served_first(callers, crowd, monkeypatch):
    monkeypatch.setattr(callers, "_pause", lambda: LONG)
    asked = []
    for place in range(3):
        asked.append(crowd.submit(callers.connect, None))
        wait_for_a_line(callers, place + 1)

    assert [callers.hand_on(link) for link in ("first", "second", "third", "fourth")] == [True] * 3 + [False]

    assert [one.result() for one in asked] == ["first", "second", "third"]


def test_one_that_ends_lets_the_next_call(callers, crowd):
    server = Server()
    server.is_open.set()

    def fail():
        raise psycopg.ProgrammingError("a fault of the program")

    asked = [crowd.submit(callers.connect, call) for call in (fail, fail, fail, server.call)]

    assert [type(one.exception()) for one in asked[:3]] == [psycopg.ProgrammingError] * 3
    assert [asked[3].result()] == server.calls


def test_a_call_that_hangs_keeps_nobody_from_the_next(callers, crowd, monkeypatch):
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.01)
    silent, there = Server(), Server()
    there.is_open.set()
    hanging = [crowd.submit(callers.connect, silent.call) for _ in range(module.MOST_CALLING)]
    wait_until(lambda: len(silent.calls) == module.MOST_CALLING, what="calls that hang")

    assert [callers.connect(there.call)] == there.calls

    silent.is_open.set()
    assert all(one.result() for one in hanging)


def test_one_try_stands_for_all_who_wait_once_there_is_no_hope(callers, crowd, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(module, "MOST_CALLING", 1)
    server = Server()

    def fail():
        server.call()
        raise psycopg.OperationalError("away")

    asked = [crowd.submit(callers.connect, fail) for _ in range(CROWD)]
    wait_for_a_line(callers, CROWD - 1)
    server.is_open.set()

    errors = [one.exception() for one in asked]
    assert [(type(error), str(error)) for error in errors] == [(psycopg.OperationalError, "away")] * CROWD
    assert len(set(map(id, errors))) == CROWD
    assert len(server.calls) == 1


def test_a_server_that_is_away_is_called_on_no_more_often_however_many_ask(crowd, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", LONG)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.02)
    begun, is_back = [], threading.Event()

    class Noted(Callers):
        def _call(self, *given):
            begun.append(time.monotonic())
            super()._call(*given)

    def call():
        if is_back.is_set():
            return "connection"
        raise psycopg.OperationalError("away")

    callers = Noted()
    asked = [crowd.submit(callers.connect, call) for _ in range(CROWD)]
    wait_until(lambda: len(begun) > 2 * module.MOST_CALLING, what="calls")
    # Some begin together, before anybody knows.
    known = begun[module.MOST_CALLING - 1 :]
    is_back.set()

    assert [one.result() for one in asked] == ["connection"] * CROWD
    assert all(later - earlier >= module.AGAIN_SECONDS for earlier, later in pairwise(known))


def test_a_call_that_fails_after_a_later_one_was_let_in_is_no_sign(callers, crowd, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0)
    server, outcomes = Server(), deque([psycopg.OperationalError("away"), None])

    def call_early():
        server.call()
        outcome = outcomes.popleft()
        if outcome:
            raise outcome
        return "late"

    early = crowd.submit(callers.connect, call_early)
    wait_until(lambda: server.calls, what="a call")
    assert callers.connect(lambda: "connection") == "connection"
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0)
    server.is_open.set()

    assert early.result() == "late"
    assert callers.missed_at is None


def in_a_request(act):
    request_started.send(None)
    try:
        return act()
    finally:
        request_finished.send(None)


def link_of_this_thread():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection.connection


@pytest.fixture
def two_threads():
    """Of two requests; both leave no connection behind."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        yield first, second
        first.submit(connections.close_all).result()
        second.submit(connections.close_all).result()


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_thread_between_two_requests_lets_one_that_waits_have_its_connection(two_threads, monkeypatch):
    holder, waiter = two_threads
    link = holder.submit(in_a_request, link_of_this_thread).result()
    callers = holder.submit(lambda: connection._callers).result()
    monkeypatch.setattr(callers, "_pause", lambda: LONG)

    waiting = waiter.submit(in_a_request, link_of_this_thread)
    wait_for_a_line(callers, 1)
    holder.submit(in_a_request, lambda: None).result()

    assert waiting.result() is link
    assert holder.submit(lambda: connection.connection).result() is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_nobody_is_handed_a_connection_that_the_server_ended(two_threads, monkeypatch):
    holder, waiter = two_threads
    link = holder.submit(in_a_request, link_of_this_thread).result()
    callers = holder.submit(lambda: connection._callers).result()
    with connection.cursor() as cursor:
        # Given five seconds to be gone.
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [link.info.backend_pid])
    monkeypatch.setattr(callers, "_pause", lambda: LONG)

    waiting = waiter.submit(in_a_request, link_of_this_thread)
    wait_for_a_line(callers, 1)
    holder.submit(in_a_request, lambda: None).result()
    assert len(callers._waiting) == 1

    monkeypatch.undo()
    with callers._lock:
        callers._wake_first()
    assert not waiting.result().closed


@pytest.mark.postgres
@pytest.mark.django_db
def test_nobody_is_handed_a_transaction_that_goes_on(two_threads, monkeypatch):
    holder, waiter = two_threads
    holder.submit(in_a_request, link_of_this_thread).result()
    callers = holder.submit(lambda: connection._callers).result()
    monkeypatch.setattr(callers, "_pause", lambda: LONG)

    def within():
        with transaction.atomic():
            link_of_this_thread()
            # Django closes what somebody left in the middle of a transaction.
            connection.close_if_unusable_or_obsolete()
            return len(callers._waiting)

    waiting = waiter.submit(in_a_request, link_of_this_thread)
    wait_for_a_line(callers, 1)
    assert holder.submit(within).result() == 1

    monkeypatch.undo()
    with callers._lock:
        callers._wake_first()
    assert not waiting.result().closed
