"""Drafts of weights that the data propose: for comparison only."""

from collections.abc import Callable

import numpy as np
from django.utils.translation import gettext as _

from indexer.models import DataSet
from indexer.numeric.faults import NormalisationError
from indexer.numeric.node_steps import score_nodes
from indexer.numeric.proposals import ProposalError, critic_weights, entropy_weights, pca_weights
from indexer.selectors.data_sets import normalised_values, structure_of
from indexer.selectors.faults import fault_texts
from indexer.selectors.plans import plan_of
from weighting.enums import VersionSource
from weighting.exceptions import Refused
from weighting.models import Account, Indicator, WeightVersion
from weighting.numeric.aggregation import equal_weights
from weighting.numeric.arrays import FloatArray
from weighting.numeric.siblings import sum_to_one
from weighting.numeric.tree import Tree
from weighting.selectors.frameworks import indicators_of
from weighting.services.versions import draft_imported_version

METHODS: dict[str, Callable[[FloatArray], FloatArray]] = {
    VersionSource.ENTROPY: entropy_weights,
    VersionSource.CRITIC: critic_weights,
    VersionSource.PCA: pca_weights,
}


def propose_weights(
    data_set: DataSet, *, method: VersionSource, label_zh: str, label_en: str, actor: Account
) -> WeightVersion:
    """Draft the weights that a method proposes within every sibling group of a data set.

    Leaves enter as normalised under the data set's own method, inner nodes with their scores
    under equal weights. Groups that propose nothing are all named.
    """
    structure = structure_of(data_set.framework_id)
    tree = structure.tree
    try:
        normalised = normalised_values(data_set, data_set.method, structure)
        plan = plan_of(data_set.method)
        scored = score_nodes(
            tree,
            equal_weights(tree).global_[tree.leaves][:, np.newaxis],
            normalised,
            plan.node_steps(tree).for_all,
            missing="reweight" if plan.leaves_gaps(tree) else "refuse",
        )
        scores = scored.with_leaves(tree, normalised)
    except NormalisationError as error:
        raise Refused(*fault_texts(error.faults, data_set)) from error
    local = _propose_groups(tree, scores, METHODS[method], indicators_of(data_set.framework_id))
    return draft_imported_version(
        framework=data_set.framework,
        local_weights=dict(zip(tree.codes, local.tolist(), strict=True)),
        label_zh=label_zh,
        label_en=label_en,
        actor=actor,
        source=method,
        evidence={"data_sha256": data_set.sha256, "for_comparison_only": True},
    )


def _propose_groups(
    tree: Tree, scores: FloatArray, propose: Callable[[FloatArray], FloatArray], nodes: list[Indicator]
) -> FloatArray:
    local, blockers = np.ones(len(tree)), []
    for group in tree.groups:
        if len(group) == 1:
            continue
        try:
            local[group] = sum_to_one(propose(scores[:, group]))
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
            "All units have the same value, which tells none from another: %(names)s."
        ),
    }[reason]
