"""Whatever a page is sent, behind the question mark of its address or in a form: nothing breaks."""

from contextlib import contextmanager

import pytest
from django.http import QueryDict
from django.urls import reverse

from tests.routes import OF_THE_MACHINE, find_routes
from tests.test_api_bodies import IN_ADDRESSES, shortened

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

PAGES = [
    route
    for route in find_routes()
    if not route.pattern.startswith(("api/", "admin/")) and route.name not in OF_THE_MACHINE
]
VALUES = [*IN_ADDRESSES, "[" * 100_000, '{"id": 1}', "-1" * 20, "../../etc/passwd", "' OR 1=1 --"]
# Each page has some of them in all its fields at once, and each field another one by itself.
STEP = 5
# The pages are asked in parts, for each of which one process is busy for seconds.
PARTS = 8
WAYS = ("__getitem__", "__contains__", "get", "getlist")


@contextmanager
def names_looked_up():
    """Collect the names that are looked up in what was sent, whoever does so."""
    names, kept = set(), {way: getattr(QueryDict, way) for way in WAYS}

    def noting(way):
        def look(self, name, *default, **named):
            names.add(name)
            return kept[way](self, name, *default, **named)

        return look

    with pytest.MonkeyPatch.context() as patch:
        for way in WAYS:
            patch.setattr(QueryDict, way, noting(way))
        yield names


@pytest.fixture
def ask(world):
    """Return what asks as the manager and gives the status."""
    world.visitors["manager"].raise_request_exception = False

    def ask(method, address, said=()):
        answer = world.ask("manager", method, address, dict(said))
        b"".join(answer.streaming_content if answer.streaming else ())
        return answer.status_code

    return ask


def tries_of(names, turn):
    """What a page is sent: names of what it looks up, and what stands in them."""
    for value in VALUES[turn % STEP :: STEP]:
        yield dict.fromkeys(names, value)
    for place, name in enumerate(sorted(names)):
        yield {name: VALUES[(turn + place) % len(VALUES)]}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("method", "fewest"), [("get", 5), ("post", 10)])
def test_nothing_that_is_sent_breaks_a_page(world, ask, method, fewest, part):
    broken, known = [], set()
    for turn in range(part, len(PAGES), PARTS):
        route = PAGES[turn]
        address = world.address_of(route)
        with names_looked_up() as names:
            status = ask(method, address)
            # Some are looked up where others are given alone.
            if status not in (302, 404, 405):
                ask(method, address, dict.fromkeys(names, 1))
        if status in (302, 404, 405):
            continue
        known |= names
        for said in tries_of(names, turn):
            status = ask(method, address, said)
            if status >= 500:
                broken.append((route.name, shortened(str(said)), status))

    assert not broken, broken
    # Else nothing was read at all.
    assert len(known) > fewest


def test_nothing_that_is_sent_for_a_passkey_breaks_its_pages(ask):
    bodies = [*VALUES, '{"rawId": "a", "response": {"attestationObject": "", "clientDataJSON": 1}}', "[1]"]
    statuses = {
        ask("post", reverse(name), {"credential": text, "name": "x"})
        for name in ("mfa_add_webauthn", "mfa_reauthenticate_webauthn", "mfa_authenticate")
        for text in bodies
    }

    assert statuses <= {200, 302, 422}
