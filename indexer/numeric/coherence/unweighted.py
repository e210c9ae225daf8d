"""An index before it has weights: what its raw values alone say of its groups (docs/method.md 10)."""

from functools import cached_property

import numpy as np

from indexer.numeric.coherence.audit import Group, ScoredIndex
from indexer.numeric.coherence.correlations import is_constant
from indexer.numeric.scores.column_blocks import column_blocks
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree


class UnweightedIndex(ScoredIndex):
    """An index before it has weights; its groups are those of its leaves."""

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The leaves of every group that has any; of a mixed group its other members are left out."""
        is_leaf = self.tree.is_leaf
        chosen = (members[is_leaf[members]] for members in self.tree.groups)
        return tuple(self.group_of(leaves) for leaves in chosen if len(leaves))


def unweighted_index(tree: Tree, raw: FloatArray, directions: IntArray) -> UnweightedIndex:
    """Return an index whose leaves score their standardised values, and whose other nodes score nothing.

    Values are turned so that more is better, and brought to mean 0 and variance 1: correlations do not
    change by it, and alpha does not depend on units of measurement. Leaves weigh all the same.

    Parameters
    ----------
    tree : Tree
    raw : float array, (units, leaves)
        nan where missing.
    directions : int array, (leaves,)
        1 where more is better, -1 where less is.
    """
    scores = np.full((len(raw), len(tree)), np.nan)
    # What is made of a block on the way is several times as large.
    for block in column_blocks(*raw.shape):
        scores[:, tree.leaves[block]] = standardise(raw[:, block]) * directions[block]
    weights = np.zeros(len(tree))
    weights[tree.leaves] = 1 / len(tree.leaves)
    return UnweightedIndex(tree, weights, weights, raw, scores, np.full(len(raw), np.nan))


def standardise(values: FloatArray) -> FloatArray:
    """Return columns of mean 0 and variance 1 over what each has; 0 in one that does not vary.

    Parameters
    ----------
    values : float array, (units, columns)
        nan where missing.
    """
    largest = np.fmax.reduce(np.abs(values), axis=0)
    # Squares of large units must stay finite.
    scaled = values / np.where(largest > 0, largest, 1.0)
    present = ~np.isnan(scaled)
    count = np.maximum(present.sum(axis=0), 1)
    centred = scaled - np.where(present, scaled, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(present, centred**2, 0.0).sum(axis=0) / count)
    varies = ~is_constant(scaled) & (spread > 0)
    return np.where(varies, centred, centred * 0) / np.where(varies, spread, 1.0)
