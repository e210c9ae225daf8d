"""How far a panel agrees, and which ballots look careless (docs/method.md 6)."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.distributions import chi2_survival

QUARTILE_METHOD: Final = "linear"
IMPORTANT_FROM = 4
UNIMPORTANT_TO = 2
# Curran (2016): a string of half the questionnaire. Tukey (1977): 1.5 IQR beyond the quartiles.
LONG_STRING_SHARE = 0.5
FENCE = 1.5
# Shares such as 0.7 are no binary fractions, and quotients that are 1 may be a little more.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class ItemStatistics:
    """One number per item, each (items,); nan where nobody answered, cv and sd also for one answer.

    Attributes
    ----------
    answers : int array
        Experts who gave a score.
    mean, median, sd, cv : float array
        sd with n - 1; cv = sd / mean.
    lower_quartile, upper_quartile, iqr : float array
        Linear interpolation between order statistics (Hyndman & Fan's type 7).
    important, unimportant : float array
        Share of the answers that are 4 or 5, and that are 1 or 2.
    """

    answers: IntArray
    mean: FloatArray
    median: FloatArray
    sd: FloatArray
    cv: FloatArray
    lower_quartile: FloatArray
    upper_quartile: FloatArray
    iqr: FloatArray
    important: FloatArray
    unimportant: FloatArray


@dataclass(frozen=True)
class Concordance:
    """Kendall's W, its chi-square statistic, degrees of freedom and p-value."""

    w: float
    chi2: float
    degrees: int
    p_value: float


@dataclass(frozen=True)
class IntraclassCorrelation:
    """ICC(2,1) of a single expert and ICC(2,k) of the panel's mean.

    Where errors outweigh what tells few items apart, an estimate can leave [-1, 1]: ICC(2,k)
    does so whenever the variance that it divides by is estimated below zero. Such a value
    stands as the formula gives it, and is not interpretable.
    """

    single: float
    average: float

    @property
    def single_is_interpretable(self) -> bool:
        """Whether ICC(2,1) lies within [-1, 1]."""
        return abs(self.single) <= 1 + ROUNDING

    @property
    def average_is_interpretable(self) -> bool:
        """Whether ICC(2,k) lies within [-1, 1]."""
        return abs(self.average) <= 1 + ROUNDING


@dataclass(frozen=True, eq=False)
class CarelessSigns:
    """Signs of careless answering, each (experts,): to be looked at, never a verdict.

    Attributes
    ----------
    longest_string : int array
        The most equal answers in a row, in the order the items were shown.
    sd : float array
        Standard deviation of the expert's answers (n - 1).
    distance : float array
        Mean absolute distance from the median of all other experts.
    """

    longest_string: IntArray
    sd: FloatArray
    distance: FloatArray


def quartiles(answers: FloatArray) -> FloatArray:
    """Return lower quartile, median and upper quartile, (3,), of answers, (experts,).

    Interpolated linearly; nan for no answers.
    """
    if not len(answers):
        return np.full(3, np.nan)
    return np.quantile(answers, [0.25, 0.5, 0.75], method=QUARTILE_METHOD)


def describe_items(scores: FloatArray) -> ItemStatistics:
    """Describe the answers to each item.

    Parameters
    ----------
    scores : float array, (experts, items)
        1 to 5; nan where the expert abstained.
    """
    scores = _check_scores(scores)
    columns = [column[~np.isnan(column)] for column in scores.T]
    low, median, high = np.array([quartiles(column) for column in columns]).reshape(-1, 3).T
    mean = np.array([column.mean() if len(column) else np.nan for column in columns])
    sd = np.array([column.std(ddof=1) if len(column) > 1 else np.nan for column in columns])
    important = [(column >= IMPORTANT_FROM).mean() if len(column) else np.nan for column in columns]
    unimportant = [(column <= UNIMPORTANT_TO).mean() if len(column) else np.nan for column in columns]
    return ItemStatistics(
        answers=np.array([len(column) for column in columns]),
        mean=mean,
        median=median,
        sd=sd,
        cv=sd / mean,
        lower_quartile=low,
        upper_quartile=high,
        iqr=high - low,
        important=np.array(important),
        unimportant=np.array(unimportant),
    )


def reach_consensus(
    items: ItemStatistics, *, measure: Literal["iqr", "agreement"], threshold: float
) -> BoolArray:
    """Tell on which items the panel agrees, (items,), by a rule fixed before the round opens.

    ``iqr``: the interquartile range is at most the threshold. ``agreement``: the share of
    scores 4 and 5, or that of 1 and 2, is at least the threshold. False where nobody answered.
    Raises ValueError for another measure.
    """
    if measure == "iqr":
        return items.iqr <= threshold
    if measure == "agreement":
        return np.fmax(items.important, items.unimportant) >= threshold - ROUNDING
    raise ValueError(f"unknown measure of consensus {measure!r}")


def kendall_w(scores: FloatArray) -> Concordance | None:
    r"""Return Kendall's coefficient of concordance with the correction for ties.

    With midranks per expert, rank sums :math:`R_j`, and
    :math:`S = \sum_j (R_j - m(n+1)/2)^2`,
    :math:`W = 12 S / (m^2 (n^3 - n) - m \sum_i T_i)`, where
    :math:`T_i = \sum (t^3 - t)` over the tie groups of expert i;
    :math:`\chi^2 = m (n - 1) W` has n - 1 degrees of freedom.

    Parameters
    ----------
    scores : float array, (experts, items)
        Complete: without nan.

    Returns
    -------
    Concordance or None
        None when every expert gave one answer to everything, or for fewer than two experts
        or items.

    References
    ----------
    M. G. Kendall, Rank Correlation Methods, 4th ed. (1970), chapter 6.
    """
    scores = _check_complete(scores)
    experts, items = scores.shape
    if experts < 2 or items < 2:
        return None
    midranks, sizes = _midranks(scores)
    rank_sums = midranks.sum(axis=0)
    # The sum over the tie groups, each counted by every member.
    ties = float((sizes**2 - 1).sum())
    spread = experts**2 * (items**3 - items) - experts * ties
    if spread == 0:
        return None
    deviation = ((rank_sums - experts * (items + 1) / 2) ** 2).sum()
    w = float(12 * deviation / spread)
    chi2 = experts * (items - 1) * w
    return Concordance(w=w, chi2=chi2, degrees=items - 1, p_value=chi2_survival(chi2, items - 1))


def _midranks(scores: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the midrank of each score of an expert, and how large each tie group is, (experts, items)."""
    order = np.argsort(scores, axis=1, kind="stable")
    ordered, places = np.take_along_axis(scores, order, axis=1), np.arange(scores.shape[1])
    differs = ordered[:, 1:] != ordered[:, :-1]
    edge = np.ones((len(scores), 1), dtype=bool)
    firsts = np.maximum.accumulate(np.where(np.hstack([edge, differs]), places, 0), axis=1)
    is_last = np.hstack([differs, edge])[:, ::-1]
    lasts = places[-1] - np.maximum.accumulate(np.where(is_last, places, 0), axis=1)[:, ::-1]
    back = np.argsort(order, axis=1)
    midranks = np.take_along_axis((firsts + lasts) / 2 + 1, back, axis=1)
    return midranks, lasts - firsts + 1


def intraclass_correlation(scores: FloatArray) -> IntraclassCorrelation | None:
    r"""Return ICC(2,1) and ICC(2,k): two-way random effects, absolute agreement.

    With the mean squares of items (BMS), experts (JMS) and error (EMS), n items, k experts:
    :math:`ICC(2,1) = (BMS - EMS) / (BMS + (k-1) EMS + k (JMS - EMS) / n)` and
    :math:`ICC(2,k) = (BMS - EMS) / (BMS + (JMS - EMS) / n)`.

    Parameters
    ----------
    scores : float array, (experts, items)
        Complete: without nan.

    Returns
    -------
    IntraclassCorrelation or None
        None for fewer than two experts or items, or when all scores are equal.

    References
    ----------
    P. E. Shrout & J. L. Fleiss, Psychological Bulletin 86 (1979), 420-428.
    """
    scores = _check_complete(scores)
    k, n = scores.shape
    if k < 2 or n < 2 or np.ptp(scores) == 0:
        return None
    grand = scores.mean()
    of_items = k * ((scores.mean(axis=0) - grand) ** 2).sum()
    of_experts = n * ((scores.mean(axis=1) - grand) ** 2).sum()
    of_errors = ((scores - grand) ** 2).sum() - of_items - of_experts
    bms, jms, ems = of_items / (n - 1), of_experts / (k - 1), of_errors / ((n - 1) * (k - 1))
    single = bms + (k - 1) * ems + k * (jms - ems) / n
    average = bms + (jms - ems) / n
    if single == 0 or average == 0:
        return None
    return IntraclassCorrelation(single=float((bms - ems) / single), average=float((bms - ems) / average))


def careless_signs(scores: FloatArray, shown: IntArray | None = None) -> CarelessSigns:
    """Measure the long string, the spread and the distance from the others of each expert.

    Parameters
    ----------
    scores : float array, (experts, items)
        1 to 5; nan where the expert abstained, which ends a string.
    shown : int array, (experts, items), optional
        The item that each expert saw first, second, ...; the columns' order by default.
    """
    scores = _check_scores(scores)
    order = np.tile(np.arange(scores.shape[1]), (len(scores), 1)) if shown is None else shown
    return CarelessSigns(
        longest_string=_longest_strings(np.take_along_axis(scores, order, axis=1)),
        sd=_spreads(scores),
        distance=_distances_from_others(scores),
    )


def flag_careless(signs: CarelessSigns, items: int) -> BoolArray:
    """Mark the experts whose signs stand out, (experts, 3): string, spread, distance.

    A string of at least half the items; a spread of zero or below the lower fence of all
    spreads; a distance above the upper fence of all distances. A flag asks for a look.

    References
    ----------
    P. G. Curran, Journal of Experimental Social Psychology 66 (2016), 4-19.
    J. W. Tukey, Exploratory Data Analysis (1977), chapter 2: the fences.
    """
    low, _high = _fences(signs.sd)
    _low, high = _fences(signs.distance)
    is_long = signs.longest_string >= max(2, np.ceil(LONG_STRING_SHARE * items))
    return np.stack([is_long, (signs.sd == 0) | (signs.sd < low), signs.distance > high], axis=1)


def _fences(values: FloatArray) -> tuple[float, float]:
    low, _median, high = quartiles(values[~np.isnan(values)])
    return low - FENCE * (high - low), high + FENCE * (high - low)


def _spreads(scores: FloatArray) -> FloatArray:
    """Return the standard deviation of what each expert answered, (experts,); nan for fewer than two."""
    spreads, abstained = np.full(len(scores), np.nan), np.isnan(scores)
    whole = ~abstained.any(axis=1)
    if scores.shape[1] > 1:
        spreads[whole] = scores[whole].std(axis=1, ddof=1)
    for expert in np.flatnonzero(~whole & ((~abstained).sum(axis=1) > 1)).tolist():
        spreads[expert] = scores[expert][~abstained[expert]].std(ddof=1)
    return spreads


def _distances_from_others(scores: FloatArray) -> FloatArray:
    """Return how far each expert lies on average from the medians of all others, (experts,).

    Each item is sorted once: whoever is left out only moves the two middle places behind their own.
    """
    answered = ~np.isnan(scores)
    # Abstentions come last.
    order = np.argsort(scores, axis=0, kind="stable")
    in_order, places = np.take_along_axis(scores, order, axis=0), np.argsort(order, axis=0)
    others = answered.sum(axis=0) - 1
    middles = np.stack([others - 1, others]) // 2
    at = np.clip(middles[:, np.newaxis] + (middles[:, np.newaxis] >= places), 0, len(scores) - 1)
    medians = np.take_along_axis(in_order[np.newaxis], at, axis=1).mean(axis=0)
    known = answered & (others > 0)
    far, count = np.where(known, np.abs(scores - medians), 0).sum(axis=1), known.sum(axis=1)
    return np.divide(far, count, out=np.full(len(scores), np.nan), where=count > 0)


def _longest_strings(in_order: FloatArray) -> IntArray:
    """Return how many equal scores each expert gave one after the other at most, (experts,)."""
    longest = length = np.zeros(len(in_order), dtype=np.int64)
    previous = np.full(len(in_order), np.nan)
    for column in in_order.T:
        length = np.where(column == previous, length + 1, ~np.isnan(column))
        longest, previous = np.maximum(longest, length), column
    return longest


def _check_scores(scores: FloatArray) -> FloatArray:
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 2:
        raise ValueError(f"scores have {scores.ndim} axes, not (experts, items)")
    return scores


def _check_complete(scores: FloatArray) -> FloatArray:
    scores = _check_scores(scores)
    if np.isnan(scores).any():
        raise ValueError("abstentions: keep the experts or items that are complete")
    return scores
