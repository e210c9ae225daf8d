"""The page of a data set with more units than anybody reads through."""

import pytest
from django.urls import reverse

from tests.factories import make_account, sign_in_staff
from tests.indexer.pages import make_runs, random_values
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
