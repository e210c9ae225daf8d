"""What somebody removed, closed or sealed between a page and the act that it sends is refused with words."""

import re

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from indexer.models import BranchIndex, DataImport, Gathering, OutsideSeries, Run, RunFacts, Study
from indexer.services.import_drafts import discard_import
from indexer.views.data import data_imports
from tests import factories
from tests.factories import sign_in_staff
from tests.policy import POLICY
from tests.routes import find_routes
from tests.weighting.claims import ANEW, CONFIRM, begun, browser, open_link
from weighting.models import Framework, FrameworkDraft, Panel
from weighting.services.access import issue_invitation_link
from weighting.services.invitations import remove_expert
from weighting.services.rounds import close_round
from weighting.views import welcome

pytestmark = pytest.mark.django_db

REMOVABLE = (
    *(BranchIndex, DataImport, Framework, FrameworkDraft, Gathering, OutsideSeries),
    *(Panel, Run, RunFacts, Study),
)
GATE = "weighting.middleware.RefusalMiddleware"
WORDS = 409, 422
# A version, which is never removed, holds its framework.
HELD = {"weighting:version-freeze"}
# What takes a file or a filled-in form is refused before anything is locked.
FEWEST_REFUSED = 10


@pytest.fixture
def all_gone(monkeypatch):
    """Let whatever is locked, of what can be removed, be removed between the page and the lock."""
    lock = QuerySet.select_for_update

    def find_nothing(rows, **options):
        locked = lock(rows, **options)
        return locked.none() if issubclass(rows.model, REMOVABLE) else locked

    monkeypatch.setattr(QuerySet, "select_for_update", find_nothing)


def asked_of_all(world):
    """Return what each address answers to whoever may act there, by route and method."""
    answers = {}
    for route in find_routes():
        methods, _visitors = POLICY[route.name]
        if route.name.startswith("admin:") or route.name in HELD:
            continue
        for method in {"POST", "PATCH", "DELETE"} & {*methods.split()}:
            for visitor in ("manager", "administrator"):
                world.visitors[visitor].raise_request_exception = False
                answer = world.ask(visitor, method, world.address_of(route))
                answers[route.name, method, visitor] = answer.status_code
    return answers


def test_what_was_removed_meanwhile_is_said_to_be_gone(world, all_gone):
    answers = asked_of_all(world)

    assert [asked for asked, status in answers.items() if status >= 500] == []
    assert sum(status in WORDS for status in answers.values()) > FEWEST_REFUSED


@pytest.mark.parametrize("gated", [True, False])
def test_an_import_that_two_throw_away_at_once_is_thrown_away_once(world, monkeypatch, settings, gated):
    """The control takes the gate away."""
    if not gated:
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != GATE]
    client = sign_in_staff(Client(raise_request_exception=False), world.manager)
    found = data_imports.draft_of

    def thrown_away(account, pk):
        draft = found(account, pk)
        discard_import(found(account, pk), actor=account)
        return draft

    monkeypatch.setattr(data_imports, "draft_of", thrown_away)
    point = transaction.savepoint()
    answer = client.post(reverse("indexer:import-discard", args=[world.data_import.pk]))
    transaction.savepoint_rollback(point)

    assert answer.status_code == (409 if gated else 500)
    assert ("thrown away meanwhile" in answer.content.decode()) == gated


def close(invitation, manager):
    close_round(invitation.round, actor=manager)


def remove(invitation, manager):
    remove_expert(invitation, actor=manager)


@pytest.fixture
def meanwhile(monkeypatch):
    """Return what lets something happen while a browser's key is made, which takes its time."""

    def happen(act):
        stretch = welcome.secret_of

        def after(*said):
            act()
            return stretch(*said)

        monkeypatch.setattr(welcome, "secret_of", after)

    return happen


@pytest.mark.parametrize(
    ("act", "said"), [(close, "no longer open|is closed"), (remove, "no longer on the panel")]
)
@pytest.mark.parametrize("anew", [False, True])
def test_who_begins_while_the_round_closes_or_is_removed_is_told_so(meanwhile, act, said, anew):
    manager = factories.make_account()
    invitation = factories.make_invitation(factories.make_round(manager=manager))
    if anew:
        _other, token = begun(invitation)
    else:
        token = issue_invitation_link(invitation)
    client = browser()
    open_link(client, token)
    meanwhile(lambda: act(invitation, manager))

    page = client.post(ANEW if anew else CONFIRM, factories.CONSENT, follow=True)

    assert page.status_code in (200, 404)
    assert re.search(said, page.content.decode())
