"""Drafts of weights that the data propose: for comparison only."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indexer.models import DataSet
from indexer.numeric.coherence.correlations import covariance_matrix
from indexer.numeric.coherence.fitted_weights import fit_to_importance
from indexer.numeric.coherence.importance import importance_of_sum, shares_of
from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.proposals import ProposalError, critic_weights, entropy_weights, pca_weights
from indexer.numeric.scores.node_scores import score_nodes
from indexer.selectors.data_sets import Structure, normalised_values, structure_of
from indexer.selectors.faults import fault_texts
from indexer.selectors.plans import plan_of
from weighting.enums import VersionSource
from weighting.exceptions import Refused
from weighting.models import Account, Indicator, WeightVersion
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.siblings import sum_to_one
from weighting.numeric.tree import Tree, global_weights
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.versions import local_weights_of
from weighting.services.versions import draft_imported_version

METHODS: dict[str, Callable[[FloatArray], FloatArray]] = {
    VersionSource.ENTROPY: entropy_weights,
    VersionSource.CRITIC: critic_weights,
    VersionSource.PCA: pca_weights,
}


def propose_weights(
    data_set: DataSet,
    *,
    method: VersionSource,
    label_zh: str,
    label_en: str,
    actor: Account,
    aim: WeightVersion | None = None,
) -> WeightVersion:
    """Draft the weights that a method proposes within every sibling group of a data set.

    Leaves enter as normalised under the data set's own method, inner nodes with their scores
    under equal weights; where weights are fitted to importance, under those that are fitted below
    them, so that each has the importance that ``aim`` weighs it with, or one with its siblings.
    Groups that propose nothing are all named.
    """
    structure = structure_of(data_set.framework_id)
    tree = structure.tree
    evidence: dict[str, Any] = {"data_sha256": data_set.sha256, "for_comparison_only": True}
    nodes = indicators_of(data_set.framework_id)
    try:
        score = _scorer(data_set, structure)
        equal = equal_weights(tree).local
        if method == VersionSource.BALANCED:
            meant = local_weights_of(aim.pk) if aim else equal
            local = _fit_from_below(tree, score, meant, nodes)
            evidence["aim"] = aim.manifest_hash if aim else "equal"
            evidence["furthest"] = _furthest(tree, score(local), local, meant)
        else:
            scores, propose = score(equal), METHODS[method]
            local = _propose_groups(tree.groups, len(tree), lambda group: propose(scores[:, group]), nodes)
    except NormalisationError as error:
        raise Refused(*fault_texts(error.faults, data_set)) from error
    return draft_imported_version(
        framework=data_set.framework,
        local_weights=dict(zip(tree.codes, local.tolist(), strict=True)),
        label_zh=label_zh,
        label_en=label_en,
        actor=actor,
        source=method,
        evidence=evidence,
    )


def _scorer(data_set: DataSet, structure: Structure) -> Callable[[FloatArray], FloatArray]:
    """Return what scores every node under local weights, (nodes,) -> (units, nodes)."""
    tree, plan = structure.tree, plan_of(data_set.method)
    normalised = normalised_values(data_set, data_set.method, structure)

    def score(local: FloatArray) -> FloatArray:
        scored = score_nodes(
            tree,
            global_weights(tree, local)[tree.leaves][:, np.newaxis],
            normalised,
            plan.node_steps(tree).for_all,
            missing="reweight" if plan.leaves_gaps(tree) else "refuse",
        )
        return scored.with_leaves(tree, normalised)

    return score


def _fit_from_below(
    tree: Tree, score: Callable[[FloatArray], FloatArray], meant: FloatArray, nodes: list[Indicator]
) -> FloatArray:
    """Fit the deepest groups first: the scores of what stands above follow from their weights."""
    local = equal_weights(tree).local
    for depth in range(int(tree.depth.max()), 0, -1):
        groups = [group for group in tree.groups if tree.depth[group[0]] == depth]
        fitted = _fit_groups(groups, score(local), meant, nodes)
        for group in groups:
            local[group] = fitted[group]
    return local


def _fit_groups(
    groups: Sequence[IntArray], scores: FloatArray, meant: FloatArray, nodes: list[Indicator]
) -> FloatArray:
    def fit(group: IntArray) -> FloatArray:
        return fit_to_importance(scores[:, group], sum_to_one(meant[group])).weights

    return _propose_groups(groups, len(meant), fit, nodes)


def _furthest(tree: Tree, scores: FloatArray, local: FloatArray, meant: FloatArray) -> float:
    """Return how far a share of the importance is from what was meant, at most."""
    far = [0.0]
    for group in tree.groups:
        if len(group) > 1:
            shares = shares_of(importance_of_sum(local[group], covariance_matrix(scores[:, group])))
            far.append(float(np.abs(shares - meant[group]).max()))
    return max(far)


def _propose_groups(
    groups: Sequence[IntArray],
    count: int,
    propose: Callable[[IntArray], FloatArray],
    nodes: list[Indicator],
) -> FloatArray:
    """Return local weights, (nodes,), of the members of some groups; 1 of all others."""
    local, blockers = np.ones(count), []
    for group in groups:
        if len(group) == 1:
            continue
        try:
            local[group] = sum_to_one(propose(group))
        except ProposalError as error:
            names = _(", ").join(nodes[group[column]].name for column in error.columns)
            blockers.append(_complaint(error.reason) % {"names": names})
        except ValueError:
            blockers.append(_("Fewer than three units propose no weights: use a larger data set."))
    if blockers:
        raise Refused(*dict.fromkeys(blockers))
    return local


def _complaint(reason: str) -> str:
    """Say why columns propose nothing, and what to do."""
    return {
        "values below zero have no share": _(
            "Values below zero have no share: %(names)s. Use another method."
        ),
        "the columns rise and fall together": _("The values rise and fall together: %(names)s. Use entropy."),
        "missing values": _("Values are missing: %(names)s. Use a data set that fills them."),
        "all cities have the same value": _(
            "All units have the same value, which does not tell them apart: %(names)s."
        ),
    }[reason]
