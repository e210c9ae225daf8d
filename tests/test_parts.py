"""Which answers are a part of a page, and that nobody else is given one: every route is walked."""

import pytest
from django.db import transaction

from indexer.services.runs import compute_waiting_runs
from indexer.services.studies import count_waiting_parts
from tests.factories import make_account, sign_in_staff
from tests.indexer.factories import make_version
from tests.routes import OF_THE_MACHINE, find_routes, without_tokens
from weighting.enums import Role

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true", "HX-Target": "results"}
RESTORED = {**PART, "HX-History-Restore-Request": "true"}
ELSEWHERE = {"HX-Request": "true", "HX-Target": "main"}
# A new secret each time.
NEVER_ALIKE = {"mfa_activate_totp", "mfa_add_webauthn"}
# Pages with a table that is filtered, sorted and paged in place.
IN_PARTS = {
    "indexer:comparison",
    "indexer:data-set-method-table",
    "indexer:index-detail",
    "indexer:run-detail",
    "indexer:run-fragility",
    "indexer:run-trend",
    "indexer:run-what-if",
    "indexer:study-detail",
}


@pytest.fixture(scope="module")
def world(world):
    count_waiting_parts(world.study.pk)
    make_version(world.framework, tilt=2, actor=world.manager)
    compute_waiting_runs(world.data_set.pk)
    return world


def pages(world, client):
    """Yield each route that answers a page, with its address and that page; progress never is one."""
    for route in find_routes():
        if route.name in NEVER_ALIKE:
            continue
        address = world.address_of(route)
        with transaction.atomic():
            answer = client.get(address)
            transaction.set_rollback(True)
        if answer.status_code == 200 and not answer.streaming and b"<html" in answer.content:
            yield route, address, answer


def is_again(whole, answer, route):
    """Whether an answer is that page again; what a page says of the machine may be another figure by now."""
    if route.name in OF_THE_MACHINE:
        return b"<html" in answer.content
    return without_tokens(answer.content) == without_tokens(whole.content)


@pytest.fixture
def client(world, client):
    return sign_in_staff(client, make_account(Role.ADMINISTRATOR, is_staff=True, is_superuser=True))


def test_what_is_restored_from_history_is_the_whole_page(world, client):
    seen = 0
    for route, address, whole in pages(world, client):
        for headers in (RESTORED, ELSEWHERE):
            answer = client.get(address, headers=headers)
            assert is_again(whole, answer, route), (route.name, headers)
        seen += 1
    assert seen > 50


def test_a_part_is_answered_by_the_pages_with_a_table_alone(world, client):
    found = set()
    for route, address, whole in pages(world, client):
        answer = client.get(address, headers=PART)
        if is_again(whole, answer, route):
            continue
        found.add(route.name)
        assert b"<html" not in answer.content, route.name
        kept = "no-store" not in answer.headers["Cache-Control"]
        for one in (answer, whole):
            assert not kept or {*PART, "HX-History-Restore-Request"} <= set(one.headers["Vary"].split(", "))
        assert answer.headers.get("ETag") != whole.headers.get("ETag") or not kept, route.name
    assert found == IN_PARTS
