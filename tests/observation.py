"""All that can be observed of a world: what anybody can fetch, and what the product keeps or sends."""

import io
import itertools
import logging
import os
import random
import re
import secrets
import time
import uuid
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import celery
import django.utils.cache
import pytest
from django.apps import apps
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

import tests.factories
import tests.indexer.factories
from tests.factories import make_framework, make_invitation, make_panel, make_round, sign_in_expert
from tests.routes import make_world, without_tokens
from weighting.enums import RoundState
from weighting.models import Account, Ballot, Round, Score
from weighting.services.rounds import void_round

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Asks lists and tables to sort, search, filter and page by whatever they might understand.
NOSY = "?sort=-score&ordering=score&q=3&search=3&value=3&status=open&mean=1&page=1&limit=1000&format=csv"
# Random keys: what they are says nothing, that they are set does.
RANDOM_COOKIES = ("csrftoken", "sessionid")
OWNERS = ("manager", "administrator")
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
    monkeypatch.setattr(time, "time", NOON.timestamp)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _self: NOON.replace(tzinfo=None))
    monkeypatch.setattr(os, "urandom", dice.randbytes)
    monkeypatch.setattr(secrets, "token_bytes", lambda size=32: dice.randbytes(size))
    monkeypatch.setattr(django.utils.cache, "http_date", lambda *_moment: "noon")
    monkeypatch.setattr(secrets, "choice", dice.choice)
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size=32: "".join(dice.choices(letters, k=43)))
    monkeypatch.setattr(secrets, "token_hex", lambda size=32: f"{dice.getrandbits(8 * size):0{2 * size}x}")
    monkeypatch.setattr(secrets, "randbits", dice.getrandbits)
    monkeypatch.setattr(secrets, "SystemRandom", lambda: dice)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=dice.getrandbits(128), version=4))
    # Django bound these defaults to the real clock and dice when it defined the models.
    monkeypatch.setitem(Account._meta.get_field("date_joined").__dict__, "_get_default", lambda: NOON)
    monkeypatch.setitem(Ballot._meta.get_field("id").__dict__, "_get_default", lambda: uuid.uuid4())
    return dice


@pytest.fixture
def sent_tasks(monkeypatch):
    """Catch what would go to the broker."""
    sent = []

    def catch(task, args=None, kwargs=None, **_options):
        sent.append((task.name, args, kwargs))

    monkeypatch.setattr(celery.Task, "apply_async", catch)
    return sent


@pytest.fixture
def observe(frozen_chance, sent_tasks, caplog, monkeypatch):
    """Build a world and return all that can be observed of it, by who asks for what."""

    # Celery makes its tasks on their first use, and logs that once for all worlds.
    celery.current_app.finalize(auto=True)

    def observe_world(answers, *, routes, states=()):
        frozen_chance.seed(2016)
        for module in (tests.factories, tests.indexer.factories):
            monkeypatch.setattr(module, "_numbers", itertools.count(1))
        for record in (caplog, mail.outbox, sent_tasks, cache):
            record.clear()
        with transaction.atomic(), caplog.at_level(logging.DEBUG):
            world = make_world(scores=answers)
            for _savepoints, act, _robust in connection.run_on_commit:
                act()
            seen = {("log", number): record.getMessage() for number, record in enumerate(caplog.records)}
            logging.disable(logging.CRITICAL)
            seen |= dict(read_records()) | dict(fetch_everything(world, routes))
            # Only now: lists show the receipt root of a closed round, which commits to its scores.
            for state in states:
                other = world_in(state, world, answers)
                seen |= dict(fetch_round(state, other, routes))
            # Last, what the requests themselves left behind.
            seen |= {("task", number): task for number, task in enumerate(sent_tasks)}
            seen |= {("mail", n): (each.subject, each.body) for n, each in enumerate(mail.outbox)}
            seen["cache"] = dict(cache._cache)
            logging.disable(logging.NOTSET)
            transaction.set_rollback(True)
        return seen

    return observe_world


