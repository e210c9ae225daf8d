"""How much memory a study needs, from its size alone: asked before anything is counted.

The peak of the largest process, in bytes, whether it counts a part or merges them all. A test compares
it with measured peaks.
"""

from collections.abc import Callable

from indexer.numeric.scores.index import SCORES
from indexer.numeric.scores.rank_bands import EXACT_UNITS, bands_of
from indexer.numeric.studies.uncertainty import WAITING

CELL = 8
# The program itself with all that it loads.
PROGRAM = 220_000_000
# Arrays as large as the scores at hand: scores, ranks, and what rank correlations put beside them.
AT_HAND = 10
# A histogram of ranks counted alone while parts are merged: the sum, the part, its sums along the ranks.
MERGED = 3
# A cell of counts in bands, packed: a byte where they scatter as widely as they can. Merged are the sum and
# a part, and what they come to is one block of bytes, handed to the database.
PACKED_CELL, PACKED_MERGED = 1, 3
# Numbers for each unit while one node's interval is drawn: 200 replications, twice, and products of knots.
REPLICATED = 600


def rank_memory(
    *, units: int, leaves: int, methods: int = 1, central_nodes: int = 0, given_cases: int = 0
) -> int:
    """Return what a study of ranks needs, in bytes.

    Parameters
    ----------
    methods : int
        Indices whose ranks are counted at once.
    central_nodes : int
        Nodes whose weights are added up for each unit that is first; 0 for none.
    given_cases : int
        Cases whose ranks are kept one by one, such as those without each indicator.
    """
    cells, is_exact = units * len(bands_of(units).firsts), units <= EXACT_UNITS
    kept = CELL * units * (central_nodes + given_cases)
    at_hand = AT_HAND * CELL * max(SCORES, units)
    # Of those counted alone the table is turned once; of bands two bytes wait for each unit and draw.
    table = 2 * CELL * cells if is_exact else PACKED_CELL * cells + 2 * max(WAITING, units)
    counting = methods * (_data(units, leaves) + table) + _data(units, leaves) + at_hand + kept
    merging = (MERGED * CELL if is_exact else PACKED_MERGED * PACKED_CELL) * cells + MERGED * kept
    return PROGRAM + 2 * _data(units, leaves) + max(counting, merging)


def dropped_memory(*, units: int, leaves: int) -> int:
    """Return what a study needs, in bytes, that drops each unit in turn and keeps all shifts."""
    return PROGRAM + 4 * _data(units, leaves) + 4 * CELL * units**2


def outputs_memory(*, units: int, leaves: int, outputs: int) -> int:
    """Return what a study needs, in bytes, that keeps so many single numbers of rankings."""
    at_hand = AT_HAND * CELL * max(SCORES, units)
    return PROGRAM + 4 * _data(units, leaves) + at_hand + MERGED * CELL * outputs


def audit_memory(*, units: int, leaves: int, nodes: int) -> int:
    """Return what an audit needs: scores of all nodes, their replications and their correlations.

    ``nodes`` are all of the tree, the leaves among them.
    """
    at_hand = AT_HAND * CELL * max(SCORES, units)
    drawn = REPLICATED * CELL * units
    return PROGRAM + 4 * _data(units, leaves) + 2 * _data(units, nodes) + at_hand + drawn


def units_that_fit(needed: Callable[[int], int], limit: int, *, most: int) -> int:
    """Return the most units, up to ``most``, of which no more memory is needed; 0 for none."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if needed(middle) <= limit else (low, middle - 1)
    return low


def _data(units: int, leaves: int) -> int:
    return CELL * units * leaves
