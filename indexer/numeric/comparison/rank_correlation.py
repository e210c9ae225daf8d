"""Rank correlations of many versions with one ranking, version by version (docs/method.md 7)."""

import numpy as np

from weighting.numeric.arrays import FloatArray, IntArray

# So few values are compared each with each, which is quicker than to sort as few.
COMPARED = 8


def spearman_by_version(nominal: IntArray, ranks: IntArray) -> FloatArray:
    r"""Return Spearman's :math:`\rho` of each version with the nominal ranking; midranks for ties.

    Parameters
    ----------
    nominal : int array, (units,)
    ranks : int array, (versions, units)

    Returns
    -------
    float array, (versions,)
        nan where a side is constant.
    """
    a = _midranks(nominal[np.newaxis])
    b = _midranks(ranks)
    a, b = a - a.mean(), b - b.mean(axis=1, keepdims=True)
    spread = np.sqrt((a**2).sum() * (b**2).sum(axis=1))
    products = (b * a).sum(axis=1)
    rho = np.divide(products, spread, out=np.full(len(b), np.nan), where=spread > 0)
    return np.clip(rho, -1, 1)


def kendall_by_version(nominal: IntArray, ranks: IntArray) -> FloatArray:
    r"""Return Kendall's :math:`\tau_b` of each version with the nominal ranking.

    With :math:`n_0` pairs, of which :math:`n_1` tie in the nominal ranking, :math:`n_2` in the
    version and :math:`n_3` in both, and D discordant ones,
    :math:`\tau_b = (n_0 - n_1 - n_2 + n_3 - 2D) / \sqrt{(n_0 - n_1)(n_0 - n_2)}`.

    Parameters
    ----------
    nominal : int array, (units,)
    ranks : int array, (versions, units)

    Returns
    -------
    float array, (versions,)
        nan where a side is constant.

    References
    ----------
    W. R. Knight, Journal of the American Statistical Association 61 (1966), 436-439,
    doi:10.1080/01621459.1966.10480879
    """
    cities = len(nominal)
    both = nominal * (cities + 1) + ranks
    discordant = discordant_pairs(nominal, ranks)
    pairs = cities * (cities - 1) // 2
    first = _tied_pairs(nominal[np.newaxis])[0]
    second, either = _tied_pairs(ranks), _tied_pairs(both)
    spread = np.sqrt(float(pairs - first) * (pairs - second))
    excess = pairs - first - second + either - 2 * discordant
    tau = np.divide(excess, spread, out=np.full(len(ranks), np.nan), where=spread > 0)
    return np.clip(tau, -1, 1)


def discordant_pairs(nominal: IntArray, ranks: IntArray) -> IntArray:
    """Count the pairs that each version has in the other order, (versions,); ties on a side are none.

    Parameters
    ----------
    nominal : int array, (units,)
    ranks : int array, (versions, units)
    """
    # By nominal rank, then by the version's: ties in the nominal ranking are no inversions. The nominal
    # ranks are the same in each sorted row, so that what is left of it are the version's.
    place = (len(nominal) + 1) * nominal
    return _inversions(np.sort(place + ranks, axis=1) - np.sort(place))


def _midranks(ranks: IntArray) -> FloatArray:
    """Return midranks of 1-based ranks that share the smallest, (versions, units)."""
    ordered = np.sort(ranks, axis=1)
    run = _places_in_run(ordered)
    # The last of a run of equals holds one less than their number: count back from the right.
    ends = np.concatenate([ordered[:, 1:] != ordered[:, :-1], np.ones((len(ranks), 1), dtype=bool)], axis=1)
    longest = np.where(ends, run, 0)
    extra = np.zeros((len(ranks), ranks.shape[1] + 1), dtype=np.int64)
    version, place = np.nonzero(ends)
    extra[version, ordered[version, place]] = longest[version, place]
    return ranks + np.take_along_axis(extra, ranks, axis=1) / 2


def _tied_pairs(values: IntArray) -> IntArray:
    """Count the pairs of equal values in each row, (rows,)."""
    pairs: IntArray = _places_in_run(np.sort(values, axis=1)).sum(axis=1)
    return pairs


def _places_in_run(ordered: IntArray) -> IntArray:
    """Return for each element of sorted rows how many equal ones stand before it."""
    places = np.arange(ordered.shape[1])
    starts = np.zeros(ordered.shape, dtype=np.int64)
    starts[:, 1:] = np.where(ordered[:, 1:] != ordered[:, :-1], places[1:], 0)
    return places - np.maximum.accumulate(starts, axis=1)


def _inversions(rows: IntArray) -> IntArray:
    """Count in each row the pairs in falling order, (rows,); equal values are none.

    Sorted halves are merged two by two, by a plain sort of numbers that carry in their last bit whether
    they stood to the right: of equal ones those to the left come first. Each number from the right stands
    behind those from the left that it is no inversion with.

    Parameters
    ----------
    rows : int array, (rows, columns)
        From 0 to at most the columns.
    """
    count = rows.shape[1]
    width = max(COMPARED, 1 << max(0, count - 1).bit_length())
    # What pads the row to a power of two is in order already, behind all others.
    values = np.full((len(rows), width), count, dtype=np.int32)
    values[:, :count] = rows
    few = values.reshape(len(rows), -1, COMPARED)
    found = np.zeros(len(rows), dtype=np.int64)
    for apart in range(1, COMPARED):
        found += np.count_nonzero(few[..., :-apart] > few[..., apart:], axis=(1, 2))
    few.sort(axis=2)
    for half in (1 << bit for bit in range(COMPARED.bit_length() - 1, width.bit_length() - 1)):
        merged = values.reshape(len(rows), -1, 2 * half) << 1
        merged[..., half:] |= 1
        merged.sort(axis=2)
        places = ((merged & 1) * np.arange(2 * half, dtype=np.int32)).sum(axis=(1, 2), dtype=np.int64)
        # Were all from the left before all from the right, there would be no inversion.
        found += merged.shape[1] * (half * half + half * (half - 1) // 2) - places
        values = merged >> 1
    return found
