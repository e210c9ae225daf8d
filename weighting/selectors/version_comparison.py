"""Weight versions side by side, along the tree of their framework."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from weighting.exceptions import Refused
from weighting.models import Account, Indicator, NodeWeight, WeightVersion
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree
from weighting.numeric.version_distance import relative_change, split_distance, total_variation
from weighting.selectors.frameworks import along_the_tree, indicators_of, tree_of
from weighting.selectors.versions import versions_visible_to

FEWEST, MOST = 2, 20


@dataclass(frozen=True)
class GroupPart:
    """What one sibling group, the children of ``parent``, adds to a distance."""

    parent: Indicator | None
    distance: float


@dataclass(frozen=True, eq=False)
class VersionChange:
    """How one version differs from the base; the arrays are (nodes,).

    ``distance`` is the share of the weight that moves; ``parts`` sum to it, largest first.
    """

    version: WeightVersion
    distance: float
    parts: list[GroupPart]
    local: FloatArray
    global_: FloatArray
    relative: FloatArray


@dataclass(frozen=True, eq=False)
class VersionComparison:
    """The versions asked for, the base first; ``nodes`` as a reader follows the tree.

    ``local`` and ``global_`` are (nodes, versions).
    """

    versions: list[WeightVersion]
    nodes: list[Indicator]
    tree: Tree
    local: FloatArray
    global_: FloatArray

    @property
    def base(self) -> WeightVersion:
        return self.versions[0]

    @cached_property
    def changes(self) -> list[VersionChange]:
        """The change of each version after the base, in their order."""
        return [self._change(position) for position in range(1, len(self.versions))]

    @cached_property
    def furthest(self) -> VersionChange:
        """The change with the largest distance."""
        return max(self.changes, key=lambda change: change.distance)

    @cached_property
    def movers(self) -> IntArray:
        """The leaves whose global weight differs between any versions, the widest apart first."""
        apart = np.ptp(self.global_[self.tree.leaves], axis=1)
        order = np.argsort(-apart, kind="stable")
        return self.tree.leaves[order[apart[order] > 0]]

    def _change(self, place: int) -> VersionChange:
        before, after = self.global_[:, 0], self.global_[:, place]
        leaves = self.tree.leaves
        parts = [
            GroupPart(self.nodes[group[0]].parent, float(part))
            for group, part in zip(self.tree.groups, split_distance(self.tree, before, after), strict=True)
        ]
        return VersionChange(
            version=self.versions[place],
            distance=total_variation(before[leaves], after[leaves]),
            parts=sorted(parts, key=lambda part: -part.distance),
            local=self.local[:, place] - self.local[:, 0],
            global_=after - before,
            relative=relative_change(before, after),
        )


def versions_asked_for(account: Account | None, version_ids: Sequence[int]) -> list[WeightVersion]:
    """Return the versions in the order asked for, each once.

    Raises `WeightVersion.DoesNotExist` when the visitor may not know of one of them.
    """
    found = versions_visible_to(account).in_bulk(list(version_ids))
    unknown = [pk for pk in version_ids if pk not in found]
    if unknown:
        raise WeightVersion.DoesNotExist
    return [found[pk] for pk in dict.fromkeys(version_ids)]


def compare_versions(versions: Sequence[WeightVersion]) -> VersionComparison:
    """Set two to twenty versions of one framework side by side; the first is the base."""
    blockers = comparison_blockers(versions)
    if blockers:
        raise Refused(*blockers)
    nodes = along_the_tree(indicators_of(versions[0].framework_id))
    local, global_ = _weights_of(versions, nodes)
    return VersionComparison(list(versions), nodes, tree_of(nodes), local, global_)


def comparison_blockers(versions: Sequence[WeightVersion]) -> list[str]:
    """List everything that keeps the versions from being compared, each with its remedy."""
    blockers = []
    if not FEWEST <= len(versions) <= MOST:
        blockers.append(
            _("%(count)s chosen: choose %(fewest)s to %(most)s versions.")
            % {"count": len(versions), "fewest": FEWEST, "most": MOST}
        )
    frameworks = {version.framework_id: version.framework.name for version in versions}
    if len(frameworks) > 1:
        blockers.append(
            _("These versions weigh different frameworks (%(names)s): choose versions of one of them.")
            % {"names": _(", ").join(frameworks.values())}
        )
    return blockers


def _weights_of(versions: Sequence[WeightVersion], nodes: list[Indicator]) -> tuple[FloatArray, FloatArray]:
    rows = {node.pk: row for row, node in enumerate(nodes)}
    columns = {version.pk: column for column, version in enumerate(versions)}
    local, global_ = np.zeros((2, len(nodes), len(versions)))
    weights = NodeWeight.objects.filter(version__in=columns)
    for version, node, one, other in weights.values_list(
        "version_id", "indicator_id", "local_weight", "global_weight"
    ):
        local[rows[node], columns[version]] = one
        global_[rows[node], columns[version]] = other
    return local, global_
