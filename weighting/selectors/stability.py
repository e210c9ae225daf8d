"""What changed between two rounds of a Delphi series."""

from dataclasses import dataclass

import numpy as np

from weighting.exceptions import NotReported
from weighting.models import Ballot, Indicator, Invitation, Round
from weighting.numeric.aggregation import count_scores
from weighting.numeric.agreement import quartiles
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.stability import compare_distributions, weighted_kappa
from weighting.selectors.rounds import (
    answers_towards_k,
    counted_ballots_of,
    is_counted,
    items_of,
    own_ballots,
    scores_on,
)
from weighting.selectors.statistics import reported_ballots_of

# The answers of a sealed ballot by indicator code; None is an abstention.
Scores = dict[str, int | None]


@dataclass(frozen=True)
class ItemChange:
    """How an item's answers moved from the earlier round to this one."""

    indicator: Indicator
    median: float
    iqr: float
    mean: float
    distance: float
    is_stable: bool


@dataclass(frozen=True)
class KappaSpread:
    """Weighted kappa of each expert between two rounds: quartiles over experts, never one alone."""

    experts: int
    lower_quartile: float
    median: float
    upper_quartile: float


@dataclass(frozen=True)
class Stability:
    """A round beside the one it follows; ``kappa`` only where the series kept its links."""

    before: Round
    items: list[ItemChange]
    kappa: KappaSpread | None

    @property
    def stable_count(self) -> int:
        return sum(item.is_stable for item in self.items)


def stability_of(round_: Round) -> Stability | None:
    """Compare a closed round with the one it follows; None where either reports nothing."""
    before = round_.follows
    if before is None:
        return None
    try:
        reported_ballots_of(before)
        reported_ballots_of(round_)
    except NotReported:
        return None
    items = _items_in_both(before, round_)
    return Stability(before=before, items=_changes(before, round_, items), kappa=_kappa(before, round_))


def _items_in_both(before: Round, after: Round) -> list[Indicator]:
    asked = {node.code for node in items_of(before)}
    return [node for node in items_of(after) if node.code in asked]


def _changes(before: Round, after: Round, items: list[Indicator]) -> list[ItemChange]:
    """Leave out the items that fewer than k answered in either round."""
    one, one_is_enough = _answers_of(before, items)
    other, other_is_enough = _answers_of(after, items)
    enough, change = one_is_enough & other_is_enough, compare_distributions(one, other)
    return [
        ItemChange(
            indicator=node,
            median=float(change.median[position]),
            iqr=float(change.iqr[position]),
            mean=float(change.mean[position]),
            distance=float(change.distance[position]),
            is_stable=bool(change.is_stable[position]),
        )
        for position, node in enumerate(items)
        if enough[position]
    ]


def _answers_of(round_: Round, items: list[Indicator]) -> tuple[IntArray, BoolArray]:
    """Return the counts of 1 to 5 of each item, (items, 5), and whether k answered it, (items,)."""
    ballots = counted_ballots_of(round_)
    scores = scores_on(ballots, items)
    return count_scores(scores)[:, :-1], answers_towards_k(ballots, scores) >= round_.least_panel


def _kappa(before: Round, after: Round) -> KappaSpread | None:
    """Return the spread over the experts whose ballots of both rounds are known to be by one hand."""
    kappas = [
        kappa
        for first, second in _paired_scores(before, after)
        if (kappa := _kappa_of(first, second)) is not None
    ]
    if len(kappas) < max(before.least_panel, after.least_panel):
        return None
    low, median, high = quartiles(np.array(kappas)).tolist()
    return KappaSpread(experts=len(kappas), lower_quartile=low, median=median, upper_quartile=high)


def _paired_scores(before: Round, after: Round) -> list[tuple[Scores, Scores]]:
    """Pair the counted ballots of one hand: the later one bears the lock of the earlier one, and no name."""
    first = {ballot.lock: ballot for ballot in _own_of(before) if ballot.lock}
    return [
        (first[ballot.earlier_lock].sealed_scores or {}, ballot.sealed_scores or {})
        for ballot in _own_of(after)
        if ballot.earlier_lock in first
    ] + _linked_pairs(before, after)


def _own_of(round_: Round) -> list[Ballot]:
    ballots = counted_ballots_of(round_)
    return [ballot for ballot, is_own in zip(ballots, own_ballots(ballots), strict=True) if is_own]


def _linked_pairs(before: Round, after: Round) -> list[tuple[Scores, Scores]]:
    """Pair the ballots of rounds that were closed before there were claims, and kept their links."""
    first, second = _linked_scores(before), _linked_scores(after)
    return [(first[expert], second[expert]) for expert in sorted(first.keys() & second.keys())]


def _linked_scores(round_: Round) -> dict[int, Scores]:
    linked = Invitation.objects.filter(round=round_, unclaimed_ballot__sealed_scores__isnull=False)
    return {
        invitation.expert_id: ballot.sealed_scores or {}
        for invitation in linked.select_related("unclaimed_ballot")
        if (ballot := invitation.unclaimed_ballot) and is_counted(round_, ballot)
    }


def _kappa_of(first: Scores, second: Scores) -> float | None:
    codes = sorted(first.keys() & second.keys())
    return weighted_kappa(_values(first, codes), _values(second, codes))


def _values(scores: Scores, codes: list[str]) -> FloatArray:
    return np.array([scores[code] for code in codes], dtype=float)
