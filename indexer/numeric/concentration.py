"""How much of a whole a few of its parts hold: top shares, Lorenz curve, Gini, Herfindahl.

All of them are statements about parts of a total, so they need amounts that are not negative
and do not all vanish; z-scores, for one, have no concentration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weighting.numeric.arrays import FloatArray


class ConcentrationError(ValueError):
    """The values are no parts of a total; ``negative`` are the positions below zero."""

    def __init__(self, reason: str, negative: Sequence[int] = ()) -> None:
        self.negative = tuple(int(place) for place in negative)
        super().__init__(reason)


@dataclass(frozen=True)
class Concentration:
    """The measures of one set of parts.

    Attributes
    ----------
    count : int
        Parts, those of nothing included.
    total : float
        Their sum.
    gini : float
        In [0, 1 - 1/count].
    herfindahl : float
        In [1/count, 1].
    effective : float
        Equally large parts with the same Herfindahl index, in [1, count].
    """

    count: int
    total: float
    gini: float
    herfindahl: float
    effective: float


def concentration(values: FloatArray) -> Concentration:
    """Return all measures of some parts.

    Parameters
    ----------
    values : float array, (parts,)
        Finite, not negative, with a sum above 0.

    Raises
    ------
    ConcentrationError
        As `gini`.
    """
    herfindahl = herfindahl_index(values)
    return Concentration(
        count=len(values),
        total=float(np.sum(values)),
        gini=gini(values),
        herfindahl=herfindahl,
        effective=1 / herfindahl,
    )


def top_shares(values: FloatArray, counts: Sequence[int]) -> FloatArray:
    r"""Return the share that the k largest parts hold, :math:`CR_k = \sum_{i \le k} s_{(i)}`.

    Parameters
    ----------
    values : float array, (parts,)
        As for `gini`.
    counts : sequence of int, (ks,)
        Each k from 1.

    Returns
    -------
    float array, (ks,)
        nan where there are fewer than k parts.

    Raises
    ------
    ConcentrationError
        As `gini`.
    """
    running = np.cumsum(np.sort(_shares(values))[::-1])
    if any(k < 1 for k in counts):
        raise ValueError(f"no k below 1: {list(counts)}")
    return np.array([running[k - 1] if k <= len(running) else np.nan for k in counts])


def lorenz_curve(values: FloatArray) -> FloatArray:
    """Return the share of the whole that the smallest parts hold, from none of them to all.

    Parameters
    ----------
    values : float array, (parts,)
        As for `gini`.

    Returns
    -------
    float array, (parts + 1,)
        From 0 to 1; the n-th is the share of the n smallest parts.

    Raises
    ------
    ConcentrationError
        As `gini`.

    References
    ----------
    Lorenz (1905), https://doi.org/10.2307/2276207
    """
    curve = np.concatenate([[0.0], np.cumsum(np.sort(_shares(values)))])
    # The last is 1 by definition, not by a sum that rounds.
    curve[-1] = 1.0
    return curve


def gini(values: FloatArray) -> float:
    r"""Return Gini's coefficient of the parts, without a correction for small numbers.

    .. math:: G = \frac{\sum_i \sum_k |x_i - x_k|}{2 n^2 \bar x}
                = \frac{\sum_i (2i - n - 1) x_{(i)}}{n \sum_i x_i}, \quad x_{(1)} \le x_{(2)} \le \dots

    It is twice the area between the Lorenz curve and the diagonal; 0 when all are equal, and
    1 - 1/n when one part holds everything.

    Parameters
    ----------
    values : float array, (parts,)
        Finite, not negative, with a sum above 0.

    Raises
    ------
    ConcentrationError
        When a value is negative or not finite, there is none, or all are zero.

    References
    ----------
    Gini (1912), Variabilita e mutabilita; Sen (1973), On Economic Inequality, section 2.
    """
    shares = np.sort(_shares(values))
    count = len(shares)
    return float(np.clip((2 * np.arange(1, count + 1) - count - 1) @ shares / count, 0, 1))


def herfindahl_index(values: FloatArray) -> float:
    r"""Return Herfindahl's index (HHI) of the parts, :math:`H = \sum_i s_i^2`.

    Its inverse is the effective number: so many equal parts have the same index.

    Parameters
    ----------
    values : float array, (parts,)
        As for `gini`.

    Raises
    ------
    ConcentrationError
        As `gini`.

    References
    ----------
    Hirschman (1964), The paternity of an index, American Economic Review 54, 761;
    Adelman (1969), Review of Economics and Statistics 51, 99-101, for the inverse.
    """
    shares = _shares(values)
    return float(shares @ shares)


def _shares(values: FloatArray) -> FloatArray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ConcentrationError(f"{values.shape} are no finite parts of a whole")
    if (values < 0).any():
        raise ConcentrationError("a part below zero has no share", np.flatnonzero(values < 0).tolist())
    total = values.sum()
    if total == 0:
        raise ConcentrationError("parts that are all zero have no shares")
    return values / total
