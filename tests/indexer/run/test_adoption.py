"""The method of a ranking becomes that of its data: from the trial of a method to what strangers read."""

import json

import numpy as np
import pytest
from django.urls import reverse

from indexer.dispatch import compute_with_method
from indexer.models import DataSet, Run
from indexer.selectors.published import publishable_runs
from indexer.selectors.stored_values import unpack_values
from indexer.services.adoption import adopt_method
from indexer.services.data_sets import EditionTerms, Matrix, SameData, add_data_set
from indexer.services.methods import use_method
from indexer.services.runs import compute_waiting_runs
from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_data_set, make_version
from weighting.enums import Role
from weighting.exceptions import Refused

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def trial():
    """A finished ranking by z-scores of data that are computed by shares."""
    framework = make_framework()
    data_set = make_data_set(framework, cities=4, auxiliary={"people": np.array([3.0, 1, 4, 1])})
    version = make_version(framework)
    method = use_method(normalisation="zscore", scale=1.0)
    compute_with_method(data_set, versions=[version], method=method, actor=framework.created_by)
    compute_waiting_runs(data_set.pk)
    return Run.objects.get(data_set=data_set, method=method)


def test_the_next_edition_holds_the_same_values_and_can_be_published(trial):
    owner, before = trial.data_set.created_by, DataSet.objects.get(pk=trial.data_set_id)
    assert trial not in publishable_runs(owner)
    (made,) = adopt_method(trial, reason="Units of measurement differ.", actor=owner)
    assert (made.edition, made.previous_id, made.method_id) == (2, before.pk, trial.method_id)
    assert (made.note, made.sha256) == ("Units of measurement differ.", before.sha256)
    assert np.array_equal(unpack_values(made), unpack_values(before))
    compute_waiting_runs(made.pk)
    (run,) = publishable_runs(owner).filter(data_set=made)
    assert run.result_sha256 == trial.result_sha256
    before.refresh_from_db()
    assert before.method_id != trial.method_id


def test_it_is_refused_twice_without_a_reason_and_where_nothing_would_change(trial):
    owner = trial.data_set.created_by
    with pytest.raises(Refused, match="Say why"):
        adopt_method(trial, reason=" ", actor=owner)
    (made,) = adopt_method(trial, reason="z", actor=owner)
    with pytest.raises(SameData):
        adopt_method(trial, reason="z", actor=owner)
    compute_waiting_runs(made.pk)
    with pytest.raises(Refused, match="by this method already"):
        adopt_method(Run.objects.get(data_set=made), reason="z", actor=owner)


def test_every_year_goes_along_or_none_does(trial):
    owner, first = trial.data_set.created_by, trial.data_set
    values = unpack_values(DataSet.objects.get(pk=first.pk)).copy()
    add_year(first, 2017, values + 1)
    constant = values.copy()
    constant[:, 0] = 5
    flat = add_year(first, 2018, constant)
    with pytest.raises(Refused, match=r"2018: .*same value"):
        adopt_method(trial, reason="z", actor=owner, every_year=True)
    assert DataSet.objects.count() == 3
    add_year(first, 2018, values + 2)
    made = adopt_method(trial, reason="z", actor=owner, every_year=True)
    assert [(one.year, one.edition) for one in made] == [(2016, 2), (2017, 2), (2018, 3)]
    assert flat.edition == 1


def test_the_pages_lead_from_the_trial_to_the_edition(trial, client):
    analyst = make_account(Role.ANALYST)
    sign_in_staff(client, analyst)
    address = reverse("indexer:run-adopt", args=[trial.pk])
    assert address in client.get(reverse("indexer:run-detail", args=[trial.pk])).content.decode()
    page = client.get(address).content.decode()
    assert "z-score" in page
    assert "Share of the total" in page
    assert client.post(address, {"reason": ""}).status_code == 422
    answer = client.post(address, {"reason": "They differ."}, follow=True)
    assert "1 edition is stored" in answer.content.decode()
    made = DataSet.objects.get(edition=2)
    assert made.created_by == analyst
    assert reverse("indexer:data-set-detail", args=[made.pk]) == answer.request["PATH_INFO"]
    compute_waiting_runs(made.pk)
    own = Run.objects.get(data_set=made)
    page = client.get(reverse("indexer:run-detail", args=[own.pk])).content.decode()
    assert reverse("indexer:run-adopt", args=[own.pk]) not in page


def test_the_api_does_the_same(trial, client):
    sign_in_staff(client, make_account(Role.ANALYST))
    address = reverse("indexer:api-run-adopt", args=[trial.pk])
    assert client.post(address, {}, content_type="application/json").status_code == 400
    sent = json.dumps({"reason": "They differ."})
    answer = client.post(address, sent, content_type="application/json")
    assert answer.status_code == 201, answer.content
    (made,) = answer.json()
    assert (made["year"], made["edition"]) == (2016, 2)
    again = client.post(address, sent, content_type="application/json")
    assert again.status_code in (409, 422)


def add_year(data_set, year, values):
    """The next year, or correction, of a data set with other values."""
    whole = DataSet.objects.get(pk=data_set.pk)
    return add_data_set(
        terms=EditionTerms(whole.framework, whole.name_zh, whole.name_en, year, whole.method),
        matrix=Matrix(whole.city_ids, whole.leaf_codes, values, {}, {"people": np.array([3.0, 1, 4, 1])}),
        actor=whole.created_by,
    )
