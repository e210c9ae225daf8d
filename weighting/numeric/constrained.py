"""Any weights within stated bounds, or in a stated order: exact draws from part of a simplex."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.tree import Tree

# Rejection draws this many weights at a time, and gives up on a group after so many rounds.
BATCH = 4096
MAX_ROUNDS = 400


FaultKind = Literal["unknown", "interval", "sum", "repeated", "groups", "room"]
FAULT_TEXTS: dict[FaultKind, str] = {
    "unknown": "{codes}: the framework has no such indicator",
    "interval": "{codes}: {low:g} to {high:g} is no interval in [0, 1]",
    "sum": "{codes}: the bounds sum to {low:g} and {high:g}, with no room for 1",
    "repeated": "{codes}: an indicator stands in an order more than once",
    "groups": "{codes}: an order holds members of one group only",
    "room": "{codes}: the bounds leave too little to draw from",
}


@dataclass(frozen=True)
class ConstraintFault:
    """One reason why constraints cannot be met, with the codes and bounds concerned."""

    kind: FaultKind
    codes: tuple[str, ...]
    low: float = 0.0
    high: float = 0.0

    def __str__(self) -> str:
        return FAULT_TEXTS[self.kind].format(codes=", ".join(self.codes), low=self.low, high=self.high)


class ConstraintError(ValueError):
    """Constraints that cannot be met; ``faults`` lists every reason."""

    def __init__(self, faults: Sequence[ConstraintFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, faults)))


@dataclass(frozen=True, eq=False)
class ConstrainedWeights:
    r"""The uniform distribution over the part of each group's simplex that the constraints leave.

    A group of n weights without constraints is Dirichlet(1, ..., 1). Members in an order have
    their draws sorted, which is exact because such draws are exchangeable. Bounds are kept by
    rejection, from the smaller of the two simplices that hold the box: the one above the lower
    bounds, of side :math:`1 - \sum l_k`, or its mirror below the upper ones, of side
    :math:`\sum u_k - 1`. Every draw is independent and none is approximate.

    Attributes
    ----------
    low, high : float array, (nodes,)
        Bounds of the local weights, in [0, 1].
    order : sequence of int array
        Members of one group each, the heaviest first; members of no order are free.

    Raises
    ------
    ConstraintError
        Naming the nodes whose bounds are not an interval in [0, 1], the groups whose bounds
        hold no weights that sum to 1, and orders that leave their group.

    References
    ----------
    R. Lahdelma & P. Salminen, Operations Research 49 (2001), 444-454; T. Tervonen & R. Lahdelma,
    European Journal of Operational Research 178 (2007), 500-513, doi:10.1016/j.ejor.2005.12.037
    """

    tree: Tree
    low: FloatArray
    high: FloatArray
    order: Sequence[IntArray] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        if faults := [*self._bound_faults(), *self._order_faults()]:
            raise ConstraintError(faults)

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Return local weights, (nodes, size).

        Raises
        ------
        ConstraintError
            Naming the groups of which next to nothing is left to draw from.
        """
        local = np.empty((len(self.tree), size))
        empty = []
        for group in self.tree.groups:
            weights = self._draw_group(group, size, rng)
            if weights is None:
                empty.append(ConstraintFault("room", self._codes(group)))
            else:
                local[group] = weights
        if empty:
            raise ConstraintError(empty)
        return local

    def _draw_group(self, group: IntArray, size: int, rng: np.random.Generator) -> FloatArray | None:
        orders = self._orders_in(group)
        low, high = self.low[group], self.high[group]
        if not self._is_bounded(group):
            return _sorted(_simplex(len(group), size, rng), orders)
        kept: list[FloatArray] = []
        for _ in range(MAX_ROUNDS):
            drawn = self._propose(group, orders, rng)
            inside = ((drawn >= low[:, np.newaxis]) & (drawn <= high[:, np.newaxis])).all(axis=0)
            kept.append(drawn[:, inside])
            if sum(part.shape[1] for part in kept) >= size:
                return np.concatenate(kept, axis=1)[:, :size]
        return None

    def _propose(self, group: IntArray, orders: list[IntArray], rng: np.random.Generator) -> FloatArray:
        low, high = self.low[group][:, np.newaxis], self.high[group][:, np.newaxis]
        weights = _simplex(len(group), BATCH, rng)
        if orders:
            # Shifted by unequal bounds the members would not be exchangeable any more.
            return _sorted(weights, orders)
        room, excess = 1 - low.sum(), high.sum() - 1
        return low + room * weights if room <= excess else high - excess * weights

    def _orders_in(self, group: IntArray) -> list[IntArray]:
        """Return the orders within a group as positions in it."""
        places = {int(node): position for position, node in enumerate(group)}
        return [
            np.array([places[int(node)] for node in order]) for order in self.order if int(order[0]) in places
        ]

    def _is_bounded(self, group: IntArray) -> bool:
        return len(group) > 1 and bool((self.low[group] > 0).any() or (self.high[group] < 1).any())

    def _bound_faults(self) -> list[ConstraintFault]:
        wrong: BoolArray = ~((self.low >= 0) & (self.low <= self.high) & (self.high <= 1))
        faults = [
            ConstraintFault(
                "interval", (self.tree.codes[node],), float(self.low[node]), float(self.high[node])
            )
            for node in np.flatnonzero(wrong)
        ]
        for group in self.tree.groups:
            low, high = float(self.low[group].sum()), float(self.high[group].sum())
            if not wrong[group].any() and not low <= 1 <= high:
                faults.append(ConstraintFault("sum", self._codes(group), low, high))
        return faults

    def _order_faults(self) -> list[ConstraintFault]:
        groups = [set(group.tolist()) for group in self.tree.groups]
        faults, seen = [], set[int]()
        for order in self.order:
            members = set(order.tolist())
            if len(members) < len(order) or members & seen:
                faults.append(ConstraintFault("repeated", self._codes(order)))
            elif not any(members <= group for group in groups):
                faults.append(ConstraintFault("groups", self._codes(order)))
            seen |= members
        return faults

    def _codes(self, nodes: IntArray) -> tuple[str, ...]:
        return tuple(self.tree.codes[int(node)] for node in nodes)


def constrain_weights(
    tree: Tree, bounds: Mapping[str, tuple[float, float]], orders: Sequence[Sequence[str]]
) -> ConstrainedWeights:
    """Return the distribution for bounds and orders given by the codes of the nodes.

    Raises
    ------
    ConstraintError
        Also naming the codes that the tree does not hold.
    """
    places = {code: node for node, code in enumerate(tree.codes)}
    named = [*bounds, *(code for order in orders for code in order)]
    if unknown := sorted({code for code in named if code not in places}):
        raise ConstraintError([ConstraintFault("unknown", tuple(unknown))])
    low, high = np.zeros(len(tree)), np.ones(len(tree))
    for code, (least, most) in bounds.items():
        low[places[code]], high[places[code]] = least, most
    chosen = [np.array([places[code] for code in order]) for order in orders if order]
    return ConstrainedWeights(tree, low, high, chosen)


def _simplex(members: int, size: int, rng: np.random.Generator) -> FloatArray:
    """Draw uniformly from the standard simplex, (members, size)."""
    spacings = rng.standard_exponential((members, size))
    return spacings / spacings.sum(axis=0)


def _sorted(weights: FloatArray, orders: list[IntArray]) -> FloatArray:
    for order in orders:
        weights[order] = -np.sort(-weights[order], axis=0)
    return weights
