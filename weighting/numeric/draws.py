"""Draws of weights: other experts, others around a version, or any at all (docs/method.md 8)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from weighting.numeric.aggregation import (
    AggregationError,
    AggregationFault,
    Rule,
    aggregate_scores,
)
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.scale import SCALE
from weighting.numeric.tree import Tree

# The local weights of a group sum to 1 but for the rounding of a file.
SUM_TOLERANCE = 1e-6
# Outside, a Dirichlet draw is one corner of the simplex, or the weights themselves.
KAPPA_RANGE = (1e-6, 1e12)
MAX_REDRAWS = 1000
# Whole numbers below this are exact in float32, whose products take half the time.
EXACT_FLOAT32 = 2**24


class WeightDraws(Protocol):
    """A distribution of weights over a tree."""

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Return local weights, (nodes, size); each sibling group sums to 1."""


@dataclass(frozen=True, eq=False)
class ExpertBootstrap:
    """Whole experts drawn with replacement, as many as there are, and aggregated by the rule.

    Drawing whole experts keeps the correlation within each. A draw in which nobody answered
    some item has no weights; it is drawn again, so with abstentions the distribution is
    conditional on an answer to every item.

    Attributes
    ----------
    scores : float array, (experts, nodes)
        1 to 5; nan where the expert abstained or was not asked.
    rule : {"normalised_sum", "normalised_mean"}
    asked : bool array, (nodes,)
        The groups that were not asked are split equally in every draw.

    Raises
    ------
    AggregationError
        As `aggregate_scores`.

    References
    ----------
    B. Efron & R. J. Tibshirani, An Introduction to the Bootstrap (1993), chapter 6.
    """

    tree: Tree
    scores: FloatArray
    rule: Rule
    asked: BoolArray

    def __post_init__(self) -> None:
        aggregate_scores(self.tree, self.scores, self.rule, self.asked)

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Return local weights, (nodes, size).

        Raises
        ------
        AggregationError
            Naming the items with so few answers that draws keep missing them.
        """
        experts = len(self.scores)
        times = _resample(experts, size, rng)
        for _ in range(MAX_REDRAWS):
            empty = self._panel.unanswered(times)
            redraw = empty.any(axis=0)
            if not redraw.any():
                return self._panel.local_weights(times)
            times[:, redraw] = _resample(experts, int(redraw.sum()), rng)
        codes = [self.tree.codes[node] for node in self._panel.nodes[empty.any(axis=1)]]
        raise AggregationError([AggregationFault("few_answers", (code,)) for code in codes])

    @cached_property
    def _panel(self) -> "_Panel":
        return _Panel(self.tree, self.scores, self.asked)


@dataclass(frozen=True, eq=False)
class WeightNoise:
    r"""Uniform noise on the local weights, :math:`w' = w (1 + \nu U(-1, 1))`, renormalised per group.

    Attributes
    ----------
    local : float array, (nodes,)
    nu : float
        In [0, 1]: 0.1 moves every weight by up to a tenth of itself before renormalising.
    """

    tree: Tree
    local: FloatArray
    nu: float

    def __post_init__(self) -> None:
        _check_local(self.tree, self.local)
        if not 0 <= self.nu <= 1:
            raise ValueError(f"nu must lie in [0, 1], not {self.nu}")

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Return local weights, (nodes, size)."""
        # 1 - 2 random() never is -1, so that no weight, hence no group, becomes zero.
        noise = 1 - 2 * rng.random((len(self.tree), size))
        return normalise_groups(self.tree, self.local[:, np.newaxis] * (1 + self.nu * noise))


