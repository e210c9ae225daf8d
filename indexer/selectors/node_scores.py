"""The scores of one finished run, seen on its composite or on any node of the tree."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from indexer.models import City, Run
from indexer.numeric.comparison.leads import rank_columns
from indexer.numeric.method.preparation import IMPUTED
from indexer.numeric.scores.ranking import ranks_of_present
from indexer.numeric.scores.unit_parts import adds_to_the_whole, effective_weights_of
from indexer.selectors.cities import Cities
from indexer.selectors.plans import leaf_unit_of, plan_of, score_unit_of, steps_of_ranked
from indexer.selectors.preparations import (
    CellRecord,
    imputed_by_node,
    imputed_shares,
    may_change_cells,
    record_of,
)
from indexer.selectors.runs import RunResult, result_of
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.versions import local_weights_of

# Shares of a total may exceed it by this much and are shares still: totals are published to a
# few digits, and shares of 89.53 million counted to the last head sum to 100.0001 %.
SHARE_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class NodeScores:
    """A finished run with one node in view; without a node it is the composite.

    ``known_weights`` are the local weights of its version, (nodes,), where the caller has them.
    """

    result: RunResult
    nodes: list[Indicator]
    cities: Cities
    node: Indicator | None
    known_weights: FloatArray | None = None

    @property
    def run(self) -> Run:
        return self.result.run

    @property
    def scale(self) -> float:
        """What a score is shown times."""
        return self.run.method.scale

    @property
    def name(self) -> str:
        return self.node.name if self.node else _("Composite score")

    @cached_property
    def scores(self) -> FloatArray:
        """Unrounded, (units,); nan where a unit has nothing of the node, or the reader may not see it."""
        return self.scores_on(self.node)

    @property
    def is_kept_back(self) -> bool:
        """Whether the reader gets the ranks on the node, and not its scores."""
        return self.node is not None and self.node.position in self.result.kept_nodes

    @cached_property
    def present(self) -> list[int]:
        """Positions of the units that have a score to show."""
        return np.flatnonzero(np.isfinite(self.scores)).tolist()

    @cached_property
    def ranks(self) -> IntArray:
        """Ranks among the units that have a score, (units,); 0 for the others."""
        if self.node is None:
            return self.result.ranks
        return ranks_of_present(self.result.computed_on_node(self.node.position))

    @property
    def absent(self) -> list[City]:
        """The units without a score, whether or not the reader may see those of the others."""
        positions = np.flatnonzero(np.isnan(self._computed_on(self.node))).tolist()
        self.cities.load(positions)
        return [self.cities[position] for position in positions]

    @cached_property
    def is_share(self) -> bool:
        """Whether a score is the unit's part of the total, so that scores may be added."""
        plan, tree = plan_of(self.run.method), self.result.leaves.structure.tree
        # Parts of a total of quotients, or of values drawn in or turned around, are no parts of the nation.
        is_sum = plan.adds_up and not plan.leaves_gaps(tree)
        return is_sum and self._counts_shares and 0 < self.scores.sum() <= 1 + SHARE_TOLERANCE

    @property
    def _counts_shares(self) -> bool:
        if self.node and self.node.is_leaf:
            return leaf_unit_of(self.run.method, self.node) == "total"
        return score_unit_of(self.run.method) == "total"

    @cached_property
    def record(self) -> CellRecord | None:
        """What was done to the cells behind the run; None where its method does nothing to any."""
        return record_of(self.run) if may_change_cells(self.run.method) else None

    @cached_property
    def changed_values(self) -> IntArray:
        """How many values behind each unit's score were filled in, left out or treated, (units,)."""
        return self.changed_values_on(self.node)

    def changed_values_on(self, node: Indicator | None) -> IntArray:
        """Return the same of another node of the same run: of the leaves below it, or of itself."""
        if self.record is None:
            return np.zeros(len(self.cities), dtype=np.int64)
        changed = self.record.cells > 0
        if node is not None:
            tree = self.result.leaves.structure.tree
            below = tree.descendant_leaves[node.position]
            codes = {code for code, is_below in zip(tree.leaf_codes, below, strict=True) if is_below}
            changed = changed[:, [code in codes for code in self.run.data_set.leaf_codes]]
        return changed.sum(axis=1)

    @cached_property
    def has_imputed(self) -> bool:
        """Whether any value behind the run was filled in."""
        return self.record is not None and bool((self.record.cells & IMPUTED).any())

    @cached_property
    def imputed_shares(self) -> FloatArray | None:
        """Which share of the weight behind each score was filled in, (units,); None where nothing was."""
        if self.record is None or not self.has_imputed:
            return None
        place = NO_PARENT if self.node is None else self.node.position
        return imputed_shares(self._tree, self.local_weights, self.record.cells, place)

    def imputed_of(self, position: int) -> FloatArray:
        """Return the same of one unit on all nodes and, last, on the index, (nodes + 1,)."""
        if self.record is None or not self.has_imputed:
            return np.zeros(len(self._tree) + 1)
        return imputed_by_node(self._tree, self.local_weights, self.record.cells[[position]])[0]

    @property
    def _tree(self) -> Tree:
        return self.result.leaves.structure.tree

    @cached_property
    def local_weights(self) -> FloatArray:
        """The local weights of the run's version, (nodes,)."""
        known = self.known_weights
        return local_weights_of(self.run.weight_version_id) if known is None else known

    @cached_property
    def parts(self) -> FloatArray | None:
        """What the node in view adds to the composite score of each unit, (units,).

        0 where a unit has nothing of it, nan where it has no score; None where the score is no such sum.
        """
        node, tree = self.node, self._tree
        if (
            node is None
            or self.is_kept_back
            or not adds_to_the_whole(tree, steps_of_ranked(self.run.method, tree))[node.position]
        ):
            return None
        parts = np.where(np.isnan(self.scores), 0.0, self.weights * np.nan_to_num(self.scores))
        return np.where(np.isnan(self.result.scores), np.nan, parts)

    @cached_property
    def weights(self) -> FloatArray:
        """What the node in view weighs in the score of each unit, rescaled where something is left out."""
        assert self.node is not None  # noqa: S101  (asked of a node alone)
        return effective_weights_of(
            self._tree,
            self.local_weights,
            self.node.position,
            lambda at: np.isfinite(self.result.computed_on_node(at)),
        )

    def on(self, node: Indicator | None) -> "NodeScores":
        """Return the same run with another node in view."""
        return replace(self, node=node)

    def scores_on(self, node: Indicator | None) -> FloatArray:
        """Return the scores of another node of the same run as the reader may see them, (units,)."""
        return self.result.scores if node is None else self.result.on_node(node.position)

    def ranks_on(self, node: Indicator | None) -> FloatArray:
        """Return the ranks on another node of the same run, (units,); nan where a unit has nothing of it."""
        return rank_columns(self._computed_on(node))

    def _computed_on(self, node: Indicator | None) -> FloatArray:
        return self.result.scores if node is None else self.result.computed_on_node(node.position)


def node_scores_of(run: Run, code: str = "") -> NodeScores:
    """Load a finished run, with its nodes, in a constant number of queries.

    Raises `KeyError` for a code that the framework does not have; '' is the composite.
    """
    nodes = indicators_of(run.data_set.framework_id)
    node = {node.code: node for node in nodes}[code] if code else None
    result, cities = result_of(run, nodes)
    return NodeScores(result=result, nodes=nodes, cities=cities, node=node)
