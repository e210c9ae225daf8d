"""Sobol indices: how much of an output's variance each uncertain input accounts for (docs/method.md 8)."""

from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray

LEVEL = 0.95


class ConstantOutputError(ValueError):
    """The output is the same for every sample, so no input accounts for any of its variance."""


@dataclass(frozen=True, eq=False)
class SobolIndices:
    """First and total order per input, with percentile bootstrap intervals of 95 %.

    Attributes
    ----------
    first, total : float array, (inputs,)
        Share of the variance by the input alone, and with all its interactions.
    first_interval, total_interval : float array, (inputs, 2)
    converged : bool array, (inputs,)
        False where the first order is below 0 or above the total order, which no function's
        is: more samples are needed then. Where both orders are the same in truth, as for sums
        without interactions, this may stay so however many there are.
    """

    first: FloatArray
    total: FloatArray
    first_interval: FloatArray
    total_interval: FloatArray
    converged: BoolArray


def sobol_indices(
    a: FloatArray, b: FloatArray, mixed: FloatArray, *, rng: np.random.Generator, resamples: int = 1000
) -> SobolIndices:
    r"""Estimate the indices from the outputs of a pick-and-freeze design.

    With independent samples A and B of all inputs and :math:`A_B^{(i)}`, which is A with
    input i from B, and V the variance of the outputs of A and B together:

    first order (Saltelli 2010) :math:`S_i = \frac{1}{V N} \sum_n f(B)_n (f(A_B^{(i)})_n - f(A)_n)`,

    total order (Jansen) :math:`S_{Ti} = \frac{1}{2 V N} \sum_n (f(A)_n - f(A_B^{(i)})_n)^2`.

    The mean is taken off all outputs first, which changes neither but quietens the first.
    Intervals resample whole rows n.

    Parameters
    ----------
    a, b : float array, (samples,)
        Outputs for A and for B.
    mixed : float array, (inputs, samples)
        Outputs for each :math:`A_B^{(i)}`.

    Raises
    ------
    ValueError
        For fewer than 2 samples, outputs that are not finite, or an output without variance.

    References
    ----------
    A. Saltelli et al., Computer Physics Communications 181 (2010), 259-270, table 2 (b) and (f),
    doi:10.1016/j.cpc.2009.09.018; M. J. W. Jansen, CPC 117 (1999), 35-43.
    """
    a, b, mixed = (np.asarray(outputs, dtype=np.float64) for outputs in (a, b, mixed))
    _check(a, b, mixed)
    centre = (a.mean() + b.mean()) / 2
    a, b, mixed = a - centre, b - centre, mixed - centre
    terms = np.vstack([b * (mixed - a), (a - mixed) ** 2 / 2, a, b, a**2 + b**2])
    first, total = _indices(terms.mean(axis=1)[:, np.newaxis])
    firsts, totals = _indices(_resampled_means(terms, resamples, rng))
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    first_interval, total_interval = (np.nanquantile(x, tails, axis=1).T for x in (firsts, totals))
    first, total = first[:, 0], total[:, 0]
    converged = (first >= 0) & (first <= total)
    return SobolIndices(first, total, first_interval, total_interval, converged)


def _indices(means: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Turn means of the terms, (2 inputs + 3, resamples), into first and total orders."""
    inputs = (len(means) - 3) // 2
    mean = (means[-3] + means[-2]) / 2
    variance = means[-1] / 2 - mean**2
    # A resample of a nearly constant output may have none.
    variance = np.where(variance > 0, variance, np.nan)
    return means[:inputs] / variance, means[inputs : 2 * inputs] / variance


def _resampled_means(terms: FloatArray, resamples: int, rng: np.random.Generator) -> FloatArray:
    """Return the means over rows drawn with replacement, (terms, resamples)."""
    samples = terms.shape[1]
    counts = (np.bincount(rng.integers(samples, size=samples), minlength=samples) for _ in range(resamples))
    return np.stack([terms @ times for times in counts], axis=1) / samples


def _check(a: FloatArray, b: FloatArray, mixed: FloatArray) -> None:
    if a.ndim != 1 or a.shape != b.shape or mixed.ndim != 2 or mixed.shape[1:] != a.shape or len(a) < 2:
        raise ValueError(f"outputs of shapes {a.shape}, {b.shape} and {mixed.shape} are not one design")
    if not all(np.isfinite(outputs).all() for outputs in (a, b, mixed)):
        raise ValueError("outputs that are not finite")
    if np.ptp(np.concatenate([a, b])) == 0:
        raise ConstantOutputError("the output does not vary, so there is no variance to account for")
