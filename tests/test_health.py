import time

import pytest
from django.db import connection
from django.db.utils import OperationalError

pytestmark = pytest.mark.django_db


def get_health(client):
    start = time.monotonic()
    answer = client.get("/healthz")
    assert time.monotonic() - start < 4
    return answer.status_code, answer.json()


def test_all_parts_answer(client, celery_worker_process):
    celery_worker_process()

    assert get_health(client) == (200, {"healthy": True, "database": "ok", "broker": "ok", "worker": "ok"})


def test_a_missing_worker_is_named(client, valkey):
    assert get_health(client) == (
        503,
        {"healthy": False, "database": "ok", "broker": "ok", "worker": "no answer"},
    )


def test_a_missing_broker_is_named(client):
    status, body = get_health(client)

    assert status == 503
    assert body["database"] == "ok"
    assert body["broker"] == "no answer (ConnectionError)"
    assert body["worker"] == "unknown: the broker does not answer"


def test_a_missing_database_is_named_without_its_address(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("could not connect to postgres://user:password@host")

    monkeypatch.setattr(connection, "cursor", refuse)
    status, body = get_health(client)

    assert status == 503
    assert body["database"] == "no answer (OperationalError)"


def test_an_answer_is_never_cached_and_needs_no_sign_in(client):
    answer = client.get("/healthz")

    assert "no-store" in answer["Cache-Control"]
    assert client.post("/healthz").status_code == 405
