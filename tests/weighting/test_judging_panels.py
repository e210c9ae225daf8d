"""What stands against weights of ballots is found by as few statements for many rounds as for one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_account, make_framework, make_panel, make_round, sign_in_staff
from weighting.enums import ExclusionRule, Medium, RoundState
from weighting.models import Round, WeightVersion
from weighting.selectors.freezing import freezing_notes
from weighting.selectors.rounds import ballots_towards_k, counted_ballots_of, sizes_towards_k
from weighting.selectors.versions import freezing_blockers
from weighting.services.version_sources import pool_rounds
from weighting.services.versions import aggregate_round, freeze_version

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def manager():
    return make_account()


@pytest.fixture
def framework(manager):
    return make_framework(owner=manager)


@pytest.fixture
def hold(manager, framework):
    """Return a function that holds a round of five or more and closes it."""

    def hold(size=5, **terms):
        panel = make_panel(size, owner=manager)
        return make_round(manager=manager, framework=framework, panel=panel, state=RoundState.CLOSED, **terms)

    return hold


def statements_of(act):
    act()
    with CaptureQueriesContext(connection) as asked:
        act()
    return [query["sql"] for query in asked]


def pool(manager, *rounds):
    return pool_rounds([*rounds], label_zh="合", label_en="Pooled", actor=manager)


def test_the_page_before_freezing_reads_the_ballots_once_beside_any_number_of_rounds(manager, hold):
    version = aggregate_round(hold(6), actor=manager)
    staff, address = sign_in_staff(Client(), manager), reverse("weighting:version-freeze", args=[version.pk])
    alone = statements_of(lambda: staff.get(address))
    pooled = pool(manager, hold(), hold())
    freeze_version(pooled, actor=manager)
    for _turn in range(3):
        aggregate_round(hold(), actor=manager)

    # One more: the rounds of what is pooled.
    beside = statements_of(lambda: staff.get(address))
    assert len(beside) == len(alone) + 1
    assert [sum('"sealed_scores"' in each for each in asked) for asked in (alone, beside)] == [1, 1]


def test_a_draft_of_many_rounds_is_judged_by_the_statements_of_one_of_two(manager, hold):
    two = pool(manager, hold(), hold())
    few = statements_of(lambda: freezing_blockers(WeightVersion.objects.get(pk=two.pk)))
    many = pool(manager, *(hold() for _turn in range(4)))

    more = statements_of(lambda: freezing_blockers(WeightVersion.objects.get(pk=many.pk)))
    assert len(more) == len(few)
    assert freezing_blockers(many) == []


@pytest.mark.parametrize("exclusion", [ExclusionRule.NONE, ExclusionRule.UNIFORM])
def test_sizes_are_those_of_the_ballots_themselves(framework, hold, exclusion):
    mixed = hold(7, exclusion=exclusion, scores=lambda place, code: 3 if place < 2 else len(code) % 5 + 1)
    entered = hold(5, exclusion=exclusion)
    entered.ballots.update(medium=Medium.SHEET)
    mixed.ballots.filter(pk=counted_ballots_of(mixed)[-1].pk).update(medium=Medium.SHEET)

    rounds = Round.objects.filter(framework=framework)
    expected = {round_.pk: ballots_towards_k(counted_ballots_of(round_)) for round_ in rounds}
    assert sizes_towards_k(rounds) == expected
    assert expected == {mixed.pk: 4 if exclusion == ExclusionRule.UNIFORM else 6, entered.pk: 1}


def test_notes_and_blockers_of_one_draft_share_what_was_read(manager, hold):
    version = WeightVersion.objects.get(pk=aggregate_round(hold(6), actor=manager).pk)
    freezing_blockers(version)

    assert not [each for each in statements_of(lambda: freezing_notes(version)) if '"sealed_scores"' in each]
