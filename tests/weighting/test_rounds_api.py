"""Rounds and their statistics as JSON: the same visibility as the pages."""

import pytest
from django.urls import reverse

from tests.factories import (
    make_account,
    make_panel,
    make_round,
    mark_aggregated,
    sign_in_expert,
    sign_in_staff,
)
from tests.weighting.test_statistics import closed_round, reported_sectors
from weighting.enums import Role, RoundState, Sector
from weighting.models import Invitation
from weighting.selectors.statistics import round_statistics
from weighting.services.versions import freeze_version

pytestmark = pytest.mark.django_db
ROUNDS = reverse("weighting:api-round-list")


def statistics(client, round_):
    return client.get(reverse("weighting:api-round-statistics", args=[round_.pk]))


def ids(client, **query):
    return [row["id"] for row in client.get(ROUNDS, query).json()["results"]]


def test_strangers_and_experts_know_of_no_round(client):
    round_ = make_round()
    assert ids(client) == []
    sign_in_expert(client, Invitation.objects.filter(round=round_).first())
    assert ids(client) == []
    assert client.get(reverse("weighting:api-round", args=[round_.pk])).status_code == 404


def test_a_manager_knows_the_own_rounds_in_every_state(client):
    manager = make_account()
    own = [make_round(state=state, manager=manager) for state in (RoundState.DRAFT, RoundState.OPEN)]
    make_round()
    sign_in_staff(client, manager)
    assert ids(client) == [round_.pk for round_ in own]
    assert ids(client, state="open") == [own[1].pk]


def test_an_open_round_carries_no_counts(client):
    round_ = make_round(sealed=5)
    sign_in_staff(client, round_.managers.get())
    (row,) = client.get(ROUNDS).json()["results"]
    assert row["state"] == "open"
    assert row["invited_count"] is row["sealed_count"] is row["excluded_count"] is None
    assert row["receipt_root"] == ""


def test_an_analyst_knows_a_round_from_its_frozen_version_on(client):
    round_ = closed_round(state=RoundState.AGGREGATED)
    sign_in_staff(client, make_account(Role.ANALYST))
    assert ids(client) == []
    assert statistics(client, round_).status_code == 404

    freeze_version(round_.weight_versions.get(), actor=round_.managers.get())

    assert ids(client) == [round_.pk]
    assert statistics(client, round_).status_code == 200


@pytest.mark.parametrize("state", [RoundState.READY, RoundState.OPEN, RoundState.CLOSED])
@pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR, Role.ANALYST])
def test_before_the_aggregate_there_are_no_statistics_for_any_role(client, state, role):
    round_ = make_round(state=state, sealed=5 if state == RoundState.OPEN else None)
    sign_in_staff(client, make_account(role) if role else round_.managers.get())
    assert statistics(client, round_).status_code == 404


def test_below_k_they_are_withheld_and_at_k_they_are_not(client):
    for sealed, status in [(4, 409), (5, 200)]:
        round_ = mark_aggregated(make_round(state=RoundState.CLOSED, panel=make_panel(6), sealed=sealed))
        sign_in_staff(client, round_.managers.get())
        response = statistics(client, round_)
        assert response.status_code == status
        assert ("groups" in response.json()) == (status == 200)


def test_the_figures_are_the_selectors_in_full(client):
    round_ = reported_sectors({Sector.ACADEMIC: 5, Sector.INDUSTRY: 6})
    sign_in_staff(client, round_.managers.get())
    body, expected = statistics(client, round_).json(), round_statistics(round_)

    assert (body["round"], body["counted"]) == (round_.pk, 11)
    assert body["whole"]["concordance"]["w"] == expected.whole.concordance.w
    assert body["whole"]["icc"]["single"] == expected.whole.icc.single
    assert [group["parent"] for group in body["groups"]] == [None, "infra", "industry"]
    items = [item for group in body["groups"] for item in group["items"]]
    assert [item["scores"] for item in items] == [item.scores for item in expected.items]
    assert [item["mean"] for item in items] == [item.mean for item in expected.items]
    assert [sector["sector"] for sector in body["sectors"]] == ["academic", "industry"]
    assert "comments" not in body


def test_the_list_costs_the_same_queries_for_one_and_three_rounds(client, django_assert_num_queries):
    manager = make_account()
    sign_in_staff(client, manager)
    for count in (1, 2):
        for _ in range(count):
            make_round(manager=manager)
        with django_assert_num_queries(5):
            assert client.get(ROUNDS).status_code == 200
