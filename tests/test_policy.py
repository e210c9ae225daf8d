"""Every route x role x method against the policy that is written down here, cell by cell."""

from dataclasses import dataclass
from itertools import product

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from tests.policy import POLICY
from tests.policy.visitors import EXPERTS, VISITORS
from tests.routes import find_routes, without_tokens
from tests.test_language_switch import switch_of
from weighting.permissions import ANYONE, audience

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Noted:
    """What several tests hold against each other of one answer."""

    status: int
    kept: str
    switch: dict[str, str] | None


@pytest.fixture(scope="module")
def asked(world):
    """Return what notes an answer by visitor, method and address; what is noted is not asked again."""
    notes = {}

    def note(visitor, method, address, response=None):
        key = visitor, method, address
        if response is not None or key not in notes:
            notes[key] = noted(world.ask(*key) if response is None else response)
        return notes[key]

    return note


def noted(response):
    content = getattr(response, "content", b"")
    return Noted(
        status=response.status_code,
        kept=response.headers["Cache-Control"],
        switch=switch_of(content.decode()) if b"data-language-switch" in content else None,
    )


def is_refused(response):
    """Whether the answer is the one for what a visitor may not know of."""
    asks_to_sign_in = "/sign-in/?next=" in response.headers.get("Location", "")
    return response.status_code == 404 or asks_to_sign_in


def test_every_route_has_a_policy_and_every_policy_a_route():
    assert sorted(route.name for route in find_routes()) == sorted(POLICY)


def test_every_visitor_of_the_world_has_a_column(world):
    assert sorted(world.visitors) == sorted(VISITORS)


@pytest.mark.parametrize("route", find_routes(), ids=lambda route: route.name)
def test_a_route_answers_those_it_is_for_and_nobody_else(world, asked, route):
    methods, visitors = POLICY[route.name]
    address = world.address_of(route)
    for visitor in VISITORS:
        for method in ("GET", "POST"):
            response = world.ask(visitor, method, address)
            asked(visitor, method, address, response)
            cell = f"{visitor}: {method} {address} -> {response.status_code}"
            assert response.status_code < 500 or route.name == "health", cell
            if method not in methods.split():
                assert is_refused(response) or response.status_code in (403, 405), cell
            else:
                assert is_refused(response) == (visitor not in visitors), cell


@pytest.mark.parametrize("visitor", ["manager", "anonymous"])
def test_every_address_of_the_api_refuses_a_parameter_that_it_does_not_know(world, visitor):
    """By name, before anything is looked up: a misspelt filter would otherwise answer with too much."""
    asked = 0
    for route in find_routes():
        if not route.pattern.startswith("api/") or route.name in ("schema-ui", "indexer:api-unknown"):
            continue
        for method in POLICY[route.name][0].split() or ["GET"]:
            answer = world.ask(visitor, method, world.address_of(route) + "?nonsense=1")
            if answer.status_code == 404 and visitor == "anonymous":
                continue
            asked += 1
            # The document itself complains as it speaks, in YAML.
            named = ["nonsense"] if b"nonsense:" in answer.content else list(answer.json())
            assert (answer.status_code, named) == (400, ["nonsense"]), route.name
    assert asked > 15


def test_what_is_not_found_under_the_api_is_said_in_json(world):
    """Also where no view answers: to those a route is not for, and for what no route takes."""
    for address in ("/api/v1/imports/", "/api/v1/runs/%0A/", "/api/v2/"):
        answer = world.ask("anonymous", "GET", address)
        assert (answer.status_code, list(answer.json())) == (404, ["detail"]), address


def test_an_answer_that_does_not_say_who_may_keep_it_is_kept_by_nobody(world, asked):
    """Much depends on who asks: a proxy in between must not hand it to the next."""
    addresses = ["/", "/nothing/", "/api/v1/runs/", "/sign-in/?next=/", "/api/v1/nothing/"]
    addresses += [world.address_of(route) for route in find_routes() if "<pk>" not in route.pattern]
    for address in addresses:
        kept = asked("manager", "GET", address).kept
        assert "public" in kept or "private" in kept, (address, kept)


