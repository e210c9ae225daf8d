"""Positive controls of the swap test: each planted leak must be found, where it was planted."""

import hashlib
import logging
import re

import pytest
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.db.models import Avg, Case, Value, When
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import include, path

import tests.factories
from tests.factories import ballot_of
from tests.observation import (
    Readings,
    answers_of_world,
    differences,
    first_answers,
    other_answers,
    readers_of_answers,
)
from tests.routes import find_routes
from weighting.enums import RoundState
from weighting.models import Round, Score
from weighting.permissions import MANAGERS, audience
from weighting.selectors import rounds as selectors
from weighting.services.audit import record_act
from weighting.tasks import close_due_rounds
from weighting.views import rounds as views

pytest_plugins = ["tests.observation"]
pytestmark = pytest.mark.django_db


def mean_score(**narrower):
    return Score.objects.filter(**narrower).aggregate(mean=Avg("value"))["mean"] or 0


def scores_in_order():
    return Score.objects.order_by("ballot_id", "indicator_id").values_list("value", flat=True)


# Views that say nothing in words and still tell; in this file alone they are part of the product.
def etag(_request):
    return HttpResponse("nothing", headers={"ETag": f'"{hash(tuple(scores_in_order()))}"'})


def last_modified(_request):
    return HttpResponse("nothing", headers={"Last-Modified": str(mean_score())})


def length(_request):
    return HttpResponse(" " * int(mean_score() * 100))


def cookie(_request):
    response = HttpResponse("nothing")
    response.set_cookie("last", str(mean_score()))
    return response


def status(_request):
    return HttpResponse("nothing", status=200 + Score.objects.filter(value=5).count())


def export(_request):
    return StreamingHttpResponse(iter(f"{value}\n" for value in scores_in_order()), content_type="text/csv")


def filter_oracle(request):
    """Answers the same to everybody, unless a filter is asked for."""
    wanted = request.GET.get("value")
    return HttpResponse(str(Score.objects.filter(value=wanted).count()) if wanted else "nothing")


def unkeyed_hash(_request):
    """A commitment without a nonce: 13 items have only 5^13 answers."""
    return HttpResponse(hashlib.sha256(bytes(scores_in_order())).hexdigest())


def cached(_request):
    cache.set("mean", mean_score())
    return HttpResponse("nothing")


def mailed(_request):
    mail.send_mail("How it goes", f"So far {mean_score():.2f}", None, ["owner@staff.example"])
    return HttpResponse("nothing")


def queued(_request):
    close_due_rounds.delay(mean_score())
    return HttpResponse("nothing")


def repeated_to_experts(_request):
    return HttpResponse(str(mean_score()))


def slow(_request):
    """Says nothing by any byte, and takes the longer the more answers there are."""
    sorted(scores_in_order())
    return HttpResponse("nothing")


SILENT = [etag, last_modified, length, cookie, status, export, filter_oracle, unkeyed_hash]
BESIDE = {cached: "('cache'", mailed: "('mail'", queued: "('task'"}
urlpatterns = [
    path("", include("config.urls")),
    *(
        path(f"planted/{v.__name__}/", audience(MANAGERS)(v), name=v.__name__)
        for v in [*SILENT, *BESIDE, slow]
    ),
]


def routes_named(*beginnings, urlconf=None):
    return [route for route in find_routes(urlconf) if route.name.startswith(beginnings)]


def is_on_a_round_of(visitor, found):
    return any(re.search(rf"'{visitor}', 'GET', '/rounds/\d+/'", key) for key in found)


def test_silent_channels_are_found_each_where_it_is(leaks, settings):
    settings.ROOT_URLCONF = __name__
    found = leaks(routes_named(*(view.__name__ for view in SILENT), urlconf=__name__))

    for view in SILENT:
        for visitor in ("manager", "other manager", "administrator"):
            assert any(f"('{visitor}', 'GET', '/planted/{view.__name__}/" in key for key in found), view
    assert not any(visitor in key for key in found for visitor in ("'anonymous'", "expert'", "'analyst'"))
    assert "('manager', 'GET', '/planted/filter_oracle/')" not in found, "the oracle answers questions alone"


def test_asking_again_only_what_reads_scores_finds_what_asking_for_everything_finds(observe, settings):
    settings.ROOT_URLCONF = __name__
    routes = routes_named(*(view.__name__ for view in SILENT), urlconf=__name__)
    first = observe(first_answers, routes=routes, readings=(readings := Readings()))
    again = observe(other_answers, readings=readings)

    found = differences({key: first.get(key) for key in again}, again)
    assert found == differences(first, observe(other_answers, routes=routes))
    assert len(found) > len(SILENT)


def test_an_answer_that_tells_by_its_time_alone_is_found(observe, settings):
    settings.ROOT_URLCONF = __name__
    routes = routes_named("slow", urlconf=__name__)
    first = observe(first_answers, routes=routes, readings=(readings := Readings()))

    assert differences(first, observe(other_answers, routes=routes)) == []
    found = {visitor for visitor, _method, address in readers_of_answers(readings) if "slow" in address}
    assert found == {"manager", "other manager", "administrator"}


