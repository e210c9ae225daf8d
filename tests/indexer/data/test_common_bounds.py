"""Bounds that all years of a series share: worked by hand, recorded with the method, by page and API."""

import json

import numpy as np
import pytest
from django.urls import reverse

from indexer.method_words import method_words
from indexer.models import IndexMethod, Run
from indexer.selectors.trends import trend_of
from indexer.services.common_bounds import (
    method_with_common_bounds,
    newest_editions_of,
    request_runs_of_years,
)
from indexer.services.methods import choice_of, use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, sign_in_staff
from tests.indexer.families import make_family
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = pytest.mark.django_db

FIRST = [[0, 10, 2, 2, 1], [5, 20, 4, 3, 3], [10, 30, 6, 4, 5]]
SECOND = [[5, 15, 4, 3, 2], [20, 20, 8, 6, 9], [10, 50, 2, 4, 5]]


@pytest.fixture
def family():
    return make_family({2019: ([0, 1, 2], FIRST), 2020: ([0, 1, 2], SECOND)}, normalisation="minmax")


def ask(family, **method):
    actor, data_set = family.framework.created_by, family.editions[2020]
    chosen = use_method(**vars(choice_of(data_set.method)) | method)
    return request_runs_of_years(data_set, versions=family.versions, method=chosen, actor=actor)


def test_one_raw_value_has_one_score_in_every_year(family):
    method, new = ask(family)
    assert new == {edition.pk: 1 for edition in family.editions.values()}
    for edition in family.editions.values():
        compute_waiting_runs(edition.pk)
    run = Run.objects.select_related("data_set", "method", "weight_version").get(
        data_set=family.editions[2019], method=method
    )
    trend = trend_of(run, family.framework.created_by, "fixed")
    # The first indicator lies between 0 and 20 in both years together.
    assert trend.scores == pytest.approx(np.array([[0, 0.25], [0.25, 1], [0.5, 0.5]]))


def test_the_bounds_are_stated_hashed_and_told(family):
    method, _new = ask(family)
    assert method.leaves["fixed"] == {"lower": 0.0, "upper": 20.0}
    assert method.bounds["years"] == [2019, 2020]
    assert method.bounds["data"] == [edition.sha256 for edition in family.editions.values()]
    assert ask(family)[0] == method
    words = method_words(method)
    assert "bounds common to the years 2019, 2020" in words
    assert "fixed" not in words
    stated = use_method(**vars(choice_of(method)) | {"bounds": {}})
    assert stated.sha256 != method.sha256
    # Whoever changes a bound has stated it, and it is that of no years any more.
    changed = {**method.leaves, "fixed": {"lower": 0.0, "upper": 30.0}}
    assert use_method(**vars(choice_of(method)) | {"leaves": changed}).bounds == {}


def test_a_further_year_asks_for_bounds_anew_and_changes_nothing_that_was_computed(family):
    method, _new = ask(family)
    again = make_family(
        {2021: ([0, 1, 2], [[40, 60, 9, 9, 9], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]])},
        framework=family.framework,
        normalisation="minmax",
    )
    editions = newest_editions_of(again.editions[2021])
    assert [edition.year for edition in editions] == [2019, 2020, 2021]
    later = method_with_common_bounds(editions, method)
    assert later.leaves["fixed"] == {"lower": 0.0, "upper": 40.0}
    assert IndexMethod.objects.get(pk=method.pk).leaves["fixed"]["upper"] == 20.0


def test_stated_bounds_stay_and_a_target_takes_its_worse_side_alone(family):
    leaves = {
        "fixed": {"lower": -5.0},
        "mobile": {"normalisation": "target", "target": 60.0},
        "retail": {"normalisation": "zscore"},
    }
    found = ask(family, leaves=leaves)[0]
    assert found.bounds["leaves"]["fixed"] == {"upper": 20.0}
    assert found.leaves["fixed"] == {"lower": -5.0, "upper": 20.0}
    assert found.bounds["leaves"]["mobile"] == {"lower": 10.0}
    assert "retail" not in found.bounds["leaves"]


def test_what_is_drawn_in_is_no_bound(family):
    values = [[x, x, x, x, x] for x in (1.0, 2.0, 3.0, 4.0, 5.0, 900.0)]
    made = make_family({2019: (range(6), values), 2020: (range(6), values)}, normalisation="minmax")
    found = ask(made, outliers="winsorise", skewness_limit=1.0, kurtosis_limit=1.0)[0]
    assert found.leaves["fixed"] == {"lower": 1.0, "upper": 5.0}


def test_what_has_no_bounds_or_cannot_be_computed_is_refused_by_year(family):
    with pytest.raises(Refused, match="measured between bounds"):
        ask(family, normalisation="rank")
    values = np.array(SECOND, dtype=float)
    values[0, 0] = np.nan
    gap = make_family({2019: ([0, 1, 2], FIRST), 2020: ([0, 1, 2], values)}, normalisation="minmax")
    with pytest.raises(Refused) as refusal:
        ask(gap)
    assert [blocker[:6] for blocker in refusal.value.blockers] == ["2020: "]


def test_the_page_and_the_api_compute_all_years(client, family):
    analyst = sign_in_staff(client, make_account(Role.ANALYST))
    address = reverse("indexer:data-set-compute", args=[family.editions[2019].pk])
    form = analyst.get(address).context["form"]
    sent = {name: form.initial.get(name, "") for name in form.fields if name != "denominators"}
    page = analyst.post(address, {**sent, "bounds": "common", "versions": ""})
    assert page.status_code == 302
    runs = Run.objects.exclude(method__bounds={}).select_related("data_set", "method")
    assert sorted(run.data_set.year for run in runs) == [2019, 2020]
    api = reverse("indexer:api-data-set-runs", args=[family.editions[2020].pk])
    body = {"method": {"leaves": {"fixed": {"lower": -1.0}}}, "bounds": "common"}
    answer = analyst.post(api, json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["new"]) == (202, 2)
    for edition in family.editions.values():
        compute_waiting_runs(edition.pk)
    run = Run.objects.filter(method=runs[0].method, data_set=family.editions[2020]).get()
    trend = analyst.get(reverse("indexer:run-trend", args=[run.pk])).content.decode()
    assert "One raw value has one score in every year: bounds common to the years 2019, 2020." in trend
    assert (
        "bounds common to the years"
        in analyst.get(reverse("indexer:run-detail", args=[run.pk])).content.decode()
    )
