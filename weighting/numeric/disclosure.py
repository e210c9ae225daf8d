"""Which figures are made of enough ballots to be reported, differences of figures included."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from weighting.numeric.arrays import BoolArray


def reportable_groups(sizes: Mapping[str, int], *, least: int, rest: int = 0) -> frozenset[str]:
    """Return the groups whose figures may stand beside those of the whole.

    Whole minus reported groups is a figure too: while the remainder has somebody, but fewer
    than ``least``, the smallest reported group is withheld as well (complementary
    suppression), the last by name among equals.

    Parameters
    ----------
    sizes : mapping of str to int
        Ballots per group.
    least : int
        The fewest ballots that a figure may be made of.
    rest : int
        Ballots of the whole that belong to none of the groups.

    Raises
    ------
    ValueError
        For a size or a rest below 0, or a least below 1.

    References
    ----------
    L. Willenborg & T. de Waal, Elements of Statistical Disclosure Control (2001), chapter 6.
    """
    if least < 1 or rest < 0 or any(size < 0 for size in sizes.values()):
        raise ValueError(f"sizes {dict(sizes)}, rest {rest}, least {least}")
    reported = {group for group, size in sizes.items() if size >= least}
    hidden = rest + sum(size for group, size in sizes.items() if group not in reported)
    while 0 < hidden < least and reported:
        smallest = min(sorted(reported, reverse=True), key=lambda group: sizes[group])
        reported.remove(smallest)
        hidden += sizes[smallest]
    return frozenset(reported)


def size_towards_k(own: BoolArray) -> int:
    """Return how many ballots of a group stand between a reader and any one of them.

    A ballot that somebody entered for an expert has been read, and hides nobody. A group of
    such ballots alone counts as one: there is somebody in it, and never enough.

    Parameters
    ----------
    own : bool array, (ballots,)
        True where the expert filled the ballot in, False where a manager entered it.
    """
    own = np.asarray(own, dtype=bool)
    return int(own.sum()) or min(own.size, 1)


def exposed_rounds(
    sums: BoolArray, sizes: Sequence[int], least: Sequence[int], *, most_rounds: int = 4
) -> list[tuple[int, ...]]:
    """Return the smallest sets of rounds whose ballots alone can be got out of published sums.

    Each published sum adds the ballots of some rounds. A combination of them, such as a
    difference of two, that leaves fewer ballots than any of those rounds promised at least
    tells what these few answered. Since sums of whole rounds are linear, such a combination
    exists when leaving the columns of a set out lowers the rank.

    Parameters
    ----------
    sums : bool array, (sums, rounds)
        True where the sum includes the round.
    sizes, least : sequence of int, (rounds,)
        Counted ballots, and the fewest that the round lets a figure be made of.
    most_rounds : int
        Sets of more rounds than this are not looked for.

    Returns
    -------
    list of tuple of int
        The places of the rounds of each set.

    Raises
    ------
    ValueError
        When sums, sizes and least are not of the same rounds.

    References
    ----------
    L. Willenborg & T. de Waal, Elements of Statistical Disclosure Control (2001), chapter 6.
    """
    sums = np.asarray(sums, dtype=bool)
    if sums.ndim != 2 or not sums.shape[1] == len(sizes) == len(least):
        raise ValueError(f"sums {sums.shape} of {len(sizes)} rounds with {len(least)} limits")
    rank = _rank(sums)
    small = [position for position, size in enumerate(sizes) if size < max(least)]
    found: list[tuple[int, ...]] = []
    for count in range(1, most_rounds + 1):
        for chosen in combinations(small, count):
            few = sum(sizes[place] for place in chosen) < max(least[place] for place in chosen)
            known = any(set(smaller) <= set(chosen) for smaller in found)
            if few and not known and _rank(np.delete(sums, chosen, axis=1)) < rank:
                found.append(chosen)
    return found


def _rank(sums: BoolArray) -> int:
    return int(np.linalg.matrix_rank(sums)) if sums.size else 0