def test_a_stranger_is_sent_to_sign_in_where_signing_in_would_help(world):
    response = world.ask("anonymous", "GET", "/rounds/")

    assert response.headers["Location"] == "/sign-in/?next=/rounds/"


def test_somebody_elses_round_looks_like_no_round(world):
    pages = []
    for pk in (world.round.pk, world.round.pk + 1000):
        address = f"/rounds/{pk}/"
        response = world.ask("other manager", "GET", address)
        assert response.status_code == 404
        # The page says where it is: the language switch leads back to it.
        pages.append(without_tokens(response.content).replace(address.encode(), b""))

    assert pages[0] == pages[1]


def test_an_expert_sees_the_own_ballot_and_no_other(world):
    own, other = (world.ask(visitor, "GET", "/ballot/").content.decode() for visitor in sorted(EXPERTS))

    assert own.count(" checked") == 6
    assert other.count(" checked") == 0


def test_a_closed_account_and_a_removed_expert_reach_nothing(world):
    point = transaction.savepoint()
    type(world.invitation).objects.filter(pk=world.invitation.pk).update(removed=True)
    type(world.manager).objects.filter(pk=world.manager.pk).update(is_active=False)

    answers = [world.ask("expert", "GET", "/ballot/"), world.ask("manager", "GET", "/rounds/")]

    transaction.savepoint_rollback(point)
    assert all(is_refused(answer) for answer in answers)


# Positive controls: a route that nobody declared.
def forgotten(request):
    return HttpResponse("open to all")


@audience(ANYONE)
def declared(request):
    return HttpResponse("open to all")


urlpatterns = [
    path("", include("config.urls")),
    path("forgotten/", forgotten, name="forgotten"),
    path("declared/", declared, name="declared"),
]


def test_a_new_route_without_a_policy_is_found():
    planted = {route.name for route in find_routes(__name__)} - set(POLICY)

    assert planted == {"forgotten", "declared"}


@override_settings(ROOT_URLCONF=__name__)
def test_a_route_without_an_audience_answers_nobody(world):
    assert world.ask("administrator", "GET", "/declared/").status_code == 200
    for visitor in VISITORS:
        assert world.ask(visitor, "GET", "/forgotten/").status_code == 404


@pytest.mark.parametrize("visitor", ["administrator", "manager", "expert", "anonymous"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_page_comes_back_in_the_other_language(world, asked, visitor, method):
    """The language switch leads back to what is in view: never to an address that takes no GET."""
    pages = 0
    for route in find_routes():
        if route.name.startswith("admin:"):
            continue
        answer = asked(visitor, method, world.address_of(route))
        if answer.switch is None:
            continue
        pages += 1
        if "next" in answer.switch:
            back = asked(visitor, "GET", answer.switch["next"]).status
            assert back != 405, (route.name, answer.switch["next"])
            assert back in (200, 302, answer.status), (route.name, answer.switch["next"])
    assert pages >= 2


def test_no_method_breaks_any_address(world):
    """What no page takes is refused by each of them, also where a page of a library answers."""
    broken = []
    for route in find_routes():
        address = world.address_of(route)
        for visitor, method in product(
            ("anonymous", "manager"), ("OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")
        ):
            status = world.ask(visitor, method, address).status_code
            if status >= 500 and route.name != "health":
                broken.append((visitor, method, address, status))

    assert broken == []


def test_head_answers_wherever_get_does_and_sends_nothing(world, asked):
    """Link checkers and mail scanners ask so; what a HEAD says of a page is what GET would say."""
    differing = []
    for route in find_routes():
        if "GET" not in POLICY.get(route.name, ("", ()))[0].split() or route.name == "health":
            continue
        address = world.address_of(route)
        for visitor in ("anonymous", "manager", "expert"):
            status = asked(visitor, "GET", address).status
            head = world.ask(visitor, "HEAD", address)
            if (status, b"") != (head.status_code, head.getvalue()):
                differing.append((visitor, address, status, head.status_code))

    assert differing == []
