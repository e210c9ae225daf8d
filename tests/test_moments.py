"""When and in which order experts answer is told to nobody: managers see two booleans, without times.

Two worlds in which the same experts sealed the same answers, at other hours and the other way round; whatever
anybody can fetch of rounds must be the same in both.
"""

import itertools
import time
from datetime import timedelta

import pytest
from django.utils import timezone

import tests.factories
from tests.observation import NOON, differences
from tests.routes import OF_THE_MACHINE, find_routes
from weighting.enums import RoundState
from weighting.models import Round

pytest_plugins = ["tests.observation"]
pytestmark = pytest.mark.django_db

SEALED = 3


def alike(_place, _code):
    return 3


@pytest.fixture
def observe_sealing(observe, monkeypatch):
    """Return what observes a world whose experts sealed in an order of places, so many minutes apart."""

    def observe_sealing(order, minutes, *, routes, note=None):
        with monkeypatch.context() as patch:
            _seal_in_order(patch, order, minutes, note)
            seen = observe(alike, routes=routes, states=[RoundState.CLOSED])
        return {key: answer for key, answer in seen.items() if key[-2] in ("GET", "POST")}

    return observe_sealing


def _seal_in_order(patch, order, minutes, note):
    invitations_of, fill_ballot = tests.factories.invitations_of, tests.factories.fill_ballot
    seal_ballot, moments = tests.factories.seal_ballot, itertools.count(1)
    clock = [NOON]

    def in_order(round_):
        first, rest = list(invitations_of(round_)[:SEALED]), list(invitations_of(round_)[SEALED:])
        return [*(first[place] for place in order), *rest]

    def fill_later(invitation, **answers):
        clock[0] = NOON - timedelta(minutes=minutes * next(moments))
        return fill_ballot(invitation, **answers)

    def seal(claim):
        seal_ballot(claim)
        if note:
            note(claim.invitation)
        clock[0] = NOON

    patch.setattr(timezone, "now", lambda: clock[0])
    patch.setattr(time, "time", lambda: clock[0].timestamp())
    for name, act in (("invitations_of", in_order), ("fill_ballot", fill_later), ("seal_ballot", seal)):
        patch.setattr(tests.factories, name, act)


def differing(observe_sealing, **how):
    return differences(
        observe_sealing((0, 1, 2), minutes=7, **how), observe_sealing((2, 1, 0), minutes=41, **how)
    )


def test_nobody_is_told_when_or_in_which_order_experts_answered(observe_sealing):
    routes = [route for route in find_routes() if route.name.startswith("weighting:")]
    routes = [route for route in routes if route.name not in OF_THE_MACHINE]

    assert differing(observe_sealing, routes=routes) == []


@pytest.mark.parametrize(
    "note",
    [
        lambda invitation: Round.objects.filter(pk=invitation.round_id).update(title_en=str(timezone.now())),
        lambda invitation: Round.objects.filter(pk=invitation.round_id).update(
            title_en=invitation.expert.name
        ),
    ],
    ids=["the hour", "the last"],
)
def test_a_note_of_the_hour_or_of_who_came_last_is_found(observe_sealing, note):
    """Control."""
    routes = [route for route in find_routes() if route.name == "weighting:round-detail"]

    found = differing(observe_sealing, routes=routes, note=note)
    assert any("'manager', 'GET', '/rounds/" in key for key in found)
