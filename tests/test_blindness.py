"""While a round is open nothing depends on its scores, except what an expert sees of the own ballot.

The swap test: two worlds that differ in what the experts answered and in nothing else. Every
byte that anybody else can fetch, from every route by every method, must be the same in both.
"""

import datetime
import itertools
import logging
import random
import secrets
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import transaction
from django.db.models import Avg
from django.utils import timezone

import tests.factories
import tests.indexer.factories
from tests.routes import find_routes, make_world, without_tokens
from weighting.models import Account, AuditEntry, Round, Score

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
# Asks lists and tables to sort, search, filter and page by whatever they might understand.
NOSY = "?sort=-score&ordering=score&q=3&search=3&value=3&status=open&mean=1&page=1&limit=1000&format=csv"
# Headers that hold the wall clock, or a session's random key.
CLOCK_AND_CHANCE = ("Expires", "Last-Modified", "Set-Cookie")
# The answers of the expert who visits are the same in both worlds: only the others' differ.
VISITOR_PLACES = (3, 4)


def first_answers(place, code):
    return (place + len(code)) % 5 + 1


def other_answers(place, code):
    return first_answers(place, code) if place in VISITOR_PLACES else (place * len(code)) % 5 + 1


@pytest.fixture
def frozen_chance(monkeypatch):
    """Let the clock stand still, and chance repeat itself from world to world."""
    dice = random.Random()
    letters = "abcdefghijklmnopqrstuvwxyz012345"
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    # Django bound this default to the real clock when it defined the model.
    monkeypatch.setitem(Account._meta.get_field("date_joined").__dict__, "_get_default", lambda: NOON)
    monkeypatch.setattr(secrets, "choice", dice.choice)
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size=32: "".join(dice.choices(letters, k=43)))
    monkeypatch.setattr(secrets, "token_hex", lambda size=32: f"{dice.getrandbits(8 * size):0{2 * size}x}")
    monkeypatch.setattr(secrets, "randbits", dice.getrandbits)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=dice.getrandbits(128), version=4))
    return dice


@pytest.fixture
def observe(frozen_chance, caplog, monkeypatch):
    """Build a world and return all that can be observed of it, by who asks for what."""

    def observe_world(answers, *, routes):
        frozen_chance.seed(2016)
        for module in (tests.factories, tests.indexer.factories):
            monkeypatch.setattr(module, "_numbers", itertools.count(1))
        caplog.clear()
        mail.outbox.clear()
        with transaction.atomic(), caplog.at_level(logging.DEBUG):
            world = make_world(scores=answers)
            seen = {("log", number): record.getMessage() for number, record in enumerate(caplog.records)}
            logging.disable(logging.CRITICAL)
            seen |= dict(fetch_everything(world, routes)) | dict(read_records())
            logging.disable(logging.NOTSET)
            transaction.set_rollback(True)
        return seen

    return observe_world


def fetch_everything(world, routes):
    for route in routes:
        for visitor in world.visitors:
            address = world.address_of(route)
            for method, path in (("GET", address), ("GET", address + NOSY), ("POST", address)):
                response = world.ask(visitor, method, path)
                body = b"".join(response.streaming_content) if response.streaming else response.content
                headers = {k: v for k, v in response.headers.items() if k not in CLOCK_AND_CHANCE}
                yield (visitor, method, path), (response.status_code, headers, without_tokens(body))


def read_records():
    """What the product keeps beside the ballots: the log of acts, sessions, messages."""
    yield "acts", list(AuditEntry.objects.order_by("pk").values_list("act", "subject_type", "detail"))
    yield "sessions", sorted(sorted(s.get_decoded()) for s in Session.objects.all())
    yield "mail", [(message.subject, message.body) for message in mail.outbox]


def differences(first, second):
    return sorted(str(key) for key in first.keys() | second.keys() if first.get(key) != second.get(key))


@pytest.mark.slow
def test_nothing_anybody_else_can_fetch_depends_on_the_scores(observe):
    # /healthz tells of the broker, and takes its time to find none.
    routes = [route for route in find_routes() if route.name != "health"]
    first, second = (observe(answers, routes=routes) for answers in (first_answers, other_answers))

    assert len(first) > 1000
    assert differences(first, second) == []


def test_a_planted_leak_is_found_wherever_it_shows(observe, monkeypatch):
    def leaking_title(round_):
        mean = Score.objects.filter(ballot__round=round_).aggregate(mean=Avg("value"))["mean"]
        return f"{round_.title_en} {mean}"

    monkeypatch.setattr(Round, "title", property(leaking_title))

    rounds = [route for route in find_routes() if route.name.startswith("weighting:round")]
    found = differences(*(observe(answers, routes=rounds) for answers in (first_answers, other_answers)))

    assert any("'manager', 'GET', '/rounds/1/'" in key for key in found)
    assert any("'administrator', 'GET', '/rounds/'" in key for key in found)
    assert not any("'anonymous'" in key for key in found)


def test_a_score_in_a_log_line_is_found(observe, monkeypatch):
    save_score = tests.factories.save_score

    def indiscreet_save(invitation, **answer):
        logging.getLogger("weighting.services.ballots").info("saved %s", answer["value"])
        return save_score(invitation, **answer)

    # Planted on the service itself: how it writes the row is its own affair.
    monkeypatch.setattr(tests.factories, "save_score", indiscreet_save)

    found = differences(*(observe(answers, routes=[]) for answers in (first_answers, other_answers)))

    assert found
    assert all("log" in key for key in found)
