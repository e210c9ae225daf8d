"""From normalised values and weights to the scores of units (docs/method.md 4)."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from indexer.numeric.method.aggregations import AGGREGATIONS
from indexer.numeric.scores.unbuffered import unbuffered
from weighting.numeric.arrays import BoolArray, FloatArray
from weighting.numeric.tree import NO_PARENT, Tree, local_from_leaf_weights

Missing = Literal["refuse", "reweight"]
CompositeFault = Literal["missing", "not_positive", "below_zero", "nothing_present"]

# Sums of that many cells and their products fit in the cache of one core.
CACHED_CELLS = 50_000
COMPOSITE_TEXTS: dict[CompositeFault, str] = {
    "missing": "missing values",
    "not_positive": "this mean needs values above zero",
    "below_zero": "this mean takes no values below zero",
    "nothing_present": "nothing of any weight is present",
}


class CompositeError(ValueError):
    """Scores cannot be formed; ``cities``, ``leaves`` and ``nodes`` are the positions concerned."""

    def __init__(
        self,
        kind: CompositeFault,
        *,
        cities: Iterable[int] = (),
        leaves: Iterable[int] = (),
        nodes: Iterable[int] = (),
    ) -> None:
        self.kind = kind
        self.reason = COMPOSITE_TEXTS[kind]
        self.cities = tuple(int(city) for city in cities)
        self.leaves = tuple(int(leaf) for leaf in leaves)
        self.nodes = tuple(int(node) for node in nodes)
        places = [f"city {city + 1}" for city in self.cities] + [f"leaf {leaf + 1}" for leaf in self.leaves]
        places += [f"node {node + 1}" for node in self.nodes]
        super().__init__(f"{self.reason}: {', '.join(places)}")


def composite_scores(
    normalised: FloatArray,
    leaf_weights: FloatArray,
    *,
    aggregation: str = "arithmetic",
    missing: Missing = "refuse",
    tree: Tree | None = None,
) -> FloatArray:
    r"""Score every unit under every version of the weights.

    Arithmetic :math:`T_c = \sum_j \alpha_j t_{cj}`, geometric
    :math:`T_c = \prod_j t_{cj}^{\alpha_j}`. Under ``reweight`` the weights of what a unit has
    are rescaled in each sibling group, from the bottom up: a node none of whose leaves is
    present is itself absent from its group.

    The leaves are added in their order, in plain IEEE arithmetic and without BLAS, whose sums
    depend on the shape of the whole matrix: a version scored alone, with others or on another
    machine has the same bits (geometric: on machines with the same ``exp`` and ``log``).

    Parameters
    ----------
    normalised : float array, (units, leaves)
        nan where missing.
    leaf_weights : float array, (leaves,) or (leaves, versions)
        Global weights of the leaves; each version sums to 1.
    aggregation : str
        A code of `AGGREGATIONS`.
    missing : {"refuse", "reweight"}
    tree : Tree
        Needed by ``reweight``.

    Returns
    -------
    float array, (units,) or (units, versions)
        A share of the whole when the normalised values are shares.

    Raises
    ------
    CompositeError
        Naming the leaves that are missing under ``refuse`` or not above zero under
        ``geometric``, and the units with nothing of any weight under ``reweight``.

    References
    ----------
    2016 "Internet Plus" index report, chapter 1, section 3.3.
    """
    weights = np.asarray(leaf_weights, dtype=np.float64)
    terms = _terms(normalised, aggregation, missing)
    versions = weights.reshape(terms.shape[1], -1)
    if missing == "reweight":
        totals = np.stack([_reweighted_sum(terms, w, _require(tree)) for w in versions.T], axis=1)
    else:
        totals = _weigh_in_order(np.ascontiguousarray(terms.T), versions)
    return AGGREGATIONS[aggregation].finish(totals).reshape(len(terms), *weights.shape[1:])


def node_scores(
    tree: Tree,
    global_: FloatArray,
    normalised: FloatArray,
    *,
    aggregation: str = "arithmetic",
    missing: Missing = "refuse",
) -> FloatArray:
    r"""Score every unit on every node of the tree, under one version of the weights.

    A leaf scores its normalised value, an inner node
    :math:`\sum_j (\alpha_j / \alpha_n) t_{cj}` over its leaves j (geometric: the product of
    the powers), formed group by group from the bottom up. A node of weight zero has equally
    split groups below it. Under ``reweight`` a node that a unit has nothing of is nan.

    Parameters
    ----------
    global_ : float array, (nodes,)
        Global weights; those of the leaves sum to 1.
    normalised, aggregation, missing
        As for `composite_scores`.

    Returns
    -------
    float array, (units, nodes)

    Raises
    ------
    CompositeError
        As `composite_scores`.
    """
    values = np.asarray(normalised, dtype=np.float64)
    leaf_weights = np.asarray(global_)[tree.leaves, np.newaxis]
    scores = np.empty((len(values), len(tree)))
    scores[:, tree.inner] = inner_scores(
        tree, leaf_weights, values, aggregation=aggregation, missing=missing
    )[0].T
    scores[:, tree.leaves] = values
    return scores


def inner_scores(
    tree: Tree,
    leaf_weights: FloatArray,
    normalised: FloatArray,
    *,
    aggregation: str = "arithmetic",
    missing: Missing = "refuse",
) -> FloatArray:
    """Score every unit on every node that has children, under many versions at once.

    The formula is that of `node_scores`; children are added in their order, in plain IEEE
    arithmetic, so that the bits do not depend on which versions are scored together.

    Parameters
    ----------
    leaf_weights : float array, (leaves, versions)
        Global weights of the leaves; each version sums to 1.
    normalised, aggregation, missing
        As for `composite_scores`.

    Returns
    -------
    float array, (versions, inner nodes, units)
        Nodes in the order of ``tree.inner``.

    Raises
    ------
    CompositeError
        As `composite_scores`.
    """
    terms = np.ascontiguousarray(_terms(normalised, aggregation, missing).T)
    locals_ = [local_from_leaf_weights(tree, version) for version in leaf_weights.T]
    if missing == "reweight":
        return np.stack([_reweighted_inner(tree, local, terms, aggregation) for local in locals_])
    weights = np.stack(locals_, axis=1)
    leaves = dict(zip(tree.leaves.tolist(), terms, strict=True))
    scores = np.zeros((weights.shape[1], len(tree.inner), terms.shape[1]))
    step = max(1, CACHED_CELLS // terms.shape[1])
    with unbuffered():
        for start in range(0, len(scores), step):
            part = slice(start, start + step)
            _add_children(tree, weights[:, part], leaves, scores[part])
    return AGGREGATIONS[aggregation].finish(scores)


def _add_children(tree: Tree, local: FloatArray, leaves: dict[int, FloatArray], scores: FloatArray) -> None:
    """Add to every inner node, (versions, inner nodes, units), what is below it, from the bottom up."""
    rows = {int(node): row for row, node in enumerate(tree.inner)}
    product = np.empty((local.shape[1], scores.shape[2]))
    for level in reversed(tree.levels[1:]):
        for node in level.tolist():
            below = leaves[node] if node in leaves else scores[:, rows[node]]
            np.multiply(local[node][:, np.newaxis], below, out=product)
            scores[:, rows[int(tree.parents[node])]] += product


def _reweighted_inner(tree: Tree, local: FloatArray, terms: FloatArray, aggregation: str) -> FloatArray:
    """Score one version over what each unit has, (inner nodes, units); nan where it has nothing."""
    present = ~np.isnan(terms)
    support, masses = _presence(tree, local, present)
    weights = np.broadcast_to(local[:, np.newaxis], masses.shape)
    weights = np.divide(weights, masses, out=np.zeros_like(masses), where=support)
    scores = np.zeros(weights.shape)
    scores[tree.leaves] = np.where(present, terms, 0.0)
    for level in reversed(tree.levels[1:]):
        for node in level:
            scores[tree.parents[node]] += weights[node] * scores[node]
    # What a unit has nothing of is 0 until it is nan, and no mean to be finished.
    with np.errstate(divide="ignore"):
        return np.where(support, AGGREGATIONS[aggregation].finish(scores), np.nan)[tree.inner]


def _terms(normalised: FloatArray, aggregation: str, missing: Missing) -> FloatArray:
    """Check the normalised values and return what the weights are applied to."""
    values = np.asarray(normalised, dtype=np.float64)
    absent = np.isnan(values)
    entry = AGGREGATIONS[aggregation]
    if not entry.is_mean:
        raise ValueError(f"{aggregation} is no mean of leaves: its nodes are formed one by one")
    if missing not in ("refuse", "reweight"):
        raise ValueError(f"unknown policy {missing!r}")
    if missing == "refuse" and absent.any():
        raise CompositeError("missing", leaves=np.flatnonzero(absent.any(axis=0)))
    if entry.refusal and (refused := entry.refused(values)).any():
        raise CompositeError(entry.refusal, leaves=np.flatnonzero(refused))
    return entry.terms(values)


def _weigh_in_order(terms: FloatArray, weights: FloatArray) -> FloatArray:
    """Add the leaves, (leaves, units), under each version of the weights: (units, versions).

    A block of versions at a time, so that the sums stay in the processor's cache.
    """
    cities, versions = terms.shape[1], weights.shape[1]
    totals = np.empty((versions, cities))
    step = max(1, CACHED_CELLS // cities)
    for start in range(0, versions, step):
        part = np.ascontiguousarray(weights[:, start : start + step, np.newaxis])
        sums = totals[start : start + step]
        product = np.empty_like(sums)
        with unbuffered():
            np.multiply(part[0], terms[0], out=sums)
            for leaf, weight in zip(terms[1:], part[1:], strict=True):
                np.multiply(weight, leaf, out=product)
                sums += product
    return totals.T


def _sum_in_order(products: Iterator[FloatArray]) -> FloatArray:
    total = next(products)
    for product in products:
        total += product
    return total


def _reweighted_sum(terms: FloatArray, leaf_weights: FloatArray, tree: Tree) -> FloatArray:
    """Sum one version over what each unit has, (units,)."""
    present = ~np.isnan(terms.T)
    local = local_from_leaf_weights(tree, leaf_weights)
    support, masses = _presence(tree, local, present)
    # 1 where nothing is missing, so that a complete unit keeps the bits of its plain sum.
    scale = np.ones_like(masses)
    for level in tree.levels:
        above = scale[tree.parents[level]] if tree.parents[level[0]] != NO_PARENT else 1.0
        scale[level] = np.where(support[level], above / masses[level], 0.0)
    weights = leaf_weights[:, np.newaxis] * scale[tree.leaves]
    filled = np.where(present, terms.T, 0.0)
    return _sum_in_order(leaf * weight for leaf, weight in zip(filled, weights, strict=True))


def _presence(tree: Tree, local: FloatArray, present: BoolArray) -> tuple[BoolArray, FloatArray]:
    """Return which nodes a unit has anything of, and the local weight present in each group.

    Both are (nodes, units); the mass of a node is that of its sibling group, exactly 1 where
    the group is complete and 1 where it is empty.
    """
    support = np.zeros((len(tree), present.shape[1]), dtype=bool)
    support[tree.leaves] = present
    masses = np.ones(support.shape)
    for group in sorted(tree.groups, key=lambda group: -int(tree.depth[group[0]])):
        mass = _sum_in_order(local[node] * support[node] for node in group)
        masses[group] = np.where(support[group].all(axis=0) | (mass == 0), 1.0, mass)
        parent = tree.parents[group[0]]
        if parent != NO_PARENT:
            support[parent] = mass > 0
        elif not (mass > 0).all():
            raise CompositeError("nothing_present", cities=np.flatnonzero(mass == 0))
    return support, masses


def _require(tree: Tree | None) -> Tree:
    if tree is None:
        raise ValueError("reweighting needs the tree")
    return tree