def test_a_leak_that_one_pair_of_worlds_does_not_show_is_found_in_further_ones(observe, monkeypatch):
    def title(round_):
        liked = Score.objects.filter(indicator__code="infra", value=5).exists()
        return f"{round_.title_en}{' (liked)' if liked else ''}"

    monkeypatch.setattr(Round, "title", property(title))
    routes = routes_named("weighting:round-detail")
    first = observe(first_answers, routes=routes, readings=(readings := Readings()))
    further = [observe(answers_of_world(number), readings=readings) for number in range(4)]

    assert differences(first, observe(other_answers, routes=routes)) == []
    found = [differences({key: first.get(key) for key in world}, world) for world in further]
    assert any(is_on_a_round_of("manager", each) for each in found)
    assert [] in found, "nobody liked it so much in some of them"


@pytest.mark.parametrize("view", BESIDE, ids=lambda view: view.__name__)
def test_what_is_sent_or_kept_beside_an_answer_is_found(leaks, settings, view):
    settings.ROOT_URLCONF = __name__
    found = leaks(routes_named(view.__name__, urlconf=__name__))

    assert found
    assert [key for key in found if not key.startswith(BESIDE[view])] == []


def test_a_mean_in_a_list_is_found_wherever_it_shows(leaks, monkeypatch):
    monkeypatch.setattr(
        Round, "title", property(lambda self: f"{self.title_en} {mean_score(ballot__round=self)}")
    )
    found = leaks(routes_named("weighting:round-list", "weighting:round-detail"))

    assert is_on_a_round_of("manager", found)
    assert any("'administrator', 'GET', '/rounds/'" in key for key in found)
    assert not any("'anonymous'" in key for key in found)


def test_a_list_sorted_by_score_is_found(leaks, monkeypatch):
    invitations_of = selectors.invitations_of

    def worst_first(round_):
        scores = Score.objects.filter(indicator__code="industry")
        given = [(each.pk, scores.filter(ballot=ballot_of(each)).first()) for each in invitations_of(round_)]
        worst = Case(
            *[When(pk=pk, then=Value(score.value)) for pk, score in given if score], default=Value(0)
        )
        return invitations_of(round_).order_by(worst)

    monkeypatch.setattr(views, "invitations_with_letters", worst_first)
    found = leaks(routes_named("weighting:round-detail"))

    assert is_on_a_round_of("manager", found)
    assert not any("other manager" in key for key in found)


def test_a_mean_on_a_page_of_the_admin_is_found(leaks, monkeypatch):
    context_of = admin.site.each_context
    monkeypatch.setattr(
        admin.site, "each_context", lambda request: context_of(request) | {"site_header": mean_score()}
    )
    found = leaks(routes_named("admin:index"))

    assert any("'administrator'" in key and key.endswith("/admin/')") for key in found)
    assert [key for key in found if "'administrator'" not in key] == []


def plant_in_save(monkeypatch, tell):
    """Plant on the service itself: how it writes the row is its own affair."""
    save_score = tests.factories.save_score

    def indiscreet_save(claim, **answer):
        tell(claim.invitation, answer["value"])
        return save_score(claim, **answer)

    monkeypatch.setattr(tests.factories, "save_score", indiscreet_save)


def log(_invitation, value):
    logging.getLogger("weighting.services.ballots").info("saved %s", value)


def enter_in_the_log_of_acts(invitation, value):
    record_act(None, "save", invitation.round, value=value)


def note_on_the_invitation(invitation, value):
    type(invitation).objects.filter(pk=invitation.pk).update(reminders_sent=value)


@pytest.mark.parametrize(
    ("tell", "place"),
    [
        (log, "('log'"),
        (enter_in_the_log_of_acts, "('table', 'weighting.AuditEntry'"),
        (note_on_the_invitation, "('table', 'weighting.Invitation'"),
    ],
    ids=lambda planted: getattr(planted, "__name__", ""),
)
def test_a_score_told_while_it_is_saved_is_found(leaks, monkeypatch, tell, place):
    plant_in_save(monkeypatch, tell)
    found = leaks()

    assert found
    assert [key for key in found if not key.startswith(place)] == []


@pytest.mark.parametrize("state", [RoundState.CLOSED, RoundState.VOID])
def test_scores_told_to_others_after_the_close_are_found(leaks, monkeypatch, state):
    """The owners may see them then, and nobody else: not the round's own experts either."""
    monkeypatch.setattr(Round, "title", property(lambda self: str(_sealed_mean(self))))
    found = leaks(routes_named("weighting:ballot", "weighting:receipts"), states=[state])

    assert any("'its own expert'" in key for key in found)


def _sealed_mean(round_):
    if not round_.pk:
        return 0
    values = [v for b in round_.ballots.exclude(receipt="") for v in b.sealed_scores.values()]
    return sum(values) / len(values) if values else 0
