"""The page of a data set with more units than anybody reads through."""

from html import escape

import pytest
from django.urls import reverse

from tests.factories import make_account, sign_in_staff
from tests.indexer.finished_runs import make_runs, random_values
from weighting.enums import Role

pytestmark = pytest.mark.django_db


def test_units_of_a_large_data_set_are_counted_by_province_instead_of_named(client, monkeypatch):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    run = make_runs(random_values(4), tilts=[None])[0]
    address = reverse("indexer:data-set-detail", args=[run.data_set_id])
    named = analyst.get(address).context["regions"]
    monkeypatch.setattr("indexer.selectors.data_sets.MOST_NAMED", 3)
    counted = analyst.get(address).context["regions"]

    assert sum(group["city_count"] for group in named) == 4
    assert [group["city_count"] for group in counted] == [group["city_count"] for group in named]
    for before, after in zip(named, counted, strict=True):
        for (province, names), (same, count) in zip(before["provinces"], after["provinces"], strict=True):
            assert (province, str(len(names.split(", ")))) == (same, count)


def test_units_of_a_large_data_set_come_page_by_page(client, monkeypatch, django_assert_max_num_queries):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    run = make_runs(random_values(5), tilts=[None])[0]
    address = reverse("indexer:data-set-detail", args=[run.data_set_id])
    assert analyst.get(address).context["unit_page"] is None
    monkeypatch.setattr("indexer.selectors.data_sets.MOST_NAMED", 1)
    monkeypatch.setattr("indexer.views.data.data_sets.MOST_NAMED", 1)
    monkeypatch.setattr("indexer.views.data.data_sets.PAGE", 2)
    # More provinces than are named, too: they are left to the pages.
    assert analyst.get(address).context["regions"] == []
    shown = []
    for page in (1, 2, 3):
        with django_assert_max_num_queries(20):
            answer = analyst.get(address, {"page": page})
        shown += [unit.pk for unit in answer.context["units"]]
        text = answer.content.decode()
        assert all(escape(unit.name) in text for unit in answer.context["units"])
    assert shown == sorted(run.data_set.city_ids)
