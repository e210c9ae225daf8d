"""The tree of indicators: its shape, and weights going up and down it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray

MAX_DEPTH = 6
MAX_NODES = 2000
NO_PARENT = -1

FaultKind = Literal["no_code", "duplicate", "orphan", "cycle", "too_deep", "too_small", "too_large"]

FAULT_TEXTS: dict[FaultKind, str] = {
    "no_code": "node {number} has no code",
    "duplicate": "code {code!r} is given more than once",
    "orphan": "the parent {other!r} of {code!r} is not a node of the tree",
    "cycle": "{code!r} is its own ancestor: {other}",
    "too_deep": f"{{code!r}} lies deeper than {MAX_DEPTH} levels",
    "too_small": "a tree needs a node, {number} given",
    "too_large": f"a tree has at most {MAX_NODES} nodes, {{number}} given",
}


@dataclass(frozen=True)
class TreeFault:
    """One thing that keeps a list of nodes from being a tree.

    ``index`` is the node's position in the list, or -1 for a fault of the whole list;
    ``other`` is the missing parent of an orphan, or the round trip of a cycle.
    """

    kind: FaultKind
    index: int = -1
    code: str = ""
    other: str = ""
    number: int = 0

    def __str__(self) -> str:
        return FAULT_TEXTS[self.kind].format(code=self.code, other=self.other, number=self.number)


class TreeError(ValueError):
    """The nodes do not form a tree; ``faults`` and ``problems`` list every reason."""

    def __init__(self, faults: Sequence[TreeFault]) -> None:
        self.faults = tuple(faults)
        self.problems = [str(fault) for fault in faults]
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, eq=False)
class Tree:
    """A checked tree of indicators (make one with `build_tree`).

    Attributes
    ----------
    codes : tuple of str, (nodes,)
        In the order given, which is also the order of every (nodes, ...) array.
    parents : int array, (nodes,)
        Index of the parent; -1 for the nodes of the root group.
    """

    codes: tuple[str, ...]
    parents: IntArray

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of each code."""
        return {code: position for position, code in enumerate(self.codes)}

    @cached_property
    def is_leaf(self) -> BoolArray:
        """True where a node has no children, (nodes,)."""
        leaf = np.ones(len(self), dtype=bool)
        leaf[self.parents[self.parents != NO_PARENT]] = False
        return leaf

    @cached_property
    def leaves(self) -> IntArray:
        """Indices of the leaves in the order of the codes, (leaves,)."""
        return np.flatnonzero(self.is_leaf)

    @cached_property
    def inner(self) -> IntArray:
        """Indices of the nodes that have children, in the order of the codes, (inner nodes,)."""
        return np.flatnonzero(~self.is_leaf)

    @cached_property
    def leaf_codes(self) -> tuple[str, ...]:
        """Codes of the leaves, the column order of every (units, leaves) array."""
        return tuple(self.codes[leaf] for leaf in self.leaves)

    @cached_property
    def groups(self) -> tuple[IntArray, ...]:
        """Sibling groups as node indices, (siblings,) each: the root group, then by the parent's position."""
        members: dict[int, list[int]] = {}
        for node, parent in enumerate(self.parents.tolist()):
            members.setdefault(parent, []).append(node)
        return tuple(np.array(members[parent]) for parent in sorted(members))

    @cached_property
    def depth(self) -> IntArray:
        """Level of each node, 1 for the root group, (nodes,)."""
        depth = np.ones(len(self), dtype=np.int64)
        ancestors = self.parents.copy()
        while (below := ancestors != NO_PARENT).any():
            depth[below] += 1
            ancestors[below] = self.parents[ancestors[below]]
        return depth

    @cached_property
    def levels(self) -> tuple[IntArray, ...]:
        """Node indices of each level, (nodes of it,) each, the root group first."""
        return tuple(np.flatnonzero(self.depth == level) for level in range(1, self.depth.max() + 1))

    @cached_property
    def descendant_leaves(self) -> BoolArray:
        """True where a leaf is below the node or is the node itself, (nodes, leaves)."""
        below = np.zeros((len(self), len(self.leaves)), dtype=bool)
        below[self.leaves, np.arange(len(self.leaves))] = True
        for level in reversed(self.levels[1:]):
            np.logical_or.at(below, self.parents[level], below[level])
        return below


def build_tree(codes: Sequence[str], parents: Sequence[str]) -> Tree:
    """Check that the nodes form a tree and return it.

    Parameters
    ----------
    codes : sequence of str, (nodes,)
        Each node's code; the order is kept.
    parents : sequence of str, (nodes,)
        Each node's parent code, '' for the root group.

    Raises
    ------
    TreeError
        Listing every empty or repeated code, orphan and cycle, and a depth above 6 levels; or that there
        is no node, or more than 2,000.
    """
    if len(codes) != len(parents):
        raise ValueError(f"{len(codes)} codes but {len(parents)} parents")
    if faults := list(_find_faults(codes, parents)):
        raise TreeError(faults)
    position = {code: index for index, code in enumerate(codes)}
    indices = [position[parent] if parent else NO_PARENT for parent in parents]
    return Tree(codes=tuple(codes), parents=np.array(indices, dtype=np.int64))


