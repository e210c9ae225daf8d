"""What the two tables of dark horses say of ranks that the report does not print.

A dark horse over infrastructure is more than `AHEAD` places better on each of the other three sub-indices.
Its three leads are printed, so one printed rank gives the other three; with none, the ranks are taken where
the levels of a guess add up to the city's total. A dark horse over GDP has its rank in industry and
innovation together printed, which is its rank in 0.264 industry + 0.219 innovation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, kron

from demo.report2016.constraints import CELL_GAP, Rows, difference_rows
from demo.report2016.facts import IMPLIED, SUBINDICES, Report, read_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Pairs = list[tuple[int, int]]

AHEAD = 20
BASE, *AHEAD_OF_IT = range(len(SUBINDICES))
LEADS = ("industry_ahead", "innovation_ahead", "smart_ahead")
# Far enough to change places with a neighbour, near enough to change few.
NUDGE = 0.02
TOGETHER = np.array([0.0, IMPLIED[1], IMPLIED[2], 0.0])


@dataclass
class Ranking:
    """A weighted sum of sub-indices, and the cities that must have a given rank in it."""

    weights: FloatArray
    ranks: dict[int, int] = field(default_factory=dict)

    def order(self, values: FloatArray) -> list[int]:
        """Cities by rank: the held ones at theirs, the others between them as their values are."""
        held = {rank: city for city, rank in self.ranks.items()}
        others: Iterator[int] = (
            int(city)
            for city in np.argsort(-(values @ self.weights), kind="stable")
            if city not in self.ranks
        )
        return [held[rank] if rank in held else next(others) for rank in range(1, len(values) + 1)]

    def level(self, values: FloatArray, rank: int) -> float:
        return float(np.sort(values @ self.weights)[-rank])

    def is_free(self, rank: int) -> bool:
        return rank not in self.ranks.values()


def printed_leads(report: Report) -> dict[int, IntArray]:
    """The places by which each dark horse is ahead of its infrastructure, 0 for the infrastructure itself."""
    return {
        report.cities.index(row["city"]): np.array([0, *(int(row[name]) for name in LEADS)])
        for row in read_rows("leads_over_base.csv")
    }


def rankings_of(report: Report, guess: FloatArray) -> list[Ranking]:
    """The four sub-indices and industry and innovation together, with the ranks that the tables imply."""
    columns = [Ranking(row) for row in np.eye(len(SUBINDICES))]
    leads = printed_leads(report)
    for city in sorted(leads, key=lambda city: not report.cell_rank[city].any()):
        ranks = _base_rank(report, guess, columns, city, leads[city]) - leads[city]
        for column, rank in zip(columns, ranks, strict=True):
            column.ranks[city] = int(rank)
    together = {
        report.cities.index(row["city"]): int(row["rank_industry_and_innovation"])
        for row in read_rows("leads_over_gdp.csv")
    }
    return [*columns, Ranking(TOGETHER, together)]


def _base_rank(report: Report, guess: FloatArray, columns: list[Ranking], city: int, leads: IntArray) -> int:
    """The rank in infrastructure: by a printed rank, else where the guess's levels make the city's total."""
    listed = np.flatnonzero(report.cell_rank[city])
    bases = {int(report.cell_rank[city, column] + leads[column]) for column in listed}
    if len(bases) > 1:
        raise ValueError(f"{report.cities[city]}: printed ranks and leads imply {sorted(bases)} at once")
    if bases:
        return bases.pop()

    def misfit(base: int) -> float:
        pairs = zip(columns, base - leads, IMPLIED, strict=True)
        return abs(sum(w * c.level(guess, int(rank)) for c, rank, w in pairs) - report.totals[city])

    hidden_from = int(report.cell_rank.max()) + 1
    free = [
        base
        for base in range(hidden_from + int(leads.max()), len(report.cities) + 1)
        if all(c.is_free(int(rank)) for c, rank in zip(columns, base - leads, strict=True))
    ]
    return min(free, key=misfit)


def move_to_ranks(guess: FloatArray, rankings: list[Ranking], report: Report) -> FloatArray:
    """The guess, with the hidden cells of held cities at the level of their rank.

    Their other hidden cells make up for it, so that totals stay near the printed ones.
    """
    moved, loose = guess.copy(), np.isnan(report.cells)
    *columns, together = rankings
    for column, ranking in enumerate(columns):
        for city, rank in ranking.ranks.items():
            if loose[city, column]:
                moved[city, column] = ranking.level(guess, rank)
                loose[city, column] = False
    for city, rank in together.ranks.items():
        inner = loose[city] & (TOGETHER > 0)
        _scale(moved[city], inner, TOGETHER, together.level(guess, rank) - moved[city] @ TOGETHER)
        loose[city] &= TOGETHER == 0
    weights = np.array(IMPLIED)
    for city in {city for ranking in rankings for city in ranking.ranks}:
        _scale(moved[city], loose[city], weights, report.totals[city] - moved[city] @ weights)
    return moved


def _scale(cells: FloatArray, free: NDArray[np.bool_], weights: FloatArray, lacking: float) -> None:
    """Raise or lower the free cells by one factor, so that the weighted sum gains what it lacks."""
    have = cells[free] @ weights[free]
    if free.any():
        cells[free] *= max(have + lacking, have / 4) / have


def rank_pairs(ranking: Ranking, order: list[int], known: NDArray[np.bool_]) -> Pairs:
    """Every city below the held city before it and above the held city after it, as (less, more).

    Pairs of cities that are known in all that is summed are left to the bands of their cells.
    """
    held = sorted(rank - 1 for rank in ranking.ranks.values())
    pairs = []
    for place, city in enumerate(order):
        before = max((at for at in held if at < place), default=None)
        after = min((at for at in held if at > place), default=None)
        pairs += [(city, order[before])] if before is not None else []
        pairs += [(order[after], city)] if after is not None and place not in held else []
    return [(less, more) for less, more in pairs if not (known[less] and known[more])]


def rank_rows(ranking: Ranking, pairs: Pairs, cities: int) -> Rows:
    less, more = np.array(pairs, dtype=np.intp).T
    sums = kron(eye_array(cities), ranking.weights[np.newaxis], format="csr")
    return Rows(csr_array(difference_rows(less, more, cities) @ sums), np.full(len(pairs), -CELL_GAP))


def nudges(rankings: list[Ranking], torn: Pairs, cities: int) -> FloatArray:
    """Factors that move what is torn between two rankings, in all of them, to where one sum wants it."""
    factors, held = np.ones(cities), {city for ranking in rankings for city in ranking.ranks}
    for less, more in torn:
        factors[less] *= 1 if less in held else 1 - NUDGE
        factors[more] *= 1 if more in held else 1 + NUDGE
    return factors


def unnamed_leaders(values: FloatArray, leads: Mapping[int, IntArray]) -> dict[int, IntArray]:
    """Cities that the rule would name and the report does not, with their ranks."""
    ranks = 1 + (values[np.newaxis] > values[:, np.newaxis]).sum(axis=1)
    ahead = ranks[:, [BASE]] - ranks[:, AHEAD_OF_IT]
    found = np.flatnonzero((ahead > AHEAD).all(axis=1))
    return {int(city): ranks[city] for city in found if city not in leads}


def hold_back(rankings: list[Ranking], city: int, ranks: IntArray, report: Report) -> None:
    """Let a city that is not to be named lead by no more than `AHEAD` where it leads by the least."""
    hidden = np.isnan(report.cells[city])
    column = min((c for c in AHEAD_OF_IT if hidden[c]), key=lambda c: ranks[BASE] - ranks[c])
    last = len(report.cities)
    base = next(rank for rank in range(int(ranks[BASE]), last + 1) if rankings[BASE].is_free(rank))
    rankings[BASE].ranks.setdefault(city, base)
    base = rankings[BASE].ranks[city]
    rankings[column].ranks[city] = next(
        rank for rank in range(base - AHEAD, last + 1) if rankings[column].is_free(rank)
    )
