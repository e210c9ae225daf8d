"""A finished run under other weights: every rank anew, against the ranks it has."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from indexer.models import Run
from indexer.numeric.comparison.rank_correlation import discordant_pairs
from indexer.numeric.comparison.versions import mean_absolute_shift, rank_shift
from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.method.node_steps import NodeSteps, leaf_terms
from indexer.numeric.scores.index import Index
from indexer.numeric.scores.ranking import min_ranks
from indexer.numeric.scores.weight_state import State, local_weights, read_state
from indexer.selectors.cities import Cities, ranked_cities_of_run
from indexer.selectors.composites import composites_of
from indexer.selectors.data_sets import Structure, structure_from
from indexer.selectors.indices import index_of, scores_under
from indexer.selectors.plans import plan_of
from indexer.selectors.withheld import codes_kept_back
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree, global_weights
from weighting.selectors.frameworks import indicators_of
from weighting.selectors.versions import local_weights_of

# A browser gets this many values at most, 8 bytes each; beyond, the server computes.
MAX_VALUES = 600_000
# Parts of two units that it compares between two frames, where every unit is held against every other.
MAX_COMPARISONS = 10_000_000

ServerReason = Literal["withheld", "many", "pairs", "rounding"]


@dataclass(frozen=True)
class Swap:
    """Two units whose order is another: positions of the one that was above, and of the other."""

    fell: int
    rose: int


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A run and weights to try; arrays follow the units, or the nodes in file order."""

    run: Run
    structure: Structure
    own: FloatArray  # the local weights of the run, (nodes,)
    nodes: list[Indicator]
    cities: Cities
    state: State

    @property
    def tree(self) -> Tree:
        return self.structure.tree

    @cached_property
    def formed(self) -> NodeSteps:
        """How the nodes are formed."""
        return plan_of(self.run.method).node_steps(self.tree)

    @cached_property
    def index(self) -> Index:
        """The index as a function of its weights, which takes the values of all indicators."""
        return index_of(self.run, structure=self.structure, local=self.own, order="F")

    @cached_property
    def local(self) -> FloatArray:
        """The local weights that are tried, (nodes,)."""
        return local_weights(self.tree, self.own, self.state)

    @cached_property
    def has_missing(self) -> bool:
        return self.index.has_missing

    @cached_property
    def scores(self) -> FloatArray:
        """Scores under these weights, (units,), to the last bit what a run would compute.

        Raises `CompositeError` where there are none: a unit has nothing of any weight, or a mean takes
        no such scores.
        """
        if not self.state:
            return self.nominal_scores
        weights = global_weights(self.tree, self.local)[self.tree.leaves]
        return scores_under(self.run, self.structure, weights)

    @property
    def nominal_scores(self) -> FloatArray:
        """Scores under the run's own weights, (units,)."""
        # Coverages are formed otherwise, so that the last bit may be another.
        return self.index.nominal_scores if self.formed.has_coverage else self._stored[0]

    @cached_property
    def _stored(self) -> tuple[FloatArray, IntArray]:
        """The scores and ranks that the run has, (units,) each."""
        scores, ranks = composites_of([self.run.pk])[self.run.pk]
        ranked = ranks > 0
        return scores[ranked], ranks[ranked]

    @cached_property
    def shown_scores(self) -> FloatArray:
        """The same as the reader may see them, (units,).

        None, nan, under other weights where values may not be given away: all weight on one indicator
        would tell them, as would the difference of two such scores.
        """
        return np.full(len(self.scores), np.nan) if self.state and self.keeps_values_back else self.scores

    @cached_property
    def keeps_values_back(self) -> bool:
        """Whether some values behind the index may not be given away to the reader."""
        return bool(codes_kept_back([self.run]))

    @cached_property
    def ranks(self) -> IntArray:
        return min_ranks(self.scores)

    @cached_property
    def nominal_ranks(self) -> IntArray:
        return self.index.nominal_ranks if self.formed.has_coverage else self._stored[1]

    @cached_property
    def shifts(self) -> IntArray:
        """Places gained, (units,)."""
        return rank_shift(self.nominal_ranks, self.ranks)

    @property
    def mean_shift(self) -> float:
        """R_S, the average absolute rank shift."""
        return mean_absolute_shift(self.nominal_ranks, self.ranks)

    @property
    def moved(self) -> int:
        return int((self.shifts != 0).sum())

    @cached_property
    def order(self) -> list[int]:
        """Positions by rank, ties in their nominal order."""
        return np.lexsort((np.arange(len(self.ranks)), self.nominal_ranks, self.ranks)).tolist()

    def movers(self, count: int) -> tuple[list[int], list[int]]:
        """Return the units that rise and that fall furthest, of equal ones the higher first."""
        ranked = np.lexsort((np.arange(len(self.ranks)), self.ranks, -self.shifts))
        falling = np.lexsort((np.arange(len(self.ranks)), self.ranks, self.shifts))
        rises, falls = ranked[self.shifts[ranked] > 0], falling[self.shifts[falling] < 0]
        return rises[:count].tolist(), falls[:count].tolist()

    def swaps(self, count: int) -> tuple[int, list[Swap]]:
        """Return how many pairs change order, and the first of them by their nominal ranks."""
        first = list[Swap]()
        by_nominal = np.lexsort((np.arange(len(self.ranks)), self.nominal_ranks))
        nominal, ranks = self.nominal_ranks[by_nominal], self.ranks[by_nominal]
        # Those of worse nominal ranks begin here; the best rank among them says whether any passes.
        behind = np.searchsorted(nominal, nominal, side="right")
        best_behind = np.append(np.minimum.accumulate(ranks[::-1])[::-1], len(ranks) + 1)
        for place in np.flatnonzero(best_behind[behind] < ranks)[:count].tolist():
            start = int(behind[place])
            others = start + np.flatnonzero(ranks[start:] < ranks[place])[: count - len(first)]
            first += [Swap(int(by_nominal[place]), int(by_nominal[other])) for other in others]
        return int(discordant_pairs(self.nominal_ranks, self.ranks[np.newaxis])[0]), first

    @property
    def fits_browser(self) -> bool:
        """Whether a browser ranks as the server does, and gets the values."""
        return not self.server_reason

    @cached_property
    def server_reason(self) -> ServerReason | Literal[""]:
        """Why the server has to rank; "" where a browser can."""
        if self.keeps_values_back:
            return "withheld"
        if len(self.cities) * len(self.tree.leaves) > MAX_VALUES:
            return "many"
        return self.comparing_reason if self.formed.looks_at_all else ""

    @property
    def comparing_reason(self) -> ServerReason | Literal[""]:
        """Why the server has to compare each unit with every other; "" where a browser can.

        Equal scores of a part have to be equal in the browser, too: see `Aggregation.is_exact`.
        """
        if len(self.cities) ** 2 * len(self.tree.groups[0]) > 2 * MAX_COMPARISONS:
            return "pairs"
        codes = {self.formed.aggregations[node] for node in self.tree.inner.tolist()}
        return "" if all(AGGREGATIONS[code].is_exact for code in codes) else "rounding"

    @cached_property
    def terms(self) -> bytes:
        """What the weights are applied to, (leaves, units) as little-endian doubles; nan where missing."""
        terms = leaf_terms(self.tree, self.index.normalised, self.formed)
        return terms.astype("<f8").tobytes()


def is_too_large(run: Run) -> bool:
    """Whether a browser gets no values of a run, which are not made then: `server_reason` is "many"."""
    return len(ranked_cities_of_run(run)) * len(run.data_set.leaf_codes) > MAX_VALUES


def what_if_of(run: Run, text: str = "") -> WhatIf:
    """Load a finished run with the weights that a text states; '' are its own.

    Raises `WeightStateError` for a text that states none.
    """
    nodes = indicators_of(run.data_set.framework_id)
    structure = structure_from(nodes)
    return WhatIf(
        run=run,
        structure=structure,
        own=local_weights_of(run.weight_version_id),
        nodes=nodes,
        cities=ranked_cities_of_run(run),
        state=read_state(text, structure.tree),
    )
