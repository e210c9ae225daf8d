import multiprocessing
import threading
import time
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.utils import OperationalError

from config import health
from tests.processes import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def watch(monkeypatch):
    """A watch that has seen nothing of other tests."""
    fresh = health.Watch(health._broker_and_worker)
    monkeypatch.setattr(health, "watch", fresh)
    return fresh


def get_health(client):
    """What it says, within its limits and not within the kernel's minutes; a busy machine takes its time."""
    start = time.monotonic()
    answer = client.get("/healthz")
    assert time.monotonic() - start < 30
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


def test_a_process_is_live_and_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"live": True})


def test_people_can_be_served_when_the_database_answers_whatever_else_is_away(client, monkeypatch):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "database": "ok"})

    def refuse(*args, **kwargs):
        raise OperationalError("could not connect to postgres://user:password@host")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "no answer (OperationalError)")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_who_asks_inside_the_machine_is_sent_to_no_other_address(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True

    assert client.get(path).status_code != 301
    assert client.get("/").status_code == 301
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.fixture
def slow_look(monkeypatch):
    """A look that takes as long as the test says, counted."""
    looks, may_end = [], threading.Event()

    def look():
        looks.append(time.monotonic())
        assert may_end.wait(60)
        return {"broker": "ok", "worker": f"look {len(looks)}"}

    monkeypatch.setattr(health, "watch", health.Watch(look))
    return looks, may_end


def age_by(seconds, monkeypatch):
    """Let the look be so old, and grow no older however slow the machine is."""
    later = time.monotonic() + seconds
    monkeypatch.setattr(health, "time", SimpleNamespace(monotonic=lambda: later))


def test_no_request_waits_while_the_parts_are_looked_at_anew(client, slow_look, monkeypatch):
    looks, may_end = slow_look
    may_end.set()
    assert client.get("/healthz").json()["worker"] == "look 1"

    may_end.clear()
    age_by(health.FRESH_SECONDS + 1, monkeypatch)
    answers = {client.get("/healthz").json()["worker"] for _request in range(50)}
    wait_until(lambda: len(looks) > 1, what="the second look")
    may_end.set()

    # It was still under way, and who waits for it is told of it: nobody did, and it was taken once.
    assert answers == {"look 1"}
    assert len(looks) == 2


def test_an_old_look_is_told_no_longer(client, slow_look, monkeypatch):
    _looks, may_end = slow_look
    may_end.set()
    client.get("/healthz")
    age_by(health.STALE_SECONDS + 1, monkeypatch)

    assert client.get("/healthz").json()["worker"] == "look 2"


def test_a_look_that_missed_a_part_is_renewed_at_once(client, monkeypatch):
    looks = []

    def look():
        looks.append(time.monotonic())
        return {"broker": "ok", "worker": "no answer" if len(looks) == 1 else "ok"}

    monkeypatch.setattr(health, "watch", health.Watch(look))

    assert get_health(client)[0] == 503
    age_by(0.0, monkeypatch)
    wait_until(lambda: get_health(client)[0] == 200, what="what started meanwhile")
    # And one that missed nothing is not.
    get_health(client)
    assert len(looks) == 2


@pytest.fixture
def shared(tmp_path):
    """A watch as processes of one server have it, and the file that is there while the worker is."""
    up = tmp_path / "up"
    return health.Watch(lambda: {"broker": "ok", "worker": "ok" if up.exists() else "no answer"}), up


FORKED = multiprocessing.get_context("fork")


def elsewhere(act):
    """Do it in another process that was forked from this one, and wait for it."""
    process = FORKED.Process(target=act)
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_what_one_process_has_seen_since_no_other_tells_of_as_missing(shared):
    watch, up = shared
    assert watch.parts() == {"broker": "ok", "worker": "no answer"}

    up.touch()
    elsewhere(lambda: wait_until(lambda: watch.parts()["worker"] == "ok", what="the worker that is up"))

    assert watch.parts() == {"broker": "ok", "worker": "ok"}


def test_a_look_that_began_before_is_the_older_one_whenever_it_ends():
    began, may_look, may_end = threading.Event(), FORKED.Event(), threading.Event()
    here = multiprocessing.current_process().pid

    def look():
        if multiprocessing.current_process().pid != here:
            return {"worker": "ok"}
        began.set()
        assert may_end.wait(60)
        return {"worker": "no answer"}

    watch, told = health.Watch(look), []
    # It is forked before a thread of this process looks, and looks after that one began.
    other = FORKED.Process(target=lambda: may_look.wait(60) and watch.parts())
    other.start()
    asking = threading.Thread(target=lambda: told.append(watch.parts()))
    asking.start()
    assert began.wait(60)
    may_look.set()
    other.join(60)
    may_end.set()
    asking.join()

    assert told == [{"worker": "ok"}]


def test_a_worker_that_went_away_is_missed_whatever_others_saw_before(shared, monkeypatch):
    watch, up = shared
    up.touch()
    elsewhere(watch.parts)
    assert watch.parts()["worker"] == "ok"

    up.unlink()
    age_by(health.FRESH_SECONDS + 1, monkeypatch)

    wait_until(lambda: watch.parts()["worker"] == "no answer", what="the missing worker")
    age_by(0.0, monkeypatch)
    assert watch.parts()["worker"] == "no answer"


def test_a_look_that_breaks_is_no_health(client, monkeypatch):
    def broken():
        raise RuntimeError("address:password")

    monkeypatch.setattr(health, "watch", health.Watch(broken))

    status, body = get_health(client)
    assert (status, body["worker"]) == (503, "no answer (RuntimeError)")
