"""Indicators of which a sum means nothing: rates, indices, percentages, means, quotients, readings.

A share of such a sum ranks units, and says nothing of the nation. A name, a unit or the range of the
values tells; only a person knows.
"""

import math
import re
from collections.abc import Callable
from typing import Literal

import numpy as np

from weighting.numeric.arrays import FloatArray

Why = Literal["", "unit", "name", "range"]

PERCENT = re.compile(r"%|‰|\bpercent(?:age)?\b|\bper ?cent\b|\bpct\b|百分|千分", re.I)
# What is counted in a time adds up: count/yr, Mbit/s, tonnes per year, 次/月.
OVER_TIME = re.compile(
    r"(?:/|\bper )\s*(?:yr|year|annum|a|month|mo|week|day|d|hour|h|minute|min|second|sec|s)\b"
    r"|/[年月日周季天时分秒]",
    re.I,
)
QUOTIENT = re.compile(
    r"/|\bper\b|\bindex\b|\bscore\b|\bpoints?\b|\bratio\b|^1$|每|人均|指数|[得评]分|比率|比例", re.I
)
# How long, how far down, how warm, how loud it is at one unit: nobody has it together with another.
OF_ONE = re.compile(
    r"^(?:years?|months?|weeks?|days?|hours?|hrs?|h|minutes?|mins?|min|seconds?|secs?|s|ms"
    r"|岁|年|个?月|周|天|日|个?小时|时|分钟|秒|毫秒"
    r"|°C|℃|°F|℉|K|摄氏度|度|mm|cm|inch(?:es)?|毫米|厘米|hPa|mbar|dB(?:\(A\))?|分贝|pH"
    r"|rank|grade|级|名)$",
    re.I,
)
# Means over months of one unit add up over units: 月均, "monthly mean".
MEAN_OVER_TIME = re.compile(
    r"\b(?:monthly|daily|annual|yearly|weekly|quarterly)[ -](?:mean|average)s?\b|[年月日周季][平]?均", re.I
)
NAMED = re.compile(
    r"\brates?\b|\bratios?\b|\bpercent(?:age)?s?\b|\b(?:index|indices)\b|\bproportion\b|\bshare of\b"
    r"|\bper\b|\bdensity\b|\baverage\b|\bmeans?\b|\bmedian\b|\bexpectancy\b|\bprevalence\b|\bincidence\b"
    r"|\bdistance to\b|\bprices?\b|\btuition\b|\btemperature\b|\bprecipitation\b|\brainfall\b"
    r"|率|比重|比例|占比|比值|比$|指数|密度|强度|浓度|人均|户均|平均|中位|每[百千万十亿]|预期寿命"
    r"|价格|学费|气温|降水|降雨",
    re.I,
)
# So far off 1, or 100, a sum of parts of a whole may be by rounding.
ROUNDING = 0.02


def why_no_sum(*, names: tuple[str, ...], unit: str, values: FloatArray) -> Why:
    """Return what says that a sum of the values means nothing; '' where nothing does.

    Percentages that sum to the whole are parts of it, and may be added.

    Parameters
    ----------
    names : tuple of str
        In all languages there are.
    unit : str
    values : float array, (units,)
        nan where missing.
    """
    return why_no_sum_of(
        names,
        unit,
        is_whole=sums_to_the_whole(values),
        lies_in_range=lambda: lies_in_the_range_of_parts(values),
    )


def why_no_sum_of(
    names: tuple[str, ...], unit: str, *, is_whole: bool, lies_in_range: Callable[[], bool]
) -> Why:
    """Say the same of values of which is known whether they sum to the whole and lie where its parts do."""
    if is_whole:
        return ""
    if PERCENT.search(unit) or OF_ONE.search(unit.strip()):
        return "unit"
    if not OVER_TIME.search(unit) and QUOTIENT.search(unit):
        return "unit"
    if any(NAMED.search(OVER_TIME.sub("", MEAN_OVER_TIME.sub("", name))) for name in names):
        return "name"
    return "range" if not unit and lies_in_range() else ""


def sums_to_the_whole(values: FloatArray) -> bool:
    """Whether values above zero sum to 1 or to 100: they are parts of one whole."""
    # Without a gap their sum tells it at once, and nearly all columns are far from either.
    if math.isfinite(total := float(values.sum())) and not _is_whole(total):
        return False
    known = _known(values)
    return bool(len(known) > 1 and known.min() >= 0) and _is_whole(float(known.sum()))


def _is_whole(total: float) -> bool:
    return bool(min(abs(total - 1), abs(total / 100 - 1)) <= ROUNDING)


def lies_in_the_range_of_parts(values: FloatArray) -> bool:
    """Whether all values lie between 0 and 1, not all of them whole."""
    if 1 < np.fmax.reduce(values, initial=math.nan) < math.inf:
        return False
    known = _known(values)
    inside = len(known) > 1 and known.min() >= 0 and known.max() <= 1
    return bool(inside and (known % 1 != 0).any())


def _known(values: FloatArray) -> FloatArray:
    """Return the numbers among values, which are all of them in most columns."""
    is_number = np.isfinite(values)
    return values if is_number.all() else values[is_number]
