"""What a stranger can work out of published figures: ballots as whole numbers that meet every condition.

A panel is a count y of every ballot that could have been given. The counts of each item are sums
of y; so are the ranks of a study that leaves each expert out once, since the ballot that is left
out decides the weights. HiGHS looks for whole y that fit, and for those that fit and have the
fewest ballots in common with the true panel: what even they share is certain.
"""

import itertools
from dataclasses import dataclass, field

import numpy as np
import scipy

SCALE = np.arange(1, 6)


@dataclass
class Evidence:
    """Conditions on a panel of ``size``: ``counts`` (items, 5) of the scores 1 to 5, and what was added.

    ``ballots`` are those that fit so far, (ballots, items).
    """

    counts: np.ndarray
    ballots: np.ndarray = field(init=False)
    size: int = field(init=False)
    rows: list = field(init=False, default_factory=list)

    def __post_init__(self):
        given = [np.flatnonzero(counts) + 1 for counts in self.counts]
        self.ballots = np.array(list(itertools.product(*given)))
        self.size = int(self.counts[0].sum())
        for item, counts in enumerate(self.counts):
            for value, count in zip(SCALE, counts, strict=True):
                self.rows.append((self.ballots[:, item] == value, count, count))

    @property
    def sums(self):
        return self.counts @ SCALE

    def weights_without(self):
        """The weights of the panel short of each ballot, (ballots, items)."""
        rest = self.sums - self.ballots
        return rest / rest.sum(axis=1, keepdims=True)

    def keep(self, fits):
        """Give up the ballots that cannot be."""
        self.ballots = self.ballots[fits]
        self.rows = [(row[fits], low, high) for row, low, high in self.rows]

    def add_left_out(self, values, histogram):
        """Each expert left out once: units (units, items), how often each has each rank (units, ranks)."""
        ranks = ranks_of(self.weights_without() @ values.T)
        units = np.arange(len(values))
        fits = (histogram[units, ranks - 1] > 0).all(axis=1)
        self.keep(fits)
        for unit, rank in zip(*np.nonzero(histogram), strict=True):
            count = histogram[unit, rank]
            self.rows.append((ranks[fits, unit] == rank + 1, count, count))

    def add_largest_move(self, direction, grid, move):
        """Of a sum that a data set spells on a grid of units: the most places that any expert moves it."""
        moves = places_moved(self.weights_without(), self.sums / self.sums.sum(), direction, grid)
        fits = moves <= move
        self.keep(fits)
        self.rows.append((moves[fits] == move, 1, np.inf))

    def add_drawn(self, direction, grid, occupied):
        """Experts drawn again: which places of a grid a sum takes; every expert alone is among the draws."""
        alone = self.ballots / self.ballots.sum(axis=1, keepdims=True)
        self.keep(occupied[np.searchsorted(grid, alone @ direction)])


def ranks_of(totals):
    """Ranks from 1 along the last axis, equal ones share the smallest."""
    return (totals[..., None, :] > totals[..., :, None]).sum(axis=-1) + 1


def places_moved(weights, nominal, direction, grid):
    """How many units of an even grid lie between a sum under these weights and under the nominal ones."""
    return np.abs(np.searchsorted(grid, weights @ direction) - np.searchsorted(grid, nominal @ direction))


def rebuild(evidence):
    """Return a panel that meets every condition, sorted; None where there is none."""
    matrix, low, high = _conditions(evidence)
    found = scipy.optimize.milp(
        np.zeros(matrix.shape[1]),
        constraints=scipy.optimize.LinearConstraint(matrix, low, high),
        integrality=np.ones(matrix.shape[1]),
        bounds=scipy.optimize.Bounds(0, evidence.size),
    )
    if found.x is None:
        return None
    return panel_of(np.repeat(evidence.ballots, np.rint(found.x).astype(int), axis=0))


def certain_ballots(evidence, truth):
    """Return how many ballots of the true panel stand in every panel that meets the conditions.

    Least |y ∩ y*| = size - max Σ d, with 0 <= d <= y* - y where d is not 0: a binary z for each.
    """
    matrix, low, high = _conditions(evidence)
    given = np.array([(truth == ballot).all(axis=1).sum() for ballot in evidence.ballots])
    true = np.flatnonzero(given)
    ballots, kinds = matrix.shape[1], len(true)
    chosen, most = np.zeros((kinds, ballots)), given[true]
    chosen[np.arange(kinds), true] = 1
    none, each = np.zeros((kinds, ballots)), np.eye(kinds)
    found = scipy.optimize.milp(
        np.concatenate([np.zeros(ballots), -np.ones(kinds), np.zeros(kinds)]),
        constraints=[
            scipy.optimize.LinearConstraint(
                np.hstack([matrix, np.zeros((len(matrix), 2 * kinds))]), low, high
            ),
            scipy.optimize.LinearConstraint(np.hstack([none, each, -np.diag(most)]), -np.inf, 0),
            scipy.optimize.LinearConstraint(
                np.hstack([chosen, each, evidence.size * each]), -np.inf, most + evidence.size
            ),
        ],
        integrality=np.concatenate([np.ones(ballots), np.zeros(kinds), np.ones(kinds)]),
        bounds=scipy.optimize.Bounds(
            0, np.concatenate([np.full(ballots + kinds, evidence.size), np.ones(kinds)])
        ),
    )
    assert found.status == 0, found.message
    return evidence.size + round(found.fun)


def panel_of(ballots):
    return sorted(map(tuple, np.asarray(ballots).tolist()))


def _conditions(evidence):
    matrix = np.array([row for row, _low, _high in evidence.rows], dtype=float)
    low, high = (np.array([row[side] for row in evidence.rows], dtype=float) for side in (1, 2))
    return matrix, low, high
