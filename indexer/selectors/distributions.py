"""How the values of one node of a run are spread: as they came, as treated, and as scores."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import IndexMethod, Run
from indexer.numeric.coherence.indicators import IndicatorFacts, indicator_facts
from indexer.numeric.gaps import MISSING_POLICIES
from indexer.numeric.preparation import IMPUTED
from indexer.selectors.data_sets import (
    Structure,
    normalise_raw_data,
    raw_data_of,
    unpack_values,
    with_what_it_asks_for,
)
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.plans import plan_of
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray

# What happens to a value before it is normalised.
BEFORE = ("transform", "imputation", "outliers")


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of a node over the units of a run, (cities,); nan where there is none."""

    subject: NodeScores
    node: Indicator

    @cached_property
    def scores(self) -> FloatArray:
        """Normalised values of a leaf, scores of an inner node."""
        return self.subject.scores_on(self.node)

    @cached_property
    def raw(self) -> FloatArray | None:
        """As the data set holds them; None of an inner node."""
        if self._leaf is None:
            return None
        self._load()
        return unpack_values(self.subject.run.data_set)[:, self._leaf]

    @cached_property
    def settled(self) -> FloatArray | None:
        """As they are normalised: divided, filled in, transformed, drawn in; None of an inner node."""
        if self._leaf is None:
            return None
        self._load()
        return treated_values(self.subject.run, self.subject.result.leaves.structure, [self._leaf])[:, 0]

    @property
    def treated(self) -> FloatArray | None:
        """The same; None where it changes nothing."""
        if self.settled is None or self.raw is None or np.array_equal(self.settled, self.raw, equal_nan=True):
            return None
        return self.settled

    @cached_property
    def facts(self) -> IndicatorFacts:
        """Of the raw values, or of the scores where there are none; one column."""
        values = self.scores if self.raw is None else self.raw
        return indicator_facts(values[:, np.newaxis])

    def _load(self) -> None:
        """Have the raw values at hand: they come with normalising them."""
        self.subject.result.leaves.values  # noqa: B018

    @cached_property
    def _leaf(self) -> int | None:
        """The column of the data set."""
        if not self.node.is_leaf:
            return None
        return self.subject.result.leaves.structure.tree.leaf_codes.index(self.node.code)


def treated_values(run: Run, structure: Structure, leaves: Sequence[int]) -> FloatArray:
    """Return some leaves as they are normalised: divided, filled in, transformed, drawn in; (cities, leaves).

    Where a gap stays, or has the worst normalised value, there is none: nan.
    """
    plan, codes = plan_of(run.method), [structure.tree.leaf_codes[leaf] for leaf in leaves]
    bare = without_normalisation(run.method)
    bare.denominators = {code: below for code, below in bare.denominators.items() if code in codes}
    raw = with_what_it_asks_for(raw_data_of(run.data_set, structure), run.data_set, bare)
    # NumPy adds a single column in an order of its own, so that it goes along twice.
    taken = [*leaves, *leaves][: max(2, len(leaves))]
    made = normalise_raw_data(raw.of_leaves(taken), bare)
    worst = [MISSING_POLICIES[plan.leaf_step(code).imputation].gives_worst for code in codes]
    filled = (made.cells[:, : len(leaves)] & IMPUTED) > 0
    return np.where(filled & worst, np.nan, made.values[:, : len(leaves)])


def without_normalisation(method: IndexMethod) -> IndexMethod:
    """Return the method as one that leaves values as they are once they are treated; it is not stored."""
    bare = copy(method)
    bare.normalisation = "none"
    bare.leaves = {
        code: {name: cell for name, cell in cells.items() if name in BEFORE}
        for code, cells in method.leaves.items()
    }
    return bare
