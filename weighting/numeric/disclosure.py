"""Which figures are made of enough ballots to be reported, what figures have in common included."""

from collections.abc import Mapping, Sequence

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


def exposed_rounds(versions: BoolArray, sizes: Sequence[int], least: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the groups of rounds whose ballots alone can be got out of versions, and are too few.

    Whoever has the ballots of versions as rows tells those of rounds that the same versions count
    from all others: they stand in each of these versions, and in no other. Sums of whole rounds tell
    no more: a combination of them that leaves some rounds leaves whole such groups.

    Parameters
    ----------
    versions : bool array, (versions, rounds)
        True where the version counts the round.
    sizes, least : sequence of int, (rounds,)
        Counted ballots, and the fewest that the round lets a figure be made of.

    Returns
    -------
    list of tuple of int
        The places of the rounds of each group, by its first.

    Raises
    ------
    ValueError
        When versions, sizes and least are not of the same rounds.

    References
    ----------
    L. Willenborg & T. de Waal, Elements of Statistical Disclosure Control (2001), chapter 6.
    """
    versions = np.asarray(versions, dtype=bool)
    if versions.ndim != 2 or not versions.shape[1] == len(sizes) == len(least):
        raise ValueError(f"versions {versions.shape} of {len(sizes)} rounds with {len(least)} limits")
    groups: dict[bytes, list[int]] = {}
    for place in np.flatnonzero(versions.any(axis=0)).tolist():
        groups.setdefault(versions[:, place].tobytes(), []).append(place)
    return [
        tuple(group)
        for group in groups.values()
        if 0 < sum(sizes[place] for place in group) < max(least[place] for place in group)
    ]
