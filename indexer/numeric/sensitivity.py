"""What one weight, one indicator, one city or one group does to the ranks (docs/method.md 7 and 8)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from indexer.numeric.composite import CompositeError, Missing, composite_scores
from indexer.numeric.faults import NormalisationError
from indexer.numeric.linear_part import LinearPart, linear_part
from indexer.numeric.node_steps import NodeSteps, score_nodes
from indexer.numeric.ranking import min_ranks
from indexer.numeric.uncertainty import CHUNK, Index, many_scores, ranks_in_parts
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.draws import WeightDraws
from weighting.numeric.tree import NO_PARENT, Tree, global_weights

# Pairs of cities times nodes looked at together.
CELLS = 1_000_000
# Changes that differ by less are the same one.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class LeftOut:
    """The ranking without each of some nodes.

    Attributes
    ----------
    nodes : int array, (cases,)
        The node left out, with all below it.
    local : float array, (nodes, cases)
        The local weights that remain.
    scores, ranks : array, (cities, cases)
    mean_shift : float array, (cases,)
        Average absolute rank shift against the nominal ranks.
    """

    nodes: IntArray
    local: FloatArray
    scores: FloatArray
    ranks: IntArray
    mean_shift: FloatArray


@dataclass(frozen=True, eq=False)
class DroppedCities:
    """What becomes of the other cities' order when one city leaves the sample.

    Attributes
    ----------
    shifts : int array, (cities, dropped)
        Places gained among the cities that remain; 0 for the dropped city itself.
    possible : bool array, (dropped,)
        False where the data cannot be normalised without the city, as when it alone has a
        value above zero; its shifts are 0.
    """

    shifts: IntArray
    possible: BoolArray

    @property
    def movers(self) -> IntArray:
        """How many cities change places when each city leaves, (dropped,)."""
        return (self.shifts != 0).sum(axis=0)


@dataclass(frozen=True, eq=False)
class CriticalWeights:
    """The changes of a single local weight that tie two cities.

    Attributes
    ----------
    pairs : int array, (pairs, 2)
        The better city first.
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
        The better city first, the best pair first.
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


def leave_nodes_out(index: Index, nodes: Sequence[int] | IntArray | None = None) -> LeftOut:
    """Set the weight of each node to 0 in turn, rescale its siblings and rank again.

    Where the siblings weigh nothing the parent is left out as well. Exact: scored and ranked
    as a version of its own would be.

    Parameters
    ----------
    nodes : sequence of int, optional
        Leaves or whole branches; all leaves by default.

    Raises
    ------
    ValueError
        When nothing would remain.
    CompositeError
        When a city has nothing else.
    """
    tree = index.tree
    chosen = tree.leaves if nodes is None else np.asarray(nodes, dtype=np.int64)
    local = np.stack([_without_node(tree, index.local, int(node)) for node in chosen], axis=1)
    scores = index.scores_under(global_weights(tree, local)[tree.leaves])
    ranks = min_ranks(scores)
    shift = np.abs(ranks - index.nominal_ranks[:, np.newaxis]).mean(axis=0)
    return LeftOut(chosen, local, scores, ranks, shift)


def drop_cities(
    cities: int,
    leaf_weights: FloatArray,
    normalise_rows: Callable[[IntArray], FloatArray],
    *,
    aggregation: str = "arithmetic",
    tree: Tree | None = None,
    steps: NodeSteps | None = None,
    dropped: Sequence[int] | None = None,
) -> DroppedCities:
    """Normalise, score and rank again without each city in turn.

    Under share of total, and any other method that looks at the whole column, every score
    depends on who is in the sample.

    Parameters
    ----------
    cities : int
        How many there are.
    leaf_weights : float array, (leaves,)
        Global weights.
    normalise_rows : callable
        Takes positions of cities and returns their normalised values, (positions, leaves),
        with nobody else in the sample; totals that are given stay as given.
    tree : Tree, optional
        Rescales the weights over what a city has, for normalised values that are nan.
    steps : NodeSteps, optional
        How the nodes of the tree are formed, where that is not one aggregation for all.
    dropped : sequence of int, optional
        The cities that leave, one at a time; all by default.
    """
    missing: Missing = "refuse" if tree is None else "reweight"

    def score(rows: IntArray) -> FloatArray:
        normalised = normalise_rows(rows)
        if tree is not None and steps is not None:
            weights = leaf_weights[:, np.newaxis]
            return score_nodes(tree, weights, normalised, steps, missing=missing, inner=False).scores[0]
        return composite_scores(normalised, leaf_weights, aggregation=aggregation, missing=missing, tree=tree)

    everybody = np.arange(cities)
    leavers = range(cities) if dropped is None else dropped
    nominal = score(everybody)
    shifts = np.zeros((cities, len(leavers)), dtype=np.int64)
    possible = np.ones(len(leavers), dtype=bool)
    for column, city in enumerate(leavers):
        rest = np.delete(everybody, city)
        try:
            shifts[rest, column] = min_ranks(nominal[rest]) - min_ranks(score(rest))
        except (NormalisationError, CompositeError):
            possible[column] = False
    return DroppedCities(shifts, possible)


