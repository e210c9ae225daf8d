"""Every route x role x method against the policy that is written down here, cell by cell."""

import logging

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path

from tests.routes import find_routes, make_world, without_tokens
from weighting.permissions import ANYONE, audience

pytestmark = pytest.mark.django_db

EXPERTS = {"expert", "other expert"}
OWNER = {"manager", "administrator"}
MANAGERS = OWNER | {"other manager"}
STAFF = MANAGERS | {"analyst"}
ADMINISTRATOR = {"administrator"}
ANYBODY = STAFF | EXPERTS | {"anonymous"}

# Who may reach what, when nothing is published and the round belongs to the first manager.
POLICY = {
    "home": ("GET", ANYBODY),
    # A draft is found by nobody under its address.
    "indexer:public-index": ("", ANYBODY),
    "indexer:public-edition": ("", ANYBODY),
    "indexer:public-citation": ("", ANYBODY),
    "indexer:public-sitemap": ("GET", ANYBODY),
    "indexer:publishing-list": ("GET", MANAGERS),
    "indexer:publishing-new": ("GET POST", MANAGERS),
    "indexer:publishing-detail": ("GET", OWNER),
    "indexer:publishing-describe": ("GET POST", OWNER),
    # Without a run there is nothing to publish or to preview, nor an edition to take back.
    "indexer:publishing-publish": ("", MANAGERS),
    "indexer:publishing-preview": ("", MANAGERS),
    "indexer:publishing-take-back": ("", MANAGERS),
    "health": ("GET", ANYBODY),
    "live": ("GET", ANYBODY),
    "ready": ("GET", ANYBODY),
    "set_language": ("GET POST", ANYBODY),
    "components": ("GET", MANAGERS),
    "schema": ("GET", ANYBODY),
    "schema-ui": ("GET", ANYBODY),
    "weighting:receive-link": ("GET", ANYBODY),
    "weighting:sign-in": ("GET POST", ANYBODY),
    "weighting:sign-out": ("POST", ANYBODY),
    "weighting:ballot": ("GET POST", EXPERTS),
    "weighting:ballot-item-save": ("POST", EXPERTS),
    "weighting:ballot-review": ("GET", EXPERTS),
    "weighting:ballot-seal": ("POST", EXPERTS),
    "weighting:ballot-comment-save": ("POST", EXPERTS),
    "weighting:ballot-terms": ("GET POST", EXPERTS),
    "weighting:ballot-withdraw": ("GET POST", EXPERTS),
    "weighting:receipts": ("GET", EXPERTS),
    "weighting:round-receipts": ("GET", OWNER),
    "weighting:enter-code": ("GET POST", ANYBODY),
    "weighting:enter-key": ("POST", ANYBODY),
    "weighting:begin-anew": ("GET POST", ANYBODY),
    # Nobody holds a one-time link in this world.
    "weighting:join": ("", ANYBODY),
    "weighting:not-me": ("POST", ANYBODY),
    "weighting:ballot-key-picture": ("GET", EXPERTS),
    "weighting:ballot-earlier-key": ("POST", EXPERTS),
    "weighting:ballot-receipt": ("GET", EXPERTS),
    "weighting:ballot-receipt-download": ("GET", EXPERTS),
    "weighting:round-list": ("GET", MANAGERS),
    "weighting:round-new": ("GET POST", MANAGERS),
    "weighting:round-detail": ("GET", OWNER),
    "weighting:round-revise": ("GET POST", OWNER),
    "weighting:round-ready": ("POST", OWNER),
    "weighting:round-open": ("POST", OWNER),
    "weighting:round-extend": ("GET POST", OWNER),
    "weighting:round-close": ("GET POST", OWNER),
    "weighting:round-aggregate": ("POST", OWNER),
    "weighting:round-void": ("GET POST", OWNER),
    "weighting:round-links": ("GET POST", OWNER),
    "weighting:round-expert-add": ("GET POST", OWNER),
    "weighting:round-end-series": ("GET POST", OWNER),
    "weighting:token-list": ("GET POST", STAFF),
    # The world has no token: that of somebody else is never found either.
    "weighting:token-revoke": ("", STAFF),
    "account_login": ("GET POST", ANYBODY),
    "account_inactive": ("GET", ANYBODY),
    # Without a sign-in that waits for it the page leads to the first step.
    "mfa_authenticate": ("GET POST", ANYBODY),
    # Nothing is set up elsewhere in this world.
    "openid_connect_login": ("", ANYBODY),
    "openid_connect_callback": ("", ANYBODY),
    "socialaccount_login_cancelled": ("GET", ANYBODY),
    "weighting:confirm-elsewhere": ("", STAFF),
    "account_change_password": ("GET POST", STAFF),
    "account_set_password": ("GET POST", STAFF),
    "account_reauthenticate": ("GET POST", STAFF),
    "mfa_reauthenticate": ("GET POST", STAFF),
    "mfa_reauthenticate_webauthn": ("GET POST", STAFF),
    "mfa_index": ("GET", STAFF),
    "mfa_activate_totp": ("GET POST", STAFF),
    # Nobody in the world has a second factor.
    "mfa_deactivate_totp": ("", STAFF),
    "mfa_list_webauthn": ("GET POST", STAFF),
    "mfa_add_webauthn": ("GET POST", STAFF),
    "mfa_remove_webauthn": ("", STAFF),
    "mfa_view_recovery_codes": ("", STAFF),
    "mfa_generate_recovery_codes": ("GET POST", STAFF),
    "mfa_download_recovery_codes": ("", STAFF),
    "weighting:forgotten-password": ("GET POST", ANYBODY),
    "weighting:new-password": ("", ANYBODY),
    "weighting:own-account": ("GET POST", STAFF),
    "weighting:session-list": ("GET", STAFF),
    "weighting:session-end": ("", STAFF),
    "weighting:session-end-others": ("POST", STAFF),
    "weighting:person-password": ("GET POST", ADMINISTRATOR),
    "weighting:person-second-factor": ("GET POST", ADMINISTRATOR),
    "weighting:people": ("GET", ADMINISTRATOR),
    "weighting:person-invite": ("GET POST", ADMINISTRATOR),
    # The world has no invitation that waits.
    "weighting:invite-withdraw": ("", ADMINISTRATOR),
    "weighting:person-detail": ("GET", ADMINISTRATOR),
    "weighting:person-role": ("GET POST", ADMINISTRATOR),
    "weighting:person-close": ("GET POST", ADMINISTRATOR),
    "weighting:person-open": ("GET POST", ADMINISTRATOR),
    "weighting:audit": ("GET", MANAGERS),
    "weighting:audit-export": ("GET", MANAGERS),
    "weighting:round-notes": ("GET POST", OWNER),
    "weighting:round-mail": ("GET POST", OWNER),
    "weighting:round-mail-text": ("GET POST", OWNER),
    "weighting:round-mail-test": ("POST", OWNER),
    "weighting:round-remind": ("GET POST", OWNER),
    "weighting:round-reminders": ("GET POST", OWNER),
    "weighting:round-reminder-cancel": ("", OWNER),
    "weighting:round-sheet": ("GET", OWNER),
    "weighting:invitation-detail": ("GET", OWNER),
    **{
        f"weighting:invitation-{act}": ("GET POST", OWNER) for act in ("address", "revoke", "remove", "sheet")
    },
    # The world's round is open: it has no statistics for anybody.
    "weighting:round-statistics": ("", OWNER),
    "weighting:round-statistics-export": ("", OWNER),
    "weighting:round-statistics-picture": ("", OWNER),
    "weighting:round-report": ("", OWNER),
    "weighting:invitation-link": ("POST", OWNER),
    "weighting:framework-list": ("GET", ANYBODY),
    "weighting:framework-import": ("GET POST", MANAGERS),
    "weighting:framework-detail": ("GET", STAFF),
    "weighting:framework-file": ("GET", STAFF),
    "weighting:framework-publish": ("POST", OWNER),
    "weighting:panel-list": ("GET", MANAGERS),
    "weighting:panel-import": ("GET POST", MANAGERS),
    "weighting:panel-detail": ("GET", OWNER),
    "weighting:version-list": ("GET", ANYBODY),
    "weighting:version-new": ("GET POST", MANAGERS),
    "weighting:version-pool": ("GET POST", MANAGERS),
    "weighting:version-implied": ("GET POST", MANAGERS),
    "weighting:version-edit": ("GET POST", OWNER),
    "weighting:version-describe": ("GET POST", OWNER),
    # The world's draft was not fitted to anything.
    "weighting:version-fit": ("", OWNER),
    "weighting:version-detail": ("GET", OWNER),
    "weighting:version-manifest": ("GET", STAFF),
    "weighting:version-export": ("GET", OWNER),
    "weighting:version-correct": ("GET POST", OWNER),
    "weighting:version-freeze": ("GET POST", OWNER),
    "weighting:version-publish": ("GET POST", OWNER),
    "weighting:version-retire": ("GET POST", OWNER),
    "weighting:api-framework-list": ("GET", ANYBODY),
    "weighting:api-framework": ("GET", STAFF),
    "weighting:api-round-list": ("GET", ANYBODY),
    "weighting:api-round": ("GET", OWNER),
    "weighting:api-round-statistics": ("", OWNER),
    "weighting:api-version-list": ("GET", ANYBODY),
    "weighting:api-version": ("GET", STAFF),
    "weighting:api-version-heads": ("GET", ANYBODY),
    # Without versions it answers 400, with what to give.
    "weighting:api-version-compare": ("GET", ANYBODY),
    "weighting:api-version-manifest": ("GET", STAFF),
    "weighting:version-compare": ("GET", ANYBODY),
    "indexer:comparison": ("GET", ANYBODY),
    "indexer:run-list": ("GET", ANYBODY),
    "indexer:run-progress": ("GET", ANYBODY),
    "indexer:run-detail": ("GET", STAFF),
    "indexer:run-export": ("GET", STAFF),
    "indexer:run-city": ("GET", STAFF),
    "indexer:run-city-export": ("GET", STAFF),
    "indexer:run-city-picture": ("GET", STAFF),
    "indexer:run-leads": ("GET", STAFF),
    "indexer:run-leads-export": ("GET", STAFF),
    "indexer:run-tops": ("GET", STAFF),
    "indexer:run-tops-export": ("GET", STAFF),
    "indexer:run-fragility": ("GET", STAFF),
    "indexer:run-fragility-export": ("GET", STAFF),
    "indexer:api-run-city": ("GET", STAFF),
    "indexer:api-run-leads": ("GET", STAFF),
    # Without runs they answer 400, with what to give.
    "indexer:api-comparison": ("GET", ANYBODY),
    "indexer:api-comparison-cities": ("GET", ANYBODY),
    "indexer:api-city-change": ("GET", ANYBODY),
    "indexer:run-package": ("GET", STAFF),
    "indexer:run-pair": ("GET", STAFF),
    # Without two cities there is nothing to save, and the API says what to give.
    "indexer:run-pair-export": ("", STAFF),
    "indexer:api-run-pair": ("GET", STAFF),
    "indexer:api-run-critical": ("GET", STAFF),
    "indexer:run-what-if": ("GET POST", STAFF),
    "indexer:run-what-if-data": ("GET", STAFF),
    "indexer:run-what-if-export": ("GET", STAFF),
    "indexer:run-what-if-draft": ("POST", MANAGERS),
    "indexer:api-run-what-if": ("GET", STAFF),
    "indexer:run-map": ("GET", STAFF),
    "indexer:run-map-export": ("GET", STAFF),
    "indexer:api-run-map": ("GET", STAFF),
    "indexer:run-series": ("GET", STAFF),
    "indexer:run-series-export": ("GET", STAFF),
    "indexer:series-import": ("GET POST", STAFF),
    "indexer:series-publish": ("GET POST", OWNER),
    "indexer:series-describe": ("GET POST", OWNER),
    "indexer:series-remove": ("GET POST", OWNER),
    "indexer:api-series-list": ("GET", ANYBODY),
    "indexer:api-series": ("GET", STAFF),
    # Without a series it answers 400, with what to give.
    "indexer:api-run-series": ("GET", STAFF),
    "indexer:run-concentration": ("GET", STAFF),
    "indexer:run-concentration-export": ("GET", STAFF),
    "indexer:api-run-concentration": ("GET", STAFF),
    "indexer:run-coherence": ("GET", STAFF),
    "indexer:run-coherence-export": ("GET", STAFF),
    "indexer:api-run-audit": ("GET", STAFF),
    "indexer:run-nodes-pair": ("GET", STAFF),
    "indexer:run-nodes-pair-export": ("GET", STAFF),
    "indexer:run-distribution": ("GET", STAFF),
    "indexer:run-picture": ("GET", STAFF),
    "indexer:run-report": ("GET", STAFF),
    "indexer:run-audit-report": ("GET", STAFF),
    "indexer:run-audit-pdf": ("GET", STAFF),
    "indexer:run-audit-paragraph": ("GET POST", STAFF),
    "indexer:comparison-report": ("GET", ANYBODY),
    "indexer:run-retry": ("POST", STAFF),
    "indexer:run-studies": ("GET POST", STAFF),
    "indexer:study-list": ("GET", ANYBODY),
    # The world's study waits: it has no figures yet.
    "indexer:study-detail": ("GET", STAFF),
    "indexer:study-progress": ("GET", STAFF),
    "indexer:study-cancel": ("POST", STAFF),
    "indexer:study-retry": ("POST", STAFF),
    "indexer:study-export": ("", STAFF),
    "indexer:study-archive": ("", STAFF),
    "indexer:study-picture": ("", STAFF),
    "indexer:run-cancel": ("POST", STAFF),
    "indexer:api-run-cancel": ("POST", STAFF),
    "indexer:api-run-retry": ("POST", STAFF),
    "indexer:api-data-set-progress": ("GET", STAFF),
    "indexer:api-run-studies": ("POST", STAFF),
    "indexer:api-study-list": ("GET", ANYBODY),
    "indexer:api-study": ("GET", STAFF),
    "indexer:api-study-cancel": ("POST", STAFF),
    "indexer:api-study-retry": ("POST", STAFF),
    "indexer:api-study-cities": ("", STAFF),
    "indexer:api-study-histogram": ("", STAFF),
    "indexer:api-study-cases": ("", STAFF),
    "indexer:api-study-pair": ("GET", STAFF),
    "indexer:data-set-list": ("GET", ANYBODY),
    "indexer:data-set-import": ("GET POST", STAFF),
    "indexer:register-list": ("GET", ANYBODY),
    "indexer:register-detail": ("GET", ANYBODY),
    "indexer:register-import": ("GET POST", STAFF),
    "indexer:api-register-list": ("GET", ANYBODY),
    "indexer:api-register": ("GET", ANYBODY),
    "indexer:api-register-cities": ("GET", ANYBODY),
    "indexer:api-import-list": ("GET POST", STAFF),
    "indexer:api-import": ("GET PATCH DELETE", OWNER),
    "indexer:api-import-store": ("POST", OWNER),
    "indexer:api-import-store-years": ("POST", OWNER),
    "indexer:import-mapping": ("GET POST", OWNER),
    "indexer:import-check": ("GET POST", OWNER),
    "indexer:import-report": ("GET", OWNER),
    "indexer:import-terms": ("GET POST", OWNER),
    "indexer:import-unit": ("GET POST", OWNER),
    "indexer:import-store": ("POST", OWNER),
    "indexer:import-discard": ("POST", OWNER),
    "indexer:data-set-mapping": ("GET", STAFF),
    "indexer:data-set-detail": ("GET", STAFF),
    "indexer:data-set-propose": ("GET POST", MANAGERS),
    "indexer:data-set-publish": ("GET POST", OWNER),
    "indexer:api-data-set-list": ("GET", ANYBODY),
    "indexer:api-data-set": ("GET", STAFF),
    "indexer:api-run-list": ("GET", ANYBODY),
    "indexer:api-run": ("GET", STAFF),
    "indexer:api-ranking": ("GET", STAFF),
    "admin:index": ("GET POST", ADMINISTRATOR),
    "admin:login": ("GET POST", ADMINISTRATOR),
    "admin:logout": ("POST", ADMINISTRATOR),
    "admin:password_change": ("GET POST", ADMINISTRATOR),
    "admin:password_change_done": ("GET", ADMINISTRATOR),
    "admin:autocomplete": ("GET", ADMINISTRATOR),
    "admin:jsi18n": ("GET", ADMINISTRATOR),
    "admin:app_list": ("GET POST", ADMINISTRATOR),
    **{
        f"admin:{address.format(name)}": ("GET POST", ADMINISTRATOR)
        for name in ("accessattempt", "accesslog", "accessfailurelog")
        for address in (
            *(f"axes_{{}}_{act}" for act in ("changelist", "add", "history", "delete", "change")),
            "admin/axes/{}/<path:object_id>/",
        )
    },
    # Nobody is answered here in this world: there is nothing to show.
    "admin:view_on_site": ("", ADMINISTRATOR),
    "admin:admin/(?P<url>.*)$": ("", ADMINISTRATOR),
    "weighting:confirm-link": ("GET POST", STAFF | EXPERTS),
    "weighting:version-compare-export": ("", ANYBODY),
    "weighting:version-compare-picture": ("", ANYBODY),
    "indexer:run-places": ("GET", STAFF),
    "indexer:run-places-export": ("GET", STAFF),
    "indexer:api-run-places": ("GET", STAFF),
    "indexer:api-run-node-ranking": ("GET", STAFF),
    "indexer:api-run-preparation": ("GET", STAFF),
    "indexer:index-list": ("GET", ANYBODY),
    "indexer:index-detail": ("GET", STAFF),
    "indexer:index-export": ("GET", STAFF),
    "indexer:index-picture": ("GET", STAFF),
    "indexer:index-withdraw": ("GET POST", OWNER),
    "indexer:framework-index-new": ("GET POST", OWNER),
    "indexer:api-index-list": ("GET", ANYBODY),
    "indexer:api-index": ("GET", STAFF),
    "indexer:api-index-ranking": ("GET", STAFF),
    "indexer:data-set-compute": ("GET POST", STAFF),
    "indexer:data-set-method-table": ("GET POST", STAFF),
    "indexer:framework-method": ("GET POST", MANAGERS),
    "indexer:api-data-set-runs": ("POST", STAFF),
    "indexer:comparison-export": ("", ANYBODY),
    "indexer:comparison-pairs": ("", ANYBODY),
    "indexer:comparison-picture": ("", ANYBODY),
    # One run has no other to be compared with: the page says so, the files are not there.
    "indexer:city-change": ("GET", ANYBODY),
    "indexer:city-change-export": ("", ANYBODY),
    "indexer:city-change-picture": ("", ANYBODY),
    "indexer:api-unknown": ("", ANYBODY),
    "upkeep:examination": ("GET", ADMINISTRATOR),
    "upkeep:metrics": ("GET", ADMINISTRATOR),
    "upkeep:jobs": ("GET", ADMINISTRATOR),
    "upkeep:jobs-act": ("POST", ADMINISTRATOR),
    "upkeep:disk": ("GET", ADMINISTRATOR),
    "upkeep:disk-prune": ("POST", ADMINISTRATOR),
}
VISITORS = ["anonymous", "expert", "other expert", "manager", "other manager", "analyst", "administrator"]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """One world for the whole file: every request is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        logging.disable(logging.ERROR)
        yield make_world()
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


def is_refused(response):
    """Whether the answer is the one for what a visitor may not know of."""
    asks_to_sign_in = "/sign-in/?next=" in response.headers.get("Location", "")
    return response.status_code == 404 or asks_to_sign_in


def test_every_route_has_a_policy_and_every_policy_a_route():
    assert sorted(route.name for route in find_routes()) == sorted(POLICY)


def test_every_visitor_of_the_world_has_a_column(world):
    assert sorted(world.visitors) == sorted(VISITORS)


@pytest.mark.parametrize("route", find_routes(), ids=lambda route: route.name)
def test_a_route_answers_those_it_is_for_and_nobody_else(world, route):
    methods, visitors = POLICY[route.name]
    address = world.address_of(route)
    for visitor in VISITORS:
        for method in ("GET", "POST"):
            response = world.ask(visitor, method, address)
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


def test_an_answer_that_does_not_say_who_may_keep_it_is_kept_by_nobody(world):
    """Much depends on who asks: a proxy in between must not hand it to the next."""
    addresses = ["/", "/nothing/", "/api/v1/runs/", "/sign-in/?next=/", "/api/v1/nothing/"]
    addresses += [world.address_of(route) for route in find_routes() if "<pk>" not in route.pattern]
    for address in addresses:
        kept = world.ask("manager", "GET", address).headers["Cache-Control"]
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


def test_head_answers_wherever_get_does_and_sends_nothing(world):
    """Link checkers and mail scanners ask so; what a HEAD says of a page is what GET would say."""
    differing = []
    for route in find_routes():
        if "GET" not in POLICY.get(route.name, ("", ()))[0].split() or route.name == "health":
            continue
        address = world.address_of(route)
        for visitor in ("anonymous", "manager", "expert"):
            got, head = (world.ask(visitor, method, address) for method in ("GET", "HEAD"))
            if (got.status_code, b"") != (head.status_code, head.getvalue()):
                differing.append((visitor, address, got.status_code, head.status_code))

    assert differing == []
