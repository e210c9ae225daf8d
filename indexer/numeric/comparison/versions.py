"""Comparison of versions of an index (docs/method.md 7)."""

from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Passing:
    """Who changed sides with one unit, as bool arrays, (units,).

    ``passed`` were ahead of it before and are not after; ``passed_by`` the other way round.
    The unit gains as many places as it passed units less those it was passed by.
    """

    passed: BoolArray
    passed_by: BoolArray


def rank_shift(before: IntArray, after: IntArray) -> IntArray:
    """Return the places gained by each unit: positive where it moves up towards rank 1.

    Parameters
    ----------
    before, after : int array, (units,)
        1-based ranks of the same units.

    Returns
    -------
    int array, (units,)
    """
    before, after = np.asarray(before, dtype=np.int64), np.asarray(after, dtype=np.int64)
    _check_pair(before, after)
    return before - after


def mean_absolute_shift(before: IntArray, after: IntArray) -> float:
    r"""Average the absolute rank shift, :math:`R_S = \mathrm{mean}_c |r_c - r'_c|`.

    References
    ----------
    Saisana, Saltelli & Tarantola (2005), https://doi.org/10.1111/j.1467-985X.2005.00350.x
    """
    return float(np.abs(rank_shift(before, after)).mean())


def spearman(before: FloatArray | IntArray, after: FloatArray | IntArray) -> float:
    r"""Correlate the ranks of two versions, Spearman's :math:`\rho` with midranks for ties.

    Parameters
    ----------
    before, after : array, (units,)
        Ranks, or scores of which only exactly equal ones count as tied.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        When one side is constant, which leaves the correlation undefined.
    """
    _check_pair(before, after)
    return correlate_midranks(midranks(before), midranks(after))


def correlate_midranks(a: FloatArray, b: FloatArray) -> float:
    """Return `spearman` of what two arrays are the `midranks` of: of many versions each is ranked once."""
    a, b = a - a.mean(), b - b.mean()
    spread = np.sqrt((a @ a) * (b @ b))
    if spread == 0:
        raise ValueError("a constant side has no rank correlation")
    return float(np.clip(a @ b / spread, -1, 1))


