"""Strangers in numbers: an address has its allowance, a flood waits among its own, no expert notices."""

import contextlib
import re
import threading
import time
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from tests.factories import make_account, make_invitation, make_round, sign_in_staff
from tests.routes import find_routes
from tests.test_compose import ROOT
from weighting import crowds
from weighting.crowds import COSTLY, WAY_IN, Allowance, CrowdMiddleware
from weighting.services.access import issue_invitation_link
from weighting.turnstiles import NoRoom, Turnstile

PAGE, PICTURE = "/compare/", "/runs/1/map.svg"


@pytest.fixture(autouse=True)
def _limited(settings):
    settings.LIMIT_STRANGERS = True


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """The clock of the allowances, which stands still: a slow machine would give some back meanwhile."""
    now = [100.0]
    monkeypatch.setattr(crowds, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=time.sleep))
    return now


@pytest.fixture
def crowd(db):
    """The gate before a view that answers with the status that it is told; ``ask`` asks it as a stranger."""
    gate = CrowdMiddleware(lambda request: HttpResponse(status=int(request.GET.get("status", 200))))
    gate.ask = lambda path, method="get", **meta: gate(asked(path, method, **meta)).status_code
    return gate


def asked(path, method="get", **meta):
    request = getattr(RequestFactory(), method)(path, **meta)
    request.user = type("Nobody", (), {"is_authenticated": False})()
    request.session = {}
    return request


def test_an_address_has_its_allowance_and_gets_it_back(now):
    allowance = Allowance(at_once=3, per_second=0.5)
    assert [allowance.take("a") for _ in range(4)] == [True, True, True, False]
    assert allowance.take("b")
    now[0] += 2
    assert [allowance.take("a") for _ in range(2)] == [True, False]
    now[0] += 1000
    assert [allowance.take("a") for _ in range(4)] == [True, True, True, False]


def test_only_so_many_addresses_are_remembered(monkeypatch):
    monkeypatch.setattr(crowds, "MOST_ADDRESSES", 3)
    allowance = Allowance(at_once=1, per_second=0)
    assert all(allowance.take(f"address {number}") for number in range(9))
    assert len(allowance._buckets) == 3


def test_one_goes_through_and_few_wait():
    turnstile, inside, go = Turnstile(waiting=1), threading.Semaphore(0), threading.Event()
    order = []

    def enter(name):
        with turnstile.turn():
            inside.release()
            go.wait(10)
            order.append(name)

    first, second = (threading.Thread(target=enter, args=(name,)) for name in ("first", "second"))
    first.start()
    inside.acquire(timeout=10)
    second.start()
    while turnstile._places._value:
        time.sleep(0.005)
    with pytest.raises(NoRoom), turnstile.turn():
        pass
    go.set()
    first.join()
    second.join()
    assert order == ["first", "second"]
    with turnstile.turn():
        pass


def test_a_stranger_who_asks_without_a_pause_is_sent_away(crowd):
    costly = [crowd.ask(PICTURE) for _ in range(60)]
    pages = [crowd.ask(PAGE) for _ in range(160)]
    assert (costly[0], costly[-1], pages[0], pages[-1]) == (200, 429, 200, 429)
    assert (costly.count(200), pages.count(200)) == (40, 120)
    # Another address has its own; addresses of one house of the newer kind are one.
    assert crowd.ask(PICTURE, REMOTE_ADDR="198.51.100.1") == 200
    newer = [crowd.ask(PICTURE, REMOTE_ADDR=f"2001:db8::{number:x}") for number in range(60)]
    assert newer[-1] == 429


def test_whoever_is_sent_away_is_told_so_and_asks_again(crowd):
    for _ in range(60):
        answer = crowd(asked(PICTURE))
    assert (answer["Retry-After"], answer["Refresh"]) == ("2", "2")
    for _ in range(160):
        answer = crowd(asked("/api/v1/runs/"))
    assert b'"detail"' in answer.content


def test_the_answer_to_whoever_is_sent_away_arrives(crowd):
    """A server that closes with something unread resets the connection."""
    full = crowd.crowd.guesses
    request = asked("/sign-in/", "post", data={"username": "a" * 5000, "password": "b"})
    with contextlib.ExitStack() as waiting:
        for _ in range(5):
            full._places.acquire()
            waiting.callback(full._places.release)
        assert crowd(request).status_code == 429
    assert request.read() == b""


def test_nobody_is_limited_where_the_operator_says_so(crowd, settings):
    settings.LIMIT_STRANGERS = False
    assert {crowd.ask(PICTURE) for _ in range(90)} == {200}


