"""What the printed figures leave open, and which of them cannot hold together: elastic programmes."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from demo.report2016.constraints import (
    WHOLE,
    Rows,
    cell_bounds,
    join_rows,
    order_rows,
    province_sums,
    total_rows,
)
from demo.report2016.facts import SUBINDICES, Report, printed_provinces

FloatArray = NDArray[np.float64]

# Half of the last digit that is printed for a province.
HALF_DIGIT = 0.00005


def furthest_sum(report: Report, subindex: str, *, sign: int) -> float:
    """The largest (sign 1) or smallest (-1) sum of a sub-index over the 351 cities.

    Every total, cell and order is met, the industry of a province's cities is at most what is printed
    for it, and no sub-index sums to more than the whole.
    """
    aim = column_rows(report).rows[[SUBINDICES.index(subindex)]].toarray()[0]
    sums, figures = _provinces(report, "industry")
    at_most = Rows(sums, figures + HALF_DIGIT)
    found = _minimise(-sign * aim, join_rows([_firm(report), at_most]), report)
    return float(aim @ found)


def province_misfits(report: Report, subindex: str) -> dict[str, float]:
    """By how much each province's cities must miss its printed figure, all totals, cells and orders met.

    The sum of the misses is the least there is; a province that can agree has none.
    """
    sums, figures = _provinces(report, subindex)
    slack = -eye_array(len(figures))
    near = vstack([hstack([sums, slack]), hstack([-sums, slack])], format="csr")
    firm = _firm(report)
    wide = csr_array(hstack([firm.rows, csr_array((len(firm.limits), len(figures)))], format="csr"))
    rows = [Rows(wide, firm.limits), Rows(csr_array(near), np.concatenate([figures, -figures]) + HALF_DIGIT)]
    price = np.concatenate([np.zeros(sums.shape[1]), np.ones(len(figures))])
    found = _minimise(price, join_rows(rows), report)[-len(figures) :]
    return dict(zip(printed_provinces(subindex), found.tolist(), strict=True))


def column_rows(report: Report) -> Rows:
    """No sub-index sums to more than the whole."""
    columns = hstack([eye_array(len(SUBINDICES))] * len(report.cities), format="csr")
    return Rows(csr_array(columns), np.full(len(SUBINDICES), WHOLE))


def _firm(report: Report) -> Rows:
    return join_rows([order_rows(report), total_rows(report), column_rows(report)])


def _provinces(report: Report, subindex: str) -> tuple[csr_array, FloatArray]:
    printed = printed_provinces(subindex)
    sums = province_sums(report, list(printed), SUBINDICES.index(subindex))
    return sums, np.array(list(printed.values()))


def _minimise(price: FloatArray, at_most: Rows, report: Report) -> FloatArray:
    """The values, and whatever slack the price goes on to name, at which the price is least."""
    lower, upper = (bound.ravel() for bound in cell_bounds(report))
    slack = len(price) - len(lower)
    found = linprog(
        price,
        A_ub=at_most.rows,
        b_ub=at_most.limits,
        bounds=np.column_stack(
            [np.concatenate([lower, np.zeros(slack)]), np.concatenate([upper, np.full(slack, np.inf)])]
        ),
        method="highs",
    )
    if not found.success:
        raise RuntimeError(f"the programme has no solution: {found.message}")
    return np.asarray(found.x)
