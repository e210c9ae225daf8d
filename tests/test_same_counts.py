"""Panels of the same counts look the same to whoever is not a reader of their ballots, byte for byte.

Counts are in the manifest. If nothing else of a panel reaches an outsider, no solver, whatever it
combines, finds more than the counts leave open.
"""

import itertools
import re
from dataclasses import replace

import pytest
from django.db import transaction
from django.test import Client

import tests.factories
import tests.indexer.factories
from indexer.models import Run
from indexer.services.data_sets import publish_data_set
from indexer.services.published import draft_index, publish_edition
from indexer.services.runs import compute_waiting_runs
from tests.factories import (
    make_account,
    make_framework,
    make_invitation,
    make_round,
    sign_in_expert,
    sign_in_staff,
)
from tests.indexer.factories import make_version
from tests.indexer.study_runs import make_panel_run, make_study
from tests.observation import differences, fetch, without_hashes
from tests.routes import find_routes, make_world
from weighting.enums import Feedback, Role
from weighting.models import Ballot, Round, WeightVersion
from weighting.services.versions import publish_version

pytest_plugins = ["tests.observation"]
pytestmark = pytest.mark.django_db

EXPERTS, ITEMS = 6, ("infra", "industry", "fixed", "mobile", "retail", "finance", "travel")
ABOUT = (
    "study",
    "run",
    "studies",
    "ranking",
    "version",
    "round",
    "compare",
    "comparison",
    "city-change",
    "index",
)
ABOUT += ("public", "home")
ON_BALLOTS = ("jackknife", "bootstrap")

TERMS = {
    "name_en": "Panel",
    "description_en": "How cities do.",
    "licence": "CC-BY-4.0",
    "contact": "a@b.example",
}


def first_panel(place, code):
    return (place * 2 + ITEMS.index(code)) % 5 + 1


def other_panel(place, code):
    """The same scores of every item, each given by another expert than before."""
    return first_panel((place + ITEMS.index(code)) % EXPERTS, code)


def make_published_world(scores):
    """A published run of the panel's weights with studies of experts, and a round that is fed back."""
    run = make_panel_run(experts=EXPERTS, cities=8, framework=make_framework(), scores=scores)
    version, manager = run.weight_version, run.data_set.created_by
    publish_version(version, actor=manager)
    publish_data_set(run.data_set, actor=manager)
    for ballot in Ballot.objects.filter(round=version.round):
        ballot.sealed_comments = {"infra": f"I gave {ballot.sealed_scores}"}
        ballot.save()
    index = draft_index(slug="panel", terms=TERMS, actor=manager)
    publish_edition(index, run=run, actor=manager)
    publish_version(make_version(run.data_set.framework, tilt=1, actor=manager), actor=manager)
    compute_waiting_runs(run.data_set_id)
    make_study(run, "noise", draws=100, nu=0.1, seed=1)
    studies = [make_study(run, kind, draws=300, seed=1) for kind in ON_BALLOTS]
    Round.objects.filter(pk=version.round_id).update(feedback=Feedback.GROUP)
    before = Round.objects.get(pk=version.round_id)
    after = make_round(framework=before.framework, panel=before.panel, manager=manager, follows=before)
    world = replace(
        make_world(), version=version, run=run, data_set=run.data_set, round=before, published=index
    )
    world.visitors = {
        "anonymous": Client(raise_request_exception=False),
        "expert": sign_in_expert(Client(), make_invitation(after)),
        "other manager": sign_in_staff(Client(), make_account(Role.MANAGER)),
    }
    return world, studies


@pytest.fixture
def observe(frozen_chance, sent_tasks, monkeypatch):
    def read(scores, *, only=ABOUT):
        frozen_chance.seed(2016)
        for module in (tests.factories, tests.indexer.factories):
            monkeypatch.setattr(module, "_numbers", itertools.count(1))
        # A document shows what it is set from, in which hashes can be told from other words.
        monkeypatch.setattr("weighting.views.files.typeset", bytes)
        seen = {}
        with transaction.atomic():
            world, studies = make_published_world(scores)
            runs = list(
                Run.objects.filter(data_set=world.data_set).order_by("pk").values_list("pk", flat=True)
            )
            routes = [route for route in find_routes() if is_asked(route, only)]
            for visitor in world.visitors:
                for address in addresses_of(world, routes_of(visitor, routes), studies):
                    seen[visitor, address] = told(world, visitor, address)
                    if "compar" in address and visitor == "anonymous":
                        pair = f"{address}?runs={runs[0]}&runs={runs[1]}"
                        seen[visitor, pair] = told(world, visitor, pair)
                seen[visitor, "ballot"] = told(world, visitor, "/ballot/")
            transaction.set_rollback(True)
        return seen

    return read


def is_asked(route, only):
    """Pictures of runs are drawn from what their pages and answers say, and take long."""
    about = route.name.rpartition(":")[2].removeprefix("api-")
    return about.startswith(only) and ("picture" not in about or "study" in about)


def told(world, visitor, address):
    """Return an answer without hashes: receipts commit to scores under secret numbers of 256 bits."""
    status, headers, cookies, body = without_hashes(fetch(world, visitor, "GET", address))
    headers = {name: value for name, value in headers.items() if name != "ETag"}
    return status, headers, cookies, re.sub(rb'(title="a hash">)[0-9a-f]{12}', rb"\1", body)


def routes_of(visitor, routes):
    """Of runs nobody signed in as somebody else's manager or expert sees more than a stranger."""
    return [route for route in routes if visitor == "anonymous" or "run" not in route.name]


def addresses_of(world, routes, studies):
    """Every address of the routes, each once; those of studies for each of them."""
    return {replace(world, study=study).address_of(route) for study in studies for route in routes}


@pytest.mark.slow
def test_outsiders_read_the_same_of_every_panel_of_the_same_counts(observe):
    first, second = observe(first_panel), observe(other_panel)

    read = [address for (_visitor, address), answer in first.items() if answer[0] == 200]
    assert len(read) > 90
    # A published index and comparisons of its ranking are among them.
    assert {"/i/panel/", "/i/panel/units/"} < {*read}
    assert any(address.startswith("/api/v1/comparisons/?runs=") for address in read)
    assert differences(first, second) == []


def test_without_the_guard_the_studies_differ(observe, monkeypatch):
    """The control: nothing but what rests on ballots."""
    monkeypatch.setattr(
        "indexer.selectors.studies.versions_told_of", lambda _account: WeightVersion.objects.all()
    )
    found = differences(*(observe(panel, only=("study",)) for panel in (first_panel, other_panel)))
    assert len(found) > 6
