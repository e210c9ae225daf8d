"""From any page about a run to the same page of another year."""

import pytest
from django.db import transaction
from django.urls import reverse

from indexer.enums import RunStatus
from indexer.models import Run
from indexer.services.data_sets import publish_data_set
from tests.factories import make_account, sign_in_staff
from tests.indexer.families import make_family
from tests.indexer.finished_runs import random_values
from weighting.enums import Role
from weighting.services.versions import publish_version

pytestmark = pytest.mark.django_db

# The last place is new in the second year, and the third year is not computed.
TABLES = {
    2019: ([0, 1, 2], random_values(3)),
    2020: ([0, 1, 2, 3], random_values(4, seed=2)),
    2021: ([0, 1, 2], random_values(3, seed=3)),
}
PAGES = [
    "run-detail",
    "run-trend",
    "run-studies",
    "run-fragility",
    "run-pair",
    "run-leads",
    "run-tops",
    "run-what-if",
    "run-map",
    "run-places",
    "run-concentration",
    "run-coherence",
    "run-nodes-pair",
    "run-distribution",
    "run-report",
    "run-series",
]


@pytest.fixture(scope="module")
def family(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_family(TABLES)
        Run.objects.filter(pk=made.runs[2021].pk).update(status=RunStatus.FAILED, node_scores=None)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def analyst(client, family):
    return sign_in_staff(client, make_account(Role.ANALYST))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_a_run_leads_to_the_same_of_another_year(analyst, family, name):
    here = reverse(f"indexer:{name}", args=[family.runs[2019].pk])
    switch = analyst.get(here, {"node": "infra", "page": 2}).context["year_switch"]
    third, second, first = switch["years"]
    assert (first["year"], first["is_current"]) == (2019, True)
    other = reverse(f"indexer:{name}", args=[family.runs[2020].pk])
    assert second["url"] == f"{other}?node=infra"
    assert (third["year"], third["url"]) == (2021, "")
    assert switch["notes"] == ["2021: no finished run under this version and method"]
    page = analyst.get(second["url"])
    assert page.status_code in (200, 400)
    assert f'href="{here}' in page.content.decode()


def test_the_page_of_a_city_says_which_years_do_not_rank_it(analyst, family):
    luoyang = family.cities["Luoyang"].pk
    page = analyst.get(reverse("indexer:run-city", args=[family.runs[2020].pk, luoyang]))
    assert [bool(year["url"]) for year in page.context["year_switch"]["years"]] == [False, True, False]
    text = page.content.decode()
    assert "2019: not ranked" in text
    assert "2021: no finished run" in text


def test_a_year_alone_has_no_switch(analyst):
    alone = make_family({2016: ([0, 1], random_values(2))})
    page = analyst.get(reverse("indexer:run-detail", args=[alone.runs[2016].pk]))
    assert page.context["year_switch"] is None
    assert "tabs--years" not in page.content.decode()


def test_a_kept_page_is_shown_anew_once_another_year_is_public(client, family):
    point = transaction.savepoint()
    publish_version(family.versions[0], actor=family.framework.created_by)
    publish_data_set(family.editions[2019], actor=family.framework.created_by)
    here = reverse("indexer:run-detail", args=[family.runs[2019].pk])
    first = client.get(here)
    again = client.get(here, headers={"If-None-Match": first.headers["ETag"]})
    publish_data_set(family.editions[2020], actor=family.framework.created_by)
    anew = client.get(here, headers={"If-None-Match": first.headers["ETag"]})
    transaction.savepoint_rollback(point)
    assert (again.status_code, anew.status_code) == (304, 200)
    assert [year["year"] for year in anew.context["year_switch"]["years"]] == [2020, 2019]