def world_in(state, world, answers):
    """Return the world with its manager's further round, in another state, in the open one's place."""
    framework, panel = make_framework(owner=world.manager), make_panel(5, owner=world.manager)
    parts = {"manager": world.manager, "framework": framework, "panel": panel, "scores": answers}
    invitation, visitors = world.invitation, dict(world.visitors)
    if state in (RoundState.CLOSED, RoundState.VOID):
        round_ = make_round(**parts, state=RoundState.OPEN, sealed=5)
        invitation = make_invitation(round_, place=3)
        visitors["its own expert"] = sign_in_expert(Client(), invitation)
        end = void_round if state == RoundState.VOID else tests.factories.close_round
        round_ = end(round_, actor=world.manager, **({"reason": "typo"} if state == RoundState.VOID else {}))
    else:
        round_ = make_round(**parts, state=state)
    return replace(world, round=round_, invitation=invitation, visitors=visitors)


def fetch_everything(world, routes):
    """Ask as everybody for every route; whoever is not refused asks again, with a nosy query too.

    That a visitor is refused by every method alike is what test_policy.py proves.
    """
    for route in routes:
        address = world.address_of(route)
        for visitor in world.visitors:
            answer = fetch(world, visitor, "GET", address)
            yield (visitor, "GET", address), answer
            if answer[0] < 300:
                yield (visitor, "GET", address + NOSY), fetch(world, visitor, "GET", address + NOSY)
            if answer[0] not in (302, 404):
                yield (visitor, "POST", address), fetch(world, visitor, "POST", address)


def fetch_round(state, world, routes):
    """Ask for all that there is about one round; once it is aggregated its owners may see its scores."""
    about = ("weighting:round-", "weighting:api-round", "weighting:invitation", "weighting:ballot")
    for route in routes:
        if route.name.startswith((*about, "weighting:receipts")):
            address = world.address_of(route)
            for visitor in world.visitors:
                if state == RoundState.AGGREGATED and visitor in OWNERS:
                    continue
                # Receipts are published, and commit to the scores.
                yield (state, visitor, "GET", address), without_hashes(fetch(world, visitor, "GET", address))
                # Aggregating a closed round is what opens its figures.
                if visitor == "manager" and state != RoundState.CLOSED:
                    yield (state, visitor, "POST", address), fetch(world, visitor, "POST", address)


def fetch(world, visitor, method, address):
    response = world.ask(visitor, method, address)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    cookies = {name: "" if name in RANDOM_COOKIES else m.value for name, m in response.cookies.items()}
    headers = dict(response.headers)
    if body.startswith(b"PK"):
        # How far it could be compressed depends on the moment that is written inside.
        body, headers["Content-Length"] = _without_clock(body), "a length"
    return response.status_code, headers, cookies, without_tokens(body)


def _without_clock(workbook):
    """Return the parts of a workbook: the archive and its properties say when they were made."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = b"".join(name.encode() + archive.read(name) for name in sorted(archive.namelist()))
    return re.sub(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z", b"a moment", parts)


def without_hashes(answer):
    status, headers, cookies, body = answer
    return status, headers, cookies, re.sub(rb"\b[0-9a-f]{64}\b", b"a hash", body)


def read_records():
    """Every row of every table but the answers themselves, and the root that commits to them."""
    for model in apps.get_models(include_auto_created=True):
        if model in (Ballot, Score):
            continue
        if model is Session:
            rows = [session.get_decoded() for session in Session.objects.order_by("session_key")]
        else:
            rows = list(model.objects.order_by("pk").values())
        if model is Round:
            rows = [row | {"receipt_root": bool(row["receipt_root"])} for row in rows]
        yield ("table", model._meta.label), rows


def differences(first, second):
    return sorted(str(key) for key in first.keys() | second.keys() if first.get(key) != second.get(key))


@pytest.fixture
def leaks(observe):
    """Return what differs between the two worlds, seen through some routes."""

    def find(routes=(), **options):
        worlds = (observe(answers, routes=routes, **options) for answers in (first_answers, other_answers))
        return differences(*worlds)

    return find
