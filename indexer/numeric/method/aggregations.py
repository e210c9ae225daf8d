r"""The ways to form a score of weighted parts, each an entry of one table.

Most are means :math:`f^{-1}(\sum_j \alpha_j f(t_j))`: the entry says what f is, and a mean of means
is the mean of all leaves. The others look at the parts of a node together (``combine``). A new one is
an entry here and in static/js/what-if-aggregations.js, a value of `indexer.enums.Aggregation`, its
line in docs/method.md, and a test worked by hand.

References
----------
Mazziotta & Pareto, Social Indicators Research 127 (2016), 983-1003, doi:10.1007/s11205-015-0998-2;
Saari & Merlin, The Copeland method, Economic Theory 8 (1996), 51-76, doi:10.1007/BF01212012
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from indexer.numeric.method.entries import Entries
from indexer.numeric.method.part_changes import ChildrenTwice, Shared, share_mazziotta_pareto, share_smallest
from weighting.numeric.arrays import BoolArray, FloatArray

Refusal = Literal["not_positive", "below_zero"]

# The scale of Mazziotta & Pareto from 70 to 130, in hundredths, so that scores times 100 are theirs.
MPI_LOW, MPI_RANGE = 0.7, 0.6
# Reciprocals, square roots, the values and squares, by which NumPy takes these powers and their inverses.
EXACT_POWERS = frozenset({-1.0, 0.5, 1.0, 2.0})


@dataclass(frozen=True, eq=False)
class Parts:
    """What a node is formed of.

    Attributes
    ----------
    values : float array, (children, versions or 1, units)
        nan where a unit has nothing of a child.
    weights : float array, (children, versions, units)
        Of what is there: 0 where nothing is, and summing to 1 over the children.
    local : float array, (children, versions)
        The weights of a unit that lacks nothing.
    formed : tuple of str, (children,)
        The aggregation of each child, '' for a leaf.
    """

    values: FloatArray
    weights: FloatArray
    local: FloatArray
    formed: tuple[str, ...]


@dataclass(frozen=True)
class Aggregation:
    """A way to form the score of a node.

    Attributes
    ----------
    terms : callable
        f, from normalised values to what the weights are applied to.
    finish : callable
        The inverse of f, from weighted sums to scores, which are written over the sums and returned.
    sums : {"scores", "logarithms", "other"}
        What a weighted sum is, which decides whether a score has parts that add up.
    refusal : {"not_positive", "below_zero"}, optional
        The fault that data are told of which no such mean can be formed: "not_positive" where
        every normalised value has to be above zero. A new kind has its texts in
        `indexer.numeric.method.faults` and `indexer.selectors.faults`.
    combine : callable, optional
        From the parts to scores, (versions, units), where the score is no such mean.
    root_alone : bool
        Whether only the whole index can be formed so.
    needs_points : bool
        Whether leaves have to be normalised to a scale of 0 to 1.
    slope : callable
        The derivative of f.
    split : callable, optional
        How children share a change of the score, where that is no mean. Without one the score has
        no parts.
    is_exact : bool
        Whether every step is a sum, product, quotient, square root or comparison, which IEEE 754
        rounds alike everywhere: other programs, such as a browser's, then form the same bits.
    """

    code: str
    terms: Callable[[FloatArray], FloatArray]
    finish: Callable[[FloatArray], FloatArray]
    sums: Literal["scores", "logarithms", "other"] = "other"
    refusal: Refusal | None = None
    combine: Callable[[Parts], FloatArray] | None = None
    root_alone: bool = False
    needs_points: bool = False
    slope: Callable[[FloatArray], FloatArray] = np.ones_like
    split: Callable[[ChildrenTwice], Shared] | None = None
    is_exact: bool = False

    @property
    def is_mean(self) -> bool:
        """Whether a score is a mean, so that a mean of means is one of all leaves."""
        return self.combine is None

    @property
    def splits(self) -> bool:
        """Whether the change of a score can be split into parts that add up."""
        return self.is_mean or self.split is not None

    @property
    def is_sum(self) -> bool:
        """Whether a score is the sum of its weighted parts."""
        return self.sums == "scores"

    @property
    def needs_above_zero(self) -> bool:
        """Whether every normalised value has to be above zero."""
        return self.refusal == "not_positive"

    def refused(self, values: FloatArray) -> BoolArray:
        """Return which columns, (leaves,), hold values of which no such mean can be formed."""
        return np.logical_or.reduce(self.refused_cells(values), axis=0)

    def refused_cells(self, values: FloatArray) -> BoolArray:
        """Return which values, in the shape given, cannot be parts of such a mean; nan can."""
        if self.refusal is None:
            return np.zeros(values.shape, dtype=bool)
        refused: BoolArray = values <= 0 if self.needs_above_zero else values < 0
        return refused


def unchanged(values: FloatArray) -> FloatArray:
    """Return the values, in whatever shape."""
    return values


def _exponentials(sums: FloatArray) -> FloatArray:
    return np.exp(sums, out=sums)


def _reciprocals(values: FloatArray) -> FloatArray:
    return 1 / values


def _reciprocals_in_place(sums: FloatArray) -> FloatArray:
    return np.divide(1, sums, out=sums)


def _powers(power: float, values: FloatArray) -> FloatArray:
    return values**power


def _powers_in_place(power: float, sums: FloatArray) -> FloatArray:
    sums **= power
    return sums


def _power_slopes(power: float, values: FloatArray) -> FloatArray:
    return power * values ** (power - 1)


def _reciprocal_slopes(values: FloatArray) -> FloatArray:
    return -1 / values**2


def _power_mean(text: str) -> Aggregation:
    """Return the mean of a given power; raises `ValueError` for a power that is none."""
    power = float(text)
    if not math.isfinite(power) or power == 0:
        raise ValueError(f"the power of a mean is a number other than 0, not {text!r}")
    refusal: Refusal = "not_positive" if power < 0 else "below_zero"
    return Aggregation(
        f"power:{text}",
        partial(_powers, power),
        partial(_powers_in_place, 1 / power),
        refusal=refusal,
        slope=partial(_power_slopes, power),
        is_exact=power in EXACT_POWERS,
    )


def smallest(parts: Parts) -> FloatArray:
    """min_j t_j over the parts of any weight, (versions, units); inf where a unit has none."""
    counted = np.where(parts.weights > 0, parts.values, np.inf)
    return np.minimum.reduce(counted, axis=0)


def mazziotta_pareto(sign: int, parts: Parts) -> FloatArray:
    r"""M + sign S cv with cv = S / M, in hundredths of the scale from 70 to 130, (versions, units).

    M and S are the weighted mean and standard deviation of the parts, 70 + 60 t each; a part that
    was formed so itself is on the scale already.
    """
    formed = np.array([code.startswith("mpi") for code in parts.formed]).reshape(-1, 1, 1)
    scaled = np.where(formed, parts.values, MPI_LOW + MPI_RANGE * parts.values)
    scaled = np.where(parts.weights > 0, scaled, 0)
    mean = _in_order(parts.weights * scaled)
    variance = _in_order(parts.weights * (scaled - mean) ** 2)
    return mean + sign * variance / mean


def copeland(parts: Parts) -> FloatArray:
    """(wins - losses) / (n - 1) against the n - 1 other units, from -1 to 1, (versions, units).

    One unit beats another where the weights of the parts in which it is better, and half of those
    in which they are equal or which one of them lacks, come to more than one half.
    """
    versions, cities = parts.weights.shape[1:]
    scores = np.empty((versions, cities))
    values = np.broadcast_to(parts.values, parts.weights.shape)
    for version in range(versions):
        leads = np.zeros((cities, cities))
        for part, weight in zip(values[:, version], parts.local[:, version], strict=True):
            leads += weight * ((part[:, np.newaxis] > part).astype(float) - (part[:, np.newaxis] < part))
        leads[np.abs(leads) <= 1e-12] = 0
        scores[version] = np.sign(leads).sum(axis=1) / max(1, cities - 1)
    return scores


def _in_order(products: FloatArray) -> FloatArray:
    """Add the children one by one, so that the bits do not depend on what is computed together."""
    total = products[0].copy()
    for product in products[1:]:
        total += product
    return total


def _mazziotta_pareto_of(code: str, sign: int) -> Aggregation:
    return Aggregation(
        code,
        unchanged,
        unchanged,
        combine=partial(mazziotta_pareto, sign),
        needs_points=True,
        split=partial(share_mazziotta_pareto, MPI_LOW, MPI_RANGE, sign),
        is_exact=True,
    )


AGGREGATIONS = Entries(
    "aggregation",
    [
        Aggregation("arithmetic", unchanged, unchanged, sums="scores", is_exact=True),
        Aggregation(
            "geometric",
            np.log,
            _exponentials,
            sums="logarithms",
            refusal="not_positive",
            slope=_reciprocals,
        ),
        Aggregation(
            "harmonic",
            _reciprocals,
            _reciprocals_in_place,
            refusal="not_positive",
            slope=_reciprocal_slopes,
            is_exact=True,
        ),
        Aggregation("minimum", unchanged, unchanged, combine=smallest, split=share_smallest, is_exact=True),
        # An index of things that are good is lowered where its parts are uneven, one of bad things raised.
        _mazziotta_pareto_of("mpi", -1),
        _mazziotta_pareto_of("mpi_high", 1),
        Aggregation("copeland", unchanged, unchanged, combine=copeland, root_alone=True, is_exact=True),
    ],
    families={"power": _power_mean},
)