def adjacent_pairs(ranks: IntArray) -> IntArray:
    """Return the neighbours of a ranking, best first, (cities - 1, 2); ties in given order."""
    order = np.argsort(ranks, kind="stable")
    return np.stack([order[:-1], order[1:]], axis=1)


def critical_weights(
    index: Index, pairs: IntArray | None = None, *, apart: Collection[int] = ()
) -> CriticalWeights:
    r"""Find the change of each local weight that ties each pair of cities.

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
    tree, local = index.tree, index.local
    differences = (linear.terms[pairs[:, 0]] - linear.terms[pairs[:, 1]]).T
    if index.formed.is_sum:
        gaps = index.nominal_scores[pairs[:, 0]] - index.nominal_scores[pairs[:, 1]]
    else:
        gaps = local[tree.groups[0]] @ differences[tree.groups[0]]
    of_groups, group_weights = _group_terms(tree, local, differences)
    room = (1 - local)[:, np.newaxis]
    slopes = group_weights[:, np.newaxis] * (differences - of_groups)
    tradable = np.array([local[_siblings(tree, node)].sum() > 0 for node in range(len(tree))])
    bears = (slopes != 0) & (tradable & linear.within)[:, np.newaxis]
    deltas = np.divide(-gaps * room, slopes, out=np.full(slopes.shape, np.nan), where=bears)
    feasible = bears & (deltas >= -local[:, np.newaxis]) & (deltas <= room)
    sizes = np.where(feasible, np.abs(deltas), np.inf)
    # Of two siblings either may be the one that changes: the first counts, whatever the rounding.
    first = (sizes <= sizes.min(axis=0) * (1 + ROUNDING)).argmax(axis=0)
    smallest = np.where(feasible.any(axis=0), first, -1)
    residuals = _check_ties(index, linear, pairs, smallest, deltas)
    return CriticalWeights(pairs, deltas, feasible, smallest, residuals, linear.within)


def smallest_changes(index: Index, *, apart: Collection[int] = ()) -> SmallestChanges:
    """Find the smallest change of one weight for every two neighbours of the nominal ranking.

    As `critical_weights`, in parts of so many pairs that memory stays bounded.

    Raises
    ------
    ValueError
        As `critical_weights`.
    """
    pairs = adjacent_pairs(index.nominal_ranks)
    gaps = index.nominal_scores[pairs[:, 0]] - index.nominal_scores[pairs[:, 1]]
    step = max(1, CELLS // len(index.tree))
    # One part at least, so that an index of a single city is checked like any other.
    linear = _without(linear_part(index), apart)
    parts = [
        _critical_weights(index, linear, pairs[at : at + step]) for at in range(0, max(1, len(pairs)), step)
    ]
    nodes = np.concatenate([part.smallest for part in parts])
    deltas = [
        np.where(part.smallest >= 0, part.deltas[part.smallest, np.arange(len(part.pairs))], np.nan)
        for part in parts
    ]
    choices = np.concatenate([part.feasible.sum(axis=0) for part in parts])
    residuals = np.concatenate([part.residuals for part in parts])
    return SmallestChanges(pairs, gaps, nodes, np.concatenate(deltas), choices, residuals, linear.within)


def group_outputs(
    index: Index,
    source: WeightDraws,
    *,
    samples: int,
    rng: np.random.Generator,
    city: int | None = None,
    of_score: bool = False,
) -> FloatArray:
    """Return R_S, or one city's rank or score, for a pick-and-freeze design of the groups of weights.

    An input is the vector of local weights of one sibling group, drawn by the source; the
    order of the inputs is that of ``index.tree.groups``. The groups are taken as independent,
    as noise and Dirichlet draws are; experts drawn for one group are not those of another.

    Returns
    -------
    float array, (2 + groups, samples)
        For A, for B, and for A with each group from B: what `sobol_indices` takes.
    """
    a, b = source.draw(samples, rng), source.draw(samples, rng)
    output = partial(ranking_output, index, city=city, of_score=of_score)
    outputs = [output(a), output(b)]
    for group in index.tree.groups:
        frozen = a.copy()
        frozen[group] = b[group]
        outputs.append(output(frozen))
    return np.stack(outputs)


def ranking_output(
    index: Index, local: FloatArray, *, city: int | None, of_score: bool = False
) -> FloatArray:
    """Return R_S, or a city's rank or score, for each version, (versions,)."""
    if city is not None and of_score:
        if index.formed.looks_at_all:
            return many_scores(index, local)[:, city]
        return many_scores(index.of_cities(np.array([city]), np.ones(1, dtype=np.int64)), local)[:, 0]
    parts = []
    for start in range(0, local.shape[1], CHUNK):
        for ranks in ranks_in_parts(index, local[:, start : start + CHUNK]):
            shift = np.abs(ranks - index.nominal_ranks).mean(axis=1)
            parts.append(shift if city is None else ranks[:, city].astype(np.float64))
    return np.concatenate(parts)


