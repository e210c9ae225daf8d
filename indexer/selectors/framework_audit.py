"""The shape of a framework's tree, and which data sets hold its indicators."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.audit_files import FrameworkAudit
from indexer.models import DataSet
from indexer.numeric.coherence.structure import TreeShape, shape_of_tree
from indexer.selectors.data_facts import kept_arrays_of, missing_among
from indexer.selectors.data_sets import data_sets_visible_to
from indexer.selectors.stored_values import unpack_values
from weighting.models import Account, Framework, Indicator
from weighting.numeric.tree import Tree
from weighting.selectors.frameworks import indicators_of, tree_of

# Data sets of which a page tells how much is missing; the newest.
MOST_DATA_SETS = 12


@dataclass(frozen=True, eq=False)
class Held:
    """A data set of the framework, and which part of its values is missing."""

    data_set: DataSet
    missing: float


@dataclass(frozen=True, eq=False)
class AuditedFramework:
    """A framework with its nodes, to be audited before any data and weights."""

    framework: Framework
    nodes: list[Indicator]

    @cached_property
    def tree(self) -> Tree:
        return tree_of(self.nodes)

    @cached_property
    def shape(self) -> TreeShape:
        return shape_of_tree(self.tree)

    @property
    def files(self) -> FrameworkAudit:
        return FrameworkAudit(self.tree, self.shape)


def audited_framework(framework: Framework) -> AuditedFramework:
    """Load the tree of a framework for its audit."""
    return AuditedFramework(framework, indicators_of(framework.pk))


def data_sets_of_framework(framework: Framework, account: Account | None) -> list[Held]:
    """Return the newest data sets that the visitor may see, with how much each lacks."""
    visible = data_sets_visible_to(account).filter(framework=framework).order_by("-year", "-pk")
    chosen = list(visible.select_related("series__register")[:MOST_DATA_SETS])
    # One matrix at a time is held, and none of what is known already.
    return [Held(data_set, _missing_part(data_set)) for data_set in chosen]


def _missing_part(data_set: DataSet) -> float:
    arrays = kept_arrays_of(data_set)
    if arrays is not None:
        return missing_among(arrays) / (len(data_set.city_ids) * len(data_set.leaf_codes))
    whole = DataSet.objects.only("values", "city_ids", "leaf_codes").get(pk=data_set.pk)
    return float(np.isnan(unpack_values(whole)).mean())
