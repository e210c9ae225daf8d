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
from collections import defaultdict
from dataclasses import dataclass, field, replace
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
TABLES_OF_SCORES = (Ballot._meta.db_table, Score._meta.db_table)
# What a statement names that reads answers, be they open or sealed.
ANSWERS = (f'"{Score._meta.db_table}"', '"sealed_scores"', '"sealed_comments"')


def first_answers(place, code):
    return (place + len(code)) % 5 + 1


def other_answers(place, code):
    return first_answers(place, code) if place in VISITOR_PLACES else (place * len(code)) % 5 + 1


def answers_of_world(number):
    """Return answers drawn for the world of a number, the same at every run."""

    def answers(place, code):
        if place in VISITOR_PLACES:
            return first_answers(place, code)
        return random.Random(f"{number} {place} {code}").choices(range(1, 6))[0]

    return answers


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
    """Build a world and return all that can be observed of it, by who asks for what.

    With the ``readings`` of an earlier world only that is asked which may answer otherwise than it did there.
    """

    # Celery makes its tasks on their first use, and logs that once for all worlds.
    celery.current_app.finalize(auto=True)

    def observe_world(answers, *, routes=(), states=(), readings=None):
        readings, is_first = readings or Readings(), not (readings and readings.asked)
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
            seen |= dict(left_behind("built", sent_tasks))
            # Last the rounds in other states: lists show the receipt root of a closed one.
            for state in (RoundState.OPEN, *states):
                frozen_chance.seed(f"a round that is {state}")
                asked = world if state == RoundState.OPEN else world_in(state, world, answers)
                seen |= dict(read_records(state))
                if is_first:
                    walk = (
                        fetch_everything(asked, routes)
                        if asked is world
                        else fetch_round(state, asked, routes)
                    )
                else:
                    walk = fetch_again(asked, readings.keys_to_ask(state))
                seen |= dict(readings.of(state, each_by_the_same_chance(frozen_chance, walk)))
            if is_first:
                seen |= dict(left_behind("walked", sent_tasks))
            logging.disable(logging.NOTSET)
            transaction.set_rollback(True)
        return seen

    return observe_world


@dataclass
class Readings:
    """Which statements read the tables of scores for which answers, and what they returned.

    An answer follows from the program, the request and what is read, and all other tables are compared as
    a whole: where the same statements return the same rows the answer is the same, and need not be asked.
    """

    asked: dict = field(default_factory=lambda: defaultdict(set))
    rows: dict = field(default_factory=dict)

    def of(self, state, answered):
        """Pass the answers of a first world on, and note what was read for them."""
        read = []

        def watch(execute, sql, params, many, context):
            if any(table in sql for table in TABLES_OF_SCORES):
                read.append((state, sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watch):
            for key, answer in answered:
                for statement in read:
                    self.asked[statement].add(key)
                read.clear()
                yield key, answer
        for statement in self.asked.keys() - self.rows.keys():
            self.rows[statement] = returned(statement)

    def keys_to_ask(self, state):
        """Return the answers of a state that rest on other rows now."""
        of_state = [statement for statement in self.rows if statement[0] == state]
        changed = [each for each in of_state if not is_plain(each) or returned(each) != self.rows[each]]
        return sorted(set().union(*(self.asked[each] for each in changed)))


def readers_of_answers(readings):
    """Return who was answered, by which request, after answers of an open round were read.

    Whatever is said, the time that it takes may tell how many answers there are, or which.
    """
    reading = [
        (state, sql, params)
        for state, sql, params in readings.asked
        if state == RoundState.OPEN and any(mark in sql for mark in ANSWERS)
    ]
    return set().union(*(readings.asked[statement] for statement in reading))


def is_plain(statement):
    return statement[1].startswith("SELECT")


def returned(statement):
    """Ask the database the same again; whatever writes is no question."""
    if not is_plain(statement):
        return None
    with connection.cursor() as cursor:
        cursor.execute(*statement[1:])
        return cursor.fetchall()


def each_by_the_same_chance(dice, answered):
    """Pass answers on that do not depend on what was asked before them."""
    dice.seed(1984)
    for each in answered:
        yield each
        dice.seed(1984)


def left_behind(when, sent_tasks):
    """Return what went to the broker and into the post, and what is cached."""
    yield from ((("task", when, number), task) for number, task in enumerate(sent_tasks))
    yield from ((("mail", when, n), (each.subject, each.body)) for n, each in enumerate(mail.outbox))
    yield ("cache", when), dict(cache._cache)


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
        # It is shown, and commits to the scores: that it tells nothing of them is what the nonces are for.
        Round.objects.filter(pk=round_.pk).update(receipt_root="a root")
        round_.refresh_from_db()
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
                    yield (
                        (state, visitor, "POST", address),
                        fetch(world, visitor, "POST", address),
                    )


def fetch_again(world, keys):
    """Ask again for what was answered under the keys of an earlier walk."""
    for key in keys:
        answer = fetch(world, *key[-3:])
        about_a_round = len(key) == 4
        yield key, without_hashes(answer) if about_a_round and key[-2] == "GET" else answer


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


def read_records(state):
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
        yield ("table", model._meta.label, state), rows


def differences(first, second):
    return sorted(str(key) for key in first.keys() | second.keys() if first.get(key) != second.get(key))


@pytest.fixture
def leaks(observe):
    """Return what differs between the two worlds, seen through some routes."""

    def find(routes=(), **options):
        worlds = (observe(answers, routes=routes, **options) for answers in (first_answers, other_answers))
        return differences(*worlds)

    return find
