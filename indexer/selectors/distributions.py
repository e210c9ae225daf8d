"""How the values of one node of a run are spread: as they came, as treated, and as scores."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from indexer.models import IndexMethod, Run
from indexer.numeric.coherence.indicators import IndicatorFacts, indicator_facts
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.preparation import IMPUTED
from indexer.selectors.data_sets import Structure, normalise_leaves_of
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.plans import plan_of
from indexer.selectors.stored_values import columns_of, foresee_columns
from weighting.models import Indicator
from weighting.numeric.arrays import FloatArray

# What happens to a value before it is normalised.
BEFORE = ("transform", "imputation", "outliers")


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of a node over the units of a run, (units,); nan where there is none."""

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
        return columns_of(self.subject.run.data_set, [self._leaf])[:, 0]

    @cached_property
    def settled(self) -> FloatArray | None:
        """As they are normalised: divided, filled in, transformed, drawn in; None of an inner node."""
        if self._leaf is None:
            return None
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

    @cached_property
    def _leaf(self) -> int | None:
        """The column of the data set."""
        if not self.node.is_leaf:
            return None
        return self.subject.result.leaves.structure.tree.leaf_codes.index(self.node.code)


def distributions_of(subject: NodeScores, nodes: Sequence[Indicator]) -> list[Distribution]:
    """Return the values of some nodes; leaves, and what these are divided by, are read together."""
    codes, below = subject.result.leaves.structure.tree.leaf_codes, subject.run.method.denominators
    own = {node.code for node in nodes if node.is_leaf}
    wanted = own | {below[code] for code in own if code in below}
    foresee_columns(subject.run.data_set, [at for at, code in enumerate(codes) if code in wanted])
    return [Distribution(subject, node) for node in nodes]


def treated_values(run: Run, structure: Structure, leaves: Sequence[int]) -> FloatArray:
    """Return some leaves as they are normalised: divided, filled in, transformed, drawn in; (units, leaves).

    Where a gap stays, or has the worst normalised value, there is none: nan.
    """
    plan, codes = plan_of(run.method), structure.tree.leaf_codes
    made = normalise_leaves_of(run.data_set, without_normalisation(run.method), structure, leaves)
    worst = [MISSING_POLICIES[plan.leaf_step(codes[leaf]).imputation].gives_worst for leaf in leaves]
    return np.where((made.cells & IMPUTED > 0) & worst, np.nan, made.values)


def without_normalisation(method: IndexMethod) -> IndexMethod:
    """Return the method as one that leaves values as they are once they are treated; it is not stored."""
    bare = copy(method)
    bare.normalisation = "none"
    bare.leaves = {
        code: {name: cell for name, cell in cells.items() if name in BEFORE}
        for code, cells in method.leaves.items()
    }
    return bare