def global_weights(tree: Tree, local: FloatArray) -> FloatArray:
    """Multiply the local weights on each node's path from the root (docs/method.md 2).

    Parameters
    ----------
    local : float array, (nodes,) or (nodes, versions)
        Local weights in [0, 1]; each sibling group sums to 1.

    Returns
    -------
    float array, the shape of `local`
        Global weights; those of the leaves sum to 1.

    Raises
    ------
    ValueError
        When there are not as many weights as nodes.
    """
    weights = np.array(local, dtype=np.float64)
    if weights.shape[0] != len(tree):
        raise ValueError(f"{weights.shape[0]} weights for {len(tree)} nodes")
    for level in tree.levels[1:]:
        weights[level] *= weights[tree.parents[level]]
    return weights


def local_from_leaf_weights(tree: Tree, leaf_weights: FloatArray) -> FloatArray:
    """Return the local weights that lead to the given global weights of the leaves.

    A node weighs the sum of its leaves; its local weight is its part of its sibling group.
    A group that weighs nothing leaves its local weights undetermined: it is split equally.

    Parameters
    ----------
    leaf_weights : float array, (leaves,)
        Not negative, in the order of ``tree.leaf_codes``; scaled to sum to 1.

    Returns
    -------
    float array, (nodes,)
        Local weights.

    Raises
    ------
    ValueError
        On a wrong length, a weight that is negative or not finite, or a total of zero.
    """
    weights = _check_leaf_weights(tree, leaf_weights)
    totals = np.zeros(len(tree))
    totals[tree.leaves] = weights
    for level in reversed(tree.levels[1:]):
        np.add.at(totals, tree.parents[level], totals[level])
    local = np.empty(len(tree))
    for group in tree.groups:
        group_total = totals[group].sum()
        local[group] = totals[group] / group_total if group_total > 0 else 1 / len(group)
    return local


def _check_leaf_weights(tree: Tree, leaf_weights: FloatArray) -> FloatArray:
    weights = np.asarray(leaf_weights, dtype=np.float64)
    if weights.shape != (len(tree.leaves),):
        raise ValueError(f"leaf weights of shape {weights.shape} for {len(tree.leaves)} leaves")
    bad = [tree.leaf_codes[i] for i in np.flatnonzero(~np.isfinite(weights) | (weights < 0))]
    if bad:
        raise ValueError("weights that are negative or not finite: " + ", ".join(bad))
    if not weights.sum() > 0:
        raise ValueError("the leaf weights sum to zero")
    return weights


def _find_faults(codes: Sequence[str], parents: Sequence[str]) -> Iterator[TreeFault]:
    if not codes:
        yield TreeFault("too_small", number=len(codes))
    if len(codes) > MAX_NODES:
        # What else is wrong with so many takes long to find, and may lie in those that are to go.
        yield TreeFault("too_large", number=len(codes))
        return
    seen: Counter[str] = Counter()
    known = set(codes)
    for index, (code, parent) in enumerate(zip(codes, parents, strict=True)):
        if not code:
            yield TreeFault("no_code", index, number=index + 1)
        elif seen[code]:
            yield TreeFault("duplicate", index, code)
        if parent and parent not in known:
            yield TreeFault("orphan", index, code, parent)
        seen[code] += 1
    yield from _find_path_faults(codes, parents)


def _find_path_faults(codes: Sequence[str], parents: Sequence[str]) -> Iterator[TreeFault]:
    """Follow each node upwards once; of a repeated code the first row counts."""
    parent_of: dict[str, str] = {}
    for code, parent in zip(codes, parents, strict=True):
        parent_of.setdefault(code, parent)
    depth: dict[str, int] = {"": 0}
    for start in parent_of:
        path: dict[str, None] = {}
        code = start
        while code not in depth and code in parent_of and code not in path:
            path[code] = None
            code = parent_of[code]
        if code in path:
            loop = list(path)[list(path).index(code) :]
            yield TreeFault("cycle", list(codes).index(code), code, " > ".join([*loop, code]))
        # What hangs on a cycle or on an orphan has no depth to complain about.
        lost = code in path or code not in depth
        level = -len(codes) if lost else depth[code]
        for node in reversed(path):
            level += 1
            depth[node] = level
            if level == MAX_DEPTH + 1:
                yield TreeFault("too_deep", list(codes).index(node), node)
