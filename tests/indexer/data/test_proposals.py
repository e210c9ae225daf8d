import numpy as np
import pytest
from django.urls import reverse

from indexer.numeric.coherence.importance import linear_importance, shares_of
from indexer.numeric.scores.composite import composite_scores, node_scores
from indexer.selectors.data_sets import normalised_values, structure_of
from tests.factories import make_framework
from tests.indexer.factories import make_data_set, make_version
from weighting.models import WeightVersion
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.tree import global_weights
from weighting.selectors.versions import freezing_blockers, local_weights_of, weighted_nodes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("manager_signed_in")]


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


@pytest.mark.parametrize("by_version", [False, True])
def test_weights_are_fitted_to_importance_from_the_leaves_up(client, manager, by_version):
    framework = make_framework(owner=manager)
    data_set = make_data_set(framework, cities=40, actor=manager)
    aim = make_version(framework, tilt=0.2) if by_version else None
    address = reverse("indexer:data-set-propose", args=[data_set.pk])
    sent = {"method": "balanced", "label_zh": "提议", "label_en": "Proposal", "aim": aim.pk if aim else ""}

    assert client.post(address, sent).status_code == 302

    version = WeightVersion.objects.get(source="balanced")
    assert version.evidence["aim"] == (aim.manifest_hash if aim else "equal")
    assert version.evidence["furthest"] < 6e-4
    assert not freezing_blockers(version)
    structure = structure_of(framework.pk)
    tree, local = structure.tree, local_weights_of(version.pk)
    normalised = normalised_values(data_set, data_set.method, structure)
    scores = node_scores(tree, global_weights(tree, local), normalised)
    total = composite_scores(normalised, global_weights(tree, local)[tree.leaves])
    meant = local_weights_of(aim.pk) if aim else equal_weights(tree).local
    for group in tree.groups:
        parent = tree.parents[group[0]]
        whole = total if parent < 0 else scores[:, parent]
        shares = shares_of(linear_importance(scores[:, group], whole))
        assert shares == pytest.approx(meant[group], abs=6e-4)


def test_what_cannot_be_reached_is_told(client, manager):
    """Leaves that rise and fall together share the importance whatever they weigh."""
    values = np.random.default_rng(1).uniform(50, 60, (30, 1)) + np.random.default_rng(2).uniform(
        0, 1, (30, 5)
    )
    framework = make_framework(owner=manager)
    data_set = make_data_set(framework, values=values, actor=manager)
    sent = {
        "method": "balanced",
        "label_zh": "提议",
        "label_en": "Proposal",
        "aim": make_version(framework, tilt=3.0).pk,
    }

    answer = client.post(reverse("indexer:data-set-propose", args=[data_set.pk]), sent, follow=True)

    assert WeightVersion.objects.get(source="balanced").evidence["furthest"] > 0.1
    assert "percentage points from what was meant" in answer.text


def test_the_aims_offered_are_frozen_versions_of_the_framework(client, manager):
    framework, other = make_framework(owner=manager), make_framework(owner=manager)
    data_set = make_data_set(framework, cities=5, actor=manager)
    own, foreign = make_version(framework), make_version(other)
    address = reverse("indexer:data-set-propose", args=[data_set.pk])

    offered = client.get(address).context["form"].fields["aim"].queryset

    assert list(offered) == [own]
    sent = {"method": "balanced", "label_zh": "提议", "label_en": "Proposal", "aim": foreign.pk}
    assert client.post(address, sent).status_code == 422


def test_indicators_that_propose_nothing_are_named(client, manager):
    values = np.random.default_rng(1).uniform(1, 9, (9, 5))
    values[:, 2] = 4
    data_set = make_data_set(make_framework(owner=manager), values=values, actor=manager)

    response = propose(client, data_set, "critic")

    assert response.status_code == 422
    assert "does not tell them apart: Indicator retail" in response.text
    assert not WeightVersion.objects.exists()
