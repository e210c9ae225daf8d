"""What the shape of a tree alone decides: how many share a group, and what each would weigh."""

from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import Tree, global_weights


@dataclass(frozen=True, eq=False)
class TreeShape:
    """The shape of a tree.

    Attributes
    ----------
    per_level : int array, (levels,)
        Nodes of each level, the highest first.
    sizes : int array, (groups,)
        Members of each group, in the order of ``tree.groups``.
    below : int array, (nodes,)
        Leaves at or below each node.
    equal : float array, (nodes,)
        What each node weighs of the whole where the members of every group weigh the same.
    """

    per_level: IntArray
    sizes: IntArray
    below: IntArray
    equal: FloatArray

    @property
    def spread(self) -> float:
        """The heaviest leaf's equal weight over that of the lightest."""
        leaves = self.equal[self.below == 1]
        return float(leaves.max() / leaves.min())


def shape_of_tree(tree: Tree) -> TreeShape:
    """Describe a tree of indicators before anything is known of their values."""
    local = np.empty(len(tree))
    for members in tree.groups:
        local[members] = 1 / len(members)
    return TreeShape(
        per_level=np.bincount(tree.depth)[1:],
        sizes=np.array([len(members) for members in tree.groups]),
        below=tree.descendant_leaves.sum(axis=1),
        equal=global_weights(tree, local),
    )