@dataclass(frozen=True, eq=False)
class DirichletWeights:
    r"""Dirichlet weights, independent between sibling groups.

    Drawn as gamma variables in logarithms, :math:`\ln G_a = \ln G_{a+1} + \ln(U) / a`, since
    for a small shape a the variable itself underflows. A shape of zero gives the weight zero.

    Attributes
    ----------
    shapes : float array, (nodes,)
        Not negative, and above zero somewhere in each group.

    References
    ----------
    L. Devroye, Non-Uniform Random Variate Generation (1986), sections IX.3.5 and XI.4.1.
    """

    tree: Tree
    shapes: FloatArray

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Return local weights, (nodes, size)."""
        above = self.shapes > 0
        logs = np.empty((len(self.tree), size))
        # Row by row, which draws the same numbers as all at once and is quicker.
        for row, shape in zip(logs, self.shapes.tolist(), strict=True):
            rng.standard_gamma(shape + 1, out=row)
        np.log(logs, out=logs)
        uniforms = np.log(1 - rng.random(logs.shape))
        with np.errstate(over="ignore"):
            uniforms /= np.where(above, self.shapes, 1)[:, np.newaxis]
        logs += uniforms
        logs[~above] = -np.inf
        for group in self.tree.groups:
            members = logs[group]
            members -= members.max(axis=0)
            logs[group] = _normalised(np.exp(members, out=members))
        return logs


def dirichlet_around(tree: Tree, local: FloatArray, kappa: float) -> DirichletWeights:
    r"""Return :math:`\mathrm{Dir}(\kappa \alpha)` per group, whose mean is the local weights.

    Parameters
    ----------
    local : float array, (nodes,)
    kappa : float
        Concentration, 1e-6 to 1e12: a weight a has the variance a (1 - a) / (kappa + 1).

    Raises
    ------
    ValueError
        When kappa is out of its range, or the weights are no local weights of the tree.
    """
    _check_local(tree, local)
    low, high = KAPPA_RANGE
    if not low <= kappa <= high:
        raise ValueError(f"kappa must lie in [{low:g}, {high:g}], not {kappa}")
    return DirichletWeights(tree, kappa * np.asarray(local, dtype=np.float64))


def any_weights(tree: Tree) -> DirichletWeights:
    """Return the uniform distribution over the simplex of each group, Dir(1, ..., 1), as in SMAA.

    References
    ----------
    R. Lahdelma & P. Salminen, Operations Research 49 (2001), 444-454, doi:10.1287/opre.49.3.444.11220
    """
    return DirichletWeights(tree, np.ones(len(tree)))


def leave_one_expert_out(tree: Tree, scores: FloatArray, rule: Rule, asked: BoolArray) -> FloatArray:
    """Return the local weights without each expert in turn (the jackknife), (nodes, experts).

    Raises
    ------
    AggregationError
        As `aggregate_scores`, for a single expert, and naming the items that one expert alone
        answered.
    """
    aggregate_scores(tree, scores, rule, asked)
    if len(scores) < 2:
        raise AggregationError([AggregationFault("one_expert")])
    panel = _Panel(tree, scores, asked)
    times = 1 - np.eye(len(scores), dtype=np.int64)
    if (alone := panel.unanswered(times).any(axis=1)).any():
        codes = [tree.codes[node] for node in panel.nodes[alone]]
        raise AggregationError([AggregationFault("one_answer", (code,)) for code in codes])
    return panel.local_weights(times)


def normalise_groups(tree: Tree, weights: FloatArray) -> FloatArray:
    """Divide the weights, (nodes, versions), by the sum of their sibling group, so that it sums to 1."""
    local = np.empty(weights.shape)
    for group in tree.groups:
        local[group] = _normalised(weights[group])
    return local


def _normalised(members: FloatArray) -> FloatArray:
    """Divide the weights of one sibling group, (members, versions), by their sum."""
    return members / members.sum(axis=0)


class _Panel:
    """The scores as whole-number matrices, whose products with counts of experts are exact."""

    def __init__(self, tree: Tree, scores: FloatArray, asked: BoolArray) -> None:
        self.tree = tree
        self.nodes = np.flatnonzero(asked)
        answers = ~np.isnan(scores[:, self.nodes])
        if SCALE[-1] * len(scores) >= EXACT_FLOAT32:
            raise ValueError(f"{len(scores)} experts are too many to draw from")
        self.sums = np.where(answers, scores[:, self.nodes], 0).T.astype(np.float32)
        self.answers = None if answers.all() else answers.T.astype(np.float32)

    def unanswered(self, times: IntArray) -> BoolArray:
        """Return which asked items nobody drawn has answered, (asked nodes, draws)."""
        if self.answers is None:
            return np.zeros((len(self.nodes), 1), dtype=bool)
        return (self.answers @ times.astype(np.float32)) == 0

    def local_weights(self, times: IntArray) -> FloatArray:
        """Aggregate with each expert counted so many times, (experts, draws) -> (nodes, draws)."""
        counts = times.astype(np.float32)
        # Sums of whole scores, or means when somebody abstained: the two rules.
        values = self.sums @ counts
        if self.answers is not None:
            values = np.divide(values, self.answers @ counts, dtype=np.float64)
        weights = np.ones((len(self.tree), times.shape[1]))
        weights[self.nodes] = values
        return normalise_groups(self.tree, weights)


def _resample(experts: int, size: int, rng: np.random.Generator) -> IntArray:
    """Count how often each expert is drawn, (experts, size): multinomial, but by single draws.

    That is some ten times quicker than drawing the counts from their distribution.
    """
    drawn = rng.integers(experts, size=(size, experts), dtype=np.uint32)
    numbers = drawn + np.arange(size)[:, np.newaxis] * experts
    return np.bincount(numbers.ravel(), minlength=size * experts).reshape(size, experts).T


def _check_local(tree: Tree, local: FloatArray) -> None:
    weights = np.asarray(local, dtype=np.float64)
    if weights.shape != (len(tree),):
        raise ValueError(f"local weights of shape {weights.shape} for {len(tree)} nodes")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("local weights that are negative or not finite")
    for group in tree.groups:
        if abs(weights[group].sum() - 1) > SUM_TOLERANCE:
            raise ValueError(
                f"the local weights of {', '.join(tree.codes[i] for i in group)} do not sum to 1"
            )
