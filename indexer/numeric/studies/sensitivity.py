"""What one indicator, one unit or one group of weights does to the ranks (docs/method.md 8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from indexer.numeric.method.faults import NormalisationError
from indexer.numeric.method.node_steps import NodeSteps
from indexer.numeric.scores.composite import CompositeError, Missing, composite_scores
from indexer.numeric.scores.index import CHUNK, Index, many_scores, ranks_in_parts
from indexer.numeric.scores.node_scores import score_nodes
from indexer.numeric.scores.ranking import min_ranks
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.draws import WeightDraws
from weighting.numeric.tree import NO_PARENT, Tree, global_weights


@dataclass(frozen=True, eq=False)
class LeftOut:
    """The ranking without each of some nodes.

    Attributes
    ----------
    nodes : int array, (cases,)
        The node left out, with all below it.
    local : float array, (nodes, cases)
        The local weights that remain.
    scores, ranks : array, (units, cases)
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
    """What becomes of the other units' order when one unit leaves the sample.

    Attributes
    ----------
    shifts : int array, (units, dropped)
        Places gained among the units that remain; 0 for the dropped unit itself.
    possible : bool array, (dropped,)
        False where the data cannot be normalised without the unit, as when it alone has a
        value above zero; its shifts are 0.
    """

    shifts: IntArray
    possible: BoolArray

    @property
    def movers(self) -> IntArray:
        """How many units change places when each unit leaves, (dropped,)."""
        return (self.shifts != 0).sum(axis=0)


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
        When a unit has nothing else.
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
    """Normalise, score and rank again without each unit in turn.

    Under share of total, and any other method that looks at the whole column, every score
    depends on who is in the sample.

    Parameters
    ----------
    cities : int
        How many there are.
    leaf_weights : float array, (leaves,)
        Global weights.
    normalise_rows : callable
        Takes positions of units and returns their normalised values, (positions, leaves),
        with nobody else in the sample; totals that are given stay as given.
    tree : Tree, optional
        Rescales the weights over what a unit has, for normalised values that are nan.
    steps : NodeSteps, optional
        How the nodes of the tree are formed, where that is not one aggregation for all.
    dropped : sequence of int, optional
        The units that leave, one at a time; all by default.
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


def group_outputs(
    index: Index,
    source: WeightDraws,
    *,
    samples: int,
    rng: np.random.Generator,
    city: int | None = None,
    of_score: bool = False,
) -> FloatArray:
    """Return R_S, or one unit's rank or score, for a pick-and-freeze design of the groups of weights.

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
    """Return R_S, or a unit's rank or score, for each version, (versions,)."""
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