def _without_node(tree: Tree, local: FloatArray, node: int) -> FloatArray:
    weights = np.array(local, dtype=np.float64)
    while (rest := weights[_siblings(tree, node)].sum()) == 0:
        # Nothing remains in the group, so that its parent goes, too.
        node = int(tree.parents[node])
        if node == NO_PARENT:
            raise ValueError("nothing would remain of the index")
    siblings = _siblings(tree, node)
    weights[siblings] /= rest
    weights[node] = 0
    return weights


def _siblings(tree: Tree, node: int) -> IntArray:
    same = np.flatnonzero(tree.parents == tree.parents[node])
    return same[same != node]


def _group_terms(tree: Tree, local: FloatArray, differences: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return D_g, (nodes, pairs), and W_g, (nodes,), of each node's group."""
    totals = global_weights(tree, local)
    of_groups = np.empty_like(differences)
    group_weights = np.empty(len(tree))
    for group in tree.groups:
        of_groups[group] = local[group] @ differences[group]
        parent = tree.parents[group[0]]
        group_weights[group] = 1.0 if parent == NO_PARENT else totals[parent]
    return of_groups, group_weights


def _check_ties(
    index: Index, linear: LinearPart, pairs: IntArray, smallest: IntArray, deltas: FloatArray
) -> FloatArray:
    """Make each pair's smallest change and return what is left between the two, (pairs,)."""
    residuals = np.full(len(pairs), np.nan)
    found = np.flatnonzero(smallest >= 0)
    local = _change_weights(index.tree, index.local, smallest[found], deltas[smallest[found], found])
    weights = global_weights(index.tree, local)[linear.parts].T
    first, second = (linear.terms[pairs[found, side]][:, linear.parts] for side in (0, 1))
    residuals[found] = linear.finish((weights * first).sum(axis=1)) - linear.finish(
        (weights * second).sum(axis=1)
    )
    return residuals


def _change_weights(tree: Tree, local: FloatArray, nodes: IntArray, deltas: FloatArray) -> FloatArray:
    """Change one local weight in each case and rescale its siblings, (nodes, cases)."""
    cases = np.arange(len(nodes))
    siblings = tree.parents[:, np.newaxis] == tree.parents[nodes]
    siblings[nodes, cases] = False
    weights = np.repeat(np.asarray(local, dtype=np.float64)[:, np.newaxis], len(nodes), axis=1)
    rest = np.where(siblings, weights, 0.0).sum(axis=0)
    changed = local[nodes] + deltas
    weights = np.where(siblings, weights * ((1 - changed) / rest), weights)
    weights[nodes, cases] = changed
    return weights
