"""How far the sum of a sub-index may go when the report's table of provinces is held against its cities."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from demo.report2016 import facts
from demo.report2016.subindices import cell_bounds, order_rows, total_rows

FloatArray = NDArray[np.float64]
INDUSTRY = facts.SUBINDICES.index("industry")
# Half of the last digit that is printed for a province, and what four columns of rounded shares may reach.
HALF_DIGIT = 0.00005
WHOLE = 100.0


def furthest_sum(report: facts.Report, subindex: str, *, sign: int) -> float:
    """The largest (sign 1) or smallest (-1) sum of a sub-index over the 351 cities.

    Every total, cell and order is met, the industry of a province's cities is at most what is printed
    for it, and no sub-index sums to more than the whole.
    """
    cities = len(report.cities)
    columns = hstack([eye_array(len(facts.SUBINDICES))] * cities, format="csr")
    aim = columns[[facts.SUBINDICES.index(subindex)]].toarray()[0]
    order, order_limits = order_rows(report)
    totals, total_limits = total_rows(report)
    provinces, province_limits = _province_rows(report)
    lower, upper = cell_bounds(report)
    found = linprog(
        -sign * aim,
        A_ub=vstack([order, totals, provinces, columns], format="csr"),
        b_ub=np.concatenate([order_limits, total_limits, province_limits, [WHOLE] * columns.shape[0]]),
        bounds=np.column_stack([lower.ravel(), upper.ravel()]),
        method="highs",
    )
    if not found.success:
        raise RuntimeError(f"the programme has no solution: {found.message}")
    return float(aim @ found.x)


def _province_rows(report: facts.Report) -> tuple[csr_array, FloatArray]:
    """The industry of the cities of each province, and what the report prints for it."""
    rows = facts.read_rows("provinces.csv")
    belongs = np.array([[province == row["province"] for province in report.provinces] for row in rows])
    cells = np.zeros((len(rows), len(report.cities), len(facts.SUBINDICES)))
    cells[:, :, INDUSTRY] = belongs
    limits = np.array([float(row["industry"]) for row in rows]) + HALF_DIGIT
    return csr_array(cells.reshape(len(rows), -1)), limits
