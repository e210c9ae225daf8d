"""The change of one weight that ties two units of a ranking (docs/method.md 7)."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from indexer.numeric.scores.index import Index
from indexer.numeric.scores.linear_part import LinearPart, linear_part
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import NO_PARENT, Tree, global_weights

# Pairs of units times nodes looked at together.
CELLS = 500_000
# Changes that differ by less are the same one.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class CriticalWeights:
    """The changes of a single local weight that tie two units.

    Attributes
    ----------
    pairs : int array, (pairs, 2)
        The better unit first.
    deltas : float array, (nodes, pairs)
        Change of the node's local weight, its siblings keeping their proportions; nan where
        the weight has no siblings to trade with or does not bear on the pair.
    feasible : bool array, (nodes, pairs)
        Where the changed weight stays in [0, 1].
    smallest : int array, (pairs,)
        The node whose feasible change is smallest in size, -1 where there is none.
    residuals : float array, (pairs,)
        Difference of the two scores once that change is made: 0 but for rounding, nan where
        there is none.
    within : bool array, (nodes,)
        Whose weights were solved for; those within nodes that are formed otherwise were not.
    """

    pairs: IntArray
    deltas: FloatArray
    feasible: BoolArray
    smallest: IntArray
    residuals: FloatArray
    within: BoolArray


@dataclass(frozen=True, eq=False)
class SmallestChanges:
    """For each two neighbours of a ranking, the smallest change of one weight that ties them.

    Attributes
    ----------
    pairs : int array, (pairs, 2)
        The better unit first, the best pair first.
    gaps : float array, (pairs,)
        Score of the first less that of the second.
    nodes : int array, (pairs,)
        Whose local weight changes; -1 where no weight alone ties the two.
    deltas : float array, (pairs,)
        By how much; nan where there is none.
    choices : int array, (pairs,)
        How many weights could do it, each by a change of its own.
    residuals : float array, (pairs,)
        What is left of the gap once the change is made: 0 but for rounding.
    within : bool array, (nodes,)
        Whose weights were solved for.
    """

    pairs: IntArray
    gaps: FloatArray
    nodes: IntArray
    deltas: FloatArray
    choices: IntArray
    residuals: FloatArray
    within: BoolArray


def adjacent_pairs(ranks: IntArray) -> IntArray:
    """Return the neighbours of a ranking, best first, (units - 1, 2); ties in given order."""
    order = np.argsort(ranks, kind="stable")
    return np.stack([order[:-1], order[1:]], axis=1)


def critical_weights(
    index: Index, pairs: IntArray | None = None, *, apart: Collection[int] = ()
) -> CriticalWeights:
    r"""Find the change of each local weight that ties each pair of units.

    For a pair with :math:`D = T_a - T_b`, indicator k of group g with local weight
    :math:`a_k`, group weight :math:`W_g`, :math:`d_k = t_{ak} - t_{bk}` and
    :math:`D_g = \sum_{j \in g} a_j d_j`,

    .. math:: \delta = -D (1 - a_k) / (W_g (d_k - D_g))

    with proportional renormalisation of the siblings, feasible if
    :math:`-a_k \le \delta \le 1 - a_k`. Under another mean D and d are differences of what its weights
    are applied to, such as logarithms; only its own weights are solved for, not those within nodes
    that are formed otherwise (`linear_part`).

    Parameters
    ----------
    pairs : int array, (pairs, 2), optional
        Neighbours of the nominal ranking by default.
    apart : collection of int
        Positions of nodes whose own weights are not solved for.

    Raises
    ------
    ValueError
        As `linear_part`: no sum is then linear in a weight.

    References
    ----------
    E. Triantaphyllou & A. Sanchez, Decision Sciences 28 (1997), 151-194,
    doi:10.1111/j.1540-5915.1997.tb01306.x
    """
    return _critical_weights(
        index,
        _without(linear_part(index), apart),
        adjacent_pairs(index.nominal_ranks) if pairs is None else pairs,
    )


def _without(linear: LinearPart, apart: Collection[int]) -> LinearPart:
    within = linear.within.copy()
    within[list(apart)] = False
    return replace(linear, within=within)


def _critical_weights(index: Index, linear: LinearPart, pairs: IntArray) -> CriticalWeights:
    deltas, feasible = _solve(index, linear, pairs)
    smallest = _smallest(deltas, feasible)
    residuals = _check_ties(index, linear, pairs, smallest, _chosen(deltas, smallest))
    return CriticalWeights(pairs, deltas, feasible, smallest, residuals, linear.within)


def _solve(index: Index, linear: LinearPart, pairs: IntArray) -> tuple[FloatArray, BoolArray]:
    """Return deltas and which of them are feasible, (nodes, pairs), group by group."""
    local, differences = index.local, _differences(linear, pairs)
    if index.formed.is_sum:
        gaps = index.nominal_scores[pairs[:, 0]] - index.nominal_scores[pairs[:, 1]]
    else:
        gaps = local[index.tree.groups[0]] @ differences[index.tree.groups[0]]
    deltas, feasible = np.full(differences.shape, np.nan), np.zeros(differences.shape, dtype=bool)
    for group, weight in zip(index.tree.groups, _group_weights(index.tree, local), strict=True):
        traded = group[_is_tradable(local[group]) & linear.within[group]]
        if not len(traded) or not weight:
            continue
        members, places = _together(group), _together(traded)
        own, room = local[places, np.newaxis], 1 - local[places, np.newaxis]
        slopes = weight * (differences[places] - local[members] @ differences[members])
        found = np.divide(-gaps * room, slopes, out=np.full(slopes.shape, np.nan), where=slopes != 0)
        deltas[places], feasible[places] = found, (found >= -own) & (found <= room)
    return deltas, feasible


def _differences(linear: LinearPart, pairs: IntArray) -> FloatArray:
    """Return the terms of the first less those of the second of each pair, (nodes, pairs)."""
    chain = np.append(pairs[:1, 0], pairs[:, 1])
    if np.array_equal(chain[:-1], pairs[:, 0]):
        # Each is the second of one pair and the first of the next.
        terms = linear.of(chain)
        return terms[:, :-1] - terms[:, 1:]
    return linear.of(pairs[:, 0]) - linear.of(pairs[:, 1])


def _together(nodes: IntArray) -> IntArray | slice:
    """Return nodes that stand beside each other as a slice, which copies none of what it takes."""
    first, last = int(nodes[0]), int(nodes[-1])
    return slice(first, last + 1) if last - first + 1 == len(nodes) else nodes


def _is_tradable(weights: FloatArray) -> BoolArray:
    """Tell of each member of a group whether another has a weight to trade with."""
    has_weight = weights > 0
    return has_weight.sum() - has_weight > 0


def _smallest(deltas: FloatArray, feasible: BoolArray) -> IntArray:
    """Return the node whose feasible change is smallest, (pairs,), -1 where there is none."""
    sizes = np.where(feasible, np.abs(deltas), np.inf)
    least = sizes.min(axis=0)
    # Of two siblings either may be the one that changes: the first counts, whatever the rounding.
    first = (sizes <= least * (1 + ROUNDING)).argmax(axis=0)
    return np.where(np.isfinite(least), first, -1)


def _chosen(deltas: FloatArray, smallest: IntArray) -> FloatArray:
    """Return the change of the node that was chosen for each pair, (pairs,); nan for none."""
    return np.where(smallest >= 0, deltas[smallest, np.arange(len(smallest))], np.nan)


def smallest_changes(index: Index, *, apart: Collection[int] = ()) -> SmallestChanges:
    """Find the smallest change of one weight for every two neighbours of the nominal ranking.

    As `critical_weights`, in parts of so many pairs that memory stays bounded.

    Raises
    ------
    ValueError
        As `critical_weights`.
    """
    pairs = adjacent_pairs(index.nominal_ranks)
    # An index of a single unit is checked like any other.
    linear = _without(linear_part(index), apart)
    gaps = index.nominal_scores[pairs[:, 0]] - index.nominal_scores[pairs[:, 1]]
    nodes, choices = np.empty((2, len(pairs)), dtype=np.int64)
    deltas = np.empty(len(pairs))
    step = max(1, CELLS // len(index.tree))
    for part in (slice(start, start + step) for start in range(0, len(pairs), step)):
        found, feasible = _solve(index, linear, pairs[part])
        nodes[part], choices[part] = _smallest(found, feasible), np.count_nonzero(feasible, axis=0)
        deltas[part] = _chosen(found, nodes[part])
    residuals = _check_ties(index, linear, pairs, nodes, deltas)
    return SmallestChanges(pairs, gaps, nodes, deltas, choices, residuals, linear.within)


def _group_weights(tree: Tree, local: FloatArray) -> list[float]:
    """Return W_g, the weight of what each group divides."""
    totals = global_weights(tree, local)
    parents = [int(tree.parents[group[0]]) for group in tree.groups]
    return [1.0 if parent == NO_PARENT else float(totals[parent]) for parent in parents]


def _check_ties(
    index: Index, linear: LinearPart, pairs: IntArray, smallest: IntArray, deltas: FloatArray
) -> FloatArray:
    """Make each pair's smallest change and return what is left between the two, (pairs,).

    ``deltas`` are the changes of the nodes that were chosen, (pairs,). Within the group of such a node the
    siblings are rescaled, and nothing else changes.
    """
    top = index.tree.groups[0]
    residuals = np.full(len(pairs), np.nan)
    sums = index.local[top] @ np.stack([linear.terms[node] for node in top.tolist()])
    for group, weight in zip(index.tree.groups, _group_weights(index.tree, index.local), strict=True):
        found = np.flatnonzero(np.isin(smallest, group))
        own = index.local[group, np.newaxis]
        is_changed = group[:, np.newaxis] == smallest[found]
        changed = index.local[smallest[found]] + deltas[found]
        rest = np.where(is_changed, 0.0, own).sum(axis=0)
        added = weight * (np.where(is_changed, changed, own * ((1 - changed) / rest)) - own)
        first, second = (
            linear.finish(sums[cities] + (added * linear.of(cities, group.tolist())).sum(axis=0))
            for cities in pairs[found].T
        )
        residuals[found] = first - second
    return residuals
