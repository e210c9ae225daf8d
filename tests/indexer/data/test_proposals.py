import numpy as np
import pytest
from django.urls import reverse

from tests.factories import make_account, make_framework, sign_in_staff
from tests.indexer.factories import make_data_set
from weighting.models import WeightVersion
from weighting.selectors.versions import freezing_blockers, weighted_nodes_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    account = make_account()
    sign_in_staff(client, account)
    return account


def propose(client, data_set, method):
    address = reverse("indexer:data-set-propose", args=[data_set.pk])
    return client.post(address, {"method": method, "label_zh": "提议", "label_en": "Proposal"})


@pytest.mark.parametrize("method", ["entropy", "critic", "pca"])
def test_a_proposal_becomes_a_draft_that_says_where_it_comes_from(client, manager, method):
    data_set = make_data_set(make_framework(owner=manager), cities=20, actor=manager)
    page = client.get(reverse("indexer:data-set-detail", args=[data_set.pk])).text
    assert reverse("indexer:data-set-propose", args=[data_set.pk]) in page
    assert "For comparison only" in client.get(reverse("indexer:data-set-propose", args=[data_set.pk])).text

    assert propose(client, data_set, method).status_code == 302

    version = WeightVersion.objects.get()
    assert version.source == method
    assert version.evidence == {"data_sha256": data_set.sha256, "for_comparison_only": True}
    assert not freezing_blockers(version)
    # Equal weights would be 1/2 and 1/3 alone; principal components split a pair equally.
    assert len({node.local_weight for node in weighted_nodes_of(version)}) > 2


def test_indicators_that_propose_nothing_are_named(client, manager):
    values = np.random.default_rng(1).uniform(1, 9, (9, 5))
    values[:, 2] = 4
    data_set = make_data_set(make_framework(owner=manager), values=values, actor=manager)

    response = propose(client, data_set, "critic")

    assert response.status_code == 422
    assert "tells none from another: Indicator retail" in response.text
    assert not WeightVersion.objects.exists()