def midranks(values: FloatArray | IntArray) -> FloatArray:
    """Return the rank of each value, (units,), from 1; equal values share the middle of theirs."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    midrank: FloatArray = np.cumsum(counts) - (counts - 1) / 2
    return midrank[group]


def kendall_tau_b(before: FloatArray | IntArray, after: FloatArray | IntArray) -> float:
    r"""Correlate the order of pairs of units under two versions, Kendall's :math:`\tau_b`.

    .. math:: \tau_b = \frac{C - D}{\sqrt{(n_0 - n_1)(n_0 - n_2)}}

    with C concordant and D discordant of :math:`n_0 = n(n-1)/2` pairs, of which n_1 tie before
    and n_2 after. D is counted by merging (Knight), in :math:`O(n \log^2 n)`.

    Parameters
    ----------
    before, after : array, (units,)
        Ranks, or scores of which only exactly equal ones count as tied.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError
        When one side is constant, which leaves the correlation undefined.

    References
    ----------
    W. R. Knight, Journal of the American Statistical Association 61 (1966), 436-439,
    doi:10.1080/01621459.1966.10480879
    """
    _check_pair(before, after)
    first = np.unique(before, return_inverse=True)[1]
    second = np.unique(after, return_inverse=True)[1]
    size = len(first)
    pairs = size * (size - 1) // 2
    ties = [_tied_pairs(side) for side in (first, second, first * size + second)]
    if pairs in ties[:2]:
        raise ValueError("a constant side has no rank correlation")
    # Among units that tie before, the order after rises: no inversion is counted there.
    discordant = _inversions(second[np.lexsort((second, first))])
    balance = pairs - ties[0] - ties[1] + ties[2] - 2 * discordant
    return float(np.clip(balance / np.sqrt(float(pairs - ties[0]) * float(pairs - ties[1])), -1, 1))


def mean_shift_matrix(ranks: IntArray) -> FloatArray:
    """Return R_S between every two versions, (units, versions) -> (versions, versions)."""
    by_version = np.ascontiguousarray(ranks.T, dtype=np.int32)
    shifts = np.zeros((len(by_version), len(by_version)))
    for at, own in enumerate(by_version):
        sums = np.abs(by_version[at + 1 :] - own).sum(axis=1, dtype=np.int64)
        shifts[at, at + 1 :] = shifts[at + 1 :, at] = sums / by_version.shape[1]
    return shifts


def top_overlap(ranks: IntArray, k: int) -> FloatArray:
    r"""Return how much of the top k every two versions share.

    :math:`|A \cap B| / \max(|A|, |B|)` with A and B the units of rank k or better, which may
    be more than k where units tie; 1 when they are the same, 0 when none is in both.

    Parameters
    ----------
    ranks : int array, (units, versions)
    k : int
        From 1 to the number of units.

    Returns
    -------
    float array, (versions, versions)

    Raises
    ------
    ValueError
        When there are fewer units than k, or k is below 1.
    """
    if not 1 <= k <= len(ranks):
        raise ValueError(f"there is no top {k} of {len(ranks)} cities")
    inside = (np.asarray(ranks) <= k).astype(np.float64)
    sizes = inside.sum(axis=0)
    return (inside.T @ inside) / np.maximum(sizes[:, np.newaxis], sizes)


def find_passing(before: IntArray, after: IntArray, city: int) -> Passing:
    """Return who passed a unit, and whom it passed, between two rankings.

    Parameters
    ----------
    before, after : int array, (units,)
        1-based ranks of the same units; ties share the smallest.
    city : int
        Its position.
    """
    _check_pair(before, after)
    ahead_before, ahead_after = before < before[city], after < after[city]
    return Passing(passed=ahead_before & ~ahead_after, passed_by=ahead_after & ~ahead_before)


def band_flows(ranks: IntArray, limits: IntArray) -> IntArray:
    """Count the units that go from one band of ranks to another, version by version.

    Parameters
    ----------
    ranks : int array, (units, versions)
        At least two versions.
    limits : int array, (bands - 1,)
        The last rank of each band but the last, rising.

    Returns
    -------
    int array, (versions - 1, bands, bands, bands)
        By step, the band under the first version, the band before and the band after the step.
    """
    bands = np.searchsorted(limits, ranks)
    count = len(limits) + 1
    first, steps = bands[:, 0], bands.shape[1] - 1
    flows = np.zeros((steps, count, count, count), dtype=np.int64)
    for step in range(steps):
        np.add.at(flows[step], (first, bands[:, step], bands[:, step + 1]), 1)
    return flows


def _tied_pairs(groups: IntArray) -> int:
    counts = np.unique(groups, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _inversions(values: IntArray) -> int:
    """Count the pairs of which the earlier is larger, by merging blocks of doubling width."""
    size = 1 << (len(values) - 1).bit_length()
    # The padding is largest and last: it is in no inversion.
    padded = np.full(size, len(values), dtype=np.int64)
    padded[: len(values)] = values
    total, width = 0, 1
    while width < size:
        halves = padded.reshape(-1, 2, width)
        # Blocks are set apart, so that one search serves them all.
        apart = np.arange(len(halves))[:, np.newaxis] * (len(values) + 1)
        left, right = (halves[:, side] + apart for side in (0, 1))
        not_larger = np.searchsorted(left.ravel(), right.ravel(), side="right")
        ends = np.repeat(np.arange(1, len(halves) + 1) * width, width)
        total += int((ends - not_larger).sum())
        width *= 2
        padded = np.sort(padded.reshape(-1, width), axis=1).ravel()
    return total


def _check_pair(before: FloatArray | IntArray, after: FloatArray | IntArray) -> None:
    if before.ndim != 1 or before.shape != after.shape or not len(before):
        raise ValueError(f"shapes {before.shape} and {after.shape} are not one value per city")