def test_three_hundred_experts_behind_one_address_come_in(crowd):
    """Each opens the link, confirms, mistypes a code and types it again."""
    told = []
    for _ in range(300):
        told += [crowd.ask("/in/a-token/"), crowd.ask("/in/"), crowd.ask("/in/code/?status=302", "post")]
    assert set(told) == {200, 302}
    assert {crowd.ask("/in/code/?status=422", "post") for _ in range(90)} == {422}


def test_whoever_opens_and_confirms_a_live_link_waits_for_nobody(crowd):
    """When a round opens three hundred come at once, and no browser sends a refused form again by itself."""
    token = issue_invitation_link(make_invitation(make_round()))
    with contextlib.ExitStack() as waiting:
        for turnstile in (crowd.crowd.way_in, crowd.crowd.guesses):
            for _ in range(turnstile._places._value):
                turnstile._places.acquire()
                waiting.callback(turnstile._places.release)
        assert (crowd.ask(f"/in/{token}/"), crowd.ask("/in/a-token/")) == (200, 429)
        for method in ("get", "post"):
            assert crowd.ask("/in/", method, HTTP_COOKIE=f"pending_token={token}") == 200
            # Controls: a link that does not work, none, and a live one where no link is confirmed.
            assert crowd.ask("/in/", method, HTTP_COOKIE="pending_token=of-nobody") == 429
            assert crowd.ask("/in/", method) == 429
            assert crowd.ask("/sign-in/", method, HTTP_COOKIE=f"pending_token={token}") == 429


def test_wrong_secrets_are_slowed_and_right_ones_let_in(crowd, monkeypatch):
    waits = []
    monkeypatch.setattr(crowds.time, "sleep", waits.append)
    told = [crowd.ask("/sign-in/?status=200", "post") for _ in range(120)]
    # Never refused: the right one among them is let in, after the pause.
    assert set(told) == {200}
    assert len(waits) == 20
    assert crowd.ask("/sign-in/?status=302", "post") == 302
    # Another address waits for nobody.
    waits.clear()
    crowd.ask("/sign-in/?status=200", "post", REMOTE_ADDR="198.51.100.1")
    assert waits == []


def test_a_flood_of_forms_that_are_never_wrong_waits_among_the_slow(crowd, monkeypatch):
    """A language is always taken; so is what leads whoever is not signed in to the sign-in."""
    waits = []
    monkeypatch.setattr(crowds.time, "sleep", waits.append)
    told = {crowd.ask("/language/?status=302", "post") for _ in range(700)}
    assert (told, len(waits)) == ({302}, 100)
    # It takes places of others no more: who comes from elsewhere finds room while the slow are full.
    slow = crowd.crowd.slowed
    with contextlib.ExitStack() as waiting:
        for _ in range(3):
            slow._places.acquire()
            waiting.callback(slow._places.release)
        assert crowd.ask("/language/?status=302", "post") == 429
        assert crowd.ask("/in/code/?status=302", "post", REMOTE_ADDR="198.51.100.1") == 302


@pytest.mark.django_db
def test_staff_are_never_counted(client):
    sign_in_staff(client, make_account())
    assert {client.get("/runs/1/map.svg").status_code for _ in range(60)} == {404}
    client.logout()
    # Control: the same address, and nobody's session.
    assert 429 in {client.get("/runs/1/map.svg").status_code for _ in range(60)}


@pytest.mark.django_db
def test_the_whole_product_slows_strangers_alone(client):
    make_round(sealed=0)
    statuses = [client.get("/nowhere/at-all.png").status_code for _ in range(60)]
    assert (statuses[0], statuses[-1]) == (404, 429)
    assert client.get(reverse("weighting:sign-in")).status_code == 200
    assert client.get("/in/").status_code == 404


def test_every_picture_file_and_report_is_counted_as_costly():
    """A new route of such a name is found by its pattern, here and in the proxy."""
    paths = {route.name: re.sub(r"<[^>]+>", "svg", f"/{route.pattern}") for route in find_routes()}
    named = re.compile(r"-(picture|export|archive|report|package|pdf|files)$")
    missed = {name for name, path in paths.items() if named.search(name) and not COSTLY.search(path)}
    assert missed == set()
    known = {
        "indexer:run-picture",
        "indexer:study-archive",
        "indexer:run-package",
        "indexer:api-run-report-pdf",
    }
    assert known <= set(filter(named.search, paths))
    assert WAY_IN.match("/ballot/key.png")


def test_the_proxy_tells_costly_addresses_by_the_same_pattern():
    assert f'"{COSTLY.pattern}"'.replace("$", "$$") in (ROOT / "docker-compose.yml").read_text()
