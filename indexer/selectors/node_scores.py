"""The scores of one finished run, seen on its composite or on any node of the tree."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from indexer.models import City, Run
from indexer.numeric.preparation import IMPUTED, LEFT_OUT
from indexer.numeric.ranking import ranks_of_present
from indexer.numeric.unit_parts import marked_shares
from indexer.selectors.cities import Cities
from indexer.selectors.plans import leaf_unit_of, plan_of, score_unit_of
from indexer.selectors.preparations import CellRecord, may_change_cells, record_of
from indexer.selectors.runs import RunResult, result_of
from weighting.models import Indicator
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.versions import local_weights_of

# Shares of a total may exceed it by this much and are shares still: national totals are published to a
# few digits, and shares of 89.53 million counted to the last head sum to 100.0001 %.
SHARE_TOLERANCE = 1e-4
# So many cells of cities by nodes are held at once where one node of all cities is asked for.
CELLS_AT_A_TIME = 2_000_000


@dataclass(frozen=True, eq=False)
class NodeScores:
    """A finished run with one node in view; without a node it is the composite."""

    result: RunResult
    nodes: list[Indicator]
    cities: Cities
    node: Indicator | None

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
        """Unrounded, (cities,); nan where a city has nothing of the node."""
        return self.scores_on(self.node)

    @cached_property
    def present(self) -> list[int]:
        """Positions of the cities that have a score."""
        return np.flatnonzero(np.isfinite(self.scores)).tolist()

    @cached_property
    def ranks(self) -> IntArray:
        """Ranks among the cities that have a score, (cities,); 0 for the others."""
        if self.node is None:
            return self.result.ranks
        return ranks_of_present(self.scores)

    @property
    def absent(self) -> list[City]:
        """The cities without a score."""
        positions = np.flatnonzero(np.isnan(self.scores)).tolist()
        self.cities.load(positions)
        return [self.cities[position] for position in positions]

    @cached_property
    def is_share(self) -> bool:
        """Whether a score is the city's part of the national total, so that scores may be added."""
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
        """How many values behind each city's score were filled in, left out or treated, (cities,)."""
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
    def imputed(self) -> BoolArray | None:
        """Which values behind the run were filled in, (cities, leaves); None where none was."""
        if self.record is None:
            return None
        filled: BoolArray = (self.record.cells & IMPUTED) > 0
        return filled if filled.any() else None

    @cached_property
    def imputed_shares(self) -> FloatArray | None:
        """Which share of the weight behind each score rests on values that were filled in, (cities,)."""
        return self.imputed_shares_on(self.node)

    def imputed_shares_on(self, node: Indicator | None) -> FloatArray | None:
        """Return the same of another node of the same run; None where no value of the run was filled in."""
        if self.imputed is None:
            return None
        place, shares = NO_PARENT if node is None else node.position, np.empty(len(self.cities))
        step = max(1, CELLS_AT_A_TIME // len(self._tree))
        for start in range(0, len(shares), step):
            rows = slice(start, start + step)
            shares[rows] = self.imputed_shares_of(rows)[:, place]
        return shares

    def imputed_shares_of(self, rows: slice) -> FloatArray:
        """Return the same of some cities on all nodes and, last, on the index, (cities, nodes + 1)."""
        if self.imputed is None:
            return np.zeros((len(self.cities.ids[rows]), len(self._tree) + 1))
        return marked_shares(self._tree, self.local_weights, self.imputed[rows], self.held[rows])

    @cached_property
    def held(self) -> BoolArray:
        """Which values there are, given or filled in, (cities, leaves)."""
        if self.record is None:
            return np.ones((len(self.cities), len(self.run.data_set.leaf_codes)), dtype=bool)
        held: BoolArray = (self.record.cells & LEFT_OUT) == 0
        return held

    @property
    def _tree(self) -> Tree:
        return self.result.leaves.structure.tree

    @cached_property
    def local_weights(self) -> FloatArray:
        """The local weights of the run's version, (nodes,)."""
        return local_weights_of(self.run.weight_version_id)

    def on(self, node: Indicator | None) -> "NodeScores":
        """Return the same run with another node in view."""
        return replace(self, node=node)

    def scores_on(self, node: Indicator | None) -> FloatArray:
        """Return the scores of another node of the same run, (cities,)."""
        return self.result.scores if node is None else self.result.on_node(node.position)


def node_scores_of(run: Run, code: str = "") -> NodeScores:
    """Load a finished run, with its nodes, in a constant number of queries.

    Raises `KeyError` for a code that the framework does not have; '' is the composite.
    """
    nodes = indicators_of(run.data_set.framework_id)
    node = {node.code: node for node in nodes}[code] if code else None
    result, cities = result_of(run, nodes)
    return NodeScores(result=result, nodes=nodes, cities=cities, node=node)
