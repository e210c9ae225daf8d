"""The trees of several frameworks as one, whose nodes are those of all."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from indexer.numeric.comparison.joined_trees import JoinedTrees, join_trees
from weighting.models import Indicator
from weighting.numeric.tree import NO_PARENT, Tree
from weighting.selectors.frameworks import tree_of


def join_frameworks(trees: Sequence[list[Indicator]]) -> tuple[list[Indicator], JoinedTrees]:
    """Return all nodes of some trees, and where each tree has them; a tree may be there several times.

    A node of several trees is that of the first one. Nodes are copies, which know their parents and
    positions among all.
    """
    different = {id(tree): tree for tree in trees}
    if len(different) == 1:
        joined = join_trees([tree_of(trees[0])])
        return trees[0], replace(joined, places=joined.places * len(trees))
    number = {key: at for at, key in enumerate(different)}
    joined = join_trees([kin_tree(tree) for tree in different.values()])
    nodes = _nodes_of(joined, list(different.values()))
    return nodes, replace(joined, places=tuple(joined.places[number[id(tree)]] for tree in trees))


def kin_tree(tree: list[Indicator]) -> Tree:
    """Return the numeric tree of the nodes by what they are called over all editions."""
    own = tree_of(tree)
    return Tree(tuple(node.kin for node in tree), own.parents)


def _nodes_of(joined: JoinedTrees, trees: Sequence[list[Indicator]]) -> list[Indicator]:
    nodes = []
    for position in range(len(joined.tree)):
        first = joined.first_with(position)
        node = copy(trees[first][joined.places[first][position]])
        # Django keeps what belongs to a row in it: a copy that is linked anew needs one of its own.
        node._state = copy(node._state)
        node._state.fields_cache = dict(node._state.fields_cache)
        node.position = position
        nodes.append(node)
    for node, parent in zip(nodes, joined.tree.parents.tolist(), strict=True):
        node.parent = None if parent == NO_PARENT else nodes[parent]
    return nodes
