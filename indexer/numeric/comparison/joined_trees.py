"""Several trees of indicators as one, in which what they have in common is one node (docs/method.md 11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from indexer.numeric.method.node_steps import NodeSteps
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree

NOWHERE = -1
# No code has one in it.
BELOW = "\n"


@dataclass(frozen=True, eq=False)
class JoinedTrees:
    """One tree of all nodes of several.

    Attributes
    ----------
    tree : Tree
        The nodes of the first tree in their order, then those that each further one adds.
    places : tuple of int array, (nodes,)
        Of each tree where it has the nodes; -1 for one that it does not have.
    """

    tree: Tree
    places: tuple[IntArray, ...]

    def first_with(self, node: int) -> int:
        """Return the first tree that has a node."""
        return next(at for at, places in enumerate(self.places) if places[node] != NOWHERE)

    def spread(self, values: FloatArray, tree: int, lacking: float) -> FloatArray:
        """Return values of a tree, (..., its nodes), over all nodes; ``lacking`` where it has none."""
        places = self.places[tree]
        if np.array_equal(places, np.arange(values.shape[-1])):
            return values
        spread = values[..., places]
        spread[..., places == NOWHERE] = lacking
        return spread

    def steps(self, of_trees: Sequence[NodeSteps]) -> NodeSteps | None:
        """Return how all nodes are formed; None where two trees form one otherwise."""
        formed = [""] * len(self.tree)
        for steps, places in zip(of_trees, self.places, strict=True):
            if (steps.whole, steps.floor) != (of_trees[0].whole, of_trees[0].floor):
                return None
            for node in np.flatnonzero(places != NOWHERE).tolist():
                own = steps.aggregations[places[node]]
                if formed[node] not in ("", own):
                    return None
                formed[node] = own
        return replace(
            of_trees[0], aggregations=tuple(formed), coverages=(0.0,) * len(formed), whole_coverage=0.0
        )


def join_trees(trees: Sequence[Tree]) -> JoinedTrees:
    """Join trees by their codes.

    Two nodes are one where they have the same code, lie below the same node, and both are leaves or
    neither is. A node that lies elsewhere in another tree goes from the one place and comes to the other.
    """
    if len(trees) == 1:
        return JoinedTrees(trees[0], (np.arange(len(trees[0])),))
    known: dict[str, int] = {}
    parents: list[int] = []
    own = []
    for tree in trees:
        paths = _paths(tree)
        for path in paths:
            known.setdefault(path, len(known))
        parents += [NO_PARENT] * (len(known) - len(parents))
        for path, parent in zip(paths, tree.parents.tolist(), strict=True):
            parents[known[path]] = NO_PARENT if parent == NO_PARENT else known[paths[parent]]
        own.append([known[path] for path in paths])
    places = tuple(np.full(len(known), NOWHERE) for _tree in trees)
    for at, nodes in zip(places, own, strict=True):
        at[nodes] = np.arange(len(nodes))
    return JoinedTrees(Tree(tuple(known), np.array(parents, dtype=np.int64)), places)


def _paths(tree: Tree) -> list[str]:
    """Return what tells each node apart: the codes from the root to it; a leaf's end otherwise."""
    paths = [""] * len(tree)
    for level in tree.levels:
        for node in level.tolist():
            parent = int(tree.parents[node])
            above = "" if parent == NO_PARENT else paths[parent]
            paths[node] = above + tree.codes[node] + ("" if tree.is_leaf[node] else BELOW)
    return paths
