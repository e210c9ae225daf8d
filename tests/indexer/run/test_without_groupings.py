"""A register without groupings: nothing asks for any, and files and packages are as they were."""

import pytest
from django.urls import reverse

from indexer.packages.contents import Contents
from indexer.packages.tables import resources_of
from tests.indexer.finished_runs import make_runs
from tests.indexer.run.test_groupings import FOUR, page, put_in_income_groups, rows_of

pytestmark = pytest.mark.django_db


def test_a_page_that_a_stranger_keeps_holds_until_groups_are_added(client):
    run = make_runs(FOUR, tilts=[None], published=True)[0]
    client.get(reverse("indexer:run-detail", args=[run.pk]))
    kept = page(client, run, "run-detail")["ETag"]
    address = reverse("indexer:run-detail", args=[run.pk])
    assert client.get(address, headers={"if-none-match": kept}).status_code == 304
    put_in_income_groups(run)
    anew = client.get(address, headers={"if-none-match": kept})
    assert anew.status_code == 200
    assert "Low income" in anew.content.decode()


def test_a_register_without_groupings_asks_for_none(analyst):
    run = make_runs(FOUR, tilts=[None])[0]
    assert "group_" not in page(analyst, run, "run-detail").content.decode()
    assert "Groups by" not in page(analyst, run, "run-concentration").content.decode()
    assert page(analyst, run, "run-places", level="income").context["ranked"].level.code == "province"


def test_files_and_packages_without_groupings_stay_as_they_were(analyst):
    bare = make_runs(FOUR, tilts=[None])[0]
    assert "Income" not in rows_of(page(analyst, bare, "run-export"))[0]
    units = next(one for one in resources_of(Contents(bare)) if one.name == "units")
    assert [field.name for field in units.fields][-1] == "longitude"
    rows = analyst.get(reverse("indexer:api-ranking", args=[bare.pk])).json()["results"]
    assert all(row["groups"] == {} for row in rows)
